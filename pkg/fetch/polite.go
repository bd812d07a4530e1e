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
	maxRetryAfter   = 6 * time.Hour    // a larger Retry-After counts as this
	defaultThrottle = time.Minute      // pause after a 429 that names none; doubles
	maxThrottle     = time.Hour        // and no more
	firstBackoff    = 10 * time.Second // pause after the second failure in a row; doubles
	maxBackoff      = 10 * time.Minute
	firstChallenge  = 15 * time.Minute // pause after a page that wants proof of a human reader; doubles
	maxChallenge    = 6 * time.Hour
	maxHostQueue    = 256 // requests that wait for one host
)

// Priority says who goes first when requests wait for the same host.
type Priority int

// The priorities, the first in front. Within one, first come is first served.
const (
	PriorityFresh    Priority = iota // feeds, and pages that were never fetched
	PriorityRevisit                  // pages that are looked at again
	PriorityBackfill                 // old pages, in bulk
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

// host is the state of one host, guarded by hosts.mu.
type host struct {
	name string
	idle *list.Element // place in hosts.idle, nil while users > 0

	users   int         // turns under way or waited for
	busy    bool        // a request is under way
	under   Priority    // its priority
	waiting []*waiter   // in the order of their turns
	wake    *time.Timer // when the first of them may start

	since      time.Time     // up to when another may have asked the host
	ready      time.Time     // nothing starts before
	page       time.Time     // end of the last request that was not for robots.txt
	crawl      time.Duration // crawl-delay last heard of
	failures   int           // failures in a row: no answer, 429 or 5xx
	challenges int           // answers in a row that wanted proof of a human reader
	why        string        // reason of a ready that is further off than the delay
	recalled   time.Time     // when the stored pause was read
	kept       bool          // the store holds a pause, or what led to it
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
	page      bool          // it was for a page or feed, so crawl-delay starts at its end
	failed    bool          // no answer came, or 429, or 5xx
	throttled bool          // 429
	challenge bool          // the answer wants proof of a human reader
	silent    bool          // it was cut off from here, so nothing was heard of the host
	pause     time.Duration // the host asked to be left alone
	why       string        // reason of the pause, for error texts
}

// tell notes what the request told of the host. It returns how long the host is
// left alone for that, and what a store must hear of it.
func (u *turn) tell(o outcome) (pause time.Duration, kept *Pause) {
	t, h := u.hosts, u.host
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	h.ready, h.why = now.Add(t.delay), ""
	if o.page {
		h.page = now
	}
	pause, why := h.note(o)
	if ready := now.Add(pause); ready.After(h.ready) {
		h.ready, h.why = ready, why
	}
	return pause, h.keep(pause)
}

// end gives the turn back.
func (u *turn) end() {
	t, h := u.hosts, u.host
	t.mu.Lock()
	defer t.mu.Unlock()
	h.busy = false
	t.release(h)
	t.schedule(h)
}

// note counts what happened in a row and returns the pause that follows.
func (h *host) note(o outcome) (pause time.Duration, why string) {
	if o.silent {
		return 0, ""
	}
	pause, why = o.pause, o.why
	longer := func(d time.Duration, reason string) {
		if d > pause {
			pause, why = d, reason
		}
	}
	// A robots.txt that comes proves nothing: it is given to everybody.
	if !o.challenge && o.page {
		h.challenges = 0
	}
	if !o.failed && o.page {
		h.failures = 0
	}
	if o.failed {
		h.failures++
		longer(backoffAfter(h.failures), fmt.Sprintf("%d failures in a row", h.failures))
	}
	if o.throttled && o.pause == 0 {
		longer(doubled(defaultThrottle, h.failures-1, maxThrottle), o.why)
	}
	if o.challenge {
		h.challenges++
		longer(doubled(firstChallenge, h.challenges-1, maxChallenge), "it wants proof of a human reader")
	}
	return pause, why
}

// doubled returns d doubled n times, at most limit.
func doubled(d time.Duration, n int, limit time.Duration) time.Duration {
	return min(d<<min(max(n, 0), 16), limit)
}

// backoffAfter returns how long a host is left alone after so many failures in
// a row. One failure happens; two are a state.
func backoffAfter(failures int) time.Duration {
	if failures < 2 {
		return 0
	}
	return doubled(firstBackoff, failures-2, maxBackoff)
}

// tooLong returns an error if nobody should sit through such a wait. deadline
// is that of the caller, zero if there is none.
func (t *hosts) tooLong(deadline time.Time, h *host, wait time.Duration) error {
	limit := t.maxWait
	if backoffAfter(h.failures) > 0 {
		limit = t.delay // nobody waits for a host that may be dead
	}
	if !deadline.IsZero() {
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
		h = &host{name: name}
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

// waiting returns how many requests of a host are under way or waiting that are
// not below a priority.
func (t *hosts) waiting(name string, least Priority) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.byName[name]
	if h == nil {
		return 0
	}
	n := behind(h.waiting, least)
	if h.busy && h.under <= least {
		n++
	}
	return n
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

// place is what a request asks of its host's queue.
type place struct {
	page     bool          // it is for a page or feed
	crawl    time.Duration // crawl-delay between pages, which does not hold for robots.txt itself
	priority Priority
	since    time.Time // [Admission].Since
}

// take waits for the host's turn. When the wait would exceed the limit or the
// context's deadline it returns a ClassThrottled error at once.
func (t *hosts) take(ctx context.Context, name string, p place) (*turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{priority: p.priority, crawl: p.crawl, granted: make(chan error, 1)}
	w.deadline, _ = ctx.Deadline()
	h, err := t.join(name, p, w)
	if err == nil {
		err = t.wait(ctx, h, w)
	}
	if err != nil {
		return nil, err
	}
	return &turn{hosts: t, host: h}, nil
}

// heard notes up to when another may have asked the host.
func (h *host) heard(since time.Time, delay time.Duration) {
	if !since.After(h.since) {
		return
	}
	h.since = since
	if ready := since.Add(delay); ready.After(h.ready) {
		h.ready = ready
	}
	if since.After(h.page) {
		h.page = since
	}
}
