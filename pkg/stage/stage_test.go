package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(childVariable); url != "" {
		os.Exit(killer(url))
	}
	goleak.VerifyTestMain(m)
}

// logs is a log that tests can read while it is written.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rig is a broker with a stage on PAGES that publishes to ARTICLES.
type rig struct {
	t    *testing.T
	bus  *bus.Bus
	o    Options
	logs *logs
	reg  *prometheus.Registry
}

func newRig(t *testing.T, o bus.Options) *rig {
	t.Helper()
	if o.InProcess == nil && o.URL == "" {
		s, err := bus.StartServer(bus.ServerOptions{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Shutdown)
		o.InProcess = s
	}
	if o.AckWait == 0 {
		o.AckWait = time.Second
	}
	r := &rig{t: t, logs: &logs{}, reg: prometheus.NewRegistry()}
	o.Logger = slog.New(slog.NewTextHandler(r.logs, nil))
	b, err := bus.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = b.Close(ctx)
	})
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.bus = b
	r.o = Options{
		Name: "normalize", Bus: b, Stream: bus.StreamPages, Consumer: bus.ConsumerNormalize, Handler: echo,
		Workers: 2, RetryDelay: 5 * time.Millisecond, ProbeDelay: 5 * time.Millisecond, MaxProbeDelay: 50 * time.Millisecond,
		Grace: 5 * time.Second, StuckAfter: 50 * time.Millisecond, Worker: "worker-1",
		Logger: o.Logger, Registerer: r.reg,
	}
	return r
}

// echo turns a page into an article of the same bytes.
func echo(_ context.Context, batch []*Msg) []Result {
	out := make([]Result, len(batch))
	for i, m := range batch {
		out[i] = article(m)
	}
	return out
}

func article(m *Msg) Result {
	id := m.Header.Get(bus.HeaderID)
	return Result{Out: []Out{{
		Subject: bus.ArticleSubject(id), MsgID: m.Header.Get(jetstream.MsgIDHeader) + ":1", Data: m.Data,
		Header: nats.Header{bus.HeaderID: {id}},
	}}}
}

// pages publishes pages page-0, page-1, ...
func (r *rig) pages(n int) {
	r.t.Helper()
	for i := range n {
		r.page(fmt.Sprintf("page-%d", i))
	}
}

func (r *rig) page(id string) {
	r.t.Helper()
	m := &nats.Msg{Subject: bus.PageSubject(id), Data: []byte("body of " + id), Header: nats.Header{
		bus.HeaderID: {id}, "Copydesk-Url": {"http://localhost/" + id}, jetstream.MsgIDHeader: {id + ":hash"},
	}}
	if _, err := r.bus.JetStream().PublishMsg(r.t.Context(), m); err != nil {
		r.t.Fatal(err)
	}
}

// running is a worker that runs.
type running struct {
	*Worker
	stop context.CancelFunc
	done chan error
}

func (r *rig) start(o Options) *running {
	r.t.Helper()
	w, err := New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := &running{w, cancel, make(chan error, 1)}
	go func() { run.done <- w.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		select {
		case <-run.done:
		case <-time.After(20 * time.Second):
			r.t.Error("worker does not stop")
		}
	})
	return run
}

// end stops a worker and waits for it.
func (w *running) end(t *testing.T) {
	t.Helper()
	w.stop()
	select {
	case err := <-w.done:
		w.done <- err // for the cleanup
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("worker does not stop")
	}
}

func (r *rig) messages(stream string) uint64 {
	r.t.Helper()
	s, err := r.bus.JetStream().Stream(r.t.Context(), stream)
	if err != nil {
		r.t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

// articles returns how often each id is in ARTICLES.
func (r *rig) articles() map[string]int {
	r.t.Helper()
	s, err := r.bus.JetStream().Stream(r.t.Context(), bus.StreamArticles)
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]int{}
	state := s.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
		m, err := s.GetMsg(r.t.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		out[m.Header.Get(bus.HeaderID)]++
	}
	return out
}

func (r *rig) dead() []bus.DeadLetter {
	r.t.Helper()
	letters, _, err := r.bus.ListDead(r.t.Context(), bus.DeadQuery{Limit: 500})
	if err != nil {
		r.t.Fatal(err)
	}
	return letters
}

// wantExactly checks that ARTICLES holds page-0 to page-(n-1) once each.
func (r *rig) wantExactly(n int) {
	r.t.Helper()
	got := r.articles()
	for i := range n {
		id := fmt.Sprintf("page-%d", i)
		if got[id] != 1 {
			r.t.Errorf("%s is there %d times", id, got[id])
		}
	}
	if len(got) != n {
		r.t.Errorf("%d articles, want %d", len(got), n)
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAllIsPublishedOnceAndAcknowledged(t *testing.T) {
	r := newRig(t, bus.Options{})
	r.pages(300)
	w := r.start(r.o)
	eventually(t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
	r.wantExactly(300)
	if err := w.Ready(t.Context()); err != nil {
		t.Errorf("Ready: %v", err)
	}
	w.end(t)
	if err := w.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("Ready after the end: %v", err)
	}
	if d := r.dead(); len(d) != 0 {
		t.Errorf("dead letters: %v", d)
	}
}
