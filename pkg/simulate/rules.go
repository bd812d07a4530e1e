package simulate

import (
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
)

// Rule is a way to choose the time of the next poll.
type Rule struct {
	Name string
	// Start returns what decides for one feed: given a poll, the time of the next.
	Start func(key string) func(cadence.Poll) time.Time
}

// Rules returns ours and the three that it is compared with.
func Rules(p cadence.Policy) []Rule {
	return []Rule{
		{"adaptive", func(key string) func(cadence.Poll) time.Time {
			var s cadence.State
			return func(poll cadence.Poll) time.Time {
				s.Observe(poll)
				return p.Next(&s, key)
			}
		}},
		Fixed("every 10 minutes", 10*time.Minute),
		Fixed("every hour", time.Hour),
		{"by entry frequency", byFrequency},
	}
}

// Fixed polls in one interval.
func Fixed(name string, every time.Duration) Rule {
	return Rule{name, func(string) func(cadence.Poll) time.Time {
		var b backoff
		return func(p cadence.Poll) time.Time { return b.next(p, every) }
	}}
}

// byFrequency waits for the average gap between the entries of a week, from 5
// minutes to a day.
func byFrequency(string) func(cadence.Poll) time.Time {
	var b backoff
	var dates []time.Time
	return func(p cadence.Poll) time.Time {
		for _, d := range p.New {
			if d.IsZero() || d.After(p.At) {
				d = p.At
			}
			dates = append(dates, d)
		}
		week, n := p.At.AddDate(0, 0, -7), 0
		kept := dates[:0]
		for _, d := range dates {
			if d.After(week) {
				kept = append(kept, d)
				n++
			}
		}
		dates = kept
		every := 24 * time.Hour
		if n > 0 {
			every = min(max(7*24*time.Hour/time.Duration(n), 5*time.Minute), every)
		}
		return b.next(p, every)
	}
}

// backoff is what every baseline does about failures: a minute, doubled up to
// a day, and never before Retry-After.
type backoff struct{ failures int }

func (b *backoff) next(p cadence.Poll, every time.Duration) time.Time {
	if p.Failure == cadence.FailureNone {
		b.failures = 0
		return p.At.Add(every)
	}
	wait := time.Minute
	for range min(b.failures, 20) {
		wait = min(wait*2, 24*time.Hour)
	}
	b.failures++
	return p.At.Add(max(wait, p.RetryAfter))
}
