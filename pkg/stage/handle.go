package stage

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"golang.org/x/sync/errgroup"
)

// idleLoop is how long a goroutine that handles waits for work before it ends.
const idleLoop = 10 * time.Second

// hire starts a goroutine that handles, if there are messages that no idle one
// will take. The lock is held.
func (w *Worker) hire() {
	if len(w.queue) > w.idle && w.loops < w.o.Workers && w.phase.Load() != phaseStarting {
		w.loops++
		w.idle++
		w.hands.Go(w.loop)
	}
}

// loop handles batches until the queue is closed and empty, or nothing comes for
// a while. It began as idle.
func (w *Worker) loop() {
	timer := time.NewTimer(idleLoop)
	defer timer.Stop()
	for {
		timer.Reset(idleLoop)
		var h *held
		open, late := true, false
		select {
		case h, open = <-w.queue:
		case <-timer.C:
			late = true
		}
		w.mu.Lock()
		if late && len(w.queue) > 0 { // it came at the last moment
			w.mu.Unlock()
			continue
		}
		w.idle--
		if late || !open {
			w.loops--
			w.mu.Unlock()
			return
		}
		w.hire() // another message may have counted on this goroutine
		w.mu.Unlock()
		w.process(w.collect(h))
		w.mu.Lock()
		w.idle++
		w.mu.Unlock()
	}
}

// collect fills a batch that begins with first.
func (w *Worker) collect(first *held) []*held {
	batch := []*held{first}
	if w.o.BatchSize == 1 {
		return batch
	}
	timer := time.NewTimer(w.o.BatchWait)
	defer timer.Stop()
	for len(batch) < w.o.BatchSize {
		select {
		case h, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, h)
			continue
		default:
		}
		select {
		case h, ok := <-w.queue: // also wakes when a shutdown closes it
			if !ok {
				return batch
			}
			batch = append(batch, h)
		case <-timer.C:
			return batch
		}
	}
	return batch
}

// process handles a batch: suspects alone, poison not at all.
func (w *Worker) process(batch []*held) {
	if w.work.Err() != nil {
		w.giveBackAll(batch, 0, outcomeReturned)
		return
	}
	if delay, down := w.health.isDown(); down {
		w.giveBackAll(batch, delay, outcomeUnavailable)
		return
	}
	together, alone := w.admit(batch)
	if len(together) > 0 {
		w.gate.RLock()
		w.handle(w.begin(together))
		w.gate.RUnlock()
	}
	for _, h := range alone {
		w.gate.Lock()
		w.handle(w.begin([]*held{h}))
		w.gate.Unlock()
	}
}

// admit asks the record of attempts about every message that was delivered
// before. Poison goes to the dead letters from here.
func (w *Worker) admit(batch []*held) (together, alone []*held) {
	type verdict struct{ poison, alone bool }
	verdicts := make(map[*held]verdict, len(batch))
	var mu sync.Mutex
	batch = w.eachCounted(batch, func(h *held) error {
		poison, alone, err := w.ledger.look(w.work, h)
		mu.Lock()
		defer mu.Unlock()
		verdicts[h] = verdict{poison, alone}
		return err
	})
	for _, h := range batch {
		switch v := verdicts[h]; {
		case v.poison:
			cause := fmt.Errorf("failed %d times, last: %s", h.prior, orElse(h.lastError, "unknown"))
			w.tail(h, Result{Err: Permanent(ReasonPoison, cause)}, false)
		case v.alone:
			alone = append(alone, h)
		default:
			together = append(together, h)
		}
	}
	return together, alone
}

// begin writes down the attempts that the handler is about to make, and returns
// the messages for which it may.
func (w *Worker) begin(batch []*held) []*held {
	return w.eachCounted(batch, func(h *held) error { return w.ledger.begin(w.work, h) })
}

// eachCounted calls the record of attempts for each message that was delivered
// before. Messages for which it fails are given back: without its attempt on disk
// a message that kills the worker would kill it for ever. The others are returned
// in their order.
func (w *Worker) eachCounted(batch []*held, call func(*held) error) []*held {
	errs := make([]error, len(batch))
	var g errgroup.Group
	g.SetLimit(16)
	for i, h := range batch {
		if w.ledger.counts(h) {
			g.Go(func() error {
				errs[i] = call(h)
				return nil
			})
		}
	}
	_ = g.Wait() // the functions return nil
	kept := batch[:0:0]
	for i, h := range batch {
		switch err := errs[i]; {
		case err == nil:
			kept = append(kept, h)
		case w.work.Err() != nil:
			w.giveBack(h, 0, outcomeReturned)
		case bus.IsFull(err):
			// A full record must not stop the stage.
			w.log.Warn("attempt is not recorded", "id", h.id(), "error", err)
			kept = append(kept, h)
		default:
			w.log.Warn("attempt is not recorded, message waits", "id", h.id(), "error", err)
			w.giveBack(h, spread(w.o.RetryDelay), outcomeUnavailable)
		}
	}
	return kept
}

// handle calls the handler and passes each result on.
func (w *Worker) handle(batch []*held) {
	if len(batch) == 0 {
		return
	}
	start := time.Now()
	for _, h := range batch {
		h.start = start
		if w.o.AckFirst {
			_ = h.msg.Ack() // deliberately wrong, see Options
		}
	}
	results, failure := w.call(batch)
	var hung *stuckError
	if failure != nil && len(batch) > 1 && !errors.As(failure, &hung) && w.work.Err() == nil {
		// One of them did it; find out which.
		for _, h := range batch {
			w.handle([]*held{h})
		}
		return
	}
	for i, h := range batch {
		switch {
		case failure == nil:
			w.tail(h, results[i], false)
		case errors.As(failure, &hung) && len(batch) == 1:
			w.tail(h, Result{Err: Permanent(ReasonStuck, failure)}, false)
		default:
			w.tail(h, Result{Err: failure}, errors.As(failure, &hung))
		}
	}
	if n := w.stuck.Load(); n >= MaxStuck {
		select {
		case w.fatal <- fmt.Errorf("stage %s: %w: %d of them", w.o.Name, ErrStuck, n):
		default:
		}
	}
}

// stuckError is the failure of a handler that did not return.
type stuckError struct{ after time.Duration }

func (e *stuckError) Error() string {
	return fmt.Sprintf("handler did not return in %s", e.after.Round(time.Millisecond))
}

// call runs the handler. The error is about the whole call: a panic, a wrong
// number of results, or a handler that does not return.
func (w *Worker) call(batch []*held) ([]Result, error) {
	ctx, cancel := context.WithTimeout(w.work, w.o.HandleTimeout)
	defer cancel()
	ctx, msgs := w.trace(ctx, batch)
	type answer struct {
		results []Result
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("handler ended its goroutine")}
		defer func() {
			if r := recover(); r != nil {
				a.err = fmt.Errorf("handler panicked: %v", r)
				w.log.Error("handler panicked", "id", ids(batch), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			}
			answers <- a
		}()
		a.results = w.o.Handler(ctx, msgs)
		a.err = nil
	}()
	a, ok := func() (answer, bool) {
		select {
		case a := <-answers:
			return a, true
		case <-ctx.Done():
		}
		// The time after the end of ctx counts from now, so that a process that
		// was stopped as a whole does not find its handlers stuck.
		timer := time.NewTimer(w.o.StuckAfter)
		defer timer.Stop()
		select {
		case a := <-answers:
			return a, true
		case <-timer.C:
			return answer{}, false
		}
	}()
	if !ok {
		n := w.stuck.Add(1)
		w.m.stuck.Set(float64(n))
		w.log.Error("handler does not return", "id", ids(batch), "stuck", n)
		go func() { // ends with the handler
			<-answers
			w.m.stuck.Set(float64(w.stuck.Add(-1)))
		}()
		return nil, &stuckError{w.o.HandleTimeout + w.o.StuckAfter}
	}
	if a.err == nil && len(a.results) != len(batch) {
		a.err = fmt.Errorf("handler returned %d results for %d messages", len(a.results), len(batch))
	}
	return a.results, a.err
}

// ids names the pages of a batch in a log line: at most three of them.
func ids(batch []*held) string {
	s := ""
	for i, h := range batch {
		if i == 3 {
			return fmt.Sprintf("%s and %d more", s, len(batch)-3)
		}
		if i > 0 {
			s += " "
		}
		s += h.id()
	}
	return s
}

// id is the page id of a message, or where it is in its stream.
func (h *held) id() string {
	if id := h.m.Header.Get(bus.HeaderID); id != "" {
		return id
	}
	return fmt.Sprintf("%s:%d", h.m.Stream, h.m.Sequence)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
