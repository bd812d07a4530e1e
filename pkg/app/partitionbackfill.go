package app

import (
	"context"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/stage"
)

const (
	// backfillCheck is how often the broker is asked which partitions have old
	// pages to fetch.
	backfillCheck = 2 * time.Second
	// backfillIdle is after how many checks that found none a stage ends.
	backfillIdle = 5
)

// backfillOptions are those of the stages that fetch old pages. They have a
// budget of their own, a quarter, so that however many old pages wait for their
// hosts none takes the place of a new one.
func backfillOptions(o stage.Options) stage.Options {
	part := max(o.Workers/4, 1)
	o.Name, o.Stream = bus.ConsumerBackfill, bus.StreamBackfill
	o.Workers, o.MaxInFlight, o.Budget = part, part, stage.NewBudget(part)
	return o
}

// watchBackfill runs a second stage for each partition of this worker of which
// old pages wait, until ctx ends.
func (p *partitionWork) watchBackfill(ctx context.Context) {
	running := map[int]*backfillRun{}
	defer func() {
		for _, r := range running {
			r.stop()
			<-r.done
		}
	}()
	tick := time.NewTicker(backfillCheck)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		waiting, err := p.w.bus.BackfillWaiting(ctx)
		if err != nil {
			if ctx.Err() == nil && !failing {
				p.w.log.Warn("old pages wait: the broker does not say how many", "err", err)
			}
			failing = true
			continue
		}
		failing = false
		for part, r := range running {
			if r.idle(waiting[part] == 0) {
				delete(running, part)
			}
		}
		for part := range waiting {
			if running[part] == nil {
				if r := p.startBackfill(part); r != nil {
					running[part] = r
				}
			}
		}
	}
}

// backfillRun is a stage that fetches the old pages of a partition.
type backfillRun struct {
	stop  context.CancelFunc
	done  chan struct{}
	empty int // checks in a row that found nothing
}

// idle notes a check, ends a run that has had nothing to do for a while, and
// reports whether the run has ended, for whatever reason.
func (r *backfillRun) idle(empty bool) bool {
	if r.empty++; !empty {
		r.empty = 0
	}
	if r.empty >= backfillIdle {
		r.stop()
	}
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// startBackfill begins a run, as work on the partition; nil where that is not
// this worker's.
func (p *partitionWork) startBackfill(part int) *backfillRun {
	t := p.w.parts.of(part)
	if !t.enter() {
		return nil
	}
	ctx, stop := context.WithCancel(t.wait)
	r := &backfillRun{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		defer t.leave()
		defer stop()
		if err := p.fetchBackfill(ctx, part); err != nil && ctx.Err() == nil {
			p.w.log.Warn("stage of old pages ended; started again", "partition", part, "err", err)
		}
	}()
	return r
}

func (p *partitionWork) fetchBackfill(ctx context.Context, part int) error {
	consumer, err := p.w.bus.BackfillConsumer(ctx, part)
	if err != nil {
		return err
	}
	o := p.backfill
	o.Consumer = consumer
	s, err := stage.New(o)
	if err != nil {
		return err
	}
	key := stageKey{part, true}
	p.set(key, s)
	defer p.set(key, nil)
	return s.Run(ctx)
}
