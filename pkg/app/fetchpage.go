package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/stage"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxFetchAttempts is how often a page is tried that fails for a reason
	// that may pass, before it becomes a dead letter.
	maxFetchAttempts = 6
	firstRetry       = 30 * time.Second
	maxRetry         = 6 * time.Hour
	// maxHostQueue is how many URLs of one host wait in this process, and
	// maxHostBackfill when they are old pages; more go back to the broker, so that
	// one host cannot hold up the others.
	maxHostQueue    = 16
	maxHostBackfill = 4
	// maxPayload leaves room for headers below the broker's 4 MB.
	maxPayload = 4<<20 - 64<<10
)

// pageFetcher turns URL messages into page messages.
type pageFetcher struct {
	fetcher  *fetch.Fetcher
	archive  *archive
	pages    pageStore
	revisits *revisits
	traps    *trapGuard
	turns    *hostTurns
	sites    *publishers // nil: takedowns are never held
	log      *slog.Logger
	stopping context.Context // ends when the worker is told to; nil: never
}

// stopGrace is how long a fetch may go on when the worker is told to end; what
// still waits for its host's turn then goes back to the broker.
const stopGrace = time.Second

// untilStop returns a context that ends shortly after the worker is told to.
func (p *pageFetcher) untilStop(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if p.stopping == nil {
		return ctx, cancel
	}
	drop := context.AfterFunc(p.stopping, func() {
		timer := time.NewTimer(stopGrace)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
			cancel()
		}
	})
	return ctx, func() {
		drop()
		cancel()
	}
}

// handle fetches the page of one URL message. A page that was fetched is
// published before its state is saved, so a crash in between fetches twice and
// loses nothing.
func (p *pageFetcher) handle(ctx context.Context, batch []*stage.Msg) []stage.Result {
	results := make([]stage.Result, len(batch))
	for i, msg := range batch {
		results[i] = p.one(ctx, msg)
	}
	return results
}

func (p *pageFetcher) one(ctx context.Context, msg *stage.Msg) stage.Result {
	var m urlMessage
	if err := json.Unmarshal(msg.Data, &m); err != nil {
		return stage.Result{Err: stage.Permanent("bad_message", fmt.Errorf("decode URL message: %w", err))}
	}
	canonical, err := weburl.Canonical(m.URL)
	if err != nil {
		return stage.Result{Err: stage.Permanent("bad_url", err)}
	}
	m.URL = canonical
	if !m.Revisit.IsZero() && !p.revisits.begin(pageKey(m.URL), msg.Sequence) {
		return stage.Result{} // another message of the same look is in work
	}
	state, err := p.pages.load(ctx, m.URL)
	if err != nil {
		return stage.Result{Err: stage.Unavailable(err)}
	}
	if !m.Revisit.IsZero() {
		return p.revisit(ctx, state, m, subjectPartition(msg.Subject))
	}
	if state.Done && (m.Backfill || state.Entry == m.EntryHash) {
		return stage.Result{} // fetched before; a redelivery, or listed twice
	}
	if kind, keep := p.traps.stops(m.URL, time.Now()); kind != "" {
		return p.trapped(state, m, kind, keep)
	}
	if wait := p.hostFull(m); wait > 0 {
		return stage.Result{Err: stage.Later(wait, errors.New("many URLs of this host are waiting"))}
	}
	fetchCtx, cancel := p.untilStop(ctx)
	defer cancel()
	resp, err := p.look(fetchCtx, state, m, fetch.Request{
		URL: m.URL, Kind: fetch.KindPage, ETag: state.ETag, LastModified: state.LastModified, Priority: m.priority(),
	})
	if err != nil {
		if fetchCtx.Err() != nil {
			return stage.Result{Err: stage.Later(0, err)} // stopping; nothing was decided
		}
		if r, ok := p.interrupted(state, m, subjectPartition(msg.Subject), err); ok {
			return r
		}
		return p.failed(ctx, state, m, err)
	}
	return p.fetched(state, m, resp)
}

// fetched settles a page that was got: what changed goes downstream.
func (p *pageFetcher) fetched(state *pageState, m urlMessage, resp *fetch.Response) stage.Result {
	earlier := *state
	state.Done, state.Error, state.Attempts, state.Entry = true, "", 0, m.EntryHash
	state.FetchedAt, state.Status = resp.FetchedAt, resp.Status
	state.GoneSince, state.TakenDown = time.Time{}, time.Time{}
	if resp.NotModified {
		return p.same(state, &earlier, m, lookUnchanged)
	}
	final, err := m.URL, error(nil)
	if resp.FinalURL != m.URL { // which is canonical
		final, err = weburl.Canonical(resp.FinalURL)
	}
	if !m.Revisit.IsZero() {
		switch {
		case err != nil || !mayBeHTML(resp.ContentType):
			return p.same(state, &earlier, m, lookFailed)
		case final != earlier.FinalURL && isFrontPage(final):
			return p.same(state, &earlier, m, lookMoved)
		}
	}
	if !mayBeHTML(resp.ContentType) {
		return stage.Result{Err: stage.Permanent("not_html", fmt.Errorf("page %s is %s", m.URL, resp.ContentType))}
	}
	if err != nil {
		return stage.Result{Err: stage.Permanent("bad_url", fmt.Errorf("final address of %s: %w", m.URL, err))}
	}
	page := &article.Page{
		ID: article.ID(final), URL: m.URL, FinalURL: final, Status: resp.Status, ContentType: resp.ContentType,
		FetchedAt: resp.FetchedAt, Feed: m.Feed, Entry: m.Entry, Rights: resp.Rights, Body: resp.Body, BodyHash: article.BytesHash(resp.Body),
	}
	state.FinalURL, state.PageID, state.BodyHash = final, page.ID, page.BodyHash
	state.Rights = reservedBy(resp.Rights)
	p.traps.saw(m.URL, state.BodyHash, time.Now())
	state.ETag, state.LastModified = resp.ETag, resp.LastModified
	if state.FirstFetch.IsZero() {
		state.FirstFetch = resp.FetchedAt
	}
	outcome := lookChanged
	switch {
	case !earlier.TakenDown.IsZero():
		outcome = lookReturned // published even if it is what it was, to undo the takedown
	case state.PageID == earlier.PageID && state.BodyHash == earlier.BodyHash && !rightsChanged(earlier.Rights, state.Rights):
		return p.same(state, &earlier, m, lookUnchanged)
	}
	out, err := pageOut(page)
	if err != nil && !m.Revisit.IsZero() {
		return p.same(state, &earlier, m, lookFailed)
	}
	if err != nil {
		return stage.Result{Err: err}
	}
	if !earlier.FetchedAt.IsZero() {
		// What it said before it may say again; the broker must not take that
		// for the message of then.
		out.MsgID += ":" + strconv.FormatInt(earlier.FetchedAt.UnixMilli(), 36)
	}
	p.plan(state, m, time.Now())
	p.log.Info("page fetched", "id", page.ID, "url", final, "status", resp.Status, "bytes", len(resp.Body), "feed", m.Feed)
	return stage.Result{Out: []stage.Out{out}, Then: p.saver(state, earlier.NextRevisit, lookOf(m, outcome))}
}

// same settles a page of which nothing goes downstream.
func (p *pageFetcher) same(state, earlier *pageState, m urlMessage, outcome string) stage.Result {
	if outcome != lookUnchanged {
		// Not the page: what is known of it stays as it was, and the next look
		// takes no 304 for an answer.
		*state = *earlier
		state.ETag, state.LastModified = "", ""
	}
	p.plan(state, m, time.Now())
	return stage.Result{Then: p.saver(state, earlier.NextRevisit, lookOf(m, outcome))}
}

// lookOf is the outcome to count: only revisits are counted, not the entries
// that feeds name again.
func lookOf(m urlMessage, outcome string) string {
	if m.Revisit.IsZero() {
		return ""
	}
	return outcome
}

// pageOut is the message of a page.
func pageOut(page *article.Page) (stage.Out, error) {
	headers, err := page.Headers("zstd")
	if err != nil {
		return stage.Out{}, stage.Permanent("bad_page", err)
	}
	data := bus.Compress(page.Body)
	if len(data) > maxPayload {
		return stage.Out{}, stage.Permanent("too_large", fmt.Errorf("page %s: %d bytes compressed are more than a message holds (%d)", page.FinalURL, len(data), maxPayload))
	}
	return stage.Out{Subject: bus.PageSubject(page.ID), MsgID: page.MsgID(), Header: nats.Header(headers), Data: data}, nil
}

// saver remembers the state of a page, after its message is stored, and queues
// the next look at it. before is when that was planned until now.
func (p *pageFetcher) saver(state *pageState, before time.Time, outcome string) func(context.Context) error {
	return func(ctx context.Context) error {
		switch err := p.pages.save(ctx, state); {
		case bus.IsFull(err):
			// A full memory of pages must not stop new ones. What it costs: the
			// page is not looked at again, and is fetched again if a list names it.
			p.log.Warn("page not remembered: the bucket is full", "url", state.URL, "err", err)
			p.revisits.metrics.count(lookLeftOut)
			p.revisits.settled(pageKey(state.URL))
			return nil
		case errors.Is(err, errConflict):
			// This worker slept, and the next owner of the page was faster: what it
			// noted is newer.
			p.log.Debug("page was settled by another worker", "url", state.URL)
			p.revisits.settled(pageKey(state.URL))
			return nil
		case err != nil:
			return stage.Unavailable(err)
		}
		if outcome != "" {
			p.revisits.metrics.count(outcome)
		}
		p.revisits.saved(state, before)
		return nil
	}
}

// failed decides what becomes of a page that could not be fetched: an answer
// that settles the matter is recorded, a fault that may pass is tried again,
// and what never came right is a dead letter.
func (p *pageFetcher) failed(ctx context.Context, state *pageState, m urlMessage, err error) stage.Result {
	var ferr *fetch.Error
	if !errors.As(err, &ferr) {
		return stage.Result{Err: err}
	}
	state.Error, state.Status = ferr.Class, ferr.Status
	switch {
	case ferr.Temporary:
		return p.again(ctx, state, m, ferr)
	case ferr.Class == fetch.ClassRobots, ferr.Status >= 400 && ferr.Status < 500:
		return p.refused(ctx, state, m, ferr)
	default:
		return stage.Result{Err: stage.Permanent("fetch_"+ferr.Class, err)}
	}
}

// refused settles a page that the publisher does not give. One that was given
// before, and is not found now, may have been taken down; the address of a feed
// that only leads to it proves nothing.
func (p *pageFetcher) refused(ctx context.Context, state *pageState, m urlMessage, ferr *fetch.Error) stage.Result {
	before, outcome, known := state.NextRevisit, "", state.Done
	state.Done, state.Entry = true, m.EntryHash
	p.log.Info("page refused", "id", article.ID(m.URL), "url", m.URL, "class", ferr.Class, "status", ferr.Status, "feed", m.Feed)
	var outs []stage.Out
	if !known && state.PageID == "" && isGone(ferr.Status) {
		p.sites.missed(m.URL, time.Now())
	}
	if state.PageID != "" && state.FinalURL == m.URL && isGone(ferr.Status) {
		now := time.Now()
		var err error
		if outs, outcome, err = p.gone(ctx, state, ferr.Status, now); err != nil {
			return stage.Result{Err: err}
		}
		p.plan(state, m, now)
	}
	return stage.Result{Out: outs, Then: p.saver(state, before, outcome)}
}

func (p *pageFetcher) again(ctx context.Context, state *pageState, m urlMessage, ferr *fetch.Error) stage.Result {
	wait := max(ferr.RetryAfter, min(firstRetry<<state.Attempts, maxRetry))
	if ferr.Class != fetch.ClassThrottled { // being told to wait is no failure of the page
		state.Attempts++
	}
	if state.Attempts >= maxFetchAttempts {
		state.Attempts = 0
		if err := p.pages.save(ctx, state); err != nil {
			return stage.Result{Err: stage.Unavailable(err)}
		}
		return stage.Result{Err: stage.Permanent("fetch_"+ferr.Class, fmt.Errorf("%d attempts: %w", maxFetchAttempts, ferr))}
	}
	if err := p.pages.save(ctx, state); err != nil {
		return stage.Result{Err: stage.Unavailable(err)}
	}
	p.log.Info("page is tried again", "id", article.ID(m.URL), "url", m.URL, "class", ferr.Class, "attempt", state.Attempts, "after", wait)
	return stage.Result{Err: stage.Later(wait, ferr)}
}

// mayBeHTML refuses what is certainly no page; servers that name no type, or
// text/plain, often mean HTML.
func mayBeHTML(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return true
	}
	switch media {
	case "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml", "application/octet-stream":
		return true
	}
	return strings.HasPrefix(media, "text/")
}
