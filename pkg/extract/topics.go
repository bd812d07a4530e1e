package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	maxTags   = 40
	maxImages = 30
)

// setTopics fills in section and tags.
func setTopics(a *article.Article, p *page, m *meta) {
	for _, s := range []string{m.ld.Section, m.first("article:section", "og:article:section", "parsely-section", "section", "sailthru.section"), p.sectionLabel()} {
		if s = textnorm.String(stripTags(s)); s != "" && len(s) < 60 {
			a.Section = s
			break
		}
	}
	seen := map[string]bool{}
	add := func(s string) {
		s = strings.Trim(textnorm.String(stripTags(s)), " ,;#")
		if key := clean.Fold(s); key != "" && !seen[key] && len(s) < 60 && len(a.Tags) < maxTags {
			seen[key] = true
			a.Tags = append(a.Tags, s)
		}
	}
	for _, k := range m.ld.Keywords {
		add(k)
	}
	for _, name := range []string{"article:tag", "og:article:tag", "news_keywords", "keywords", "parsely-tags", "sailthru.tags"} {
		if len(a.Tags) > 0 {
			break
		}
		for _, v := range m.values[name] {
			for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == ';' }) {
				add(part)
			}
		}
	}
}

// sectionLabel is the name of a section that stands alone above the headline.
func (p *page) sectionLabel() string {
	for i := range p.blocks {
		b := &p.blocks[i]
		if b.prose {
			return ""
		}
		if b.Kind == clean.SectionLabel {
			return b.text
		}
	}
	return ""
}

// setImages lists the pictures of the body with what is printed below them.
func setImages(a *article.Article, p *page, m *meta, body int) {
	origin := originOf(a.URL)
	add := func(u, caption, credit string) {
		abs, err := u, error(nil)
		if strings.HasPrefix(u, "/") && !strings.HasPrefix(u, "//") {
			abs = origin + u
		}
		if !plainURL(abs) {
			abs, err = weburl.Resolve(a.URL, u)
		}
		if err != nil || hasImage(a, abs) || len(a.Images) >= maxImages {
			return
		}
		a.Images = append(a.Images, article.Image{URL: abs, Caption: caption, Credit: credit})
	}
	for i := range p.els {
		e := &p.els[i]
		if e.node.DataAtom != atom.Figure || len(a.Images) >= maxImages {
			continue
		}
		src := imageSource(e.node, 0)
		if src == "" {
			continue
		}
		caption, credit := p.captionOf(e)
		add(src, caption, credit)
	}
	if len(p.els) > 0 {
		for i := body; i < p.els[body].end && len(a.Images) < maxImages; i++ {
			if n := p.els[i].node; n.DataAtom == atom.Img && !p.els[i].hidden && large(n) {
				add(sourceOf(n), "", "")
			}
		}
	}
	if len(a.Images) == 0 {
		for _, u := range append(m.ld.Images, m.first("og:image", "twitter:image")) {
			if u != "" {
				add(u, "", "")
				break
			}
		}
	}
}

func hasImage(a *article.Article, u string) bool {
	for i := range a.Images {
		if a.Images[i].URL == u {
			return true
		}
	}
	return false
}

// originOf returns the scheme and host of a plain address, or "".
func originOf(u string) string {
	if !plainURL(u) {
		return ""
	}
	host := strings.Index(u, "://") + len("://")
	return u[:host+strings.IndexByte(u[host:], '/')]
}

// plainURL reports an absolute address that resolving would leave as it is:
// most pictures have one, and resolving costs more than finding them.
func plainURL(u string) bool {
	rest, ok := strings.CutPrefix(u, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(u, "http://")
	}
	if !ok || len(u) > weburl.MaxLength {
		return false
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok || len(host) < 4 || host[0] == '.' || host[0] == '-' || strings.Contains(host, "..") || strings.Contains(host, "--") || strings.Contains(host, "-.") || strings.Contains(host, ".-") || strings.Contains(path, "/.") || strings.HasPrefix(path, ".") {
		return false
	}
	letters := false
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 'a' && c <= 'z':
			letters = true
		case c >= '0' && c <= '9', c == '.', c == '-':
		default:
			return false
		}
	}
	if last := host[strings.LastIndexByte(host, '.')+1:]; !letters || last == "" || last[0] <= '9' {
		return false
	}
	for i := range len(path) {
		switch c := path[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~/=&?+,:;@!$()*", c) >= 0:
		case c == '%' && i+2 < len(path) && path[i+1] != '2': // an encoded dot is a dot
		default:
			return false
		}
	}
	return true
}

// captionOf gathers the text of a figure and parts the credit from it.
func (p *page) captionOf(e *element) (caption, credit string) {
	var parts []string
	for i := e.first; i < e.last; i++ {
		b := &p.blocks[i]
		l := clean.NewLine(b.text)
		switch v := clean.Match(&l); {
		case v.Kind == clean.PhotoCredit || p.blocks[i].Kind == clean.PhotoCredit:
			credit = clean.CreditName(b.text)
		default:
			parts = append(parts, b.text)
		}
	}
	caption = strings.Join(parts, " ")
	if len(caption) > 1000 {
		caption = caption[:cutRune(caption, 1000)]
	}
	if i := clean.Credit(caption); i > 0 {
		credit = clean.CreditName(caption[i:])
		caption = strings.TrimSpace(caption[:i])
	}
	return caption, credit
}

func imageSource(n *html.Node, depth int) string {
	if n.DataAtom == atom.Img {
		return sourceOf(n)
	}
	for c := n.FirstChild; c != nil && depth < 12; c = c.NextSibling {
		if c.Type == html.ElementNode {
			if s := imageSource(c, depth+1); s != "" {
				return s
			}
		}
	}
	return ""
}

// sourceOf returns the address of a picture, also of one that is loaded later.
func sourceOf(n *html.Node) string {
	for _, key := range []string{"data-src", "data-original", "data-lazy-src", "src"} {
		if v := strings.TrimSpace(attr(n, key)); v != "" && !strings.HasPrefix(v, "data:") {
			return v
		}
	}
	set := attr(n, "srcset")
	if set == "" {
		set = attr(n, "data-srcset")
	}
	u, _, _ := strings.Cut(strings.TrimSpace(set), " ")
	return strings.Trim(u, ",")
}

// large refuses icons and counting pixels by their declared size.
func large(n *html.Node) bool {
	for _, key := range []string{"width", "height"} {
		if v := strings.TrimSuffix(attr(n, key), "px"); v != "" && len(v) < 3 && digitsOnly(v) {
			return false
		}
	}
	return true
}
