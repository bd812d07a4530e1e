package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/search"
	"github.com/copydesk/copydesk/pkg/weburl"
)

func newTestGuard() *trapGuard {
	return newTrapGuard(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
}

func (g *trapGuard) kind(url string, now time.Time) string {
	kind, _ := g.stops(url, now)
	return kind
}

// TestTrapGuardStopsOneBody: addresses of one shape with one body are a trap,
// others of the same host are not, and a trap that brings pages again is none.
func TestTrapGuardStopsOneBody(t *testing.T) {
	g, now := newTestGuard(), time.Now()
	day := func(i int) string {
		return fmt.Sprintf("https://herald.example/calendar/2025/%02d/%02d", i/28+1, i%28+1)
	}
	for i := range trapWindow {
		if kind := g.kind(day(i), now); kind != "" {
			t.Fatalf("stopped as %s after %d pages", kind, i)
		}
		g.saw(day(i), "empty calendar", now)
		g.saw(fmt.Sprintf("https://herald.example/news/%d", i), fmt.Sprint("article ", i), now)
		g.saw("https://herald.example/front", "one page, fetched again and again", now)
	}
	if kind := g.kind(day(100), now); kind != trapSameBody {
		t.Errorf("the calendar goes on: %q", kind)
	}
	for _, url := range []string{"https://herald.example/news/100", "https://herald.example/front", "https://other.example/calendar/2025/01/01", day(trapWindow - 1)} {
		if kind := g.kind(url, now); kind != "" {
			t.Errorf("%s is stopped as %s", url, kind)
		}
	}
	if n := testutil.ToFloat64(g.traps); n != 1 {
		t.Errorf("%v traps, want 1", n)
	}
	// One address goes through now and then; as long as it is a trap, one only.
	later := now.Add(trapProbe)
	if a, b := g.kind(day(101), later), g.kind(day(102), later); a != "" || b != trapSameBody {
		t.Errorf("after a while: %q and %q, want one of two to be fetched", a, b)
	}
	g.saw(day(101), "a page of its own", later)
	if kind := g.kind(day(102), later); kind != "" || testutil.ToFloat64(g.traps) != 0 {
		t.Errorf("no trap any more, but stopped as %s", kind)
	}
}

// TestTrapGuardKeepsSome: of a trap the first addresses are worth a dead letter,
// so that one that was none can be undone.
func TestTrapGuardKeepsSome(t *testing.T) {
	g, now := newTestGuard(), time.Now()
	page := func(i int) string { return fmt.Sprintf("https://herald.example/a?day=%d", i) }
	for i := range trapWindow {
		g.saw(page(i), "same", now)
	}
	kept := 0
	for i := range 10 * trapLetters {
		if kind, keep := g.stops(page(trapWindow+i), now); kind != trapSameBody {
			t.Fatalf("address %d is fetched", i)
		} else if keep {
			kept++
		}
	}
	if kept != trapLetters {
		t.Errorf("%d are kept, want %d", kept, trapLetters)
	}
}

func TestTrapGuardIsBounded(t *testing.T) {
	g, now := newTestGuard(), time.Now()
	for i := range 3 * maxTrapShapes {
		for page := range 2 {
			g.saw(fmt.Sprintf("https://h%d.example/%s/%d", i, strings.Repeat("x", 3000), page), "same", now)
		}
	}
	if len(g.shapes) != maxTrapShapes || g.recent.Len() != maxTrapShapes {
		t.Errorf("%d shapes are remembered, want %d", len(g.shapes), maxTrapShapes)
	}
	for key := range g.shapes {
		if len(key) > 300 {
			t.Fatalf("a key of %d bytes", len(key))
		}
	}
	var none *trapGuard
	none.saw("https://a.example/", "x", now)
	if none.kind("https://a.example/", now) != "" {
		t.Error("no guard stops a page")
	}
}

func TestEndlessAddresses(t *testing.T) {
	for url, want := range map[string]string{
		"https://a.example/news/2025/03/03/03/x":                      "",
		"https://a.example/news/news/article":                         "",
		"https://a.example/2025/2025/2025/x":                          "",
		"https://a.example/a/b/a/b/c":                                 "",
		"https://a.example/shop/red/shop/red/shop/red":                trapRepeats,
		"https://a.example/x/next/next/next/page":                     trapRepeats,
		"https://a.example/a/b/c/d/a/b/c/d/a/b/c/d/":                  trapRepeats,
		"https://a.example/" + strings.Repeat("abcdefgh/", 2) + "x":   "",
		"https://a.example/?" + strings.Repeat("f=1&", maxTrapParams): trapGrows,
		"https://a.example/?" + strings.Repeat("f=1&", 5):             "",
		"https://a.example" + longPath(maxTrapDepth+1):                trapGrows,
		"https://a.example" + longPath(maxTrapDepth):                  "",
	} {
		u, err := weburl.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		if got := endless(u); got != want {
			t.Errorf("%.60s: %q, want %q", url, got, want)
		}
	}
}

func longPath(n int) string {
	path := ""
	for i := range n {
		path += fmt.Sprintf("/s%d", i)
	}
	return path
}

// TestTrapsAreNotFetched: a list of a thousand addresses of one page costs its
// host a few dozen requests, and the trace says why.
func TestTrapsAreNotFetched(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := testBus(t)
	var calendar, news atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/calendar", func(w http.ResponseWriter, _ *http.Request) {
		calendar.Add(1)
		fmt.Fprint(w, "<html><body><p>No events on this day.</p></body></html>")
	})
	mux.HandleFunc("/news/", func(w http.ResponseWriter, r *http.Request) {
		news.Add(1)
		fmt.Fprintf(w, "<html><body><p>News of %s.</p></body></html>", r.URL.Path)
	})
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	var urls strings.Builder
	const days, articles = 1000, 100
	for i := range days {
		fmt.Fprintf(&urls, "%s/calendar?day=%d\n", site.URL, i)
		if i < articles {
			fmt.Fprintf(&urls, "%s/news/%d\n", site.URL, i)
		}
	}
	runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", urls.String())}, Revisits: []string{"1h"}, TakedownAfter: time.Hour})
	eventually(t, 2*time.Minute, "every address is settled", func() bool {
		return news.Load() == articles && messagesOf(t, b, bus.StreamBackfill) == 0 && messagesOf(t, b, bus.StreamDead) == trapLetters
	})
	if n := calendar.Load(); n < trapWindow || n > trapWindow+2*16 {
		t.Errorf("%d requests for the calendar, want about %d", n, trapWindow)
	}
	got, err := tracer{bus: b}.TraceURL(t.Context(), fmt.Sprintf("%s/calendar?day=%d", site.URL, days-1))
	if err != nil || got.State != search.TraceRefused || !strings.Contains(got.Reason, "trap") {
		t.Errorf("trace: %+v, %v", got, err)
	}
}
