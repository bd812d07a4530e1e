package ops

import (
	"errors"
	"log/slog"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryRatio leaves room for what the Go runtime does not count: the memory
// maps of an index, stacks of the kernel.
const memoryRatio = 0.85

// SetMemoryLimit tells the garbage collector to stay below 85 % of the
// container's memory limit, so that a burst costs CPU time instead of the
// process. GOMEMLIMIT and AUTOMEMLIMIT in the environment take precedence; on a
// machine without control groups nothing changes, which is no error.
func SetMemoryLimit(log *slog.Logger) {
	log = discardIfNil(log).With("component", "ops")
	limit, err := memlimit.Set(memlimit.WithRatio(memoryRatio))
	switch {
	case errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported):
		log.Debug("no memory limit taken from the container", "error", err)
		return
	case err != nil:
		log.Warn("no memory limit taken from the container", "error", err)
		return
	}
	log.Debug("memory limit", "bytes", limit)
}
