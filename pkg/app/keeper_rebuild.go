package app

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/story"
)

const (
	// rebuildChunk is how many articles are made ready at once.
	rebuildChunk = 512
	// rebuildTell is how often a long rebuild says how far it is.
	rebuildTell = 10 * time.Second
)

// rebuild fills memory from the index, after a take-over or a failed write. What
// was decided stays; articles that a version without stories has written are
// placed last.
func (k *keeper) rebuild(ctx context.Context) error {
	start := time.Now()
	k.reset()
	if k.forgetful {
		k.doubtful = false
		return nil
	}
	r := rebuilder{keeper: k, told: start}
	k.latest = start
	since := start.Add(-max(k.flags.CopyWindow, k.flags.StoryWindow))
	err := k.index.Each(ctx, since, func(e *index.Entry) error {
		if !e.Placed {
			r.unplaced = append(r.unplaced, arrivedID{e.Record.ID, e.Arrived})
			if e.Record.Cluster == e.Record.ID && e.Record.Story == "" {
				return nil // new: it is taken in like one that arrives
			}
			e.Record.Sketch = "" // its text was not compared yet, only its former one
		}
		r.chunk = append(r.chunk, arrived{&e.Record, k.clamp(e.Arrived)})
		if len(r.chunk) < rebuildChunk {
			return nil
		}
		return r.flush(ctx)
	})
	if err == nil {
		err = r.flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("rebuild from the index what is known of copies and stories: %w", err)
	}
	k.doubtful = false
	took := time.Since(start)
	k.metrics.rebuild.Observe(took.Seconds())
	k.observe()
	k.log.Info("rebuilt from the index what is known of copies and stories", "articles", r.restored, "unplaced", len(r.unplaced), "took", took)
	return k.placeLeft(ctx, r.unplaced)
}

// arrivedID names an article that is to be placed.
type arrivedID struct {
	id string
	at time.Time
}

// rebuilder restores articles in the order of their arrival.
type rebuilder struct {
	keeper   *keeper
	chunk    []arrived
	restored int
	unplaced []arrivedID
	told     time.Time
}

func (r *rebuilder) flush(ctx context.Context) error {
	ready := make([]readied, len(r.chunk))
	err := inParallel(ctx, len(r.chunk), func(i int) {
		a := r.chunk[i]
		ready[i].print = fingerprint(a.Record)
		if a.Story != "" && tellsNews(a.Record) {
			ready[i].stories = story.Prepare(storyDoc(a))
		}
	})
	if err != nil {
		return err
	}
	for i := range r.chunk {
		r.keeper.restore(r.chunk[i], &ready[i])
	}
	r.restored += len(r.chunk)
	r.chunk = r.chunk[:0]
	if time.Since(r.told) > rebuildTell {
		r.told = time.Now()
		r.keeper.log.Info("rebuilding from the index what is known of copies and stories", "articles", r.restored)
	}
	return nil
}

// restore takes in an article with what was decided.
func (k *keeper) restore(r arrived, ready *readied) {
	k.engine.Restore(dedup.Placed{
		ID: r.ID, Cluster: r.Cluster, Content: r.ContentHash, At: r.at, Print: ready.print,
		Pending: ready.print.Exact == "", // or without a word, which makes no difference
	})
	if ready.stories != nil {
		ready.stories.Doc.Cluster, ready.stories.Doc.Story = r.Cluster, r.Story
		k.stories.AddPrepared(ready.stories)
	}
}

// placeLeft places articles that were written by a version that knew no stories.
func (k *keeper) placeLeft(ctx context.Context, ids []arrivedID) error {
	told := time.Now()
	for done := 0; done < len(ids); done += indexBatch {
		part := ids[done:min(done+indexBatch, len(ids))]
		outcomes := make([]index.Outcome, 0, len(part))
		for _, left := range part {
			r, err := k.index.Get(ctx, left.id)
			if err != nil {
				return fmt.Errorf("place article %s: %w", left.id, err)
			}
			outcomes = append(outcomes, index.Outcome{ID: left.id, Change: index.Unchanged, Version: r.Version, Record: r, Arrived: left.at})
		}
		placements, err := k.relate(ctx, k.index, outcomes)
		if err == nil {
			err = k.index.Place(ctx, placements)
		}
		if err != nil {
			k.doubt()
			return fmt.Errorf("place articles that had no story yet: %w", err)
		}
		if time.Since(told) > rebuildTell {
			told = time.Now()
			k.log.Info("placing articles that had no story yet", "done", done+len(part), "of", len(ids))
		}
	}
	return nil
}

// inParallel calls fn for every number below n on all cores.
func inParallel(ctx context.Context, n int, fn func(int)) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				fn(i)
			}
		})
	}
	return group.Wait()
}
