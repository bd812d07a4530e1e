package app

import (
	"context"
	"errors"
	"sync/atomic"
)

// readyGate answers readiness before the worker exists, and asks the worker
// once it does.
type readyGate struct {
	ask atomic.Pointer[func(context.Context) error]
}

func (g *readyGate) set(ask func(context.Context) error) { g.ask.Store(&ask) }

func (g *readyGate) check(ctx context.Context) error {
	ask := g.ask.Load()
	if ask == nil {
		return errors.New("starting: waiting for the broker")
	}
	return (*ask)(ctx)
}
