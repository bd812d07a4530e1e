package app

import (
	"context"
	"errors"
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
	// rebuildSize is how many articles are made ready at once.
	rebuildSize = 512
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
	// Tables keep articles a sixteenth longer, for those that come late.
	since := start.Add(-max(k.flags.CopyWindow, k.flags.StoryWindow) / 16 * 17)
	err := k.index.Each(ctx, since, func(e *index.Entry) error { return r.add(ctx, e) })
	if err == nil {
		err = errors.Join(r.next(ctx), r.finish())
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

// rebuilder restores articles in the order of their arrival. While one chunk is
// restored, the next is made ready on the other cores.
type rebuilder struct {
	keeper   *keeper
	chunk    []arrived
	ahead    *rebuildChunk // nil if none
	restored int
	unplaced []arrivedID
	told     time.Time
}

// rebuildChunk is a chunk that is being made ready.
type rebuildChunk struct {
	articles []arrived
	ready    []readied
	done     chan error
}

// add takes an article of the index.
func (r *rebuilder) add(ctx context.Context, e *index.Entry) error {
	if !e.Placed {
		r.unplaced = append(r.unplaced, arrivedID{e.Record.ID, e.Arrived})
		if e.Record.Version == 1 && e.Record.Story == "" {
			return nil // it is taken in like one that arrives
		}
	}
	r.chunk = append(r.chunk, arrived{Record: &e.Record, at: r.keeper.clamp(e.Arrived), pending: !e.Placed})
	if len(r.chunk) < rebuildSize {
		return nil
	}
	return r.next(ctx)
}

// next begins to make a chunk ready, and restores the one before.
func (r *rebuilder) next(ctx context.Context) error {
	c := &rebuildChunk{articles: r.chunk, ready: make([]readied, len(r.chunk)), done: make(chan error, 1)}
	go func() {
		c.done <- inParallel(ctx, len(c.articles), func(i int) {
			a := c.articles[i]
			if !a.pending {
				c.ready[i].print = fingerprint(a.Record)
			}
			if a.Story != "" && tellsNews(a.Record) {
				c.ready[i].stories = story.Prepare(storyDoc(a))
			}
		})
	}()
	r.chunk = make([]arrived, 0, rebuildSize)
	err := r.finish()
	r.ahead = c
	return err
}

// finish restores the chunk that was begun.
func (r *rebuilder) finish() error {
	c := r.ahead
	if c == nil {
		return nil
	}
	r.ahead = nil
	if err := <-c.done; err != nil {
		return err
	}
	for i := range c.articles {
		r.keeper.restore(c.articles[i], &c.ready[i])
	}
	r.restored += len(c.articles)
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
		Pending: r.pending,
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
