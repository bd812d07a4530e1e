//nolint:misspell // words of other languages
package clean

import (
	"strings"
	"unicode"
)

// words splits a lower-case line at everything that is no letter, digit, "@",
// apostrophe or hyphen inside a word.
func words(lower string) []string {
	return strings.FieldsFunc(lower, func(r rune) bool { return !inWord(r) })
}

func inWord(r rune) bool { return isWord(r) || r == '@' || r == '\'' || r == '-' }

func set(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

func isNumber(w string) bool {
	for _, r := range w {
		if !unicode.IsDigit(r) && r != '-' {
			return false
		}
	}
	return w != ""
}

var contactStarts = []string{
	"contact", "email", "e-mail", "write to", "follow", "send", "have a story", "got a story", "have a tip", "got a tip", "do you have", "twitter:", "tel:", "tel.", "telefon", "phone:", "fax:", "reach", "kontakt", "contacto", "contatto", "contato", "instagram:", "facebook:", "tips:", "mail:", "correo",
}

// isContact recognises how to reach somebody: an address or an account, alone or
// after an invitation.
func isContact(l *Line) bool {
	at := strings.IndexByte(l.Lower, '@')
	email := at > 0 && strings.IndexByte(l.Lower[at:], '.') > 0
	switch {
	case at >= 0 && l.Words <= 4 && !strings.HasPrefix(l.Lower, "—"):
		return true
	case strings.Contains(l.Lower, "can be reached at"), strings.Contains(l.Lower, "can be contacted at"):
		return true
	case startsWithAny(l.Lower, "follow us on", "follow us", "follow me on", "find us on", "like us on", "contact us at", "contact the author"):
		return true
	}
	invited := startsWithAny(l.Lower, contactStarts...) || strings.HasPrefix(l.Lower, "(") && startsWithAny(l.Lower[1:], contactStarts...)
	if invited && (at >= 0 || strings.Contains(l.Lower, " on twitter") || strings.Contains(l.Lower, " on x")) {
		return true
	}
	if email && (strings.Contains(l.Lower, "email us") || strings.Contains(l.Lower, "emailing us")) {
		return true
	}
	if startsWithAny(l.Lower, "tel:", "tel.", "telefon:", "phone:", "fax:", "tel") && l.Words <= 12 {
		return strings.ContainsAny(l.Lower, "0123456789")
	}
	return email && l.Tail && l.Words <= 30
}

// isPlainSentence recognises a sentence that only begins like a label: it has no
// link, and no colon or bar after the label.
func isPlainSentence(l *Line) bool {
	return l.Words > 8 && !l.Links && endsLikeSentence(l.Lower) && !strings.ContainsAny(l.Lower[:min(len(l.Lower), 40)], ":|")
}

var (
	bioRoles = set("reporter journalist correspondent editor writer columnist author contributor blogger freelancer photographer producer anchor lecturer professor novelist redakteur redakteurin journalistin autor autorin korrespondent korrespondentin volontär volontärin reporterin journaliste rédacteur rédactrice correspondant correspondante periodista redactor redactora corresponsal giornalista redattore redattrice jornalista repórter redator colunista verslaggever redacteur schrijver fellow historian critic")
	bioWords = set("likes loves enjoys hobby hobbies passion passionate writes writing articles covers covering covered based joined graduated lives studied worked previously freelance twitter follow reached email author journalist reporter editor writer blogger degree university award awards books book")
)

// isAuthorBio recognises "About the author", "X is a reporter for Y" and the
// present-tense portrait that signs an article.
func isAuthorBio(l *Line) bool {
	if startsWithAny(l.Lower, "about the author", "about the writer", "about the authors", "about author", "über den autor", "über die autorin", "zur person", "zum autor", "sobre el autor", "sobre o autor", "à propos de l'auteur", "over de auteur", "the writer is", "the author is", "the writers are", "der autor ist", "die autorin ist", "sull'autore") {
		return true
	}
	if !l.Tail || l.Words > 110 {
		return false
	}
	ws := words(l.Lower)
	if len(ws) < 4 {
		return false
	}
	if roleAfterIs(l, ws) || startsWithName(l.Text) && !quotes(l.Text) && hasBirth(l.Lower[:min(len(l.Lower), 60)]) {
		return true
	}
	seen, distinct := map[string]bool{}, 0
	for _, w := range ws {
		if bioWords[w] && !seen[w] {
			seen[w] = true
			distinct++
		}
	}
	return l.Words >= 15 && distinct >= 3 && distinct*25 >= l.Words && startsWithName(l.Text) && !strings.ContainsAny(l.Text, "\"“«") &&
		(seen["writes"] || seen["writing"] || seen["journalist"] || seen["reporter"] || seen["writer"] || seen["author"] || seen["editor"] || seen["covers"] || seen["articles"])
}

// roleAfterIs reports "<Name> is a ... reporter ..." in a short line.
func roleAfterIs(l *Line, ws []string) bool {
	if l.Words > 60 || !startsWithName(l.Text) || quotes(l.Text) || strings.Contains(l.Lower, " said") {
		return false
	}
	for i := 1; i < min(len(ws), 6); i++ {
		switch ws[i] {
		case "is", "ist", "est", "es", "è", "é":
			for j := i + 1; j < min(len(ws), i+10); j++ {
				if bioRoles[ws[j]] {
					return true
				}
			}
			return false
		case "covers", "reports", "writes":
			return l.Words <= 40 && i+1 < len(ws) && (ws[i+1] == "for" || ws[i+1] == "about" || ws[i+1] == "on" || ws[i] == "covers")
		}
	}
	return false
}

// hasBirth reports whether the beginning of a line gives a year of birth, as
// portraits do: "Jana Roh (*1958) ist ...", "Jana Roh, Jahrgang 1958, ...".
func hasBirth(lower string) bool {
	for _, mark := range []string{"(*", "(* ", "(geb. ", "(geboren ", ", geboren ", ", geb. ", ", jahrgang ", "(jg. ", "(jahrgang ", "(b. ", "(né en ", "(née en ", ", né en ", ", née en "} {
		if i := strings.Index(lower, mark); i > 0 && strings.ContainsAny(lower[i:], "12") {
			return true
		}
	}
	return false
}

// quotes reports whether text quotes more than the title of a book.
func quotes(text string) bool {
	i := strings.IndexByte(text, '"')
	return i >= 0 && !strings.HasSuffix(text[:i], " of ")
}

func startsWithName(text string) bool {
	for _, r := range text {
		return unicode.IsUpper(r)
	}
	return false
}

var (
	shareWords = set("share shares facebook twitter x whatsapp email e-mail mail linkedin pinterest reddit telegram messenger tumblr print copy link pocket flipboard instagram youtube threads bluesky mastodon xing tweet pin post teilen drucken merken mailen twittern partager imprimer envoyer compartir imprimir enviar condividi stampa compartilhar delen save bookmark via on auf sur en su no na bei send by google google+ plus vk vkontakte viber line sms rss feed de por in an per weitere and to a snapchat tiktok copier lien copiar enlace gift kopieren")
	shareLines = map[string]bool{
		"share this": true, "share this article": true, "share this story": true, "share this post": true, "share article": true, "share this page": true, "share this with": true, "share story": true, "tweet this": true, "email this": true, "print this": true, "share it": true, "share with": true, "artikel teilen": true, "beitrag teilen": true, "diesen artikel teilen": true, "seite teilen": true, "partager cet article": true, "partager l'article": true, "comparte esta noticia": true, "comparte": true, "condividi questo articolo": true, "compartilhe": true, "compartilhe esta notícia": true, "deel dit artikel": true, "شارك": true, "مشاركة": true, "שתף": true, "שתפו": true, "share options": true, "sharing options": true, "link copied": true, "copied": true, "more sharing options": true, "share this video": true, "shares": true, "поделиться": true, "udostępnij": true, "dela": true, "del": true, "jaa": true, "paylaş": true, "bagikan": true, "share this entry": true,
	}
)

func isShare(l *Line) bool {
	bare := trimPunct(l.Lower)
	if shareLines[bare] {
		return true
	}
	ws := words(bare)
	named := false
	for _, w := range ws {
		if !shareWords[w] && !isNumber(strings.TrimRight(w, "km")) {
			return false
		}
		named = named || len(w) > 3 && shareWords[w]
	}
	return named && len(ws) <= 12
}

var commentLines = map[string]bool{
	"comments": true, "comment": true, "leave a comment": true, "leave a reply": true, "view comments": true, "show comments": true, "post a comment": true, "add a comment": true, "add comment": true, "join the conversation": true, "join the discussion": true, "log in to comment": true, "be the first to comment": true, "comments are closed": true, "comments are off": true, "your email address will not be published": true, "no comments": true, "no comments yet": true, "read comments": true, "hide comments": true, "write a comment": true, "responses": true, "what do you think": true,
	"kommentare": true, "kommentar": true, "kommentar schreiben": true, "kommentieren": true, "kommentare anzeigen": true, "kommentar verfassen": true, "schreiben sie einen kommentar": true, "schreibe einen kommentar": true, "diskutieren sie mit": true, "commentaires": true, "commenter": true, "réagir": true, "laisser un commentaire": true, "comentarios": true, "comentar": true, "deja un comentario": true, "deja tu comentario": true, "commenti": true, "lascia un commento": true, "commenta": true, "comentários": true, "deixe um comentário": true, "comente": true, "reacties": true, "reageer": true, "plaats een reactie": true, "geef een reactie": true, "تعليقات": true, "تعليق": true, "التعليقات": true, "תגובות": true, "הוסף תגובה": true, "komentarze": true, "dodaj komentarz": true, "комментарии": true, "댓글": true, "yorumlar": true, "yorum yap": true, "yorum": true, "komentáře": true, "komentar": true, "komentari": true, "hozzászólások": true, "kommentit": true, "bình luận": true, "σχόλια": true, "评论": true, "網友評論": true, "コメント": true, "コメントを書く": true, "skriv en kommentar": true, "kommenter": true, "skriv kommentar": true, "komentovat": true, "додати коментар": true, "коментарі": true, "оставить комментарий": true, "napisz komentarz": true, "kommentarer": true,
}

// loginStarts say that only those who are known may comment.
var loginStarts = []string{"sie müssen sich einloggen", "sie müssen angemeldet sein", "um kommentieren zu können", "bitte melden sie sich an, um", "you must be logged in to", "you need to be logged in to", "please log in to comment", "sign in to comment", "commenting on this", "debe iniciar sesión para", "vous devez être connecté", "devi effettuare l'accesso", "musisz być zalogowany", "logga in för att kommentera"}

func isComments(l *Line) bool {
	if startsWithAny(l.Lower, loginStarts...) {
		return true
	}
	bare := strings.TrimLeft(trimPunct(l.Lower), "0123456789., ")
	if commentLines[bare] {
		return true
	}
	bare = strings.TrimRight(trimPunct(bare), "0123456789.,( ")
	for _, p := range []string{"show", "view", "view all", "see", "read", "alle", "all", "ver"} {
		if rest, ok := strings.CutPrefix(bare, p+" "); ok {
			bare = strings.TrimLeft(rest, "0123456789 ")
			break
		}
	}
	return commentLines[bare]
}

var videoLines = map[string]bool{
	"play": true, "play video": true, "watch the video": true, "watch video": true, "watch": true, "watch now": true, "now playing": true, "video playback failed": true, "video abspielen": true, "video ansehen": true, "zum video": true, "audio": true, "video": true, "videos": true, "unmute": true, "mute": true, "playback error": true, "loading video": true, "this video is not available": true, "voir la vidéo": true, "ver video": true, "guarda il video": true, "assista ao vídeo": true, "bekijk video": true, "play audio": true, "live tv": true, "autoplay": true, "up next": true, "fullscreen": true, "listen to article": true, "watch more": true, "video unavailable": true, "this is a modal window": true, "click to play": true, "tap to play": true, "gallery": true, "image gallery": true, "fotogalerie": true, "bildergalerie": true, "galerie": true, "galería": true,
}

func isVideo(l *Line) bool {
	bare := trimPunct(l.Lower)
	if videoLines[bare] || isRunningTime(bare) {
		return true
	}
	if startsWithAny(l.Lower, "watch:", "watch |", "video:", "vídeo:", "video |", "watch more:", "watch the video", "watch below", "watch above", "listen:", "podcast:", "in video:", "in pictures:", "in photos:", "see photos", "photos:", "im video:", "en vidéo", "(video:", "audio:", "the video player", "the media could not be loaded", "sorry, the video player", "gallery:", "slideshow:") {
		return true
	}
	return IsDuration(l.Text)
}

// isRunningTime recognises "02:14" and "1:02:14".
func isRunningTime(s string) bool {
	colons := strings.Count(s, ":")
	return len(s) <= 8 && (colons == 1 || colons == 2) && strings.Trim(s, "0123456789:") == ""
}

// IsDuration recognises the running time under a video: "Duration 2:02".
func IsDuration(text string) bool {
	lower := strings.ToLower(text)
	for _, label := range []string{"duration", "running time", "length", "laufzeit", "dauer", "länge", "durée", "duración", "durata", "duração", "duur", "video duration", "المدة"} {
		if rest, ok := strings.CutPrefix(lower, label); ok {
			rest = strings.Trim(rest, " :.")
			return rest != "" && rest[0] >= '0' && rest[0] <= '9' && len(rest) < 24
		}
	}
	return false
}

var (
	agoWords  = set("ago vor hace fa há geleden منذ לפני fa temu sedan siden sitten назад önce lalu")
	unitWords = set("second seconds sec secs minute minutes min mins hour hours hr hrs h day days week weeks month months year years sekunden minute minuten stunde stunden tag tagen tage woche wochen monat monaten jahr jahren seconde secondes heure heures jour jours semaine semaines mois an ans segundos minuto minutos hora horas día días dia dias semana semanas mes meses año años anos ore ora minuti giorni giorno mesi anni uur uren minuut dagen dag weken maanden jaar jaren ساعة ساعات دقيقة دقائق يوم أيام שעות שעה דקות ימים godzin godziny minut dni timmar minuter dagar timer minutter timme minutt time minuuttia tuntia päivää sekunder hodin hodinami minutami dny jam menit hari dakika часов часа минут дней saat dakika gün")
	agoExtra  = set("for för il y a an one updated published posted last update aktualisiert mis à jour actualizado about il ca over more than eine einer einem ein un una uma")
)

// isClock recognises times that depend on when the page was rendered, and
// reading times.
func isClock(l *Line) bool {
	if t := strings.TrimSuffix(strings.TrimSuffix(l.Lower, " am"), " pm"); t != l.Lower && isRunningTime(t) {
		return true
	}
	if isAsianAgo(l.Lower) {
		return true
	}
	ws := words(l.Lower)
	digit, unit, ago, read := false, false, strings.HasPrefix(l.Lower, "il y a"), false
	for _, w := range ws {
		switch {
		case isNumber(w):
			digit = true
		case unitWords[w]:
			unit = true
		case agoWords[w]:
			ago = true
		case w == "read" || w == "lesezeit" || w == "reading" || w == "lecture" || w == "lectura" || w == "leitura" || w == "lettura" || w == "lesedauer" || w == "time" || w == "de" || w == "di" || w == "leestijd" || w == "temps" || w == "tiempo" || w == "tempo" || w == "lezen":
			read = true
		case agoExtra[w]:
		case len(ws) == 2 && (w == "am" || w == "pm"):
			unit, ago = true, true
		default:
			if strings.Trim(w, "0123456789mhdwsin") == "" && w[0] >= '0' && w[0] <= '9' {
				digit, unit = true, true
				continue
			}
			return false
		}
	}
	return (digit || len(ws) <= 4) && unit && (ago || read) && !endsLikeSentence(l.Lower)
}

func isWeather(l *Line) bool {
	i := strings.Index(l.Lower, "°")
	return i > 0 && strings.ContainsAny(l.Lower[:i], "0123456789") && l.Words <= 6 && !endsLikeSentence(l.Lower)
}

var homeWords = set("home startseite start accueil inicio início portada homepage hjem hem главная الرئيسية strona główna beranda anasayfa úvod ראשי")

func isBreadcrumb(l *Line) bool {
	if startsWithAny(l.Lower, "you are here", "sie sind hier", "sie befinden sich hier", "vous êtes ici", "estás en", "você está em", "je bent hier") {
		return true
	}
	s, e := nextWord(l.Lower, 0)
	if s != 0 || e == 0 || e == len(l.Lower) || endsLikeSentence(l.Lower) {
		return false
	}
	sep := strings.TrimSpace(l.Lower[e:])
	first := strings.HasPrefix(sep, ">") || strings.HasPrefix(sep, "»") || strings.HasPrefix(sep, "›") || strings.HasPrefix(sep, "/") || strings.HasPrefix(sep, "|") || strings.HasPrefix(sep, "→") || strings.HasPrefix(sep, "·") || strings.HasPrefix(sep, "\\") || strings.HasPrefix(sep, "::")
	return homeWords[l.Lower[:e]] && first || strings.Count(l.Lower, " > ")+strings.Count(l.Lower, " » ")+strings.Count(l.Lower, " › ") >= 2
}

// isMachineText recognises an instant or an address that stands alone, which is
// data that a style sheet was to hide.
func isMachineText(l *Line) bool {
	return isInstant(l.Text) || strings.HasPrefix(l.Lower, "http") && strings.Contains(l.Lower, "://") && strings.IndexByte(l.Text, ' ') < 0
}
