package fetch

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/weburl"
)

// The bounds of the sitemaps that are read out of one robots.txt.
const (
	maxSitemaps   = 1000
	maxSitemapURL = 2048 // longest address of one, as sitemaps.org bounds it
)

// The agents that a group may be for, as bits; the crawlers of [trainers]
// follow from bitTrainer on.
const (
	bitAny uint32 = 1 << iota
	bitOwn
	bitTrainer
)

// ParseRobots reads a robots.txt for the user agent with that product token.
// It takes whatever bytes a server sends: what is no line of a robots.txt is
// passed over. The caller bounds the size.
func ParseRobots(data []byte, agent string) *Robots {
	p := robotsParser{agent: agent}
	data = trimMark(data)
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

// trimMark drops a byte order mark, or what a careless tool left of one.
func trimMark(data []byte) []byte {
	for _, b := range []byte("\xef\xbb\xbf") {
		if len(data) == 0 || data[0] != b {
			break
		}
		data = data[1:]
	}
	return data
}

// robotsParser collects the groups that concern one agent: its own, the one
// for everybody, and those of crawlers that gather training data. Groups of the
// same agent add up.
type robotsParser struct {
	agent    string
	inHead   bool   // the last line that matters was a user-agent line
	agents   uint32 // whom the group being read is for
	seen     uint32 // agents that have a group
	groups   []robotsGroup
	signals  []signal // in front of all groups
	sitemaps []string
}

// robotsGroup is the rules of one or more agents.
type robotsGroup struct {
	agents  uint32
	rules   []rule
	delay   time.Duration
	signals []signal
}

func (p *robotsParser) line(line []byte) {
	line, _, _ = bytes.Cut(line, []byte("#"))
	key, value, ok := splitLine(line)
	if !ok {
		return
	}
	switch key {
	case "user-agent", "useragent", "user agent":
		p.userAgent(value)
	case "allow":
		p.rule(true, value)
	case "disallow", "dissallow", "disalow", "dissalow", "diasllow", "disallaw":
		p.rule(false, value)
	case "crawl-delay", "crawldelay":
		// Not part of RFC 9309, so it must not end the head of a group.
		p.crawlDelay(value)
	case "content-signal", "content-usage":
		p.signal(value)
	case "sitemap", "site-map":
		p.sitemap(value)
	}
}

// sitemap reads the address of a sitemap, which belongs to no group. It must be
// absolute: what a relative one refers to is nowhere said.
func (p *robotsParser) sitemap(value string) {
	if len(value) > maxSitemapURL || len(p.sitemaps) >= maxSitemaps {
		return
	}
	if u, err := weburl.Parse(value); err == nil {
		p.sitemaps = append(p.sitemaps, u.String())
	}
}

// splitLine returns the key, in lower case, and the value of a line. Where the
// colon is missing a blank will do, if just one word follows it.
func splitLine(line []byte) (key, value string, ok bool) {
	k, v, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		words := bytes.Fields(line)
		if len(words) != 2 {
			return "", "", false
		}
		k, v = words[0], words[1]
	}
	k = bytes.TrimSpace(k)
	if len(k) > len("content-signal") {
		return "", "", false
	}
	return strings.ToLower(string(k)), strings.TrimSpace(string(v)), true
}

func (p *robotsParser) userAgent(value string) {
	if !p.inHead {
		p.inHead, p.agents = true, 0
		p.groups = append(p.groups, robotsGroup{})
	}
	p.agents |= p.bitsOf(value)
	p.seen |= p.agents
	p.groups[len(p.groups)-1].agents = p.agents
}

// bitsOf returns whom the value of a user-agent line names. Only the
// characters of a product token count: "copydesk/1.0" speaks of copydesk.
func (p *robotsParser) bitsOf(value string) uint32 {
	if value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t") {
		return bitAny
	}
	token := value
	if i := strings.IndexFunc(value, func(r rune) bool { return !isTokenChar(r) }); i >= 0 {
		token = value[:i]
	}
	switch {
	case token == "":
		return 0
	case strings.EqualFold(token, p.agent):
		return bitOwn
	}
	return trainerBit(token)
}

// isTokenChar reports whether RFC 9309 lets a character be part of a product
// token.
func isTokenChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_'
}

// group is the one being read, nil if it concerns nobody that matters.
func (p *robotsParser) group() *robotsGroup {
	if p.agents == 0 {
		return nil
	}
	return &p.groups[len(p.groups)-1]
}

func (p *robotsParser) rule(allow bool, value string) {
	p.inHead = false
	if g := p.group(); g != nil && value != "" {
		g.rules = append(g.rules, newRule(allow, value))
	}
}

func (p *robotsParser) crawlDelay(value string) {
	seconds, err := strconv.ParseFloat(value, 64)
	g := p.group()
	if g == nil || err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return
	}
	delay := maxCrawlDelay
	if seconds < maxCrawlDelay.Seconds() {
		delay = time.Duration(seconds * float64(time.Second))
	}
	g.delay = max(g.delay, delay)
}

// result joins the groups of each agent. Those for everybody hold only if none
// is for this one.
func (p *robotsParser) result() *Robots {
	wanted := bitAny
	if p.seen&bitOwn != 0 {
		wanted = bitOwn
	}
	r := &Robots{Sitemaps: p.sitemaps, signals: p.signals, size: 256}
	for i := range p.groups {
		g := &p.groups[i]
		if g.agents&wanted != 0 {
			r.CrawlDelay = max(r.CrawlDelay, g.delay)
			r.rules = append(r.rules, g.rules...)
			r.signals = append(r.signals, g.signals...)
		}
		r.addTrainers(g)
	}
	r.signals = r.signals[:min(len(r.signals), maxSignals)]
	sortRules(r.rules)
	for _, x := range r.rules {
		r.size += int64(len(x.pattern)) + 48
	}
	for _, s := range p.sitemaps {
		r.size += int64(len(s)) + 16
	}
	return r
}

// sortRules puts the longest rule first, and allow before disallow.
func sortRules(rules []rule) {
	slices.SortStableFunc(rules, func(a, b rule) int {
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
}
