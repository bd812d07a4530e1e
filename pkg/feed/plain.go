package feed

import (
	"html"
	"net/mail"
	"slices"
	"strings"

	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/textnorm"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// plain returns the text of a title or summary: without tags, entities and
// CDATA marks, however often they were encoded; one line of at most maxText
// characters.
func plain(s string) string {
	s = clipBytes(s, maxLeaf)
	for range 3 {
		before := s
		s = strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(s)
		s = html.UnescapeString(stripTags(s))
		if s == before {
			break
		}
	}
	s = textnorm.String(s)
	if cut := clip(s, maxText); len(cut) < len(s) {
		if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
			cut = cut[:i]
		}
		return cut + "…"
	}
	return s
}

// clipBytes returns at most n bytes of s, whole characters.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// stripTags removes HTML tags and comments. A < that starts none stays.
func stripTags(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	var b strings.Builder
	last := strings.LastIndexByte(s, '>') // behind it are no tags
	for at := 0; ; {
		open := strings.IndexByte(s[at:], '<')
		if open < 0 || at+open > last {
			b.WriteString(s[at:])
			return b.String()
		}
		b.WriteString(s[at : at+open])
		at += open
		size, gap := tagAt(s[at:])
		if size == 0 {
			b.WriteByte('<')
			size = 1
		}
		if gap {
			b.WriteByte(' ')
		}
		at += size
	}
}

// tagAt returns the size of the HTML tag or comment at the start of s, 0 if
// there is none, and whether it parts words. What stands in a script or style
// element belongs to the tag.
func tagAt(s string) (size int, gap bool) {
	if strings.HasPrefix(s, "<!--") {
		if end := strings.Index(s, "-->"); end >= 0 {
			return end + len("-->"), false
		}
		return len(s), false
	}
	name := strings.TrimPrefix(s[1:], "/")
	name = strings.ToLower(name[:nameLen([]byte(name[:min(len(name), 20)]))])
	element := atom.Lookup([]byte(name))
	end := strings.IndexByte(s, '>')
	if element == 0 || end < 0 {
		return 0, false
	}
	switch element {
	case atom.Script, atom.Style:
		if s[1] != '/' {
			return endOf(s, name), true
		}
	case atom.A, atom.Abbr, atom.B, atom.Bdi, atom.Bdo, atom.Cite, atom.Code, atom.Em, atom.Font, atom.I, atom.Ins,
		atom.Mark, atom.Q, atom.S, atom.Small, atom.Span, atom.Strong, atom.Sub, atom.Sup, atom.U, atom.Wbr:
		return end + 1, false
	}
	return end + 1, true
}

// endOf returns where the element at the start of s ends: in front of its end
// tag, or with s.
func endOf(s, name string) int {
	for at := 1; ; {
		i := strings.Index(s[at:], "</")
		if i < 0 {
			return len(s)
		}
		at += i
		if rest := s[at+2:]; len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
			return at
		}
		at += 2
	}
}

// oneLine returns s without line breaks and of bounded length, for ids and
// messages.
func oneLine(s string) string {
	return clip(strings.Join(strings.Fields(clipBytes(s, 8<<10)), " "), 2048)
}

// authors returns the names in bylines, without addresses.
func authors(bylines ...string) []string {
	var names []string
	for _, byline := range bylines {
		name := personName(plain(byline))
		if name != "" && len(names) < maxAuthors && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// personName returns the name in "Name", "Name <address>", "address (Name)" or
// "Name (address)"; "" if there is only an address.
func personName(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	if open := strings.IndexByte(s, '('); open >= 0 && strings.HasSuffix(s, ")") {
		before, inside := strings.TrimSpace(s[:open]), strings.TrimSpace(s[open+1:len(s)-1])
		if strings.Contains(before, "@") {
			return inside
		}
		return before
	}
	if address, err := mail.ParseAddress(s); err == nil {
		return address.Name
	}
	words := slices.DeleteFunc(strings.Fields(s), func(w string) bool { return strings.Contains(w, "@") })
	return strings.Join(words, " ")
}

// language returns a language tag in the usual spelling ("en", "pt-BR"), or ""
// if s is none.
func language(s string) string {
	parts := strings.Split(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"), "-")
	primary := strings.ToLower(parts[0])
	if len(primary) < 2 || len(primary) > 3 || nameLen([]byte(primary)) != len(primary) || strings.ContainsAny(primary, "0123456789_.:") {
		return ""
	}
	for _, part := range parts[1:] {
		if len(part) == 2 && nameLen([]byte(part)) == 2 {
			return primary + "-" + strings.ToUpper(part)
		}
	}
	return primary
}

// isWebAddress reports whether s starts like an absolute web address.
func isWebAddress(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s[:min(len(s), 64)]))
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// resolve returns a link as an absolute URL, "" if it is none or cannot be
// fetched.
func (p *parser) resolve(link string) string {
	link = strings.TrimSpace(link)
	if link == "" || len(link) > maxAttribute {
		return ""
	}
	link = strings.ReplaceAll(link, "&amp;", "&") // escaped twice
	if len(link) > 4 && strings.EqualFold(link[:4], "www.") {
		link = "http://" + link
	}
	var abs string
	var err error
	if p.base == "" || isWebAddress(link) {
		var u *weburl.URL
		if u, err = weburl.Parse(link); err == nil {
			abs = u.String()
		}
	} else {
		abs, err = weburl.Resolve(p.base, link)
	}
	if err != nil {
		return ""
	}
	return abs
}

// maxHubs bounds the hubs that are kept of a feed.
const maxHubs = 8

// addHub keeps a hub that the feed names.
func (p *parser) addHub(link string) {
	if url := p.resolve(link); url != "" && len(p.feed.Hubs) < maxHubs && !slices.Contains(p.feed.Hubs, url) {
		p.feed.Hubs = append(p.feed.Hubs, url)
	}
}
