package app

import (
	"fmt"
	"time"

	"github.com/copydesk/copydesk/pkg/websub"
)

// maxBrought bounds the entries that pushes brought and no poll has seen yet.
const maxBrought = 64

// pushState is what the state of a feed says of its hub: the wish, which the
// polls of the feed write, and how it does, which decides when the feed is
// polled. The subscription itself has a record of its own.
type pushState struct {
	Key     string       `json:"key"` // of the subscription
	Hub     string       `json:"hub"`
	Topic   string       `json:"topic"`
	Since   time.Time    `json:"since,omitzero"` // from when on it has pushed without a gap
	Until   time.Time    `json:"until,omitzero"` // end of the lease
	Denied  bool         `json:"denied,omitempty"`
	Failing bool         `json:"failing,omitempty"` // asked several times in vain
	Reason  string       `json:"reason,omitempty"`  // of the last refusal or failure
	Last    time.Time    `json:"last,omitzero"`     // last push that brought something new
	Brought []string     `json:"brought,omitempty"` // hashes of its entries, until a poll has seen them
	Trust   websub.Trust `json:"trust,omitzero"`
}

// active reports whether the hub pushes.
func (p *pushState) active(now time.Time) bool { return p != nil && !p.Denied && now.Before(p.Until) }

// trusted reports whether the hub can be relied on.
func (p *pushState) trusted(now time.Time) bool { return p.active(now) && p.Trust.Trusted() }

// given notes a lease. What was before a gap does not count.
func (p *pushState) given(now, until time.Time) {
	if !p.active(now) {
		p.Since = now
		p.Trust.Restart()
		p.Brought = nil
	}
	p.Until, p.Denied, p.Failing, p.Reason = until, false, false, ""
}

// refused notes that the hub ended the subscription.
func (p *pushState) refused(reason string) {
	p.Until, p.Denied, p.Reason = time.Time{}, true, reason
}

// String tells people how pushes of a feed do.
func (p *pushState) String() string {
	now := time.Now()
	date := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }
	because := func(s string) string {
		if p.Reason != "" {
			s += ": " + p.Reason
		}
		return s
	}
	switch {
	case p == nil:
		return ""
	case p.Denied:
		return because("push denied")
	case p.trusted(now):
		return "push since " + date(p.Since)
	case p.active(now):
		return fmt.Sprintf("push since %s, polled as before until polls agree", date(p.Since))
	case !p.Until.IsZero():
		return because("push ended " + date(p.Until))
	case p.Reason != "":
		return because("push failing")
	}
	return "push asked for"
}

// hubKey is the key of the feed's subscription, "" if none is wanted.
func (s *feedState) hubKey() string {
	if s.Push == nil {
		return ""
	}
	return s.Push.Key
}

// soonest is when a feed is polled whose hub says that it has changed, without
// telling how: now, but no more often than any feed.
func (s *feedState) soonest(now time.Time, least time.Duration) time.Time {
	if at := s.LastPoll.Add(least); at.After(now) {
		return at
	}
	return now
}

// hasten makes the feed due, and reports whether it was not yet.
func (s *feedState) hasten(now time.Time, least time.Duration) bool {
	due := s.soonest(now, least)
	if !due.Before(s.NextPoll) {
		return false
	}
	s.NextPoll = due
	return true
}
