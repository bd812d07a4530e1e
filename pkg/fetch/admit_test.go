package fetch

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// gate admits every host but those named away, and counts what is under way.
type gate struct {
	wait, run context.Context
	since     time.Time
	valid     atomic.Bool
	open      atomic.Int32
	away      string
}

func newGate() *gate {
	g := &gate{wait: context.Background(), run: context.Background()}
	g.valid.Store(true)
	return g
}

func (g *gate) admit(host string) (*Admission, error) {
	if host == g.away {
		return nil, errors.New("another's")
	}
	g.open.Add(1)
	return &Admission{Wait: g.wait, Run: g.run, Since: g.since, Valid: g.valid.Load, Done: func() { g.open.Add(-1) }}, nil
}

// TestAdmissionOfEveryHop: a redirect to a host that is another's ends the fetch
// and names where it led; the rules of a host are read wherever they lie.
func TestAdmissionOfEveryHop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		g.away = "b.example.org"
		f, n, stop := newPipeFetcher(t, Options{Admit: g.admit, NoDelay: true}, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Host == "a.example.org" && r.URL.Path == "/robots.txt":
				http.Redirect(w, r, "http://b.example.org/robots.txt", http.StatusFound)
			case r.URL.Path == "/robots.txt":
				_, _ = w.Write([]byte("User-agent: *\nDisallow: /closed"))
			case r.URL.Path == "/away":
				http.Redirect(w, r, "http://b.example.org/page?x=1", http.StatusFound)
			}
		})
		defer stop()
		get(t, f, "http://a.example.org/open")
		fail(t, f, "http://a.example.org/closed", ClassRobots)
		e := fail(t, f, "http://a.example.org/away", ClassElsewhere)
		if e.Elsewhere != "http://b.example.org/page?x=1" || !e.Temporary {
			t.Errorf("got %+v", e)
		}
		if e := fail(t, f, "http://b.example.org/", ClassElsewhere); e.Elsewhere != "http://b.example.org/" {
			t.Errorf("got %+v", e)
		}
		for _, v := range n.visits() {
			if v.host == g.away && v.path != "/robots.txt" {
				t.Errorf("%s%s was asked for", v.host, v.path)
			}
		}
		if left := g.open.Load(); left != 0 {
			t.Errorf("%d requests count as under way", left)
		}
	})
}

// TestAdmissionEnds: what waits gives up when the host must be let go, what
// runs when it must be over, and what lost the right on the way sends nothing.
func TestAdmissionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		var noMore, over context.CancelFunc
		g.wait, noMore = context.WithCancel(context.Background())
		g.run, over = context.WithCancel(context.Background())
		f, n, stop := newPipeFetcher(t, Options{Admit: g.admit, IgnoreRobots: true}, func(_ http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/slow") {
				select {
				case <-time.After(20 * time.Second):
				case <-r.Context().Done():
				}
			}
		})
		defer stop()
		begin := time.Now()
		ended := make(chan time.Duration, 2)
		for _, path := range []string{"/slow1", "/slow2"} { // the second waits for its turn
			go func() {
				fail(t, f, "http://a.example.org"+path, ClassCanceled)
				ended <- time.Since(begin)
			}()
		}
		time.Sleep(time.Second)
		noMore()
		if d := <-ended; d != time.Second {
			t.Errorf("the one that waited gave up after %s", d)
		}
		time.Sleep(time.Second)
		over()
		if d := <-ended; d != 2*time.Second {
			t.Errorf("the one under way ended after %s", d)
		}
		fail(t, f, "http://a.example.org/late", ClassCanceled)
		g.wait, g.run = context.Background(), context.Background()
		g.valid.Store(false)
		fail(t, f, "http://b.example.org/lost", ClassCanceled)
		if left := g.open.Load(); left != 0 {
			t.Errorf("%d requests count as under way", left)
		}
		stop()
		for _, v := range n.visits() {
			if !strings.HasPrefix(v.path, "/slow") {
				t.Errorf("%s was asked for", v.path)
			}
		}
	})
}

// TestAdmissionRightLostWhileConnecting: the last look comes when the
// connection stands.
func TestAdmissionRightLostWhileConnecting(t *testing.T) {
	var asked atomic.Int32
	s := newServer(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	var looks atomic.Int32
	f := newTestFetcher(t, func(o *Options) {
		o.IgnoreRobots = true
		o.Admit = func(string) (*Admission, error) {
			return &Admission{
				Wait: context.Background(), Run: context.Background(), Done: func() {},
				Valid: func() bool { return looks.Add(1) == 1 },
			}, nil
		}
	})
	fail(t, f, s.URL+"/", ClassCanceled)
	if looks.Load() < 2 || asked.Load() != 0 {
		t.Errorf("%d looks, %d requests", looks.Load(), asked.Load())
	}
}

// TestAdmissionHoldsTheDelay: whoever gets a host waits as if it had asked it
// just before.
func TestAdmissionHoldsTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		f, n, stop := newPipeFetcher(t, Options{Admit: g.admit, HostDelay: 2 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				_, _ = w.Write([]byte("User-agent: *\nCrawl-delay: 7"))
			}
		})
		defer stop()
		get(t, f, "http://a.example.org/1")
		time.Sleep(time.Minute)
		g.since = time.Now()
		get(t, f, "http://a.example.org/2")
		get(t, f, "http://a.example.org/3")
		var after []time.Duration
		for _, v := range n.visits()[2:] {
			after = append(after, v.start.Sub(g.since))
		}
		if len(after) != 2 || after[0] != 7*time.Second || after[1] != 14*time.Second {
			t.Errorf("the next owner asked after %v", after)
		}
	})
}
