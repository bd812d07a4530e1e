package app

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// pollInterval is how often feeds are polled: a fixed time, or adaptive.
type pollInterval time.Duration

// adaptive leaves it to each feed's own rhythm.
const adaptive pollInterval = 0

// UnmarshalText reads the word adaptive or a duration.
func (i *pollInterval) UnmarshalText(text []byte) error {
	if string(text) == "adaptive" {
		*i = adaptive
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("expected adaptive or a duration such as 10m, not %q", clipText(string(text), 40))
	}
	*i = pollInterval(d)
	return nil
}

// String is what UnmarshalText reads.
func (i pollInterval) String() string {
	if i == adaptive {
		return "adaptive"
	}
	return time.Duration(i).String()
}

// atMost returns the interval, or limit if it is longer or not fixed.
func (i pollInterval) atMost(limit time.Duration) pollInterval {
	if i == adaptive || i > pollInterval(limit) {
		return pollInterval(limit)
	}
	return i
}

// observed returns what a good answer teaches of a feed's rhythm. At the first
// poll all entries count, those that were handed over before too.
func observed(resp *fetch.Response, now time.Time) cadence.Poll {
	p := cadence.Poll{At: now, Fresh: resp.MaxAge}
	if at, err := http.ParseTime(resp.LastModified); err == nil {
		p.Modified = at
	}
	return p
}

// dateOf is when an entry appeared or was last changed, as far as the feed says:
// the latest of its dates that has passed, or zero.
func dateOf(e *feed.Entry, now time.Time) time.Time {
	switch {
	case e.Updated.After(e.Published) && !e.Updated.After(now):
		return e.Updated
	case e.Published.After(now):
		return time.Time{}
	}
	return e.Published
}

// failureOf says what kind of failure ended a poll.
func failureOf(err error) cadence.Failure {
	if errors.Is(err, feed.ErrNotFeed) {
		return cadence.FailureHard
	}
	var ferr *fetch.Error
	if !errors.As(err, &ferr) {
		return cadence.FailureSoft
	}
	switch ferr.Class {
	case fetch.ClassRobots:
		return cadence.FailureBlock
	case fetch.ClassGone, fetch.ClassURL, fetch.ClassAddress, fetch.ClassHTTP4xx:
		return cadence.FailureHard
	case fetch.ClassDNS:
		if !ferr.Temporary {
			return cadence.FailureHard
		}
	}
	return cadence.FailureSoft
}

// notItsTurn reports whether the host, not the feed, was the reason that it
// was not asked, and for how long.
func notItsTurn(err error) (time.Duration, bool) {
	var ferr *fetch.Error
	if errors.As(err, &ferr) && ferr.Class == fetch.ClassThrottled && ferr.Status == 0 {
		return min(max(ferr.RetryAfter, time.Second), maxInterval), true
	}
	return 0, false
}
