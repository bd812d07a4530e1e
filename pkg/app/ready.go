package app

import (
	"context"
	"errors"
	"sync/atomic"
)

// readyGate answers readiness before the worker exists, and asks the worker
// once it does.
type readyGate struct {
	open atomic.Pointer[opened]
}

// opened is what the gate asks once the workers exist.
type opened struct {
	ready   func(context.Context) error
	workers []runner
}

func (g *readyGate) set(ready func(context.Context) error, workers ...runner) {
	g.open.Store(&opened{ready, workers})
}

func (g *readyGate) check(ctx context.Context) error {
	o := g.open.Load()
	if o == nil {
		return errors.New("starting: waiting for the broker")
	}
	return o.ready(ctx)
}

// degraded joins what holds the workers up.
func (g *readyGate) degraded() error {
	o := g.open.Load()
	if o == nil {
		return nil
	}
	var errs []error
	for _, w := range o.workers {
		errs = append(errs, w.Degraded())
	}
	return errors.Join(errs...)
}
