package app

import (
	"context"
	"errors"
	"math/bits"
	"net/url"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// A publisher whose system is broken answers 404 for every page. That is no
// reason to withdraw what was fetched from it in weeks.

const (
	// missingWindow is how many of the last looks at pages of a site count;
	// minMissingLooks of them must be there, and missingShare in a hundred of
	// them have found nothing, for the site to be missing.
	missingWindow   = 10
	minMissingLooks = 8
	missingShare    = 80
	// missingRow is how many looks in a row that found nothing are reason to ask
	// for the front page.
	missingRow = 2
	// maxHeld is for how long a takedown is held. The look after that withdraws
	// the article: by then a publisher has mended its system, or means it.
	maxHeld = giveUpConfirming
)

// lookRow is how the last looks at pages of a site ended. A page that stays away
// counts once, however often it is looked at.
type lookRow struct {
	Gone  uint16    `json:"gone,omitempty"` // the latest in bit 0: 1 is 404 or 410
	Count int       `json:"count,omitempty"`
	Since time.Time `json:"since,omitzero"` // first of those that found nothing
}

type lookNews struct {
	gone bool
	at   time.Time
}

func (r *lookRow) add(n lookNews) {
	r.Gone = r.Gone << 1 & (1<<missingWindow - 1)
	r.Count = min(r.Count+1, missingWindow)
	switch {
	case n.gone:
		r.Gone |= 1
		if r.Since.IsZero() {
			r.Since = n.at
		}
	case !r.missing():
		r.Since = time.Time{}
	}
}

// missing reports whether hardly a page of the site is there.
func (r *lookRow) missing() bool {
	return r.Count >= minMissingLooks && bits.OnesCount16(r.Gone)*100 >= r.Count*missingShare
}

// doubtful reports whether the last looks all found nothing.
func (r *lookRow) doubtful() bool {
	const row = 1<<missingRow - 1
	return r.Gone&row == row
}

// missed notes that a page of a site was found gone.
func (p *publishers) missed(url string, at time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := p.of(url); n != nil {
		n.looked(lookNews{gone: true, at: at})
		n.changed = true
	}
}

// looked notes a look that says whether pages of the site are there.
func (n *siteNews) looked(l lookNews) {
	n.looks = append(n.looks, l)
	if extra := len(n.looks) - missingWindow; extra > 0 {
		n.looks = n.looks[extra:]
	}
	n.urgent = n.urgent || l.gone
}

// looks returns how the last looks at a site ended, those included that are not
// written yet.
func (p *publishers) looks(ctx context.Context, url string) (lookRow, error) {
	store, err := openBucket(ctx, p.bus, bus.BucketSites)
	if err != nil {
		return lookRow{}, err
	}
	site := weburl.Site(url)
	s := &siteState{}
	if _, err := store.getJSON(ctx, article.ID(site), s); err != nil {
		return lookRow{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := p.sites[site]; n != nil {
		for _, l := range n.looks {
			s.Looks.add(l)
		}
	}
	return s.Looks, nil
}

// holds reports whether the takedown of a page that was found gone for the
// second time waits, because its site gives nothing at all.
func (p *pageFetcher) holds(ctx context.Context, state *pageState, now time.Time) (bool, error) {
	if p.sites == nil || now.Sub(state.GoneSince) >= maxHeld {
		return false, nil
	}
	row, err := p.sites.looks(ctx, state.FinalURL)
	if err != nil {
		return false, err
	}
	held := row.missing() || row.doubtful() && p.frontPageAway(ctx, state.FinalURL)
	if held {
		p.log.Warn("takedown held: hardly a page of its site is there", "id", state.PageID, "url", state.FinalURL,
			"gone_since", state.GoneSince, "held_at_most", maxHeld)
	}
	return held, nil
}

// frontPageAway asks for the front page of a page's host, and reports whether
// it is gone or cannot be had now; then a later look decides.
func (p *pageFetcher) frontPageAway(ctx context.Context, pageURL string) bool {
	u, err := url.Parse(pageURL)
	if err != nil {
		return false
	}
	front := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}).String()
	ctx, cancel := p.untilStop(ctx)
	defer cancel()
	_, err = p.fetcher.Fetch(ctx, fetch.Request{URL: front, Kind: fetch.KindPage, Priority: fetch.PriorityRevisit})
	var ferr *fetch.Error
	if !errors.As(err, &ferr) {
		return false
	}
	leads := ferr.Class == fetch.ClassElsewhere && ferr.Elsewhere != front // to another worker's host
	return isGone(ferr.Status) || ferr.Temporary && !leads
}
