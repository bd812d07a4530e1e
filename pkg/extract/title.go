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

// titles are what the sources call the article, the name of the site cut off.
type titles struct {
	linked  titleText // headline of the JSON-LD, if that is an article
	social  titleText // og:title
	page    titleText // the title element
	heading titleText // the h1 that the others confirm
	other   []string  // further metadata, the best first
	texts   []string  // of all h1
}

// titleText is a title with its key.
type titleText struct{ text, key string }

// setTitle chooses the headline. a.Title becomes what stands on the page, by
// which its repetitions in the text are found; finishTitle follows.
func setTitle(a *article.Article, p *page, m *meta, entry article.Entry) {
	s := newSiteNames(a, m)
	t := m.readTitles(s, entry)
	m.headline = t.choose()
	for i, text := range t.texts {
		if text != "" && text == t.heading.text {
			m.printed, m.printedMarks = m.headings[i], m.above[i]
			break
		}
	}
	switch {
	case t.heading.text != "":
		a.Title = t.heading.text
	case m.headline != "":
		a.Title = printedPart(m.headline, p)
		m.headline = a.Title
	default:
		for i := range p.blocks {
			if p.blocks[i].level > 0 && p.blocks[i].words > 2 {
				a.Title = p.blocks[i].text
				m.headline = a.Title
				return
			}
		}
	}
}

// finishTitle replaces the printed headline by the one that the sources agree
// on, once the body is found.
func finishTitle(a *article.Article, m *meta) {
	if m.headline != "" {
		a.Title = m.headline
	}
}

func (m *meta) readTitles(s *siteNames, entry article.Entry) *titles {
	var t titles
	for _, h := range m.headings[:min(len(m.headings), maxHeadings)] {
		text := headlineText(h)
		if len(text) > maxTitle || holdsHome(h, m) {
			text = ""
		}
		t.texts = append(t.texts, text)
	}
	get := func(raw string, loose bool) titleText {
		if raw == "" {
			return titleText{}
		}
		raw = textnorm.String(stripTags(raw))
		if len(raw) > maxTitle {
			raw = raw[:cutRune(raw, maxTitle)]
		}
		raw = t.withoutSection(s.without(raw), loose)
		k := key(raw)
		if k == "" || k == "home" || k == "homepage" || s.has(raw) {
			return titleText{}
		}
		return titleText{raw, k}
	}
	if linked := get(m.ld.Headline, false); m.ld.article {
		t.linked = linked
	} else if linked.text != "" {
		t.other = append(t.other, linked.text)
	}
	for _, raw := range []string{m.first("twitter:title"), m.first("dc.title", "parsely-title", "sailthru.title", "title", "headline"), entry.Title} {
		if x := get(raw, true); x.text != "" {
			t.other = append(t.other, x.text)
		}
	}
	t.social, t.page = get(m.first("og:title"), true), get(m.title, true)
	h := t.findHeading()
	t.heading = titleText{h, key(h)}
	return &t
}

// choose applies what held on the pages of many outlets: two sources that agree
// outvote the printed heading; one that stands against all others was written
// on purpose, for sharing or for other outlets; a title element that stands
// alone, or with one more, was written for search engines.
func (t *titles) choose() string {
	h, og, ld, page := t.heading.key, t.social.key, t.linked.key, t.page.key
	switch {
	case h == "":
		return t.witness()
	case ld != "" && ld == og && ld != h && t.linked.speaks():
		return t.spelled(ld)
	case og != "" && og != h && page == h && (ld == h || ld == "" && !strings.HasSuffix(og, h)) && t.social.speaks():
		return t.social.text
	case ld != "" && ld != h && t.linked.speaks() && (og == h && page != ld || og != h && page == ld):
		return t.linked.text
	}
	if w := t.withoutLabel(); w != "" {
		return w
	}
	return t.spelled(h)
}

// withoutLabel returns the source that the heading ends with, where that only
// has a short label before it: "Storm The bridge fell".
func (t *titles) withoutLabel() string {
	sources := []titleText{t.linked, t.social}
	if len(t.other) > 0 {
		sources = append(sources, titleText{t.other[0], key(t.other[0])})
	}
	h := t.heading.key
	for _, x := range sources {
		if strings.Contains(x.text, " ") && len(x.key) < len(h) && len(x.key)*2 >= len(h) && strings.HasSuffix(h, x.key) {
			return x.text
		}
	}
	return ""
}

// speaks reports a title that is neither a label nor cut short.
func (t titleText) speaks() bool {
	return (textnorm.Words(t.text) >= 3 || utf8.RuneCountInString(t.text) > 24) && !strings.HasSuffix(t.text, "…") && !strings.HasSuffix(t.text, "...")
}

// spelled returns the title with the key k as the metadata spell it: in a
// heading the marks between its parts are often left to style sheets.
func (t *titles) spelled(k string) string {
	for _, x := range []titleText{t.linked, t.social} {
		if x.key == k && !shouts(x.text) {
			return x.text
		}
	}
	return t.heading.text
}

// shouts reports a text that is set in capitals.
func shouts(s string) bool {
	capitals, letters := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
			if unicode.IsUpper(r) {
				capitals++
			}
		}
	}
	return capitals*2 > letters
}

// witness returns the best title of the metadata.
func (t *titles) witness() string {
	for _, x := range []titleText{t.linked, t.social} {
		if x.text != "" {
			return x.text
		}
	}
	if len(t.other) > 0 {
		return t.other[0]
	}
	return t.page.text
}

// maxHeadings is how many h1 are looked at.
const maxHeadings = 12

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

// findHeading returns the h1 that another source confirms, or the only one.
func (t *titles) findHeading() string {
	best, bestScore := "", 0.0
	witnesses := append([]string{t.linked.text, t.social.text, t.page.text}, t.other...)
	known := false
	for _, h := range t.texts {
		for i, w := range witnesses {
			if known = known || w != ""; w == "" || h == "" {
				continue
			}
			if score := similar(h, w) - 0.01*float64(i); score > bestScore {
				best, bestScore = h, score
			}
		}
	}
	if bestScore >= 0.6 {
		return best
	}
	if len(t.texts) == 1 && known && bestScore >= 0.2 && textnorm.Words(t.texts[0]) >= 4 {
		return t.texts[0]
	}
	if !known && len(t.texts) > 0 {
		return t.texts[0]
	}
	return ""
}

func startsWithBar(s string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " "))
	return isBar(r)
}

// withoutSection cuts what follows the last bar of "Headline | Section | Site",
// once a heading says that the rest is the headline, or loosely, a short tail
// after a bar.
func (t *titles) withoutSection(s string, loose bool) string {
	for _, sep := range []string{" | ", " - ", " – ", " — ", " • ", " · ", " « ", " » "} {
		i := strings.LastIndex(s, sep)
		if i <= 0 {
			continue
		}
		k := key(s[:i])
		for _, h := range t.texts {
			if h != "" && key(h) == k {
				return strings.TrimSpace(s[:i])
			}
		}
	}
	for _, w := range append([]string{t.linked.text}, t.other...) {
		if rest, ok := strings.CutPrefix(s, w); ok && (titleText{text: w}).speaks() && startsWithBar(rest) {
			return w
		}
	}
	if i := strings.LastIndex(s, " | "); loose && i > 20 && len(s)-i < 40 {
		return strings.TrimSpace(s[:i])
	}
	return s
}

// holdsHome reports a heading that is the name of the site, linked to its home
// page.
func holdsHome(h *html.Node, m *meta) bool {
	link := findFirst(h, atom.A)
	return link != nil && m.isHome(attr(link, "href"))
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
