package websub

import "time"

const (
	// MissAfter is how old an entry must be that a poll finds before its hub, for
	// a hub has work to do too.
	MissAfter = 5 * time.Minute
	// firstProof is how many polls must agree with a hub before it is relied on;
	// each time that it fails it takes twice as many, up to a bound.
	firstProof = 2
	maxLosses  = 3
)

// Trust says whether a hub can be relied on to push what a feed brings, so that
// the feed need not be polled in its own rhythm.
//
// A hub earns it by deeds: a poll agrees that finds an entry which a push had
// brought, and nothing that no push had. Two such polls in a row make a hub
// trusted. One poll that finds an entry older than a few minutes which no push
// brought ends that at once, because news that wait are worse than a poll too
// many; and the next time it takes twice as long. A poll that finds nothing new
// says nothing.
type Trust struct {
	Agreed int `json:"agreed,omitempty"` // polls in a row, up to the number that is needed
	Losses int `json:"losses,omitempty"` // how often it was lost, up to a bound
}

// needed is how many polls must agree.
func (t Trust) needed() int { return firstProof << min(max(t.Losses, 0), maxLosses) }

// Trusted reports whether the hub can be relied on.
func (t Trust) Trusted() bool { return t.Agreed >= t.needed() }

// Poll takes in what a poll found: how many entries that pushes had brought, and
// how many that they should have. It reports whether trust was lost by it.
func (t *Trust) Poll(confirmed, missed int) (lost bool) {
	switch {
	case missed > 0:
		lost = t.Trusted()
		t.Agreed = 0
		if lost {
			t.Losses = min(t.Losses+1, maxLosses)
		}
	case confirmed > 0:
		t.Agreed = min(t.Agreed+1, t.needed())
	}
	return lost
}

// Restart is for a subscription that was interrupted: what its hub did before
// counts no more, but how often it failed does.
func (t *Trust) Restart() { t.Agreed = 0 }
