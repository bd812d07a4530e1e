package simulate

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
)

// Options say what is simulated.
type Options struct {
	Mix   Mix
	Seed  uint64
	Feeds int
	// Warm is how long feeds have been polled before the day that is measured.
	Warm time.Duration
	// Start is when that day begins.
	Start time.Time
}

// Result is what a rule did in the measured day.
type Result struct {
	Rule   string
	Polls  int
	Empty  int // polls that found nothing
	Failed int
	// Delays are those of the entries that became visible in the day, from
	// then until a poll found them, in order.
	Delays []time.Duration
	Age    []time.Duration // the same, from their publication
	Lost   int             // entries that left their feed before they were found
}

// Quantile returns the delay that a part of the entries does not exceed; lost
// entries count as found never.
func (r *Result) Quantile(q float64) time.Duration { return quantile(r.Delays, q, r.Lost) }

// AgeQuantile is Quantile from publication.
func (r *Result) AgeQuantile(q float64) time.Duration { return quantile(r.Age, q, r.Lost) }

func quantile(sorted []time.Duration, q float64, lost int) time.Duration {
	i := int(q * float64(len(sorted)+lost))
	if len(sorted) == 0 || i >= len(sorted) {
		return math.MaxInt64
	}
	return sorted[i]
}

// history is how much a feed has published before its first poll.
const history = 35 * 24 * time.Hour

// after is how long polls go on after the day to find its last entries.
const after = 48 * time.Hour

// Run simulates the feeds of a mix under every rule.
func Run(o Options, rules []Rule) []*Result {
	total := make([]*Result, len(rules))
	for i, r := range rules {
		total[i] = &Result{Rule: r.Name}
	}
	var next atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			mine := make([]Result, len(rules))
			for i := int(next.Add(1)) - 1; i < o.Feeds; i = int(next.Add(1)) - 1 {
				o.feed(i, rules, mine)
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range mine {
				total[i].add(&mine[i])
			}
		})
	}
	workers.Wait()
	for _, r := range total {
		slices.Sort(r.Delays)
		slices.Sort(r.Age)
	}
	return total
}

func (r *Result) add(o *Result) {
	r.Polls += o.Polls
	r.Empty += o.Empty
	r.Failed += o.Failed
	r.Lost += o.Lost
	r.Delays = append(r.Delays, o.Delays...)
	r.Age = append(r.Age, o.Age...)
}

// feed draws a feed and polls it by every rule.
func (o Options) feed(i int, rules []Rule, results []Result) {
	rng := rand.New(rand.NewPCG(o.Seed, uint64(i)))
	first := o.Start.Add(-o.Warm)
	f := newFeed(o.Mix, rng, first.Add(-history), o.Start.Add(24*time.Hour))
	begin := first.Add(time.Duration(rng.Int64N(int64(10 * time.Minute))))
	key := fmt.Sprintf("feed-%d-%d", o.Seed, i)
	for j, rule := range rules {
		at := begin
		if rule.Name == "every hour" {
			at = first.Add(time.Duration(chanceOf(key) % uint64(time.Hour)))
		}
		f.poll(rule.Start(key), at, o, &results[j])
	}
}

func chanceOf(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return h.Sum64()
}

// poll polls one feed until the entries of the day are found.
func (f *Feed) poll(next func(cadence.Poll) time.Time, at time.Time, o Options, r *Result) {
	end := o.Start.Add(24 * time.Hour)
	found := 0 // entries up to here are found or lost
	for at.Before(end.Add(after)) {
		measured := !at.Before(o.Start) && at.Before(end)
		p, visible := f.answer(at, found)
		if measured {
			r.Polls++
			if p.Failure != cadence.FailureNone {
				r.Failed++
			} else if visible == found {
				r.Empty++
			}
		}
		if p.Failure == cadence.FailureNone {
			for i := found; i < visible; i++ {
				e := &f.Entries[i]
				if e.Visible.Before(o.Start) || !e.Visible.Before(end) {
					continue
				}
				if i < visible-f.Window {
					r.Lost++
					continue
				}
				r.Delays = append(r.Delays, at.Sub(e.Visible))
				r.Age = append(r.Age, at.Sub(e.Published))
			}
			found = visible
		}
		due := next(p)
		if !due.After(at) {
			panic(fmt.Sprintf("polled at %s, and again at %s", at, due))
		}
		at = due
		if at.After(end) && found == len(f.Entries) {
			return
		}
	}
	for _, e := range f.Entries[found:] {
		if !e.Visible.Before(o.Start) && e.Visible.Before(end) {
			r.Lost++
		}
	}
}

// answer returns what a poll brings, given how many entries are known, and how
// many the feed has had by then.
func (f *Feed) answer(at time.Time, found int) (cadence.Poll, int) {
	if f.Dead {
		return cadence.Poll{At: at, Failure: cadence.FailureHard}, found
	}
	for _, s := range f.ill {
		if !at.Before(s.from) && at.Before(s.to) {
			return cadence.Poll{At: at, Failure: cadence.FailureSoft, RetryAfter: f.retry}, found
		}
	}
	visible := found + sort.Search(len(f.Entries)-found, func(i int) bool { return f.Entries[found+i].Visible.After(at) })
	p := cadence.Poll{At: at, TTL: f.ttl, Fresh: f.fresh}
	if f.cycle > 0 && f.fresh > 0 {
		p.Fresh = f.copied(at).Add(f.cycle).Sub(at)
	}
	if visible == found && found > 0 && f.modified {
		return p, visible // 304
	}
	p.Entries = min(visible, f.Window)
	for _, e := range f.Entries[max(found, visible-f.Window):visible] {
		p.New = append(p.New, e.Dated)
	}
	if f.modified && visible > 0 {
		p.Modified = f.Entries[visible-1].Visible
	}
	return p, visible
}
