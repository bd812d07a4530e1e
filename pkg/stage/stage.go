// Package stage is the loop of a worker: it takes messages from a consumer,
// hands them to a [Handler], publishes what comes out, and only then
// acknowledges. It knows nothing of news.
//
// # What it promises
//
// A message is acknowledged after everything that its handler returned is
// stored by the broker, or after it is stored as a dead letter. Until then it is
// held: the broker is told every third of AckWait that it is in work. Killing
// the process at any moment loses nothing; a message may be handled twice, so
// what handlers write must be idempotent.
//
// A worker takes no more messages than MaxInFlight and no more bytes than
// MaxBytes. While a stream that it publishes to is full it holds what it has and
// takes nothing new, which slows the stage before it.
//
// # Who is poison
//
// The broker counts deliveries, but a delivery is no proof of guilt: an outage,
// a restart, a neighbour that killed the worker all deliver healthy messages
// again. So the stage counts attempts, which are deliveries that reached the
// handler and ended badly:
//
//   - The first delivery counts as an attempt unless it ended in [Later] or
//     [Unavailable]. It is not written down, so that the normal case costs nothing.
//   - From the second delivery on, the attempt is written to the bucket
//     copydesk_attempts before the handler runs, and taken back when it ended in
//     Later, Unavailable or a shutdown. A worker that dies takes nothing back.
//   - A message that was merely waiting in a worker that died is not charged.
//   - A message whose last written attempt has no end, so that it may have killed
//     the worker, is handled alone: no other message is in the handler, so none
//     can be blamed in its place.
//
// A message that has used up its attempts (MaxDeliveries-1) becomes a dead letter
// with the reason "poison" at the next delivery, before the handler sees it. A
// handler that panics is a failed attempt; of a batch that panics each message is
// tried alone at once. A handler that does not return although its context ended
// cannot be stopped: a message that was alone in it becomes a dead letter with
// the reason "stuck" at once, and when [MaxStuck] handlers hang [Worker.Run]
// returns [ErrStuck], because only a new process gets their memory and CPU back.
package stage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Msg is a message as the handler sees it. It must not be changed.
type Msg struct {
	Subject    string
	Header     nats.Header
	Data       []byte
	Deliveries int // by the broker, this one included
	Stream     string
	Sequence   uint64
	Published  time.Time // when the broker stored it

	ctx context.Context
}

// Context returns the context of the handler with the trace of this message.
func (m *Msg) Context() context.Context {
	if m.ctx == nil {
		return context.Background()
	}
	return m.ctx
}

// Out is a message to publish. MsgID makes publishing it again within the
// duplicate window a no-op, and must be the same whenever the same input is
// handled again.
type Out struct {
	Subject, MsgID string
	Header         nats.Header
	Data           []byte
}

// Result is what became of one message. Out is published only if Err is nil.
// Then, if there is one, runs when Out is stored and before the message is
// acknowledged, to note elsewhere that the work is done; its error counts like
// one of the handler.
type Result struct {
	Out  []Out
	Err  error
	Then func(ctx context.Context) error
}

// Handler processes messages and returns one result for each, in the same
// order. It must return soon after ctx ends. An error that is none of
// [Permanent], [Later] and [Unavailable] is a failed attempt: the message is tried
// again later, and after MaxDeliveries attempts it is a dead letter.
type Handler func(ctx context.Context, batch []*Msg) []Result

// The reasons that the stage itself gives dead letters.
const (
	ReasonPoison   = "poison"    // used up its attempts
	ReasonStuck    = "stuck"     // its handler never returned
	ReasonTooLarge = "too_large" // its output is larger than the broker takes
)

type permanentError struct {
	reason string
	err    error
}

func (e *permanentError) Error() string { return e.reason + ": " + e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks err as one that trying again does not mend: the message becomes
// a dead letter with the reason, which is one of a few words of [a-z0-9_].
func Permanent(reason string, err error) error {
	if err == nil {
		err = errors.New(reason)
	}
	return &permanentError{cleanReason(reason), err}
}

// cleanReason makes a reason fit a subject token and a metric label.
func cleanReason(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, s)
	if s == "" {
		return "unknown"
	}
	return s[:min(len(s), 40)]
}

type laterError struct {
	after time.Duration
	err   error
}

func (e *laterError) Error() string {
	return fmt.Sprintf("later, in %s: %v", e.after, e.err)
}
func (e *laterError) Unwrap() error { return e.err }

// Later asks for the message again after some time. It is no failed attempt. For
// a stage that answers Later as a matter of course set MaxDeliveries to -1, which
// saves two small writes for each redelivery. While it waits the message counts
// toward the consumer's MaxAckPending.
func Later(after time.Duration, err error) error {
	if err == nil {
		err = errors.New("not yet")
	}
	return &laterError{max(after, 0), err}
}

type unavailableError struct{ err error }

func (e *unavailableError) Error() string { return "unavailable: " + e.err.Error() }
func (e *unavailableError) Unwrap() error { return e.err }

// Unavailable says that something the handler needs is down. The message is given
// back, it is no failed attempt; the worker is not ready and takes nothing new
// until a probe, tried with growing pauses, succeeds.
func Unavailable(err error) error {
	if err == nil {
		err = errors.New("no details")
	}
	return &unavailableError{err}
}
