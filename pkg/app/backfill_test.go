package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// mapHosts serves hosts below localhost, which are one site, from one address.
type mapHosts struct {
	addr  string
	hosts map[string]*mapSite
}

// newMapHosts starts hosts www.daily.localhost and so on.
func newMapHosts(t *testing.T, names ...string) *mapHosts {
	t.Helper()
	h := &mapHosts{hosts: map[string]*mapSite{}}
	for _, name := range names {
		h.hosts[name+".daily.localhost"] = newMapSite()
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(r.Host, ":")
		if site := h.hosts[name]; site != nil {
			site.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	h.addr = server.Listener.Addr().String()
	return h
}

func (h *mapHosts) site(name string) *mapSite { return h.hosts[name+".daily.localhost"] }

func (h *mapHosts) url(name, path string) string {
	_, port, _ := strings.Cut(h.addr, ":")
	return "http://" + name + ".daily.localhost:" + port + path
}

// handBackfill runs backfills by hand; what they hand over is kept.
type handBackfill struct {
	*backfills
	t     *testing.T
	mu    sync.Mutex
	got   map[string]int
	after int // ends the walk once so many pages are handed over; 0: never
	stop  context.CancelFunc
}

func newHandBackfill(t *testing.T) *handBackfill {
	t.Helper()
	b := testBus(t)
	jobs, err := openBucket(t.Context(), b, bus.BucketBackfill)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := openBucket(t.Context(), b, bus.BucketPages)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fetch.New(fetch.Options{AllowPrivate: true, NoDelay: true, Report: func(r fetch.Request, _ *fetch.Response, _ *fetch.Error) {
		if r.Priority != fetch.PriorityBackfill {
			t.Errorf("%s is asked for before others", r.URL)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	h := &handBackfill{t: t, got: map[string]int{}}
	h.backfills = &backfills{
		store: backfillStore{jobs}, pages: pageStore{pages}, parts: &partitions{}, fetcher: f, log: slog.New(slog.DiscardHandler),
		retry: time.Millisecond, poll: time.Millisecond,
		pending: func(context.Context, int) (uint64, error) { return 0, nil },
		enqueue: func(ctx context.Context, m urlMessage) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if !m.Backfill {
				t.Errorf("%s is handed over as a fresh page", m.URL)
			}
			h.got[m.URL]++
			if h.after > 0 && len(h.got) >= h.after {
				h.stop()
			}
			return nil
		},
	}
	h.metrics = newBackfillMetrics(prometheus.NewRegistry(), h.backfills)
	return h
}

// add stores a backfill and returns its key.
func (h *handBackfill) add(job *backfillJob) string {
	h.t.Helper()
	if job.Site == "" {
		job.Site = "daily.localhost"
	}
	if added, err := h.store.add(h.t.Context(), job); err != nil || !added {
		h.t.Fatalf("added %t: %v", added, err)
	}
	return job.key()
}

// run works on a backfill until it ends or is stopped, and returns what is stored.
func (h *handBackfill) run(key string) *backfillJob {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	h.stop = cancel
	h.work(ctx, key)
	return h.job(key)
}

func (h *handBackfill) job(key string) *backfillJob {
	h.t.Helper()
	job, err := h.store.load(context.Background(), key)
	if err != nil || job == nil {
		h.t.Fatalf("%s: %v", key, err)
	}
	return job
}

// paths returns what was handed over, without its host.
func (h *handBackfill) paths() string {
	var paths []string
	for url, times := range h.got {
		_, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/news/")
		if times > 1 {
			path += fmt.Sprint(" x", times)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return strings.Join(paths, " ")
}

func may(day int) time.Time { return time.Date(2024, time.May, day, 0, 0, 0, 0, time.UTC) }

func TestBackfillChoosesPagesByTheirDate(t *testing.T) {
	w := &backfillWalk{job: &backfillJob{Site: "daily.example", From: may(10), To: may(20)}}
	page := func(url string, published, updated time.Time) feed.Entry {
		return feed.Entry{URL: url, Entry: article.Entry{Published: published, Updated: updated}}
	}
	var none time.Time
	for _, c := range []struct {
		name string
		e    feed.Entry
		want string
	}{
		{"first moment", page("https://daily.example/a", may(10), none), ""},
		{"before it", page("https://daily.example/a", may(10).Add(-time.Second), none), backfillOutOfRange},
		{"last moment", page("https://daily.example/a", may(20).Add(-time.Second), none), ""},
		{"after it", page("https://daily.example/a", may(20), none), backfillOutOfRange},
		{"published beats address", page("https://daily.example/2024/05/15/a", may(1), none), backfillOutOfRange},
		{"address beats change", page("https://daily.example/2024/05/15/a", none, may(30)), ""},
		{"address out, change in", page("https://daily.example/2023/05/15/a", none, may(15)), backfillOutOfRange},
		{"first day", page("https://daily.example/2024/05/10/a", none, none), ""},
		{"day before", page("https://daily.example/2024/05/09/a", none, none), backfillOutOfRange},
		{"last day", page("https://daily.example/2024/05/19/a", none, none), ""},
		{"day after", page("https://daily.example/2024/05/20/a", none, none), backfillOutOfRange},
		{"month", page("https://daily.example/2024/05/a", none, none), ""},
		{"other month", page("https://daily.example/2024/06/a", none, none), backfillOutOfRange},
		{"change alone", page("https://daily.example/a", none, may(15)), ""},
		{"no date", page("https://daily.example/a", none, none), backfillNoDate},
		{"other host of the site", page("https://sport.daily.example/a", may(15), none), ""},
		{"other site", page("https://weekly.example/a", may(15), none), backfillOtherSite},
	} {
		if got := w.choose(&c.e); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	w.job.Undated = true
	e := page("https://daily.example/a", none, none)
	if got := w.choose(&e); got != "" {
		t.Errorf("no date, and --undated: %q", got)
	}
	for url, skips := range map[string]bool{
		"https://daily.example/s-2024-05.xml": false, "https://daily.example/s-2024-04.xml": true, "https://daily.example/s-2024-06.xml": true,
		"https://daily.example/s-2024-05-09.xml": false, "https://daily.example/s-2024-05-08.xml": true, "https://daily.example/s-2024.xml": false,
		"https://daily.example/s-2024-05-20.xml": false, "https://daily.example/s-2024-05-21.xml": true,
	} {
		if got := w.outOfRange(feed.SitemapRef{URL: url}); got != skips {
			t.Errorf("%s: skipped %t", url, got)
		}
	}
	if !w.outOfRange(feed.SitemapRef{URL: "https://daily.example/s.xml", LastModified: may(9)}) || w.outOfRange(feed.SitemapRef{URL: "https://daily.example/s.xml", LastModified: may(10)}) {
		t.Error("what was last changed before the range is skipped, and nothing else")
	}
}

// archiveSite has an index of months, some of them packed or nested, and one broken.
func archiveSite(h *mapHosts) {
	www := h.site("www")
	page := func(name string) string { return h.url("www", "/news/"+name) }
	index := []string{h.url("www", "/index.xml"), h.url("www", "/broken.xml"), h.url("www", "/stale.xml") + " 2024-04-30"}
	for month := 1; month <= 12; month++ {
		name := fmt.Sprintf("/sitemap-2024-%02d.xml", month)
		if month%2 == 0 {
			name += ".gz"
		}
		www.put(name, urlset(page(fmt.Sprintf("2024/%02d/03/a", month)), page(fmt.Sprintf("2024/%02d/13/b", month)), page(fmt.Sprintf("m%d", month))))
		index = append(index, h.url("www", name))
	}
	www.put("/nested.xml", sitemapIndex(h.url("www", "/deep.xml")))
	www.put("/deep.xml", urlset(page("deep")+" 2024-05-05", page("old")+" 2023-05-05", "http://elsewhere.example/news/x 2024-05-05"))
	www.put("/stale.xml", urlset(page("2024/05/01/stale")))
	www.serve("/broken.xml", func() (int, string) { return http.StatusOK, "<html><body>Sorry.</body></html>" })
	www.put("/index.xml", sitemapIndex(append(index, h.url("www", "/nested.xml"))...))
	www.put("/robots.txt", "User-agent: *\nDisallow: /closed\nSitemap: "+h.url("www", "/index.xml")+"\n")
}

func TestBackfillOfATree(t *testing.T) {
	t.Parallel() // it waits more than it works
	web := newMapHosts(t, "www")
	archiveSite(web)
	h := newHandBackfill(t)
	known := &pageState{URL: web.url("www", "/news/2024/06/03/a"), Done: true}
	if err := h.pages.save(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	job := h.run(h.add(&backfillJob{URL: web.url("www", "/robots.txt"), From: may(1), To: may(1).AddDate(0, 2, 0)}))
	if got, want := h.paths(), "2024/05/03/a 2024/05/13/b 2024/06/13/b deep"; got != want {
		t.Errorf("handed over %s, want %s", got, want)
	}
	if job.State != backfillDone || job.InRange != 5 || job.Queued != 4 || job.Known != 1 || job.Broken != 1 || job.Progress != 1 || !strings.Contains(job.Error, "broken.xml") {
		t.Errorf("job %+v", job)
	}
	www := web.site("www")
	if www.times("/sitemap-2024-03.xml") != 0 || www.times("/stale.xml") != 0 || www.times("/sitemap-2024-05.xml") != 1 || www.times("/index.xml") != 1 {
		t.Errorf("asked %v", www.asked)
	}
	// What ended is begun anew, with --undated it is another one.
	if added, err := h.store.add(t.Context(), &backfillJob{URL: job.URL, From: job.From, To: job.To}); !added || err != nil {
		t.Errorf("added again: %t %v", added, err)
	}
	if added, err := h.store.add(t.Context(), &backfillJob{URL: job.URL, From: job.From, To: job.To}); added || err != nil {
		t.Errorf("added twice: %t %v", added, err)
	}
	h.got = map[string]int{}
	h.run(h.add(&backfillJob{URL: web.url("www", "/sitemap-2024-07.xml"), From: may(1), To: may(1).AddDate(1, 0, 0), Undated: true}))
	if got := h.paths(); got != "2024/07/03/a 2024/07/13/b m7" {
		t.Errorf("handed over %s", got)
	}
	for url, want := range map[string]string{
		"/closed.xml": "robots.txt forbids it", "/none.xml": "not there (status 404)", "/broken.xml": "looks like an HTML page",
	} {
		job := h.run(h.add(&backfillJob{URL: web.url("www", url), From: may(1), To: may(2)}))
		if job.State != backfillFailed || !strings.Contains(job.Error, want) || job.Ended.IsZero() {
			t.Errorf("%s: %s, %s", url, job.State, job.Error)
		}
	}
	tries := 0
	www.serve("/shaky.xml", func() (int, string) {
		if tries++; tries < 3 {
			return cutOff, ""
		}
		return http.StatusOK, urlset(web.url("www", "/news/2024/05/01/shaky"))
	})
	if job := h.run(h.add(&backfillJob{URL: web.url("www", "/shaky.xml"), From: may(1), To: may(2)})); job.State != backfillDone || job.Queued != 1 {
		t.Errorf("shaky: %s, %s", job.State, job.Error)
	}
}

// TestBackfillGoesOnWhereItWasStopped: whenever it is cut off, nothing is missed
// and at most a chunk is repeated.
func TestBackfillGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel() // it waits more than it works
	web := newMapHosts(t, "www")
	const sitemaps, pages = 5, 330
	var index []string
	for i := range sitemaps {
		var list []string
		for n := range pages {
			list = append(list, web.url("www", fmt.Sprintf("/news/2024/05/%02d/p%d-%d", 1+n%28, i, n)))
		}
		name := fmt.Sprintf("/s%d.xml", i)
		web.site("www").put(name, urlset(list...))
		index = append(index, web.url("www", name))
	}
	web.site("www").put("/index.xml", sitemapIndex(index...))
	h := newHandBackfill(t)
	key := h.add(&backfillJob{URL: web.url("www", "/index.xml"), From: may(1), To: may(31)})
	stops := 0
	job := h.job(key)
	for ; job.active() && stops < 100; stops++ {
		before := len(h.got)
		progress := job.Progress
		h.after = before + 170 // within a chunk, or in the next one
		job = h.run(key)
		if job.Progress < progress || job.Queued > len(h.got) {
			t.Fatalf("after %d stops: %+v", stops, job)
		}
	}
	twice := 0
	for _, times := range h.got {
		if times > 1 {
			twice += times - 1
		}
	}
	t.Logf("%d stops: %d pages handed over, %d of them again", stops, len(h.got), twice)
	if job.State != backfillDone || len(h.got) != sitemaps*pages || job.InRange != sitemaps*pages || job.Queued != sitemaps*pages || job.Read != sitemaps+1 {
		t.Errorf("handed over %d of %d, job %+v", len(h.got), sitemaps*pages, job)
	}
	if twice > stops*backfillChunk {
		t.Errorf("%d pages were handed over again after %d stops", twice, stops)
	}
}

// TestBackfillRestsWhileTheSiteIsDown: a site that is away for some time loses no
// sitemap, and one that always fails holds up no other.
func TestBackfillRestsWhileTheSiteIsDown(t *testing.T) {
	t.Parallel() // it waits more than it works
	web := newMapHosts(t, "www")
	www := web.site("www")
	var mu sync.Mutex
	down := true
	var index []string
	for i := range 6 {
		name := fmt.Sprintf("/s%d.xml", i)
		index = append(index, web.url("www", name))
		www.serve(name, func() (int, string) {
			mu.Lock()
			defer mu.Unlock()
			if down && i < 5 || i == 1 {
				return cutOff, ""
			}
			return http.StatusOK, urlset(web.url("www", fmt.Sprintf("/news/2024/05/01/p%d", i)))
		})
	}
	www.put("/index.xml", sitemapIndex(index...))
	h := newHandBackfill(t)
	key := h.add(&backfillJob{URL: web.url("www", "/index.xml"), From: may(1), To: may(2)})
	for i := range 3 {
		job := h.run(key)
		if job.State != backfillRunning || job.Pauses != i+1 || job.Broken != 0 || h.paths() != "2024/05/01/p5" || www.times("/s1.xml") != 0 {
			t.Fatalf("%s after %d pauses, %d broken: %s", job.State, job.Pauses, job.Broken, h.paths())
		}
	}
	// The index is away, too, when the backfill goes on in the middle of it.
	www.serve("/index.xml", func() (int, string) { return cutOff, "" })
	if job := h.run(key); job.State != backfillRunning || job.Pauses != 4 || job.Broken != 0 {
		t.Fatalf("%s after %d pauses, %d broken", job.State, job.Pauses, job.Broken)
	}
	www.put("/index.xml", sitemapIndex(index...))
	mu.Lock()
	down = false
	mu.Unlock()
	job := h.run(key)
	if job.State != backfillDone || job.Broken != 1 || h.paths() != "2024/05/01/p0 2024/05/01/p2 2024/05/01/p3 2024/05/01/p4 2024/05/01/p5" {
		t.Errorf("%s, %d broken: %s", job.State, job.Broken, h.paths())
	}
}

func TestBackfillOfHostileSitemaps(t *testing.T) {
	t.Parallel() // it waits more than it works
	web := newMapHosts(t, "www")
	www := web.site("www")
	h := newHandBackfill(t)
	run := func(path string) *backfillJob {
		h.got = map[string]int{}
		return h.run(h.add(&backfillJob{URL: web.url("www", path), From: may(1), To: may(2)}))
	}
	// An index that names itself, and two that name each other.
	www.put("/self.xml", sitemapIndex(web.url("www", "/self.xml"), web.url("www", "/pages.xml")))
	www.put("/pages.xml", urlset(web.url("www", "/news/2024/05/01/a")))
	if job := run("/self.xml"); job.State != backfillDone || job.Read != 2 || www.times("/self.xml") != 1 {
		t.Errorf("%+v", job)
	}
	www.put("/ping.xml", sitemapIndex(web.url("www", "/pong.xml")))
	www.put("/pong.xml", sitemapIndex(web.url("www", "/ping.xml")))
	if job := run("/ping.xml"); job.State != backfillDone || job.Read != 2 {
		t.Errorf("%+v", job)
	}
	for i := range 8 {
		www.put(fmt.Sprintf("/n%d.xml", i), sitemapIndex(web.url("www", fmt.Sprintf("/n%d.xml", i+1))))
	}
	if job := run("/n0.xml"); job.State != backfillDone || job.Read != maxTreeDepth || !strings.Contains(job.Error, "indexes deep") {
		t.Errorf("%+v", job)
	}
	// A hundred thousand children, of other times all of them.
	var many []string
	for i := range 100_000 {
		many = append(many, web.url("www", fmt.Sprintf("/m%d.xml", i))+" 2023-01-01")
	}
	www.put("/many.xml", sitemapIndex(many...))
	if job := run("/many.xml"); job.State != backfillDone || job.Read != 1 || job.Skipped != 50_000 || !strings.Contains(job.Error, "too many") {
		t.Errorf("%+v", job)
	}
	// A million pages: what is read is bounded, and it is said.
	var b strings.Builder
	b.WriteString("<urlset>")
	for i := range 1_000_000 {
		fmt.Fprintf(&b, "<url><loc>/news/%d</loc></url>", i)
	}
	www.put("/million.xml.gz", b.String()+"</urlset>")
	if job := run("/million.xml.gz"); !strings.Contains(job.Error, "million.xml.gz: ") || job.State != backfillDone || job.InRange != 0 {
		t.Errorf("%+v", job)
	}
	// Sitemaps on a thousand hosts of the site: one part for each partition, and
	// none where it is a part of a part itself.
	var spread []string
	elsewhere := 0
	for i := range 1000 {
		spread = append(spread, web.url(fmt.Sprint("h", i), "/map.xml")+" 2024-05-02")
		if partitionOf(spread[i][:strings.IndexByte(spread[i], ' ')]) != partitionOf(web.url("www", "/")) {
			elsewhere++
		}
	}
	www.put("/spread.xml", sitemapIndex(spread...))
	job := run("/spread.xml")
	all, err := h.store.all(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	parts, handed := 0, 0
	for key, part := range all {
		if part.Root != job.key() {
			continue
		}
		parts++
		handed += len(part.Sitemaps)
		for _, s := range part.Sitemaps {
			if partitionOf(s.URL) != keyPartition(key) {
				t.Errorf("%s in part %s", s.URL, key)
			}
		}
	}
	if parts != job.Parts || parts > bus.Partitions-1 || handed != elsewhere || job.Broken != 1000-elsewhere {
		t.Errorf("%d parts of %d sitemaps, want %d; %+v", parts, handed, elsewhere, job)
	}
	if job := h.run(h.add(&backfillJob{URL: web.url("www", "/spread.xml"), From: may(1), To: may(3), Level: 2})); job.Parts != 0 || job.State != backfillDone {
		t.Errorf("%+v", job)
	}
	// Sitemaps of other sites.
	www.put("/foreign.xml", sitemapIndex("http://elsewhere.example/a.xml", web.url("www", "/pages.xml")))
	if job := run("/foreign.xml"); job.State != backfillDone || job.Read != 2 || job.Parts != 0 || !strings.Contains(job.Error, "another site") {
		t.Errorf("%+v", job)
	}
}

func TestBackfillRange(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ from, to, first, after string }{
		{"2024-05-17", "2024-05-17", "2024-05-17T00:00:00Z", "2024-05-18T00:00:00Z"},
		{"2024-05", "2024-12", "2024-05-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"2023", "2024", "2023-01-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"2024-02", "2024-02-29", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2026", "", "2026-01-01T00:00:00Z", "2026-03-05T00:00:00Z"},
	} {
		first, after, err := backfillRange(c.from, c.to, now)
		if err != nil || first.Format(time.RFC3339) != c.first || after.Format(time.RFC3339) != c.after {
			t.Errorf("%s to %s: %s to %s, %v", c.from, c.to, first, after, err)
		}
	}
}

func TestBackfillsAreShownWithTheirParts(t *testing.T) {
	run := may(1).UnixNano()
	root := &backfillJob{URL: "https://daily.example/robots.txt", State: backfillDone, Run: run, Progress: 1, Queued: 100, Active: time.Minute, From: may(1), To: may(2)}
	all := map[string]*backfillJob{
		root.key():   root,
		"1.part":     {Root: root.key(), Run: run, State: backfillRunning, Queued: 20, Active: 2 * time.Minute, Error: "x"},
		"2.earlier":  {Root: root.key(), Run: run - 1, State: backfillFailed, Queued: 1000},
		"3.orphan":   {Root: "9.gone", Run: run, State: backfillFailed},
		"4.newer":    {Root: root.key(), Run: run, State: "unheard of"},
		"5.finished": {Root: root.key(), Run: run, State: backfillDone, Progress: 1},
	}
	whole := wholeBackfills(all)
	if len(whole) != 1 {
		t.Fatalf("%d backfills", len(whole))
	}
	j := whole[0]
	rate, left := j.pace()
	if j.State != backfillRunning || j.Queued != 120 || j.Error != "x" || j.Progress != 0.5 || rate != "60/min" || left != "2m0s" {
		t.Errorf("%+v, %s, %s", j, rate, left)
	}
	if j.span() != "2024-05-01 to 2024-05-01" || root.Queued != 100 {
		t.Errorf("span %s, the stored one has %d", j.span(), root.Queued)
	}
}
