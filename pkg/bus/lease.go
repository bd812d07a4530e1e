package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// leaseValue is what lies under the key of a lease.
type leaseValue struct {
	Owner string    `json:"owner"`
	Nonce string    `json:"nonce"` // tells two holds of one owner apart
	Since time.Time `json:"since"`
	// Process lets a process that was started on the same machine after a crash
	// go on at once, without waiting until the lease expires.
	Process processID `json:"process,omitzero"`
}

// HeldError says who holds a lease. It is an [ErrLeaseHeld].
type HeldError struct {
	Key, Owner string

	process processID // of the holder, zero where unknown
}

// Error names the lease and its holder.
func (e *HeldError) Error() string { return fmt.Sprintf("lease %s is held by %s", e.Key, e.Owner) }

// Is makes errors.Is(err, ErrLeaseHeld) true.
func (e *HeldError) Is(target error) bool { return target == ErrLeaseHeld }

// Lease is a right that one owner has at a time. It is renewed in the
// background until released or lost.
type Lease struct {
	Key   string
	Owner string
	// Fence is larger for each later holder of the key. What the holder writes
	// elsewhere carries it, so that a holder that slept through the end of its
	// lease can be told from the one that followed.
	Fence uint64

	bus   *Bus
	kv    jetstream.KeyValue
	value []byte
	nonce string
	ttl   time.Duration

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when the renewing goroutine has ended

	until atomic.Pointer[time.Time] // when it may have passed to another

	mu       sync.Mutex
	revision uint64
}

// errLeaseLost ends the context of a lease.
var errLeaseLost = errors.New("lease lost")

// AcquireLease takes a lease if nobody has it. When somebody has, the error is
// a [*HeldError]. The lease must be released.
func (b *Bus) AcquireLease(ctx context.Context, key, owner string) (*Lease, error) {
	return b.acquireLease(ctx, key, owner, nuid.Next())
}

// acquireLease tries for a lease once. Tries with the same nonce are tries at
// one hold: a later one finds what an earlier one, whose answer was lost, took.
func (b *Bus) acquireLease(ctx context.Context, key, owner, nonce string) (*Lease, error) {
	kv, err := b.Bucket(ctx, BucketLeases)
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(leaseValue{Owner: owner, Nonce: nonce, Since: time.Now().UTC(), Process: thisProcess()})
	if err != nil {
		return nil, fmt.Errorf("acquire lease %s: %w", key, err)
	}
	start := time.Now()
	revision, err := kv.Create(ctx, key, value)
	if errors.Is(err, jetstream.ErrKeyExists) {
		revision, err = b.inherit(ctx, kv, key, nonce, value)
	}
	if err != nil {
		return nil, fmt.Errorf("acquire lease %s: %w", key, err)
	}
	l := &Lease{
		Key: key, Owner: owner, Fence: revision, bus: b, kv: kv, value: value, nonce: nonce, ttl: b.opts.LeaseTTL,
		done: make(chan struct{}), revision: revision,
	}
	l.lasts(start)
	l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	go l.renew()
	return l, nil
}

// inherit takes a lease over whose holder is surely dead, or is this very hold.
// In every other case the error says who has it.
func (b *Bus) inherit(ctx context.Context, kv jetstream.KeyValue, key, nonce string, value []byte) (uint64, error) {
	held := &HeldError{Key: key, Owner: "an unknown owner"}
	entry, err := kv.Get(ctx, key)
	if err != nil {
		return 0, held
	}
	v := leaseOf(entry)
	if v.Owner != "" {
		held.Owner, held.process = v.Owner, v.Process
	}
	if v.Nonce != nonce && !v.Process.surelyDead() {
		return 0, held
	}
	revision, err := kv.Update(ctx, key, value, entry.Revision())
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return 0, held // another was faster
	}
	if err == nil && v.Nonce != nonce {
		b.log.Info("took over the lease of a process that has ended", "lease", key, "from", held.Owner)
	}
	return revision, err
}

// leaseOf reads a lease; what is none is held by nobody in particular.
func leaseOf(entry jetstream.KeyValueEntry) leaseValue {
	var v leaseValue
	if json.Unmarshal(entry.Value(), &v) != nil {
		return leaseValue{}
	}
	return v
}

// safe is how long after a successful renewal was sent the lease surely lasts:
// the broker counts its TTL from a later moment, and a fifth of it is left for
// the work to notice.
func (l *Lease) safe() time.Duration { return l.ttl * 4 / 5 }

func (l *Lease) lasts(renewed time.Time) {
	until := renewed.Add(l.safe())
	l.until.Store(&until)
}

// Valid reports whether the lease surely lasts at this moment. The context tells
// the same a moment later: a process that was stopped and goes on may do other
// things first. The wall clock is asked, too, because the other one stands still
// while a machine sleeps.
func (l *Lease) Valid() bool {
	now, until := time.Now(), *l.until.Load()
	return l.ctx.Err() == nil && now.Before(until) && now.Round(0).Before(until.Round(0))
}

// Context ends when the lease is lost or released.
func (l *Lease) Context() context.Context { return l.ctx }

// renew keeps the lease until its context ends, and ends it when the lease is
// lost or may be.
func (l *Lease) renew() {
	defer close(l.done)
	every := l.ttl * 3 / 10
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-timer.C:
		}
		start := time.Now()
		err := l.bus.Call(l.ctx, time.Until(*l.until.Load()), l.renewOnce)
		switch {
		case l.ctx.Err() != nil:
			return
		case err == nil:
			l.lasts(start)
			timer.Reset(every)
		case errors.Is(err, errLeaseLost), !time.Now().Before(*l.until.Load()):
			l.bus.log.Warn("lost a lease", "lease", l.Key, "owner", l.Owner, "error", err)
			l.cancel(fmt.Errorf("%w: %s: %w", errLeaseLost, l.Key, err))
			return
		default:
			// The broker does not answer: try again soon, but give up the lease
			// before it can have passed to somebody else.
			timer.Reset(min(every/4, max(0, time.Until(*l.until.Load()))))
		}
	}
}

// renewOnce writes the lease again. An earlier write that timed out may have
// been carried out; then the key holds our nonce under a newer revision.
func (l *Lease) renewOnce(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	revision, err := l.kv.Update(ctx, l.Key, l.value, l.revision)
	if err == nil {
		l.revision = revision
		return nil
	}
	if !errors.Is(err, jetstream.ErrKeyRevisionMismatch) && !errors.Is(err, jetstream.ErrKeyExists) {
		return err
	}
	entry, err := l.kv.Get(ctx, l.Key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return fmt.Errorf("%w: it expired", errLeaseLost)
	}
	if err != nil {
		return err
	}
	if v := leaseOf(entry); v.Nonce != l.nonce {
		return fmt.Errorf("%w: now held by %s", errLeaseLost, v.Owner)
	}
	if l.revision, err = l.kv.Update(ctx, l.Key, l.value, entry.Revision()); err != nil {
		l.revision = entry.Revision()
	}
	return err
}

// Release gives the lease back, so that the next owner need not wait for it to
// expire. It does nothing to a lease that was lost.
func (l *Lease) Release(ctx context.Context) error {
	l.cancel(context.Canceled)
	<-l.done
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.revision == 0 {
		return nil
	}
	err := l.kv.Delete(ctx, l.Key, jetstream.LastRevision(l.revision))
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		// Lost, or a renewal was carried out whose answer was not awaited.
		entry, getErr := l.kv.Get(ctx, l.Key)
		if getErr != nil || leaseOf(entry).Nonce != l.nonce {
			return nil
		}
		err = l.kv.Delete(ctx, l.Key, jetstream.LastRevision(entry.Revision()))
	}
	if err != nil {
		return fmt.Errorf("release lease %s: %w", l.Key, err)
	}
	l.revision = 0
	return nil
}

// HoldLease waits for the lease, runs fn while it is held, and releases it. The
// context of fn ends when the lease is lost or ctx ends; fence is
// [Lease].Fence. HoldLease returns the error of fn, or why the lease was lost
// (call it again to wait for it again), or nil when ctx ended first. An owner is one process: two of one name wait for
// each other like strangers.
func (b *Bus) HoldLease(ctx context.Context, key, owner string, fn func(ctx context.Context, fence uint64) error) error {
	l, err := b.waitLease(ctx, key, owner)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() {
		// Also after ctx has ended: the next owner waits for it.
		rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		defer cancel()
		if err := l.Release(rctx); err != nil {
			b.log.Warn("lease is left to expire", "lease", key, "error", err)
		}
	}()
	run, cancel := context.WithCancelCause(l.Context())
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	b.log.Info("took a lease", "lease", key, "owner", owner, "fence", l.Fence)
	err = fn(run, l.Fence)
	if cause := context.Cause(run); errors.Is(cause, errLeaseLost) && (err == nil || errors.Is(err, context.Canceled)) {
		return cause
	}
	return err
}

// LeaseHolder returns who holds a lease now, by its name, and false when nobody
// does. A holder that has died holds its lease until the lease expires or
// another takes it over.
func (b *Bus) LeaseHolder(ctx context.Context, key string) (owner string, held bool, err error) {
	kv, err := b.Bucket(ctx, BucketLeases)
	if err != nil {
		return "", false, err
	}
	entry, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look at lease %s: %w", key, err)
	}
	return leaseOf(entry).Owner, true, nil
}

// LeaseHolders returns the owner of every lease that is held now, by key.
func (b *Bus) LeaseHolders(ctx context.Context) (map[string]string, error) {
	kv, err := b.Bucket(ctx, BucketLeases)
	if err != nil {
		return nil, err
	}
	w, err := kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	defer func() { _ = w.Stop() }()
	holders := map[string]string{}
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("list leases: %w", ctx.Err())
		case entry, ok := <-w.Updates():
			if !ok {
				return nil, errors.New("list leases: the connection ended")
			}
			if entry == nil { // all that existed has been seen
				return holders, nil
			}
			if v := leaseOf(entry); v.Owner != "" {
				holders[entry.Key()] = v.Owner
			}
		}
	}
}
