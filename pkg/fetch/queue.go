package fetch

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// waiter is a request that waits for its host's turn.
type waiter struct {
	priority Priority
	crawl    time.Duration // crawl-delay that holds for it
	deadline time.Time     // of the caller; zero: none
	granted  chan error    // gets one word: nil for the turn
}

// join puts a request into its host's queue: behind those of its priority, in
// front of those below. A full queue gives the last of them back.
func (t *hosts) join(name string, p place, w *waiter) (*host, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.use(name)
	h.heard(p.since, t.delay)
	if p.page {
		h.crawl = p.crawl
	}
	place := behind(h.waiting, w.priority)
	ahead := place
	if h.busy {
		ahead++
	}
	estimate := h.until(time.Now(), w.crawl) + time.Duration(ahead)*max(t.delay, w.crawl)
	err := t.tooLong(w.deadline, h, estimate)
	if err == nil && len(h.waiting) >= maxHostQueue {
		if place == len(h.waiting) {
			err = t.busy(h)
		} else {
			t.refuse(h, len(h.waiting)-1, t.busy(h))
		}
	}
	if err != nil {
		t.release(h)
		return nil, err
	}
	h.waiting = slices.Insert(h.waiting, place, w)
	t.schedule(h)
	return h, nil
}

// behind returns the place in a queue behind those of a priority.
func behind(waiting []*waiter, least Priority) int {
	place, _ := slices.BinarySearchFunc(waiting, least+1, func(w *waiter, p Priority) int { return int(w.priority - p) })
	return place
}

// busy says that a host has no time.
func (t *hosts) busy(h *host) error {
	return &Error{
		Class: ClassThrottled, Temporary: true, RetryAfter: t.maxWait,
		Err: fmt.Errorf("host %s is busy: no turn within %s", h.name, t.maxWait),
	}
}

// refuse takes a waiter out of the queue and tells it why.
func (t *hosts) refuse(h *host, place int, err error) {
	w := h.waiting[place]
	h.waiting = slices.Delete(h.waiting, place, place+1)
	t.release(h)
	w.granted <- err
}

// schedule gives the turn to the first in the queue as soon as the host may be
// asked again, and gives back those who would wait too long for that.
func (t *hosts) schedule(h *host) {
	if h.wake != nil {
		h.wake.Stop()
		h.wake = nil
	}
	now := time.Now()
	for i := len(h.waiting) - 1; i >= 0 && !h.busy; i-- {
		if wait := h.until(now, h.waiting[i].crawl); wait > 0 {
			if err := t.tooLong(h.waiting[i].deadline, h, wait); err != nil {
				t.refuse(h, i, err)
			}
		}
	}
	if h.busy || len(h.waiting) == 0 {
		return
	}
	first := h.waiting[0]
	if wait := h.until(now, first.crawl); wait > 0 {
		h.wake = time.AfterFunc(wait, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.schedule(h)
		})
		return
	}
	h.waiting = slices.Delete(h.waiting, 0, 1)
	h.busy, h.under = true, first.priority
	first.granted <- nil
}

// wait waits for the turn. The estimate knew nothing of how long the requests
// in front take, so it has an end of its own; who is next by then stays.
func (t *hosts) wait(ctx context.Context, h *host, w *waiter) error {
	select {
	case err := <-w.granted: // the usual case costs no timer
		return err
	default:
	}
	timer := time.NewTimer(t.maxWait)
	defer timer.Stop()
	for {
		select {
		case err := <-w.granted:
			return err
		case <-ctx.Done():
			t.leave(h, w)
			return ctx.Err()
		case <-timer.C:
			more, err := t.overdue(h, w)
			if more == 0 {
				return err
			}
			timer.Reset(more)
		}
	}
}

// overdue decides about a request that has waited its time: the one that only
// the pause keeps from its turn may wait for more, all others are given back.
func (t *hosts) overdue(h *host, w *waiter) (more time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.schedule(h)
	select {
	case err := <-w.granted:
		return 0, err
	default:
	}
	place := slices.Index(h.waiting, w)
	if place == 0 && !h.busy {
		return h.until(time.Now(), w.crawl), nil
	}
	err = t.busy(h)
	t.refuse(h, place, err)
	return 0, err
}

// leave takes a request off whose caller has gone.
func (t *hosts) leave(h *host, w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if place := slices.Index(h.waiting, w); place >= 0 {
		t.refuse(h, place, context.Canceled)
	} else if err := <-w.granted; err == nil { // the turn came in this very moment
		h.busy = false
		t.release(h)
	}
	t.schedule(h)
}
