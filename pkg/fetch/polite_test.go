package fetch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// wantGaps fails the test unless requests to each host come one at a time and
// at least gap apart, end to start, in the server's log.
func wantGaps(t *testing.T, visits []visitLog, gap time.Duration) {
	t.Helper()
	last := map[string]visitLog{}
	for _, v := range visits {
		if before, ok := last[v.host]; ok && v.start.Sub(before.end) < gap {
			t.Errorf("%s%s came %s after the end of %s, want %s", v.host, v.path, v.start.Sub(before.end), before.path, gap)
		}
		last[v.host] = v
	}
}

func TestOneRequestAtATime(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		gap  time.Duration
		all  time.Duration // time for six pages of two hosts, a request taking 100 ms
	}{
		{"default", Options{}, time.Second, 3*time.Second + 4*100*time.Millisecond},
		{"slower", Options{HostDelay: 3 * time.Second}, 3 * time.Second, 9*time.Second + 4*100*time.Millisecond},
		{"no delay", Options{NoDelay: true}, 0, 4 * 100 * time.Millisecond},
		{"no robots", Options{IgnoreRobots: true}, time.Second, 2*time.Second + 3*100*time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, n, stop := newPipeFetcher(t, c.o, func(http.ResponseWriter, *http.Request) { time.Sleep(100 * time.Millisecond) })
				defer stop()
				begin := time.Now()
				var wg sync.WaitGroup
				for i := range 6 {
					wg.Go(func() { get(t, f, fmt.Sprintf("http://host%d.example.org/%d", i%2, i)) })
				}
				wg.Wait()
				if all := time.Since(begin); all != c.all {
					t.Errorf("took %s, want %s", all, c.all)
				}
				visits := n.visits()
				wantGaps(t, visits, c.gap)
				robots := 0
				for _, v := range visits {
					if v.path == "/robots.txt" {
						robots++
					}
				}
				if want := map[bool]int{false: 2, true: 0}[c.o.IgnoreRobots]; robots != want || len(visits) != 6+want {
					t.Errorf("got %d requests, %d of them for robots.txt", len(visits), robots)
				}
			})
		})
	}
}

func TestRedirectsArePolite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/robots.txt" && r.Host == "closed.example.org":
				_, _ = w.Write([]byte("User-agent: *\nDisallow: /secret"))
			case r.URL.Path == "/a":
				http.Redirect(w, r, "/b", http.StatusFound)
			case r.URL.Path == "/out":
				http.Redirect(w, r, "http://closed.example.org/secret", http.StatusFound)
			}
		})
		defer stop()
		get(t, f, "http://open.example.org/a")
		wantGaps(t, n.visits(), time.Second)
		if got := len(n.visits()); got != 3 {
			t.Errorf("got %d requests", got)
		}
		e := fail(t, f, "http://open.example.org/out", ClassRobots)
		if want := "fetch http://open.example.org/out: redirected to http://closed.example.org/secret: robots.txt of closed.example.org forbids it"; e.Error() != want {
			t.Errorf("got %v", e)
		}
		for _, v := range n.visits() {
			if v.path == "/secret" {
				t.Error("a redirect led past robots.txt")
			}
		}
	})
}

func TestCrawlDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				delay := map[string]string{"ten.example.org": "10", "day.example.org": "86400"}[r.Host]
				_, _ = w.Write([]byte("User-agent: *\nCrawl-delay: " + delay))
			}
		})
		defer stop()
		for i := range 3 {
			get(t, f, fmt.Sprintf("http://ten.example.org/%d", i))
		}
		visits := n.visits()
		if gap := visits[1].start.Sub(visits[0].end); gap != time.Second {
			t.Errorf("the first page came %s after robots.txt", gap)
		}
		wantGaps(t, visits[1:], 10*time.Second)

		get(t, f, "http://day.example.org/1")
		e := fail(t, f, "http://day.example.org/2", ClassThrottled)
		if e.RetryAfter != time.Minute || !e.Temporary {
			t.Errorf("got %+v", e)
		}
		if d := f.Delay("day.example.org"); d != time.Minute {
			t.Errorf("got delay %s", d)
		}
		time.Sleep(e.RetryAfter)
		get(t, f, "http://day.example.org/2")
	})
}

// TestQueue: a fetch that would wait too long is given back at once.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{IgnoreRobots: true, Limits: Limits{Wait: 10 * time.Second}}, func(http.ResponseWriter, *http.Request) {})
		defer stop()
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		for i := range 30 {
			wg.Go(func() {
				begin := time.Now()
				_, err := f.Fetch(t.Context(), Request{URL: fmt.Sprintf("http://busy.example.org/%d", i)})
				if err != nil {
					if e := wantClass(t, err, ClassThrottled); e.RetryAfter < 10*time.Second || time.Since(begin) > 10*time.Second {
						t.Errorf("got %+v after %s", e, time.Since(begin))
					}
					mu.Lock()
					refused++
					mu.Unlock()
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		if w, d := f.Waiting("BUSY.example.org.", PriorityBackfill), f.Delay("busy.example.org"); w != 10 || d < 10*time.Second {
			t.Errorf("got %d waiting, delay %s", w, d)
		}
		wg.Wait()
		if w := f.Waiting("busy.example.org", PriorityBackfill); w != 0 || f.Waiting("unknown.example.org", PriorityBackfill) != 0 {
			t.Errorf("got %d waiting at the end", w)
		}
		if done := len(n.visits()); done+refused != 30 || done != 11 {
			t.Errorf("%d done, %d refused", done, refused)
		}
	})
}

// TestSlowHostHoldsNobody: requests in front that take for ever do not keep a
// fetch for longer than the limit either.
func TestSlowHostHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, stop := newPipeFetcher(t, Options{IgnoreRobots: true}, func(http.ResponseWriter, *http.Request) { time.Sleep(9 * time.Second) })
		defer stop()
		var wg sync.WaitGroup
		var mu sync.Mutex
		took := map[string]int{}
		for i := range 10 {
			wg.Go(func() {
				begin := time.Now()
				_, err := f.Fetch(t.Context(), Request{URL: fmt.Sprintf("http://slow.example.org/%d", i)})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					took["done"]++
					return
				}
				wantClass(t, err, ClassThrottled)
				took[time.Since(begin).String()]++
			})
		}
		wg.Wait()
		// Three are over after 29 s, and the fourth has the slot by then.
		if took["done"] != 4 || took["30s"] != 6 {
			t.Errorf("got %v", took)
		}
	})
}

// TestTotalIsForAllRedirects: the time limit holds for the chain, and the
// waiting for turns does not count.
func TestTotalIsForAllRedirects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{IgnoreRobots: true, HostDelay: 20 * time.Second, Limits: Limits{FirstByte: time.Minute}}
		f, _, stop := newPipeFetcher(t, o, func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(9 * time.Second):
			case <-r.Context().Done():
			}
			if len(r.URL.Path) < 5 {
				http.Redirect(w, r, r.URL.Path+"n", http.StatusFound)
			}
		})
		defer stop()
		get(t, f, "http://slow.example.org/nn") // 27 s
		e := fail(t, f, "http://slow.example.org/n", ClassTimeout)
		if !strings.HasSuffix(e.Error(), "redirected to http://slow.example.org/nnnn: no whole answer within 30s") {
			t.Errorf("got %v", e)
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{IgnoreRobots: true, HostDelay: 20 * time.Second}, func(http.ResponseWriter, *http.Request) {})
		defer stop()
		get(t, f, "http://slow.example.org/1")
		begin := time.Now()

		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(3 * time.Second); cancel() }()
		_, err := f.Fetch(ctx, Request{URL: "http://slow.example.org/2"})
		wantClass(t, err, ClassCanceled)
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("gave up after %s", took)
		}
		// A deadline before the turn is not waited for at all.
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err = f.Fetch(ctx, Request{URL: "http://slow.example.org/3"})
		if e := wantClass(t, err, ClassThrottled); e.RetryAfter != 17*time.Second || time.Since(begin) != 3*time.Second {
			t.Errorf("got %+v after %s", e, time.Since(begin))
		}
		get(t, f, "http://slow.example.org/4")
		wantGaps(t, n.visits(), 20*time.Second)
	})
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		status int
		value  string // %s: the HTTP date two minutes from now
		want   time.Duration
		class  string
	}{
		{429, "120", 2 * time.Minute, ClassThrottled},
		{503, "120", 2 * time.Minute, ClassThrottled},
		{429, "%s", 2 * time.Minute, ClassThrottled},
		{503, "%s", 2 * time.Minute, ClassThrottled},
		{429, "", time.Minute, ClassThrottled},
		{429, "soon", time.Minute, ClassThrottled},
		{429, "-5", time.Minute, ClassThrottled},
		{429, "99999999999999999999999", 6 * time.Hour, ClassThrottled},
		{503, "864000", 6 * time.Hour, ClassThrottled},
		{503, "", 0, ClassHTTP5xx},
		{503, "Thu, 01 Jan 1970 00:00:00 GMT", 0, ClassHTTP5xx},
		{500, "120", 0, ClassHTTP5xx},
	} {
		t.Run(fmt.Sprint(c.status, c.value), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status := c.status
				f, n, stop := newPipeFetcher(t, Options{IgnoreRobots: true}, func(w http.ResponseWriter, _ *http.Request) {
					value := strings.ReplaceAll(c.value, "%s", time.Now().Add(2*time.Minute).UTC().Format(http.TimeFormat))
					if value != "" {
						w.Header().Set("Retry-After", value)
					}
					w.WriteHeader(status)
				})
				defer stop()
				e := fail(t, f, "http://busy.example.org/1", c.class)
				if e.RetryAfter != c.want || !e.Temporary || e.Status != c.status {
					t.Errorf("got %+v, want %s", e, c.want)
				}
				if c.want == 0 {
					return
				}
				// While the pause lasts, the host hears nothing.
				begin := time.Now()
				e = fail(t, f, "http://busy.example.org/2", ClassThrottled)
				if e.RetryAfter != c.want || e.Status != 0 || time.Since(begin) != 0 || len(n.visits()) != 1 {
					t.Errorf("got %+v after %s and %d requests", e, time.Since(begin), len(n.visits()))
				}
				if want := fmt.Sprintf("host busy.example.org is left alone for %s: it answered %d", c.want, c.status); !strings.HasSuffix(e.Error(), want) {
					t.Errorf("got %v, want %s", e, want)
				}
				status = 200
				get(t, f, "http://other.example.org/")
				time.Sleep(c.want)
				get(t, f, "http://busy.example.org/2")
			})
		})
	}
}

// TestShortPauseIsSatOut: giving a message back for ten seconds is not worth it.
func TestShortPauseIsSatOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := 429
		f, n, stop := newPipeFetcher(t, Options{IgnoreRobots: true}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "10")
			w.WriteHeader(status)
			status = 200
		})
		defer stop()
		fail(t, f, "http://busy.example.org/1", ClassThrottled)
		get(t, f, "http://busy.example.org/1")
		wantGaps(t, n.visits(), 10*time.Second)
	})
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials, up := 0, false
		n := newPipeNet(func(http.ResponseWriter, *http.Request) {})
		f, err := newFetcher(Options{IgnoreRobots: true}, func(ctx context.Context, network, address string) (net.Conn, error) {
			dials++
			if up {
				return n.dial(ctx, network, address)
			}
			return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("connection refused")}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { f.Close(); _ = n.server.Close() }()

		url := "http://dead.example.org/"
		fail(t, f, url, ClassConnect)
		for _, want := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
			e := fail(t, f, url, ClassConnect)
			if !e.Temporary {
				t.Errorf("got %+v", e)
			}
			before := dials
			e = fail(t, f, url, ClassThrottled)
			if e.RetryAfter != want*time.Second || dials != before {
				t.Errorf("got %v, %d dials; want %d s", e, dials-before, want)
			}
			time.Sleep(e.RetryAfter)
		}
		up = true
		get(t, f, url)
		get(t, f, url) // one answer, and all is forgotten
		up = false
		f.transport.CloseIdleConnections()
		fail(t, f, url, ClassConnect)
		fail(t, f, url, ClassConnect)
	})
}

func TestHostTableIsBounded(t *testing.T) {
	ctx := context.Background()
	h := newHosts(0, time.Second, 3)
	held, err := h.take(ctx, "held", place{page: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		u, err := h.take(ctx, fmt.Sprint("host", i), place{page: true})
		if err != nil {
			t.Fatal(err)
		}
		u.end()
		if len(h.byName) > 3 || h.idle.Len() > 3 {
			t.Fatalf("%d hosts, %d idle", len(h.byName), h.idle.Len())
		}
	}
	if h.byName["held"] == nil || h.byName["host99"] == nil || h.byName["host0"] != nil {
		t.Error("the wrong hosts are remembered")
	}
	held.end()
	if h.idle.Len() != len(h.byName) {
		t.Errorf("%d hosts, %d idle", len(h.byName), h.idle.Len())
	}
}
