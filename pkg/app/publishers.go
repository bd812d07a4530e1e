package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxSites bounds the sites that a process counts between two writes.
	maxSites = 20_000
	// siteFlush is how often changes are written, siteRefresh how often the
	// record of a site that is well is.
	siteFlush   = 10 * time.Second
	siteRefresh = 10 * time.Minute
	// maxSiteWrites bounds the records written at once.
	maxSiteWrites = 100
)

// publishers counts how sites let us in, and writes that down now and then. It
// is bounded in sites and in writes; what does not fit is left out.
type publishers struct {
	bus     *bus.Bus
	log     *slog.Logger
	changes *prometheus.CounterVec

	mu    sync.Mutex
	sites map[string]*siteNews
}

func newPublishers(b *bus.Bus, log *slog.Logger, reg prometheus.Registerer) *publishers {
	changes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "copydesk_publisher_changes_total",
		Help: "Sites that changed how they let us in, by the state that they came to: ok, blocked, failing, missing, teasers.",
	}, []string{"state"})
	var twice prometheus.AlreadyRegisteredError
	if err := reg.Register(changes); errors.As(err, &twice) {
		changes = twice.ExistingCollector.(*prometheus.CounterVec) // ingest and normalize in one process
	}
	for _, state := range []string{siteOK, siteBlocked, siteFailing, siteMissing, siteTeasers} {
		changes.WithLabelValues(state)
	}
	return &publishers{bus: b, log: log, changes: changes, sites: map[string]*siteNews{}}
}

// of returns the news of a URL's site, nil if there is no room for it.
func (p *publishers) of(url string) *siteNews {
	site := weburl.Site(url)
	n := p.sites[site]
	if n == nil && site != "" && len(p.sites) < maxSites {
		n = &siteNews{}
		p.sites[site] = n
	}
	return n
}

// fetched notes how a fetch ended; it is the Report of a fetcher.
func (p *publishers) fetched(req fetch.Request, resp *fetch.Response, err *fetch.Error) {
	kind, why, counts := fetchKind(err)
	if !counts {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.of(req.URL)
	if n == nil {
		return
	}
	now := time.Now()
	part := &n.pages
	if req.Kind == fetch.KindFeed {
		part = &n.feeds
	} else if resp != nil {
		n.lastOK = now
		n.looked(lookNews{at: now})
	}
	part.ended(kind, why, now)
	n.changed = true
	n.urgent = n.urgent || kind != "" || n.state != siteOK
}

// read notes what a page held.
func (p *publishers) read(url string, access article.Access, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.of(url)
	switch {
	case n == nil, access == article.Soft404:
		return
	case access == article.Challenge, access == article.Consent:
		n.empty.ended(siteBlocked, string(access), at)
		n.urgent = true
	default:
		n.empty.ended("", "", at)
		n.texts = append(n.texts, textNews{access, at})
		if extra := len(n.texts) - teaserWindow; extra > 0 {
			n.texts = n.texts[extra:]
		}
		n.urgent = n.urgent || access != article.Full || n.state != siteOK
	}
	n.changed = true
}

// run writes what changed until ctx ends, and once more then.
func (p *publishers) run(ctx context.Context) {
	ticker := time.NewTicker(siteFlush)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			p.flush(last)
			return
		case <-ticker.C:
			p.flush(ctx)
		}
	}
}

// flush writes the records of sites whose state may have changed, and now and
// then those of the others.
func (p *publishers) flush(ctx context.Context) {
	due := p.due(time.Now())
	if len(due) == 0 {
		return
	}
	store, err := openBucket(ctx, p.bus, bus.BucketSites)
	if err != nil {
		p.log.Warn("state of publishers not written", "err", err)
		return // the counts of this round are lost, nothing else
	}
	for site, n := range due {
		state, err := p.write(ctx, store, site, n)
		switch {
		case err == nil:
		case bus.IsFull(err):
			p.log.Warn("state of publishers not written: the bucket is full", "site", site)
			return
		case !errors.Is(err, errConflict):
			if ctx.Err() == nil {
				p.log.Warn("state of publisher not written", "site", site, "err", err)
			}
			return
		}
		p.mu.Lock()
		if left := p.sites[site]; left != nil {
			left.state = state
		}
		p.mu.Unlock()
	}
}

// due takes what is to be written now. Sites of which nothing was heard for a
// while are forgotten.
func (p *publishers) due(now time.Time) map[string]*siteNews {
	p.mu.Lock()
	defer p.mu.Unlock()
	due := map[string]*siteNews{}
	for site, n := range p.sites {
		old := now.Sub(n.written) >= siteRefresh
		switch {
		case n.changed && (n.urgent || old) && len(due) < maxSiteWrites:
			due[site] = n
			p.sites[site] = &siteNews{written: now, state: n.state}
		case old && !n.changed:
			delete(p.sites, site)
		}
	}
	return due
}

// write adds news to the record of a site. Several workers may know of one, so
// it is written by compare-and-set.
func (p *publishers) write(ctx context.Context, store bucket, site string, n *siteNews) (string, error) {
	key := article.ID(site)
	var err error
	for range 3 {
		s := &siteState{}
		var revision uint64
		if revision, err = store.getJSON(ctx, key, s); err != nil {
			return "", err
		}
		before, _, _ := s.verdict() // that of a new site is ok
		s.Site = site
		s.seen(n)
		var data []byte
		if data, err = json.Marshal(s); err != nil {
			return "", fmt.Errorf("encode state of site %s: %w", site, err)
		}
		if _, err = store.swap(ctx, key, data, revision); err == nil {
			state, _, why := s.verdict()
			if state != before {
				p.changes.WithLabelValues(state).Inc()
				p.log.Info("publisher changed", "site", site, "state", state, "why", why)
			}
			return state, nil
		}
		if !errors.Is(err, errConflict) {
			break
		}
	}
	return "", fmt.Errorf("save state of site %s: %w", site, err)
}

// allSites returns the records of all sites, in no order.
func allSites(ctx context.Context, store bucket) ([]*siteState, error) {
	var sites []*siteState
	err := store.each(ctx, func(entry jetstream.KeyValueEntry) error {
		s := &siteState{}
		if json.Unmarshal(entry.Value(), s) == nil && s.Site != "" {
			sites = append(sites, s)
		}
		return nil
	})
	return sites, err
}
