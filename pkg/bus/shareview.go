package bus

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// shareView is what a worker has heard of the workers of its group, and its
// watches of them and of the table. A watch ends with the connection on which it
// was set up, because one that outlived the broker may miss a change unnoticed.
type shareView struct {
	bus   *Bus
	group string
	known map[string]*shareMember // by id

	changed time.Time // when a worker last came or went
	last    []string  // the workers then

	workerWatch, tableWatch jetstream.KeyWatcher
	workersSeen, tableSeen  bool // all that there was has come
	unwatch                 context.CancelFunc
}

// shareMember is what is known of the lease of a worker.
type shareMember struct {
	revision uint64
	process  processID
	seen     time.Time // when that revision was first heard of, by this process's clock
	probed   time.Time
	gone     bool // deleted, expired or buried
}

func newShareView(b *Bus, group string) *shareView {
	return &shareView{bus: b, group: group, known: map[string]*shareMember{}}
}

// open begins to watch, if no watch stands.
func (v *shareView) open(ctx context.Context) {
	if v.workerWatch != nil && v.tableWatch != nil {
		return
	}
	v.close()
	leases, err := v.bus.Bucket(ctx, BucketLeases)
	if err != nil {
		return
	}
	shares, err := v.bus.Bucket(ctx, BucketShares)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	end := context.AfterFunc(v.bus.session.Load().ctx, cancel)
	v.unwatch = func() { end(); cancel() }
	late := time.AfterFunc(watchTimeout, cancel)
	defer late.Stop()
	// What the new watch does not name has gone while none stood.
	before := v.known
	v.known = map[string]*shareMember{}
	if v.workerWatch, err = leases.Watch(ctx, v.group+shareWorker+"*"); err == nil {
		v.tableWatch, err = shares.Watch(ctx, v.group)
	}
	if err != nil {
		v.known = before
		v.bus.log.Debug("cannot watch the workers of a group", "group", v.group, "error", err)
		v.close()
	}
}

// close ends the watches.
func (v *shareView) close() {
	for _, w := range []jetstream.KeyWatcher{v.workerWatch, v.tableWatch} {
		if w != nil {
			_ = w.Stop() // fails only where the watch has ended
		}
	}
	if v.unwatch != nil {
		v.unwatch()
	}
	v.workerWatch, v.tableWatch, v.unwatch = nil, nil, nil
	v.workersSeen, v.tableSeen = false, false
}

// complete reports whether everything that there was is known.
func (v *shareView) complete() bool { return v.workersSeen && v.tableSeen }

// workerUpdates and tableUpdates never yield when there is no watch.
func (v *shareView) workerUpdates() <-chan jetstream.KeyValueEntry {
	if v.workerWatch == nil {
		return nil
	}
	return v.workerWatch.Updates()
}

func (v *shareView) tableUpdates() <-chan jetstream.KeyValueEntry {
	if v.tableWatch == nil {
		return nil
	}
	return v.tableWatch.Updates()
}

// heardTable notes an update of the table and reports whether it is one.
func (v *shareView) heardTable(e jetstream.KeyValueEntry, ok bool) bool {
	switch {
	case !ok:
		v.close()
	case e == nil:
		v.tableSeen = true
	}
	return ok && e != nil
}

// heardWorker notes an update of a worker's lease.
func (v *shareView) heardWorker(e jetstream.KeyValueEntry, ok bool) {
	switch {
	case !ok:
		v.close()
	case e == nil:
		v.workersSeen = true
	default:
		v.note(strings.TrimPrefix(e.Key(), v.group+shareWorker), e)
	}
}

func (v *shareView) note(id string, e jetstream.KeyValueEntry) {
	m := v.known[id]
	if m != nil && e.Revision() <= m.revision {
		return
	}
	l := leaseOf(e)
	v.known[id] = &shareMember{
		revision: e.Revision(), process: l.Process, seen: time.Now(),
		gone: e.Operation() != jetstream.KeyValuePut || l.Owner == "",
	}
}

// dead reports whether a worker shows no sign of life. Whether it is dead is
// for the broker to say, see bury.
func (v *shareView) dead(id string) bool {
	m := v.known[id]
	return m == nil || m.gone || time.Since(m.seen) >= v.bus.opts.LeaseTTL || m.process.surelyDead()
}

// workers returns the ids of the workers that are there, me among them, and
// whether they have been the same for a while. It forgets those that are long
// gone.
func (v *shareView) workers(me string) (ids []string, settled bool) {
	ids = append(ids, me)
	for id, m := range v.known {
		switch {
		case id != me && !v.dead(id):
			ids = append(ids, id)
		case time.Since(m.seen) > 2*v.bus.opts.LeaseTTL && id != me:
			delete(v.known, id)
		}
	}
	slices.Sort(ids)
	if !slices.Equal(ids, v.last) {
		v.last, v.changed = ids, time.Now()
	}
	return ids, time.Since(v.changed) >= shareSettle
}

// buryDead makes the death of owners a fact that show no sign of life.
func (h *sharing) buryDead(ctx context.Context) {
	for _, p := range h.table.Parts {
		id := p.Owner
		if _, buried := h.buried[id]; id == "" || id == h.id || buried {
			continue
		}
		if !slices.Contains(h.former, id) && !h.view.dead(id) {
			h.probe(ctx, id)
			continue
		}
		if err := h.bury(ctx, id); err != nil {
			h.log.Debug("a worker that seems dead is not", "id", id, "err", err)
			h.look(ctx, id)
			continue
		}
		m := h.view.known[id]
		h.buried[id] = m != nil && m.process.surelyDead()
		h.log.Info("a worker has ended without giving its parts back", "parts", len(h.table.owned(id)))
	}
}

// bury writes a tombstone over the lease of a worker, which the broker takes
// only if the lease is what it was. The owner of none, it is nobody's lease.
func (h *sharing) bury(ctx context.Context, id string) error {
	kv, err := h.bus.Bucket(ctx, BucketLeases)
	if err != nil {
		return err
	}
	value, err := json.Marshal(leaseValue{Nonce: h.id, Since: time.Now().UTC()})
	if err != nil {
		return err
	}
	key := h.s.Group + shareWorker + id
	return h.bus.Call(ctx, callTimeout, func(ctx context.Context) error {
		if m := h.view.known[id]; m != nil && !m.gone {
			_, err := kv.Update(ctx, key, value, m.revision)
			return err
		}
		_, err := kv.Create(ctx, key, value)
		return err
	})
}

// probe asks the broker for a lease that was not renewed in time: a worker that
// has just come would otherwise count a TTL from when it came, and nothing tells
// of a lease that expires.
func (h *sharing) probe(ctx context.Context, id string) {
	m := h.view.known[id]
	ttl := h.bus.opts.LeaseTTL
	if m == nil || time.Since(m.seen) < ttl/2 || time.Since(m.probed) < ttl/10 {
		return
	}
	m.probed = time.Now()
	h.look(ctx, id)
}

// look takes in what the broker holds of a worker now.
func (h *sharing) look(ctx context.Context, id string) {
	kv, err := h.bus.Bucket(ctx, BucketLeases)
	if err != nil {
		return
	}
	_ = h.bus.Call(ctx, callTimeout, func(ctx context.Context) error {
		e, err := kv.Get(ctx, h.s.Group+shareWorker+id)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			h.view.known[id] = &shareMember{seen: time.Now(), gone: true}
		case err == nil:
			if leaseOf(e).Owner == "" { // buried by another
				h.buried[id] = false
			}
			h.view.note(id, e)
		}
		return err
	})
}
