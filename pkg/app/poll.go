package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/websub"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// entryHashLen is how much of an entry's hash is remembered: 60 bits tell
	// the entries of one feed apart.
	entryHashLen = 12
	// maxSeenOlder bounds the hashes kept of entries that have left the feed.
	maxSeenOlder = 2000
	// maxAhead is the furthest that a feed can be due from now; a stored time
	// beyond it was written by a clock that was wrong.
	maxAhead = 8 * 24 * time.Hour
	// enqueueParallel is how many URLs are handed to the broker at once.
	enqueueParallel = 16
	// maxHint bounds each hint that travels with a page, in bytes.
	maxHint = 2000
)

// urlMessage is what stream URLS carries: a page to fetch and what its feed
// said of it.
type urlMessage struct {
	URL       string        `json:"url"`
	Feed      string        `json:"feed,omitempty"`
	EntryHash string        `json:"entry_hash,omitempty"`
	Entry     article.Entry `json:"entry,omitzero"`
	// Revisit is the time for which a look at a page that was fetched before was
	// planned; zero for a page that a feed or list names.
	Revisit time.Time `json:"revisit,omitzero"`
	// Backfill says that it is an old page, which waits while anything newer of its
	// host does.
	Backfill bool `json:"backfill,omitempty"`
	// Handovers counts the workers that a redirect led the URL away from.
	Handovers int `json:"handovers,omitempty"`
}

// feedPoller polls one feed at a time: fetch, parse, hand new entries to the
// broker, and only then remember them.
type feedPoller struct {
	fetcher  *fetch.Fetcher
	feeds    feedStates
	enqueue  func(ctx context.Context, m urlMessage) error
	interval pollInterval // of feeds without one of their own
	policy   cadence.Policy
	hubs     *hubWishes // nil: WebSub is off
	log      *slog.Logger
	// pending counts the old pages of a partition that wait to be fetched.
	pending func(ctx context.Context, part int) (uint64, error)
}

// feedStates keeps what is known of feeds; [feedStore] does so in the broker.
type feedStates interface {
	load(ctx context.Context, url string) (*feedState, error)
	save(ctx context.Context, state *feedState) error
}

// found is what a poll brought.
type found struct {
	fresh int           // entries that were not seen before
	soon  bool          // there is more to read than one poll may
	poll  cadence.Poll  // what it teaches of the feed's rhythm
	links *websub.Links // what the feed says of its hubs; nil if it was not read
	audit *pushAudit    // what its hub should have brought
}

// poll polls a feed and returns when it is due again.
func (p *feedPoller) poll(ctx context.Context, s feed.Source) time.Time {
	log := p.log.With("feed", s.URL)
	interval := cmp.Or(s.Interval, time.Duration(p.interval))
	if interval != 0 {
		interval = max(minInterval, interval)
	}
	state, err := p.feeds.load(ctx, s.URL)
	if err != nil {
		if ctx.Err() == nil {
			log.Error("feed state cannot be read; tried again in a minute", "err", err)
		}
		return time.Now().Add(time.Minute)
	}
	if wait := time.Until(state.NextPoll); wait > 0 && wait <= maxAhead {
		return state.NextPoll // another worker was here first
	}
	state.Interval = interval
	began, hub := time.Now(), state.hubKey()
	if p.backHome(ctx, state) {
		return time.Now().Add(time.Minute)
	}
	from := partitionOf(state.target())
	got, pollErr := p.read(ctx, state)
	if ctx.Err() != nil {
		return time.Now() // stopping: nothing was decided
	}
	if next, moved := p.movedElsewhere(ctx, state, from, pollErr); moved {
		return next
	}
	if wait, later := notItsTurn(pollErr); later {
		log.Debug("feed waits for its host", "err", pollErr, "wait", wait)
		return time.Now().Add(jitter(wait) + wait/20)
	}
	if pollErr != nil {
		state.Via = "" // tried at its own address next
	}
	p.settle(state, s, interval, got, pollErr)
	fresh := got.fresh
	switch {
	case pollErr != nil:
		log.Warn("feed poll failed", "err", pollErr, "failures", state.Failures, "next", state.NextPoll)
	case fresh > 0:
		log.Info("feed polled", "new", fresh, "entries", state.Entries)
	default:
		log.Debug("feed polled", "new", 0, "entries", state.Entries)
	}
	err = p.saveSettled(ctx, state, began, func(fresh *feedState) { p.settle(fresh, s, interval, got, pollErr) })
	if err == nil {
		p.hubs.keep(ctx, state, hub, got.audit)
	} else if ctx.Err() == nil {
		log.Error("feed state cannot be saved; entries may be looked at again", "err", err)
	}
	return state.NextPoll
}

// settle records the outcome of a poll and when the next one is due: after the
// interval, or when the feed's own rhythm says if that is zero.
func (p *feedPoller) settle(state *feedState, s feed.Source, interval time.Duration, got found, err error) {
	now := time.Now()
	state.LastPoll = now
	if s.Title != "" {
		state.Title = s.Title
	}
	if err == nil {
		got.poll.At = now
		state.Cadence.Observe(got.poll)
		state.State, state.LastError, state.Failures = feedOK, "", 0
		if got.fresh > 0 {
			state.LastNew = now
		}
	} else {
		p.settleFailure(state, now, err)
	}
	due := p.policy.Next(&state.Cadence, state.URL)
	switch {
	case interval == 0 || state.State == feedDead:
	case err == nil:
		due = now.Add(jitter(interval))
	default:
		due = now.Add(max(jitter(failureWait(interval, state.Failures)), min(state.Cadence.RetryAfter, maxInterval)))
	}
	if state.State == feedGone || state.State == feedBlocked {
		due = now.Add(maxInterval)
	}
	if err == nil {
		due = p.hubs.settle(state, interval != 0, got, due)
	}
	if soon := now.Add(restAfter); got.soon && err == nil && soon.Before(due) {
		due = soon
	}
	// A clock that was ahead must not put a feed off for as long as it was.
	state.NextPoll = due
	if due.Sub(now) > maxAhead {
		state.NextPoll = now.Add(jitter(maxInterval))
	}
}

// settleFailure records why a poll brought nothing.
func (p *feedPoller) settleFailure(state *feedState, now time.Time, err error) {
	state.LastError = err.Error()
	state.Failures++
	poll := cadence.Poll{At: now, Failure: failureOf(err)}
	var ferr *fetch.Error
	gone := false
	if errors.As(err, &ferr) {
		gone = ferr.Status == http.StatusGone
		poll.RetryAfter = min(ferr.RetryAfter, maxInterval)
	}
	state.Cadence.Observe(poll)
	switch {
	case state.Cadence.Dead():
		state.State = feedDead
	case poll.Failure == cadence.FailureBlock:
		state.State = feedBlocked
	case gone:
		state.State = feedGone
	default:
		state.State = feedFailing
	}
}

// read fetches the feed and enqueues what is new, and returns what that was.
func (p *feedPoller) read(ctx context.Context, state *feedState) (found, error) {
	if isRobotsFile(state.target()) {
		return p.readRobots(ctx, state)
	}
	req := fetch.Request{URL: state.target(), Kind: fetch.KindFeed}
	if !state.Cadence.At.IsZero() { // else the dates of all entries are wanted, as after an update of copydesk
		req.ETag, req.LastModified = state.ETag, state.LastModified
	}
	resp, err := p.fetcher.Fetch(ctx, req)
	if err != nil {
		return found{}, err
	}
	got := found{poll: observed(resp, time.Now())}
	if resp.NotModified {
		return got, nil
	}
	parsed, err := feed.Parse(resp.Body, resp.FinalURL, resp.ContentType)
	if errors.Is(err, feed.ErrNotFeed) && state.Resolved == "" {
		links := feed.Discover(resp.Body, resp.FinalURL)
		if len(links) == 0 {
			address, serr := p.siteSitemaps(ctx, resp.FinalURL, err)
			if serr != nil {
				return found{}, serr
			}
			links = []string{address}
		}
		p.log.Info("page leads to a feed", "feed", state.URL, "resolved", links[0])
		state.Resolved, state.Via, state.ETag, state.LastModified = links[0], "", "", ""
		return p.read(ctx, state)
	}
	if err != nil {
		return found{}, err
	}
	for _, w := range parsed.Warnings {
		p.log.Debug("feed repaired", "feed", state.URL, "warning", w)
	}
	if parsed.Format == feed.FormatSitemapIndex {
		return p.readIndex(ctx, state, resp, parsed, got)
	}
	got.links, got.audit = offered(resp, parsed), newPushAudit(state, got.poll.At)
	got.poll.SkipHours, got.poll.SkipDays = parsed.Skip.Hours, parsed.Skip.Days
	cold := state.Cold || state.Cadence.At.IsZero()
	whole, err := p.handOver(ctx, state, parsed, cold, &got)
	if err != nil {
		return found{}, err
	}
	// The validators are kept only now: had the entries not all been handed
	// over, the next poll must see the feed again.
	state.ETag, state.LastModified, state.Note, state.Cold = resp.ETag, resp.LastModified, "", cold && !whole
	if !whole {
		state.ETag, state.LastModified, state.Note = "", "", noteNoRoom
		got.soon = true
	}
	state.Format, state.Entries = parsed.Format, len(parsed.Entries)
	if parsed.Title != "" {
		state.Title = parsed.Title
	}
	return got, nil
}

// enqueueNew hands the entries that were not seen before to the broker, waits
// for its word on each, and remembers them. note is told of every entry; old
// tells the pages that must not keep fresh ones waiting.
func (p *feedPoller) enqueueNew(ctx context.Context, state *feedState, f *feed.Feed, entries []feed.Entry, old func(*feed.Entry) bool, note func(e *feed.Entry, seen bool)) (int, error) {
	seen := state.seen()
	hashes := make([]string, 0, len(entries)+min(len(state.Seen), state.maxOlder()))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(enqueueParallel)
	fresh := 0
	for _, e := range entries {
		hash := e.Hash()[:entryHashLen]
		hashes = append(hashes, hash)
		note(&e, seen[hash])
		if seen[hash] {
			continue
		}
		seen[hash] = true
		fresh++
		m := urlMessage{URL: e.URL, Feed: state.URL, EntryHash: hash, Entry: hints(e.Entry, f), Backfill: old(&e)}
		group.Go(func() error { return p.enqueue(gctx, m) })
	}
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("hand entries to the broker: %w", err)
	}
	current := make(map[string]bool, len(hashes))
	for _, h := range hashes {
		current[h] = true
	}
	older := 0
	for _, h := range state.Seen {
		if !current[h] && older < state.maxOlder() {
			hashes = append(hashes, h)
			older++
		}
	}
	state.Seen = hashes
	return fresh, nil
}

// hints returns what a feed says of a page, in bounds.
func hints(e article.Entry, f *feed.Feed) article.Entry {
	e.Title, e.Summary = clipText(e.Title, maxHint), clipText(e.Summary, maxHint)
	e.Authors = slices.Clone(e.Authors[:min(len(e.Authors), 20)])
	for i, a := range e.Authors {
		e.Authors[i] = clipText(a, 200)
	}
	e.Language = clipText(cmp.Or(e.Language, f.Language), 35)
	e.Publisher = clipText(cmp.Or(e.Publisher, f.Title), 200)
	return e
}

// clipText cuts s at a rune boundary to at most n bytes.
func clipText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// encodeURLMessage returns the message, the partition of its host, and its id.
func encodeURLMessage(m urlMessage) (data []byte, partition int, msgID string, err error) {
	canonical, err := weburl.PageURL(m.URL)
	if err != nil {
		return nil, 0, "", err
	}
	m.URL = canonical
	if data, err = json.Marshal(m); err != nil {
		return nil, 0, "", fmt.Errorf("encode URL message of %s: %w", canonical, err)
	}
	msgID = article.ID(canonical) + ":" + m.EntryHash
	if m.Handovers > 0 {
		msgID += ":" + strconv.Itoa(m.Handovers)
	}
	if !m.Revisit.IsZero() {
		// One look may be queued twice, when the host had no time for it at first.
		msgID = article.ID(canonical) + ":revisit:" + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	return data, weburl.Partition(weburl.HostPort(canonical)), msgID, nil
}
