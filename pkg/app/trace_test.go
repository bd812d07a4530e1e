package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/search"
)

// pipeline is a broker and the workers that a test starts, all in this process.
type pipeline struct {
	bus    *bus.Bus
	broker string // URL
}

func newPipeline(t *testing.T) pipeline {
	t.Helper()
	server, url := startTestBroker(t)
	b, err := bus.Connect(t.Context(), bus.Options{InProcess: server, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(context.Background()) })
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return pipeline{b, url}
}

func (p pipeline) deps() deps {
	return deps{bus: p.bus, log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry(), name: workerName("test")}
}

// run runs a worker until the test ends or stop is called.
func (p pipeline) run(t *testing.T, w runner, err error) (stop func()) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			<-done
		}
	}
	t.Cleanup(stop)
	return stop
}

// search starts an index worker with the search API and returns its address.
func (p pipeline) search(t *testing.T) string {
	t.Helper()
	ix := sharedIndexIn(filepath.Join(t.TempDir(), "index"), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err := ix.tryOpen(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	flags := RelateFlags{CopyWindow: 168 * time.Hour, StoryWindow: 240 * time.Hour, MaxRelated: 10_000}
	w, err := newSearchWorker(t.Context(), p.deps(), ix, SearchFlags{}, flags, l)
	p.run(t, w, err)
	return "http://" + l.Addr().String()
}

// trace runs the command and returns what it prints as JSON.
func (p pipeline) trace(t *testing.T, server, url string) *search.Trace {
	t.Helper()
	var out, errOut bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut}
	args := []string{"trace", "--json", "--nats", p.broker, "--server", server, url}
	if code := Main("copydesk", "", &Tool{}, args, env); code != exitDone {
		t.Fatalf("trace %s: status %d: %s", url, code, errOut.String())
	}
	got := &search.Trace{}
	if err := json.Unmarshal(out.Bytes(), got); err != nil {
		t.Fatalf("trace %s: %v: %s", url, err, out.String())
	}
	return got
}

// tracedSite serves a feed of pages that come to every kind of end.
func tracedSite(t *testing.T) (site *httptest.Server, ends map[string]string) {
	t.Helper()
	ends = map[string]string{
		"/report": search.TraceIndexed, "/copy": search.TraceIndexed, "/private": search.TraceRefused, "/missing": search.TraceRefused,
		"/gone": search.TraceDeadLetter, "/image": search.TraceDeadLetter, "/moved": search.TraceIndexed,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "User-agent: *\nDisallow: /private\n") })
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		fmt.Fprint(w, shortReport)
	})
	mux.HandleFunc("/copy", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Replace(shortReport, "<h1>", `<h1 class="other">`, 1))
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/report?page=1", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/gone", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, somethingElse) })
	mux.HandleFunc("/image", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "image/png") })
	site = httptest.NewServer(mux)
	t.Cleanup(site.Close)
	mux.HandleFunc("/feed", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<rss version="2.0"><channel><title>Ferry News</title>`)
		for path := range ends {
			fmt.Fprintf(w, "<item><title>%s</title><link>%s%s?utm_source=rss</link></item>", path, site.URL, path)
		}
		fmt.Fprint(w, "</channel></rss>")
	})
	return site, ends
}

// TestTraceEndToEnd: from a feed to every end that a page can come to, the
// trace tells where the page is and why.
func TestTraceEndToEnd(t *testing.T) {
	t.Parallel() // it waits more than it works
	p := newPipeline(t)
	server := p.search(t)
	site, ends := tracedSite(t)
	runIngest(t, p.bus, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.URL+"/feed\n")}, Revisits: []string{"1h"}, TakedownAfter: time.Hour})
	w, err := newNormalize(p.deps())
	p.run(t, w, err)
	for path, want := range ends {
		eventually(t, time.Minute, path+" is "+want, func() bool { return p.trace(t, server, site.URL+path).State == want })
	}
	report := p.trace(t, server, site.URL+"/report?utm_source=mail#top")
	a := report.Articles[0]
	if a.Words < 60 || a.Title != "Ferry fares rise" || a.Story == "" || report.Feed == nil || report.Feed.State != feedOK || report.Fetch.Status != 200 || report.Fetch.ETag == "" {
		t.Errorf("trace of the report: %+v, feed %+v, fetch %+v", a, report.Feed, report.Fetch)
	}
	wantSteps(t, report, "found", "fetched", "cleaned", "indexed", "story", "planned")
	if report.TookMS > 1000 {
		t.Errorf("the trace took %d ms", report.TookMS)
	}
	moved := p.trace(t, server, site.URL+"/moved")
	if moved.Fetch.FinalURL != site.URL+"/report?page=1" {
		t.Errorf("the redirect is not told: %+v", moved.Fetch)
	}
	for path, want := range map[string]string{
		"/private": "robots.txt", "/missing": "404", "/gone": "soft404", "/image": "image/png", "/nothing": "no feed or list",
	} {
		if got := p.trace(t, server, site.URL+path); !strings.Contains(got.Reason, want) {
			t.Errorf("%s: %q does not tell of %s", path, got.Reason, want)
		}
	}
	if got := p.trace(t, server, site.URL+"/feed"); got.State != search.TraceFeed {
		t.Errorf("trace of the feed: %s, %s", got.State, got.Reason)
	}
	var byID search.Trace
	if err := searchAPI(server).get("/api/v1/articles/"+a.ID+"/trace", &byID); err != nil || byID.State != search.TraceIndexed || byID.URL != report.URL {
		t.Errorf("trace by the id: %+v, %v", byID, err)
	}
	// The index is away: what the broker knows is told, and what is not known.
	away := p.trace(t, "http://127.0.0.1:1", site.URL+"/report")
	if away.State != search.TraceFetched || len(away.Notes) != 2 {
		t.Errorf("without a search server: %s, notes %q", away.State, away.Notes)
	}
}

func wantSteps(t *testing.T, tr *search.Trace, want ...string) {
	t.Helper()
	var got []string
	for _, s := range tr.Steps {
		got = append(got, s.What)
	}
	for _, w := range want {
		i := slices.Index(got, w)
		if i < 0 {
			t.Errorf("steps %v: no %q in its place", got, w)
			return
		}
		got = got[i+1:]
	}
}

// TestTraceOfWhatWaits: a page is found in whichever stream it waits.
func TestTraceOfWhatWaits(t *testing.T) {
	p := newPipeline(t)
	tr := tracer{bus: p.bus}
	const url = "https://herald.example/a"
	state := func(want, reason string) {
		t.Helper()
		got, err := tr.TraceURL(t.Context(), url)
		if err != nil || got.State != want || !strings.Contains(got.Reason, reason) {
			t.Errorf("%+v, %v; want %s, %s", got, err, want, reason)
		}
	}
	state(search.TraceUnknown, "no feed or list")
	blockSite(t, p.bus, "herald.example")
	state(search.TraceUnknown, "its site herald.example is blocked (robots)")
	data, partition, msgID, err := encodeURLMessage(urlMessage{URL: url, Feed: "https://herald.example/feed"})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(subject string, data []byte, id string) {
		t.Helper()
		if _, err := p.bus.JetStream().Publish(t.Context(), subject, data, jetstream.WithMsgID(id)); err != nil {
			t.Fatal(err)
		}
	}
	// Others of the partition wait in front.
	for i := range 20 {
		publish(bus.URLSubject(partition), fmt.Appendf(nil, `{"url":"https://herald.example/%d"}`, i), fmt.Sprint(i))
	}
	publish(bus.URLSubject(partition), data, msgID)
	state(search.TraceToFetch, "waits to be fetched")
	b, err := openBucket(t.Context(), p.bus, bus.BucketPages)
	if err != nil {
		t.Fatal(err)
	}
	save := func(s pageState) {
		t.Helper()
		before, err := (pageStore{b}).load(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		s.URL, s.revision = url, before.revision
		if err := (pageStore{b}).save(t.Context(), &s); err != nil {
			t.Fatal(err)
		}
	}
	save(pageState{Error: "timeout", Attempts: 2})
	state(search.TraceRetrying, "2 attempts")
	publish(bus.PageSubject(article.ID(url)), []byte("x"), "page")
	state(search.TraceToClean, "waits to be cleaned")
	publish(bus.ArticleSubject(article.ID(url)), []byte("x"), "article")
	state(search.TraceToIndex, "waits to be indexed")
	for _, stream := range []string{bus.StreamURLs, bus.StreamPages, bus.StreamArticles} {
		s, err := p.bus.JetStream().Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	state(search.TraceRetrying, "2 attempts")
	save(pageState{Error: "robots", Done: true})
	state(search.TraceRefused, "robots.txt")
	save(pageState{Done: true, FetchedAt: time.Now(), Status: 200})
	state(search.TraceFetched, "most likely in the index")
	if err := (pageStore{b}).setAside(t.Context(), url, "listing"); err != nil {
		t.Fatal(err)
	}
	state(search.TraceAside, "listing")
	save(pageState{Done: true, FetchedAt: time.Now(), GoneSince: time.Now(), TakenDown: time.Now()})
	state(search.TraceWithdrawn, "took it down")
}

// TestTraceIsBounded: a queue of many thousand URLs costs no more than one of
// a few hundred, and the trace says how far it looked.
func TestTraceIsBounded(t *testing.T) {
	p := newPipeline(t)
	const url = "https://herald.example/last"
	data, partition, _, err := encodeURLMessage(urlMessage{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * maxPeek {
		if _, err := p.bus.JetStream().PublishAsync(bus.URLSubject(partition), fmt.Appendf(nil, `{"url":"https://herald.example/%d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	<-p.bus.JetStream().PublishAsyncComplete()
	if _, err := p.bus.JetStream().Publish(t.Context(), bus.URLSubject(partition), data); err != nil {
		t.Fatal(err)
	}
	got, err := tracer{bus: p.bus}.TraceURL(t.Context(), url)
	if err != nil || len(got.Waiting) != 0 || !strings.Contains(strings.Join(got.Notes, " "), "only those were looked through") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTraceRefusesWhatIsNoURL(t *testing.T) {
	var errOut bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &errOut}
	if code := Main("copydesk", "", &Tool{}, []string{"trace", "herald.example/a"}, env); code != exitUsage || !strings.Contains(errOut.String(), "invalid URL") {
		t.Errorf("status %d: %s", code, errOut.String())
	}
}

// blockSite records that a publisher lets nobody in.
func blockSite(t *testing.T, b *bus.Bus, site string) {
	t.Helper()
	sites, err := openBucket(t.Context(), b, bus.BucketSites)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(siteState{Site: site, Pages: streak{Kind: siteBlocked, Count: streakOf, Since: time.Now(), Why: "robots"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sites.put(t.Context(), article.ID(site), data); err != nil {
		t.Fatal(err)
	}
}
