package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	// shareTick is how often a worker looks at what it knows, which costs the
	// broker nothing while all goes well.
	shareTick = 500 * time.Millisecond
	// shareSettle is for how long the workers must have been the same before
	// parts move: workers that start or come back together do not pass parts
	// around in the meantime.
	shareSettle = time.Second
	// shareRejoin is the pause before a worker that lost its lease joins again.
	shareRejoin = time.Second
)

// Part is a part of what is shared.
type Part struct {
	Index int
	Used  bool // another worker, or this one, has owned it before
}

// Share is a worker's side of dividing a number of parts among the workers of a
// group. See [Bus.HoldShare].
type Share struct {
	Group string // the name that the workers have in common: a token of a key
	Parts int
	Owner string // names this worker to people

	// Gain is told of parts that are this worker's from now on. They are until
	// the context of the lease ends or Release is called; no work may begin once
	// [Lease.Valid] is false.
	Gain func(l *Lease, parts []Part)
	// Release ends the work on a part, and returns when none is under way. It is
	// called for several parts at a time.
	Release func(part int)
	// Lost is called when the context of the lease has ended, instead of Release,
	// and returns when no work is under way.
	Lost func()
}

// HoldShare takes part in the division until ctx ends, and then gives back what
// this worker owns. What fails - a lost lease, a broker that is away - is logged
// and tried again: an outage must never end a worker.
//
// # How parts are owned
//
// A worker is known by a lease of its own, GROUP.worker.ID in copydesk_leases,
// with an id that is new each time it joins. Who owns which part is one table
// in copydesk_shares, without a TTL, changed by compare-and-set. A worker owns a
// part while the table names its id and its lease lasts. So one renewal every
// three seconds keeps any number of parts, and taking or freeing many is one
// write; a lease for each of 64 parts would be twenty synced writes a second.
//
// # Why never two
//
// A part leaves its owner in two ways. It is given back: the owner ends its work
// on it and only then clears its name in the table. Or it is taken from an owner
// that is dead, and death is made a fact before anything is taken: the other
// worker writes a tombstone over the owner's lease, by compare-and-set at the
// revision that it has known for a whole TTL without a renewal (or creates it
// where the lease has expired, or at once where the owner was a process of this
// machine that has ended). The broker takes that write only if the owner has not
// renewed meanwhile, and after it no renewal can succeed; and the owner, if it
// lives after all, ended its work after four fifths of a TTL without a renewal,
// counted from before it sent the last one. Neither clock of the two machines
// nor that of the broker is compared with another. An id never comes back, so a
// late write of a dead owner changes a table that is not the newest any more, or
// names an id that everybody knows as dead.
func (b *Bus) HoldShare(ctx context.Context, s Share) error {
	h := &sharing{bus: b, s: s, log: b.log.With("group", s.Group), buried: map[string]bool{}, held: map[int]bool{}}
	for ctx.Err() == nil {
		id := nuid.Next()
		lease, err := b.waitLease(ctx, s.Group+shareWorker+id, s.Owner)
		if err == nil {
			h.id, h.lease = id, lease
			err = h.run(ctx)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // being told to end is no failure
		}
		h.log.Warn("lost the share of the work; joining again", "err", err)
		sleepFor(ctx, shareRejoin)
	}
	return nil
}

// shareWorker is between the group and the id in the key of a worker.
const shareWorker = ".worker."

// sharing is the state of one worker. Only the goroutine of run touches it.
type sharing struct {
	bus   *Bus
	s     Share
	log   *slog.Logger
	id    string
	lease *Lease
	view  *shareView

	table    shareTable
	revision uint64 // of the table, 0: there is none

	buried   map[string]bool // workers that are dead for certain; true where it is known that their processes ended
	former   []string        // ids that this worker had
	held     map[int]bool    // parts that were gained; true while they are being released
	released chan int
	releases sync.WaitGroup
}

// run owns parts until ctx ends or the lease is lost.
func (h *sharing) run(ctx context.Context) error {
	h.released = make(chan int, h.s.Parts)
	h.view = newShareView(h.bus, h.s.Group)
	defer h.view.close()
	tick := time.NewTicker(shareTick)
	defer tick.Stop()
	h.view.open(ctx)
	for {
		select {
		case <-ctx.Done():
			return h.leave(ctx)
		case <-h.lease.Context().Done():
			return h.lost(ctx)
		case e, ok := <-h.view.workerUpdates():
			h.view.heardWorker(e, ok)
		case e, ok := <-h.view.tableUpdates():
			h.heardTable(e, ok)
		case part := <-h.released:
			h.giveBack(ctx, part)
		case <-tick.C:
			h.view.open(ctx)
		}
		if ctx.Err() == nil && h.lease.Valid() && h.view.complete() {
			h.step(ctx)
		}
	}
}

// heardTable takes a newer table in.
func (h *sharing) heardTable(e jetstream.KeyValueEntry, ok bool) {
	if !h.view.heardTable(e, ok) || e.Revision() <= h.revision {
		return
	}
	h.revision, h.table = e.Revision(), decodeTable(e)
}

// decodeTable reads a table; what is none, or was deleted, names no owners.
func decodeTable(e jetstream.KeyValueEntry) shareTable {
	var t shareTable
	if e.Operation() != jetstream.KeyValuePut || json.Unmarshal(e.Value(), &t) != nil {
		return shareTable{Parts: nil}
	}
	return t
}

// step does what the table and the workers that are there call for.
func (h *sharing) step(ctx context.Context) {
	h.table = h.table.of(h.s.Parts)
	if !h.reconcile() {
		return
	}
	h.buryDead(ctx)
	workers, settled := h.view.workers(h.id)
	mine := h.table.owned(h.id)
	if target := h.table.target(h.id, workers); len(mine) < target {
		h.take(ctx, target-len(mine), settled)
		return
	}
	if surplus := h.kept() - h.table.bound(h.id, workers); surplus > 0 && settled {
		h.release(mine, surplus)
	}
}

// reconcile makes what is held what the table says: a write whose answer was
// lost may have been carried out. It reports false when the lease had to be given
// up, because a part is another's that nobody may have taken.
func (h *sharing) reconcile() bool {
	var gained []int
	for i, p := range h.table.Parts {
		releasing, held := h.held[i]
		switch {
		case p.Owner == h.id && !held:
			gained = append(gained, i)
		case p.Owner != h.id && held && releasing:
			delete(h.held, i)
		case p.Owner != h.id && held:
			h.log.Error("a part is named another's although this worker owns it; giving all up", "part", i)
			h.lease.cancel(fmt.Errorf("%w: the table names another owner", errLeaseLost))
			return false
		}
	}
	h.gain(gained, func(int) bool { return true })
	return true
}

func (h *sharing) gain(parts []int, used func(int) bool) {
	if len(parts) == 0 {
		return
	}
	gained := make([]Part, 0, len(parts))
	for _, i := range parts {
		h.held[i] = false
		gained = append(gained, Part{Index: i, Used: used(i)})
	}
	h.log.Info("took parts of the work", "parts", len(parts), "owned", len(h.held))
	h.s.Gain(h.lease, gained)
}

// kept counts the parts that are not being released.
func (h *sharing) kept() int {
	n := 0
	for _, releasing := range h.held {
		if !releasing {
			n++
		}
	}
	return n
}

// take takes up to n parts that are free. Parts of workers that fell silent wait
// until the workers are settled, for those that come back together after an
// outage.
func (h *sharing) take(ctx context.Context, n int, settled bool) {
	mayLive := func(id string) bool {
		ended, buried := h.buried[id]
		return !buried || !settled && !ended
	}
	free := h.table.free(mayLive)
	free = free[:min(n, len(free))]
	if len(free) == 0 {
		return
	}
	before := h.table
	if h.swap(ctx, h.table.give(free, h.id)) {
		h.gain(free, func(i int) bool { return before.Parts[i].Used })
	}
}

// release begins to give n parts back.
func (h *sharing) release(mine []int, n int) {
	h.log.Info("giving parts of the work to other workers", "parts", n, "owned", len(mine))
	for i := len(mine) - 1; i >= 0 && n > 0; i-- {
		part := mine[i]
		if h.held[part] {
			continue
		}
		n--
		h.held[part] = true
		h.releases.Go(func() {
			h.s.Release(part)
			h.released <- part // has room for all
		})
	}
}

// giveBack clears this worker's name from parts on which all work has ended. If
// the broker does not take it now, the next one takes it along.
func (h *sharing) giveBack(ctx context.Context, part int) {
	parts := []int{part}
	for more := true; more; {
		select {
		case p := <-h.released:
			parts = append(parts, p)
		default:
			more = false
		}
	}
	var owned []int
	for _, p := range parts {
		if h.table.Parts[p].Owner == h.id {
			owned = append(owned, p)
		}
	}
	if len(owned) > 0 && !h.swap(ctx, h.table.give(owned, "")) {
		sleepFor(ctx, shareTick/10)
		for _, p := range owned {
			h.released <- p
		}
		return
	}
	for _, p := range parts {
		delete(h.held, p)
	}
}

// swap writes a table in place of the one that is known.
func (h *sharing) swap(ctx context.Context, next shareTable) bool {
	kv, err := h.bus.Bucket(ctx, BucketShares)
	if err != nil {
		return false
	}
	value, err := json.Marshal(next)
	if err != nil {
		return false
	}
	var revision uint64
	err = h.bus.Call(ctx, callTimeout, func(ctx context.Context) (err error) {
		if h.revision == 0 {
			revision, err = kv.Create(ctx, h.s.Group, value)
		} else {
			revision, err = kv.Update(ctx, h.s.Group, value, h.revision)
		}
		return err
	})
	if err != nil {
		h.log.Debug("parts not changed; tried again", "err", err)
		h.reread(ctx, kv)
		return false
	}
	h.table, h.revision = next, revision
	return true
}

// reread looks at the table that was in the way of a write; the watch may be
// slower.
func (h *sharing) reread(ctx context.Context, kv jetstream.KeyValue) {
	_ = h.bus.Call(ctx, callTimeout, func(ctx context.Context) error {
		e, err := kv.Get(ctx, h.s.Group)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			h.table, h.revision = shareTable{}.of(h.s.Parts), 0
			return nil
		}
		if err == nil && e.Revision() > h.revision {
			h.table, h.revision = decodeTable(e).of(h.s.Parts), e.Revision()
		}
		return err
	})
}

// lost forgets what was owned, once no work on it is under way.
func (h *sharing) lost(ctx context.Context) error {
	cause := context.Cause(h.lease.Context())
	h.s.Lost()
	h.forget()
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	_ = h.lease.Release(rctx) // ends its goroutine; there is nothing to give back
	return cause
}

func (h *sharing) forget() {
	h.releases.Wait()
	clear(h.held)
	h.former = append(h.former, h.id)
	if len(h.former) > 16 { // others have buried the older ones
		h.former = h.former[1:]
	}
	clear(h.buried)
	h.table, h.revision = shareTable{}, 0
}

// leave ends the work and gives everything back, so that others need not wait.
func (h *sharing) leave(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var ends sync.WaitGroup
	for part, releasing := range h.held {
		if !releasing {
			ends.Go(func() { h.s.Release(part) })
		}
	}
	ends.Wait()
	h.releases.Wait()
	rctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for range 5 {
		mine := h.table.owned(h.id)
		if len(mine) == 0 || h.swap(rctx, h.table.give(mine, "")) {
			break
		}
	}
	if err := h.lease.Release(rctx); err != nil {
		h.log.Warn("lease is left to expire", "lease", h.lease.Key, "error", err)
	}
	h.forget()
	return nil
}

func sleepFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
