package fetch

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	maxCrawlDelay   = time.Minute      // a larger crawl-delay of a robots.txt counts as this
	maxRetryAfter   = 24 * time.Hour   // a larger Retry-After counts as this
	defaultThrottle = time.Minute      // pause after a 429 that names none
	firstBackoff    = 10 * time.Second // pause after the second failure to connect in a row; doubles
	maxBackoff      = 10 * time.Minute
)

// hosts gives out turns: one request at a time for a host, with a pause
// between the end of one and the start of the next. It remembers a bounded
// number of hosts and forgets those that were idle longest.
type hosts struct {
	delay   time.Duration // between requests to one host
	maxWait time.Duration // longest wait for a turn
	max     int           // hosts remembered

	mu     sync.Mutex
	byName map[string]*host
	idle   *list.List // of *host with no users, the last used in front
}

// host is the state of one host, guarded by hosts.mu except for slot.
type host struct {
	name string
	slot chan struct{} // holds one token while a request is under way; waiters queue on it in order
	idle *list.Element // place in hosts.idle, nil while users > 0

	users    int           // turns under way or waited for
	ready    time.Time     // nothing starts before
	page     time.Time     // end of the last request that was not for robots.txt
	since    time.Time     // up to when another may have asked the host
	crawl    time.Duration // crawl-delay last heard of
	failures int           // failures to connect in a row
	why      string        // reason of a ready that is further off than the delay
}

func newHosts(delay, maxWait time.Duration, limit int) *hosts {
	return &hosts{delay: delay, maxWait: maxWait, max: limit, byName: make(map[string]*host), idle: list.New()}
}

// turn is the right to make one request to a host. It must be ended.
type turn struct {
	hosts *hosts
	host  *host
}

// outcome is what a request told of its host.
type outcome struct {
	page   bool          // it was for a page or feed, so crawl-delay starts at its end
	failed bool          // no answer came
	pause  time.Duration // the host asked to be left alone
	why    string        // reason of the pause, for error texts
}

// take waits for the host's turn; crawl is the crawl-delay between pages, which
// does not hold for robots.txt itself. since is [Admission].Since. When the wait
// would exceed the limit or the context's deadline it returns a ClassThrottled
// error at once.
func (t *hosts) take(ctx context.Context, name string, page bool, crawl time.Duration, since time.Time) (*turn, error) {
	t.mu.Lock()
	h := t.use(name)
	if since.After(h.since) {
		h.since = since
		if ready := since.Add(t.delay); ready.After(h.ready) {
			h.ready = ready
		}
		if since.After(h.page) {
			h.page = since
		}
	}
	if page {
		h.crawl = crawl
	}
	estimate := h.until(time.Now(), crawl) + time.Duration(h.users-1)*max(t.delay, crawl)
	err := t.tooLong(ctx, h, estimate)
	if err != nil {
		t.release(h)
	}
	t.mu.Unlock()
	if err != nil {
		return nil, err
	}

	if err := t.queue(ctx, h); err != nil {
		t.leave(h)
		return nil, err
	}
	if err := t.pause(ctx, h, crawl); err != nil {
		t.leave(h)
		<-h.slot
		return nil, err
	}
	return &turn{hosts: t, host: h}, nil
}

// queue waits for the host's slot. The estimate knows nothing of how long the
// requests in front take, so the wait has its own end.
func (t *hosts) queue(ctx context.Context, h *host) error {
	timer := time.NewTimer(t.maxWait)
	defer timer.Stop()
	select {
	case h.slot <- struct{}{}:
		return nil
	case <-timer.C:
		return &Error{
			Class: ClassThrottled, Temporary: true, RetryAfter: t.maxWait,
			Err: fmt.Errorf("host %s is busy: no turn within %s", h.name, t.maxWait),
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave takes off a user who got no turn.
func (t *hosts) leave(h *host) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.release(h)
}

// pause sleeps until the host may be asked again. The caller holds the slot,
// so nobody else changes when that is.
func (t *hosts) pause(ctx context.Context, h *host, crawl time.Duration) error {
	t.mu.Lock()
	wait := h.until(time.Now(), crawl)
	err := t.tooLong(ctx, h, wait)
	t.mu.Unlock()
	if err != nil || wait <= 0 {
		return err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tooLong returns an error if nobody should sit through such a wait.
func (t *hosts) tooLong(ctx context.Context, h *host, wait time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limit := t.maxWait
	if backoffAfter(h.failures) > 0 {
		limit = t.delay // nobody waits for a host that may be dead
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	if wait <= limit {
		return nil
	}
	why := h.why
	if why == "" {
		why = "it has its turn later"
	}
	return &Error{
		Class: ClassThrottled, Temporary: true, RetryAfter: wait,
		Err: fmt.Errorf("host %s is left alone for %s: %s", h.name, wait.Round(time.Second), why),
	}
}

// end gives the turn back and notes what the request told of the host.
func (u *turn) end(o outcome) {
	t, h := u.hosts, u.host
	t.mu.Lock()
	now := time.Now()
	h.ready, h.why = now.Add(t.delay), ""
	if o.page {
		h.page = now
	}
	pause, why := o.pause, o.why
	if o.failed {
		h.failures++
		if backoff := backoffAfter(h.failures); backoff > pause {
			pause, why = backoff, fmt.Sprintf("%d failures in a row", h.failures)
		}
	} else {
		h.failures = 0
	}
	if ready := now.Add(pause); ready.After(h.ready) {
		h.ready, h.why = ready, why
	}
	t.release(h)
	t.mu.Unlock()
	<-h.slot
}

// backoffAfter returns how long a host is left alone after so many failures in
// a row. One failure happens; two are a state.
func backoffAfter(failures int) time.Duration {
	if failures < 2 {
		return 0
	}
	return min(firstBackoff<<min(failures-2, 10), maxBackoff)
}

// until returns how long the host must be left alone from now.
func (h *host) until(now time.Time, crawl time.Duration) time.Duration {
	at := h.ready
	if p := h.page.Add(crawl); crawl > 0 && !h.page.IsZero() && p.After(at) {
		at = p
	}
	return max(at.Sub(now), 0)
}

// use returns the host, made if need be, with one more user.
func (t *hosts) use(name string) *host {
	h := t.byName[name]
	if h == nil {
		h = &host{name: name, slot: make(chan struct{}, 1)}
		t.byName[name] = h
		for len(t.byName) > t.max && t.idle.Len() > 0 {
			oldest := t.idle.Remove(t.idle.Back()).(*host)
			delete(t.byName, oldest.name)
		}
	}
	if h.idle != nil {
		t.idle.Remove(h.idle)
		h.idle = nil
	}
	h.users++
	return h
}

// release takes one user off.
func (t *hosts) release(h *host) {
	h.users--
	if h.users == 0 {
		h.idle = t.idle.PushFront(h)
	}
}

// waiting returns how many requests of a host are under way or waiting.
func (t *hosts) waiting(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.byName[name]; h != nil {
		return h.users
	}
	return 0
}

// estimate returns how long a request made now would wait for its turn, were
// every request before it over in no time.
func (t *hosts) estimate(name string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.byName[name]
	if h == nil {
		return 0
	}
	return h.until(time.Now(), h.crawl) + time.Duration(h.users)*max(t.delay, h.crawl)
}
