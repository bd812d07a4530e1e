package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/stage"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// The outcomes of a look at a page that was fetched before.
const (
	lookUnchanged = "unchanged"  // the same bytes, or 304
	lookChanged   = "changed"    // other bytes, or other rights; they go downstream
	lookMoved     = "moved"      // it leads to the front page now, which is not the page
	lookGone      = "gone"       // 404 or 410, once or again after a takedown
	lookHeld      = "held"       // the same, but hardly a page of the site is there; the takedown waits
	lookTakenDown = "taken_down" // 404 or 410 for the second time; the takedown goes downstream
	lookReturned  = "returned"   // back after a takedown; it goes downstream
	lookRefused   = "refused"    // robots.txt or another 4xx
	lookFailed    = "failed"     // 5xx, timeout, no connection, not HTML any more
	lookPostponed = "postponed"  // the host has no time for it now
	lookNoArticle = "no_article" // the cleaner found no article; not looked at again
	lookLeftOut   = "left_out"   // more pages than are remembered
)

const (
	// throttledFor is for how long a look waits for a host that wants to be left
	// alone, before it counts as failed.
	throttledFor = 6 * time.Hour
	// minThrottle is the least pause before such a look is tried again.
	minThrottle = 30 * time.Second
	// The hints that are kept with a page for its later versions are shorter
	// than those that travel with a new one.
	maxKeptText  = 300
	maxKeptNames = 5
)

// revisitMetrics count looks.
type revisitMetrics struct{ outcomes *prometheus.CounterVec }

func newRevisitMetrics(reg prometheus.Registerer, waiting func() int) *revisitMetrics {
	m := &revisitMetrics{outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "copydesk_revisits_total",
		Help: "Looks at pages that were fetched before, by outcome: unchanged, changed, moved, gone, held, taken_down, returned, refused, failed, postponed, no_article, left_out.",
	}, []string{"outcome"})}
	for _, outcome := range []string{
		lookUnchanged, lookChanged, lookMoved, lookGone, lookHeld, lookTakenDown, lookReturned, lookRefused, lookFailed,
		lookPostponed, lookNoArticle, lookLeftOut,
	} {
		m.outcomes.WithLabelValues(outcome)
	}
	reg.MustRegister(m.outcomes, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "copydesk_revisits_waiting", Help: "Pages that wait for their next look.",
	}, func() float64 { return float64(waiting()) }))
	return m
}

func (m *revisitMetrics) count(outcome string) { m.outcomes.WithLabelValues(outcome).Inc() }

// revisit looks at a page again, at its final address: an address that only
// leads there may go while the page stays.
func (p *pageFetcher) revisit(ctx context.Context, state *pageState, m urlMessage, part int) stage.Result {
	if !m.Revisit.Equal(state.NextRevisit) {
		// Settled already: a redelivery, or queued twice.
		p.revisits.settled(pageKey(m.URL))
		return stage.Result{}
	}
	if wait := p.revisits.hostBusy(weburl.Host(state.FinalURL), time.Now()); wait > 0 {
		p.revisits.postpone(state, wait)
		return stage.Result{}
	}
	fetchCtx, cancel := p.untilStop(ctx)
	defer cancel()
	resp, err := p.look(fetchCtx, state, m, fetch.Request{
		URL: state.FinalURL, Kind: fetch.KindPage, ETag: state.ETag, LastModified: state.LastModified, Priority: fetch.PriorityRevisit,
	})
	if err == nil {
		return p.fetched(state, m, resp)
	}
	if fetchCtx.Err() != nil {
		return stage.Result{Err: stage.Later(0, err)} // stopping; nothing was decided
	}
	if r, ok := p.interrupted(state, m, part, err); ok {
		return r
	}
	var ferr *fetch.Error
	if !errors.As(err, &ferr) {
		return stage.Result{Err: err}
	}
	return p.missed(ctx, state, m, ferr)
}

// missed settles a look that did not get the page. The article stays what it
// was, except when the page is gone.
func (p *pageFetcher) missed(ctx context.Context, state *pageState, m urlMessage, ferr *fetch.Error) stage.Result {
	now := time.Now()
	if ferr.Class == fetch.ClassThrottled && now.Sub(state.NextRevisit) < throttledFor {
		p.revisits.postpone(state, min(max(ferr.RetryAfter, minThrottle), throttledFor))
		return stage.Result{}
	}
	before := state.NextRevisit
	state.Error, state.Status = ferr.Class, ferr.Status
	outcome := lookFailed
	var outs []stage.Out
	switch {
	case isGone(ferr.Status):
		var err error
		if outs, outcome, err = p.gone(ctx, state, ferr.Status, now); err != nil {
			return stage.Result{Err: err}
		}
	case ferr.Class == fetch.ClassRobots, ferr.Status >= 400 && ferr.Status < 500 && !ferr.Temporary:
		outcome = lookRefused
	}
	p.plan(state, m, now)
	return stage.Result{Out: outs, Then: p.saver(state, before, outcome)}
}

func isGone(status int) bool { return status == http.StatusNotFound || status == http.StatusGone }

// gone notes that a page was found gone. The second time, long enough after
// the first, it is a takedown, unless nothing else of its site is there either.
func (p *pageFetcher) gone(ctx context.Context, state *pageState, status int, now time.Time) ([]stage.Out, string, error) {
	// When the page comes back it is fetched in full, even if it is the same.
	state.ETag, state.LastModified = "", ""
	if state.GoneSince.IsZero() {
		state.GoneSince = now
		p.sites.missed(state.FinalURL, now)
		return nil, lookGone, nil
	}
	if !state.TakenDown.IsZero() || now.Sub(state.GoneSince) < p.revisits.plan.confirm {
		return nil, lookGone, nil
	}
	held, err := p.holds(ctx, state, now)
	switch {
	case err != nil:
		return nil, "", stage.Unavailable(err)
	case held:
		return nil, lookHeld, nil
	}
	state.TakenDown = now
	down := &article.Takedown{Page: state.PageID, URL: state.FinalURL, Status: status, At: now.UTC()}
	headers, body, err := down.Message()
	if err != nil {
		return nil, "", stage.Permanent("bad_takedown", err)
	}
	p.log.Info("page taken down", "id", state.PageID, "url", state.FinalURL, "status", status, "gone_since", state.GoneSince)
	return []stage.Out{{Subject: bus.PageSubject(state.PageID), MsgID: down.MsgID(), Header: nats.Header(headers), Data: body}}, lookTakenDown, nil
}

// plan sets when the page is looked at again, and keeps until then what its
// feed said of it, for the versions that may come.
func (p *pageFetcher) plan(state *pageState, m urlMessage, now time.Time) {
	// A feed that names the page again does not move the look that is planned.
	if !m.Revisit.IsZero() || !state.NextRevisit.After(now) || !state.GoneSince.IsZero() {
		state.NextRevisit = p.revisits.plan.next(state, now)
	}
	if m.archived() {
		state.NextRevisit = time.Time{}
	}
	state.Feed, state.Hints = "", article.Entry{}
	if !state.NextRevisit.IsZero() {
		state.Feed, state.Hints = m.Feed, keptHints(m.Entry)
	}
}

// keptHints returns the part of a feed's hints that the cleaner reads, in
// narrower bounds.
func keptHints(e article.Entry) article.Entry {
	e.Title, e.Summary = clipText(e.Title, maxKeptText), ""
	e.Authors = e.Authors[:min(len(e.Authors), maxKeptNames)]
	return e
}
