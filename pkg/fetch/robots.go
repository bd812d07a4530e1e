package fetch

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSitemaps bounds the sitemaps that are read out of one robots.txt.
const maxSitemaps = 1000

// Robots is what one robots.txt (RFC 9309) says to one user agent. The zero
// value allows everything.
type Robots struct {
	CrawlDelay time.Duration // between requests, at most a minute; 0: not named
	Sitemaps   []string      // as written, at most 1,000

	rules []rule // the longest first, allow before disallow
	size  int64  // memory, roughly
}

// rule is one allow or disallow line.
type rule struct {
	pattern string // normalised, without the end anchor
	end     bool   // must match to the end of the path
	allow   bool
	weight  int // length of the pattern in octets: the longest match decides
}

// ParseRobots reads a robots.txt for the user agent with that product token.
// It takes whatever bytes a server sends: what is no line of a robots.txt is
// passed over. The caller bounds the size.
func ParseRobots(data []byte, agent string) *Robots {
	p := robotsParser{agent: agent}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for len(data) > 0 {
		line := data
		if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		p.line(line)
	}
	return p.result()
}

// robotsParser collects the groups that concern one agent: its own, and the
// one for everybody. Groups of the same agent add up.
type robotsParser struct {
	agent    string
	inHead   bool // the last rule-relevant line was a user-agent line
	own, any bool // the group being read is for the agent, for everybody
	ownSeen  bool
	ownGroup robotsGroup
	anyGroup robotsGroup
	sitemaps []string
}

type robotsGroup struct {
	rules []rule
	delay time.Duration
}

func (p *robotsParser) line(line []byte) {
	line, _, _ = bytes.Cut(line, []byte("#"))
	rawKey, rawValue, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return
	}
	value := strings.TrimSpace(string(rawValue))
	switch key := strings.ToLower(string(bytes.TrimSpace(rawKey))); key {
	case "user-agent":
		p.userAgent(value)
	case "allow", "disallow":
		p.inHead = false
		if value != "" {
			p.add(key == "allow", value)
		}
	case "crawl-delay":
		// Not part of RFC 9309, so it must not end the head of a group.
		p.crawlDelay(value)
	case "sitemap":
		if value != "" && len(value) <= 2048 && len(p.sitemaps) < maxSitemaps {
			p.sitemaps = append(p.sitemaps, value)
		}
	}
}

func (p *robotsParser) userAgent(value string) {
	if !p.inHead {
		p.inHead, p.own, p.any = true, false, false
	}
	if value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t") {
		p.any = true
		return
	}
	token := value
	if i := strings.IndexFunc(value, func(r rune) bool { return !isTokenChar(r) }); i >= 0 {
		token = value[:i] // "copydesk/1.0" speaks of copydesk
	}
	if token != "" && strings.EqualFold(token, p.agent) {
		p.own, p.ownSeen = true, true
	}
}

func isTokenChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

func (p *robotsParser) add(allow bool, value string) {
	if !p.own && !p.any {
		return
	}
	r := newRule(allow, value)
	if p.own {
		p.ownGroup.rules = append(p.ownGroup.rules, r)
	}
	if p.any {
		p.anyGroup.rules = append(p.anyGroup.rules, r)
	}
}

func (p *robotsParser) crawlDelay(value string) {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return
	}
	delay := maxCrawlDelay
	if seconds < maxCrawlDelay.Seconds() {
		delay = time.Duration(seconds * float64(time.Second))
	}
	if p.own {
		p.ownGroup.delay = max(p.ownGroup.delay, delay)
	}
	if p.any {
		p.anyGroup.delay = max(p.anyGroup.delay, delay)
	}
}

func (p *robotsParser) result() *Robots {
	g := p.anyGroup
	if p.ownSeen {
		g = p.ownGroup
	}
	slices.SortStableFunc(g.rules, func(a, b rule) int {
		if c := cmp.Compare(b.weight, a.weight); c != 0 {
			return c
		}
		if a.allow == b.allow {
			return 0
		}
		if a.allow {
			return -1
		}
		return 1
	})
	r := &Robots{CrawlDelay: g.delay, Sitemaps: p.sitemaps, rules: g.rules, size: 256}
	for _, x := range g.rules {
		r.size += int64(len(x.pattern)) + 48
	}
	for _, s := range p.sitemaps {
		r.size += int64(len(s)) + 16
	}
	return r
}

// Allowed reports whether the path and query of a URL, as a request sends
// them, may be fetched.
func (r *Robots) Allowed(pathQuery string) bool {
	if len(r.rules) == 0 {
		return true
	}
	path := normalisePath(pathQuery, false)
	if path == "/robots.txt" {
		return true
	}
	for _, x := range r.rules {
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
	case isTokenChar(rune(c)), c == '.', c == '~':
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
