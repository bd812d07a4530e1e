package app

import (
	"container/heap"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxRevisits bounds the pages whose next look is kept in memory, at 48
	// bytes each.
	maxRevisits = 2_000_000
	// maxRevisitsOut bounds the looks that are queued or under way, so that a
	// wave of them neither fills stream URLS nor keeps new pages waiting.
	maxRevisitsOut = 128
	// revisitLost is after how long a look that was queued and not heard of is
	// queued again, revisitTries times at most.
	revisitLost  = 30 * time.Minute
	revisitTries = 3
	// revisitRetry is the pause after the broker failed the queue.
	revisitRetry = 30 * time.Second
	// maxHostTurns is how many hosts' turns are remembered before those in the
	// past are forgotten.
	maxHostTurns = 10_000
)

// revisits decides when the pages that were fetched are looked at again. The
// states in bucket copydesk_pages say when; the queue is a copy of that, made
// anew by every owner of a partition. A look that comes due is checked against the
// state and queued in stream URLS behind the new pages, and the state changes
// only when the look is settled. So a crash at any point repeats a look at most.
type revisits struct {
	plan    revisitPlan
	pages   pageStore
	publish func(ctx context.Context, m urlMessage) error
	waiting func(host string) int // requests for new pages and feeds of this process that wait for the host
	gap     time.Duration         // between two looks at one host
	limit   int                   // looks in the queue
	metrics *revisitMetrics
	log     *slog.Logger
	owned   func(part int) bool // whether pages of a partition are this worker's to look at
	fill    chan []int          // partitions whose looks are to be queued

	mu    sync.Mutex
	queue lookQueue
	out   map[pageRef]queuedLook
	turns map[uint32]time.Time // when the next look at a host may begin
	fresh map[uint32]time.Time // until when new pages of a host are known to wait
	wake  chan struct{}
}

// queuedLook is a look whose message is in stream URLS or in work.
type queuedLook struct {
	since    time.Time
	tries    uint8
	sequence uint64 // of the message in work, 0 while there is none
}

// newRevisits returns the queue of looks of an ingest worker.
func newRevisits(w *ingestWorker) (*revisits, error) {
	plan, err := newRevisitPlan(w.flags.Revisits, w.flags.TakedownAfter)
	if err != nil {
		return nil, err
	}
	r := &revisits{
		plan: plan, pages: w.pages, publish: w.enqueue,
		waiting: func(host string) int { return w.fetcher.Waiting(host, fetch.PriorityFresh) },
		// Every second turn of a host is left to new pages.
		gap: 2 * w.flags.HostDelay, limit: maxRevisits, log: w.log, wake: make(chan struct{}, 1),
		owned: w.parts.has, fill: make(chan []int, bus.Partitions),
	}
	r.metrics = newRevisitMetrics(w.reg, r.count)
	r.reset()
	return r, nil
}

// reset empties the queue.
func (r *revisits) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue, r.out = nil, map[pageRef]queuedLook{}
	r.turns, r.fresh = map[uint32]time.Time{}, map[uint32]time.Time{}
}

// gained asks for the looks at the pages of partitions that are this worker's
// now. What is queued twice is looked at once.
func (r *revisits) gained(parts []int) {
	select {
	case r.fill <- parts:
	default:
		r.log.Error("revisits of gained partitions not queued", "partitions", len(parts))
	}
}

// dropped forgets what the next owner of a partition may change.
func (r *revisits) dropped(part int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = slices.DeleteFunc(r.queue, func(l look) bool { return int(l.ref.part) == part })
	heap.Init(&r.queue)
	for ref := range r.out {
		if int(ref.part) == part {
			delete(r.out, ref)
		}
	}
}

// fillIn queues the looks of gained partitions until ctx ends.
func (r *revisits) fillIn(ctx context.Context) {
	for {
		var parts []int
		select {
		case <-ctx.Done():
			return
		case parts = <-r.fill:
		}
		for {
			parts = slices.DeleteFunc(parts, func(part int) bool { return !r.owned(part) })
			err := r.rebuild(ctx, parts)
			if err == nil || ctx.Err() != nil {
				break
			}
			r.log.Warn("revisits not queued; tried again", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(revisitRetry):
			}
		}
	}
}

// rebuild queues the next look at every page of some partitions that is
// remembered.
func (r *revisits) rebuild(ctx context.Context, parts []int) error {
	if r.plan.off() || len(parts) == 0 {
		return nil
	}
	var keys []string
	if len(parts) < bus.Partitions {
		for _, part := range parts {
			keys = append(keys, strconv.Itoa(part)+".*")
		}
	}
	pages := 0
	err := r.pages.each(ctx, func(entry jetstream.KeyValueEntry) error {
		ref, ok := refOf(entry.Key())
		var s struct {
			URL         string    `json:"url"`
			FinalURL    string    `json:"final_url"`
			NextRevisit time.Time `json:"next_revisit"`
		}
		if ok && json.Unmarshal(entry.Value(), &s) == nil && !s.NextRevisit.IsZero() {
			pages++
			r.push(look{at: s.NextRevisit.UnixNano(), host: hostHash(s.FinalURL), ref: ref})
		}
		return nil
	}, keys...)
	if err == nil {
		r.log.Info("revisits scheduled", "pages", pages)
	}
	return err
}

// push adds a look to the queue. A full queue leaves it out: the page is looked
// at when the next owner of the hosts has room for it.
func (r *revisits) push(l look) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.owned(int(l.ref.part)) {
		return // whoever owns it queues it
	}
	if len(r.queue) >= r.limit {
		r.metrics.count(lookLeftOut)
		return
	}
	heap.Push(&r.queue, l)
	r.signal()
}

func (r *revisits) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run queues the looks that come due until ctx ends.
func (r *revisits) run(ctx context.Context) {
	if r.plan.off() {
		return
	}
	for {
		l, wait := r.take(time.Now())
		if l != nil {
			r.dispatch(ctx, *l)
			if ctx.Err() != nil {
				return
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-r.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// take returns a look that is due and whose host has not been looked at just
// now, or how long to wait for one.
func (r *revisits) take(now time.Time) (*look, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.findLost(now)
	if len(r.out) >= maxRevisitsOut {
		return nil, revisitRetry
	}
	for len(r.queue) > 0 {
		if at := time.Unix(0, r.queue[0].at); at.After(now) {
			return nil, min(at.Sub(now), time.Minute)
		}
		l := heap.Pop(&r.queue).(look)
		turn := r.turns[l.host]
		if turn.After(now) && !l.turned {
			// Each look of a busy host gets a turn of its own, so that a thousand
			// of them are moved once and not once a second.
			l.at, l.turned = turn.UnixNano(), true
			r.turns[l.host] = turn.Add(r.gap)
			heap.Push(&r.queue, l)
			continue
		}
		if next := now.Add(r.gap); next.After(turn) {
			r.turns[l.host] = next
		}
		if len(r.turns) > maxHostTurns {
			forget(r.turns, now)
		}
		return &l, 0
	}
	return nil, time.Minute
}

// findLost queues looks again that were not heard of. A look that kills the
// worker again and again ends as a dead letter, so the tries are bounded.
func (r *revisits) findLost(now time.Time) {
	for ref, q := range r.out {
		if now.Sub(q.since) < revisitLost {
			continue
		}
		delete(r.out, ref)
		if q.tries+1 >= revisitTries {
			r.log.Warn("revisit given up: nothing was heard of it", "page", ref.key(), "tries", revisitTries)
			continue
		}
		heap.Push(&r.queue, look{at: now.UnixNano(), ref: ref, tries: q.tries + 1})
	}
}

// dispatch hands a look to the broker, if the state of the page still wants it.
func (r *revisits) dispatch(ctx context.Context, l look) {
	state, err := r.pages.loadKey(ctx, l.ref.key())
	if err == nil && state.URL != "" && !state.NextRevisit.IsZero() {
		err = r.offer(ctx, l, state)
	}
	if err != nil && ctx.Err() == nil {
		r.log.Warn("revisit not queued; tried again soon", "page", l.ref.key(), "err", err)
		r.push(look{at: time.Now().Add(revisitRetry).UnixNano(), host: l.host, ref: l.ref, tries: l.tries})
	}
}

func (r *revisits) offer(ctx context.Context, l look, state *pageState) error {
	now := time.Now()
	l.host = hostHash(state.FinalURL)
	if state.NextRevisit.After(now) {
		r.push(look{at: state.NextRevisit.UnixNano(), host: l.host, ref: l.ref})
		return nil
	}
	if wait := r.hostBusy(weburl.Host(state.FinalURL), now); wait > 0 {
		r.push(look{at: now.Add(wait).UnixNano(), host: l.host, ref: l.ref, tries: l.tries})
		return nil
	}
	aside, err := r.pages.isAside(ctx, state.URL)
	if err != nil {
		return err
	}
	if aside {
		r.metrics.count(lookNoArticle)
		return nil
	}
	r.mu.Lock()
	_, out := r.out[l.ref]
	if !out {
		r.out[l.ref] = queuedLook{since: now, tries: l.tries}
	}
	r.mu.Unlock()
	if out {
		return nil // whoever is at it plans the next look
	}
	m := urlMessage{URL: state.URL, Feed: state.Feed, EntryHash: state.Entry, Entry: state.Hints, Revisit: state.NextRevisit}
	if err := r.publish(ctx, m); err != nil {
		r.settled(l.ref.key())
		return err
	}
	return nil
}

// hostBusy returns how long a look waits because new pages of its host do, 0 if
// none does.
func (r *revisits) hostBusy(host string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if n := r.waiting(host); n > 0 {
		wait = max(minRevisit, time.Duration(n)*r.gap)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(wait, r.fresh[hashOf(host)].Sub(now))
}

// freshWaits notes that a new page of a host goes back to the broker to wait.
func (r *revisits) freshWaits(host string, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if len(r.fresh) > maxHostTurns {
		forget(r.fresh, now)
	}
	// The broker takes a moment longer.
	r.fresh[hashOf(host)] = now.Add(wait + time.Second)
}

// begin notes that a message is in work, and reports false if another one for
// the same page is: after a crash a look may be queued twice.
func (r *revisits) begin(key string, sequence uint64) bool {
	ref, ok := refOf(key)
	if !ok {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	q, out := r.out[ref]
	if !out {
		q.since = time.Now()
	}
	if q.sequence != 0 && q.sequence != sequence {
		return false
	}
	q.sequence = sequence
	r.out[ref] = q
	return true
}

// settled notes that the look at a page is no longer under way.
func (r *revisits) settled(key string) {
	ref, ok := refOf(key)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, out := r.out[ref]; out {
		delete(r.out, ref)
		r.signal()
	}
}

// saved queues the next look at a page whose state was saved; before is what
// the state said until then.
func (r *revisits) saved(state *pageState, before time.Time) {
	key := pageKey(state.URL)
	r.settled(key)
	ref, ok := refOf(key)
	if !ok || r.plan.off() || state.NextRevisit.IsZero() || state.NextRevisit.Equal(before) {
		return
	}
	r.push(look{at: state.NextRevisit.UnixNano(), host: hostHash(state.FinalURL), ref: ref})
}

// postpone queues the look at a page again that cannot be had now; its state
// stays as it is.
func (r *revisits) postpone(state *pageState, wait time.Duration) {
	key := pageKey(state.URL)
	ref, ok := refOf(key)
	if !ok {
		return
	}
	r.settled(key)
	r.metrics.count(lookPostponed)
	r.push(look{at: time.Now().Add(wait).UnixNano(), host: hostHash(state.FinalURL), ref: ref})
}

// count returns how many pages wait for their next look.
func (r *revisits) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue) + len(r.out)
}
