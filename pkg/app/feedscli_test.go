package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
)

// feedsTool runs the operator's tool and returns its output and exit status.
func feedsTool(t *testing.T, stdin string, args ...string) (out, errOut string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Main("copydesk", "", &Tool{}, args, Env{Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr})
	return stdout.String(), stderr.String(), code
}

// checkedSite serves a feed of every kind.
func checkedSite(t *testing.T) *httptest.Server {
	t.Helper()
	long := strings.Repeat("The ferry runs again. ", 100)
	serve := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			fmt.Fprint(w, body)
		}
	}
	item := `<item><title>%s</title><link>/news/%d</link><pubDate>Sat, 01 Mar 2025 10:0%d:00 GMT</pubDate><description>Short.</description>%s</item>`
	content := "<content:encoded><![CDATA[<p>" + long + "</p>]]></content:encoded>"
	rss := func(items ...string) string {
		return `<rss version="2.0"><channel><title>Ferry News</title>` + strings.Join(items, "") + "</channel></rss>"
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", serve("text/plain", "User-agent: *\nDisallow: /private\nDisallow: /secret/\n"))
	mux.HandleFunc("/full", serve("application/rss+xml", rss(fmt.Sprintf(item, "A", 1, 1, content), fmt.Sprintf(item, "B", 2, 2, content))))
	mux.HandleFunc("/summary", serve("text/html; charset=utf-8", rss(fmt.Sprintf(item, "A", 1, 1, ""))))
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/full", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/json", serve("application/feed+json", `{"version":"https://jsonfeed.org/version/1.1","title":"J","items":[{"id":"1","url":"/secret/1","content_html":"`+long+`"}]}`))
	mux.HandleFunc("/page", serve("text/html", `<html><head><link rel="alternate" type="application/rss+xml" href="/full"></head></html>`))
	mux.HandleFunc("/none", serve("text/html", `<html><body>Nothing here.</body></html>`))
	mux.HandleFunc("/private", serve("application/rss+xml", rss()))
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site
}

func TestFeedsCheck(t *testing.T) {
	t.Parallel() // it waits for the site's turn more than it works
	site := checkedSite(t)
	list := writeFile(t, "feeds.txt", site.URL+"/summary\n"+site.URL+"/json\n"+site.URL+"/page\n"+site.URL+"/none\n")
	out, errOut, code := feedsTool(t, "", "feeds", "check", "--allow-private", "--json", site.URL+"/full", site.URL+"/summary?utm_source=x", list, site.URL+"/old", site.URL+"/private", site.URL+"/404")
	if code != exitFailed || !strings.Contains(errOut, "3 of 8 feeds cannot be read") {
		t.Errorf("status %d: %s", code, errOut)
	}
	got := map[string]feedCheck{}
	for line := range strings.Lines(out) {
		var r feedCheck
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		r.TookMS = 0
		path, _, _ := strings.Cut(strings.TrimPrefix(r.URL, site.URL), "?")
		got[path] = r
	}
	newest := time.Date(2025, 3, 1, 10, 2, 0, 0, time.UTC)
	for path, ok := range map[string]bool{
		"/full":    got["/full"].State == checkOK && got["/full"].Entries == 2 && got["/full"].Text == "full" && got["/full"].TypeFits && got["/full"].Newest.Equal(newest) && got["/full"].Pages == "allowed",
		"/summary": got["/summary"].State == checkOK && got["/summary"].Text == "summary" && !got["/summary"].TypeFits && got["/summary"].Duplicate == 1,
		"/json":    got["/json"].Format == feed.FormatJSON && got["/json"].Text == "full" && got["/json"].Pages == "forbidden" && got["/json"].Robots == "allowed",
		"/page":    got["/page"].State == checkPage && got["/page"].Names == site.URL+"/full",
		"/none":    got["/none"].State == checkFailed && got["/none"].Class == "not_feed",
		"/old":     got["/old"].State == checkOK && got["/old"].MovedTo == site.URL+"/full",
		"/private": got["/private"].State == checkFailed && got["/private"].Robots == "forbidden",
		"/404":     got["/404"].State == checkFailed && got["/404"].Status == http.StatusNotFound,
	} {
		if !ok {
			t.Errorf("%s: %+v", path, got[path])
		}
	}
	table, _, code := feedsTool(t, site.URL+"/full\n", "feeds", "check", "--allow-private", "-")
	if code != exitDone || !strings.HasPrefix(table, "STATE") || !strings.Contains(table, "full") || strings.Count(table, "\n") != 2 {
		t.Errorf("status %d: %s", code, table)
	}
	if _, errOut, code := feedsTool(t, "", "feeds", "check", "--parallel", "0", site.URL); code != exitUsage || !strings.Contains(errOut, "--parallel") {
		t.Errorf("status %d: %s", code, errOut)
	}
}

// TestFeedsRoundTrip: what is imported comes out again with titles, folders as
// tags, and intervals.
func TestFeedsRoundTrip(t *testing.T) {
	p := newPipeline(t)
	list := writeFile(t, "in.opml", `<opml version="2.0"><body><outline text="Ships"><outline text="Ferries &amp; more">
<outline type="rss" text="Ferry News" xmlUrl="https://ferry.example/feed" category="slow" interval="45m"/></outline>
<outline type="rss" text="Tugs" xmlUrl="https://tugs.example/rss"/></outline>
<outline type="rss" text="https://plain.example/rss" xmlUrl="https://plain.example/rss"/></body></opml>`)
	if out, errOut, code := feedsTool(t, "", "feeds", "import", "--nats", p.broker, list); code != exitDone || !strings.Contains(out, "3 feeds added") {
		t.Fatalf("status %d: %s%s", code, out, errOut)
	}
	path := filepath.Join(t.TempDir(), "out.opml")
	if _, errOut, code := feedsTool(t, "", "feeds", "export", "--nats", p.broker, "-o", path); code != exitDone {
		t.Fatalf("status %d: %s", code, errOut)
	}
	read := func(name string) string {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		sources, err := feed.ReadList(name, f)
		if err != nil {
			t.Fatal(err)
		}
		lines := map[string]feed.Source{}
		for _, s := range sources {
			lines[s.URL] = s
		}
		text, err := json.Marshal(lines)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if in, out := read(list), read(path); in != out {
		t.Errorf("imported\n%s\nexported\n%s", in, out)
	}
}
