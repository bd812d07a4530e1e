package app

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
)

// The states of a subscription, as metrics and /sources show them.
const (
	pushAsked   = "asked"   // the hub has not verified it yet
	pushActive  = "active"  // the hub pushes until its lease ends
	pushDenied  = "denied"  // the hub refuses; asked again after a week
	pushFailing = "failing" // no request comes to a subscription; asked less and less often
	pushLeaving = "leaving" // not wanted any more; the hub is being told
)

// subscription is what bucket copydesk_websub holds of a feed's subscription at a
// hub. Its key begins with the partition of the hub's host, whose owner alone
// asks the hub; any worker may answer its callback and change it, by
// compare-and-set. It is wanted while the state of the feed names its key.
type subscription struct {
	Feed     string    `json:"feed"`
	Hub      string    `json:"hub"`           // as the feed names it
	Ask      string    `json:"ask,omitempty"` // where the hub sends its subscribers; empty: Hub
	Moves    int       `json:"moves,omitempty"`
	Topic    string    `json:"topic"`
	Callback string    `json:"callback,omitempty"` // public address of the callbacks when it was asked for
	Token    string    `json:"token"`              // of its callback: who knows it is the hub
	Secret   string    `json:"secret"`
	Leaving  bool      `json:"leaving,omitempty"`
	Denied   bool      `json:"denied,omitempty"`
	Reason   string    `json:"reason,omitempty"`   // of the last refusal or failure
	Asked    time.Time `json:"asked,omitzero"`     // last request, which the hub may verify
	Verified time.Time `json:"verified,omitzero"`  // last request that it verified
	Until    time.Time `json:"until,omitzero"`     // end of the lease
	Next     time.Time `json:"next,omitzero"`      // when the hub is asked again
	Failures int       `json:"failures,omitempty"` // requests in a row that came to nothing

	key      string
	revision uint64
}

// newSubscription returns the subscription that the state of a feed names.
func newSubscription(feed string, p *pushState) *subscription {
	return &subscription{
		Feed: feed, Hub: p.Hub, Topic: p.Topic, Token: rand.Text(), Secret: rand.Text(), Next: time.Now(), key: p.Key,
	}
}

// subscriptionKey is the key of a subscription whose hub is asked at an address.
// It tells one hub of a feed from another, so that one can be left while the
// other is asked.
func subscriptionKey(ask, feed, hub, topic string) string {
	return strconv.Itoa(partitionOf(ask)) + "." + article.ID(feed+"\n"+hub+"\n"+topic)
}

// partOfSubscription returns the partition that a key begins with.
func partOfSubscription(key string) int {
	return subjectPartition(key[:max(strings.IndexByte(key, '.'), 0)])
}

// address is where the hub is asked.
func (s *subscription) address() string {
	if s.Ask != "" {
		return s.Ask
	}
	return s.Hub
}

// elsewhere reports whether the hub knows another public address of the callbacks
// than this one.
func (s *subscription) elsewhere(callback string) bool {
	return !s.Leaving && !s.Asked.IsZero() && s.Callback != callback
}

func (s *subscription) state(now time.Time) string {
	switch {
	case s.Leaving:
		return pushLeaving
	case s.Denied:
		return pushDenied
	case now.Before(s.Until):
		return pushActive
	case s.Failures > 0 || s.Reason != "":
		return pushFailing
	}
	return pushAsked
}

// has reports whether a token is that of the callback.
func (s *subscription) has(token string) bool {
	return subtle.ConstantTimeCompare([]byte(s.Token), []byte(token)) == 1
}

// subscriptions keeps subscriptions by compare-and-set.
type subscriptions struct{ bucket }

// load returns the subscription under a key, nil if there is none.
func (s subscriptions) load(ctx context.Context, key string) (*subscription, error) {
	sub := &subscription{key: key}
	var err error
	sub.revision, err = s.getJSON(ctx, key, sub)
	if err != nil || sub.revision == 0 {
		return nil, err
	}
	return sub, nil
}

func (s subscriptions) save(ctx context.Context, sub *subscription) error {
	data, err := json.Marshal(sub)
	if err != nil {
		return fmt.Errorf("encode subscription to %s: %w", sub.Feed, err)
	}
	revision, err := s.swap(ctx, sub.key, data, sub.revision)
	if err != nil {
		return fmt.Errorf("save subscription to %s: %w", sub.Feed, err)
	}
	sub.revision = revision
	return nil
}

// update changes a subscription if it is there; change reports whether it did.
func (s subscriptions) update(ctx context.Context, key string, change func(*subscription) bool) error {
	for try := 0; ; try++ {
		sub, err := s.load(ctx, key)
		if err != nil || sub == nil || !change(sub) {
			return err
		}
		if err := s.save(ctx, sub); !errors.Is(err, errConflict) || try == swapTries {
			return err
		}
	}
}

// remove forgets a subscription. Pushes of its hub are then refused.
func (s subscriptions) remove(ctx context.Context, key string) error {
	err := s.bus.Call(ctx, stateTimeout, func(ctx context.Context) error { return s.kv.Delete(ctx, key) })
	if err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
		return fmt.Errorf("remove subscription %s: %w", key, err)
	}
	return nil
}

// swapTries is how often a change is tried that another worker gets in front of.
const swapTries = 5
