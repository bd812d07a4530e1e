package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// planFirst is when a worker makes its lists known that owns no partition.
	planFirst = 5 * time.Second
	// planParallel is how many feed states are written at once.
	planParallel = 32
	// viaFor is for how long a feed is asked for where a redirect led, before its
	// own address is tried again.
	viaFor = 24 * time.Hour
)

// Who polls which feed is told by bucket copydesk_feeds alone. Workers may have
// different lists, so each writes the feeds of its own into the bucket, with the
// names of the lists, and every worker polls those of its partitions whoever
// listed them. A feed that has gone from a list loses the name of that list, by
// a worker that has read the list; without a list, and not imported, it is
// retired. A worker that owns all partitions is alone: lists that it does not
// know are nobody's.

// feedBrief is what scheduling needs of a feed's state. The hashes of entries
// are most of a state, and ten thousand of them would fill the memory.
type feedBrief struct {
	URL      string        `json:"url"`
	Resolved string        `json:"resolved"`
	Via      string        `json:"via"`
	Title    string        `json:"title"`
	State    string        `json:"state"`
	NextPoll time.Time     `json:"next_poll"`
	Managed  bool          `json:"managed"`
	Lists    []string      `json:"lists"`
	Tags     []string      `json:"tags"`
	Asked    time.Duration `json:"asked"`
	Parent   string        `json:"parent"`
}

// partition is where the feed is polled: that of the address that is asked.
func (b *feedBrief) partition() int { return partitionOf(cmp.Or(b.Via, b.Resolved, b.URL)) }

// briefs returns every feed by its URL.
func (s feedStore) briefs(ctx context.Context) (map[string]*feedBrief, error) {
	all := map[string]*feedBrief{}
	err := s.each(ctx, func(entry jetstream.KeyValueEntry) error {
		b := &feedBrief{}
		// What is no feed says how far a WARC file was read, or is another version's.
		if json.Unmarshal(entry.Value(), b) == nil && b.URL != "" {
			all[b.URL] = b
		}
		return nil
	})
	return all, err
}

// update changes the state of a feed; change reports whether it did.
func (s feedStore) update(ctx context.Context, url string, change func(*feedState) bool) error {
	for try := 0; ; try++ {
		state, err := s.load(ctx, url)
		if err != nil || !change(state) {
			return err
		}
		// A poll may be saved at the same time.
		if err := s.save(ctx, state); !errors.Is(err, errConflict) || try == swapTries {
			return err
		}
	}
}

// plans wakes the goroutine that schedules.
type plans struct{ signal chan struct{} }

func newPlans() *plans { return &plans{signal: make(chan struct{}, 1)} }

func (p *plans) wake() {
	select {
	case p.signal <- struct{}{}:
	default:
	}
}

// plan schedules feeds whenever something changed, until ctx ends.
func (w *ingestWorker) plan(ctx context.Context) {
	timer := time.NewTimer(planFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.plans.signal:
		case <-timer.C:
		}
		if err := w.schedule(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("feeds not scheduled; tried again", "err", err)
			timer.Reset(leaseRetry)
		}
	}
}

// listedFeed is a feed of this worker's own lists.
type listedFeed struct {
	feed.Source
	lists []string
}

// schedule makes the feeds of this worker's partitions the ones that it polls.
func (w *ingestWorker) schedule(ctx context.Context) error {
	briefs, err := w.feeds.briefs(ctx)
	if err != nil {
		return err
	}
	if err := w.announce(ctx, briefs); err != nil {
		return err
	}
	var sources []feed.Source
	parts := make(map[string]int, len(briefs))
	for url, b := range briefs {
		if part := b.partition(); b.State != feedRetired && w.parts.has(part) {
			sources = append(sources, feed.Source{URL: url, Title: b.Title, Tags: b.Tags, Interval: b.Asked})
			parts[url] = part
		}
	}
	w.poller.set(sources, parts, func(url string) time.Time { return briefs[url].NextPoll })
	w.log.Info("feeds scheduled", "feeds", len(sources), "partitions", w.parts.count())
	return nil
}

// listed returns the feeds of the worker's own lists, by canonical URL.
func (w *ingestWorker) listed() (feeds map[string]*listedFeed, known []string) {
	feeds = map[string]*listedFeed{}
	w.lists.eachSource(func(list string, s feed.Source) {
		url, err := weburl.Canonical(s.URL)
		if err != nil {
			w.log.Error("feed left out", "feed", s.URL, "err", err)
			return
		}
		l := feeds[url]
		if l == nil {
			l = &listedFeed{Source: s}
			l.URL = url
			feeds[url] = l
		}
		if !slices.Contains(l.lists, list) {
			l.lists = append(l.lists, list)
		}
	})
	return feeds, w.lists.names()
}

// announce writes into the bucket what this worker's lists say, and into briefs
// what became of it.
func (w *ingestWorker) announce(ctx context.Context, briefs map[string]*feedBrief) error {
	listed, known := w.listed()
	alone := w.parts.count() == bus.Partitions
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(planParallel)
	save := func(url string, change func(*feedState)) {
		group.Go(func() error {
			return w.feeds.update(gctx, url, func(s *feedState) bool { change(s); return true })
		})
	}
	for url, l := range listed {
		if briefs[url] == nil {
			briefs[url] = &feedBrief{URL: url, State: feedRetired}
		}
		b := briefs[url]
		lists := keptLists(b.Lists, l.lists, known, alone)
		if b.State != feedRetired && b.Asked == l.Interval && slices.Equal(b.Tags, l.Tags) && slices.Equal(lists, b.Lists) {
			continue
		}
		revived := b.State == feedRetired
		if revived {
			b.State = feedNew
		}
		b.Lists, b.Tags, b.Asked = lists, l.Tags, l.Interval
		save(url, func(s *feedState) {
			s.Lists, s.Tags, s.Asked = lists, l.Tags, l.Interval
			if revived {
				s.revive()
			}
			s.Title = cmp.Or(s.Title, l.Title)
		})
	}
	for url, b := range briefs {
		if listed[url] != nil || b.State == feedRetired || b.Parent != "" && !b.orphan(briefs) {
			continue
		}
		lists := keptLists(b.Lists, nil, known, alone)
		// Feeds of before the names of lists were kept belong to nobody else when
		// this worker is alone.
		retire := !b.Managed && len(lists) == 0 && (alone || len(b.Lists) > 0 || b.Parent != "")
		if !retire && slices.Equal(lists, b.Lists) {
			continue
		}
		if retire {
			b.State = feedRetired
		}
		b.Lists = lists
		save(url, func(s *feedState) {
			s.Lists = lists
			if retire {
				s.State = feedRetired
			}
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("note the feeds of lists: %w", err)
	}
	return nil
}

// keptLists returns the names of the lists that a feed is in: of those that this
// worker reads, the ones that name it now; of others, those that it had, unless
// there can be no others.
func keptLists(had, now, known []string, alone bool) []string {
	var lists []string
	for _, l := range had {
		if !alone && !slices.Contains(known, l) {
			lists = append(lists, l)
		}
	}
	lists = append(lists, now...)
	slices.Sort(lists)
	return slices.Compact(lists)
}

// watchFeeds takes over what other workers and `copydesk feeds` change: feeds
// that are new, that moved to another partition, or that were retired.
func (w *ingestWorker) watchFeeds(ctx context.Context) {
	w.feeds.follow(ctx, w.log, w.plans.wake, w.heardOfFeed, jetstream.UpdatesOnly(), jetstream.IgnoreDeletes())
}

func (w *ingestWorker) heardOfFeed(entry jetstream.KeyValueEntry) {
	var b feedBrief
	if json.Unmarshal(entry.Value(), &b) != nil || b.URL == "" {
		return
	}
	if b.State == feedRetired {
		w.webSub.asker.retired(b.URL)
	}
	wanted := b.State != feedRetired && w.parts.has(b.partition())
	switch {
	case wanted != w.poller.has(b.URL):
		w.plans.wake()
	case wanted:
		w.poller.advance(b.URL, b.NextPoll)
	}
}

// target is the address that is asked for the feed.
func (s *feedState) target() string { return cmp.Or(s.Via, s.Resolved, s.URL) }

// movedElsewhere settles a poll, of an address in partition from, that led to a
// host of another worker: the feed goes to that worker, and comes back to its own
// address after a day or when the other one fails. It reports false for any other
// outcome.
func (p *feedPoller) movedElsewhere(ctx context.Context, state *feedState, from int, err error) (next time.Time, moved bool) {
	var ferr *fetch.Error
	if !errors.As(err, &ferr) || ferr.Class != fetch.ClassElsewhere && ferr.Class != fetch.ClassCanceled {
		return next, false
	}
	now := time.Now()
	to := partitionOf(ferr.Elsewhere)
	if ferr.Class == fetch.ClassCanceled || to == from {
		return now.Add(time.Second), true // handed over just now: nothing was decided
	}
	if to != partitionOf(state.target()) {
		state.Via, state.ViaSince = ferr.Elsewhere, now
	}
	p.log.Info("feed goes to the worker of the host that it leads to", "feed", state.URL, "to", ferr.Elsewhere)
	state.NextPoll = now
	p.saveMove(ctx, state)
	return now.Add(time.Minute), true
}

// backHome makes a feed that was asked for where a redirect led be asked for at
// its own address again when that is due, and reports whether it is.
func (p *feedPoller) backHome(ctx context.Context, state *feedState) bool {
	if state.Via == "" || time.Since(state.ViaSince) < viaFor {
		return false
	}
	state.Via, state.ViaSince, state.NextPoll = "", time.Time{}, time.Now()
	p.saveMove(ctx, state)
	return true
}

func (p *feedPoller) saveMove(ctx context.Context, state *feedState) {
	if err := p.feeds.save(ctx, state); err != nil && ctx.Err() == nil {
		p.log.Warn("feed state cannot be saved", "feed", state.URL, "err", err)
	}
}
