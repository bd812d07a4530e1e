package app

import (
	"context"
	"time"
)

// leaseRetry is how long a worker waits before it tries for a lease again
// after the broker failed it.
const leaseRetry = 2 * time.Second

// holdLease runs fn whenever this process owns the lease, until ctx ends. What
// ends fn early - a lost lease, a broker that is away - is logged and tried
// again: an outage must never end a worker.
func holdLease(ctx context.Context, d deps, key string, fn func(ctx context.Context, fence uint64) error) error {
	for {
		err := d.bus.HoldLease(ctx, key, d.name, fn)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // being told to end is no failure
		}
		d.log.Warn("lease ended; trying for it again", "lease", key, "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(leaseRetry):
		}
	}
}
