package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/stage"
)

// partGrace is how long a stage may publish and acknowledge what was fetched
// when its partition is given back.
const partGrace = 10 * time.Second

// legacyLease is what versions that knew no partitions held to fetch at all.
const legacyLease = "ingest"

// partitionWork runs what belongs to the partitions that are owned: a stage for
// each, a second one while old pages of it wait, and through the ingest worker its
// feeds and revisits.
type partitionWork struct {
	w        *ingestWorker
	options  stage.Options // of every stage that reads URLS, but for the consumer
	backfill stage.Options // of every stage that reads BACKFILL

	mu     sync.Mutex
	stages map[stageKey]*stage.Worker
}

// stageKey names one of the stages of the partitions.
type stageKey struct {
	part     int
	backfill bool
}

// newPartitionWork checks the options.
func newPartitionWork(w *ingestWorker, o stage.Options) (*partitionWork, error) {
	o.Consumer = bus.ConsumerURLs(0)
	if _, err := stage.New(o); err != nil {
		return nil, err
	}
	return &partitionWork{w: w, options: o, backfill: backfillOptions(o), stages: map[stageKey]*stage.Worker{}}, nil
}

// hold shares the partitions with other workers until ctx ends.
func (p *partitionWork) hold(ctx context.Context) error {
	if err := p.waitForLegacy(ctx); err != nil {
		return err
	}
	return p.w.bus.HoldShare(ctx, bus.Share{
		Group: shareIngest, Parts: bus.Partitions, Owner: p.w.name,
		Gain: p.gain, Release: p.release, Lost: p.lost,
	})
}

// waitForLegacy waits for a worker of a version that fetches everything.
func (p *partitionWork) waitForLegacy(ctx context.Context) error {
	for warned := false; ; warned = true {
		owner, held, err := p.w.bus.LeaseHolder(ctx, legacyLease)
		if err == nil && !held {
			return nil
		}
		if !warned && held {
			p.w.log.Warn("waiting for an ingest worker of an older version, which shares no hosts; stop it", "holder", owner)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(leaseRetry):
		}
	}
}

// gain begins the work on partitions.
func (p *partitionWork) gain(l *bus.Lease, parts []bus.Part) {
	indexes := make([]int, 0, len(parts))
	for _, part := range parts {
		t := p.w.parts.begin(l, part)
		indexes = append(indexes, part.Index)
		if t.enter() {
			go func() {
				defer t.leave()
				p.fetch(t)
			}()
		}
	}
	p.w.looks.gained(indexes)
	p.w.plans.wake()
}

// release ends the work on a partition and waits for it.
func (p *partitionWork) release(part int) {
	if t := p.w.parts.of(part); t != nil {
		t.close()
		p.w.looks.dropped(part)
		p.w.plans.wake()
		p.w.parts.end(t, releaseGrace)
	}
}

// lost ends the work on every partition; its contexts have ended.
func (p *partitionWork) lost() {
	var ends sync.WaitGroup
	for part := range bus.Partitions {
		if t := p.w.parts.of(part); t != nil {
			t.close()
			p.w.looks.dropped(part)
			ends.Go(func() { p.w.parts.end(t, 0) })
		}
	}
	ends.Wait()
	p.w.plans.wake()
}

// fetch runs the stage of a partition until it must be given back. What ends it
// early is logged and tried again.
func (p *partitionWork) fetch(t *tenure) {
	o := p.options
	o.Consumer = bus.ConsumerURLs(t.part)
	for t.wait.Err() == nil {
		s, err := stage.New(o)
		if err == nil {
			p.set(stageKey{part: t.part}, s)
			err = s.Run(t.wait)
			p.set(stageKey{part: t.part}, nil)
		}
		if t.wait.Err() != nil {
			return
		}
		p.w.log.Warn("stage of a partition ended; started again", "partition", t.part, "err", err)
		select {
		case <-t.wait.Done():
		case <-time.After(leaseRetry):
		}
	}
}

func (p *partitionWork) set(key stageKey, s *stage.Worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s == nil {
		delete(p.stages, key)
		return
	}
	p.stages[key] = s
}

// each returns the first error that a stage tells.
func (p *partitionWork) each(tell func(*stage.Worker) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for part := range bus.Partitions {
		for _, key := range []stageKey{{part, false}, {part, true}} {
			if s := p.stages[key]; s != nil {
				if err := tell(s); err != nil {
					return fmt.Errorf("partition %d: %w", part, err)
				}
			}
		}
	}
	return nil
}

// Ready says whether the stages work; a worker that owns nothing stands by.
func (p *partitionWork) Ready(ctx context.Context) error {
	return errors.Join(p.each((*stage.Worker).Failure), p.w.bus.Ready(ctx))
}

// Degraded says what holds a stage up although it is ready.
func (p *partitionWork) Degraded() error { return p.each((*stage.Worker).Degraded) }

// poll polls a feed while its partition is this worker's, and counts as work on
// it, so that what it found is noted before the next owner looks.
func (w *ingestWorker) poll(ctx context.Context, s feed.Source) time.Time {
	t := w.parts.of(w.poller.partition(s.URL))
	if !t.enter() {
		return time.Now().Add(time.Minute) // dropped soon, or wanted again
	}
	defer t.leave()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.run, cancel)()
	return w.feedPoller.poll(ctx, s)
}
