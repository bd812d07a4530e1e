package ops

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Check is one part of being ready: a broker, an index, a lease.
type Check struct {
	Name string
	// Run returns why the part cannot work now, or nil. It should return when
	// ctx ends; one that does not is reported as silent and is not asked again
	// until it has answered.
	Run func(ctx context.Context) error
}

// Checks joins parts to one check, for [ServerOptions]. They are asked at the
// same time; the error has a line "name: cause" for each part that fails or
// does not answer before ctx ends, in the order given.
func Checks(parts ...Check) func(context.Context) error {
	flights := make([]flight, len(parts))
	return func(ctx context.Context) error {
		errs := make([]error, len(parts))
		var wg sync.WaitGroup
		for i, p := range parts {
			wg.Go(func() {
				if err := flights[i].do(ctx, p.Run); err != nil {
					errs[i] = fmt.Errorf("%s: %w", p.Name, err)
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}
}

// errSilent: a check did not answer in time.
var errSilent = errors.New("no answer in time")

// flight runs a check at most once at a time: everyone who asks while it runs
// gets its answer. So neither a flood of requests nor a check that hangs can
// pile up work.
type flight struct {
	mu  sync.Mutex
	cur *call
}

type call struct {
	done chan struct{}
	err  error // valid once done is closed
}

// do returns the answer of fn, or errSilent when ctx ends before.
func (f *flight) do(ctx context.Context, fn func(context.Context) error) error {
	f.mu.Lock()
	c := f.cur
	if c == nil {
		c = &call{done: make(chan struct{})}
		f.cur = c
		go f.run(ctx, c, fn)
	}
	f.mu.Unlock()

	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return errSilent
	}
}

func (f *flight) run(ctx context.Context, c *call, fn func(context.Context) error) {
	// Others wait for this answer too, so one caller that goes away does not
	// end it; the deadline does.
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(DefaultReadyTimeout)
	}
	runCtx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()

	c.err = safely(runCtx, fn)
	f.mu.Lock()
	f.cur = nil
	f.mu.Unlock()
	close(c.done)
}

// safely makes a panic of a check an answer: outside a request handler it would
// end the process.
func safely(ctx context.Context, fn func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn(ctx)
}
