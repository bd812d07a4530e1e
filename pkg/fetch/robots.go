package fetch

import (
	"strings"
	"time"
)

// Robots is what one robots.txt (RFC 9309) says to one user agent. The zero
// value allows everything.
type Robots struct {
	CrawlDelay time.Duration // between requests, at most a minute; 0: not named
	Sitemaps   []string      // absolute, in the order of the file, at most 1,000

	rules    []rule // the longest first, allow before disallow
	signals  []signal
	trainers []trainerRules
	size     int64 // memory, roughly
}

// rule is one allow or disallow line.
type rule struct {
	pattern string // normalised, without the end anchor
	end     bool   // must match to the end of the path
	allow   bool
	weight  int // length of the pattern in octets: the longest match decides
}

// Allowed reports whether the path and query of a URL, as a request sends
// them, may be fetched.
func (r *Robots) Allowed(pathQuery string) bool {
	if len(r.rules) == 0 {
		return true
	}
	path := normalisePath(pathQuery, false)
	return path == "/robots.txt" || allows(r.rules, path)
}

// allows returns what the longest rule that matches says; rules are in order.
func allows(rules []rule, path string) bool {
	for _, x := range rules {
		if x.matches(path) {
			return x.allow
		}
	}
	return true
}

func newRule(allow bool, value string) rule {
	end := strings.HasSuffix(value, "$")
	pattern := normalisePath(strings.TrimSuffix(value, "$"), true)
	weight := len(pattern)
	if end {
		weight++
	}
	return rule{pattern: pattern, end: end, allow: allow, weight: weight}
}

// matches reports whether the pattern matches the path from its beginning.
// Taking the leftmost place for every part between stars is enough, since a
// star matches anything; so the cost is linear.
func (x rule) matches(path string) bool {
	part, rest, star := strings.Cut(x.pattern, "*")
	if !strings.HasPrefix(path, part) {
		return false
	}
	path = path[len(part):]
	for star {
		part, rest, star = strings.Cut(rest, "*")
		if !star && x.end {
			return strings.HasSuffix(path, part)
		}
		i := strings.Index(path, part)
		if i < 0 {
			return false
		}
		path = path[i+len(part):]
	}
	return !x.end || path == ""
}

const upperHex = "0123456789ABCDEF"

// normalisePath spells paths and patterns one way, so that they compare byte
// by byte: characters that need no escape lose it, all others have one, in
// capitals. A star or dollar sign of a path is escaped, because in a pattern
// it is not meant literally; in a query, :/?@ are the same with and without
// escape.
func normalisePath(s string, pattern bool) string {
	var b strings.Builder
	b.Grow(len(s))
	query := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		escaped := false
		if c == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				c, escaped = byte(hi<<4|lo), true
				i += 2
			}
		}
		if keepRaw(c, escaped, pattern, query) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
		query = query || c == '?' && !escaped
	}
	return b.String()
}

// keepRaw reports whether a character stands for itself in the normal form.
func keepRaw(c byte, escaped, pattern, query bool) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
		return true
	case query && strings.IndexByte(":/?@", c) >= 0:
		return true
	case escaped:
		return false
	case c == '*':
		return pattern
	}
	return strings.IndexByte(":/?#[]@!&'()+,;=", c) >= 0
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
