package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// status answers with nothing but a status.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// TestRobotsAnswers: what a server's answer for robots.txt means for a page.
func TestRobotsAnswers(t *testing.T) {
	const closed = "User-agent: *\nDisallow: /closed\n"
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		open   string // class for /open, "" for success
		closed string // class for /closed
	}{
		{"rules", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, closed) }, "", ClassRobots},
		{"204", status(204), "", ""},
		{"401", status(401), "", ""},
		{"403 with rules", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, closed)
		}, "", ""},
		{"404", status(404), "", ""},
		{"410", status(410), "", ""},
		{"429", status(429), ClassThrottled, ClassThrottled},
		{"500", status(500), ClassRobotsUnreachable, ClassRobotsUnreachable},
		{"503", status(503), ClassRobotsUnreachable, ClassRobotsUnreachable},
		{"503 for an hour", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, ClassThrottled, ClassThrottled},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ClassConnect, ClassConnect},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			_, _ = io.WriteString(w, closed)
		}, ClassRobotsUnreachable, ClassRobotsUnreachable},
		{"broken encoding", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, closed)
		}, ClassRobotsUnreachable, ClassRobotsUnreachable},
		{"compressed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(encode(t, "gzip", strings.NewReader(closed)))
		}, "", ClassRobots},
		{"five redirects, other hosts too", func(w http.ResponseWriter, r *http.Request) {
			if len(r.URL.Query().Get("n")) == 5 {
				_, _ = io.WriteString(w, closed)
				return
			}
			http.Redirect(w, r, "http://www.example.org/robots.txt?n="+r.URL.Query().Get("n")+"n", http.StatusFound)
		}, "", ClassRobots},
		{"six redirects", func(w http.ResponseWriter, r *http.Request) {
			if len(r.URL.Query().Get("n")) == 6 {
				_, _ = io.WriteString(w, closed)
				return
			}
			http.Redirect(w, r, "/robots.txt?n="+r.URL.Query().Get("n")+"n", http.StatusFound)
		}, "", ""},
		{"redirect loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/robots.txt", http.StatusFound) }, "", ""},
		{"redirect nowhere", status(302), "", ""},
		{"redirect to a private address", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/robots.txt", http.StatusFound)
		}, ClassAddress, ClassAddress},
		{"bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "zstd")
			z := zeros(32 << 20)
			_, _ = w.Write(encode(t, "zstd", io.MultiReader(strings.NewReader(closed), &z)))
		}, "", ClassRobots},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, n, stop := newPipeFetcher(t, Options{NoDelay: true}, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/robots.txt" {
						c.answer(w, r)
					}
				})
				defer stop()
				for path, class := range map[string]string{"/open": c.open, "/closed": c.closed} {
					if class == "" {
						get(t, f, "http://news.example.org"+path)
						continue
					}
					e := fail(t, f, "http://news.example.org"+path, class)
					if want := class != ClassRobots && class != ClassAddress; e.Temporary != want {
						t.Errorf("%s: got %+v", path, e)
					}
					if e.URL != "http://news.example.org"+path {
						t.Errorf("the error is of %s", e.URL)
					}
				}
				for _, v := range n.visits() {
					if v.path == "/closed" && c.closed != "" {
						t.Error("a page was fetched that robots.txt forbids")
					}
				}
			})
		})
	}
}

// TestHugeRobots: of 100 MB, the first 500 KiB count, and no half line.
func TestHugeRobots(t *testing.T) {
	written := make(chan int, 1)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/robots.txt" {
			return
		}
		head := "User-agent: *\nDisallow: /early\n"
		_, _ = io.WriteString(w, head+strings.Repeat("#", 500<<10-len(head)-len("\nDisallow: /h")))
		n, _ := io.WriteString(w, "\nDisallow: /half\nDisallow: /late\n")
		line := bytes.Repeat([]byte("Disallow: /x\n"), 5000)
		for n < 100<<20 {
			m, err := w.Write(line)
			if err != nil {
				break
			}
			n += m
		}
		written <- n
	})
	f := newTestFetcher(t)
	fail(t, f, s.URL+"/early", ClassRobots)
	get(t, f, s.URL+"/late")
	get(t, f, s.URL+"/home") // "Disallow: /h" is what the cut left of "/half"
	if n := <-written; n > 20<<20 {
		t.Errorf("%d bytes were read", n)
	}
}

func TestRobotsUnreachableIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := 500
		f, n, stop := newPipeFetcher(t, Options{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		defer stop()
		url := "http://news.example.org/a"
		e := fail(t, f, url, ClassRobotsUnreachable)
		if want := "fetch http://news.example.org/a: robots.txt: status 500 Internal Server Error"; e.Error() != want || e.RetryAfter != robotsRetry {
			t.Errorf("got %v, RetryAfter %s", e, e.RetryAfter)
		}
		time.Sleep(robotsRetry / 2)
		if e = fail(t, f, url, ClassRobotsUnreachable); e.RetryAfter != robotsRetry/2 || len(n.visits()) != 1 {
			t.Errorf("got %+v after %d requests", e, len(n.visits()))
		}
		status = 404
		time.Sleep(e.RetryAfter)
		fail(t, f, url, ClassHTTP4xx)
	})
}

func TestRobotsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status, rules := 200, "User-agent: *\nDisallow: /a"
		f, n, stop := newPipeFetcher(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, rules)
			}
		})
		defer stop()
		requests := func() (robots int) {
			for _, v := range n.visits() {
				if v.path == "/robots.txt" {
					robots++
				}
			}
			return robots
		}
		a, b := "http://news.example.org/a", "http://news.example.org/b"
		fail(t, f, a, ClassRobots)
		time.Sleep(robotsFresh - time.Minute)
		fail(t, f, a, ClassRobots)
		if requests() != 1 {
			t.Errorf("asked %d times within a day", requests())
		}
		time.Sleep(2 * time.Minute)
		rules = "User-agent: *\nDisallow: /b"
		get(t, f, a)
		fail(t, f, b, ClassRobots)
		if requests() != 2 {
			t.Errorf("asked %d times", requests())
		}
		// While the server fails, the old copy serves.
		status = 500
		time.Sleep(robotsFresh + time.Minute)
		get(t, f, a)
		fail(t, f, b, ClassRobots)
		if requests() != 3 {
			t.Errorf("asked %d times", requests())
		}
		// But not for ever.
		time.Sleep(robotsStale)
		fail(t, f, a, ClassRobotsUnreachable)
	})
}

func TestRobotsStore(t *testing.T) {
	requests := 0
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			requests++
			_, _ = io.WriteString(w, "User-agent: *\nDisallow: /a\xff\nSitemap: https://example.org/s.xml")
		}
	})
	store := &memoryStore{}
	withStore := func(o *Options) { o.Robots = store }
	get(t, newTestFetcher(t, withStore), s.URL+"/b")
	second := newTestFetcher(t, withStore)
	fail(t, second, s.URL+"/a%FF", ClassRobots)
	get(t, second, s.URL+"/b")
	if requests != 1 || len(store.data) != 1 || store.data[s.URL] == nil || store.gets != 2 {
		t.Errorf("%d requests, %d reads, store %q", requests, store.gets, store.data)
	}
	if r, err := second.Robots(context.Background(), s.URL+"/x"); err != nil || len(r.Sitemaps) != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := second.Robots(context.Background(), "nonsense"); err == nil {
		t.Error("no error for no URL")
	}

	// What the store cannot give is fetched: too old, from the future, broken.
	now := time.Now()
	for _, entry := range [][]byte{
		encodeRobots(200, now.Add(-25*time.Hour), []byte("User-agent: *\nDisallow: /")),
		encodeRobots(200, now.Add(48*time.Hour), []byte("User-agent: *\nDisallow: /")),
		[]byte("copydesk-robots 2 200 x\n"), []byte("copydesk-robots 1 200 x\n"), []byte("copydesk-robots 1 9 "), nil,
		[]byte("copydesk-robots 1 -7 2026-01-01T00:00:00Z\n"),
	} {
		store.data[s.URL] = entry
		requests = 0
		get(t, newTestFetcher(t, withStore), s.URL+"/b")
		if requests != 1 {
			t.Errorf("%q: %d requests", entry, requests)
		}
	}
	// No rules are stored too, so that they are not asked for again.
	store.data[s.URL] = encodeRobots(499, now, nil)
	requests = 0
	get(t, newTestFetcher(t, withStore), s.URL+"/a%FF")
	if requests != 0 {
		t.Errorf("%d requests", requests)
	}
}

// brokenStore is a RobotsStore that fails.
type brokenStore struct{}

func (brokenStore) Get(context.Context, string) ([]byte, bool, error) {
	return nil, false, errors.New("no answer")
}
func (brokenStore) Put(context.Context, string, []byte) error { return errors.New("full") }

func TestRobotsStoreFailureIsLogged(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, pages(map[string]string{"/a": "a"}))
	f := newTestFetcher(t, func(o *Options) {
		o.Robots, o.Logger = brokenStore{}, slog.New(slog.NewTextHandler(&log, nil))
	})
	get(t, f, s.URL+"/a")
	if got := log.String(); !strings.Contains(got, `"robots store: read failed"`) || !strings.Contains(got, `"robots store: write failed"`) || !strings.Contains(got, "component=fetch") {
		t.Errorf("got log %s", got)
	}
}

// TestRobotsFlightIsShared: the request for robots.txt outlives the fetch that
// began it, because others wait for it too.
func TestRobotsFlightIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{}, func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				time.Sleep(5 * time.Second)
			}
		})
		defer stop()
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			_, err := f.Fetch(ctx, Request{URL: "http://news.example.org/first"})
			wantClass(t, err, ClassCanceled)
		})
		wg.Go(func() {
			time.Sleep(time.Second)
			get(t, f, "http://news.example.org/second")
		})
		wg.Wait()
		if v := n.visits(); len(v) != 2 || v[0].path != "/robots.txt" || v[1].path != "/second" {
			t.Errorf("got requests %v", v)
		}
	})
}

func TestRobotsMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{NoDelay: true, Limits: Limits{RobotsCache: 20_000}}
		f, _, stop := newPipeFetcher(t, o, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				_, _ = io.WriteString(w, "User-agent: *\n"+strings.Repeat("Disallow: /a\n", 50))
			}
		})
		defer stop()
		for i := range 100 {
			get(t, f, fmt.Sprintf("http://host%d.example.org/", i))
			if c := f.robots; c.size > 20_000 || len(c.byOrigin) != c.order.Len() {
				t.Fatalf("%d bytes, %d entries, %d in order", c.size, len(c.byOrigin), c.order.Len())
			}
		}
		if n := len(f.robots.byOrigin); n < 3 || n > 20 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestRobotsPerOrigin(t *testing.T) {
	open := newServer(t, pages(map[string]string{"/a": "a"}))
	closed := newServer(t, pages(map[string]string{"/a": "a", "/robots.txt": "User-agent: *\nDisallow: /"}))
	_, port, _ := net.SplitHostPort(closed.Listener.Addr().String())
	f := newTestFetcher(t)
	get(t, f, open.URL+"/a")
	fail(t, f, closed.URL+"/a", ClassRobots)
	fail(t, f, "http://localhost:"+port+"/a", ClassRobots)
	ignore := newTestFetcher(t, func(o *Options) { o.IgnoreRobots = true })
	get(t, ignore, closed.URL+"/a")
}
