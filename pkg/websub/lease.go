package websub

import (
	"errors"
	"strconv"
	"time"
)

const (
	// AskedLease is the lease that is asked for; the hub decides.
	AskedLease = 10 * 24 * time.Hour
	// unnamedLease is for hubs that name none, against the standard: long enough
	// to be of use, and short enough not to wait for days on one that forgot us.
	unnamedLease = 24 * time.Hour
	// maxLease is the longest time for which a hub is believed.
	maxLease = 30 * 24 * time.Hour

	// MinRenewal is the least time between two requests for one subscription,
	// however short its lease is.
	MinRenewal = 10 * time.Minute
	maxRenewal = 24 * time.Hour // between two requests that come to nothing
)

// Granted reads hub.lease_seconds, in bounds.
func Granted(seconds string) time.Duration {
	n, err := strconv.ParseInt(seconds, 10, 64) // out of range it returns the end of the range
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return unnamedLease
	}
	return time.Duration(min(max(n, 0), int64(maxLease/time.Second))) * time.Second
}

// Renewal returns after how much of a lease that has just begun it is asked for
// again: between two thirds and three quarters of it, where chance, from 0 to 1,
// says, so that what was subscribed together is not renewed together. Never less
// than least.
func Renewal(lease, least time.Duration, chance float64) time.Duration {
	return max(lease*2/3+time.Duration(chance*float64(lease)/12), least)
}

// Backoff returns how long a hub is given before it is asked again, after so many
// requests in a row that came to nothing: the first wait is the time that a hub
// has to verify a request.
func Backoff(failures int, least time.Duration) time.Duration {
	return min(least<<min(max(failures, 0), 20), max(maxRenewal, least))
}
