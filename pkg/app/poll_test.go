package app

import (
	"errors"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
)

func TestSettleNamesTheStateAndWhenToComeBack(t *testing.T) {
	const interval = 10 * time.Minute
	p := &feedPoller{}
	for _, c := range []struct {
		name    string
		err     error
		state   string
		at, end time.Duration // bounds of the wait
	}{
		{"fine", nil, feedOK, 9 * time.Minute, 11 * time.Minute},
		{"first failure", errors.New("x"), feedFailing, 50 * time.Second, 70 * time.Second},
		{"gone", &fetch.Error{Class: fetch.ClassGone, Status: 410}, feedGone, maxInterval - time.Minute, maxInterval + time.Minute},
		{"robots", &fetch.Error{Class: fetch.ClassRobots}, feedBlocked, maxInterval - time.Minute, maxInterval + time.Minute},
		{"told to wait", &fetch.Error{Class: fetch.ClassThrottled, Status: 503, RetryAfter: time.Hour}, feedFailing, 59 * time.Minute, 61 * time.Minute},
		{"told to wait for ever", &fetch.Error{Class: fetch.ClassThrottled, Status: 503, RetryAfter: 1000 * time.Hour}, feedFailing, maxInterval - time.Minute, maxInterval + time.Minute},
	} {
		state := &feedState{URL: "https://a.example/feed"}
		before := time.Now()
		p.settle(state, feed.Source{}, interval, 1, c.err)
		if wait := state.NextPoll.Sub(before); state.State != c.state || wait < c.at || wait > c.end {
			t.Errorf("%s: state %s, again after %s; want %s after %s to %s", c.name, state.State, wait, c.state, c.at, c.end)
		}
	}
}
