package stage

import (
	"context"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"
)

// held is a message that the broker counts on this worker for.
type held struct {
	msg  jetstream.Msg
	m    *Msg
	size int64
	span trace.Span

	prior     int    // attempts before this one
	lastError string // of the last of them
	start     time.Time
}

// fetch takes messages until ctx ends or the worker cannot go on. When it
// returns no request for messages is open.
func (w *Worker) fetch(ctx context.Context) error {
	failures, away := 0, false
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.fatal:
			return err
		default:
		}
		n, bytes := w.room()
		limit, wait := w.health.admit(w.holding())
		n = w.ask(min(n, limit))
		if n == 0 {
			w.pause(ctx, wait)
			continue
		}
		// The client leaks a subscription for each request that it cannot send.
		if !w.o.Bus.Connected() {
			w.health.brokerDown(true)
			away = true
			w.answered(0, n)
			w.pause(ctx, 100*time.Millisecond)
			continue
		}
		if away {
			// What is held may be due for another delivery; keep it, and let what
			// is done be acknowledged before anything is taken.
			w.touch()
			away = !sleep(ctx, 200*time.Millisecond)
		}
		start := time.Now()
		got, err := w.fetchOnce(n, bytes)
		w.answered(got, n)
		switch {
		case err != nil:
			if failures++; failures == 1 {
				w.log.Warn("cannot take messages, trying again", "error", err)
			}
			w.health.fetchFailed(err)
			w.pause(ctx, min(5*time.Second, 100*time.Millisecond<<min(failures, 6)))
		default:
			if failures > 0 {
				w.log.Info("taking messages again")
			}
			failures = 0
			w.health.fetched(got)
			if got == 0 && time.Since(start) < fetchWait/4 {
				// An answer at once and empty: never ask again without a pause.
				w.pause(ctx, 100*time.Millisecond)
			}
		}
	}
}

// fetchOnce asks for at most n messages and size bytes, and queues what comes.
// It deliberately knows no context: a request that is open must be waited for.
func (w *Worker) fetchOnce(n int, size int64) (int, error) {
	batch, err := w.cons.Fetch(n, jetstream.FetchMaxWait(fetchWait), jetstream.FetchMaxBytes(int(size)))
	if err != nil {
		return 0, err
	}
	got := 0
	for msg := range batch.Messages() {
		got++
		w.take(msg)
	}
	return got, batch.Error()
}

func (w *Worker) take(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		w.log.Error("message without delivery data", "subject", msg.Subject(), "error", err)
		return
	}
	h := &held{msg: msg, size: int64(len(msg.Data()) + len(msg.Subject()) + len(msg.Reply())), m: &Msg{
		Subject: msg.Subject(), Header: msg.Headers(), Data: msg.Data(), Deliveries: int(meta.NumDelivered),
		Stream: meta.Stream, Sequence: meta.Sequence.Stream, Published: meta.Timestamp,
	}}
	for k, vs := range h.m.Header {
		for _, v := range vs {
			h.size += int64(len(k) + len(v) + 4)
		}
	}
	w.mu.Lock()
	if w.held[h.m.Sequence] != nil {
		// AckWait passed while it was in work here, as after a long
		// disconnection. The delivery in work will answer for both.
		w.mu.Unlock()
		return
	}
	w.held[h.m.Sequence] = h
	w.count++
	w.asked = max(0, w.asked-1)
	w.bytes += h.size
	w.mu.Unlock()
	w.m.inflight.Inc()
	w.m.bytes.WithLabelValues("in").Add(float64(len(h.m.Data)))
	w.queue <- h // has room for all that may be held
	w.mu.Lock()
	w.hire()
	w.mu.Unlock()
}

// forget ends the telling that the message is in work; the lock is held.
func (w *Worker) forget(h *held) {
	if w.held[h.m.Sequence] == h { // else it was given back and came again
		delete(w.held, h.m.Sequence)
	}
}

// release gives the place of a message free: the broker was told what became of
// it.
func (w *Worker) release(h *held) {
	w.mu.Lock()
	w.forget(h)
	w.count--
	w.settle()
	w.bytes -= h.size
	w.mu.Unlock()
	w.m.inflight.Dec()
	select {
	case w.freed <- struct{}{}:
	default:
	}
}

func (w *Worker) holding() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// room returns how many messages and bytes may be taken. It is 0 until a quarter
// of the places is free, so that a busy worker asks for many at a time.
func (w *Worker) room() (messages int, bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	messages = w.o.MaxInFlight - w.count
	bytes = w.o.MaxBytes - w.bytes
	if messages < max(1, w.o.MaxInFlight/4) {
		return 0, 0
	}
	unit := max(fetchUnit, w.o.Bus.Conn().MaxPayload()+fetchUnit-bus.MaxPayload)
	if w.count == 0 {
		bytes = max(bytes, unit)
	}
	if bytes < unit {
		return 0, 0
	}
	return messages, bytes
}

// pause waits until a message is done, the health changes, d passes or ctx ends.
func (w *Worker) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-w.freed:
	case <-t.C:
	}
}
