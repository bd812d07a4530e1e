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
)

const (
	maxMarks      = 60  // marked elements that are looked at
	maxMarkedText = 160 // bytes of an element that holds nothing but authors
	maxBylineText = 400 // bytes of one that holds the byline
)

// authorClass reports whether a class or id marks the name of the author.
func authorClass(val string) bool {
	// Most classes do not; none of the words is missed by these.
	if !strings.Contains(val, "utor") && !strings.Contains(val, "uteur") && !strings.Contains(val, "uthor") && !strings.Contains(val, "yline") && !strings.Contains(val, "riter") {
		return false
	}
	v := strings.ToLower(val)
	for _, w := range []string{"author", "byline", "autor", "auteur", "writer"} {
		if strings.Contains(v, w) {
			for _, not := range []string{"bio", "image", "img", "photo", "avatar", "social", "related", "authors-list", "box", "comment", "authority", "authoriz", "follow", "email", "twitter", "date", "desc", "icon", "thumb", "article-by", "hide", "more", "count", "bild", "foto", "licen", "profile"} {
				if strings.Contains(v, not) {
					return false
				}
			}
			return true
		}
	}
	return false
}

// marked reads the elements that are marked as the author: first those below
// the printed headline, then those above it. Those that are marked by property
// or relation count more than those that a class names.
func (f *authorFinder) marked() []article.Author {
	above := min(f.m.printedMarks, len(f.m.authors))
	marks := f.m.authors[above:]
	if out := f.readMarks(marks[:min(len(marks), maxMarks)]); len(out) > 0 {
		return out
	}
	return f.readMarks(f.m.authors[max(0, above-maxMarks):above])
}

func (f *authorFinder) readMarks(marks []*html.Node) []article.Author {
	main := ancestors(f.m.printed)
	var byMark, byClass []article.Author
	var markAt, classAt *html.Node
	others := 0 // authors of other texts
	for i, n := range marks {
		strong := attr(n, "itemprop") != "" || attr(n, "rel") == "author" || strings.Contains(attr(n, "class"), "vcard")
		if strong && markAt != nil && !sameByline(markAt, n) || !strong && (classAt != nil && !sameByline(classAt, n) || markAt != nil) {
			if !strong && markAt == nil && others < maxOthers && sameShape(classAt, n) {
				if names := f.markedNames(n, false); len(names) > 0 && !sameName(byClass, names[0]) {
					others++
				}
			}
			continue
		}
		// The innermost mark names best.
		if i+1 < len(marks) && within(marks[i+1], n) && len(f.markedNames(marks[i+1], true)) > 0 {
			continue
		}
		if foreign(n.Parent, main) {
			continue
		}
		names := f.markedNames(n, strong)
		switch {
		case len(names) == 0:
		case strong:
			byMark, markAt = append(byMark, names...), n
		default:
			byClass, classAt = append(byClass, names...), n
		}
	}
	if f.best(byMark) >= f.best(byClass) || others == maxOthers {
		return byMark
	}
	return byClass
}

// maxOthers is from how many marks with other names on the marks are those of a
// list of articles.
const maxOthers = 3

// sameShape reports whether the elements around two marks have the same classes.
func sameShape(a, b *html.Node) bool {
	for range 3 {
		if a, b = a.Parent, b.Parent; a == nil || b == nil || a.DataAtom != b.DataAtom || attr(a, "class") != attr(b, "class") {
			return false
		}
	}
	return true
}

func sameName(list []article.Author, au article.Author) bool {
	for _, have := range list {
		if have.Name == au.Name {
			return true
		}
	}
	return false
}

// markedNames reads the names in one marked element.
func (f *authorFinder) markedNames(n *html.Node, strong bool) []article.Author {
	text := attr(n, "content")
	if text == "" {
		text = textOf(firstNamed(n))
	}
	if len(text) > maxMarkedText || text == "" {
		return nil
	}
	_, by := afterByWord(text)
	var out []article.Author
	for _, name := range bylineNames(text) {
		oneWord := utf8.RuneCountInString(name) >= 3 && !strings.Contains(name, " ")
		full := nameLike(name) && (strong || properName(name))
		if (full || oneWord && (strong || by)) && !f.inTitle(name) {
			out = append(out, f.author(name))
		}
	}
	return out
}

// inTitle reports a part of the headline.
func (f *authorFinder) inTitle(name string) bool {
	return strings.Count(name, " ") > 1 && strings.Contains(clean.Fold(f.a.Title), clean.Fold(name))
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

// maxClimb is how many ancestors of a node are looked at.
const maxClimb = 12

func ancestors(n *html.Node) []*html.Node {
	var out []*html.Node
	for i := 0; n != nil && i < 60; i++ {
		out = append(out, n)
		n = n.Parent
	}
	return out
}

func contains(list []*html.Node, n *html.Node) bool {
	for _, e := range list {
		if e == n {
			return true
		}
	}
	return false
}

func within(n, outer *html.Node) bool {
	for e, i := n.Parent, 0; e != nil && i < maxClimb; e, i = e.Parent, i+1 {
		if e == outer {
			return true
		}
	}
	return false
}

// sameByline reports whether two marks belong to one byline: an ancestor close to
// the first holds the second.
func sameByline(first, n *html.Node) bool {
	e := first
	for range 3 {
		if e = e.Parent; e == nil || e.DataAtom == atom.Body || e.DataAtom == atom.Article || e.DataAtom == atom.Main || len(textOf(e)) > maxBylineText {
			return false
		}
		if within(n, e) {
			return true
		}
	}
	return false
}

// foreign reports an element that belongs to another text than the one whose
// headline has the ancestors main: a comment, a teaser, a box.
func foreign(n *html.Node, main []*html.Node) bool {
	for e, i := n, 0; e != nil && i < maxClimb && !contains(main, e); e, i = e.Parent, i+1 {
		if r := clean.MatchElement(e); r != nil && e.DataAtom != atom.Article {
			switch r.Kind {
			case clean.Comments, clean.Related, clean.Sidebar:
				return true
			case clean.Footer:
				return !ofArticle(e)
			}
		}
		if e.DataAtom == atom.Figure || e.DataAtom == atom.Figcaption {
			return true
		}
		if len(main) > 0 && i < 6 && holdsOtherHeadline(e) {
			return true
		}
	}
	return false
}

// ofArticle reports the foot of an article, where the author often stands.
func ofArticle(e *html.Node) bool {
	c := attr(e, "class")
	return strings.Contains(c, "post-footer") || strings.Contains(c, "entry-footer") || strings.Contains(c, "article-footer") || strings.Contains(c, "story-footer")
}

// holdsOtherHeadline reports the element of a teaser: a card, an item of a list
// or a link with a headline of its own.
func holdsOtherHeadline(e *html.Node) bool {
	switch e.DataAtom {
	case atom.Article, atom.Li, atom.A:
	default:
		c := attr(e, "class")
		if !strings.Contains(c, "teaser") && !strings.Contains(c, "card") && !strings.Contains(c, "slider") && !strings.Contains(c, "promo") {
			return false
		}
	}
	for _, a := range []atom.Atom{atom.H2, atom.H3, atom.H4, atom.H5} {
		if h := findFirst(e, a); h != nil && len(textOf(h)) > 24 {
			return true
		}
	}
	return false
}

// inComments reports an element of a comment, a teaser or a box.
func inComments(n *html.Node) bool {
	for e, i := n.Parent, 0; e != nil && i < maxClimb; e, i = e.Parent, i+1 {
		if r := clean.MatchElement(e); r != nil && (r.Kind == clean.Comments || r.Kind == clean.Related || r.Kind == clean.Sidebar || r.Kind == clean.Footer) && e.DataAtom != atom.Article {
			return true
		}
	}
	return false
}

// bylineNames reads the names in a line that may also hold a date, a clock or
// how long the text takes to read.
func bylineNames(text string) []string {
	if strings.ContainsAny(text, "0123456789|•·") {
		text = withoutDates(text)
	}
	return splitNames(text)
}

// withoutDates returns the part of a line before or behind its date.
func withoutDates(text string) string {
	for _, sep := range []string{"|", "•", "·", " – ", " — ", " - "} {
		if strings.Contains(text, sep) {
			for part := range strings.SplitSeq(text, sep) {
				part = strings.TrimSpace(part)
				if _, by := afterByWord(part); by || nameLike(part) && !strings.ContainsAny(part, "0123456789") {
					return withoutDates(part)
				}
			}
		}
	}
	i := strings.IndexAny(text, "0123456789")
	if i < 0 {
		return text
	}
	if i > 0 && text[i-1] != ' ' && text[i-1] != '(' {
		// A note at the end of a name: "Jane Roe1".
		if strings.Contains(text[:i], " ") && strings.Trim(text[i:], "0123456789, ") == "" {
			return text[:i]
		}
		return text
	}
	words := strings.Fields(text[:i])
	if len(words) == 0 {
		// "12 May 2026 by Jane Roe"
		if _, by, ok := clean.SplitByline(text); ok {
			return by
		}
		return afterDate(text)
	}
	for len(words) > 1 && wordOfDate(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) == 1 && wordOfDate(words[0]) {
		return afterDate(text)
	}
	return strings.Join(words, " ")
}

// afterDate returns what a mark or the unit of a clock parts from the date
// before it: "12.05.2026, Jane Roe", "10:15 Uhr Jane Roe".
func afterDate(text string) string {
	rest := text[strings.LastIndexAny(text, "0123456789")+1:]
	parted := false
	for {
		rest = strings.TrimLeft(rest, " ")
		cut := strings.TrimLeft(rest, ",.:;-–—|/)")
		for _, unit := range []string{"Uhr ", "AM ", "PM ", "am ", "pm ", "h ", "GMT ", "UTC "} {
			cut = strings.TrimPrefix(cut, unit)
		}
		if cut == rest {
			break
		}
		parted, rest = true, cut
	}
	if !parted {
		return ""
	}
	return rest
}

// wordOfDate reports a word that stands before a date and is no part of a name.
func wordOfDate(w string) bool {
	w = strings.ToLower(strings.Trim(w, ".,:()"))
	return dateWords[w] != wordNone || unicode.IsLower(firstRune(w)) && len(w) <= 2 || w == "vor" || w == "hace"
}
