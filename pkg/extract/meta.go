package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// meta is what the page says of itself outside its text.
type meta struct {
	values    map[string][]string // meta elements by name, property or itemprop
	title     string              // the title element
	lang      string
	canonical string
	headings  []*html.Node // h1
	above     []int        // how many authors are marked above each of them
	times     []*html.Node // time elements and others with a machine-readable date
	authors   []*html.Node // elements that are marked as the author
	homes     []string     // what the links to the home page say: the name of the site, and "Home"
	host      string
	headline  string // what setTitle chose

	printed      *html.Node // the h1 that is the headline, or nil
	printedMarks int        // how many authors are marked above it
	ld           linkedData
}

const (
	maxMetaValues = 30  // of one name
	maxMarked     = 200 // times, headings or authors
	maxHomes      = 12  // links to the home page
	maxSiteName   = 60  // bytes
)

// readMeta walks the tree once.
func readMeta(root *html.Node, jsonLD [][]byte, pageURL string) *meta {
	m := &meta{values: map[string][]string{}, ld: readLD(jsonLD, pageURL), host: weburl.HostPort(pageURL)}
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
			m.above = append(m.above, len(m.authors))
		}
	case atom.A:
		m.addHome(n)
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

// addHome notes what a link to the home page says.
func (m *meta) addHome(n *html.Node) {
	href := attr(n, "href")
	if len(m.homes) >= maxHomes || !m.isHome(href) {
		return
	}
	name := textOf(n)
	if name == "" {
		if img := findFirst(n, atom.Img); img != nil {
			name = textnorm.String(attr(img, "alt"))
		}
	}
	if name != "" && len(name) <= maxSiteName {
		m.homes = append(m.homes, name)
	}
}

func (m *meta) isHome(href string) bool {
	if _, rest, ok := strings.Cut(href, "://"); ok {
		host, path, _ := strings.Cut(rest, "/")
		if m.host == "" || !strings.EqualFold(host, m.host) {
			return false
		}
		href = "/" + path
	}
	return href == "/" || strings.HasPrefix(href, "/index.") && !strings.ContainsAny(href, "?=")
}

// siteName is the name that the link to the home page and the title of the page
// have in common, or "".
func (m *meta) siteName() string {
	title := clean.Fold(m.title)
	for _, h := range m.homes {
		if f := clean.Fold(h); len(f) > 2 && f != title && (strings.HasSuffix(title, " "+f) || strings.HasPrefix(title, f+" ")) {
			return h
		}
	}
	return ""
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
