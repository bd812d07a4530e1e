package cadence

import (
	"testing"
	"time"
)

// nightSkipped is what a feed says that is not written between 20 and 8 o'clock.
func nightSkipped() (hours uint32) {
	for h := range 24 {
		if h < 8 || h >= 20 {
			hours |= 1 << h
		}
	}
	return hours
}

// pollsAtNight follows a feed for some days and counts its polls between 20 and 8.
func pollsAtNight(entries []time.Time, days int, hours uint32, weekdays uint8) (night, sunday int) {
	p, next := Default(), 0
	var s State
	for at := start(); at.Before(start().AddDate(0, 0, days)); at = p.Next(&s, "feed") {
		poll := Poll{At: at, Entries: 50, SkipHours: hours, SkipDays: weekdays}
		for ; next < len(entries) && !entries[next].After(at); next++ {
			poll.New = append(poll.New, entries[next])
		}
		s.Observe(poll)
		if at.Hour() < 8 || at.Hour() >= 20 {
			night++
		}
		if at.Weekday() == time.Sunday {
			sunday++
		}
	}
	return night, sunday
}

// TestSkippedTimesAreSpared: a feed that says so, and keeps to it, is polled
// seldom at night; one that does not keep to it as if it had said nothing.
func TestSkippedTimesAreSpared(t *testing.T) {
	var byDay, allDay []time.Time
	for _, at := range every(20*time.Minute, 28) {
		allDay = append(allDay, at)
		if at.Hour() >= 8 && at.Hour() < 20 {
			byDay = append(byDay, at)
		}
	}
	plain, _ := pollsAtNight(byDay, 14, 0, 0)
	told, _ := pollsAtNight(byDay, 14, nightSkipped(), 0)
	if told > 14*5 || told*2 > plain {
		t.Errorf("%d polls in 14 nights of a feed that says that it sleeps, %d of one that does not", told, plain)
	}
	plain, _ = pollsAtNight(allDay, 14, 0, 0)
	told, _ = pollsAtNight(allDay, 14, nightSkipped(), 0)
	if told < plain*95/100 {
		t.Errorf("%d polls in 14 nights of a feed that says that it sleeps and does not, %d of one that says nothing", told, plain)
	}
	_, silent := pollsAtNight(allDay, 28, 0, 0)
	_, wrong := pollsAtNight(allDay, 28, 0, 1)
	if wrong < silent*9/10 { // the first Sunday teaches
		t.Errorf("%d polls on Sundays of a feed that writes on them and says that it does not, %d of one that says nothing", wrong, silent)
	}
}

func TestPollIsPutOff(t *testing.T) {
	at := func(hour, minute int) time.Time {
		return start().Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	for _, c := range []struct {
		name  string
		s     State
		wait  time.Duration
		until time.Time
	}{
		{"says nothing", State{At: at(2, 0)}, 10 * time.Minute, at(2, 10)},
		{"to the end of the night", State{At: at(6, 30), SkipHours: nightSkipped()}, 10 * time.Minute, at(8, 0)},
		{"by day", State{At: at(12, 0), SkipHours: nightSkipped()}, 10 * time.Minute, at(12, 10)},
		{"the night is long", State{At: at(22, 0), SkipHours: nightSkipped()}, 10 * time.Minute, at(26, 0)},
		{"longer already", State{At: at(22, 0), SkipHours: nightSkipped()}, 9*time.Hour + time.Minute, at(32, 0)},
		{"a whole day", State{At: at(12, 0), SkipDays: 1 << time.Monday}, time.Hour, at(16, 0)},
		{"at all times", State{At: at(12, 0), SkipHours: 1<<24 - 1}, time.Hour, at(16, 0)},
		{"one entry in two came then", State{At: at(6, 30), SkipHours: nightSkipped(), Hours: [24]float64{3: 1, 9: 1}, Days: [7]float64{2}}, time.Minute, at(6, 31)},
		{"one entry in fifty came then", State{At: at(6, 30), SkipHours: nightSkipped(), Hours: [24]float64{3: 1, 9: 49}, Days: [7]float64{50}}, time.Minute, at(8, 0)},
		{"Mondays are not what it says", State{At: at(12, 0), SkipDays: 1 << time.Monday, Hours: [24]float64{9: 7}, Days: [7]float64{1: 7}}, time.Hour, at(13, 0)},
	} {
		if got := c.s.At.Add(c.s.skip(c.wait)); !got.Equal(c.until) {
			t.Errorf("%s: put off to %s, want %s", c.name, got, c.until)
		}
	}
}
