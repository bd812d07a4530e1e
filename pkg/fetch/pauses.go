package fetch

import (
	"context"
	"fmt"
	"time"
)

const (
	// keptPause is from how long a pause is kept beyond this process.
	keptPause = time.Minute
	// LongestPause is the longest time for which a host is left alone.
	LongestPause = max(maxRetryAfter, maxChallenge, maxThrottle, maxBackoff)
	// pauseTimeout bounds one read or write of a [PauseStore].
	pauseTimeout = 3 * time.Second
)

// Pause is for how long a host is left alone, why, and what happened in a row
// before it, so that the next pause is as long as if one process had asked all
// along. The zero value says that nothing is left of an earlier one.
type Pause struct {
	Until      time.Time `json:"until,omitzero"`
	Why        string    `json:"why,omitempty"`
	Failures   int       `json:"failures,omitempty"`
	Challenges int       `json:"challenges,omitempty"`
}

// PauseStore keeps the pauses of hosts beyond one process: those of a minute or
// more, and no longer than [LongestPause]. It is read before a host's first
// request, and again when the right to ask it was gained anew; it is written
// when a pause begins, and once when the host is well again. While it cannot be
// read the host is not asked. Entries may vanish once their pause is over.
type PauseStore interface {
	Get(ctx context.Context, host string) (p Pause, ok bool, err error)
	Put(ctx context.Context, host string, p Pause) error
}

// recall reads the pause of a host that this process knows nothing of, or that
// another may have asked up to since. Requests that come at once may each read
// it; the first one counts.
func (f *Fetcher) recall(ctx context.Context, host string, since time.Time) error {
	if f.o.Pauses == nil || f.hosts.recalled(host, since) {
		return nil
	}
	begun := time.Now()
	reading, cancel := context.WithTimeout(ctx, pauseTimeout)
	defer cancel()
	p, ok, err := f.o.Pauses.Get(reading, host)
	switch {
	case ctx.Err() != nil:
		return callerError(ctx, ctx.Err())
	case err != nil:
		// Workers change when the broker is in trouble, so a miss would ask just
		// the hosts that want to be left alone.
		return &Error{
			Class: ClassThrottled, Temporary: true, RetryAfter: firstBackoff,
			Err: fmt.Errorf("whether host %s is left alone is not known: %w", host, err),
		}
	}
	f.hosts.recall(host, p, ok, begun, since)
	return nil
}

// keepPause writes down what a request changed. The pause holds in this process
// either way, so a write that fails is no failure of the fetch.
func (f *Fetcher) keepPause(ctx context.Context, host string, p *Pause) {
	if f.o.Pauses == nil || p == nil {
		return
	}
	// The worker may be stopping, and the next one must know.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pauseTimeout)
	defer cancel()
	if err := f.o.Pauses.Put(ctx, host, *p); err != nil {
		f.o.Logger.Warn("pause of a host is known to this process only", "host", host, "until", p.Until, "error", err)
	}
}

// recalled reports whether the stored pause of a host was read since then.
func (t *hosts) recalled(name string, since time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.byName[name]
	return h != nil && h.recalledSince(since)
}

func (h *host) recalledSince(since time.Time) bool {
	return !h.recalled.IsZero() && !h.recalled.Before(since)
}

// recall takes over what was stored of a host, read at begun: whoever wrote it
// asked the host last.
//
// An end that is further off than the longest pause was written by a clock that
// runs ahead of this one. The host did want to be left alone, so it is, for the
// longest pause from now: that costs hours at most, and forgetting it would ask
// a host that said no.
func (t *hosts) recall(name string, p Pause, stored bool, begun, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.use(name)
	defer t.release(h)
	if h.recalledSince(since) {
		return // another request read it, and may have asked the host already
	}
	h.recalled = begun
	if !stored {
		return
	}
	h.failures, h.challenges = max(p.Failures, 0), max(p.Challenges, 0)
	now := time.Now()
	// The stored time is one of the wall; from here on this process's own clock
	// counts, which does not jump.
	if ready := now.Add(min(p.Until.Sub(now), LongestPause)); ready.After(h.ready) {
		h.ready, h.why = ready, p.Why
	}
	h.kept = p != Pause{}
}

// keep returns what the store must be told after a request: of a pause that is
// worth it, and that a host of which something is stored is well again.
func (h *host) keep(pause time.Duration) *Pause {
	switch {
	case pause >= keptPause:
		h.kept = true
		return &Pause{Until: h.ready.Round(0).UTC(), Why: h.why, Failures: h.failures, Challenges: h.challenges}
	case h.kept && h.failures == 0 && h.challenges == 0:
		h.kept = false
		return &Pause{}
	}
	return nil
}
