package app

import (
	"context"
	"sync/atomic"

	"github.com/copydesk/copydesk/pkg/stage"
)

// leasedStage is a stage that one process runs at a time. It begins anew
// whenever this process gets the lease, which it may lose and get again.
type leasedStage struct {
	opts    stage.Options
	current atomic.Pointer[stage.Worker] // nil while another process has the lease
}

// newLeasedStage checks the options.
func newLeasedStage(o stage.Options) (*leasedStage, error) {
	if _, err := stage.New(o); err != nil {
		return nil, err
	}
	return &leasedStage{opts: o}, nil
}

// Run works until ctx ends.
func (l *leasedStage) Run(ctx context.Context) error {
	w, err := stage.New(l.opts)
	if err != nil {
		return err
	}
	l.current.Store(w)
	defer l.current.Store(nil)
	return w.Run(ctx)
}

// Ready says whether the stage works, or stands by for the process that does.
func (l *leasedStage) Ready(ctx context.Context) error {
	if w := l.current.Load(); w != nil {
		return w.Ready(ctx)
	}
	return l.opts.Bus.Ready(ctx)
}

// Degraded says what holds the stage up although it is ready.
func (l *leasedStage) Degraded() error {
	if w := l.current.Load(); w != nil {
		return w.Degraded()
	}
	return nil
}
