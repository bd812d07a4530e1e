package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
)

// siteNames are the names that a site goes by, as keys, and the section of the
// page: what stands before or after the headline in a title.
type siteNames struct {
	names   []string
	section string
	label   string // the host without its suffix
}

// maxSiteTail is how long the name of a site in a title may be, in bytes.
const maxSiteTail = 80

func newSiteNames(a *article.Article, m *meta) *siteNames {
	s := &siteNames{section: key(m.ld.Section)}
	if s.section == "" {
		s.section = key(m.first("article:section", "og:article:section", "section"))
	}
	for _, n := range []string{m.first("og:site_name"), m.ld.Publisher, a.Publisher, a.Site, m.first("application-name"), m.first("twitter:site"), m.first("apple-mobile-web-app-title")} {
		s.add(n)
	}
	for _, n := range m.homes {
		s.add(n)
	}
	label, _, _ := strings.Cut(a.Site, ".")
	s.label = withoutArticle(key(label))
	if len(s.label) > 2 {
		s.add(label)
	}
	return s
}

func (s *siteNames) add(name string) {
	if k := withoutArticle(key(name)); k != "" && len(name) <= maxSiteTail {
		s.names = append(s.names, k)
	}
}

// has reports whether t is one of the names.
func (s *siteNames) has(t string) bool {
	if len(t) > maxSiteTail {
		return false
	}
	k := withoutArticle(key(t))
	if k == "" {
		return false
	}
	for _, n := range s.names {
		if k == n {
			return true
		}
	}
	return len(s.label) > 2 && len(k) > 4 && strings.HasPrefix(k, s.label) && len(k) <= len(s.label)+8
}

// begins reports whether t begins with one of the names: "Herald newsroom".
func (s *siteNames) begins(t string) bool {
	k := withoutArticle(key(t))
	for _, n := range s.names {
		if len(n) >= 6 && strings.HasPrefix(k, n) {
			return true
		}
	}
	return false
}

// withoutArticle cuts the article off the key of a name, so that "The Herald"
// and "Herald" are one.
func withoutArticle(k string) string {
	for _, p := range []string{"the", "der", "die", "das"} {
		if len(k) > len(p)+3 && strings.HasPrefix(k, p) {
			return k[len(p):]
		}
	}
	return k
}

// key returns the letters and digits of s in lower case: what two spellings of
// a title have in common.
func key(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// barRunes separate the parts of a title. The Hangul letter is set for a bar.
const barRunes = "|-–—―−•·«»›>/:～~_¦｜ㅣ▷►"

func isBar(r rune) bool {
	return r >= utf8.RuneSelf && strings.ContainsRune(barRunes, r) || r < utf8.RuneSelf && strings.IndexByte(barRunes, byte(r)) >= 0
}

func isBarOrSpace(r rune) bool { return r == ' ' || isBar(r) }

// without cuts the names of the site, and the section beside them, off a title.
func (s *siteNames) without(t string) string {
	for range 4 {
		cut := s.cutTail(t)
		if cut == t {
			cut = s.cutHead(t)
		}
		if cut == t {
			break
		}
		t = cut
	}
	return t
}

// cutTail cuts the name of the site, or of the section, off the end of t.
func (s *siteNames) cutTail(t string) string {
	for i := len(t); i > 0 && len(t)-i <= maxSiteTail; {
		r, size := utf8.DecodeLastRuneInString(t[:i])
		i -= size
		if !isBar(r) {
			continue
		}
		tail := strings.TrimLeftFunc(t[i+size:], isBarOrSpace)
		if !parts(t, i, size, tail) {
			continue
		}
		if s.has(tail) || s.section != "" && key(tail) == s.section {
			if head := strings.TrimRightFunc(t[:i], isBarOrSpace); head != "" {
				return head
			}
		}
	}
	return t
}

// cutHead cuts the name of the site off the beginning of t, where enough is left.
func (s *siteNames) cutHead(t string) string {
	for i, r := range t {
		if i > maxSiteTail {
			break
		}
		size := utf8.RuneLen(r)
		if i == 0 || !isBar(r) || r == '/' {
			continue
		}
		rest := strings.TrimLeftFunc(t[i+size:], isBarOrSpace)
		if parts(t, i, size, rest) && utf8.RuneCountInString(rest) > 12 && s.has(t[:i]) {
			return rest
		}
	}
	return t
}

// parts reports whether the bar at t[i:i+size] separates two parts of a title
// and not two parts of a word: a space stands beside it, it is a bar that no
// word holds, or what follows is of a script without spaces.
func parts(t string, i, size int, after string) bool {
	if i > 0 && t[i-1] == ' ' || strings.HasPrefix(t[i+size:], " ") {
		return true
	}
	r, _ := utf8.DecodeRuneInString(t[i:])
	next, _ := utf8.DecodeRuneInString(after)
	return strings.ContainsRune("|｜ㅣ¦•", r) || next > unicode.MaxLatin1 && !unicode.In(next, unicode.Latin, unicode.Cyrillic, unicode.Greek)
}
