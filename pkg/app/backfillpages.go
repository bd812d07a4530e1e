package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// backfillChunk is how many pages are handed over between two cursors.
	backfillChunk = 200
	// maxBackfillPending is how many old pages of a partition may wait to be fetched
	// before a backfill hands over more: enough for hours, and few enough to be
	// cancelled.
	maxBackfillPending = 300
	// maxBackfillParts bounds the parts of a backfill, and maxBackfillSubparts those
	// of such a part; deeper there are none.
	maxBackfillParts    = 200
	maxBackfillSubparts = 20
	// maxPartSitemaps bounds the sitemaps of a part.
	maxPartSitemaps = 2000
)

// list hands over the pages of a sitemap that are in range, chunk by chunk.
func (w *backfillWalk) list(ctx context.Context, l level, parsed *feed.Feed) error {
	var pages []feed.Entry
	counts := map[string]int{}
	for _, e := range parsed.Entries {
		if outcome := w.choose(&e); outcome != "" {
			counts[outcome]++
			continue
		}
		pages = append(pages, e)
	}
	slices.SortFunc(pages, func(a, b feed.Entry) int { return strings.Compare(b.URL, a.URL) })
	all := len(pages)
	if len(l.resume) > 0 {
		pages = slices.DeleteFunc(pages, func(e feed.Entry) bool { return e.URL >= l.resume[0] })
	} else {
		w.job.InRange += all
		for outcome, n := range counts {
			w.metrics.count(outcome, n)
		}
	}
	if all == 0 && counts[backfillOtherSite] > 0 {
		w.remark(l.address, fmt.Errorf("its pages are of another site than %s; add the backfill by the address of that site", w.job.Site))
	}
	handed := all - len(pages)
	for chunk := range slices.Chunk(pages, backfillChunk) {
		if err := w.chunk(ctx, parsed, chunk); err != nil {
			return err
		}
		handed += len(chunk)
		w.job.Cursor = append(slices.Clone(l.path), chunk[len(chunk)-1].URL)
		w.job.Progress = l.low + (l.high-l.low)*float64(handed)/float64(all)
		if err := w.save(ctx); err != nil {
			return err
		}
	}
	return nil
}

// choose returns why a page is left out, "" if it is in range. The date is that
// of a news sitemap, else that in its address, else when it was last changed.
func (w *backfillWalk) choose(e *feed.Entry) (outcome string) {
	if weburl.Site(e.URL) != w.job.Site {
		return backfillOtherSite
	}
	var in bool
	switch period, ok := weburl.PageDate(e.URL); {
	case !e.Published.IsZero():
		in = w.inRange(e.Published)
	case ok:
		in = period.Overlaps(w.job.From, w.job.To)
	case !e.Updated.IsZero():
		in = w.inRange(e.Updated)
	case w.job.Undated:
		in = true
	default:
		return backfillNoDate
	}
	if !in {
		return backfillOutOfRange
	}
	return ""
}

func (w *backfillWalk) inRange(t time.Time) bool { return !t.Before(w.job.From) && t.Before(w.job.To) }

// chunk hands pages to the broker, except those that were fetched before, when
// there is room for them.
func (w *backfillWalk) chunk(ctx context.Context, parsed *feed.Feed, pages []feed.Entry) error {
	todo := make([]bool, len(pages))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(enqueueParallel)
	for i, e := range pages {
		group.Go(func() error {
			url, err := weburl.PageURL(e.URL)
			if err != nil {
				return nil //nolint:nilerr // an address that cannot be fetched
			}
			state, err := w.pages.load(gctx, url)
			todo[i] = err == nil && !state.Done
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	parts := map[int]bool{}
	for i, e := range pages {
		if todo[i] {
			parts[partitionOf(e.URL)] = true
		}
	}
	for part := range parts {
		if err := w.room(ctx, part); err != nil {
			return err
		}
	}
	group, gctx = errgroup.WithContext(ctx)
	group.SetLimit(enqueueParallel)
	var queued atomic.Int64
	for i, e := range pages {
		if !todo[i] {
			continue
		}
		group.Go(func() error {
			queued.Add(1)
			return w.enqueue(gctx, urlMessage{
				URL: e.URL, Feed: w.job.URL, EntryHash: e.Hash()[:entryHashLen], Entry: hints(e.Entry, parsed), Backfill: true,
			})
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("hand pages to the broker: %w", err)
	}
	n := int(queued.Load())
	w.job.Queued += n
	w.job.Known += len(pages) - n
	w.metrics.count(backfillQueued, n)
	w.metrics.count(backfillKnown, len(pages)-n)
	return nil
}

// room waits until few old pages of a partition wait to be fetched.
func (w *backfillWalk) room(ctx context.Context, part int) error {
	for {
		n, err := w.pending(ctx, part)
		if err != nil {
			return err
		}
		if n < maxBackfillPending {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(w.poll):
		}
	}
}

// handAway makes parts of this backfill of sitemaps on hosts of other partitions,
// one for each partition. A part that is there already is the same one.
func (w *backfillWalk) handAway(ctx context.Context, l level, refs []feed.SitemapRef) error {
	limit := []int{maxBackfillParts, maxBackfillSubparts, 0}[min(w.job.Level, 2)]
	byPart := map[int][]feed.SitemapRef{}
	for _, ref := range refs {
		part := partitionOf(ref.URL)
		if len(byPart[part]) >= maxPartSitemaps {
			w.remark(ref.URL, fmt.Errorf("left out with others: more than %d sitemaps on hosts of one partition", maxPartSitemaps))
			continue
		}
		byPart[part] = append(byPart[part], ref)
	}
	for part := range weburl.Partitions {
		sitemaps := byPart[part]
		if len(sitemaps) == 0 {
			continue
		}
		if w.job.Parts >= limit {
			w.remark(sitemaps[0].URL, fmt.Errorf("left out: more than %d parts on other hosts, or parts of parts of parts", limit))
			continue
		}
		root := w.job.Root
		if root == "" {
			root = w.job.key()
		}
		added, err := w.store.add(ctx, &backfillJob{
			URL: sitemaps[0].URL, Site: w.job.Site, From: w.job.From, To: w.job.To, Undated: w.job.Undated,
			Root: root, Run: w.job.Run, Index: l.address, Level: w.job.Level + 1, Depth: w.job.Depth + len(l.path), Sitemaps: sitemaps,
		})
		if err != nil {
			return err
		}
		if added {
			w.job.Parts++
		}
	}
	return nil
}
