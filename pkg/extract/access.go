package extract

import (
	"strings"

	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// signs are phrases that give away what a page without its article is.
var signs = []struct {
	access  article.Access
	phrases []string
}{
	{article.Challenge, []string{
		"checking your browser", "verify you are human", "verifying you are human", "are you a robot", "enable javascript and cookies to continue", "attention required", "just a moment", "access denied", "pardon our interruption", "unusual traffic", "ddos protection", "security check", "complete the captcha", "prove you are human", "request unsuccessful",
		"confirm you are a human", "confirm that you are human", "you are not a robot", "access to this page has been denied", "think you were a bot",
		"bestätigen sie, dass sie ein mensch", "dass sie kein roboter sind", "vérifiez que vous êtes humain", "vérifier que vous êtes humain", "vous n'êtes pas un robot",
		"verifique que es un ser humano", "verifica que eres humano", "no eres un robot", "verifica di essere umano", "non sei un robot",
		"controleer of u een mens bent", "potwierdź, że jesteś człowiekiem", "verifique se você é humano",
	}},
	{article.Consent, []string{
		"before you continue", "your privacy choices", "we value your privacy", "accept all cookies", "alle akzeptieren", "mit werbung weiterlesen", "zustimmen und weiter", "accepter et continuer", "aceptar y continuar", "accept and continue", "consent to the use", "cookies akzeptieren",
		"akzeptieren und weiter", "mit werbung und cookies", "werbung und tracking", "partners store and access information", "partner speichern und", "nos partenaires et nous",
		"accetta e continua", "accetta i cookie", "cookies accepteren", "klik op akkoord", "partners plaatsen cookies", "dbamy o twoją prywatność",
		"przejdź do serwisu", "aceitar e continuar", "continuer sans accepter",
	}},
	{article.Soft404, []string{
		"page not found", "404 not found", "error 404", "404 error", "page you requested", "page you are looking for", "page you were looking for", "no longer available", "page doesn't exist", "page does not exist", "seite nicht gefunden", "seite wurde nicht gefunden", "page introuvable", "página no encontrada", "pagina non trovata", "página não encontrada", "pagina niet gevonden", "article not found", "story not found",
		"can't find that page", "cannot find that page", "couldn't find that page", "can't find the page", "couldn't find the page", "diese seite existiert nicht",
		"seite konnte nicht gefunden werden", "cette page n'existe pas", "la page n'existe", "no encontramos la página", "la página no existe",
		"la pagina non esiste", "pagina bestaat niet", "nie znaleziono strony", "strona nie istnieje", "sidan kunde inte hittas", "siden blev ikke fundet",
	}},
}

// shortArticle is from how many words on a page is not taken for an empty one.
const shortArticle = 120

// teaserWords is up to how many words a text may be the beginning of one that
// must be paid for, where only a prompt in the text says so.
const teaserWords = 250

// longTeaser is from how many words on a text is no teaser: what is locked is
// hidden by a script then, and the page holds all of it.
const longTeaser = 600

// promptsAround is how many blocks above and below the text a prompt to
// subscribe is looked for: further off it is about the outlet, not the article.
const promptsAround = 30

// The evidence for what setAccess says, as warnings of the article.
const (
	accessByPhrase = "access: the page says so"
	accessByStatus = "access: by the status of the answer"
	accessByPrompt = "access: a prompt to subscribe"
	accessDeclared = "access: declared not to be free"
	accessByCount  = "access: shorter than the declared number of words"
)

// minDeclaredWords is from how many words on a declared number is believed.
const minDeclaredWords = 100

// setAccess says how much of the article the page gave, and notes by what.
func setAccess(a *article.Article, p *page, m *meta, status int) {
	access, evidence := p.access(a, m, status)
	a.Access = access
	if evidence != "" {
		a.Warnings = append(a.Warnings, evidence)
	}
}

func (p *page) access(a *article.Article, m *meta, status int) (access article.Access, evidence string) {
	if a.Words < shortArticle {
		if access := p.sign(a, m); access != "" {
			return access, accessByPhrase
		}
	}
	if status == 404 || status == 410 {
		return article.Soft404, accessByStatus
	}
	locked := m.ld.Free != nil && !*m.ld.Free || strings.EqualFold(m.first("article:content_tier"), "locked") || strings.EqualFold(m.first("isaccessibleforfree"), "false")
	if a.Words > longTeaser || len(m.ld.Body) > 0 && len(a.Text)*10 >= len(m.ld.Body)*8 && a.Words > 150 {
		return article.Full, ""
	}
	prompt := (locked || a.Words < teaserWords) && p.paywallPrompt()
	counted := m.ld.WordCount >= minDeclaredWords
	switch {
	case counted && a.Words*10 >= m.ld.WordCount*8 && a.Words >= 20:
	case prompt && a.Words < 20:
		return article.Paywall, accessByPrompt
	case locked && a.Words < 20:
		return article.Paywall, accessDeclared
	case prompt:
		return article.Teaser, accessByPrompt
	case locked && a.Words < 150:
		return article.Teaser, accessDeclared
	case counted && locked && a.Words*2 < m.ld.WordCount:
		return article.Teaser, accessByCount
	}
	return article.Full, ""
}

// sign looks for the phrases in the title and the text of a page that has
// hardly any.
func (p *page) sign(a *article.Article, m *meta) article.Access {
	var b strings.Builder
	b.WriteString(a.Title + "\n" + m.title + "\n")
	for i := range p.blocks {
		if k := p.blocks[i].Kind; b.Len() < 4000 && (k == "" || k == clean.Cookie || k == clean.Banner) {
			b.WriteString(p.blocks[i].text + "\n")
		}
	}
	text := plainSigns(b.String())
	for _, s := range signs {
		found := phrasesIn(text, s.phrases)
		if s.access == article.Consent && a.Words >= consentWords {
			// A note on cookies beside a report is no wall: what counts is in the
			// text itself, and more than one phrase.
			found = phrasesIn(plainSigns(a.Title+"\n"+a.Text), s.phrases) - 1
		}
		if found > 0 {
			return s.access
		}
	}
	if missingTitle(a.Title) || missingTitle(m.title) {
		return article.Soft404
	}
	return ""
}

// consentWords is from how many words on a page may be a report with a note on
// cookies.
const consentWords = 40

// plainSigns spells a text as the phrases are.
func plainSigns(s string) string { return strings.ReplaceAll(strings.ToLower(s), "’", "'") }

// phrasesIn returns how many of the phrases a text holds.
func phrasesIn(text string, phrases []string) int {
	n := 0
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			n++
		}
	}
	return n
}

// missingTitle reports a title that is the number of the error, as in
// "404 | The Herald" or "Fehler 404", and not "404 goats counted".
func missingTitle(title string) bool {
	t := strings.ToLower(strings.TrimSpace(title))
	rest, first := strings.CutPrefix(t, "404")
	rest = strings.TrimSpace(rest)
	if first && (rest == "" || strings.ContainsAny(rest[:1], "|-:") || strings.HasPrefix(rest, "–") || strings.HasPrefix(rest, "—")) {
		return true
	}
	for _, word := range []string{"fehler", "erreur", "error", "errore", "erro", "błąd", "fout", "fel", "fejl"} {
		if t == word+" 404" || strings.HasPrefix(t, word+" 404 ") {
			return true
		}
	}
	return false
}

// paywallPrompt reports whether the page asks for a subscription in its text.
func (p *page) paywallPrompt() bool {
	first, last := -1, 0
	for i := range p.blocks {
		b := &p.blocks[i]
		if b.Kind == clean.Paywall {
			return true
		}
		if b.kept {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		first, last = 0, len(p.blocks)
	}
	for i := max(0, first-promptsAround); i < min(len(p.blocks), last+promptsAround); i++ {
		b := &p.blocks[i]
		if b.words > 60 || b.words < 3 || b.kept || b.Kind != "" {
			continue
		}
		l := clean.NewLine(b.text)
		if clean.Is(&l, clean.Paywall) {
			return true
		}
	}
	return false
}

// setKind says what sort of page it is.
func setKind(a *article.Article, p *page, m *meta, body int) {
	a.Kind = article.KindArticle
	og := strings.ToLower(m.first("og:type"))
	switch {
	case liveBlog(a, m):
		a.Kind = article.KindLive
	case (m.ld.Type == "videoobject" || strings.HasPrefix(og, "video")) && a.Words < 150:
		a.Kind = article.KindVideo
	case a.Words < 120 && len(a.Images) >= 6 && p.figures(body) >= 6:
		a.Kind = article.KindGallery
	case m.ld.Listing && m.ld.Headline == "" && a.Words < 200, og == "website" && a.Words < 60 && p.linkShare() > 0.6:
		a.Kind = article.KindListing
	}
}

// liveWords stand in the address of live blogs, liveTitles begin their titles.
var (
	liveWords  = []string{"liveblog", "live-blog", "liveticker", "live-ticker", "newsblog", "news-blog", "live-updates", "newsticker", "minuto-a-minuto", "minute-by-minute", "en-direct", "live-feed"}
	liveTitles = []string{"live:", "live updates:", "liveblog:", "live-blog:", "liveticker:", "live-ticker:", "newsblog:", "newsticker:", "as it happened:", "en direct", "direct :", "en vivo:", "en directo:", "directo:", "diretta ", "ao vivo:", "na żywo:"}
)

// liveBlog reports a page that is a live blog: one that is declared as nothing
// else, or one with two of three witnesses, as an article may be about one.
func liveBlog(a *article.Article, m *meta) bool {
	if m.ld.Type == "liveblogposting" {
		return true
	}
	witnesses := 0
	if m.ld.Live {
		witnesses++
	}
	u := strings.ToLower(a.CanonicalURL)
	for _, w := range liveWords {
		if strings.Contains(u, w) {
			witnesses++
			break
		}
	}
	for _, w := range liveTitles {
		if startsWithFold(a.Title, w) {
			witnesses++
			break
		}
	}
	return witnesses >= 2
}

func (p *page) figures(body int) int {
	n := 0
	if len(p.els) == 0 {
		return 0
	}
	for i := body; i < p.els[body].end; i++ {
		if p.els[i].node.DataAtom == atom.Figure {
			n++
		}
	}
	return n
}

// linkShare is how much of the page's text is links.
func (p *page) linkShare() float64 {
	if len(p.els) == 0 || p.els[0].text == 0 {
		return 0
	}
	return float64(p.els[0].link) / float64(p.els[0].text)
}
