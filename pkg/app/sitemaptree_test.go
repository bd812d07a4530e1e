package app

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// mapSite is a host whose files a test writes; what was asked for is counted.
type mapSite struct {
	mu    sync.Mutex
	files map[string]func() (status int, body string)
	asked map[string]int
}

// cutOff is the status of a file whose transfer breaks off: a failure that passes,
// for which the fetcher does not leave the host alone.
const cutOff = -1

func newMapSite() *mapSite {
	return &mapSite{files: map[string]func() (int, string){}, asked: map[string]int{}}
}

func (s *mapSite) put(path, body string) {
	s.serve(path, func() (int, string) { return http.StatusOK, body })
}

func (s *mapSite) serve(path string, f func() (int, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = f
}

func (s *mapSite) times(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

func (s *mapSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files[r.URL.Path]
	s.asked[r.URL.Path]++
	s.mu.Unlock()
	switch {
	case f != nil:
	case strings.HasPrefix(r.URL.Path, "/news/"):
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<html><body><p>The page %s.</p></body></html>", r.URL.Path)
		return
	default:
		http.NotFound(w, r)
		return
	}
	status, body := f()
	if status == cutOff {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("<urlset>"))
		return
	}
	if strings.HasSuffix(r.URL.Path, ".gz") {
		w.Header().Set("Content-Type", "application/gzip")
		w.WriteHeader(status)
		zw := gzip.NewWriter(w)
		_, _ = zw.Write([]byte(body))
		_ = zw.Close()
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// urlset is a sitemap of pages, each "URL" or "URL date".
func urlset(pages ...string) string {
	var b strings.Builder
	b.WriteString(`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for _, p := range pages {
		url, date, _ := strings.Cut(p, " ")
		b.WriteString("<url><loc>" + url + "</loc>")
		if date != "" {
			b.WriteString("<lastmod>" + date + "</lastmod>")
		}
		b.WriteString("</url>")
	}
	return b.String() + "</urlset>"
}

// newsSitemap is a news sitemap of pages, published at a time.
func newsSitemap(at time.Time, pages ...string) string {
	var b strings.Builder
	b.WriteString(`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">`)
	for _, p := range pages {
		fmt.Fprintf(&b, "<url><loc>%s</loc><news:news><news:title>T</news:title><news:publication_date>%s</news:publication_date></news:news></url>", p, at.Format(time.RFC3339))
	}
	return b.String() + "</urlset>"
}

// sitemapIndex names sitemaps, each "URL" or "URL date".
func sitemapIndex(children ...string) string {
	s := strings.ReplaceAll(urlset(children...), "<url>", "<sitemap>")
	return strings.ReplaceAll(strings.ReplaceAll(s, "</url>", "</sitemap>"), "urlset", "sitemapindex")
}

// treePoll polls sources by hand: what is handed over is kept.
type treePoll struct {
	t      *testing.T
	poller *feedPoller
	feeds  feedStore
	mu     sync.Mutex
	got    map[string]urlMessage
	full   bool // there is no room for old pages
}

func newTreePoll(t *testing.T) *treePoll {
	t.Helper()
	kv, err := openBucket(t.Context(), testBus(t), bus.BucketFeeds)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fetch.New(fetch.Options{AllowPrivate: true, NoDelay: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	p := &treePoll{t: t, feeds: feedStore{kv}}
	p.poller = &feedPoller{
		fetcher: f, feeds: p.feeds, policy: cadence.Default(), log: slog.New(slog.DiscardHandler),
		enqueue: func(_ context.Context, m urlMessage) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.got[m.URL] = m
			return nil
		},
		pending: func(context.Context, int) (uint64, error) {
			if p.full {
				return maxOldPending, nil
			}
			return 0, nil
		},
	}
	return p
}

// state returns what is known of a source.
func (p *treePoll) state(url string) *feedState {
	p.t.Helper()
	s, err := p.feeds.load(context.Background(), url)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// poll polls a source, due or not, and returns its state.
func (p *treePoll) poll(url string) *feedState {
	p.t.Helper()
	s := p.state(url)
	s.NextPoll = time.Time{}
	if err := p.feeds.save(p.t.Context(), s); err != nil {
		p.t.Fatal(err)
	}
	p.got = map[string]urlMessage{}
	p.poller.poll(p.t.Context(), feed.Source{URL: url})
	return p.state(url)
}

// handed returns the paths that the last poll handed over, old ones with a star.
func (p *treePoll) handed() string {
	var paths []string
	for url, m := range p.got {
		u, err := weburl.Parse(url)
		if err != nil {
			p.t.Fatal(err)
		}
		path := strings.TrimPrefix(u.Path(), "/news/")
		if m.Backfill {
			path += "*"
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return strings.Join(paths, " ")
}

func (p *treePoll) want(what, want string) {
	p.t.Helper()
	if got := p.handed(); got != want {
		p.t.Errorf("%s: handed over %q, want %q", what, got, want)
	}
}

func ago(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339) }

func TestSitesAreReadThroughTheSitemapsOfTheirRobotsFile(t *testing.T) {
	t.Parallel() // it waits more than it works
	sites := make([]*mapSite, 4)
	base := loopbackSites(t, len(sites), func(i int, _ func(int) string) http.Handler {
		sites[i] = newMapSite()
		return sites[i]
	})
	p := newTreePoll(t)
	robots := func(i int, names ...string) {
		text := "User-agent: *\nDisallow: /admin\n"
		for _, n := range names {
			text += "Sitemap: " + base(i) + n + "\n"
		}
		sites[i].put("/robots.txt", text)
		sites[i].put("/", "<html><body>Welcome.</body></html>")
	}
	page := func(i int, name string) string { return base(i) + "/news/" + name }
	now := time.Now()

	// A news sitemap is preferred by its name.
	robots(0, "/sitemap-archive.xml", "/sitemap-news.xml")
	sites[0].put("/sitemap-archive.xml", urlset(page(0, "old")))
	sites[0].put("/sitemap-news.xml", newsSitemap(now, page(0, "a"), page(0, "b")))
	s := p.poll(base(0) + "/")
	p.want("front page", "a b")
	if s.State != feedOK || s.Resolved != base(0)+"/robots.txt" || s.Format != formatRobots || sites[0].times("/sitemap-archive.xml") != 0 || !strings.Contains(s.Note, "sitemap-news.xml") {
		t.Errorf("state %+v", s)
	}
	// It fails for good: the others are read.
	sites[0].serve("/sitemap-news.xml", func() (int, string) { return http.StatusNotFound, "" })
	for range giveUpNews {
		p.poll(base(0) + "/")
	}
	p.want("news sitemap gone", "old*")

	// By its content: none of the names says so.
	robots(1, "/one.xml", "/two.xml")
	sites[1].put("/one.xml", urlset(page(1, "a")+" "+ago(time.Hour)))
	sites[1].put("/two.xml", newsSitemap(now, page(1, "b")))
	s = p.poll(base(1) + "/robots.txt")
	p.want("robots.txt", "a b")
	if s.State != feedOK || s.Resolved != "" || s.Format != formatRobots {
		t.Errorf("state %+v", s)
	}
	sites[1].put("/two.xml", newsSitemap(now, page(1, "b"), page(1, "c")))
	p.poll(base(1) + "/robots.txt")
	p.want("robots.txt again", "c")
	if n := sites[1].times("/one.xml"); n != 1 {
		t.Errorf("the plain sitemap beside the news sitemap was read %d times", n)
	}
	// A name that says news and holds none.
	robots(2, "/news.xml", "/rest.xml")
	sites[2].put("/news.xml", urlset(page(2, "a")+" "+ago(time.Hour)))
	sites[2].put("/rest.xml", urlset(page(2, "b")+" "+ago(time.Hour)))
	p.poll(base(2) + "/")
	p.want("no news in it", "a b")

	// robots.txt names none.
	robots(3)
	if s = p.poll(base(3) + "/"); s.State != feedFailing || !strings.Contains(s.LastError, "give the address of a feed or sitemap") {
		t.Errorf("without any sitemap: %s %s", s.State, s.LastError)
	}
	sites[3].put("/sitemap.xml", urlset(page(3, "a")+" "+ago(time.Hour), page(3, "b")+" "+ago(100*time.Hour)))
	s = p.poll(base(3) + "/")
	p.want("/sitemap.xml", "a b*")
	if s.State != feedOK || s.Resolved != base(3)+"/sitemap.xml" || s.Format != feed.FormatSitemap {
		t.Errorf("state %+v", s)
	}
	sites[3].put("/robots.txt", "User-agent: *\n")
	s = p.poll(base(3) + "/robots.txt")
	p.want("robots.txt without sitemaps", "a b*")
	if s.Resolved != base(3)+"/sitemap.xml" {
		t.Errorf("state %+v", s)
	}
	out, _, code := feedsTool(t, "", "feeds", "check", "--allow-private", "--json", base(1)+"/", base(3)+"/")
	var first, second feedCheck
	lines := strings.SplitN(out, "\n", 2)
	if code != exitDone || json.Unmarshal([]byte(lines[0]), &first) != nil || json.Unmarshal([]byte(lines[1]), &second) != nil {
		t.Fatalf("status %d: %s", code, out)
	}
	if first.State != checkOK || first.Site == nil || first.Site.Count != 2 || len(first.Site.Chosen) != 2 || first.Entries != 1 {
		t.Errorf("check: %s", lines[0])
	}
	if second.State != checkOK || second.Site == nil || second.Site.Named != base(3)+"/sitemap.xml" || second.Entries != 2 || second.Format != feed.FormatSitemap {
		t.Errorf("check: %s", lines[1])
	}
}

func TestOldPagesOfASitemapAreNoFreshOnes(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMapSite()
	base := loopbackSites(t, 1, func(int, func(int) string) http.Handler { return site })
	p := newTreePoll(t)
	page := func(name, date string) string { return strings.TrimSpace(base(0) + "/news/" + name + " " + date) }
	one := base(0) + "/sitemap.xml"
	site.put("/sitemap.xml", urlset(page("new", ago(time.Hour)), page("old", ago(80*time.Hour)), page("edge", ago(71*time.Hour)), page("undated", "")))
	p.full = true
	s := p.poll(one)
	p.want("no room", "edge new")
	if s.Note != noteNoRoom || s.ETag+s.LastModified != "" || time.Until(s.NextPoll) > restAfter {
		t.Errorf("state %+v", s)
	}
	p.full = false
	p.poll(one)
	p.want("room", "old* undated*")
	site.put("/sitemap.xml", urlset(page("undated", ""), page("undated2", ""), page("late", ago(200*time.Hour))))
	p.poll(one)
	p.want("a new page without a date is news, an old date is not", "late* undated2")

	var many []string
	for i := range maxFreshUndated + 1 {
		many = append(many, page(fmt.Sprint("x", i), ""))
	}
	site.put("/sitemap.xml", urlset(many...))
	p.poll(one)
	for url, m := range p.got {
		if !m.Backfill {
			t.Fatalf("%s of %d pages at once is fresh", url, len(p.got))
		}
	}
	if len(p.got) != len(many) {
		t.Errorf("handed over %d of %d", len(p.got), len(many))
	}
	// Fresh pages go first, wherever they stand.
	many = nil
	for i := range 100 {
		many = append(many, page(fmt.Sprint("y", i), ago(200*time.Hour)))
	}
	sitemap := urlset(append(many, page("last", ago(time.Hour)))...)
	site.put("/sitemap.xml", sitemap)
	s = p.poll(one)
	parsed, err := feed.Parse([]byte(sitemap), one, "")
	if err != nil {
		t.Fatal(err)
	}
	// What is seen is noted in the order of handing over.
	if fresh := parsed.Entries[len(many)].Hash()[:entryHashLen]; len(s.Seen) == 0 || s.Seen[0] != fresh {
		t.Errorf("the fresh page was handed over in place %d of %d", slices.Index(s.Seen, fresh), len(s.Seen))
	}
	site.put("/rss", `<rss version="2.0"><channel><title>T</title><item><title>A</title><link>`+base(0)+`/news/rss</link><pubDate>Sat, 01 Mar 2025 10:00:00 GMT</pubDate></item></channel></rss>`)
	p.poll(base(0) + "/rss")
	p.want("a feed", "rss")
}

func TestSitemapTree(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMapSite()
	var endless atomic.Int64
	base := loopbackSites(t, 1, func(_ int, base func(int) string) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", site)
		mux.HandleFunc("/endless/", func(w http.ResponseWriter, _ *http.Request) {
			n := endless.Add(1)
			var more []string
			for i := range 120 {
				more = append(more, fmt.Sprintf("%s/endless/%d-%d.xml", base(0), n, i))
			}
			fmt.Fprint(w, sitemapIndex(more...))
		})
		return mux
	})
	p := newTreePoll(t)
	hour := ago(time.Hour)
	page := func(name string) string { return base(0) + "/news/" + name + " " + hour }
	at := func(name string, d time.Duration) string { return base(0) + name + " " + ago(d) }
	root := base(0) + "/index.xml"
	index := sitemapIndex(at("/old.xml.gz", 50*time.Hour), base(0)+"/new.xml "+hour, at("/broken.xml", 2*time.Hour), at("/nested.xml", 3*time.Hour), root+" "+hour)
	site.put("/index.xml", index)
	site.put("/new.xml", urlset(page("new")))
	site.put("/old.xml.gz", urlset(page("old"), base(0)+"/news/undated"))
	site.serve("/broken.xml", func() (int, string) { return http.StatusServiceUnavailable, "" })
	site.put("/nested.xml", sitemapIndex(at("/deep.xml", time.Hour)))
	site.put("/deep.xml", urlset(page("deep")))
	s := p.poll(root)
	p.want("all but the broken one", "deep new old undated*")
	if s.State != feedOK || !strings.Contains(s.Note, "1 sitemaps cannot be read") || s.ETag != "" || !s.Children[base(0)+"/broken.xml"].Cold {
		t.Errorf("state %+v", s)
	}
	site.put("/broken.xml", urlset(page("mended"), base(0)+"/news/undated2"))
	site.put("/new.xml", urlset(page("new"), page("newer")))
	s = p.poll(root)
	p.want("the broken one, and nothing that did not change", "mended undated2*")
	if site.times("/new.xml") != 1 || site.times("/old.xml.gz") != 1 || site.times("/deep.xml") != 1 || s.Note != "" {
		t.Errorf("asked %v, note %s", site.asked, s.Note)
	}
	site.put("/index.xml", strings.ReplaceAll(index, hour, ago(time.Minute)))
	p.poll(root)
	p.want("the one that changed", "newer")

	// What the root says of a nested index says nothing of sitemaps without a date.
	site.put("/outer.xml", sitemapIndex(at("/inner.xml", 48*time.Hour)))
	site.put("/inner.xml", sitemapIndex(base(0)+"/leaf.xml"))
	site.put("/leaf.xml", urlset(page("leaf")))
	p.poll(base(0) + "/outer.xml")
	p.want("nested, first", "leaf")
	site.put("/leaf.xml", urlset(page("leaf"), page("leaf2")))
	p.poll(base(0) + "/outer.xml")
	p.want("nested, again", "leaf2")

	// Another site, which no robots.txt names.
	site.put("/foreign.xml", sitemapIndex("http://elsewhere.example/a.xml", at("/leaf.xml", time.Hour)))
	if s = p.poll(base(0) + "/foreign.xml"); s.State != feedOK || len(s.Hosted) > 0 || !strings.Contains(s.Note, "1 sitemaps on other sites") {
		t.Errorf("%s, %v, %s", s.State, s.Hosted, s.Note)
	}

	// Deeper than three, and for ever.
	for i := range 6 {
		site.put(fmt.Sprintf("/level%d.xml", i), sitemapIndex(fmt.Sprintf("%s/level%d.xml", base(0), i+1), fmt.Sprintf("%s/pages%d.xml", base(0), i)))
		site.put(fmt.Sprintf("/pages%d.xml", i), urlset(page(fmt.Sprint("level", i))))
	}
	s = p.poll(base(0) + "/level0.xml")
	p.want("three levels", "level0 level1 level2")
	if site.times("/level4.xml") != 0 || s.State != feedOK {
		t.Errorf("asked %v", site.asked)
	}
	// Every sitemap names a hundred more.
	s = p.poll(base(0) + "/endless/0.xml")
	if requests := int(endless.Load()); s.State != feedOK || requests > maxSitemaps+1 || len(s.Children) > maxTreeNotes {
		t.Errorf("%s: %d requests, %d notes", s.State, requests, len(s.Children))
	}
}

// TestSitemapsOnHostsOfOtherWorkers: a sitemap on a host of another partition is
// read by whoever owns it, and only while its parent names it.
func TestSitemapsOnHostsOfOtherWorkers(t *testing.T) {
	t.Parallel() // it waits more than it works
	const n = 6
	sites := make([]*mapSite, n)
	base := loopbackSites(t, n, func(i int, _ func(int) string) http.Handler {
		sites[i] = newMapSite()
		return sites[i]
	})
	text := ""
	for i := range n {
		text += fmt.Sprintf("Sitemap: %s/map.xml\n", base(i))
		sites[i].put("/map.xml", urlset(base(i)+"/news/a "+ago(time.Hour)))
	}
	sites[0].put("/robots.txt", text)
	b := testBus(t)
	flags := IngestFlags{Revisits: []string{"none"}}
	first, _ := runIngest(t, b, flags)
	second, _ := runIngest(t, b, flags)
	eventually(t, time.Minute, "the workers share the hosts", func() bool { return first.parts.count() == 32 && second.parts.count() == 32 })
	change := func(state string) {
		err := first.feeds.update(t.Context(), base(0)+"/robots.txt", func(s *feedState) bool {
			s.Managed, s.State = true, state
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change(feedNew)
	eventually(t, time.Minute, "every sitemap is read", func() bool {
		for i := range n {
			if sites[i].times("/news/a") != 1 {
				return false
			}
		}
		return true
	})
	for i := 1; i < n; i++ {
		if s := feedStateOf(t, first, base(i)+"/map.xml"); s.State != feedOK || s.Parent != base(0)+"/robots.txt" || s.Depth != 1 {
			t.Errorf("%s: %s %q (%s)", s.URL, s.State, s.Parent, s.LastError)
		}
	}
	// One that robots.txt no longer names.
	s := feedStateOf(t, first, base(0)+"/robots.txt")
	w := first.feedPoller.newWalk(s, found{})
	w.away = slices.Clone(s.Hosted[1:])
	gone := s.Hosted[0]
	if err := w.adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	if g := feedStateOf(t, first, gone); g.State != feedRetired || slices.Contains(w.state.Hosted, gone) {
		t.Errorf("%s is %s", gone, g.State)
	}
	change(feedRetired)
	eventually(t, time.Minute, "the sitemaps are retired with their parent", func() bool {
		first.plans.wake()
		for i := 1; i < n; i++ {
			if feedStateOf(t, first, base(i)+"/map.xml").State != feedRetired {
				return false
			}
		}
		return true
	})
}

func TestSitemapsThatAnOlderVersionReadAreNotReadAgain(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMapSite()
	base := loopbackSites(t, 1, func(int, func(int) string) http.Handler { return site })
	p := newTreePoll(t)
	root, at := base(0)+"/index.xml", time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	site.put("/index.xml", sitemapIndex(base(0)+"/a.xml "+at.Format(time.RFC3339), base(0)+"/b.xml "+at.Format(time.RFC3339)))
	site.put("/a.xml", urlset(base(0)+"/news/a"))
	site.put("/b.xml", urlset(base(0)+"/news/b"))
	old := &feedState{URL: root, State: feedOK, Sitemaps: map[string]time.Time{base(0) + "/a.xml": at}, Cadence: cadence.State{At: at}}
	if err := p.feeds.save(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	s := p.poll(root)
	p.want("the one that it did not read", "b")
	if site.times("/a.xml") != 0 || s.Sitemaps != nil || !s.Children[base(0)+"/a.xml"].Read {
		t.Errorf("asked %v, state %+v", site.asked, s)
	}
}
