package app

import (
	"context"
	"errors"
	"slices"
	"time"
)

// saveSettled saves what a poll that began at a time found. If the state was
// changed meanwhile - a push came, a list changed - settle enters the outcome of
// the poll into the state as it is now.
func (p *feedPoller) saveSettled(ctx context.Context, state *feedState, began time.Time, settle func(*feedState)) error {
	for try := 0; ; try++ {
		err := p.feeds.save(ctx, state)
		if !errors.Is(err, errConflict) || try == swapTries {
			return err
		}
		fresh, err := p.feeds.load(ctx, state.URL)
		if err != nil {
			return err
		}
		if fresh.State == feedRetired {
			return nil // nobody waits for it any more
		}
		pinged := fresh.NextPoll
		fresh.takeRead(state)
		settle(fresh)
		if pinged.After(began) && pinged.Before(fresh.NextPoll) {
			fresh.NextPoll = pinged // its hub called while it was read
		}
		*state = *fresh
	}
}

// takeRead takes over what reading a feed has changed in a copy of its state.
func (s *feedState) takeRead(read *feedState) {
	s.Resolved, s.Via, s.ViaSince, s.Sitemaps = read.Resolved, read.Via, read.ViaSince, read.Sitemaps
	s.Children, s.Cold, s.Note, s.Hosted = read.Children, read.Cold, read.Note, read.Hosted
	s.ETag, s.LastModified, s.Format, s.Entries = read.ETag, read.LastModified, read.Format, read.Entries
	s.Title, s.Interval = read.Title, read.Interval
	s.Seen = joinSeen(read.Seen, s.Seen, len(read.Seen)+read.maxOlder())
}

// joinSeen returns the hashes of both lists, those of the first in front, limit
// at most.
func joinSeen(first, second []string, limit int) []string {
	known := make(map[string]bool, len(first))
	for _, h := range first {
		known[h] = true
	}
	all := slices.Clone(first)
	for _, h := range second {
		if len(all) >= limit {
			break
		}
		if !known[h] {
			all = append(all, h)
		}
	}
	return all
}
