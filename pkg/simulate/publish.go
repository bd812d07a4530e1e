package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// habits are when a feed publishes.
type habits struct {
	batches float64 // a day, on the average
	batch   float64 // entries in one
	offset  int     // hours east of UTC
	hours   [24]float64
	sunday  float64
	minutes []int // the only minutes of the hour in which it publishes; empty: all
	bursts  []span
	change  float64 // factor of the rate after half of the time
}

// newHabits draws habits for a class.
func newHabits(c Class, daily float64, fixed bool, rng *rand.Rand) *habits {
	h := &habits{batch: c.Batch, sunday: c.Sunday, change: 1}
	h.batches = daily / c.Batch
	// Europe, the Americas, Asia.
	switch x := rng.Float64(); {
	case x < 0.45:
		h.offset = rng.IntN(4)
	case x < 0.8:
		h.offset = -8 + rng.IntN(6)
	default:
		h.offset = 5 + rng.IntN(6)
	}
	start, end := 5+rng.Float64()*4, 17+rng.Float64()*6
	peak := start + rng.Float64()*(end-start)
	sum := 0.0
	for i := range h.hours {
		t := float64(i) + 0.5
		h.hours[i] = c.Night
		if t > start && t < end {
			h.hours[i] = 0.6 + 0.4*math.Exp(-(t-peak)*(t-peak)/8)
		}
		sum += h.hours[i]
	}
	for i := range h.hours {
		h.hours[i] *= 24 / sum
	}
	if fixed {
		h.minutes = [][]int{{0}, {0, 30}, {0, 30}, {0, 15, 30, 45}, {5}, {15, 45}, {0, 10, 20, 30, 40, 50}}[rng.IntN(7)]
	}
	if rng.Float64() < 0.1 {
		h.change = math.Exp(rng.NormFloat64())
	}
	return h
}

// rate returns the batches expected in the hour that begins at t.
func (h *habits) rate(t time.Time, late bool) float64 {
	local := t.Add(time.Duration(h.offset) * time.Hour)
	r := h.batches / 24 * h.hours[local.Hour()]
	if d := local.Weekday(); d == time.Saturday || d == time.Sunday {
		r *= h.sunday
	}
	if late {
		r *= h.change
	}
	for _, b := range h.bursts {
		if !t.Before(b.from) && t.Before(b.to) {
			r *= 4
		}
	}
	return r
}

// publish draws the entries of a feed.
func (f *Feed) publish(h *habits, rng *rand.Rand, from, to time.Time) {
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		if rng.Float64() < 0.04 {
			start := day.Add(time.Duration(rng.IntN(24)) * time.Hour)
			h.bursts = append(h.bursts, span{start, start.Add(time.Duration(1+rng.IntN(5)) * time.Hour)})
		}
	}
	middle := from.Add(to.Sub(from) / 2)
	for t := from; t.Before(to); t = t.Add(time.Hour) {
		for range poisson(h.rate(t, t.After(middle)), rng) {
			at := t.Add(h.moment(rng))
			for n := 1 + poisson(h.batch-1, rng); n > 0; n-- {
				e := Entry{Published: at, Visible: at.Add(time.Duration(rng.Int64N(int64(20 * time.Second))))}
				if f.cycle > 0 {
					e.Visible = f.copied(e.Visible.Add(f.cycle))
				}
				e.Dated = f.date(at)
				f.Entries = append(f.Entries, e)
				at = at.Add(time.Duration(rng.IntN(40)) * time.Second)
			}
		}
	}
	slices.SortStableFunc(f.Entries, func(a, b Entry) int { return a.Visible.Compare(b.Visible) })
}

// moment draws a moment of an hour.
func (h *habits) moment(rng *rand.Rand) time.Duration {
	if len(h.minutes) == 0 || rng.Float64() < 0.1 {
		return time.Duration(rng.Int64N(int64(time.Hour)))
	}
	m := h.minutes[rng.IntN(len(h.minutes))]
	return time.Duration(m)*time.Minute + time.Duration(rng.Int64N(int64(40*time.Second)))
}

// copied returns when the copy was made that is served at a time.
func (f *Feed) copied(t time.Time) time.Time {
	return t.Add(-f.phase).Truncate(f.cycle).Add(f.phase)
}

// date returns what the feed says of when an entry was published.
func (f *Feed) date(at time.Time) time.Time {
	switch f.dates {
	case none:
		return time.Time{}
	case zone:
		return at.Add(5 * time.Hour).Truncate(time.Second)
	case dayOnly:
		return at.Truncate(24 * time.Hour)
	}
	return at.Truncate(time.Second)
}

// poisson draws a Poisson number.
func poisson(mean float64, rng *rand.Rand) int {
	if mean <= 0 {
		return 0
	}
	if mean > 30 {
		return max(int(mean+math.Sqrt(mean)*rng.NormFloat64()+0.5), 0)
	}
	limit, p, n := math.Exp(-mean), rng.Float64(), 0
	for p > limit {
		p *= rng.Float64()
		n++
	}
	return n
}
