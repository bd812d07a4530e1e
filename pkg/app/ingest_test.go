package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/bus"
)

// hits counts requests by path.
type hits struct {
	mu    sync.Mutex
	count map[string]int
}

func (h *hits) add(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count == nil {
		h.count = map[string]int{}
	}
	h.count[path]++
}

func (h *hits) of(path string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count[path]
}

// runIngest runs an ingest worker that polls often, until the returned function
// is called.
func runIngest(t testing.TB, b *bus.Bus, f IngestFlags) (w *ingestWorker, stop func()) {
	t.Helper()
	f.PollInterval = pollInterval(minInterval)
	return startIngest(t, b, f)
}

// startIngest runs an ingest worker on a broker until the returned function is
// called. change may alter it before it starts.
func startIngest(t testing.TB, b *bus.Bus, f IngestFlags, change ...func(*ingestWorker)) (w *ingestWorker, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f.AllowPrivate, f.FetchWorkers = true, 16
	d := deps{bus: b, log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry(), name: workerName("test")}
	w, err := newIngest(ctx, d, f, strings.NewReader(""))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	for _, c := range change {
		c(w)
	}
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stopped := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stopped)
	return w, stopped
}

// messagesOf counts the messages of a stream.
func messagesOf(t testing.TB, b *bus.Bus, stream string) int {
	t.Helper()
	s, err := b.JetStream().Stream(context.Background(), stream)
	if err != nil {
		t.Fatal(err)
	}
	return int(s.CachedInfo().State.Msgs)
}

// feedStateOf reads the state of a feed.
func feedStateOf(t testing.TB, w *ingestWorker, url string) *feedState {
	t.Helper()
	s, err := w.feeds.load(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestIngestSettlesEveryKindOfAnswer(t *testing.T) {
	t.Parallel() // it waits more than it works
	var seen hits
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	answer := func(path string, h http.HandlerFunc) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { seen.add(r.URL.Path); h(w, r) })
	}
	page := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<html><body><p>A page.</p></body></html>")
	}
	answer("/robots.txt", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "User-agent: *\nDisallow: /private/\n") })
	answer("/feed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(w, `<rss version="2.0"><channel><title>T</title>`)
		for _, p := range []string{"good", "missing", "private/x", "picture", "gone"} {
			fmt.Fprintf(w, "<item><title>%s</title><link>%s/%s</link></item>", p, srv.URL, p)
		}
		fmt.Fprint(w, `</channel></rss>`)
	})
	answer("/good", page)
	answer("/private/x", page)
	answer("/missing", http.NotFound)
	answer("/gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	answer("/picture", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, "\x89PNG")
	})
	answer("/nofeed", page)
	answer("/front", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>Front</body></html>`)
	})
	answer("/listed", page)

	b := testBus(t)
	feeds := writeFile(t, "feeds.txt", srv.URL+"/feed\n"+srv.URL+"/nofeed\n"+srv.URL+"/front\n")
	urls := writeFile(t, "urls.txt", srv.URL+"/listed\n"+srv.URL+"/good\n")
	w, stop := runIngest(t, b, IngestFlags{Feeds: []string{feeds}, URLs: []string{urls}})
	settled := func() bool {
		for _, u := range []string{"/good", "/missing", "/private/x", "/gone", "/listed"} {
			if s, err := w.pages.load(context.Background(), srv.URL+u); err != nil || !s.Done {
				return false
			}
		}
		return messagesOf(t, b, bus.StreamDead) == 1 && messagesOf(t, b, bus.StreamURLs) == 0
	}
	eventually(t, 30*time.Second, "every page is settled", settled)
	eventually(t, 30*time.Second, "every feed is polled", func() bool {
		return feedStateOf(t, w, srv.URL+"/nofeed").State == feedFailing && feedStateOf(t, w, srv.URL+"/front").State == feedOK
	})

	if n := messagesOf(t, b, bus.StreamPages); n != 2 {
		t.Errorf("%d pages went to the cleaner, want the good one and the listed one", n)
	}
	letters, _, err := b.ListDead(t.Context(), bus.DeadQuery{})
	if err != nil || len(letters) != 1 || letters[0].Reason != "not_html" {
		t.Errorf("dead letters %+v, %v; want the picture", letters, err)
	}
	if seen.of("/private/x") != 0 {
		t.Error("a page was fetched that robots.txt forbids")
	}
	if e := feedStateOf(t, w, srv.URL+"/nofeed").LastError; !strings.Contains(e, "give the address of the feed itself") {
		t.Errorf("the error of a feed that is none does not help: %q", e)
	}
	if s := feedStateOf(t, w, srv.URL+"/front"); s.Resolved != srv.URL+"/feed" || s.Entries != 5 {
		t.Errorf("the page's feed was not found: %+v", s)
	}
	stop()

	// A restart fetches no page again.
	before := map[string]int{}
	for _, p := range []string{"/good", "/missing", "/listed", "/gone", "/picture"} {
		before[p] = seen.of(p)
	}
	w, _ = runIngest(t, b, IngestFlags{Feeds: []string{feeds}, URLs: []string{urls}})
	last := feedStateOf(t, w, srv.URL+"/feed").LastPoll
	eventually(t, 40*time.Second, "the feed is polled again", func() bool { return feedStateOf(t, w, srv.URL+"/feed").LastPoll.After(last) })
	for p, n := range before {
		if seen.of(p) != n {
			t.Errorf("%s was fetched again after a restart", p)
		}
	}
}

// TestFullStreamIsShownAndWaitedFor: the pages of a list wait in one stream, those
// of a feed in another.
func TestFullStreamIsShownAndWaitedFor(t *testing.T) {
	t.Parallel() // it waits more than it works
	t.Run("list", func(t *testing.T) { testFullStream(t, bus.StreamBackfill) })
	t.Run("feed", func(t *testing.T) { testFullStream(t, bus.StreamURLs) })
}

func testFullStream(t *testing.T, stream string) {
	t.Parallel()
	server, _ := startTestBroker(t)
	b, err := bus.Connect(t.Context(), bus.Options{
		InProcess: server, Logger: slog.New(slog.DiscardHandler), MaxBytes: map[string]int64{stream: 3000},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close(context.Background()) }()
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	var once sync.Once
	var list, feed strings.Builder
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/robots.txt":
		case "/feed":
			w.Header().Set("Content-Type", "application/rss+xml")
			fmt.Fprint(w, feed.String())
			return
		default:
			<-release
		}
		fmt.Fprintf(w, "<html><body><p>The page %s.</p></body></html>", r.URL.Path)
	}))
	defer srv.Close()
	defer once.Do(func() { close(release) })
	const pages = 60
	feed.WriteString(`<rss version="2.0"><channel><title>T</title>`)
	for i := range pages {
		fmt.Fprintf(&list, "%s/page/%d\n", srv.URL, i)
		fmt.Fprintf(&feed, "<item><title>%d</title><link>%s/page/%d</link></item>", i, srv.URL, i)
	}
	feed.WriteString(`</channel></rss>`)
	flags := IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", srv.URL+"/feed\n")}}
	if stream == bus.StreamBackfill {
		flags = IngestFlags{URLs: []string{writeFile(t, "urls.txt", list.String())}}
	}
	w, _ := runIngest(t, b, flags)
	eventually(t, 40*time.Second, "the worker says that the stream is full", func() bool {
		err := w.Degraded()
		return err != nil && strings.Contains(err.Error(), stream+" is full")
	})
	if err := w.Ready(t.Context()); err != nil {
		t.Errorf("a full stream is back-pressure, not failure: %v", err)
	}
	once.Do(func() { close(release) })
	eventually(t, 60*time.Second, "every page is fetched once there is room", func() bool { return messagesOf(t, b, bus.StreamPages) == pages })
	if err := w.Degraded(); err != nil {
		t.Errorf("still degraded: %v", err)
	}
}

func TestWorkersSharePartitions(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := testBus(t)
	feeds := writeFile(t, "feeds.txt", "")
	owned := func() map[string]int {
		owners, err := b.ShareOwners(t.Context(), shareIngest)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, name := range owners {
			n[name]++
		}
		return n
	}
	first, stopFirst := runIngest(t, b, IngestFlags{Feeds: []string{feeds}})
	eventually(t, 20*time.Second, "the first worker owns every partition", func() bool { return owned()[first.name] == bus.Partitions })
	second, stopSecond := runIngest(t, b, IngestFlags{Feeds: []string{feeds}})
	defer stopSecond()
	if err := second.Ready(t.Context()); err != nil {
		t.Errorf("a worker that owns nothing yet is not ready: %v", err)
	}
	eventually(t, 20*time.Second, "both own half of them", func() bool {
		return first.parts.count() == bus.Partitions/2 && second.parts.count() == bus.Partitions/2
	})
	stopFirst()
	eventually(t, 20*time.Second, "the second worker took the rest over", func() bool { return second.parts.count() == bus.Partitions })
}

func TestWorkersSurviveBrokerRestart(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := testNewsroom(t, 40)
	want := expected(site)
	c := newCluster(t, site)
	c.startAll()
	eventually(t, 60*time.Second, "some articles are searchable", func() bool { return c.api().total() > 5 })
	c.broker.kill()
	ready := func() bool {
		resp, err := http.Get("http://" + c.httpNorm + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
	eventually(t, 30*time.Second, "readiness shows that the broker is away", func() bool { return !ready() })
	if c.api().total() < 5 {
		t.Error("search stopped with the broker")
	}
	for words, p := range map[string]*process{"lost the share": c.ingest, "lease ended": c.idx} {
		eventually(t, 30*time.Second, "a worker says: "+words, func() bool { return strings.Contains(p.output.String(), words) })
	}
	c.broker = startBroker(t, c.dir, c.brokerAddr)
	eventually(t, 60*time.Second, "readiness shows that the broker is back", ready)
	eventually(t, 3*time.Minute, "every article is searchable", func() bool { return c.api().total() >= len(want) })
	c.drained(t, time.Minute)
	lost, twice, extra := c.count(t, want)
	if dead := c.messages(t, bus.StreamDead); lost+twice+extra+dead != 0 {
		t.Errorf("%d lost, %d twice, %d unexpected, %d dead letters", lost, twice, extra, dead)
	}
}
