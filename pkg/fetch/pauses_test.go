package fetch

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pauseMemory is a PauseStore.
type pauseMemory struct {
	mu   sync.Mutex
	byID map[string]Pause
	gets int
	puts []Pause
	err  error
}

func (s *pauseMemory) Get(_ context.Context, host string) (Pause, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets++
	p, ok := s.byID[host]
	return p, ok, s.err
}

func (s *pauseMemory) Put(_ context.Context, host string, p Pause) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[string]Pause{}
	}
	s.byID[host] = p
	s.puts = append(s.puts, p)
	return s.err
}

// pausingSite answers as a test tells it to.
type pausingSite struct {
	mu     sync.Mutex
	status int
	after  string // Retry-After
	body   string
}

func (s *pausingSite) set(status int, after, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.after, s.body = status, after, body
}

func (s *pausingSite) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/robots.txt" {
		http.NotFound(w, r)
		return
	}
	if s.after != "" {
		w.Header().Set("Retry-After", s.after)
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(s.body))
}

const pausedPage = "http://site.example.org/page"

// TestPauseOutlivesTheFetcher: what a host asked for holds for the next process,
// to the second, and so does what led to it.
func TestPauseOutlivesTheFetcher(t *testing.T) {
	const captcha = `<html><body><form class="h-captcha"></form></body></html>`
	for _, c := range []struct {
		name        string
		status      int
		after, body string
		class       string
		tries       int
		pause, next time.Duration // after the last of the tries, and after one more
	}{
		{"429 with Retry-After", 429, "120", "", ClassThrottled, 1, 2 * time.Minute, 2 * time.Minute},
		{"429", 429, "", "", ClassThrottled, 3, 4 * time.Minute, 8 * time.Minute},
		{"503 with Retry-After", 503, "3600", "", ClassThrottled, 1, time.Hour, time.Hour},
		{"back-off", 500, "", "", ClassHTTP5xx, 5, 80 * time.Second, 160 * time.Second},
		{"proof of a human reader", 403, "", captcha, ClassChallenge, 2, 30 * time.Minute, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, site := &pauseMemory{}, &pausingSite{}
				site.set(c.status, c.after, c.body)
				first, _, stop := newPipeFetcher(t, Options{Pauses: store}, site.serve)
				for i := range c.tries {
					if i > 0 {
						time.Sleep(LongestPause)
					}
					fail(t, first, pausedPage, c.class)
				}
				stop()
				second, n, stop := newPipeFetcher(t, Options{Pauses: store}, site.serve)
				defer stop()
				e := fail(t, second, pausedPage, ClassThrottled)
				if e.RetryAfter != c.pause || !strings.Contains(e.Error(), "host site.example.org is left alone for") {
					t.Errorf("the next process says %v, after %s, want %s", e, e.RetryAfter, c.pause)
				}
				if len(n.visits()) != 0 {
					t.Errorf("the next process asked for %v", n.visits())
				}
				time.Sleep(c.pause)
				fail(t, second, pausedPage, c.class)
				if e := fail(t, second, pausedPage, ClassThrottled); e.RetryAfter != c.next {
					t.Errorf("the pause after that is %s, want %s", e.RetryAfter, c.next)
				}
			})
		})
	}
}

// TestPausesAreWrittenSeldom: short pauses and good answers cost no write, a
// host that is well again one.
func TestPausesAreWrittenSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, site := &pauseMemory{}, &pausingSite{}
		f, _, stop := newPipeFetcher(t, Options{Pauses: store}, site.serve)
		defer stop()
		site.set(503, "30", "")
		fail(t, f, pausedPage, ClassThrottled)
		time.Sleep(time.Minute)
		site.set(200, "", "fine")
		for range 5 {
			get(t, f, pausedPage)
		}
		if len(store.puts) != 0 || store.gets != 1 {
			t.Errorf("%d writes, %d reads, want none and one", len(store.puts), store.gets)
		}
		site.set(429, "600", "")
		fail(t, f, pausedPage, ClassThrottled)
		want := Pause{Until: time.Now().Add(10 * time.Minute).UTC(), Why: "it answered 429", Failures: 1}
		if len(store.puts) != 1 || !store.puts[0].Until.Equal(want.Until) || store.puts[0].Why != want.Why || store.puts[0].Failures != 1 {
			t.Fatalf("wrote %+v, want %+v", store.puts, want)
		}
		time.Sleep(10 * time.Minute)
		site.set(200, "", "fine")
		for range 5 {
			get(t, f, pausedPage)
		}
		if len(store.puts) != 2 || store.puts[1] != (Pause{}) || store.gets != 1 {
			t.Errorf("%d reads, wrote %+v, want that the host is well again, once", store.gets, store.puts)
		}
	})
}

// TestPauseOfAnotherWorker: a host that comes back to a worker may have been
// asked in between.
func TestPauseOfAnotherWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, site, g := &pauseMemory{}, &pausingSite{}, newGate()
		site.set(200, "", "fine")
		f, n, stop := newPipeFetcher(t, Options{Pauses: store, Admit: g.admit}, site.serve)
		defer stop()
		get(t, f, pausedPage)
		if err := store.Put(t.Context(), "site.example.org", Pause{Until: time.Now().Add(time.Hour), Why: "it answered 429", Failures: 4}); err != nil {
			t.Fatal(err)
		}
		get(t, f, pausedPage) // nobody else may have asked
		asked := len(n.visits())
		time.Sleep(time.Minute)
		g.since = time.Now()
		if e := fail(t, f, pausedPage, ClassThrottled); e.RetryAfter.Round(time.Minute) != 59*time.Minute {
			t.Errorf("got %v", e)
		}
		if len(n.visits()) != asked {
			t.Error("the host was asked")
		}
	})
}

// TestStoredPauseOfAWrongClock: an end that no pause can have counts as the
// longest one.
func TestStoredPauseOfAWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, site := &pauseMemory{}, &pausingSite{}
		site.set(200, "", "fine")
		host := "site.example.org"
		_ = store.Put(t.Context(), host, Pause{Until: time.Now().AddDate(30, 0, 0), Why: "it answered 429", Failures: -7})
		f, _, stop := newPipeFetcher(t, Options{Pauses: store}, site.serve)
		defer stop()
		if e := fail(t, f, pausedPage, ClassThrottled); e.RetryAfter != LongestPause {
			t.Errorf("got %v", e)
		}
		time.Sleep(LongestPause)
		get(t, f, pausedPage)
	})
}

// TestPauseStoreThatFails: a host that may want to be left alone is not asked,
// and a pause that cannot be written holds all the same.
func TestPauseStoreThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, site := &pauseMemory{err: errors.New("the broker is away")}, &pausingSite{}
		site.set(429, "120", "")
		f, n, stop := newPipeFetcher(t, Options{Pauses: store}, site.serve)
		defer stop()
		e := fail(t, f, pausedPage, ClassThrottled)
		if want := "whether host site.example.org is left alone is not known: the broker is away"; !e.Temporary || !strings.HasSuffix(e.Error(), want) {
			t.Errorf("got %v", e)
		}
		if len(n.visits()) != 0 {
			t.Errorf("asked for %v", n.visits())
		}
		store.err = nil
		get429 := func() { fail(t, f, pausedPage, ClassThrottled) }
		get429()
		asked := len(n.visits())
		if asked == 0 {
			t.Fatal("the host is not asked although the store is back")
		}
		store.err = errors.New("the broker is away")
		time.Sleep(2 * time.Minute)
		get429()
		get429()
		if got := len(n.visits()); got != asked+1 {
			t.Errorf("%d requests, want one more than %d", got, asked)
		}
	})
}
