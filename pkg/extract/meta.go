package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/textnorm"
)

// meta is what the page says of itself outside its text.
type meta struct {
	values    map[string][]string // meta elements by name, property or itemprop
	title     string              // the title element
	lang      string
	canonical string
	headings  []*html.Node // h1
	times     []*html.Node // time elements and others with a machine-readable date
	authors   []*html.Node // elements that are marked as the author
	ld        linkedData
}

const (
	maxMetaValues = 30  // of one name
	maxMarked     = 200 // times, headings or authors
)

// readMeta walks the tree once.
func readMeta(root *html.Node, jsonLD [][]byte, pageURL string) *meta {
	m := &meta{values: map[string][]string{}, ld: readLD(jsonLD, pageURL)}
	m.walk(root)
	return m
}

func (m *meta) walk(n *html.Node) {
	if n.Type == html.ElementNode {
		m.visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			m.walk(c)
		}
	}
}

func (m *meta) visit(n *html.Node) {
	switch n.DataAtom {
	case atom.Html:
		m.lang = attr(n, "lang")
		if m.lang == "" {
			m.lang = attr(n, "xml:lang")
		}
		return
	case atom.Meta:
		m.addMeta(n)
		return
	case atom.Title:
		if m.title == "" && (n.Parent == nil || n.Parent.Data != "svg") {
			m.title = textOf(n)
		}
		return
	case atom.Link:
		if m.canonical == "" && strings.EqualFold(attr(n, "rel"), "canonical") {
			m.canonical = strings.TrimSpace(attr(n, "href"))
		}
		return
	case atom.H1:
		if len(m.headings) < maxMarked {
			m.headings = append(m.headings, n)
		}
	case atom.Time:
		m.mark(&m.times, n)
	}
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "itemprop":
			switch {
			case strings.Contains(a.Val, "datePublished"), strings.Contains(a.Val, "dateCreated"):
				m.mark(&m.times, n)
			case a.Val == "author" || a.Val == "creator":
				m.mark(&m.authors, n)
			}
		case "rel":
			if a.Val == "author" {
				m.mark(&m.authors, n)
			}
		case "class", "id":
			if len(a.Val) < 200 && authorClass(a.Val) {
				m.mark(&m.authors, n)
			}
		}
	}
}

func (m *meta) mark(list *[]*html.Node, n *html.Node) {
	if k := len(*list); k < maxMarked && (k == 0 || (*list)[k-1] != n) {
		*list = append(*list, n)
	}
}

func (m *meta) addMeta(n *html.Node) {
	content := strings.TrimSpace(attr(n, "content"))
	if content == "" {
		return
	}
	for _, key := range []string{"name", "property", "itemprop", "http-equiv"} {
		if name := strings.ToLower(strings.TrimSpace(attr(n, key))); name != "" {
			if have := m.values[name]; len(have) < maxMetaValues {
				m.values[name] = append(have, content)
			}
			return
		}
	}
}

// first returns the first value of the first of the names that has one.
func (m *meta) first(names ...string) string {
	for _, name := range names {
		if v := m.values[name]; len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// description is what the page says it is about, as normalised text.
func (m *meta) description() string {
	for _, d := range []string{m.first("og:description"), m.ld.Description, m.first("description", "twitter:description", "dc.description")} {
		if d = textnorm.String(stripTags(d)); len(d) > 20 {
			return d
		}
	}
	return ""
}

// stripTags removes markup that was written into an attribute.
func stripTags(s string) string {
	if strings.IndexByte(s, '<') < 0 {
		if strings.Contains(s, "&") {
			return html.UnescapeString(s)
		}
		return s
	}
	var b strings.Builder
	in := false
	for _, r := range s {
		switch {
		case r == '<':
			in = true
		case r == '>' && in:
			in = false
			b.WriteByte(' ')
		case !in:
			b.WriteRune(r)
		}
	}
	return html.UnescapeString(b.String())
}
