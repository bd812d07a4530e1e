package fetch

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// rfcCases are the rules of RFC 9309, one by one, and the situations that
// published conformance tests for it examine, with files and paths of our own.
// Not taken over are two habits of one search engine: that a rule for
// "index.html" also speaks of its folder, and that lines are cut at 16 KB.
var rfcCases = []struct {
	section, name string
	robots        string
	allow, deny   string // paths, blank separated
}{
	{"2.1", "a key in the wrong place", "agent: copydesk\ndeny: /a", "/a", ""},
	{"2.1", "an unknown key between the agents of a group", "User-agent: copydesk\nOwner: harbour master\nUser-agent: gullbot\nDisallow: /pier", "/a", "/pier"},
	{"2.1", "an unknown key between rules", "User-agent: copydesk\nDisallow: /pier\nOwner: harbour master\nDisallow: /quay", "/a", "/pier /quay"},
	{"2.1", "three groups, the last with two agents", "User-agent: gullbot\nDisallow: /\n\nUser-agent: ternbot\nDisallow: /\n\nUser-agent: auk\nUser-agent: copydesk\nDisallow: /pier\nAllow: /pier/open", "/ /pier/open", "/pier"},
	{"2.1", "a rule that belongs to no group", "Disallow: /pier\n\nUser-agent: copydesk\nAllow: /", "/pier", ""},
	{"2.1", "only rules that belong to no group", "Disallow: /\nAllow: /pier\n", "/a /pier", ""},
	{"2.2", "line names in any case", "USER-AGENT: copydesk\nALLOW: /pier/open\nDISALLOW: /pier", "/pier/open", "/pier"},
	{"2.2", "line names as they are mistyped", "useragent: copydesk\nDissallow: /pier\nDisalow: /quay", "/a", "/pier /quay"},
	{"2.2", "blanks around everything", "\tUser-agent \t: copydesk \t\n  Disallow :/pier  ", "/a", "/pier"},
	{"2.2.1", "product tokens in any case", "User-agent: COPYDESK\nDisallow: /pier\nUser-agent: cOpYdEsK\nDisallow: /quay", "/a", "/pier /quay"},
	{"2.2.1", "the token ends at the first other character", "User-agent: copydesk news reader\nDisallow: /pier\nUser-agent: copydesk/7\nDisallow: /quay", "/a", "/pier /quay"},
	{"2.2.1", "a longer token is another agent", "User-agent: copydesk-pictures\nDisallow: /\nUser-agent: copydesk_x\nDisallow: /\nUser-agent: copydeskbot\nDisallow: /", "/ /a", ""},
	{"2.2.1", "a token in front of which stands something is another agent", "User-agent: my copydesk\nDisallow: /\nUser-agent: xcopydesk\nDisallow: /", "/a", ""},
	{"2.2.1", "no token at all", "User-agent:\nDisallow: /\nUser-agent: 7\nDisallow: /", "/a", ""},
	{"2.2.1", "own groups add up, far apart", "User-agent: copydesk\nDisallow: /pier\n\nUser-agent: *\nDisallow: /mole\n\nUser-agent: gullbot\nDisallow: /\n\nUser-agent: CopyDesk\nDisallow: /quay", "/mole /a", "/pier /quay"},
	{"2.2.1", "the group for everybody is for those without one", "User-agent: *\nAllow: /\n\nUser-agent: copydesk\nDisallow: /", "", "/ /a"},
	{"2.2.1", "the group for everybody, when others have one", "User-agent: gullbot\nAllow: /\n\nUser-agent: *\nDisallow: /", "", "/ /a"},
	{"2.2.1", "no group for anybody concerned", "User-agent: gullbot\nDisallow: /\n\nUser-agent: ternbot\nDisallow: /", "/ /a", ""},
	{"2.2.1", "a star with a remark", "User-agent: * everyone\nDisallow: /pier", "/a", "/pier"},
	{"2.2.1", "a star in a word", "User-agent: *bot\nDisallow: /pier", "/pier", ""},
	{"2.2.1", "own group with nothing in it frees from the other", "User-agent: *\nDisallow: /\n\nUser-agent: copydesk\nUnknown: 1\n", "/ /a", ""},
	{"2.2.2", "values in their own case", "User-agent: copydesk\nDisallow: /Pier", "/pier", "/Pier"},
	{"2.2.2", "the longer disallow wins", "User-agent: copydesk\nDisallow: /pier/tide.html\nAllow: /pier/", "/pier/ /pier/tide.htm", "/pier/tide.html"},
	{"2.2.2", "the longer allow wins", "User-agent: copydesk\nAllow: /pier/tide.html\nDisallow: /pier/", "/pier/tide.html /pie", "/pier/ /pier/tide.htm"},
	{"2.2.2", "empty rules say nothing", "User-agent: copydesk\nDisallow:\nAllow:", "/ /a", ""},
	{"2.2.2", "allow wins between equals", "User-agent: copydesk\nDisallow: /\nAllow: /", "/ /a", ""},
	{"2.2.2", "allow wins between equals of other shape", "User-agent: copydesk\nDisallow: /pie*\nAllow: /pier", "/pier", "/pie /pies"},
	{"2.2.2", "with and without the last slash", "User-agent: copydesk\nDisallow: /pier\nAllow: /pier/", "/pier/ /pier/a", "/pier /piers"},
	{"2.2.2", "stars make a pattern longer", "User-agent: copydesk\nDisallow: /*.html\nAllow: /mole", "/mole", "/mole.html /a.html"},
	{"2.2.2", "a long literal beats a short star", "User-agent: copydesk\nAllow: /mole.ht\nDisallow: /*.html", "/mole.html", "/mola.html"},
	{"2.2.2", "the root alone", "User-agent: copydesk\nAllow: /$\nDisallow: /", "/", "/a /?a /index.html"},
	{"2.2.2", "octets are counted as escaped", "User-agent: copydesk\nAllow: /é\nDisallow: /*ab", "/éab", "/xab"},
	{"2.2.2", "an address in the query", "User-agent: copydesk\nDisallow: /\nAllow: /go?to=http://harbour.example/a", "/go?to=http://harbour.example/a /go?to=http%3A%2F%2Fharbour.example/a", "/go?to=http://harbour.example/b"},
	{"2.2.2", "characters outside ASCII, as they are", "User-agent: copydesk\nDisallow: /\nAllow: /pier/港", "/pier/港 /pier/%E6%B8%AF /pier/%e6%b8%af", "/pier/%E6%B8%AE"},
	{"2.2.2", "characters outside ASCII, escaped", "User-agent: copydesk\nDisallow: /\nAllow: /pier/%e6%b8%af", "/pier/港 /pier/%E6%B8%AF", "/pier/%E6%B8"},
	{"2.2.2", "letters that need no escape lose it", "User-agent: copydesk\nDisallow: /\nAllow: /pier/%74%69%64%65", "/pier/tide /pier/%74ide", "/pier/tid"},
	{"2.2.2", "reserved characters keep their escape", "User-agent: copydesk\nDisallow: /pier%2Ftide", "/pier/tide", "/pier%2ftide"},
	{"2.2.3", "a star for any number of characters", "User-agent: copydesk\nDisallow: /pier/*/tide\nAllow: /pier/*/tide/low", "/pier/tide /pier/a/tide/low", "/pier/a/tide /pier/a/b/tide/lo"},
	{"2.2.3", "a star for none", "User-agent: copydesk\nDisallow: /tide*able", "/tide", "/tideable /tidetable"},
	{"2.2.3", "a dollar sign at the end", "User-agent: copydesk\nDisallow: /pier/tide$", "/pier/tides /pier/tide/ /pier/tide?a", "/pier/tide"},
	{"2.2.3", "a dollar sign elsewhere is itself", "User-agent: copydesk\nDisallow: /pier$/", "/pier /pier/", "/pier$/ /pier%24/a"},
	{"2.2.3", "a hash begins a comment", "User-agent: copydesk # us\nDisallow: /pier # closed\nDisallow: /quay#not this", "/a", "/pier /quay"},
	{"2.2.3", "an escaped hash does not", "User-agent: copydesk\nDisallow: /pier%23", "/pier", "/pier%23a"},
	{"2.2.3", "escaped stars and dollar signs are themselves", "User-agent: copydesk\nDisallow: /pier-*%2A\nDisallow: /fee-%24", "/pier-a /fee-", "/pier-a* /pier-*%2A /fee-$ /fee-%24a"},
	{"2.2.4", "sitemaps in a group", "User-agent: copydesk\nDisallow: /pier\nSitemap: https://harbour.example/s.xml\nDisallow: /quay", "/a", "/pier /quay"},
	{"2.2.4", "sitemaps between agents", "User-agent: gullbot\nSitemap: https://harbour.example/s.xml\nUser-agent: copydesk\nDisallow: /pier", "/a", "/pier"},
	{"2.3", "robots.txt itself is always allowed", "User-agent: copydesk\nDisallow: /\nDisallow: /robots.txt", "/robots.txt", "/robots.txt.bak /a/robots.txt"},
	{"2.3", "Unix, DOS, old Mac and mixed line ends", "User-agent: copydesk\r\nDisallow: /pier\rDisallow: /quay\n\r\r\nDisallow: /mole", "/a", "/pier /quay /mole"},
	{"2.3", "the last line without an end", "User-agent: copydesk\nDisallow: /\nAllow: /pier", "/pier", "/a"},
	{"2.3", "a byte order mark", "\xef\xbb\xbfUser-agent: copydesk\nDisallow: /pier", "/a", "/pier"},
	{"2.3", "two thirds of a byte order mark", "\xef\xbbUser-agent: copydesk\nDisallow: /pier", "/a", "/pier"},
	{"2.3", "one third of a byte order mark", "\xefUser-agent: copydesk\nDisallow: /pier", "/a", "/pier"},
	{"2.3", "no byte order mark after all costs the line", "\xef\x11\xbfUser-agent: copydesk\nDisallow: /pier", "/pier", ""},
	{"2.3", "a byte order mark further down costs the line", "User-agent: copydesk\nDisallow: /pier\n\xef\xbb\xbfDisallow: /quay", "/quay", "/pier"},
	{"2.5", "the beginning of the file is read, however long it goes on", "User-agent: copydesk\nDisallow: /pier\n" + strings.Repeat("# tide\n", 50_000), "/a", "/pier"},
	{"5.1", "prefixes", "User-agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/", "/publications/ /a.gif.html /example", "/a.gif /example/a"},
	{"google", "a word", "User-agent: copydesk\nDisallow: /\nAllow: /gull", "/gull /gull.html /gull/tern.html /gulls /gulls/roost.html /gull.php?id=any", "/Gull.asp /seagull /?id=gull /a/gull"},
	{"google", "a word and a star", "User-agent: copydesk\nDisallow: /\nAllow: /gull*", "/gull /gull.html /gull/tern.html /gulls /gulls/roost.html /gull.php?id=any", "/Gull.asp /seagull /?id=gull /a/gull"},
	{"google", "a folder", "User-agent: copydesk\nDisallow: /\nAllow: /gull/", "/gull/ /gull/?id=any /gull/tern.html", "/gull /gull.html /Gull/tern.html"},
	{"google", "an extension", "User-agent: copydesk\nDisallow: /\nAllow: /*.php", "/file.php /a/file.php /a/file.php?p /a/any.php.file.html /file.php/", "/ /windows.PHP"},
	{"google", "an extension at the end", "User-agent: copydesk\nDisallow: /\nAllow: /*.php$", "/file.php /a/file.php", "/file.php?p /file.php/ /file.php5 /windows.PHP"},
	{"google", "a word and an extension", "User-agent: copydesk\nDisallow: /\nAllow: /gull*.php", "/gull.php /gulls/roost.php?p", "/Gull.PHP"},
	{"google", "order of precedence", "User-agent: copydesk\nAllow: /page\nDisallow: /*.htm", "/page", "/page.htm"},
}

func TestRobotsRFC(t *testing.T) {
	for _, c := range rfcCases {
		r := ParseRobots([]byte(c.robots), Agent)
		for _, p := range strings.Fields(c.allow) {
			if !r.Allowed(p) {
				t.Errorf("%s, %s: %s is forbidden", c.section, c.name, p)
			}
		}
		for _, p := range strings.Fields(c.deny) {
			if r.Allowed(p) {
				t.Errorf("%s, %s: %s is allowed", c.section, c.name, p)
			}
		}
	}
}

// TestAgentIsAToken: what we ask robots.txt files about must be something that
// they can say.
func TestAgentIsAToken(t *testing.T) {
	if Agent == "" || strings.ContainsFunc(Agent, func(r rune) bool { return !isTokenChar(r) }) {
		t.Errorf("%q is no product token", Agent)
	}
}

func TestRobotsRights(t *testing.T) {
	for _, c := range []struct{ name, robots, path, sources string }{
		{"nothing said", "User-agent: *\nDisallow: /pier", "/a", ""},
		{"training crawlers kept out", "User-agent: GPTBot\nUser-agent: CCBot/2.0\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", "robots.txt: gptbot; robots.txt: ccbot"},
		{"kept out of one folder", "User-agent: gptbot\nDisallow: /pier\nAllow: /pier/open", "/pier/a", "robots.txt: gptbot"},
		{"and let into another", "User-agent: gptbot\nDisallow: /pier\nAllow: /pier/open", "/pier/open/a", ""},
		{"the longest rule of two groups", "User-agent: gptbot\nDisallow: /\n\nUser-agent: GPTBot\nAllow: /pier", "/pier", ""},
		{"allow wins between two groups", "User-agent: gptbot\nAllow: /\n\nUser-agent: GPTBot\nDisallow: /", "/pier", ""},
		{"other crawlers say nothing", "User-agent: gullbot\nDisallow: /", "/a", ""},
		{"signal for everybody", "User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /", "/a", "robots.txt: content signal"},
		{"signal in front of all groups", "Content-Signal: ai-train = no\nUser-agent: *\nDisallow: /pier", "/a", "robots.txt: content signal"},
		{"signal for somebody else", "User-agent: gullbot\nContent-Signal: ai-train=no\nDisallow:", "/a", ""},
		{"own group overrides it", "User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n\nUser-agent: copydesk\nAllow: /", "/a", ""},
		{"usage of a folder", "User-agent: *\nContent-Usage: /pier train-ai=n\nAllow: /", "/pier/a", "robots.txt: content signal"},
		{"usage of another folder", "User-agent: *\nContent-Usage: /pier train-ai=n\nAllow: /", "/a", ""},
		{"yes", "User-agent: *\nContent-Signal: search=yes, ai-train=yes", "/a", ""},
	} {
		r := ParseRobots([]byte(c.robots), Agent)
		got := r.Rights(c.path)
		if s := strings.Join(got.Sources, "; "); s != c.sources || got.NoAI != (c.sources != "") || got.NoIndex {
			t.Errorf("%s: got %+v, want %q", c.name, got, c.sources)
		}
		if !r.Allowed(c.path) {
			t.Errorf("%s: a reservation forbids the fetch", c.name)
		}
	}
	if got := ParseRobots([]byte("User-agent: *\nContent-Signal: search=no"), Agent).Rights("/a"); !got.NoIndex || got.NoAI {
		t.Errorf("search=no: got %+v", got)
	}
}

// TestRobotsRevalidation: after a day a robots.txt is asked for again, with the
// validators of the copy; one that did not change serves for another day.
func TestRobotsRevalidation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, full, version := 0, 0, `"1"`
		f, _, stop := newPipeFetcher(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/robots.txt" {
				return
			}
			asked++
			w.Header().Set("ETag", version)
			if r.Header.Get("If-None-Match") == version {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			full++
			_, _ = io.WriteString(w, "User-agent: *\nDisallow: /pier"+strings.Trim(version, `"`))
		})
		defer stop()
		for day := range 4 {
			fail(t, f, "http://harbour.example.org/pier1", ClassRobots)
			get(t, f, "http://harbour.example.org/pier2")
			if asked != day+1 || full != 1 {
				t.Errorf("day %d: asked %d times, sent %d times", day, asked, full)
			}
			time.Sleep(robotsFresh)
		}
		version = `"2"`
		get(t, f, "http://harbour.example.org/pier1")
		fail(t, f, "http://harbour.example.org/pier2", ClassRobots)
		if asked != 5 || full != 2 {
			t.Errorf("asked %d times, sent %d times", asked, full)
		}
	})
}

// TestResponseRights: what is reserved of a page comes with it, from wherever
// it was said.
func TestResponseRights(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/robots.txt":
			_, _ = io.WriteString(w, "User-agent: gptbot\nDisallow: /pier")
		case "/moved":
			http.Redirect(w, r, "/quay", http.StatusFound)
		default:
			w.Header().Set("X-Robots-Tag", "noarchive")
			_, _ = io.WriteString(w, `<html><head><meta name="robots" content="nosnippet"></head>`)
		}
	})
	f := newTestFetcher(t)
	for path, want := range map[string]string{
		"/pier":  "robots.txt: gptbot; X-Robots-Tag: noarchive; meta robots: nosnippet",
		"/moved": "X-Robots-Tag: noarchive; meta robots: nosnippet",
	} {
		r := get(t, f, s.URL+path).Rights
		if got := strings.Join(r.Sources, "; "); got != want || !r.NoArchive || !r.NoSnippet || r.NoIndex {
			t.Errorf("%s: got %+v, want %s", path, r, want)
		}
	}
}
