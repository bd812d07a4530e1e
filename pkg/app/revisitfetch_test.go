package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
)

// mutableSite answers for pages whose content and status a test changes.
type mutableSite struct {
	*httptest.Server
	hits

	mu     sync.Mutex
	body   map[string]string
	status map[string]int
}

func newMutableSite(t testing.TB) *mutableSite {
	s := &mutableSite{body: map[string]string{}, status: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.add(r.URL.Path)
		s.mu.Lock()
		body, status := s.body[r.URL.Path], s.status[r.URL.Path]
		s.mu.Unlock()
		switch {
		case status == http.StatusFound:
			http.Redirect(w, r, body, status)
		case status != 0:
			w.WriteHeader(status)
		case body == "":
			http.NotFound(w, r)
		default:
			w.Header().Set("ETag", `"`+article.BytesHash([]byte(body))+`"`)
			http.ServeContent(w, r, "page.html", time.Time{}, strings.NewReader(body))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *mutableSite) set(path, body string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body[path], s.status[path] = body, status
}

// pageMessages returns what stream PAGES holds, oldest first.
func pageMessages(t testing.TB, b *bus.Bus) []*jetstream.RawStreamMsg {
	t.Helper()
	s, err := b.JetStream().Stream(t.Context(), bus.StreamPages)
	if err != nil {
		t.Fatal(err)
	}
	var list []*jetstream.RawStreamMsg
	for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
		msg, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, msg)
	}
	return list
}

// manySteps are looks that go on for longer than any test.
func manySteps() []string {
	var steps []string
	for at, i := 1.0, 0; i < maxRevisitSteps; i, at = i+1, at*1.4+0.5 {
		steps = append(steps, fmt.Sprintf("%dms", int(at*1000)))
	}
	return steps
}

func looked(w *ingestWorker, outcome string) int {
	return int(testutil.ToFloat64(w.looks.metrics.outcomes.WithLabelValues(outcome)))
}

func TestPagesAreLookedAtAgain(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMutableSite(t)
	const first, second = "<html><body><p>First words.</p></body></html>", "<html><body><p>Other words.</p></body></html>"
	for _, p := range []string{"/changes", "/gone", "/fails", "/leads", "/front-soon", "/target"} {
		site.set(p, first, 0)
	}
	site.set("/", "<p>The front page.</p>", 0)
	site.set("/leads", "/target", http.StatusFound)
	site.set("/never", "", http.StatusNotFound)
	var list string
	for _, p := range []string{"/changes", "/gone", "/fails", "/leads", "/front-soon", "/never", "/"} {
		list += site.URL + p + "\n"
	}
	b := testBus(t)
	w, _ := runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", list)}, Revisits: manySteps(), TakedownAfter: time.Second})
	eventually(t, 20*time.Second, "six pages go downstream", func() bool { return messagesOf(t, b, bus.StreamPages) == 6 })
	eventually(t, 20*time.Second, "pages are looked at", func() bool { return looked(w, lookUnchanged) >= 5 })
	if n := messagesOf(t, b, bus.StreamPages); n != 6 {
		t.Fatalf("%d pages went downstream, want 6: those that did not change must not", n)
	}

	// There and back again: what a page said before it may say again.
	site.set("/changes", second, 0)
	eventually(t, time.Minute, "the changed page goes downstream", func() bool { return messagesOf(t, b, bus.StreamPages) == 7 })
	site.set("/changes", first, 0)
	eventually(t, time.Minute, "it goes downstream with its first words", func() bool { return messagesOf(t, b, bus.StreamPages) == 8 })

	site.set("/fails", "", http.StatusServiceUnavailable)
	site.set("/leads", "", http.StatusNotFound) // what it led to stays
	site.set("/front-soon", "/", http.StatusFound)
	eventually(t, time.Minute, "looks fail", func() bool { return looked(w, lookFailed) >= 2 && looked(w, lookMoved) >= 1 })
	site.set("/gone", "", http.StatusGone)
	eventually(t, time.Minute, "the page is taken down", func() bool { return looked(w, lookTakenDown) == 1 })
	messages := pageMessages(t, b)
	if len(messages) != 9 {
		t.Fatalf("%d messages went downstream, want 9", len(messages))
	}
	down, err := article.ReadTakedown(messages[8].Data)
	if err != nil {
		t.Fatal(err)
	}
	if want := article.ID(site.URL + "/gone"); down.Page != want || down.Status != http.StatusGone || messages[8].Header.Get(article.HeaderTakedown) != "410" {
		t.Errorf("takedown %+v with header %v, want page %s", down, messages[8].Header, want)
	}

	site.set("/gone", first, 0)
	eventually(t, 2*time.Minute, "the page returns", func() bool { return looked(w, lookReturned) == 1 })
	eventually(t, 10*time.Second, "it goes downstream", func() bool { return messagesOf(t, b, bus.StreamPages) == 10 })
	if dead := messagesOf(t, b, bus.StreamDead); dead != 0 {
		t.Errorf("%d dead letters of pages that are known", dead)
	}
	if site.of("/never") != 1 || site.of("/leads") != 1 {
		t.Errorf("a page that never was, or an address that leads to one, is looked at again: %d, %d requests", site.of("/never"), site.of("/leads"))
	}
}

// TestLookSurvivesCrashAndIsNotRepeated plays a worker that died with a look in
// stream URLS and the state not saved.
func TestLookSurvivesCrashAndIsNotRepeated(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMutableSite(t)
	site.set("/a", "<p>New words.</p>", 0)
	b := testBus(t)
	pages, err := openBucket(t.Context(), b, bus.BucketPages)
	if err != nil {
		t.Fatal(err)
	}
	url := site.URL + "/a"
	now := time.Now()
	state := &pageState{
		URL: url, FinalURL: url, PageID: article.ID(url), FetchedAt: now.Add(-time.Hour), FirstFetch: now.Add(-time.Hour),
		Status: 200, BodyHash: "other", Done: true, NextRevisit: now.Add(-time.Minute).UTC().Truncate(time.Millisecond),
		Feed: "https://feeds.example/a", Hints: article.Entry{Language: "en"},
	}
	if err := (pageStore{pages}).save(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	publish := func() {
		data, partition, msgID, err := encodeURLMessage(urlMessage{URL: url, Feed: state.Feed, Entry: state.Hints, Revisit: state.NextRevisit})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.JetStream().Publish(t.Context(), bus.URLSubject(partition), data, jetstream.WithMsgID(msgID)); err != nil {
			t.Fatal(err)
		}
	}
	publish()
	w, stop := runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", "")}, Revisits: []string{"1m", "30h"}, TakedownAfter: time.Hour})
	settled := func() bool {
		s, err := w.pages.load(context.Background(), url)
		return err == nil && s.NextRevisit.After(now) && messagesOf(t, b, bus.StreamURLs) == 0
	}
	eventually(t, 20*time.Second, "the look is settled", settled)
	publish()
	publish()
	eventually(t, 20*time.Second, "what was queued twice is dropped", settled)
	if n, p := site.of("/a"), messagesOf(t, b, bus.StreamPages); n != 1 || p != 1 {
		t.Errorf("%d requests and %d pages, want one of each", n, p)
	}
	msg := pageMessages(t, b)[0]
	if got := msg.Header.Get(article.HeaderFeed); got != state.Feed {
		t.Errorf("the page came with feed %q, want the one that named it", got)
	}
	var entry article.Entry
	if err := json.Unmarshal([]byte(msg.Header.Get(article.HeaderEntry)), &entry); err != nil || entry.Language != "en" {
		t.Errorf("the page came with hints %+v, %v", entry, err)
	}
	eventually(t, 10*time.Second, "the next look is queued", func() bool { return w.looks.count() == 1 })
	stop()
	// The next owner finds the look in the bucket.
	w, _ = runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", "")}, Revisits: []string{"1m", "30h"}, TakedownAfter: time.Hour})
	eventually(t, 20*time.Second, "the queue is made anew", func() bool { return w.looks.count() == 1 })
}

// TestChangedEntryIsFetchedAgain: a feed that says that an entry was updated is
// reason enough to look at its page at once.
func TestChangedEntryIsFetchedAgain(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMutableSite(t)
	feed := func(updated string) string {
		return `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:t</id><updated>` + updated + `</updated><entry><title>One</title><id>urn:1</id>` +
			`<updated>` + updated + `</updated><link href="` + site.URL + `/one"/></entry></feed>`
	}
	site.set("/feed", feed("2026-03-01T12:00:00Z"), 0)
	site.set("/one", "<p>Words.</p>", 0)
	b := testBus(t)
	runIngest(t, b, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.URL+"/feed\n")}})
	eventually(t, 20*time.Second, "the page is fetched", func() bool { return messagesOf(t, b, bus.StreamPages) == 1 })
	site.set("/feed", feed("2026-03-01T12:30:00Z"), 0)
	eventually(t, time.Minute, "the page is fetched again", func() bool { return site.of("/one") == 2 })
	site.set("/one", "<p>Better words.</p>", 0)
	site.set("/feed", feed("2026-03-01T12:40:00Z"), 0)
	eventually(t, time.Minute, "the better words go downstream", func() bool { return messagesOf(t, b, bus.StreamPages) >= 2 })
	if n := messagesOf(t, b, bus.StreamPages); n != 2 || site.of("/one") != 3 {
		t.Errorf("%d pages downstream after %d requests, want 2 after 3: the same bytes go there once", n, site.of("/one"))
	}
}
