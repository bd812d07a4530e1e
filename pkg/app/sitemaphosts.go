package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxHosted bounds the sitemaps of other hosts that one tree makes sources.
	maxHosted = 50
	// maxHostedDepth is how many parents such a source has at most.
	maxHostedDepth = 2
)

// A sitemap on a host of another partition must be asked for by the worker that
// owns it. So it becomes a source of its own, with its parent's address, and is
// scheduled like any other. It is retired when its parent no longer names it or
// is retired itself, unless a list names it too or it was imported.

// elsewhere notes a sitemap that is another worker's to read.
func (w *sitemapWalk) elsewhere(url string) {
	canonical, err := weburl.Canonical(url)
	if err != nil || canonical == w.state.URL || slices.Contains(w.away, canonical) {
		return
	}
	if w.state.Depth >= maxHostedDepth || len(w.away) >= maxHosted {
		w.beyond++
		w.p.log.Debug("sitemap of another host left out: too many, or too deep", "feed", w.state.URL, "sitemap", url)
		return
	}
	w.away = append(w.away, canonical)
}

// adopt makes sources of the sitemaps of other hosts, and retires those that are
// no longer named.
func (w *sitemapWalk) adopt(ctx context.Context) error {
	hosted := slices.Clone(w.away)
	for _, url := range w.away {
		if err := w.p.adopt(ctx, w.state, url); err != nil {
			return fmt.Errorf("make sitemap %s a source: %w", url, err)
		}
	}
	for _, url := range w.state.Hosted {
		if slices.Contains(hosted, url) {
			continue
		}
		if w.closed > 0 || w.left+w.failed > 0 {
			hosted = append(hosted, url) // an index that was not looked into may name it
			continue
		}
		if err := w.p.abandon(ctx, w.state, url); err != nil {
			return fmt.Errorf("retire sitemap %s: %w", url, err)
		}
	}
	w.state.Hosted = hosted[:min(len(hosted), 2*maxHosted)]
	return nil
}

// adopt makes a source of a sitemap, if it is none.
func (p *feedPoller) adopt(ctx context.Context, parent *feedState, url string) error {
	s, err := p.feeds.load(ctx, url)
	if err != nil || s.revision != 0 && s.State != feedRetired {
		return err
	}
	s.Parent, s.Depth = parent.URL, parent.Depth+1
	s.revive()
	p.log.Info("sitemap of another host is a source of its own", "feed", parent.URL, "sitemap", url)
	return p.saveUnless(ctx, s)
}

// abandon retires a source that it made.
func (p *feedPoller) abandon(ctx context.Context, parent *feedState, url string) error {
	s, err := p.feeds.load(ctx, url)
	if err != nil || s.Parent != parent.URL || s.State == feedRetired {
		return err
	}
	s.Parent, s.Depth = "", 0
	if !s.Managed && len(s.Lists) == 0 {
		s.State = feedRetired
	}
	return p.saveUnless(ctx, s)
}

// saveUnless saves a state, unless another worker changed it: the next poll
// looks again.
func (p *feedPoller) saveUnless(ctx context.Context, s *feedState) error {
	if err := p.feeds.save(ctx, s); err != nil && !errors.Is(err, errConflict) {
		return err
	}
	return nil
}

// revive makes a feed one that is polled. It reads its tree anew, so that it finds
// the sitemaps again that were retired with it.
func (s *feedState) revive() {
	s.State = feedNew
	if len(s.Hosted) > 0 {
		s.ETag, s.LastModified, s.Children = "", "", nil
	}
}

// orphan reports whether a source was made of a sitemap whose index is polled no
// more.
func (b *feedBrief) orphan(all map[string]*feedBrief) bool {
	parent := all[b.Parent]
	return parent == nil || parent.State == feedRetired
}
