package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// askTick is how often subscriptions are looked for that are due.
	askTick = time.Second
	// askParallel bounds the hubs that are asked at once.
	askParallel = 16
)

// asker asks hubs for subscriptions and further leases. Every worker knows when
// each subscription is due, from the bucket, and acts on those whose hub has a
// host of its own partitions; so there is nothing to hand over when partitions
// are. Hubs serve many feeds: each is asked one thing at a time.
type asker struct {
	subs     subscriptions
	feeds    feedStore
	parts    *partitions
	post     func(ctx context.Context, rawURL string, form url.Values) (*fetch.Response, error)
	callback string        // public address of the callbacks; empty: WebSub is off
	least    time.Duration // between two requests for one subscription
	poll     time.Duration // between two polls of a feed
	log      *slog.Logger

	mu    sync.Mutex
	known map[string]*knownSubscription // by key
	busy  map[string]bool               // hosts that are being asked
}

// knownSubscription is what is kept in memory of a subscription.
type knownSubscription struct {
	feed, host string
	part       int
	next       time.Time
	record     subscription // without texts, for its state
}

func newAsker(w *ingestWorker, subs subscriptions, callback string, least time.Duration) *asker {
	return &asker{
		subs: subs, feeds: w.feeds, parts: w.parts, post: w.fetcher.PostForm, callback: callback, least: least,
		poll: w.feedPoller.policy.Min, log: w.log, known: map[string]*knownSubscription{}, busy: map[string]bool{},
	}
}

// run asks until ctx ends and no request is under way.
func (a *asker) run(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { a.subs.follow(ctx, a.log, a.forgetAll, a.heard) })
	tick := time.NewTicker(askTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for host, key := range a.due(now) {
				work.Go(func() {
					a.look(ctx, key)
					a.mu.Lock()
					defer a.mu.Unlock()
					delete(a.busy, host)
				})
			}
		}
	}
}

// due returns a subscription of each host that is due, the earliest, and marks
// their hosts busy.
func (a *asker) due(now time.Time) map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := map[string]string{}
	for key, k := range a.known {
		if k.next.After(now) || a.busy[k.host] || !a.parts.has(k.part) {
			continue
		}
		if first, ok := keys[k.host]; !ok || k.next.Before(a.known[first].next) {
			keys[k.host] = key
		}
	}
	for host := range keys {
		if len(a.busy) >= askParallel {
			delete(keys, host)
			continue
		}
		a.busy[host] = true
	}
	return keys
}

// look acts on a subscription. What it did comes back by the watch; if nothing
// does, it looks again after a while.
func (a *asker) look(ctx context.Context, key string) {
	a.mu.Lock()
	k := a.known[key]
	a.mu.Unlock()
	err := a.act(ctx, key)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errConflict) {
		a.log.Warn("subscription not looked after; tried again", "subscription", key, "err", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if k != nil && a.known[key] == k {
		k.next = time.Now().Add(revisitRetry)
	}
}

// retired makes the subscriptions of a feed that is not polled any more due.
func (a *asker) retired(feed string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.known {
		if k.feed == feed && !k.record.Leaving {
			k.next = time.Now()
		}
	}
}

// forgetAll is for what may have been removed while nobody watched; all that is
// there is told anew.
func (a *asker) forgetAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.known)
}

// heard takes a change of the bucket in.
func (a *asker) heard(entry jetstream.KeyValueEntry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := entry.Key()
	k := &knownSubscription{part: partOfSubscription(key)}
	if entry.Operation() != jetstream.KeyValuePut || json.Unmarshal(entry.Value(), &k.record) != nil || k.part < 0 {
		delete(a.known, key)
		return
	}
	k.feed, k.host, k.next = k.record.Feed, weburl.Host(k.record.address()), k.record.Next
	if a.callback == "" || k.record.elsewhere(a.callback) {
		k.next = time.Time{}
	}
	k.record = subscription{
		Leaving: k.record.Leaving, Denied: k.record.Denied, Until: k.record.Until, Failures: k.record.Failures, Reason: clipText(k.record.Reason, 4),
	}
	a.known[key] = k
}

// states counts the subscriptions of this worker's partitions by state.
func (a *asker) states() map[string]int {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	counts := map[string]int{pushAsked: 0, pushActive: 0, pushDenied: 0, pushFailing: 0, pushLeaving: 0}
	for _, k := range a.known {
		if a.parts.has(k.part) {
			counts[k.record.state(now)]++
		}
	}
	return counts
}
