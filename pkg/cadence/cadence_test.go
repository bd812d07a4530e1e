package cadence

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"
)

func start() time.Time { return time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC) }

// follow polls a feed whose entries appear at given times, for some days, and
// returns the polls of the last day.
func follow(t *testing.T, entries []time.Time, days int) []time.Time {
	t.Helper()
	p := Default()
	var s State
	var polls []time.Time
	end := start().AddDate(0, 0, days)
	next := 0
	for at := start(); at.Before(end); {
		poll := Poll{At: at, Entries: 50}
		for ; next < len(entries) && !entries[next].After(at); next++ {
			poll.New = append(poll.New, entries[next])
		}
		s.Observe(poll)
		if !at.Before(end.AddDate(0, 0, -1)) {
			polls = append(polls, at)
		}
		due := p.Next(&s, "feed")
		if wait := due.Sub(at); wait < p.Min-time.Minute || wait > p.Max {
			t.Fatalf("polled again after %s", wait)
		}
		at = due
	}
	return polls
}

func every(d time.Duration, days int) (list []time.Time) {
	for at := start(); at.Before(start().AddDate(0, 0, days)); at = at.Add(d) {
		list = append(list, at)
	}
	return list
}

func TestBusyFeedsArePolledMoreOften(t *testing.T) {
	silent := len(follow(t, nil, 30))
	weekly := len(follow(t, every(7*24*time.Hour, 30), 30))
	daily := len(follow(t, every(23*time.Hour, 30), 30))
	busy := len(follow(t, every(7*time.Minute, 10), 10))
	if silent > 2 || weekly < silent || daily <= weekly || busy <= daily || busy < 140 || busy > 170 {
		t.Errorf("polls a day: silent %d, weekly %d, daily %d, every 7 minutes %d", silent, weekly, daily, busy)
	}
}

// TestShortBusyFeedsAreRetriedSooner: what is pushed out of a feed while its
// server fails is never found.
func TestShortBusyFeedsAreRetriedSooner(t *testing.T) {
	p := Default()
	waitAfter := func(length int, apart time.Duration) time.Duration {
		var s State
		at := start()
		for at.Before(start().AddDate(0, 0, 5)) {
			s.Observe(Poll{At: at, Entries: length, New: []time.Time{at}})
			at = at.Add(apart)
		}
		for range 8 { // until the wait has grown to its limit
			s.Observe(Poll{At: at, Failure: FailureSoft})
			at = p.Next(&s, "feed")
		}
		return at.Sub(s.FailedAt)
	}
	short, long, quiet := waitAfter(10, 6*time.Minute), waitAfter(200, 6*time.Minute), waitAfter(10, 6*time.Hour)
	if short < 8*time.Minute || short > 25*time.Minute || long < 45*time.Minute || quiet < 45*time.Minute {
		t.Errorf("a feed of 10 with 10 entries an hour is tried again after %s, one of 200 after %s, a quiet one after %s", short, long, quiet)
	}
}

func TestPollsFollowTheFixedMinute(t *testing.T) {
	late, polls := 0, follow(t, every(time.Hour, 20), 20)
	found := map[int]bool{}
	for _, at := range polls {
		if at.Minute() < 4 {
			found[at.Hour()] = true
		}
	}
	late = 24 - len(found)
	if late > 6 || len(polls) > 60 {
		t.Errorf("a feed with an entry on the hour: %d polls a day, %d entries found later than after 4 minutes", len(polls), late)
	}
}

func TestNightIsSpared(t *testing.T) {
	var entries []time.Time
	rng := rand.New(rand.NewPCG(1, 2))
	for day := range 20 {
		for hour := 8; hour < 20; hour++ {
			entries = append(entries, start().AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour+time.Duration(rng.IntN(3600))*time.Second))
		}
	}
	day, night := 0, 0
	for _, at := range follow(t, entries, 20) {
		switch h := at.Hour(); {
		case h >= 9 && h < 19:
			day++
		case h < 5 || h >= 22:
			night++
		}
	}
	if day < 3*night || day < 30 {
		t.Errorf("%d polls in ten hours of the day, %d in seven of the night", day, night)
	}
}

func TestColdStartUsesTheFeedsOwnDates(t *testing.T) {
	p := Default()
	wait := func(gap time.Duration) time.Duration {
		var s State
		poll := Poll{At: start(), Entries: 20}
		for i := range 20 {
			poll.New = append(poll.New, start().Add(-time.Duration(i)*gap-time.Second))
		}
		s.Observe(poll)
		return p.Next(&s, "x").Sub(start())
	}
	if busy, quiet, old := wait(10*time.Minute), wait(40*time.Hour), wait(90*24*time.Hour); busy > 15*time.Minute || quiet < time.Hour || old < 12*time.Hour {
		t.Errorf("after one poll: busy feed in %s, quiet one in %s, one of old entries in %s", busy, quiet, old)
	}
}

func TestFailuresBackOffUntilTheFeedIsDead(t *testing.T) {
	p := Default()
	for _, c := range []struct {
		failure  Failure
		deadFrom int // days
	}{{FailureHard, 14}, {FailureSoft, 42}, {FailureBlock, 1000}} {
		var s State
		at, polls := start(), 0
		for at.Before(start().AddDate(0, 0, 60)) {
			s.Observe(Poll{At: at, Failure: c.failure})
			polls++
			if days := at.Sub(start()).Hours() / 24; s.Dead() != (days >= float64(c.deadFrom)) {
				t.Fatalf("%s for %.1f days: dead %t", c.failure, days, s.Dead())
			}
			next := p.Next(&s, "x")
			if s.Dead() && next.Sub(at) < 6*24*time.Hour {
				t.Fatalf("a dead feed is polled again after %s", next.Sub(at))
			}
			at = next
		}
		if polls > 130 {
			t.Errorf("%s: %d polls in 60 days", c.failure, polls)
		}
		s.Observe(Poll{At: at})
		if s.Dead() || s.Failures != 0 || p.Next(&s, "x").Sub(at) > p.Max {
			t.Errorf("%s: a feed that is back is still %+v", c.failure, s)
		}
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	var s State
	s.Observe(Poll{At: start(), Failure: FailureSoft, RetryAfter: 5 * time.Hour})
	if wait := Default().Next(&s, "x").Sub(start()); wait < 5*time.Hour {
		t.Errorf("told to wait 5 h, polled after %s", wait)
	}
}

func TestAFeedIsPolledBeforeItRunsOver(t *testing.T) {
	var s State
	poll := Poll{At: start(), Entries: 20}
	for i := range 20 {
		poll.New = append(poll.New, start().Add(-time.Duration(i)*15*time.Second))
	}
	s.Observe(poll)
	if wait := Default().Next(&s, "x").Sub(start()); wait > 4*time.Minute {
		t.Errorf("a feed that holds the entries of five minutes is polled after %s", wait)
	}
}

func TestStateSurvivesStorage(t *testing.T) {
	var s State
	rng := rand.New(rand.NewPCG(3, 4))
	at := start()
	for range 200 {
		at = at.Add(time.Duration(rng.IntN(3600)) * time.Second)
		s.Observe(Poll{At: at, New: make([]time.Time, rng.IntN(3)), Entries: 30, Fresh: time.Minute})
		data, err := json.Marshal(s)
		if err != nil || len(data) > 2048 {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		var back State
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if a, b := Default().Next(&s, "x"), Default().Next(&back, "x"); !a.Equal(b) {
			t.Fatalf("%s before it was stored, %s after", a, b)
		}
	}
}

// A feed whose entries are pushed, and which is polled seldom, is known as well
// as one that is polled: without its hub it is polled as often as before.
func TestPushesTeachTheSameRhythm(t *testing.T) {
	p := Default()
	learn := func(pushed bool) *State {
		var s State
		s.Observe(Poll{At: start(), Entries: 50})
		for i, at := range every(17*time.Minute, 10) {
			at = at.Add(time.Second)
			if pushed {
				s.Observe(Poll{At: at, New: []time.Time{at}, Pushed: true})
				if i%14 == 0 { // a poll that finds nothing new
					s.Observe(Poll{At: at.Add(time.Minute), Entries: 50, Fresh: time.Hour})
				}
			} else {
				s.Observe(Poll{At: at, New: []time.Time{at}, Entries: 50, Fresh: time.Hour})
			}
		}
		return &s
	}
	polled, pushed := learn(false), learn(true)
	if pushed.Hits != 0 || polled.Hits == 0 {
		t.Errorf("a push counts as one that a cache let through: %v hits, polls %v", pushed.Hits, polled.Hits)
	}
	if ratio := pushed.known() / polled.known(); ratio < 0.98 || ratio > 1.02 {
		t.Errorf("%.1f entries known from pushes, %.1f from polls", pushed.known(), polled.known())
	}
	pushed.Fresh, polled.Fresh = 0, 0
	if a, b := p.Next(polled, "x").Sub(polled.At), p.Next(pushed, "x").Sub(pushed.At); b > a*3/2 || b < a/2 {
		t.Errorf("polled again in %s after pushes, in %s after polls", b, a)
	}
}

func TestAPushEndsNoFailure(t *testing.T) {
	var s State
	s.Observe(Poll{At: start(), Pushed: true, New: []time.Time{start()}})
	if !s.At.IsZero() {
		t.Error("a push before the first poll counts as the first poll")
	}
	s.Observe(Poll{At: start(), Entries: 5})
	s.Observe(Poll{At: start().Add(time.Hour), Failure: FailureHard})
	s.Observe(Poll{At: start().Add(2 * time.Hour), Pushed: true, New: []time.Time{start().Add(2 * time.Hour)}})
	if s.Failures != 1 || s.Failure != FailureHard {
		t.Errorf("after a push %d failures (%s), want the one of the poll", s.Failures, s.Failure)
	}
}

// FuzzState feeds stored states and polls that no version wrote.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"since":"2026-01-01T00:00:00Z","at":"2026-03-01T00:00:00Z","hours":[1,2,3],"minutes":[-1,1e300]}`), int64(3600), uint8(3))
	f.Add([]byte(`{"at":"9999-03-01T00:00:00Z","fresh":-5,"failures":-3,"entries":-9}`), int64(-3600), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, seconds int64, n uint8) {
		var s State
		if json.Unmarshal(data, &s) != nil {
			return
		}
		at := start().Add(time.Duration(seconds%1e8) * time.Second)
		poll := Poll{At: at}
		for i := range n {
			poll.New = append(poll.New, at.Add(-time.Duration(i)*time.Hour))
		}
		s.Observe(poll)
		p := Default()
		if wait := p.Next(&s, "x").Sub(s.At); wait <= 0 || wait > p.Max {
			t.Fatalf("polled again after %s", wait)
		}
		s.Observe(Poll{At: at.Add(time.Second), Failure: FailureSoft})
		if wait := p.Next(&s, "x").Sub(s.FailedAt); wait <= 0 || wait > 2*DeadPoll {
			t.Fatalf("after a failure polled again after %s", wait)
		}
	})
}
