package app

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
)

func TestSettleNamesTheStateAndWhenToComeBack(t *testing.T) {
	const interval = 10 * time.Minute
	p := &feedPoller{policy: cadence.Default()}
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
		p.settle(state, feed.Source{}, interval, found{fresh: 1}, c.err)
		if wait := state.NextPoll.Sub(before); state.State != c.state || wait < c.at || wait > c.end {
			t.Errorf("%s: state %s, again after %s; want %s after %s to %s", c.name, state.State, wait, c.state, c.at, c.end)
		}
	}
}

func TestSettleFollowsTheRhythmOfTheFeed(t *testing.T) {
	p := &feedPoller{policy: cadence.Default()}
	wait := func(gap time.Duration, s feed.Source, interval time.Duration) time.Duration {
		state := &feedState{URL: "https://a.example/feed"}
		poll := cadence.Poll{Entries: 20}
		for i := range 20 {
			poll.New = append(poll.New, time.Now().Add(-time.Duration(i)*gap))
		}
		p.settle(state, s, interval, found{poll: poll}, nil)
		return time.Until(state.NextPoll)
	}
	busy, quiet := wait(5*time.Minute, feed.Source{}, 0), wait(200*time.Hour, feed.Source{}, 0)
	if busy > 15*time.Minute || quiet < 3*time.Hour {
		t.Errorf("busy feed again in %s, quiet one in %s", busy, quiet)
	}
	if fixed := wait(200*time.Hour, feed.Source{}, time.Minute); fixed > 2*time.Minute {
		t.Errorf("a feed with an interval of a minute is polled again in %s", fixed)
	}
}

func TestAFeedThatIsGoneForWeeksIsDead(t *testing.T) {
	p := &feedPoller{policy: cadence.Default()}
	err := &fetch.Error{Class: fetch.ClassHTTP4xx, Status: 404}
	state := &feedState{URL: "https://a.example/feed"}
	p.settle(state, feed.Source{}, 0, found{}, err)
	if state.State != feedFailing {
		t.Fatalf("after one failure the feed is %s", state.State)
	}
	state.Cadence.FailingSince = time.Now().Add(-cadence.DeadAfter)
	for _, interval := range []time.Duration{0, time.Minute} {
		p.settle(state, feed.Source{}, interval, found{}, err)
		if wait := time.Until(state.NextPoll); state.State != feedDead || wait < 6*24*time.Hour {
			t.Errorf("interval %s: after two weeks the feed is %s and polled again in %s", interval, state.State, wait)
		}
	}
	p.settle(state, feed.Source{}, 0, found{}, nil)
	if state.State != feedOK || time.Until(state.NextPoll) > maxInterval {
		t.Errorf("a feed that is back is %s and polled again in %s", state.State, time.Until(state.NextPoll))
	}
}

func TestWaitingForTheHostIsNoFailureOfTheFeed(t *testing.T) {
	if wait, later := notItsTurn(&fetch.Error{Class: fetch.ClassThrottled, RetryAfter: time.Minute}); !later || wait != time.Minute {
		t.Errorf("no turn for a minute: %s, %t", wait, later)
	}
	for _, err := range []error{nil, errors.New("x"), &fetch.Error{Class: fetch.ClassThrottled, Status: 429}, &fetch.Error{Class: fetch.ClassTimeout}} {
		if _, later := notItsTurn(err); later {
			t.Errorf("%v is not the host's turn", err)
		}
	}
}

func TestDatesThatTellOfChanges(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	at := func(h int) time.Time { return now.Add(time.Duration(h) * time.Hour) }
	for name, c := range map[string]struct{ published, updated, want time.Time }{
		"published":          {at(-3), time.Time{}, at(-3)},
		"updated later":      {at(-3), at(-1), at(-1)},
		"update to come":     {at(-3), at(1), at(-3)},
		"both to come":       {at(1), at(2), time.Time{}},
		"only updated":       {time.Time{}, at(-2), at(-2)},
		"published, to come": {at(1), at(-2), time.Time{}},
		"nothing":            {time.Time{}, time.Time{}, time.Time{}},
	} {
		e := &feed.Entry{Entry: article.Entry{Published: c.published, Updated: c.updated}}
		if got := dateOf(e, now); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestStateOfAnOlderVersionIsKept(t *testing.T) {
	old := `{"url":"https://a.example/feed","title":"A","state":"ok","etag":"\"x\"","last_poll":"2026-01-02T03:04:05Z",` +
		`"next_poll":"2026-01-02T03:14:05Z","interval":600000000000,"seen":["aa","bb"],"failures":2}`
	var state feedState
	if err := json.Unmarshal([]byte(old), &state); err != nil {
		t.Fatal(err)
	}
	if state.ETag != `"x"` || len(state.Seen) != 2 || state.Failures != 2 || !state.Cadence.At.IsZero() {
		t.Errorf("read %+v", state)
	}
	p := &feedPoller{policy: cadence.Default()}
	p.settle(&state, feed.Source{}, 0, found{}, errors.New("x"))
	if state.Failures != 3 || time.Until(state.NextPoll) > time.Hour {
		t.Errorf("%d failures, next in %s", state.Failures, time.Until(state.NextPoll))
	}
}

func TestPollIntervalReadsWhatItWrites(t *testing.T) {
	for text, want := range map[string]pollInterval{"adaptive": adaptive, "10m": pollInterval(10 * time.Minute), "90s": pollInterval(90 * time.Second)} {
		var got, back pollInterval
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
		if err := back.UnmarshalText([]byte(got.String())); err != nil || back != got {
			t.Errorf("%s is written %s and read %s", text, got, back)
		}
	}
	for _, text := range []string{"soon", "", "10", "0s", "-5m"} {
		var got pollInterval
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
	if adaptive.atMost(time.Second) != pollInterval(time.Second) || pollInterval(time.Hour).atMost(2*time.Hour) != pollInterval(time.Hour) {
		t.Error("atMost")
	}
}
