//nolint:misspell // words of other languages
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

const (
	maxAuthors    = 20
	maxAuthorName = 80
)

// setAuthors takes the names from the best source that has some.
func setAuthors(a *article.Article, p *page, m *meta, entry article.Entry) {
	var ld []article.Author
	for _, n := range m.ld.Authors {
		names := splitNames(n.Name)
		org := strings.Contains(n.Type, "organization") //nolint:misspell // the name that schema.org gave it
		if org && len(names) > 0 {
			names = []string{strings.TrimSpace(textnorm.String(n.Name))}
		}
		for _, name := range names {
			au := article.Author{Name: name, Kind: authorKind(name, a)}
			if org && au.Kind == article.Person {
				au.Kind = article.Organisation
			}
			ld = append(ld, au)
		}
	}
	metaNames := namesFrom(a, m.values["author"], m.values["article:author"], m.values["og:article:author"], m.values["parsely-author"], m.values["sailthru.author"], m.values["dc.creator"], m.values["dcterms.creator"], m.values["byl"], m.values["article:author_name"], m.values["dcsext.author"], m.values["cxenseparse:author"])
	var marked []article.Author
	if !anyPerson(ld) && !anyPerson(metaNames) {
		marked = markedAuthors(a, m)
		if len(marked) == 0 {
			marked = bylineAuthors(a, p)
		}
	}
	feed := namesFrom(a, entry.Authors)
	for _, list := range [][]article.Author{ld, metaNames, marked, feed} {
		if anyPerson(list) {
			a.Authors = unique(list)
			return
		}
	}
	for _, list := range [][]article.Author{ld, metaNames, marked, feed} {
		if len(list) > 0 {
			a.Authors = unique(list)
			return
		}
	}
}

func anyPerson(list []article.Author) bool {
	for _, a := range list {
		if a.Kind == article.Person {
			return true
		}
	}
	return false
}

func unique(list []article.Author) []article.Author {
	var out []article.Author
	seen := map[string]bool{}
	for _, a := range list {
		if key := clean.Fold(a.Name); key != "" && !seen[key] && len(out) < maxAuthors {
			seen[key] = true
			out = append(out, a)
		}
	}
	return out
}

// namesFrom splits the first of several lists of bylines that has names.
func namesFrom(a *article.Article, lists ...[]string) []article.Author {
	for _, list := range lists {
		var out []article.Author
		for _, v := range list {
			for _, name := range splitNames(v) {
				out = append(out, article.Author{Name: name, Kind: authorKind(name, a)})
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

var bylineStarts = []string{"by ", "by: ", "von ", "par ", "por ", "di ", "door ", "text: ", "text von ", "posted by ", "written by ", "author: ", "autor: ", "autorin: ", "af ", "av ", "oleh ", "ein kommentar von ", "eine analyse von ", "from ", "reported by ", "story by ", "words by ", "published by ", "interview: ", "de ", "bericht: ", "a cura di "}

var nameSeparators = []string{" and ", " & ", " und ", " et ", " y ", " e ", " en ", ";", "|", " / ", " with ", " och ", " og ", " i ", "•", "·", "\n"}

// splitNames cuts a byline into names and drops what are none: by-words, roles,
// addresses, accounts.
func splitNames(s string) []string {
	s = textnorm.String(stripTags(s))
	if s == "" || len(s) > 600 {
		return nil
	}
	s = cutByWord(s)
	for _, sep := range nameSeparators {
		if strings.Contains(strings.ToLower(s), sep) && len(strings.ToLower(s)) == len(s) {
			s = replaceFold(s, sep, "\n")
		}
	}
	var out []string
	for part := range strings.SplitSeq(s, "\n") {
		pieces := strings.Split(part, ",")
		for i, piece := range pieces {
			name := cleanName(cutByWord(strings.TrimSpace(piece)))
			if name == "" || i > 0 && (isRole(name) || !nameLike(name) && len(out) > 0 && !clean.IsAgency(name)) {
				continue
			}
			out = append(out, name)
		}
	}
	if len(out) == 2 && strings.Count(s, ",") == 1 && !strings.Contains(out[0], " ") && !strings.Contains(out[1], " ") {
		return []string{out[1] + " " + out[0]} // "Roe, Jane"
	}
	return out
}

func cutByWord(s string) string {
	for range 2 {
		lower := strings.ToLower(s)
		for _, by := range bylineStarts {
			if strings.HasPrefix(lower, by) && len(lower) == len(s) {
				if by == "de " && !unicode.IsUpper(firstRune(s)) || by == "de " && startsWithFold(s, "de ") && s[0] == 'd' {
					continue
				}
				s = strings.TrimSpace(s[len(by):])
				break
			}
		}
	}
	return s
}

func startsWithFold(s, p string) bool { return len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) }

func replaceFold(s, old, with string) string {
	lower := strings.ToLower(s)
	var b strings.Builder
	for {
		i := strings.Index(lower, old)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i] + with)
		s, lower = s[i+len(old):], lower[i+len(old):]
	}
}

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

// cleanName returns the bare name, or "" for what cannot be one.
func cleanName(s string) string {
	if i := strings.IndexAny(s, "(["); i > 2 {
		s = s[:i]
	} else if i == 0 {
		return ""
	}
	s = withoutRole(strings.Trim(s, " .,:;-–—*\"'»«|/<>"))
	if s == "" || len(s) > maxAuthorName || strings.ContainsAny(s, "@{}=<>") || strings.Contains(s, "://") || strings.HasPrefix(strings.ToLower(s), "www.") {
		return ""
	}
	if strings.IndexFunc(s, unicode.IsLetter) < 0 || strings.Count(s, " ") > 6 {
		return ""
	}
	f := clean.Fold(s)
	switch f {
	case "admin", "administrator", "author", "autor", "by", "unknown", "null", "undefined", "none", "webmaster", "guest", "redirect", "user", "about the author", "view all posts", "more posts", "follow", "anonymous", "author profile", "more", "posted", "publiziert am":
		return ""
	}
	digits := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits > 4 || digits > 0 && (strings.Contains(f, "uhr") || strings.HasSuffix(f, " min") || unicode.IsDigit(firstRune(s))) {
		return ""
	}
	return s
}

var roleWords = map[string]bool{"editor": true, "reporter": true, "correspondent": true, "writer": true, "journalist": true, "columnist": true, "producer": true, "contributor": true, "redakteur": true, "redakteurin": true, "korrespondent": true, "korrespondentin": true, "journaliste": true, "redactor": true, "corresponsal": true, "staff": true, "director": true, "chief": true, "professor": true, "fellow": true, "bureau": true, "photographer": true, "specialist": true, "manager": true, "analyst": true, "head": true, "phd": true, "jr": false}

func isRole(s string) bool {
	for w := range strings.FieldsSeq(strings.ToLower(s)) {
		if roleWords[strings.Trim(w, ".,")] {
			return true
		}
	}
	return false
}

var orgWords = map[string]bool{"staff": true, "news": true, "newsroom": true, "desk": true, "editorial": true, "redaktion": true, "team": true, "redacción": true, "redaccion": true, "redazione": true, "redação": true, "rédaction": true, "redactie": true, "media": true, "press": true, "agency": true, "agencies": true, "agenturen": true, "agencias": true, "agences": true, "online": true, "times": true, "post": true, "herald": true, "tribune": true, "daily": true, "magazine": true, "network": true, "radio": true, "tv": true, "editors": true, "reporters": true, "board": true, "bureau": true, "service": true, "zeitung": true, "gazette": true, "journal": true, "reporter": true, "correspondent": true, "foundation": true, "institute": true, "university": true, "ltd": true, "inc": true, "gmbh": true, "web": true, "digital": true, "der": false}

// authorKind tells people from agencies and organisations.
func authorKind(name string, a *article.Article) article.AuthorKind {
	if clean.IsAgency(name) {
		return article.Agency
	}
	f := clean.Fold(name)
	if f == clean.Fold(a.Publisher) || f == clean.Fold(a.Site) || strings.Contains(name, ".") && !strings.Contains(name, " ") {
		return article.Organisation
	}
	words := strings.Fields(f)
	for i, w := range words {
		if orgWords[w] && (i > 0 || len(words) == 1 || w == "redaktion" || w == "staff" || w == "the") {
			return article.Organisation
		}
	}
	if len(words) > 0 && words[0] == "the" {
		return article.Organisation
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '-' || r == ',' || r == ' ' }) {
		if clean.IsAgency(part) && allCapitals(part) || strings.EqualFold(part, "dpa") {
			return article.Agency
		}
	}
	return article.Person
}

// authorClass reports whether a class or id marks the name of the author.
func authorClass(val string) bool {
	v := strings.ToLower(val)
	for _, w := range []string{"author", "byline", "autor", "auteur", "writer"} {
		if strings.Contains(v, w) {
			for _, not := range []string{"bio", "image", "img", "photo", "avatar", "social", "related", "authors-list", "box", "comment", "authority", "authoriz", "follow", "email", "twitter", "date", "desc", "icon", "thumb", "article-by", "hide", "more"} {
				if strings.Contains(v, not) {
					return false
				}
			}
			return true
		}
	}
	return false
}

// markedAuthors reads the elements that are marked as the author, preferring
// those that are marked by property or relation to those that a class names.
func markedAuthors(a *article.Article, m *meta) []article.Author {
	var byMark, byClass []article.Author
	for i, n := range m.authors {
		if i > 40 || inComments(n) {
			continue
		}
		text := attr(n, "content")
		if text == "" {
			text = textOf(firstNamed(n))
		}
		if len(text) > 160 || text == "" {
			continue
		}
		for _, name := range splitNames(text) {
			marked := attr(n, "itemprop") != "" || attr(n, "rel") == "author"
			if oneWord := utf8.RuneCountInString(name) >= 3 && !strings.Contains(name, " "); !nameLike(name) && (!marked || !oneWord) {
				continue
			}
			au := article.Author{Name: name, Kind: authorKind(name, a)}
			if marked {
				byMark = append(byMark, au)
			} else {
				byClass = append(byClass, au)
			}
		}
		if len(byMark) >= 6 || len(byClass) >= 4 {
			break
		}
	}
	if len(byMark) > 0 {
		return byMark
	}
	return byClass
}

// firstNamed returns the part of an author element that holds the name.
func firstNamed(n *html.Node) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && attr(c, "itemprop") == "name" {
			return c
		}
	}
	return n
}

func inComments(n *html.Node) bool {
	for e, i := n.Parent, 0; e != nil && i < 12; e, i = e.Parent, i+1 {
		if r := clean.MatchElement(e); r != nil && (r.Kind == clean.Comments || r.Kind == clean.Related || r.Kind == clean.Sidebar || r.Kind == clean.Footer) && e.DataAtom != atom.Article {
			return true
		}
	}
	return false
}

// nameLike reports whether s has the form of a name: two to five words with
// capitals, or one of an agency.
func nameLike(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 5 {
		return false
	}
	capital := 0
	for _, w := range words {
		if r := firstRune(w); unicode.IsUpper(r) || unicode.IsLetter(r) && !unicode.IsLower(r) {
			capital++
		}
	}
	return capital >= 1 && capital*2 >= len(words) && (len(words) >= 2 || clean.IsAgency(s) || !unicode.Is(unicode.Latin, firstRune(s)))
}

// bylineAuthors reads "By Jane Roe" among the blocks around the headline.
func bylineAuthors(a *article.Article, p *page) []article.Author {
	for i := range p.blocks {
		b := &p.blocks[i]
		if b.words < 2 || b.words > 24 || i > 400 {
			continue
		}
		l := clean.NewLine(b.text)
		l.Head = true
		if name := creditedSource(b.text); name != "" {
			return []article.Author{{Name: name, Kind: authorKind(name, a)}}
		}
		if v := clean.Match(&l); v.Kind != clean.Byline {
			continue
		}
		text := b.text
		_, by, dated := clean.SplitByline(text)
		if dated {
			text = by
		}
		var out []article.Author
		for _, name := range splitNames(text) {
			if nameLike(name) || dated {
				out = append(out, article.Author{Name: name, Kind: authorKind(name, a)})
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}
