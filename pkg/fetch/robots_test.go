package fetch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/weburl"
)

func TestRobotsRules(t *testing.T) {
	for _, c := range []struct {
		name   string
		robots string
		allow  string // paths, blank separated
		deny   string
	}{
		{"empty file", "", "/ /a /robots.txt", ""},
		{"nothing but comments", "# welcome\n#Disallow: /\n", "/ /a", ""},
		{"closed to everybody", "User-agent: *\nDisallow: /", "/robots.txt", "/ /a /a?b"},
		{"empty disallow", "User-agent: *\nDisallow:\n", "/ /a", ""},
		{"empty allow", "User-agent: *\nAllow:\nDisallow: /a\n", "/b", "/a"},
		{"prefix", "User-agent: *\nDisallow: /desk", "/des /Desk /x/desk", "/desk /desks /desk/a /desk.html"},
		{"folder", "User-agent: *\nDisallow: /desk/", "/desk /desk.html", "/desk/ /desk/a"},
		{"own group only", "User-agent: *\nDisallow: /\n\nUser-agent: copydesk\nDisallow: /a", "/b", "/a"},
		{"own group in front", "User-agent: copydesk\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", "/a"},
		{"own empty group", "User-agent: copydesk\n\nUser-agent: *\nDisallow: /", "", "/"}, // one head, two agents
		{"own group without rules", "User-agent: *\nDisallow: /\n\nUser-agent: copydesk\nDisallow:\n", "/ /a", ""},
		{"somebody else", "User-agent: otherbot\nDisallow: /", "/ /a", ""},
		{"agent in any case", "uSER-aGENT: CopyDesk\ndISALLOW: /a", "/b", "/a"},
		{"agent with version", "User-agent: copydesk/2.1 beta\nDisallow: /a", "/b", "/a"},
		{"agent that only begins alike", "User-agent: copydesk-images\nDisallow: /\nUser-agent: copydesks\nDisallow: /", "/ /a", ""},
		{"only token characters count", "User-agent: copydesk2\nDisallow: /a", "/b", "/a"},
		{"agent that is shorter", "User-agent: copy\nDisallow: /", "/ /a", ""},
		{"two agents, one group", "User-agent: otherbot\nUser-agent: copydesk\nDisallow: /a\nUser-agent: x\nDisallow: /b", "/b", "/a"},
		{"groups of one agent add up", "User-agent: copydesk\nDisallow: /a\n\nUser-agent: x\nDisallow: /c\n\nUser-agent: copydesk\nDisallow: /b", "/c", "/a /b"},
		{"groups for everybody add up", "User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/c", "/a /b"},
		{"rules before any agent", "Disallow: /a\nUser-agent: *\nDisallow: /b", "/a", "/b"},
		{"blank lines inside a group", "User-agent: *\n\n\nDisallow: /a\n\nDisallow: /b", "/c", "/a /b"},
		{"other lines do not end a head", "User-agent: copydesk\nCrawl-delay: 3\nSitemap: https://example.org/s.xml\nVisit-time: 0600\nUser-agent: *\nDisallow: /a", "/b", "/a"},
		{"other lines do not end a group", "User-agent: copydesk\nDisallow: /a\nSitemap: https://example.org/s.xml\nDisallow: /b", "/c", "/a /b"},
		{"longest match decides", "User-agent: *\nAllow: /news/local\nDisallow: /news\nAllow: /", "/ /news/local /news/local/a", "/news /news/a"},
		{"order does not matter", "User-agent: *\nDisallow: /news\nAllow: /news/local\n", "/news/local", "/news/loc"},
		{"allow wins a tie", "User-agent: *\nDisallow: /news\nAllow: /news", "/news /news/a", ""},
		{"stars count in the length", "User-agent: *\nAllow: /page\nDisallow: /*.html", "/page", "/page.html"},
		{"star in the middle", "User-agent: *\nDisallow: /*/print/", "/print/ /a/print", "/a/print/ /a/b/print/c"},
		{"star for nothing", "User-agent: *\nDisallow: /a*b", "/a", "/ab /aXb /a/x/bc"},
		{"star at the end", "User-agent: *\nDisallow: /a*", "/b", "/a /ab"},
		{"star at the beginning", "User-agent: *\nDisallow: *.pdf", "/a", "/a.pdf /b/a.pdfx"},
		{"many stars", "User-agent: *\nDisallow: /**a***b", "/ba", "/ab /xaxb"},
		{"end anchor", "User-agent: *\nDisallow: /a$", "/ab /a/ /a?b", "/a"},
		{"root only", "User-agent: *\nDisallow: /$", "/a", "/"},
		{"star and end anchor", "User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x=1 /a.pdfs", "/a.pdf /a.pdf.pdf"},
		{"star before the end anchor", "User-agent: *\nDisallow: /a*$", "/b", "/a /ab"},
		{"the end is not used twice", "User-agent: *\nDisallow: /ab*b$", "/ab", "/abb"},
		{"dollar in the middle", "User-agent: *\nDisallow: /a$b", "/a /ab", "/a$b /a%24bc"},
		{"escaped star and dollar", "User-agent: *\nDisallow: /a%2A\nDisallow: /b%24", "/ab /b", "/a* /b$c"},
		{"query", "User-agent: *\nDisallow: /*?print=", "/a /a?x=1", "/a?print=1"},
		{"escapes of plain characters", "User-agent: *\nDisallow: /%64esk/%7Ea", "/Desk", "/desk/~a /d%65sk/%7ea"},
		{"escapes in either case", "User-agent: *\nDisallow: /a%3cd", "/a", "/a%3Cd /a%3cd"},
		{"reserved characters stay", "User-agent: *\nDisallow: /a%2Fb", "/a/b", "/a%2fb"},
		{"raw and escaped non-ASCII", "User-agent: *\nDisallow: /höfn\nDisallow: /%C3%A1", "/hofn", "/h%C3%B6fn /h%c3%b6fn/a /á"},
		{"address in a query", "User-agent: *\nDisallow: /go?u=https://example.org", "/go?u=http", "/go?u=https%3A%2F%2Fexample.org /go?u=https://example.org/a"},
		{"lone percent sign", "User-agent: *\nDisallow: /50%", "/50", "/50% /50%25 /50%2"},
		{"comments", "User-agent: * # all\nDisallow: /a # not this\nDisallow: /b#c", "/c", "/a /b"},
		{"blanks", "  User-agent :\t*  \n\tDisallow  :  /a  \r\n", "/b", "/a"},
		{"carriage returns alone", "User-agent: *\rDisallow: /a\rDisallow: /b", "/c", "/a /b"},
		{"Windows line ends", "User-agent: *\r\nDisallow: /a\r\n\r\nDisallow: /b\r\n", "/c", "/a /b"},
		{"byte order mark", "\xef\xbb\xbfUser-agent: *\nDisallow: /a", "/b", "/a"},
		{"no colon", "User-agent *\nDisallow\t/a\n", "/b", "/a"},
		{"no colon, and more than one word", "User-agent: *\nDisallow /a /b\n", "/a /b", ""},
		{"a page instead", "<!doctype html><title>Not found</title>\n<p>User-agent: none</p>", "/ /a", ""},
		{"binary", "\x00\xff\xfe\x01:\x02\nUser-agent: *\x00\nDisallow: /\xff\nDisallow: /a", "/b /a", ""},
		{"rule without slash", "User-agent: *\nDisallow: a", "/a /b", ""},
	} {
		r := ParseRobots([]byte(c.robots), Agent)
		for _, p := range strings.Fields(c.allow) {
			if !r.Allowed(p) {
				t.Errorf("%s: %s is forbidden", c.name, p)
			}
		}
		for _, p := range strings.Fields(c.deny) {
			if r.Allowed(p) {
				t.Errorf("%s: %s is allowed", c.name, p)
			}
		}
	}
}

func TestRobotsCrawlDelay(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"5": 5 * time.Second, "0.5": 500 * time.Millisecond, "60": time.Minute, "86400": time.Minute, "1e30": time.Minute,
		"Inf": time.Minute, "NaN": 0, "-1": 0, "0": 0, "": 0, "soon": 0, "10 # seconds": 10 * time.Second,
	} {
		r := ParseRobots([]byte("User-agent: *\nCrawl-delay: "+value+"\nDisallow: /a"), Agent)
		if r.CrawlDelay != want {
			t.Errorf("%q: got %s, want %s", value, r.CrawlDelay, want)
		}
	}
	r := ParseRobots([]byte("User-agent: *\nCrawl-delay: 50\n\nDisallow:\nUser-agent: copydesk\nCrawl-delay: 2\n"), Agent)
	if r.CrawlDelay != 2*time.Second {
		t.Errorf("got %s, want that of the own group", r.CrawlDelay)
	}
}

func TestRobotsSitemaps(t *testing.T) {
	r := ParseRobots([]byte("Sitemap: https://example.org/a.xml\nUser-agent: x\nsitemap:https://example.org/b.xml\nSitemap:\n"), Agent)
	if got := strings.Join(r.Sitemaps, " "); got != "https://example.org/a.xml https://example.org/b.xml" {
		t.Errorf("got %s", got)
	}
	r = ParseRobots([]byte("User-agent: other\nDisallow: /\nSitemap: /relative.xml\nSitemap: ftp://example.org/a.xml\nSitemap: //example.org/b.xml\n"+
		"Sitemap: https://example.org/"+strings.Repeat("a", maxSitemapURL)+"\nSitemap: HTTPS://Example.ORG/c.xml # ours\n"), Agent)
	if got := strings.Join(r.Sitemaps, " "); got != "https://example.org/c.xml" || !r.Allowed("/") {
		t.Errorf("got %s", got)
	}
	r = ParseRobots([]byte(strings.Repeat("Sitemap: https://example.org/a.xml\n", 5000)), Agent)
	if len(r.Sitemaps) != maxSitemaps {
		t.Errorf("got %d sitemaps", len(r.Sitemaps))
	}
}

// TestRobotsCost: the worst file and the worst path that are let in are
// matched in reasonable time.
func TestRobotsCost(t *testing.T) {
	var b strings.Builder
	b.WriteString("User-agent: *\n")
	for i := 0; b.Len() < 500<<10; i++ {
		fmt.Fprintf(&b, "Disallow: /*a*a*a*a*%db\n", i)
	}
	r := ParseRobots([]byte(b.String()), Agent)
	start := time.Now()
	if !r.Allowed("/" + strings.Repeat("a", 4096)) {
		t.Error("forbidden")
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

func FuzzRobots(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /a*b$\nAllow: /%zz\nCrawl-delay: 1\nSitemap: x"), "/a?b%2")
	f.Add([]byte("Sitemap: https://example.org/a b%zz?c#d\rsite-map\thttp://[::1]:99/x"), "/")
	f.Add([]byte("\xef\xbb\xbfuser-agent:copydesk\r\rdisallow:*\r\n"), "")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		r := ParseRobots(data, Agent)
		r.Rights(path)
		if r.CrawlDelay < 0 || r.CrawlDelay > maxCrawlDelay || len(r.Sitemaps) > maxSitemaps {
			t.Errorf("got %s, %d sitemaps", r.CrawlDelay, len(r.Sitemaps))
		}
		for _, s := range r.Sitemaps {
			if u, err := weburl.Parse(s); err != nil || u.String() != s {
				t.Errorf("sitemap %q: %v", s, err)
			}
		}
		allowed := r.Allowed(path)
		if !r.Allowed("/robots.txt") {
			t.Error("/robots.txt is forbidden")
		}
		// The normal form is one: spelling it again changes nothing.
		if normal := normalisePath(path, false); normalisePath(normal, false) != normal || r.Allowed(normal) != allowed {
			t.Errorf("%q and its normal form %q differ", path, normal)
		}
		for i := 1; i < len(r.rules); i++ {
			if r.rules[i].weight > r.rules[i-1].weight {
				t.Error("rules are out of order")
			}
		}
	})
}
