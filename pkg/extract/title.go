package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// maxTitle bounds a title, in bytes.
const maxTitle = 400

// setTitle chooses the headline: the page's own heading where the metadata
// confirm it, else what the metadata say without the name of the site.
func setTitle(a *article.Article, p *page, m *meta, entry article.Entry) {
	witnesses := titleWitnesses(a, m, entry)
	if t := headingTitle(m, witnesses); t != "" {
		a.Title = withoutKicker(t, witnesses)
		return
	}
	for _, w := range witnesses {
		if w != "" {
			a.Title = printedPart(w, p)
			return
		}
	}
	for i := range p.blocks {
		if p.blocks[i].level > 0 && p.blocks[i].words > 2 {
			a.Title = p.blocks[i].text
			return
		}
	}
}

// maxTitleSearch is how many blocks of a page are looked through for its title.
const maxTitleSearch = 150

// printedPart returns the part of a title, cut at a separator, that stands on
// the page as a line of its own: of "The Herald: The bridge fell" the second.
func printedPart(t string, p *page) string {
	for _, sep := range titleSeparators {
		i := strings.Index(t, sep)
		if i < 0 {
			continue
		}
		for _, part := range []string{t[i+len(sep):], t[:i]} {
			f := clean.Fold(part)
			for k := range min(len(p.blocks), maxTitleSearch) {
				if b := &p.blocks[k]; textnorm.Words(part) >= 3 && len(b.text) < len(t)+8 && (b.bold || b.level > 0 || b.links == 0) && clean.Fold(b.text) == f {
					return strings.TrimSpace(part)
				}
			}
		}
	}
	return t
}

// titleWitnesses are the titles that the metadata give, the best first.
func titleWitnesses(a *article.Article, m *meta, entry article.Entry) []string {
	raw := []string{m.ld.Headline, m.first("og:title"), m.first("twitter:title"), m.first("dc.title", "parsely-title", "sailthru.title", "title", "headline"), m.title, entry.Title}
	var out []string
	for _, t := range raw {
		t = textnorm.String(stripTags(t))
		if len(t) > maxTitle {
			t = t[:cutRune(t, maxTitle)]
		}
		t = withoutSite(t, a, m)
		if t != "" && !genericTitle(t, a, m) {
			out = append(out, t)
		}
	}
	return out
}

// genericTitle reports a title that names the site and no article.
func genericTitle(t string, a *article.Article, m *meta) bool {
	f := clean.Fold(t)
	for _, h := range m.homes {
		if f == clean.Fold(h) {
			return true
		}
	}
	return f == "" || f == clean.Fold(a.Publisher) || f == clean.Fold(a.Site) || f == "home" || f == "homepage"
}

// headingTitle returns the h1 that a witness confirms, or the only one.
func headingTitle(m *meta, witnesses []string) string {
	best, bestScore := "", 0.0
	for _, h := range m.headings {
		t := headlineText(h)
		if t == "" || len(t) > maxTitle || holdsHome(h, m) {
			continue
		}
		for i, w := range witnesses {
			score := similar(t, w) - 0.01*float64(i)
			if score > bestScore {
				best, bestScore = t, score
			}
		}
	}
	if bestScore >= 0.6 {
		return best
	}
	if len(m.headings) == 1 && len(witnesses) > 0 && !holdsHome(m.headings[0], m) {
		if t := headlineText(m.headings[0]); textnorm.Words(t) >= 4 && len(t) <= maxTitle && bestScore >= 0.2 {
			return t
		}
	}
	if len(witnesses) == 0 && len(m.headings) > 0 {
		if t := headlineText(m.headings[0]); len(t) <= maxTitle {
			return t
		}
	}
	return ""
}

// holdsHome reports a heading that is the name of the site, linked to its home
// page.
func holdsHome(h *html.Node, m *meta) bool {
	link := findFirst(h, atom.A)
	return link != nil && m.isHome(attr(link, "href"))
}

// withoutKicker returns the witness that the heading ends with, where the
// heading only has a short label before it: "Storm The bridge fell".
func withoutKicker(t string, witnesses []string) string {
	f := clean.Fold(t)
	for i, w := range witnesses {
		fw := clean.Fold(w)
		if i < 2 && len(fw) < len(f) && len(fw)*10 >= len(f)*5 && strings.HasSuffix(f, " "+fw) {
			return w
		}
	}
	return t
}

// headlineText is textOf for headings, whose parts are set in lines of their
// own by style sheets only: "Storm<span>The bridge fell</span>".
func headlineText(h *html.Node) string {
	var parts []string
	var gather func(n *html.Node, depth int)
	gather = func(n *html.Node, depth int) {
		if n.Type == html.TextNode {
			parts = append(parts, n.Data)
			return
		}
		if invisible(n.DataAtom) || depth > 50 || len(parts) > 100 || clean.MatchElement(n) != nil && n.DataAtom != atom.A && clean.MatchElement(n).Kind == clean.Hidden {
			return
		}
		if n.Data == "br" || isBlock(n.DataAtom) && depth > 0 {
			parts = append(parts, " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			gather(c, depth+1)
		}
	}
	gather(h, 0)
	var b strings.Builder
	for i, part := range parts {
		if i > 0 && seam(parts[i-1], part) {
			b.WriteByte(' ')
		}
		b.WriteString(part)
	}
	return textnorm.String(b.String())
}

// seam reports whether two neighbouring texts were glued by the lack of a space
// between elements: a small letter, a digit or a mark before a capital.
func seam(a, b string) bool {
	if len(a) < 2 {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(a)
	next, _ := utf8.DecodeRuneInString(b)
	return (unicode.IsLower(last) || unicode.IsDigit(last) || strings.ContainsRune(":.?!", last)) && unicode.IsUpper(next)
}

// similar is the share of words that two titles have in common.
func similar(a, b string) float64 {
	fa, fb := strings.Fields(clean.Fold(a)), strings.Fields(clean.Fold(b))
	if len(fa) == 0 || len(fb) == 0 {
		return 0
	}
	in := map[string]bool{}
	for _, w := range fb {
		in[w] = true
	}
	hit := 0
	for _, w := range fa {
		if in[w] {
			hit++
		}
	}
	return 2 * float64(hit) / float64(len(fa)+len(fb))
}

var titleSeparators = []string{" | ", " - ", " – ", " — ", " • ", " · ", " « ", " » ", " :: ", " // ", " / ", ": ", "| "}

// withoutSite cuts the name of the site, and a section before it, off a title.
func withoutSite(t string, a *article.Article, m *meta) string {
	for range 3 {
		cut := cutSite(t, a, m)
		if cut == t {
			break
		}
		t = cut
	}
	return t
}

func cutSite(t string, a *article.Article, m *meta) string {
	for _, sep := range titleSeparators {
		if i := strings.LastIndex(t, sep); i > 0 && namesSite(t[i+len(sep):], a, m) {
			return strings.TrimSpace(t[:i])
		}
		if i := strings.Index(t, sep); i > 0 && sep != " / " && namesSite(t[:i], a, m) && utf8.RuneCountInString(t[i+len(sep):]) > 12 {
			return strings.TrimSpace(t[i+len(sep):])
		}
	}
	// "Headline | Section | Site": once the bar is there, what follows is no title,
	// if the page has a heading that says so.
	for _, sep := range titleSeparators[:8] {
		i := strings.LastIndex(t, sep)
		if i <= 0 {
			continue
		}
		head := clean.Fold(t[:i])
		for _, h := range m.headings {
			if clean.Fold(headlineText(h)) == head {
				return strings.TrimSpace(t[:i])
			}
		}
	}
	if i := strings.LastIndex(t, " | "); i > 20 && len(t)-i < 40 {
		return strings.TrimSpace(t[:i])
	}
	return t
}

// namesSite reports whether s is the name of the site: its og:site_name, its
// publisher, or its host without spaces.
func namesSite(s string, a *article.Article, m *meta) bool {
	f := strings.ReplaceAll(clean.Fold(s), " ", "")
	if f == "" || len(s) > 60 {
		return false
	}
	for _, name := range []string{m.first("og:site_name"), m.ld.Publisher, a.Publisher, m.first("application-name"), m.first("twitter:site")} {
		if name == "" {
			continue
		}
		n := strings.ReplaceAll(clean.Fold(name), " ", "")
		if n != "" && (f == n || strings.TrimPrefix(f, "the") == strings.TrimPrefix(n, "the")) {
			return true
		}
	}
	for _, name := range m.homes {
		if f == strings.ReplaceAll(clean.Fold(name), " ", "") {
			return true
		}
	}
	host := strings.ReplaceAll(clean.Fold(a.Site), " ", "")
	label, _, _ := strings.Cut(a.Site, ".")
	label = strings.ReplaceAll(clean.Fold(label), " ", "")
	return f == host || len(label) > 2 && (strings.TrimPrefix(f, "the") == strings.TrimPrefix(label, "the") || len(f) > 4 && strings.HasPrefix(f, label) && len(f) <= len(label)+8)
}
