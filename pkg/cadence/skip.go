package cadence

import "time"

const (
	// maxSkip is how long a poll is put off at most because the feed says that
	// it brings nothing at that time: some say so by mistake.
	maxSkip = 4 * time.Hour
	// skipDoubt is the share of the entries known that may have come at skipped
	// times before the feed is not believed.
	skipDoubt = 0.04
)

// skip puts a poll off that falls into a time at which the feed says that it
// brings nothing: to the end of that time, if that is soon enough. wait is the
// time from the last good poll.
func (s *State) skip(wait time.Duration) time.Duration {
	hours, days := s.believed()
	if hours == 0 && days == 0 {
		return wait
	}
	due := s.At.Add(wait).UTC()
	end := due
	for limit := due.Add(maxSkip); hours>>end.Hour()&1 != 0 || days>>end.Weekday()&1 != 0; {
		if end = end.Truncate(time.Hour).Add(time.Hour); !end.Before(limit) {
			return max(wait, maxSkip)
		}
	}
	return wait + end.Sub(due)
}

// believed returns the skipped hours and days that the entries of the feed do
// not speak against. Undated entries that came around such a time do, too: then
// the feed is polled as if it had said nothing.
func (s *State) believed() (hours uint32, days uint8) {
	limit := skipDoubt * s.known()
	if during(s.Hours[:], s.SkipHours) <= limit {
		hours = s.SkipHours
	}
	if during(s.Days[:], uint32(s.SkipDays)) <= limit {
		days = s.SkipDays
	}
	return hours, days
}

// during returns how many entries came in the marked hours or days.
func during(counts []float64, marked uint32) float64 {
	sum := 0.0
	for i, n := range counts {
		if marked>>i&1 != 0 {
			sum += n
		}
	}
	return sum
}
