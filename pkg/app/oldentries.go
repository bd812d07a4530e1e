package app

import (
	"context"
	"fmt"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
)

const (
	// oldAfter is how old a page of a plain sitemap is that is no news any more.
	oldAfter = 3 * 24 * time.Hour
	// maxFreshUndated is how many new pages without a date one sitemap may bring
	// as fresh ones. More at once are an archive that was put there.
	maxFreshUndated = 1000
	// maxOldPending is how many old pages of a partition may wait to be fetched
	// before sitemaps hand over more.
	maxOldPending = 20_000
	// maxSeenTree bounds the hashes kept of entries that a poll did not see, where
	// each poll reads only those sitemaps of many that changed.
	maxSeenTree = 20_000
	// restAfter is when a source is polled again that had more than one poll reads.
	restAfter = 5 * time.Minute
)

// noteNoRoom says why a sitemap was handed over in part.
const noteNoRoom = "old pages are left for the next poll: many wait to be fetched"

// maxOlder bounds the hashes kept of entries that the feed does not show now.
func (s *feedState) maxOlder() int {
	if s.Children != nil {
		return maxSeenTree
	}
	return maxSeenOlder
}

// seen returns the hashes of the entries that were handed over.
func (s *feedState) seen() map[string]bool {
	seen := make(map[string]bool, len(s.Seen))
	for _, h := range s.Seen {
		seen[h] = true
	}
	return seen
}

// handOver hands what is new in a feed or sitemap to the broker, the fresh pages
// first. cold says that nothing is known of what it held before. It reports false
// if old pages were left out because many wait already.
func (p *feedPoller) handOver(ctx context.Context, state *feedState, parsed *feed.Feed, cold bool, got *found) (whole bool, err error) {
	seen := state.seen()
	old := oldPages(seen, parsed, cold, time.Now())
	var fresh, rest []feed.Entry
	waits := false
	for _, e := range parsed.Entries {
		if old(&e) {
			rest = append(rest, e)
			waits = waits || !seen[e.Hash()[:entryHashLen]]
		} else {
			fresh = append(fresh, e)
		}
	}
	whole = true
	if waits && p.pending != nil {
		n, err := p.pending(ctx, partitionOf(state.target()))
		if err != nil {
			return false, fmt.Errorf("count the old pages that wait: %w", err)
		}
		whole = n < maxOldPending
	}
	if whole {
		fresh = append(fresh, rest...)
	}
	first := state.Cadence.At.IsZero()
	got.poll.Entries += len(parsed.Entries)
	if got.poll.TTL == 0 {
		got.poll.TTL = parsed.TTL
	}
	n, err := p.enqueueNew(ctx, state, parsed, fresh, old, func(e *feed.Entry, seen bool) {
		if (first || !seen) && len(got.poll.New) < maxPollDates {
			got.poll.New = append(got.poll.New, dateOf(e, got.poll.At))
		}
		got.audit.note(e, seen)
	})
	got.fresh += n
	return whole, err
}

// maxPollDates bounds the dates that one poll teaches the rhythm with.
const maxPollDates = 50_000

// oldPages returns what tells the old pages of a feed: of a plain sitemap those
// that bear an old date, and those without a date where all of the sitemap is
// new to us. What feeds and news sitemaps name is news.
func oldPages(seen map[string]bool, parsed *feed.Feed, cold bool, now time.Time) func(*feed.Entry) bool {
	if parsed.Format != feed.FormatSitemap {
		return noneOld
	}
	if !cold {
		undated := 0
		for _, e := range parsed.Entries {
			if latest(&e).IsZero() && !seen[e.Hash()[:entryHashLen]] {
				undated++
			}
		}
		cold = undated > maxFreshUndated
	}
	return func(e *feed.Entry) bool {
		at := latest(e)
		if at.IsZero() {
			return cold
		}
		return now.Sub(at) > oldAfter
	}
}

// noneOld is for entries that are news whatever their date.
func noneOld(*feed.Entry) bool { return false }
