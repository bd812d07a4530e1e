package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/websub"
)

const (
	// failingAfter is how many requests must come to nothing before another hub
	// of the feed is tried.
	failingAfter = 3
	// refusedWait is when a hub is asked again that refused a request, which
	// seldom passes by itself.
	refusedWait = 24 * time.Hour
	// deniedWait is when a hub is asked again that denied a subscription.
	deniedWait = 7 * 24 * time.Hour
	// leaveTries is how often a hub is told that a subscription is not wanted any
	// more; what it pushes after that is refused with 410, which says the same.
	leaveTries = 3
	leaveWait  = time.Hour
	// maxMoves bounds how often a hub may send its subscribers elsewhere.
	maxMoves = 3
)

// act does what a subscription calls for, as the owner of the hub's host.
func (a *asker) act(ctx context.Context, key string) error {
	t := a.parts.of(partOfSubscription(key))
	if !t.enter() {
		return nil // its next owner sees it
	}
	defer t.leave()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.run, cancel)()

	sub, err := a.subs.load(ctx, key)
	if err != nil || sub == nil {
		return err
	}
	if a.callback == "" {
		return a.forget(ctx, sub)
	}
	wanted, err := a.wanted(ctx, sub)
	now := time.Now()
	switch {
	case err != nil:
		return err
	case !wanted && !sub.Leaving:
		if err := a.unname(ctx, sub); err != nil {
			return err
		}
		sub.Leaving, sub.Failures, sub.Asked = true, 0, time.Time{}
		return a.leave(ctx, sub, now)
	case now.Before(sub.Next) && !sub.elsewhere(a.callback):
		return nil // seen already; the watch is behind
	case sub.Leaving:
		return a.leave(ctx, sub, now)
	}
	return a.ask(ctx, sub, now)
}

// wanted reports whether the state of the feed names the subscription.
func (a *asker) wanted(ctx context.Context, sub *subscription) (bool, error) {
	state, err := a.feeds.load(ctx, sub.Feed)
	return err == nil && state.wants(sub.key), err
}

// wants reports whether a subscription is the one that the feed is to have.
func (s *feedState) wants(key string) bool { return s.State != feedRetired && s.hubKey() == key }

// ask asks the hub for a lease. That it was asked is written down first: the hub
// may verify the request before it answers it.
func (a *asker) ask(ctx context.Context, sub *subscription, now time.Time) error {
	before := *sub
	if sub.Asked.After(sub.Verified) {
		sub.Failures++
		if sub.Reason == "" {
			sub.Reason = "the hub took the request and never verified it; can it reach the address of --websub-callback?"
		}
	}
	sub.Asked, sub.Callback, sub.Next = now, a.callback, now.Add(jitter(websub.Backoff(sub.Failures, a.least)))
	if err := a.subs.save(ctx, sub); err != nil {
		return err
	}
	if sub.Failures > 0 {
		if err := a.tell(ctx, sub, false); err != nil {
			return err
		}
	}
	if sub.Ask != "" && sub.Failures >= failingAfter && sub.Moves < maxMoves {
		return a.move(ctx, sub, sub.Hub) // where it sent us nobody answers
	}
	_, err := a.post(ctx, sub.address(), websub.Subscribe(sub.Topic, a.callbackOf(sub), sub.Secret, websub.AskedLease))
	if err == nil {
		a.log.Debug("hub asked", "feed", sub.Feed, "hub", sub.address())
		return nil
	}
	var ferr *fetch.Error
	switch {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // the next owner of the host asks when that is due
	case !errors.As(err, &ferr):
		return err
	}
	if wait, later := a.later(sub, ferr); later {
		return a.subs.update(ctx, sub.key, func(s *subscription) bool {
			s.Asked, s.Failures, s.Next = before.Asked, before.Failures, time.Now().Add(wait)
			return s.Verified.Before(now)
		})
	}
	if ferr.Class == fetch.ClassElsewhere {
		return a.move(ctx, sub, ferr.Elsewhere)
	}
	return a.failed(ctx, sub, now, ferr)
}

// later tells that a request was not made for a reason that is not the hub's.
func (a *asker) later(sub *subscription, err *fetch.Error) (time.Duration, bool) {
	if wait, ok := notItsTurn(err); ok {
		return wait, true
	}
	here := err.Class == fetch.ClassElsewhere && partitionOf(err.Elsewhere) == partOfSubscription(sub.key)
	return time.Second, err.Class == fetch.ClassCanceled || here
}

// failed notes a request that came to nothing.
func (a *asker) failed(ctx context.Context, sub *subscription, asked time.Time, cause *fetch.Error) error {
	reason := clipText(cause.Error(), 300)
	a.log.Info("hub gives no subscription", "feed", sub.Feed, "err", cause, "failures", sub.Failures+1)
	noted := false
	err := a.subs.update(ctx, sub.key, func(s *subscription) bool {
		if noted = s.Verified.Before(asked); !noted {
			return false // it did verify it, whatever it answered
		}
		s.Reason = reason
		wait := websub.Backoff(s.Failures+1, a.least)
		if !cause.Temporary {
			wait = max(wait, refusedWait)
		}
		s.Next = time.Now().Add(jitter(wait))
		*sub = *s
		return true
	})
	if err != nil || !noted {
		return err
	}
	return a.tell(ctx, sub, !cause.Temporary)
}

// tell notes in the state of the feed that its hub is asked in vain. Another hub
// is tried when this one refuses, or has failed often.
func (a *asker) tell(ctx context.Context, sub *subscription, refused bool) error {
	return a.feeds.update(ctx, sub.Feed, func(s *feedState) bool {
		failing := refused || sub.Failures >= failingAfter
		if !s.wants(sub.key) || s.Push.Reason == sub.Reason && s.Push.Failing == failing {
			return false
		}
		s.Push.Reason, s.Push.Failing = sub.Reason, failing
		return true
	})
}

// move gives a subscription to the worker of the host to which the hub sends its
// subscribers, or back to that of the hub. The feed comes first: what its state does not name is left, and
// what is missing of what it names its next poll makes anew.
func (a *asker) move(ctx context.Context, sub *subscription, to string) error {
	if sub.Moves >= maxMoves {
		return a.failed(ctx, sub, sub.Asked, &fetch.Error{Class: fetch.ClassRedirect, URL: sub.Hub, Err: fmt.Errorf("more than %d redirects from host to host", maxMoves)})
	}
	next := newSubscription(sub.Feed, &pushState{Key: subscriptionKey(to, sub.Feed, sub.Hub, sub.Topic), Hub: sub.Hub, Topic: sub.Topic})
	next.Moves = sub.Moves + 1
	if to != sub.Hub {
		next.Ask = to
	}
	a.log.Info("hub goes to the worker of the host that it leads to", "feed", sub.Feed, "hub", sub.Hub, "to", to)
	moved := false
	err := a.feeds.update(ctx, sub.Feed, func(s *feedState) bool {
		moved = s.wants(sub.key)
		if moved {
			s.Push.Key = next.key
		}
		return moved
	})
	if err != nil || !moved {
		return err
	}
	if err := a.subs.save(ctx, next); err != nil {
		return err
	}
	return a.subs.remove(ctx, sub.key)
}

// leave tells the hub that a subscription is not wanted any more, and forgets it
// when the hub has verified that (in the callback), or was told often enough.
func (a *asker) leave(ctx context.Context, sub *subscription, now time.Time) error {
	if sub.Verified.IsZero() || now.After(sub.Until) || sub.Failures >= leaveTries {
		return a.subs.remove(ctx, sub.key)
	}
	sub.Asked, sub.Next = now, now.Add(jitter(max(leaveWait, a.least)))
	sub.Failures++
	if err := a.subs.save(ctx, sub); err != nil {
		return err
	}
	_, err := a.post(ctx, sub.address(), websub.Unsubscribe(sub.Topic, a.callbackOf(sub)))
	if err != nil {
		a.log.Debug("hub not told that a subscription is not wanted any more", "feed", sub.Feed, "err", err)
	}
	return nil
}

// forget drops a subscription because WebSub is off: nobody would answer the hub.
func (a *asker) forget(ctx context.Context, sub *subscription) error {
	if err := a.unname(ctx, sub); err != nil {
		return err
	}
	return a.subs.remove(ctx, sub.key)
}

// unname takes a subscription that ends out of the state of its feed: a feed that
// comes back must not count on it.
func (a *asker) unname(ctx context.Context, sub *subscription) error {
	return a.feeds.update(ctx, sub.Feed, func(s *feedState) bool {
		if s.hubKey() != sub.key {
			return false
		}
		s.Push = nil
		s.hasten(time.Now(), a.poll)
		return true
	})
}

// callbackOf is the address that a hub calls for a subscription. The token in it
// is what it is trusted by; the key is there to find it by.
func (a *asker) callbackOf(sub *subscription) string {
	return strings.TrimRight(a.callback, "/") + "/" + sub.key + "/" + sub.Token
}

// isSubscriptionKey reports whether a stranger's text may be a key.
func isSubscriptionKey(s string) bool {
	part, id, ok := strings.Cut(s, ".")
	return ok && len(part) <= 2 && strings.Trim(part, "0123456789") == "" && part != "" &&
		len(id) == len(article.ID("")) && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
