// Package cadence decides when a feed is polled next, from how often it really
// changes.
//
// It is a plain function of its input: no clock, no network, and the same
// answer for the same history. [State] remembers what past polls taught,
// [State.Observe] takes the next poll in, and [Policy.Next] names the time.
//
// # The rule
//
// A feed's rate is learned by hour of the day, by day of the week and by minute
// of the hour, each shrunk towards no pattern while little is known, and
// corrected by what the last hours brought. A poll at time t has a value: the
// entries expected to wait that would otherwise be found later than the target,
// and, with a small weight, the time that all waiting entries have waited. The
// feed is polled when that value reaches a price, which is the same for every
// feed: then no poll moved from one feed to another would gain anything. A feed
// that brings more than a few entries a day is so polled about once per target,
// in the hours and minutes in which it publishes; a quieter one less often, as
// the square root of its rate; and the price, not the number of feeds, sets how
// many polls are spent. A poll in an hour or on a day that the feed says it skips
// is put off by a few hours at most, while its entries do not speak against that.
//
// # Stored format
//
// [State] is JSON of one to two kilobytes. Fields that are absent are zero;
// counts are of entries and fade with a half-life of three weeks.
package cadence

import "time"

// Policy is what the operator may choose. [Default] is good for news.
type Policy struct {
	Target time.Duration // delay that an entry should not exceed
	Min    time.Duration // between two polls of a feed, at least
	Max    time.Duration // between two polls of a feed that works, at most
	// Price is what a poll costs, in entries that are found within the target
	// instead of later. Half of it spends about a third more polls.
	Price float64
	// Patience is the worth of an entry that has waited for one target, beside
	// that of one found within it. It is what quiet feeds are polled for.
	Patience float64
}

// Default returns the policy that `make simulate` holds to its goals.
func Default() Policy {
	return Policy{Target: 9*time.Minute + 20*time.Second, Min: 2 * time.Minute, Max: 24 * time.Hour, Price: 0.0265, Patience: 0.0015}
}

// Failure says why a poll brought no feed.
type Failure string

// The kinds of failure.
const (
	FailureNone  Failure = ""
	FailureSoft  Failure = "soft"  // passes by itself: time-outs, 429, 5xx, an unreachable host
	FailureHard  Failure = "hard"  // somebody has to act: 404, 410, a name that does not exist, no feed
	FailureBlock Failure = "block" // robots.txt forbids the feed
)

// Poll is what one poll of a feed brought. All but At may be missing.
type Poll struct {
	At      time.Time
	Failure Failure
	// RetryAfter is how long the server, or the state of its host, wants to be
	// left alone.
	RetryAfter time.Duration
	// New holds the date of every entry that was not seen before: its latest
	// one, zero if it has none. At the first poll those are all entries.
	New []time.Time
	// Entries is how many entries the feed holds; 0 if that is not known, as
	// after a 304.
	Entries int
	// Modified is when the server says that it made this copy of the feed.
	Modified time.Time
	// Fresh is how long HTTP caches may serve this copy.
	Fresh time.Duration
	// TTL is how long the feed itself asks to wait.
	TTL time.Duration
	// SkipHours and SkipDays are when the feed says that it brings nothing: a bit
	// for each hour of the day, UTC, and each day of the week, Sunday lowest.
	SkipHours uint32
	SkipDays  uint8
	// Pushed says that the publisher brought the entries: it is no poll, and
	// tells nothing of caches and failures.
	Pushed bool
}

const (
	hoursOfDay    = 24
	daysOfWeek    = 7
	minutesOfHour = 60
)

// State is what is remembered of a feed. The zero value knows nothing.
type State struct {
	Since time.Time `json:"since,omitzero"` // from when on entries are known
	At    time.Time `json:"at,omitzero"`    // last poll that worked
	Last  time.Time `json:"last,omitzero"`  // newest entry

	Hours   [hoursOfDay]float64    `json:"hours"`   // entries by hour of the day, UTC
	Days    [daysOfWeek]float64    `json:"days"`    // entries by day of the week, UTC, Sunday first
	Minutes [minutesOfHour]float64 `json:"minutes"` // minutes of the hour in which entries came; a batch counts once

	Recent   float64 `json:"recent,omitempty"`   // entries of the last hours
	Expected float64 `json:"expected,omitempty"` // how many of them the pattern let expect

	Entries   int           `json:"entries,omitempty"` // that the feed holds
	Fresh     time.Duration `json:"fresh,omitempty"`   // cache lifetime at the last poll
	TTL       time.Duration `json:"ttl,omitempty"`
	SkipHours uint32        `json:"skip_hours,omitempty"` // as the feed says; see skip
	SkipDays  uint8         `json:"skip_days,omitempty"`

	Early float64 `json:"early,omitempty"` // polls within the cache lifetime that should have brought something new; see hold
	Hits  float64 `json:"hits,omitempty"`  // those that did

	Failures     int           `json:"failures,omitempty"` // in a row
	FailingSince time.Time     `json:"failing_since,omitzero"`
	Failure      Failure       `json:"failure,omitempty"` // of the last poll
	FailedAt     time.Time     `json:"failed_at,omitzero"`
	RetryAfter   time.Duration `json:"retry_after,omitempty"`
}
