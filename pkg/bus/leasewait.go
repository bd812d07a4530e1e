package bus

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	// leaseLook is how often a waiter looks whether the holder's process has
	// ended, which costs the broker nothing, and the shortest time between two
	// of its asks. Up to half of it is added, so that waiters do not keep step.
	leaseLook = 250 * time.Millisecond
	// leaseAsks is how many times in a TTL a waiter asks whatever it has heard:
	// nothing tells of a lease that expires, and a watch may be deaf.
	leaseAsks = 5
	// leaseBlind is the longest between two asks of a waiter that has no watch,
	// as when the broker does not answer.
	leaseBlind = time.Second
	// watchTimeout bounds how long the broker may take to set a watch up.
	watchTimeout = 3 * time.Second
)

// leaseWait is what a waiter knows of the lease that it waits for.
type leaseWait struct {
	bus    *Bus
	key    string
	holder string    // as last logged; "?" when the broker did not answer
	who    processID // of the holder, zero where unknown

	watch   jetstream.KeyWatcher // nil while there is none
	unwatch context.CancelFunc
}

// waitLease asks for a lease until it gets it or ctx ends. It asks at once when
// the holder releases the lease, and soon after a holder on this machine has
// died; otherwise some times in a TTL.
func (b *Bus) waitLease(ctx context.Context, key, owner string) (*Lease, error) {
	w := &leaseWait{bus: b, key: key}
	defer w.close()
	nonce := nuid.Next() // of every try: one whose answer was lost may have succeeded
	for {
		var l *Lease
		err := b.Call(ctx, callTimeout, func(ctx context.Context) (err error) {
			l, err = b.acquireLease(ctx, key, owner, nonce)
			return err
		})
		if err == nil {
			return l, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !w.failed(err) {
			return nil, err
		}
		if err := w.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// failed notes why the lease could not be had, and reports whether waiting may
// mend it.
func (w *leaseWait) failed(err error) bool {
	var held *HeldError
	switch {
	case errors.As(err, &held):
		w.who = held.process
		if held.Owner != w.holder {
			w.holder = held.Owner
			w.bus.log.Info("waiting for a lease", "lease", w.key, "holder", w.holder)
		}
	case IsUnavailable(err) || IsFull(err):
		w.who = processID{}
		if w.holder != "?" {
			w.holder = "?"
			w.bus.log.Warn("cannot ask for a lease, trying again", "lease", w.key, "error", err)
		}
	default:
		return false
	}
	return true
}

// wait returns when it is worth asking again, and an error only when ctx ends.
func (w *leaseWait) wait(ctx context.Context) error {
	if w.watch == nil && w.holder != "?" {
		w.open(ctx)
	}
	patience := max(w.bus.opts.LeaseTTL/leaseAsks, leaseLook)
	if w.watch == nil {
		patience = min(patience, leaseBlind)
	}
	earliest := time.NewTimer(spread(leaseLook))
	defer earliest.Stop()
	latest := time.NewTimer(spread(patience))
	defer latest.Stop()
	free, early := false, true // whether the lease may be free, and it is too early to ask again
	known := false             // whether the watch has told of the key
	for early || !free {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-latest.C:
			return nil
		case <-earliest.C:
			early = false
			free = free || w.who.surelyDead()
			earliest.Reset(spread(leaseLook))
		case entry, ok := <-w.updates():
			switch {
			case !ok:
				w.close() // the next round opens another
				free = true
			case entry == nil: // all that there was has come
				free = free || !known
			default:
				known = true
				free = w.heard(entry)
			}
		}
	}
	return nil
}

// spread adds up to half to a time.
func spread(d time.Duration) time.Duration { return d + rand.N(d/2) }

// updates never yields when there is no watch.
func (w *leaseWait) updates() <-chan jetstream.KeyValueEntry {
	if w.watch == nil {
		return nil
	}
	return w.watch.Updates()
}

// heard takes in a change of the key, and reports whether the lease is free.
func (w *leaseWait) heard(entry jetstream.KeyValueEntry) bool {
	if entry.Operation() != jetstream.KeyValuePut {
		return true
	}
	w.who = leaseOf(entry).Process
	return false
}

// open begins to watch the key. A watch ends with the connection on which it was
// set up, because one that outlived the broker may miss a change unnoticed. It
// is a convenience: without it the waiter asks all the same.
func (w *leaseWait) open(ctx context.Context) {
	kv, err := w.bus.Bucket(ctx, BucketLeases)
	if err != nil {
		return
	}
	// The context is that of the whole watch, so a deadline cannot bound its start.
	ctx, cancel := context.WithCancel(ctx)
	end := context.AfterFunc(w.bus.session.Load().ctx, cancel)
	late := time.AfterFunc(watchTimeout, cancel)
	watch, err := kv.Watch(ctx, w.key)
	late.Stop()
	if err != nil {
		end()
		cancel()
		w.bus.log.Debug("cannot watch a lease", "lease", w.key, "error", err)
		return
	}
	w.watch = watch
	w.unwatch = func() { end(); cancel() }
}

// close ends the watch, if there is one.
func (w *leaseWait) close() {
	if w.watch == nil {
		return
	}
	_ = w.watch.Stop() // fails only where the watch has ended
	w.unwatch()
	w.watch, w.unwatch = nil, nil
}
