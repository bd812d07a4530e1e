package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/websub"
)

const (
	// seldomLeast and seldomMost bound how often a feed is polled whose hub is
	// trusted: to see that the hub still brings everything.
	seldomLeast = 2 * time.Hour
	seldomMost  = 4 * time.Hour
	// askAnew is how long after a request a hub is asked again because it missed
	// something: it may have forgotten us.
	askAnew = 6 * time.Hour
)

// hubWishes is the part of WebSub that polls have: they see which hub a feed
// offers, say so in the state of the feed, and see whether the hub brings what it
// should. On a nil receiver, as with WebSub turned off, no hub is wanted.
type hubWishes struct {
	subs    subscriptions
	metrics *webSubMetrics
	log     *slog.Logger
}

// offered returns what an answer says of hubs: its header wins over the document.
// A feed that does not name itself is known to its hub by where it came from.
func offered(resp *fetch.Response, f *feed.Feed) *websub.Links {
	l := websub.HeaderLinks(resp.Header.Values("Link"), resp.FinalURL).Or(websub.Links{Hubs: f.Hubs, Self: f.Self})
	l.Self = cmp.Or(l.Self, resp.FinalURL)
	return &l
}

// choose returns what the state of a feed is to say of its hub: as it was while
// the feed offers that hub; the next one where the hub fails and there are
// others; nil where none is offered.
func (h *hubWishes) choose(state *feedState, l *websub.Links, now time.Time) *pushState {
	had := state.Push
	switch {
	case h == nil:
		return nil
	case l == nil: // the feed was not read
		return had
	case len(l.Hubs) == 0:
		return nil
	}
	at := -1
	if had != nil && had.Topic == l.Self {
		at = slices.Index(l.Hubs, had.Hub)
	}
	if at >= 0 {
		stuck := had.Denied || had.Failing && !had.active(now)
		if !stuck || len(l.Hubs) == 1 {
			return had
		}
	}
	hub := l.Hubs[(at+1)%len(l.Hubs)]
	return &pushState{Key: subscriptionKey(hub, state.URL, hub, l.Self), Hub: hub, Topic: l.Self}
}

// settle takes in what a poll saw of the feed's hub, and returns when the feed is
// polled next, which without a hub is at due. A fixed interval is the operator's
// word and stays; the end of the lease is waited for in no case.
func (h *hubWishes) settle(state *feedState, fixed bool, got found, due time.Time) time.Time {
	now := state.LastPoll
	state.Push = h.choose(state, got.links, now)
	p := state.Push
	if got.audit != nil {
		got.audit.lost = false
		if p.active(now) {
			got.audit.lost = p.Trust.Poll(got.audit.confirmed, got.audit.missed)
			p.Brought = nil
		}
	}
	if fixed || !p.trusted(now) {
		return due
	}
	seldom := now.Add(seldomLeast + rand.N(seldomMost-seldomLeast))
	if seldom.After(p.Until) {
		seldom = p.Until
	}
	if seldom.After(due) {
		return seldom
	}
	return due
}

// keep makes the subscriptions follow the state that a poll has saved; had is the
// key that it named before. What goes wrong here the next poll puts right.
func (h *hubWishes) keep(ctx context.Context, state *feedState, had string, audit *pushAudit) {
	if h == nil {
		return
	}
	if audit != nil {
		h.metrics.misses.Add(float64(audit.missed))
		if audit.lost {
			h.log.Info("hub did not bring what a poll found; the feed is polled as before", "feed", state.URL, "hub", state.Push.Hub, "missed", audit.missed)
		}
	}
	now := time.Now()
	err := h.leave(ctx, state, had, now)
	if p := state.Push; p != nil {
		switch {
		case !p.active(now):
			err = errors.Join(err, h.want(ctx, state.URL, p, now))
		case audit != nil && audit.lost:
			err = errors.Join(err, h.want(ctx, state.URL, p, now), h.subs.update(ctx, p.Key, func(s *subscription) bool {
				anew := now.Sub(s.Asked) > askAnew
				s.Next = now
				return anew
			}))
		}
	}
	if err != nil && ctx.Err() == nil {
		h.log.Warn("subscription cannot be noted; tried again at the next poll", "feed", state.URL, "err", err)
	}
}

// leave gives up the subscription that the state named before, if it names it no
// more.
func (h *hubWishes) leave(ctx context.Context, state *feedState, had string, now time.Time) error {
	if had == "" || state.Push != nil && state.Push.Key == had {
		return nil
	}
	return h.subs.update(ctx, had, func(s *subscription) bool {
		s.Leaving, s.Next = true, now
		return true
	})
}

// want sees to it that there is a subscription.
func (h *hubWishes) want(ctx context.Context, url string, p *pushState, now time.Time) error {
	sub, err := h.subs.load(ctx, p.Key)
	switch {
	case err != nil:
		return err
	case sub == nil:
		sub = newSubscription(url, p)
		h.log.Info("feed offers a hub", "feed", url, "hub", p.Hub, "topic", p.Topic)
	case sub.Leaving:
		sub.Leaving, sub.Next, sub.Failures = false, now, 0
	default:
		return nil
	}
	if err := h.subs.save(ctx, sub); !errors.Is(err, errConflict) {
		return err
	}
	return nil // somebody changes it just now; the next poll looks again
}

// pushAudit compares what a poll finds with what pushes brought.
type pushAudit struct {
	now, since, last  time.Time
	brought           map[string]bool
	confirmed, missed int
	lost              bool // the poll ended the trust in the hub
}

// newPushAudit returns nil for a feed that no hub pushes.
func newPushAudit(state *feedState, now time.Time) *pushAudit {
	p := state.Push
	if !p.active(now) {
		return nil
	}
	a := &pushAudit{now: now, since: p.Since, last: state.LastPoll, brought: make(map[string]bool, len(p.Brought))}
	for _, hash := range p.Brought {
		a.brought[hash] = true
	}
	return a
}

// note takes in an entry of the feed. One that is new should have been pushed, if
// it appeared while the hub pushed and some minutes ago. One without a date came,
// for all that is known, half-way between two polls.
func (a *pushAudit) note(e *feed.Entry, seen bool) {
	switch {
	case a == nil:
	case seen && len(a.brought) > 0 && a.brought[e.Hash()[:entryHashLen]]:
		a.confirmed++
	case !seen:
		at := dateOf(e, a.now)
		if at.IsZero() {
			at = a.now.Add(-a.now.Sub(a.last) / 2)
		}
		if at.After(a.since) && a.now.Sub(at) > websub.MissAfter {
			a.missed++
		}
	}
}
