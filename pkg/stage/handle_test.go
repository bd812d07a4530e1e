package stage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// each makes a handler of a function of one message.
func each(f func(ctx context.Context, m *Msg) Result) Handler {
	return func(ctx context.Context, batch []*Msg) []Result {
		out := make([]Result, len(batch))
		for i, m := range batch {
			out[i] = f(ctx, m)
		}
		return out
	}
}

func (r *rig) empty() {
	r.t.Helper()
	eventually(r.t, "PAGES empty", func() bool { return r.messages(bus.StreamPages) == 0 })
}

// metric returns one value of a counter or gauge.
func (r *rig) metric(name, label, value string) float64 {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			stage, match := false, label == ""
			for _, l := range m.GetLabel() {
				stage = stage || l.GetName() == "stage" && l.GetValue() == "normalize"
				match = match || l.GetName() == label && l.GetValue() == value
			}
			if f.GetName() == name && stage && match {
				if m.GetCounter() != nil {
					return m.GetCounter().GetValue()
				}
				if m.GetHistogram() != nil {
					return float64(m.GetHistogram().GetSampleCount())
				}
				return m.GetGauge().GetValue()
			}
		}
	}
	return -1
}

func TestPermanentErrorBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(3)
	fixed := false
	handler := func(ctx context.Context, m *Msg) Result {
		if m.Header.Get(bus.HeaderID) == "page-1" && !fixed {
			return Result{Err: fmt.Errorf("page-1: %w", Permanent("not HTML", errors.New("looks like a PDF")))}
		}
		return article(m)
	}
	o := r.o
	o.Handler = each(handler)
	w := r.start(o)
	r.empty()
	w.end(t)
	letters := r.dead()
	if len(letters) != 1 {
		t.Fatalf("%d dead letters", len(letters))
	}
	d := letters[0]
	if d.Reason != "not_html" || d.Error != "looks like a PDF" || d.Stage != "normalize" || d.Subject != "copydesk.page.page-1" ||
		d.Deliveries != 1 || d.Replays != 0 || d.Worker != "worker-1" || d.ID != "page-1" || d.MsgID != "page-1:hash" ||
		time.Since(d.At) > time.Minute || d.URL != "http://localhost/page-1" {
		t.Errorf("letter: %+v", d)
	}
	if r.metric("copydesk_dead_letters_total", "reason", "not_html") != 1 || r.metric("copydesk_stage_messages_total", "outcome", "dead") != 1 {
		t.Error("dead letter is not counted")
	}
	if l := r.logs.String(); !strings.Contains(l, `msg="dead letter"`) || !strings.Contains(l, "id=page-1") {
		t.Errorf("log: %s", l)
	}
	// Mended, replayed, done.
	fixed = true
	if err := r.bus.ReplayDead(t.Context(), d.Sequence); err != nil {
		t.Fatal(err)
	}
	o.Registerer = nil
	r.start(o)
	r.empty()
	r.wantExactly(3)
	if n := len(r.dead()); n != 0 {
		t.Errorf("%d dead letters after the replay", n)
	}
}

func TestSixthDeliveryIsPoison(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(4)
	var mu sync.Mutex
	seen := map[string]int{}
	o := r.o
	o.Handler = each(func(_ context.Context, m *Msg) Result {
		id := m.Header.Get(bus.HeaderID)
		mu.Lock()
		defer mu.Unlock()
		seen[id]++
		if id == "page-2" {
			panic("cannot bear it")
		}
		if id == "page-3" {
			return Result{Err: errors.New("broken")}
		}
		return article(m)
	})
	r.start(o)
	r.empty()
	letters := r.dead()
	if len(letters) != 2 {
		t.Fatalf("%d dead letters", len(letters))
	}
	for _, d := range letters {
		want := map[string]string{"page-2": "failed 5 times, last: handler panicked: cannot bear it", "page-3": "failed 5 times, last: broken"}[d.ID]
		if d.Reason != "poison" || d.Deliveries != 6 || d.Error != want {
			t.Errorf("%s: %s, %d deliveries, %q", d.ID, d.Reason, d.Deliveries, d.Error)
		}
		if seen[d.ID] != 5 {
			t.Errorf("%s was handled %d times, want 5", d.ID, seen[d.ID])
		}
	}
	if l := r.logs.String(); !strings.Contains(l, "handle_test.go") {
		t.Error("no stack of the panic in the log")
	}
	if n := r.metric("copydesk_stage_messages_total", "outcome", "retry"); n != 10 {
		t.Errorf("retry: %v, want 10", n)
	}
}

func TestPanicInABatchHitsOnlyItsMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(30)
	var mu sync.Mutex
	var ok []int
	o := r.o
	o.BatchSize, o.BatchWait = 10, 50*time.Millisecond
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		for _, m := range batch {
			if m.Header.Get(bus.HeaderID) == "page-13" {
				panic("thirteen")
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, m := range batch {
			ok = append(ok, m.Deliveries)
		}
		return echo(ctx, batch)
	}
	r.start(o)
	r.empty()
	for _, n := range ok {
		if n != 1 {
			t.Errorf("a neighbour needed %d deliveries", n)
		}
	}
	if d := r.dead(); len(d) != 1 || d[0].ID != "page-13" || d[0].Reason != "poison" {
		t.Errorf("dead letters: %+v", d)
	}
	if n := len(r.articles()); n != 29 {
		t.Errorf("%d articles, want 29", n)
	}
}

func TestBatchesAreFilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(100)
	var calls, most atomic.Int64
	o := r.o
	o.Workers, o.BatchSize, o.BatchWait = 1, 25, 300*time.Millisecond
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		calls.Add(1)
		most.Store(max(most.Load(), int64(len(batch))))
		return echo(ctx, batch)
	}
	r.start(o)
	r.empty()
	if calls.Load() > 6 || most.Load() != 25 {
		t.Errorf("%d calls, at most %d messages", calls.Load(), most.Load())
	}
	r.wantExactly(100)
}

func TestTimeOutIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(1)
	var calls atomic.Int64
	o := r.o
	o.HandleTimeout = 20 * time.Millisecond
	o.Handler = each(func(ctx context.Context, m *Msg) Result {
		if calls.Add(1) < 3 {
			<-ctx.Done()
			return Result{Err: ctx.Err()}
		}
		return article(m)
	})
	r.start(o)
	r.empty()
	r.wantExactly(1)
	if calls.Load() != 3 {
		t.Errorf("%d calls, want 3", calls.Load())
	}
}

func TestHandlerThatNeverReturns(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(10)
	release := make(chan struct{})
	o := r.o
	o.HandleTimeout = 20 * time.Millisecond
	o.Handler = each(func(_ context.Context, m *Msg) Result {
		if m.Header.Get(bus.HeaderID) == "page-4" {
			<-release
		}
		return article(m)
	})
	r.start(o)
	r.empty()
	if d := r.dead(); len(d) != 1 || d[0].ID != "page-4" || d[0].Reason != ReasonStuck {
		t.Errorf("dead letters: %+v", d)
	}
	if n := len(r.articles()); n != 9 {
		t.Errorf("%d articles, want 9", n)
	}
	if n := r.metric("copydesk_stage_stuck_handlers", "", ""); n != 1 {
		t.Errorf("stuck handlers: %v", n)
	}
	close(release)
	eventually(t, "nothing is stuck", func() bool { return r.metric("copydesk_stage_stuck_handlers", "", "") == 0 })
}

func TestTooManyStuckHandlersEndTheWorker(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(MaxStuck)
	release := make(chan struct{})
	defer close(release)
	o := r.o
	o.Workers, o.HandleTimeout = MaxStuck, 20*time.Millisecond
	o.Handler = each(func(context.Context, *Msg) Result {
		<-release
		return Result{}
	})
	w := r.start(o)
	err := <-w.done
	w.done <- err
	if !errors.Is(err, ErrStuck) {
		t.Errorf("Run: %v", err)
	}
}

func TestOddResults(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	for _, id := range []string{"none", "large", "filtered"} {
		r.page(id)
	}
	o := r.o
	o.Handler = func(ctx context.Context, batch []*Msg) []Result {
		res := echo(ctx, batch)
		switch batch[0].Header.Get(bus.HeaderID) {
		case "none":
			return nil
		case "large":
			res[0].Out[0].Data = make([]byte, bus.MaxMessage)
		case "filtered":
			res[0].Out = nil
		}
		return res
	}
	r.start(o)
	r.empty()
	got := map[string]string{}
	for _, d := range r.dead() {
		got[d.ID] = d.Reason + ": " + d.Error
	}
	if len(got) != 2 || got["none"] != "poison: failed 5 times, last: handler returned 0 results for 1 messages" ||
		!strings.HasPrefix(got["large"], "too_large: publish 41") {
		t.Errorf("dead letters: %v", got)
	}
}

// A message of the largest size that the broker takes leaves no room for the
// headers of a dead letter.
func TestDeadLetterOfALargeMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	for _, m := range []*nats.Msg{
		{Subject: bus.PageSubject("big"), Data: make([]byte, bus.MaxPayload-100), Header: nats.Header{bus.HeaderID: {"big"}}},
		{Subject: bus.PageSubject("wide"), Header: nats.Header{bus.HeaderID: {"wide"}, "X-Wide": {strings.Repeat("x", 64<<10-60)}}},
	} {
		if _, err := r.bus.JetStream().PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	o := r.o
	o.Handler = each(func(context.Context, *Msg) Result { return Result{Err: Permanent("bad", errors.New("no"))} })
	r.start(o)
	r.empty()
	got := map[string]int{}
	for _, d := range r.dead() {
		if d.Size != 0 || d.Reason != "bad" || d.Error != "no" {
			t.Errorf("dead letter: %+v", d)
		}
		got[d.ID] = d.Dropped
	}
	if len(got) != 2 || got["big"] != bus.MaxPayload-100 || got["wide"] != 1 {
		t.Errorf("dropped: %v", got)
	}
}

func TestNeverPoison(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(1)
	var calls atomic.Int64
	o := r.o
	o.MaxDeliveries = -1
	o.RetryDelay = time.Millisecond
	o.Handler = each(func(_ context.Context, m *Msg) Result {
		if calls.Add(1) <= 8 {
			return Result{Err: errors.New("broken")}
		}
		return article(m)
	})
	r.start(o)
	r.empty()
	r.wantExactly(1)
	kv, err := r.bus.Bucket(t.Context(), bus.BucketAttempts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Keys(t.Context()); !errors.Is(err, jetstream.ErrNoKeysFound) {
		t.Errorf("attempts were written: %v", err)
	}
}

func TestMessageHeldLongerThanAckWait(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(3)
	var calls atomic.Int64
	o := r.o
	o.Workers = 1 // two of them wait in the queue meanwhile
	o.Handler = each(func(_ context.Context, m *Msg) Result {
		calls.Add(1)
		time.Sleep(1500 * time.Millisecond)
		return article(m)
	})
	r.start(o)
	r.empty()
	r.wantExactly(3)
	if calls.Load() != 3 {
		t.Errorf("%d calls, want 3", calls.Load())
	}
}

// After a long disconnection the broker delivers again what is still in work.
func TestSecondDeliveryOfWhatIsInWork(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(1)
	w, err := New(r.o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	deliver := func() {
		t.Helper()
		if n, err := w.fetchOnce(1, fetchUnit); n != 1 || err != nil {
			t.Fatalf("fetched %d, %v", n, err)
		}
	}
	deliver()
	eventually(t, "the second delivery", func() bool {
		n, err := w.fetchOnce(1, fetchUnit)
		return n == 1 && err == nil
	})
	if len(w.queue) != 1 || w.holding() != 1 {
		t.Fatalf("%d queued, %d held", len(w.queue), w.holding())
	}
	// Given back, the message is new again.
	first := <-w.queue
	w.nak(first, 0)
	deliver()
	if len(w.queue) != 1 || w.holding() != 2 {
		t.Errorf("%d queued, %d held", len(w.queue), w.holding())
	}
	w.done(first, outcomeReturned)
	if second := <-w.queue; w.held[second.m.Sequence] != second || w.holding() != 1 || second.m.Deliveries != 3 {
		t.Errorf("%d held, delivery %d", w.holding(), second.m.Deliveries)
	}
}
