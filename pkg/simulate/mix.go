// Package simulate is a simulated web of news feeds: who publishes when, what a
// poll at some moment brings, and what rules of polling make of it.
//
// Everything follows from a seed. A [Feed] is drawn from a [Mix], its entries
// come with the day and the week of its place, in batches, on fixed minutes, in
// bursts; its server caches, fails and lies about dates as servers do. [Run]
// polls every feed by every [Rule] and reports delays against polls. Feeds do
// not disturb each other here; what hosts see of a fetcher is tested with the
// real one, over [Web].
package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// Class is a kind of publisher.
type Class struct {
	Name   string
	Share  float64 // of the feeds
	Daily  float64 // entries a day of the median feed; 0: silent
	Spread float64 // standard deviation of the logarithm of that
	Night  float64 // rate at night as a part of that by day
	Sunday float64 // rate at weekends as a part of that on weekdays
	Batch  float64 // entries published at once, on the average
	Dead   bool    // the feed is gone
}

// Mix is a population of feeds.
type Mix struct {
	Name    string
	Classes []Class
	Fixed   float64 // part of the feeds that publish on fixed minutes of the hour
	Cached  float64 // part of the feeds that are copies made every few minutes
	Undated float64 // part of the feeds without usable dates
	Ill     float64 // part of the feeds whose server fails for hours in a day
}

// Newsroom is the mix that the goal is set for, and the one that the policy was
// tuned on: many feeds with a few entries a week or none, some with hundreds a
// day.
func Newsroom() Mix {
	return Mix{
		Name: "newsroom", Fixed: 0.12, Cached: 0.2, Undated: 0.12, Ill: 0.03,
		Classes: []Class{
			{Name: "wire", Share: 0.03, Daily: 200, Spread: 0.7, Night: 0.5, Sunday: 0.6, Batch: 1.3},
			{Name: "section", Share: 0.10, Daily: 24, Spread: 0.8, Night: 0.12, Sunday: 0.5, Batch: 1.3},
			{Name: "local", Share: 0.17, Daily: 3, Spread: 0.9, Night: 0.06, Sunday: 0.4, Batch: 1.4},
			{Name: "blog", Share: 0.42, Daily: 0.3, Spread: 1.1, Night: 0.2, Sunday: 0.7, Batch: 1.1},
			{Name: "silent", Share: 0.22},
			{Name: "dead", Share: 0.06, Dead: true},
		},
	}
}

// Magazine is a mix of mostly slow feeds.
func Magazine() Mix {
	m := Newsroom()
	m.Name, m.Fixed, m.Cached = "magazine", 0.2, 0.1
	m.Classes = []Class{
		{Name: "wire", Share: 0.01, Daily: 150, Spread: 0.6, Night: 0.6, Sunday: 0.7, Batch: 1.2},
		{Name: "section", Share: 0.06, Daily: 20, Spread: 0.8, Night: 0.1, Sunday: 0.5, Batch: 1.5},
		{Name: "local", Share: 0.2, Daily: 2.5, Spread: 0.9, Night: 0.05, Sunday: 0.4, Batch: 1.4},
		{Name: "blog", Share: 0.45, Daily: 0.2, Spread: 1.2, Night: 0.2, Sunday: 0.8, Batch: 1.1},
		{Name: "silent", Share: 0.22},
		{Name: "dead", Share: 0.06, Dead: true},
	}
	return m
}

// LongTail draws every rate from one heavy-tailed distribution instead of kinds.
func LongTail() Mix {
	return Mix{
		Name: "long tail", Fixed: 0.08, Cached: 0.3, Undated: 0.15, Ill: 0.05,
		Classes: []Class{
			{Name: "live", Share: 0.78, Daily: 0.9, Spread: 2.2, Night: 0.15, Sunday: 0.5, Batch: 1.4},
			{Name: "silent", Share: 0.16},
			{Name: "dead", Share: 0.06, Dead: true},
		},
	}
}

// Machines is a mix with many machines: fixed minutes and cached copies.
func Machines() Mix {
	m := Newsroom()
	m.Name, m.Fixed, m.Cached, m.Undated, m.Ill = "machines", 0.4, 0.5, 0.25, 0.06
	return m
}

// Regional has more feeds of a few entries a day, and fewer silent ones.
func Regional() Mix {
	m := Newsroom()
	m.Name = "regional"
	m.Classes = []Class{
		{Name: "wire", Share: 0.03, Daily: 180, Spread: 0.7, Night: 0.5, Sunday: 0.6, Batch: 1.3},
		{Name: "section", Share: 0.12, Daily: 24, Spread: 0.8, Night: 0.12, Sunday: 0.5, Batch: 1.3},
		{Name: "local", Share: 0.25, Daily: 4, Spread: 0.9, Night: 0.06, Sunday: 0.4, Batch: 1.4},
		{Name: "blog", Share: 0.35, Daily: 0.25, Spread: 1.1, Night: 0.2, Sunday: 0.7, Batch: 1.1},
		{Name: "silent", Share: 0.2},
		{Name: "dead", Share: 0.05, Dead: true},
	}
	return m
}

// Dailies has few silent feeds and many of some dozens a day: most feeds are
// worth their polls there, so that there is little to save.
func Dailies() Mix {
	m := Newsroom()
	m.Name = "dailies"
	m.Classes = []Class{
		{Name: "wire", Share: 0.03, Daily: 150, Spread: 0.7, Night: 0.5, Sunday: 0.6, Batch: 1.3},
		{Name: "section", Share: 0.35, Daily: 24, Spread: 0.7, Night: 0.12, Sunday: 0.5, Batch: 1.3},
		{Name: "local", Share: 0.4, Daily: 6, Spread: 0.8, Night: 0.06, Sunday: 0.4, Batch: 1.4},
		{Name: "blog", Share: 0.2, Daily: 0.3, Spread: 1, Night: 0.2, Sunday: 0.7, Batch: 1.1},
		{Name: "dead", Share: 0.02, Dead: true},
	}
	return m
}

// Feed is one publisher's feed: its habits and all its entries.
type Feed struct {
	Class   string
	Daily   float64 // entries a day, on the average
	Entries []Entry // in order of Visible
	Window  int     // entries that the feed holds
	Dead    bool

	dates    dating
	modified bool          // sends Last-Modified
	fresh    time.Duration // cache lifetime that it states, whether true or not
	cycle    time.Duration // a copy is made this often; 0: every answer is made anew
	phase    time.Duration
	ill      []span // when the server fails
	retry    time.Duration
	ttl      time.Duration
}

// Entry is one entry of a feed.
type Entry struct {
	Published time.Time
	Visible   time.Time // from when on a poll finds it
	Dated     time.Time // what the feed says; zero if nothing
}

type span struct{ from, to time.Time }

// dating is how a feed dates its entries.
type dating int

const (
	exact dating = iota
	none
	zone    // hours off
	dayOnly // midnight
)

// newFeed draws a feed with its entries from one time to another.
func newFeed(m Mix, rng *rand.Rand, from, to time.Time) *Feed {
	c := pick(m.Classes, rng)
	f := &Feed{Class: c.Name, Dead: c.Dead, Window: []int{10, 15, 20, 20, 25, 30, 50, 100}[rng.IntN(8)]}
	f.server(m, rng)
	f.fail(m, rng, from, to)
	if c.Daily == 0 {
		if !c.Dead { // silent: its last entries are old
			for i := range f.Window {
				at := from.AddDate(0, -2, -i*7)
				f.Entries = append(f.Entries, Entry{Published: at, Visible: at, Dated: f.date(at)})
			}
			reverse(f.Entries)
		}
		return f
	}
	f.Daily = min(c.Daily*math.Exp(c.Spread*rng.NormFloat64()), 1500)
	f.Window = max(f.Window, int(f.Daily/3))
	f.publish(newHabits(c, f.Daily, rng.Float64() < m.Fixed, rng), rng, from, to)
	return f
}

func reverse(list []Entry) {
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
}

func pick(classes []Class, rng *rand.Rand) Class {
	x := rng.Float64()
	for _, c := range classes {
		if x -= c.Share; x < 0 {
			return c
		}
	}
	return classes[len(classes)-1]
}

// server draws how the feed is served.
func (f *Feed) server(m Mix, rng *rand.Rand) {
	switch x := rng.Float64(); {
	case x < m.Undated/2:
		f.dates = none
	case x < m.Undated*3/4:
		f.dates = zone
	case x < m.Undated:
		f.dates = dayOnly
	}
	f.modified = rng.Float64() < 0.6
	if rng.Float64() < m.Cached {
		f.cycle = []time.Duration{2, 5, 5, 10, 15, 15, 30, 60}[rng.IntN(8)] * time.Minute
		f.phase = time.Duration(rng.Int64N(int64(f.cycle)))
	}
	if rng.Float64() < 0.4 {
		f.fresh = []time.Duration{1, 1, 2, 5, 5, 10, 30, 60}[rng.IntN(8)] * time.Minute
	}
	if rng.Float64() < 0.3 {
		f.ttl = []time.Duration{5, 15, 30, 60, 60, 60, 720}[rng.IntN(7)] * time.Minute
	}
}

// fail draws when the server does not work.
func (f *Feed) fail(m Mix, rng *rand.Rand, from, to time.Time) {
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		if rng.Float64() < m.Ill {
			start := day.Add(time.Duration(rng.Int64N(int64(24 * time.Hour))))
			f.ill = append(f.ill, span{start, start.Add(time.Duration((0.2 + 4*rng.Float64()) * float64(time.Hour)))})
		}
	}
	if rng.Float64() < 0.5 {
		f.retry = []time.Duration{30, 120, 600, 3600}[rng.IntN(4)] * time.Second
	}
}
