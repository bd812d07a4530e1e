package cadence

import (
	"math"
	"slices"
	"time"
)

const (
	// halfLife is how fast counts fade: a feed's habits change with seasons and
	// editors, not with days.
	halfLife = 21 * 24 * time.Hour
	// recentHalfLife is how fast the last hours fade.
	recentHalfLife = 6 * time.Hour
	// maxHistory is how far back the dates of a first poll are believed: what is
	// older has been pinned or says nothing of today.
	maxHistory = 30 * 24 * time.Hour
	// maxDates bounds the dates learned from at a first poll, the newest.
	maxDates = 5000
	// clockSlack is how far a clock may go back without what it taught being
	// forgotten.
	clockSlack = 24 * time.Hour
	// dateSlack is how long before the last poll an entry may be dated and still
	// be believed: copies are cached, and editors date a text when they begin it.
	dateSlack = time.Hour
)

// Observe takes in what a poll brought. Polls are given in the order of their
// times; one that lies before the last is counted as made at that moment, or as
// the first when it lies more than a day before.
func (s *State) Observe(p Poll) {
	s.repair()
	if s.At.Sub(p.At) > clockSlack {
		*s = State{} // taught by a clock that was wrong
	}
	if p.At.Before(s.At) {
		p.At = s.At
	}
	p.At = p.At.UTC()
	if p.Pushed {
		s.pushed(p)
		return
	}
	if p.Failure != FailureNone {
		s.fail(p)
		return
	}
	s.Failures, s.FailingSince, s.Failure, s.FailedAt, s.RetryAfter = 0, time.Time{}, FailureNone, time.Time{}, 0
	if s.At.IsZero() {
		s.begin(p)
	} else {
		s.follow(p)
	}
	s.At = p.At
	if p.Entries > 0 {
		s.Entries = p.Entries
		s.TTL = p.TTL
		s.SkipHours, s.SkipDays = p.SkipHours, p.SkipDays
	}
	s.Fresh = max(p.Fresh, 0)
	s.round()
}

// pushed learns from entries that came without a poll. A feed that was never
// read is not known by them: they are the newest only.
func (s *State) pushed(p Poll) {
	if s.At.IsZero() {
		return
	}
	fresh := s.Fresh
	s.Fresh = 0 // caches have no part in it
	s.follow(p)
	s.Fresh = fresh
	s.At = p.At
	s.round()
}

func (s *State) fail(p Poll) {
	if s.Failures == 0 || s.FailingSince.IsZero() {
		s.FailingSince = p.At
	}
	s.Failures++
	s.Failure, s.FailedAt, s.RetryAfter = p.Failure, p.At, max(p.RetryAfter, 0)
}

// begin learns from the dates that the entries of a first poll bear.
func (s *State) begin(p Poll) {
	s.Since = p.At
	var dates []time.Time
	older := 0
	for _, d := range p.New {
		switch {
		case d.IsZero() || d.After(p.At):
		case p.At.Sub(d) < maxHistory:
			dates = append(dates, d.UTC())
		default:
			older++
		}
	}
	if older > 0 && older*5 >= len(dates) {
		// More than a pinned entry or two is older: nothing of this span is cut off.
		s.Since = p.At.Add(-maxHistory)
	}
	if len(dates) == 0 {
		return
	}
	slices.SortFunc(dates, time.Time.Compare)
	if len(dates) > maxDates {
		dates = dates[len(dates)-maxDates:]
		s.Since = p.At
	}
	first, last := dates[0], dates[len(dates)-1]
	if len(dates) > 1 && last.Sub(first) < time.Minute {
		return // all dated by the program that wrote the feed
	}
	s.Last = last
	if first.Before(s.Since) {
		s.Since = first
	}
	s.count(dates, p.At)
}

// follow learns from what is new since the last poll.
func (s *State) follow(p Poll) {
	elapsed := p.At.Sub(s.At)
	expected := s.model(s.At).between(s.At, p.At)
	s.learnEarly(len(p.New) > 0, elapsed, expected)
	f := fade(elapsed, recentHalfLife)
	s.Recent, s.Expected = s.Recent*f+float64(len(p.New)), s.Expected*f+expected
	s.decay(elapsed)
	if len(p.New) == 0 {
		return
	}
	dates := make([]time.Time, 0, len(p.New))
	for i, d := range p.New {
		if d.IsZero() || d.After(p.At) || s.At.Sub(d) > dateSlack {
			// Undated: spread over the time in which it came.
			d = s.At.Add(time.Duration(float64(elapsed) * (float64(i) + 0.5) / float64(len(p.New))))
		}
		dates = append(dates, d.UTC())
	}
	s.Last = slices.MaxFunc(dates, time.Time.Compare)
	if m := p.Modified; m.After(s.At) && !m.After(p.At) {
		// The server names the moment at which the feed changed, which is what a
		// poll has to follow; entries of a cached copy are older than that.
		s.Minutes[m.Minute()]++
		s.countHours(dates)
		return
	}
	s.count(dates, p.At)
}

// count adds dates to every pattern.
func (s *State) count(dates []time.Time, at time.Time) {
	s.fadeIn(dates, at)
	last := time.Time{}
	for _, d := range dates {
		if m := d.Truncate(time.Minute); !m.Equal(last) {
			s.Minutes[d.Minute()]++
			last = m
		}
	}
}

// fadeIn adds dates to hours and days, each with what is left of it at a time.
func (s *State) fadeIn(dates []time.Time, at time.Time) {
	for _, d := range dates {
		w := fade(at.Sub(d), halfLife)
		s.Hours[d.Hour()] += w
		s.Days[d.Weekday()] += w
	}
}

func (s *State) countHours(dates []time.Time) {
	for _, d := range dates {
		s.Hours[d.Hour()]++
		s.Days[d.Weekday()]++
	}
}

// decay lets what is known fade.
func (s *State) decay(elapsed time.Duration) {
	f := fade(elapsed, halfLife)
	for i := range s.Hours {
		s.Hours[i] *= f
	}
	for i := range s.Days {
		s.Days[i] *= f
	}
	for i := range s.Minutes {
		s.Minutes[i] *= f
	}
}

// learnEarly notes whether a poll within the cache lifetime of the last copy
// brought something new all the same.
func (s *State) learnEarly(fresh bool, elapsed time.Duration, expected float64) {
	if s.Fresh <= 0 || elapsed >= s.Fresh {
		return
	}
	s.Early += 1 - math.Exp(-expected) // the chance that something new was to be found
	if fresh {
		s.Hits++
	}
	if s.Early > 40 || s.Hits > 40 {
		s.Early, s.Hits = s.Early/2, s.Hits/2
	}
}

// fade returns what is left of 1 after some time.
func fade(elapsed, halfLife time.Duration) float64 {
	if elapsed <= 0 {
		return 1
	}
	return math.Exp2(-float64(elapsed) / float64(halfLife))
}

// round keeps the stored state short.
func (s *State) round() {
	for _, list := range [][]float64{s.Hours[:], s.Days[:], s.Minutes[:]} {
		for i, v := range list {
			list[i] = math.Round(v*1000) / 1000
		}
	}
	s.Early = math.Round(s.Early*1000) / 1000
	s.Recent, s.Expected = math.Round(s.Recent*1000)/1000, math.Round(s.Expected*1000)/1000
}

// repair makes a state usable whatever was stored: a count is finite and not
// negative.
func (s *State) repair() {
	const most = 1e9
	fix := func(v float64) float64 {
		if !(v >= 0) { //nolint:staticcheck // not the same for NaN
			return 0
		}
		return min(v, most)
	}
	for _, list := range [][]float64{s.Hours[:], s.Days[:], s.Minutes[:]} {
		for i, v := range list {
			list[i] = fix(v)
		}
	}
	s.Recent, s.Expected = fix(s.Recent), fix(s.Expected)
	s.Early, s.Hits = fix(s.Early), fix(s.Hits)
	s.Failures, s.Entries = max(s.Failures, 0), max(s.Entries, 0)
}
