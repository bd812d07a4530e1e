package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/story"
)

// RelateFlags bound what new articles are compared with.
type RelateFlags struct {
	CopyWindow  time.Duration `name:"copy-window" default:"168h" placeholder:"TIME" help:"For how long after its arrival an article is looked for copies of it. Default: ${default}."`
	StoryWindow time.Duration `name:"story-window" default:"240h" placeholder:"TIME" help:"For how long after its arrival an article is looked for others on its story. Default: ${default}."`
	MaxRelated  int           `name:"max-related" default:"2000000" placeholder:"N" help:"Articles that new ones are compared with at most, the latest; each takes about 2 KB of memory. Default: ${default}."`
}

func (f RelateFlags) check() error {
	for _, w := range []struct {
		flag  string
		value time.Duration
	}{{"--copy-window", f.CopyWindow}, {"--story-window", f.StoryWindow}} {
		if w.value < time.Hour {
			return usagef("%s %s: give at least 1h; copies of a report come within days", w.flag, w.value)
		}
	}
	if f.MaxRelated < 1000 {
		return usagef("--max-related %d: give at least 1000", f.MaxRelated)
	}
	return nil
}

// keeper finds the copies of articles as they arrive, what they share text with,
// and the story they tell. What it knows of the articles of its window is in
// memory and in the index, where it is written with the articles themselves. It
// lives as long as its process holds the lease, and is rebuilt from the index by
// the next. It is used by one goroutine.
type keeper struct {
	index   index.Index
	flags   RelateFlags
	metrics *relateMetrics
	log     *slog.Logger

	engine  *dedup.Engine
	stories *story.Tracker
	groups  groupCache
	latest  time.Time // nothing arrived after it

	// Of the batch in hand.
	lookup   index.Lookup
	pending  map[string]*article.Record
	fetching context.Context //nolint:containedctx // of the call that the engine is used in
	fetchErr error

	// forgetful makes the mistake that a drill must catch: a new owner that knows
	// nothing of the articles before it.
	forgetful bool
	// doubtful says that memory may hold what the index does not: a write failed.
	doubtful bool
}

func newKeeper(ix index.Index, f RelateFlags, m *relateMetrics, log *slog.Logger) *keeper {
	return &keeper{index: ix, flags: f, metrics: m, log: log, doubtful: true}
}

// reset forgets everything.
func (k *keeper) reset() {
	k.engine = dedup.NewEngine(dedup.EngineOptions{
		TableOptions: dedup.TableOptions{Window: k.flags.CopyWindow, MaxArticles: k.flags.MaxRelated},
		Fetch:        k.fetch,
	})
	k.stories = story.New(story.Options{Window: k.flags.StoryWindow, MaxArticles: k.flags.MaxRelated})
	k.groups = newGroupCache()
	k.fetchErr = nil
}

// fetch returns the text of an article that may be a copy.
func (k *keeper) fetch(id string) (dedup.Doc, bool) {
	if r, ok := k.pending[id]; ok {
		return copyDoc(r), true
	}
	r, err := k.lookup.Get(k.fetching, id)
	if err != nil {
		if !errors.Is(err, index.ErrNotFound) {
			k.fetchErr = err
		}
		return dedup.Doc{}, false
	}
	return copyDoc(&r), true
}

// ready rebuilds memory if it may differ from the index. It is to be called
// before a batch is written, for in it only a little of the index can be read.
func (k *keeper) ready(ctx context.Context) error {
	if !k.doubtful {
		return nil
	}
	return k.rebuild(ctx)
}

// relate decides on the articles of a batch, see [index.Relate]. Until the batch
// is durable, memory is ahead of the index: if that fails, doubt is to be called.
func (k *keeper) relate(ctx context.Context, lookup index.Lookup, outcomes []index.Outcome) ([]index.Placement, error) {
	k.lookup, k.latest = lookup, time.Now()
	k.pending = make(map[string]*article.Record, len(outcomes))
	defer func() { k.lookup, k.pending = nil, nil }()
	ch, err := k.decide(ctx, outcomes)
	if err != nil {
		return nil, err
	}
	return ch.placements(ctx)
}

// doubt notes that what was decided may not have been written.
func (k *keeper) doubt() { k.doubtful = true }

// decide asks engine and tracker about every article that is not placed yet.
func (k *keeper) decide(ctx context.Context, outcomes []index.Outcome) (*changes, error) {
	k.fetching = ctx
	ch := newChanges(k)
	todo := make([]arrived, 0, len(outcomes))
	for i := range outcomes {
		o := &outcomes[i]
		ch.refresh(&o.Record)
		if o.Change == index.Created {
			ch.created[o.ID] = true
		}
		if o.Change != index.Stale && !o.Placed {
			todo = append(todo, arrived{Record: &o.Record, at: k.clamp(o.Arrived)})
		}
	}
	ready, err := prepare(ctx, todo)
	if err != nil {
		return nil, err
	}
	for i, a := range todo {
		k.pending[a.ID] = a.Record
		if err := k.decideOne(ctx, ch, a, &ready[i]); err != nil {
			return nil, err
		}
		if k.fetchErr != nil {
			return nil, fmt.Errorf("fetch a text to compare: %w", k.fetchErr)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return ch, nil
}

// observe says how much is kept in memory.
func (k *keeper) observe() { k.metrics.observeTables(k.engine.Stats(), k.stories.Stats()) }
