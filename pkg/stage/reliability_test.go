package stage

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
)

// crash ends a worker as a kill does, as far as the broker can tell: its
// connection is gone and nothing that it still does reaches anyone.
func (w *running) crash() {
	w.o.Bus.Conn().Close()
	w.stop()
}

// second returns options for a worker with a connection of its own, which can
// crash.
func (r *rig) second(s *bus.Server) Options {
	r.t.Helper()
	b, err := bus.Connect(r.t.Context(), bus.Options{InProcess: s, AckWait: time.Second, Logger: r.o.Logger})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = b.Close(context.Background()) })
	o := r.o
	o.Bus, o.Grace, o.Registerer = b, time.Millisecond, prometheus.NewRegistry()
	return o
}

func newServer(t *testing.T) *bus.Server {
	t.Helper()
	s, err := bus.StartServer(bus.ServerOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// crashes runs workers over pages and kills each after a moment, then lets the
// last finish. It returns the number of articles that are missing.
func crashes(t *testing.T, ackFirst bool) (missing int) {
	const n, kills = 400, 8
	s := newServer(t)
	r := newRig(t, bus.Options{InProcess: s})
	r.pages(n)
	slow := func(ctx context.Context, batch []*Msg) []Result {
		select {
		case <-ctx.Done():
			return []Result{{Err: ctx.Err()}}
		case <-time.After(time.Duration(2+rand.IntN(3)) * time.Millisecond):
		}
		return echo(ctx, batch)
	}
	for range kills {
		o := r.second(s)
		o.Handler, o.AckFirst, o.Workers, o.MaxInFlight = slow, ackFirst, 4, 16
		before := r.messages(bus.StreamArticles)
		w := r.start(o)
		eventually(t, "some work", func() bool { return r.messages(bus.StreamArticles) >= before+20 })
		w.crash()
		<-w.done
		w.done <- nil
	}
	o := r.o
	o.AckFirst = ackFirst
	r.start(o)
	eventually(t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
	eventually(t, "idle", func() bool {
		c, err := r.bus.JetStream().Consumer(t.Context(), bus.StreamPages, bus.ConsumerNormalize)
		return err == nil && c.CachedInfo().NumAckPending == 0
	})
	if d := r.dead(); len(d) != 0 {
		t.Errorf("dead letters: %v", d)
	}
	got := r.articles()
	for id, times := range got {
		if times != 1 {
			t.Errorf("%s is there %d times", id, times)
		}
	}
	return n - len(got)
}

func TestCrashesLoseNothing(t *testing.T) {
	t.Parallel()
	if missing := crashes(t, false); missing != 0 {
		t.Errorf("%d articles are lost", missing)
	}
}

// The same crashes must show a worker that acknowledges first, or the test above
// shows nothing.
func TestCrashesCatchAckFirst(t *testing.T) {
	t.Parallel()
	if missing := crashes(t, true); missing == 0 {
		t.Error("a worker that acknowledges first lost nothing: the test is blind")
	}
}

func TestOutageMakesNoDeadLetters(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(4)
	var down atomic.Bool
	down.Store(true)
	var most atomic.Int64
	o := r.o
	o.BatchSize, o.BatchWait = 10, time.Millisecond
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		for _, m := range batch {
			for {
				seen := most.Load()
				if int64(m.Deliveries) <= seen || most.CompareAndSwap(seen, int64(m.Deliveries)) {
					break
				}
			}
		}
		if down.Load() {
			out := make([]Result, len(batch))
			for i := range out {
				out[i].Err = Unavailable(errors.New("index is down"))
			}
			return out
		}
		return echo(ctx, batch)
	}
	w := r.start(o)
	eventually(t, "Ready says why", func() bool {
		err := w.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "index is down")
	})
	eventually(t, "many redeliveries", func() bool { return most.Load() > 15 })
	down.Store(false)
	eventually(t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
	if d := r.dead(); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
	r.wantExactly(4)
	eventually(t, "Ready", func() bool { return w.Ready(t.Context()) == nil })
	if n := strings.Count(r.logs.String(), "unavailable, taking no messages"); n != 1 {
		t.Errorf("the outage was logged %d times", n)
	}
}

func TestLaterIsNoAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.page("page-0")
	var seen []int
	var mu sync.Mutex
	o := r.o
	// Ten times later, then four failures, then success: five attempts in all.
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, batch[0].Deliveries)
		switch n := len(seen); {
		case n <= 10:
			return []Result{{Err: Later(time.Millisecond, errors.New("not now"))}}
		case n <= 14:
			return []Result{{Err: errors.New("broken")}}
		}
		return echo(ctx, batch)
	}
	r.start(o)
	eventually(t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
	r.wantExactly(1)
	if d := r.dead(); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
}

func TestDrainCausesNoRedelivery(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	const n = 300
	r.pages(n)
	var redelivered, handled atomic.Int64
	o := r.o
	o.Registerer = nil
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		time.Sleep(time.Millisecond)
		handled.Add(1)
		if batch[0].Deliveries > 1 {
			redelivered.Add(1)
		}
		return echo(ctx, batch)
	}
	for round := int64(1); round <= 4; round++ {
		w := r.start(o)
		eventually(t, "some work", func() bool { return handled.Load() >= 40*round })
		w.end(t)
	}
	r.start(o)
	eventually(t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
	if redelivered.Load() != 0 || handled.Load() != n {
		t.Errorf("%d handled, %d of them again; want %d and 0", handled.Load(), redelivered.Load(), n)
	}
	r.wantExactly(n)
}

func TestDrainGivesBackWhatIsNotDone(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{AckWait: time.Minute})
	r.pages(10)
	started := make(chan struct{}, 10)
	o := r.o
	o.Registerer, o.Grace = nil, 20*time.Millisecond
	o.Handler = func(ctx context.Context, _ []*Msg) []Result {
		started <- struct{}{}
		<-ctx.Done()
		return []Result{{Err: ctx.Err()}}
	}
	w := r.start(o)
	<-started
	w.stop()
	eventually(t, "not ready", func() bool {
		err := w.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "stopping")
	})
	w.end(t)
	// AckWait is a minute: only what was given back can come now.
	o.Handler = echo
	r.start(o)
	eventually(t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
	r.wantExactly(10)
	if d := r.dead(); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
}

// takeArticles removes what is in ARTICLES and counts it by id.
func (r *rig) takeArticles(got map[string]int) {
	r.t.Helper()
	s, err := r.bus.JetStream().Stream(r.t.Context(), bus.StreamArticles)
	if err != nil {
		r.t.Fatal(err)
	}
	state := s.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
		m, err := s.GetMsg(r.t.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		got[m.Header.Get(bus.HeaderID)]++
		if err := s.DeleteMsg(r.t.Context(), seq); err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestFullStreamIsBackPressure(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{MaxBytes: map[string]int64{bus.StreamArticles: 16 << 10}})
	const n = 200
	r.pages(n)
	o := r.o
	o.MaxInFlight = 16
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		res := echo(ctx, batch)
		res[0].Out[0].Data = make([]byte, 1024)
		return res
	}
	w := r.start(o)
	eventually(t, "degraded", func() bool { return w.Degraded() != nil })
	if err := w.Ready(t.Context()); err != nil {
		t.Errorf("a full stream makes the stage unready: %v", err)
	}
	// Longer than AckWait: what is held must stay held.
	time.Sleep(2500 * time.Millisecond)
	if held := n - r.messages(bus.StreamPages) - r.messages(bus.StreamArticles); held != 0 {
		t.Errorf("%d messages are neither in PAGES nor in ARTICLES", held)
	}
	c, err := r.bus.JetStream().Consumer(t.Context(), bus.StreamPages, bus.ConsumerNormalize)
	if err != nil {
		t.Fatal(err)
	}
	if i := c.CachedInfo(); i.NumAckPending > 16 || i.NumRedelivered > 0 {
		t.Errorf("held %d, redelivered %d; want at most 16 and 0", i.NumAckPending, i.NumRedelivered)
	}
	if k := strings.Count(r.logs.String(), "stream is full"); k != 1 {
		t.Errorf("the full stream was logged %d times", k)
	}
	// Make room little by little, and count what comes out.
	got := map[string]int{}
	eventually(t, "all articles", func() bool {
		r.takeArticles(got)
		return len(got) == n
	})
	for id, times := range got {
		if times != 1 {
			t.Errorf("%s came %d times", id, times)
		}
	}
	eventually(t, "not degraded", func() bool { return w.Degraded() == nil })
	if d := r.dead(); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
}

func TestBrokerRestartInTheMiddle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := bus.StartServer(bus.ServerOptions{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Shutdown() }()
	r := newRig(t, bus.Options{URL: s.ClientURL()})
	const n = 600
	r.pages(n)
	addr := s.ListenAddr()
	var again atomic.Int64
	o := r.o
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		if batch[0].Deliveries > 1 {
			again.Add(1)
		}
		time.Sleep(time.Millisecond)
		return echo(ctx, batch)
	}
	w := r.start(o)
	for round := range 3 {
		eventually(t, "some work", func() bool { return r.messages(bus.StreamArticles) > uint64(100*(round+1)) })
		s.Shutdown()
		eventually(t, "Ready fails", func() bool { return w.Ready(t.Context()) != nil })
		s, err = bus.StartServer(bus.ServerOptions{Dir: dir, Listen: addr})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "Ready", func() bool { return w.Ready(t.Context()) == nil })
	}
	eventually(t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
	r.wantExactly(n)
	t.Logf("%d of %d messages were handled again after 3 restarts", again.Load(), n)
	if d := r.dead(); len(d) != 0 {
		t.Errorf("dead letters: %+v", d)
	}
}
