package app

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
)

// polls counts polls by URL.
type polls struct {
	mu    sync.Mutex
	count map[string]int
}

func (p *polls) add(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil {
		p.count = map[string]int{}
	}
	p.count[url]++
}

func (p *polls) of(url string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[url]
}

func TestPollerKeepsIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen polls
		p := newPoller(slog.New(slog.DiscardHandler), func(_ context.Context, s feed.Source) time.Time {
			seen.add(s.URL)
			time.Sleep(time.Second) // a slow feed must not be polled twice at once
			return time.Now().Add(s.Interval)
		})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { p.run(ctx) })
		start := time.Now()
		a := feed.Source{URL: "https://a.example/feed", Interval: time.Minute}
		b := feed.Source{URL: "https://b.example/feed", Interval: time.Hour}
		p.set([]feed.Source{a, b, a}, nil, func(url string) time.Time {
			if url == b.URL {
				return start.Add(30 * time.Minute)
			}
			return time.Time{}
		})
		time.Sleep(10*time.Minute + time.Second)
		if n := seen.of(a.URL); n != 10 {
			t.Errorf("feed with an interval of a minute and a second was polled %d times in ten minutes, want 10", n)
		}
		if n := seen.of(b.URL); n != 0 {
			t.Errorf("feed that is due in half an hour was polled %d times", n)
		}
		if over := p.overdue(); over > time.Second {
			t.Errorf("overdue by %s", over)
		}
		dropped := p.set([]feed.Source{b}, nil, func(string) time.Time { return time.Now() })
		if len(dropped) != 1 || dropped[0] != a.URL {
			t.Errorf("dropped %v, want the first feed", dropped)
		}
		time.Sleep(time.Hour)
		if n := seen.of(a.URL); n > 11 {
			t.Errorf("feed was polled %d times after it left its list", n)
		}
		if n := seen.of(b.URL); n != 1 {
			t.Errorf("feed kept its time through the change of lists and was polled %d times, want once", n)
		}
		stop()
		running.Wait()
	})
}

func TestBackoffGrowsToADay(t *testing.T) {
	last := time.Duration(0)
	for failures := range 40 {
		failures++
		d := failureWait(time.Minute, failures)
		if d < last || d > maxInterval {
			t.Fatalf("after %d failures the feed waits %s, after one less %s", failures, d, last)
		}
		last = d
	}
	if last != maxInterval {
		t.Errorf("back-off ends at %s, want %s", last, maxInterval)
	}
}
