package cadence

import (
	"math"
	"time"
)

// What is believed before anything is known, as counts.
const (
	priorEntries = 0.4           // a feed of which nothing is known brings so many entries
	priorTime    = 3 * time.Hour // in so much time; entries that are known push it aside
	hourPrior    = 4             // entries that an hour's share is shrunk by towards its neighbours'
	smoothPrior  = 4             // and they towards the whole day's
	dayPrior     = 50            // entries that a weekday's share is shrunk by
	recentPrior  = 2             // entries that the last hours are shrunk by
	peaked       = 0.3           // batches in each minute of the hour of a feed that has a rhythm
	rhythmPrior  = 0.15          // part of the feeds that have one
)

// model is the rate of a feed as it is expected from some moment on.
type model struct {
	rate    float64 // entries a minute, on the average
	hours   [hoursOfDay]float64
	days    [daysOfWeek]float64
	minutes [minutesOfHour]float64
	recent  float64 // factor of the last hours, which fades
	from    time.Time
}

// model returns what is expected at a time.
func (s *State) model(now time.Time) *model {
	m := &model{from: now, recent: (s.Recent + recentPrior) / (s.Expected + recentPrior)}
	now = now.UTC()
	total := 0.0
	for _, n := range s.Hours {
		total += n
	}
	known := min(max(now.Sub(s.Since), 0), 10*halfLife)
	all := seen(0, 0, known)
	m.rate = (total + priorEntries) / (all + priorTime.Minutes()/(1+total*total))
	m.learnHours(s, now, known, total)
	m.learnDays(s, now, known)
	m.learnMinutes(s)
	return m
}

// learnHours compares each hour of the day with the average one. What is known
// of an hour's neighbours is known of it too, more or less.
func (m *model) learnHours(s *State, now time.Time, known time.Duration, total float64) {
	var expected [hoursOfDay]float64
	sum := 0.0
	for h := range expected {
		start := time.Date(now.Year(), now.Month(), now.Day(), h, 0, 0, 0, time.UTC)
		expected[h] = seen(age(now, start, time.Hour, 24*time.Hour), 24*time.Hour, known)
		sum += expected[h]
	}
	if sum > 0 {
		for h := range expected {
			expected[h] *= total / sum
		}
	}
	kernel := [...]float64{1, 2, 3, 4, 5, 4, 3, 2, 1}
	for h := range m.hours {
		n, e := 0.0, 0.0
		for i, w := range kernel {
			near := (h + i - len(kernel)/2 + hoursOfDay) % hoursOfDay
			n, e = n+w/kernel[len(kernel)/2]*s.Hours[near], e+w/kernel[len(kernel)/2]*expected[near]
		}
		prior := (n + smoothPrior) / (e + smoothPrior)
		m.hours[h] = (s.Hours[h] + hourPrior*prior) / (expected[h] + hourPrior)
	}
}

// learnDays compares each day of the week with the average one.
func (m *model) learnDays(s *State, now time.Time, known time.Duration) {
	const week = daysOfWeek * 24 * time.Hour
	var expected [daysOfWeek]float64
	sum, total := 0.0, 0.0
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	for d := range expected {
		start := midnight.AddDate(0, 0, d-int(now.Weekday()))
		expected[d] = seen(age(now, start, 24*time.Hour, week), week, known)
		sum += expected[d]
		total += s.Days[d]
	}
	for d := range m.days {
		e := 0.0
		if sum > 0 {
			e = expected[d] * total / sum
		}
		m.days[d] = (s.Days[d] + dayPrior) / (e + dayPrior)
	}
}

// learnMinutes finds out whether entries come in few minutes of the hour, as
// those of programs and cached copies do. It weighs that they do against pure
// chance: a rhythm that is none would move polls to the wrong minutes.
func (m *model) learnMinutes(s *State) {
	batches, evidence := 0.0, 0.0
	none, _ := math.Lgamma(peaked)
	for _, n := range s.Minutes {
		if n > 0 {
			some, _ := math.Lgamma(n + peaked)
			evidence += some - none
			batches += n
		}
	}
	before, _ := math.Lgamma(minutesOfHour * peaked)
	now, _ := math.Lgamma(minutesOfHour*peaked + batches)
	evidence += before - now + batches*math.Log(minutesOfHour)
	rhythm := 1 / (1 + math.Exp(-evidence)*(1-rhythmPrior)/rhythmPrior)
	for i, n := range s.Minutes {
		share := (n + peaked) / (batches + minutesOfHour*peaked) * minutesOfHour
		m.minutes[i] = 1 + rhythm*(share-1)
	}
}

// age returns how long ago a span that comes again every period last ended.
func age(now, start time.Time, length, period time.Duration) time.Duration {
	a := now.Sub(start.Add(length)) % period
	if a < 0 {
		a += period
	}
	return a
}

// seen returns how many spans of a kind were watched, faded as entries are: the
// first ended some time ago and they come again every period. With period 0 it
// returns the minutes watched in all.
func seen(first, period, known time.Duration) float64 {
	if period == 0 {
		tau := halfLife.Minutes() / math.Ln2
		return tau * (1 - fade(known, halfLife))
	}
	n := max(float64(known-first)/float64(period), 0)
	// At least a part of the running span has been watched.
	q := fade(period, halfLife)
	return fade(first, halfLife) * (1 - math.Pow(q, n)) / (1 - q)
}

// hourly returns the rate at a moment, in entries a minute, without the rhythm
// within the hour.
func (m *model) hourly(t time.Time) float64 {
	recent := 1 + (m.recent-1)*fade(t.Sub(m.from), recentHalfLife)
	return m.rate * m.hours[t.Hour()] * m.days[t.Weekday()] * recent
}

// between returns how many entries are expected in a span of time.
func (m *model) between(from, to time.Time) float64 {
	from, to = from.UTC(), to.UTC()
	if limit := from.Add(2 * 24 * time.Hour); to.After(limit) {
		to = limit
	}
	sum := 0.0
	for t := from; t.Before(to); {
		next := t.Truncate(time.Hour).Add(time.Hour)
		if next.After(to) {
			next = to
		}
		sum += m.hourly(t) * next.Sub(t).Minutes()
		t = next
	}
	return sum
}
