package search

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// stuckIndex is an index whose searches do what a test says.
type stuckIndex struct {
	index.Reader
	search func(ctx context.Context) error
}

func (s stuckIndex) Search(ctx context.Context, _ index.Query) (index.Result, error) {
	return index.Result{}, s.search(ctx)
}

func (s stuckIndex) Stats(context.Context) (index.Stats, error) {
	return index.Stats{Documents: 1}, nil
}

func TestHeaders(t *testing.T) {
	h := newHandler(t, nil)
	for _, target := range []string{"/", "/article/" + harbourID, "/nothing", "/api/v1/search", "/api/v1/nothing", "/feed.atom", "/static/style.css"} {
		head := get(t, h, target).Header()
		csp := head.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", target, csp)
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", target, head)
		}
		if head.Get("Cache-Control") == "" {
			t.Errorf("%s: nothing about caching", target)
		}
	}
}

func TestSearchTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, func(o *Options) {
			o.Index = stuckIndex{search: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		})
		start := time.Now()
		w := get(t, h, "/api/v1/search?q=slow")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || time.Since(start) != 10*time.Second {
			t.Errorf("%d after %s, Retry-After %q", w.Code, time.Since(start), w.Header().Get("Retry-After"))
		}
	})
}

func TestSearchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		change := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			running += by
			most = max(most, running)
		}
		release := make(chan struct{})
		h := newHandler(t, func(o *Options) {
			o.MaxSearches = 3
			o.Index = stuckIndex{search: func(context.Context) error {
				change(1)
				<-release
				change(-1)
				return nil
			}}
		})
		codes := make(chan *httptest.ResponseRecorder, 10)
		for range 10 {
			go func() { codes <- get(t, h, "/") }()
		}
		synctest.Wait()
		for range 7 {
			w := <-codes
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("one too many: %d %v", w.Code, w.Header())
			}
		}
		close(release)
		for range 3 {
			if w := <-codes; w.Code != http.StatusOK {
				t.Errorf("%d", w.Code)
			}
		}
		if most != 3 {
			t.Errorf("%d searches at once", most)
		}
		if w := get(t, h, "/"); w.Code != http.StatusOK {
			t.Errorf("afterwards: %d", w.Code)
		}
	})
}

func TestFailuresInside(t *testing.T) {
	secret := errors.New("open /var/lib/secret: permission denied")
	for name, search := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return secret },
		"panic": func(context.Context) error { panic(secret) },
	} {
		h := newHandler(t, func(o *Options) { o.Index = stuckIndex{search: search} })
		for _, target := range []string{"/", "/api/v1/search"} {
			w := get(t, h, target)
			if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%s on %s: %d %s", name, target, w.Code, w.Body)
			}
		}
	}
}

// wire is a live tail fed by a test.
type wire struct {
	records chan article.Record
	asked   chan [2]string
	ended   chan struct{}
}

func newWire() *wire {
	return &wire{make(chan article.Record), make(chan [2]string, 10), make(chan struct{}, 10)}
}

func (l *wire) Live(ctx context.Context, lang, site string) (<-chan article.Record, error) {
	l.asked <- [2]string{lang, site}
	context.AfterFunc(ctx, func() { l.ended <- struct{}{} })
	return l.records, nil
}

func TestLive(t *testing.T) {
	l := newWire()
	srv := httptest.NewServer(newHandler(t, func(o *Options) {
		o.Live, o.Index, o.Heartbeat, o.MaxLive = l, emptyIndex(t), 20*time.Millisecond, 1
	}))
	defer srv.Close()
	res, err := http.Get(srv.URL + "/api/v1/live?lang=EN&site=harbour-post.example")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	if got := <-l.asked; got != [2]string{"en", "harbour-post.example"} {
		t.Errorf("asked for %v", got)
	}
	full, err := http.Get(srv.URL + "/api/v1/live")
	if err != nil {
		t.Fatal(err)
	}
	full.Body.Close()
	if full.StatusCode != http.StatusServiceUnavailable || full.Header.Get("Retry-After") == "" {
		t.Errorf("a client too many: %d", full.StatusCode)
	}

	lines := bufio.NewScanner(res.Body)
	until := func(prefix string) string {
		t.Helper()
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("the stream ended before %q: %v", prefix, lines.Err())
		return ""
	}
	until("retry: ")
	until(": still here")
	rec := article.Record{Article: harbour(3), Version: 3}
	rec.Title = "Two\nlines\r\n\r\ndata: forged"
	l.records <- rec
	until("event: article")
	if got := until("id: "); got != harbourID+":3" {
		t.Errorf("event id %q", got)
	}
	var event liveAnswer
	if err := json.Unmarshal([]byte(until("data: ")), &event); err != nil {
		t.Fatal(err)
	}
	if event.ID != harbourID || event.Title != rec.Title || event.Snippet != rec.Standfirst || event.Version != 3 {
		t.Errorf("%+v", event)
	}
	if !lines.Scan() || lines.Text() != "" {
		t.Errorf("an event ends with %q", lines.Text())
	}
	res.Body.Close()
	select {
	case <-l.ended:
	case <-time.After(10 * time.Second):
		t.Error("the source is not told that the client has gone")
	}
}

func TestLiveEndsWithItsSource(t *testing.T) {
	l := newWire()
	close(l.records)
	h := newHandler(t, func(o *Options) { o.Live, o.Index = l, emptyIndex(t) })
	w := get(t, h, "/api/v1/live")
	if w.Code != http.StatusOK || !strings.HasSuffix(w.Body.String(), "connected\n\n") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w := do(h, http.MethodHead, "/api/v1/live"); w.Code != http.StatusOK {
		t.Errorf("HEAD: %d", w.Code)
	}
}
