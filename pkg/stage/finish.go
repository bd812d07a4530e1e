package stage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/codes"
)

const (
	// ackTimeout bounds one try to acknowledge.
	ackTimeout = 5 * time.Second
	// thenTimeout bounds one call of Result.Then.
	thenTimeout = 10 * time.Second
)

// tail finishes a message on its own goroutine, so that the handler goes on
// while the broker writes. There are never more of them than messages held. hung
// says that the handler has not returned.
func (w *Worker) tail(h *held, r Result, hung bool) {
	w.tails.Go(func() {
		outcome := w.finish(h, r, hung)
		w.done(h, outcome)
	})
}

// done counts the outcome and forgets the message.
func (w *Worker) done(h *held, outcome string) {
	w.m.messages.WithLabelValues(outcome).Inc()
	if !h.start.IsZero() {
		w.m.duration.Observe(time.Since(h.start).Seconds())
	}
	if h.span != nil {
		h.span.End()
	}
	w.release(h)
}

// finish carries out a result and returns what became of the message.
func (w *Worker) finish(h *held, r Result, hung bool) string {
	err := r.Err
	if err == nil {
		err = w.publishAll(h, r.Out)
	}
	if err == nil && r.Then != nil {
		err = w.limited(thenTimeout, r.Then)
	}
	if err == nil {
		w.health.works()
		return w.ack(h, outcomeOK, func(ctx context.Context) error { return h.msg.DoubleAck(ctx) })
	}
	if h.span != nil {
		h.span.SetStatus(codes.Error, err.Error())
	}
	var (
		permanent   *permanentError
		later       *laterError
		unavailable *unavailableError
	)
	switch {
	case errors.As(err, &permanent):
		w.health.works()
		return w.bury(h, permanent)
	case errors.As(err, &later):
		w.health.works()
		w.excuse(h)
		w.nak(h, later.after)
		return outcomeLater
	case errors.As(err, &unavailable):
		return w.outage(h, unavailable.err)
	case w.work.Err() != nil:
		w.excuse(h)
		w.nak(h, 0)
		return outcomeReturned
	case w.isOutage(err):
		return w.outage(h, err)
	}
	w.health.works()
	if lerr := w.ledger.failed(w.work, h, err.Error(), hung); lerr != nil {
		w.log.Warn("failed attempt is not recorded", "id", h.id(), "error", lerr)
	}
	delay := min(maxRetryDelay, w.o.RetryDelay<<min(h.prior, 10))
	w.log.Warn("attempt failed", "id", h.id(), "attempt", h.prior+1, "deliveries", h.m.Deliveries, "again_in", delay.String(), "error", err)
	w.nak(h, spread(delay))
	return outcomeRetry
}

// isOutage reports whether the error of a handler comes from a broker that is
// away. A deadline may be any deadline, so it counts only while the connection is
// down.
func (w *Worker) isOutage(err error) bool {
	return bus.IsUnavailable(err) && (!errors.Is(err, context.DeadlineExceeded) || !w.o.Bus.Connected())
}

// outage gives a message back that failed because something else is down.
func (w *Worker) outage(h *held, err error) string {
	delay := w.health.down(err)
	// Only a broker that is there can take the attempt back, and nothing is
	// missed by waiting for it.
	if !w.o.Bus.Connected() {
		w.backOff(0)
	}
	w.excuse(h)
	w.nak(h, spread(delay))
	return outcomeUnavailable
}

// spread varies d by a tenth, so that messages that failed together do not come
// back together.
func spread(d time.Duration) time.Duration {
	return d - d/20 + rand.N(d/10+1)
}

// publishAll publishes the output of a message, each under its id, and waits for
// the broker to have stored it.
func (w *Worker) publishAll(h *held, outs []Out) error {
	for _, o := range outs {
		m := &nats.Msg{Subject: o.Subject, Data: o.Data, Header: nats.Header{}}
		for k, v := range o.Header {
			m.Header[k] = v
		}
		if o.MsgID != "" {
			m.Header[jetstream.MsgIDHeader] = []string{o.MsgID}
		}
		h.inject(m.Header)
		_, err := w.publish(m, bus.MaxMessage)
		if bus.IsTooLarge(err) {
			return Permanent(ReasonTooLarge, err)
		}
		if err != nil {
			return err
		}
		w.m.bytes.WithLabelValues("out").Add(float64(len(o.Data)))
	}
	return nil
}

// publish stores one message and returns its sequence number, waiting as long as the stream is full or the
// broker away, until the worker must give up what it holds. Meanwhile the message
// it came from stays held.
func (w *Worker) publish(m *nats.Msg, limit int) (sequence uint64, err error) {
	if m.Size() > limit {
		return 0, fmt.Errorf("publish %d bytes to %s: %w", m.Size(), m.Subject, nats.ErrMaxPayload)
	}
	stalled := ""
	stall := func(cause string, err error) {
		if cause == stalled {
			return
		}
		if stalled != "" {
			w.health.unstall(stalled)
		}
		if cause != "" {
			w.health.stall(cause, m.Subject, err)
		}
		stalled = cause
	}
	defer stall("", nil)
	for attempt := 0; ; attempt++ {
		err := w.limited(DefaultPublishTimeout, func(ctx context.Context) (err error) {
			sequence, err = w.o.Bus.Publish(ctx, m)
			return err
		})
		switch {
		case err == nil:
			return sequence, nil
		case w.work.Err() != nil:
			return 0, fmt.Errorf("publish to %s: %w", m.Subject, context.Cause(w.work))
		case bus.IsTooLarge(err):
			return 0, fmt.Errorf("publish %d bytes to %s: %w", m.Size(), m.Subject, err)
		case bus.IsFull(err):
			stall(causeFull, err)
		case bus.IsUnavailable(err):
			stall(causeBroker, err)
		default:
			return 0, fmt.Errorf("publish to %s: %w", m.Subject, err)
		}
		w.backOff(spread(min(5*time.Second, 100*time.Millisecond<<min(attempt, 6))))
	}
}

// limited makes one call to the broker, bounded in time and with few others at
// once.
func (w *Worker) limited(timeout time.Duration, call func(context.Context) error) error {
	select {
	case w.calls <- struct{}{}:
	case <-w.work.Done():
		return context.Cause(w.work)
	}
	defer func() { <-w.calls }()
	return w.o.Bus.Call(w.work, timeout, call)
}

// backOff waits before a call to the broker is made again: for d, or as long as
// the broker is away.
func (w *Worker) backOff(d time.Duration) {
	if w.o.Bus.Connected() {
		sleep(w.work, d)
		return
	}
	for !w.o.Bus.Connected() && sleep(w.work, 50*time.Millisecond) {
	}
}

// ack tells the broker that the message is done and waits for the answer. The
// outcome is the given one, or unacked when a broker that is there does not
// confirm for two AckWaits; the message then comes again.
func (w *Worker) ack(h *held, outcome string, send func(context.Context) error) string {
	if w.o.AckFirst {
		return outcome
	}
	give := time.Now().Add(2 * w.ackWait)
	for attempt := 0; ; attempt++ {
		err := w.limited(ackTimeout, send)
		if err == nil || errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
			return outcome
		}
		if w.work.Err() != nil {
			// No time to wait for the answer.
			_ = h.msg.Ack()
			return outcomeUnacked
		}
		if !bus.IsUnavailable(err) || time.Now().After(give) {
			w.log.Warn("message is done but not acknowledged", "id", h.id(), "error", err)
			return outcomeUnacked
		}
		if !w.o.Bus.Connected() {
			give = time.Now().Add(2 * w.ackWait)
		}
		w.backOff(min(2*time.Second, 100*time.Millisecond<<min(attempt, 5)))
	}
}

// bury stores a message among the dead letters and then ends its deliveries.
func (w *Worker) bury(h *held, p *permanentError) string {
	key := fmt.Sprintf("%s:%d:%s", h.m.Stream, h.m.Sequence, strconv.FormatInt(h.m.Published.UnixNano(), 36))
	letter := bus.NewDead(&nats.Msg{Subject: h.m.Subject, Header: h.m.Header, Data: h.m.Data}, bus.DeadLetter{
		Stage: w.o.Name, Reason: p.reason, Error: p.err.Error(), Deliveries: h.m.Deliveries, Worker: w.o.Worker, At: time.Now(),
	}, key)
	sequence, err := w.publish(letter, bus.MaxPayload)
	if bus.IsTooLarge(err) {
		bus.ShrinkDead(letter)
		sequence, err = w.publish(letter, bus.MaxPayload)
	}
	if err != nil {
		if w.work.Err() == nil {
			w.log.Error("dead letter cannot be stored, message stays in its stream", "id", h.id(), "reason", p.reason, "error", err)
		}
		w.nak(h, w.o.RetryDelay)
		return outcomeReturned
	}
	w.m.dead.WithLabelValues(p.reason).Inc()
	if err := w.limited(ackTimeout, func(ctx context.Context) error { return w.o.Bus.NoteDead(ctx, letter, sequence) }); err != nil {
		w.log.Warn("dead letter cannot be found by its page, only in the list", "id", h.id(), "number", sequence, "error", err)
	}
	w.log.Warn("dead letter", "id", h.id(), "reason", p.reason, "deliveries", h.m.Deliveries, "error", p.err)
	return w.ack(h, outcomeDead, func(ctx context.Context) error {
		// TermWithReason of the client does not wait for the broker; this is the
		// same message with an answer.
		_, err := w.o.Bus.Conn().RequestWithContext(ctx, h.msg.Reply(), []byte("+TERM "+p.reason))
		return err
	})
}

// excuse takes an attempt back. Without a record the message is charged one
// attempt too many, which is worth a line but no delay.
func (w *Worker) excuse(h *held) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.work), 2*time.Second)
	defer cancel()
	if !w.o.Bus.Connected() {
		return
	}
	if err := w.ledger.excuse(ctx, h); err != nil {
		w.log.Warn("attempt is not taken back", "id", h.id(), "error", err)
	}
}

// nak gives a message back to be delivered again after some time. If it does not
// reach the broker the message comes when AckWait is over.
func (w *Worker) nak(h *held, after time.Duration) {
	// Forgotten first: the next delivery may be here before this returns.
	w.mu.Lock()
	w.forget(h)
	w.mu.Unlock()
	var err error
	if after > 0 {
		err = h.msg.NakWithDelay(after)
	} else {
		err = h.msg.Nak()
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		w.log.Debug("message is not given back", "id", h.id(), "error", err)
	}
}

// giveBack returns a message that the handler has not seen.
func (w *Worker) giveBack(h *held, after time.Duration, outcome string) {
	w.nak(h, after)
	w.done(h, outcome)
}

func (w *Worker) giveBackAll(batch []*held, after time.Duration, outcome string) {
	for _, h := range batch {
		d := after
		if d > 0 {
			d = spread(d)
		}
		w.giveBack(h, d, outcome)
	}
}
