package app

import (
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
)

const (
	// revisitsOff is the value of --revisits that turns them off.
	revisitsOff = "none"
	// maxRevisitSteps bounds how often a page is looked at again.
	maxRevisitSteps = 16
	minRevisit      = time.Second
	// maxRevisitGap is the longest time between two looks at a page. Its state is
	// kept for 7 days after each of them; a day is left for looks that are late.
	maxRevisitGap = 6 * 24 * time.Hour
	// giveUpConfirming is for how long a page that was found gone once, and
	// cannot be reached since, is looked at beside the plan.
	giveUpConfirming = 48 * time.Hour
)

// revisitPlan says when a page is looked at again.
type revisitPlan struct {
	steps   []time.Duration // after the first fetch, ascending; none: never
	confirm time.Duration   // least time between two looks that find a page gone, for a takedown
}

// newRevisitPlan reads --revisits and --takedown-after.
func newRevisitPlan(values []string, takedownAfter time.Duration) (revisitPlan, error) {
	p := revisitPlan{confirm: takedownAfter}
	if takedownAfter < 0 || takedownAfter > maxRevisitGap {
		return p, usagef("--takedown-after %s: give 0s to 144h", takedownAfter)
	}
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == revisitsOff {
		return p, nil
	}
	if len(values) > maxRevisitSteps {
		return p, usagef("--revisits: %d times; give at most %d", len(values), maxRevisitSteps)
	}
	last := time.Duration(0)
	for i, value := range values {
		value = strings.TrimSpace(value)
		step, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return p, usagef("--revisits: %q is no duration; give a list such as 15m,1h,6h, or %s alone", value, revisitsOff)
		case step < minRevisit:
			return p, usagef("--revisits: %s is shorter than %s", value, minRevisit)
		case step <= last:
			return p, usagef("--revisits: %s does not come after %s; give times since the first fetch, in order", value, strings.TrimSpace(values[i-1]))
		case step-last > maxRevisitGap:
			return p, usagef("--revisits: %s is more than 144h after the look before it; the page would be forgotten", value)
		}
		p.steps = append(p.steps, step)
		last = step
	}
	return p, nil
}

// off reports whether no page is looked at again.
func (p revisitPlan) off() bool { return len(p.steps) == 0 }

// next returns when a page is looked at again whose state was settled at now;
// zero for never. Looks that were missed are not made up for.
func (p revisitPlan) next(s *pageState, now time.Time) time.Time {
	if p.off() || s.PageID == "" || s.FirstFetch.IsZero() || isFrontPage(s.FinalURL) {
		return time.Time{}
	}
	if since := now.Sub(s.GoneSince); !s.GoneSince.IsZero() && s.TakenDown.IsZero() && since < giveUpConfirming {
		// Found gone once: a second look decides. When that fails, too, the
		// pauses double.
		return delayed(now, max(p.confirm-since, since, minRevisit))
	}
	for _, step := range p.steps {
		if s.FirstFetch.Add(step).After(now) {
			return delayed(s.FirstFetch, step)
		}
	}
	// Taken down at the last look: one more sees whether it comes back.
	if gap := p.lastGap(); !s.TakenDown.IsZero() && s.TakenDown.Add(gap).After(now) {
		return delayed(s.TakenDown, gap)
	}
	return time.Time{}
}

// lastGap is the time between the last two looks.
func (p revisitPlan) lastGap() time.Duration {
	n := len(p.steps)
	if n == 1 {
		return p.steps[0]
	}
	return p.steps[n-1] - p.steps[n-2]
}

// delayed returns from + wait and up to a tenth of wait, so that the pages of
// one feed do not come due at once.
func delayed(from time.Time, wait time.Duration) time.Time {
	return from.Add(wait + rand.N(wait/10+1)).UTC().Truncate(time.Millisecond)
}

// isFrontPage reports whether a URL names no page of its host but the first.
func isFrontPage(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == ""
}
