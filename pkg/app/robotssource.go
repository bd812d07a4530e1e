package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// formatRobots is the format of a source that is read through the sitemaps that
// a robots.txt names.
const formatRobots = "robots"

// isRobotsFile reports whether an address is that of a robots.txt.
func isRobotsFile(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Path == "/robots.txt" && u.RawQuery == ""
}

// onSite returns the address of a file at the root of a site.
func onSite(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: name}).String()
}

// siteSitemaps returns how a site is read whose front page names no feed: the
// address of its robots.txt, if that names sitemaps, else /sitemap.xml if there
// is one. notFeed is what the page was taken for.
func (p *feedPoller) siteSitemaps(ctx context.Context, page string, notFeed error) (string, error) {
	if !isFrontPage(page) {
		return "", fmt.Errorf("%w: %w", notFeed, errNoFeedLink)
	}
	address, _, err := sitemapsOfSite(ctx, p.fetcher, page, fetch.PriorityFresh)
	return address, err
}

// sitemapsOfSite returns where the sitemaps of a site are named, and which they
// are: in robots.txt, else /sitemap.xml by itself.
func sitemapsOfSite(ctx context.Context, f *fetch.Fetcher, site string, priority fetch.Priority) (address string, refs []feed.SitemapRef, err error) {
	address = onSite(site, "/robots.txt")
	rules, err := f.Robots(ctx, address)
	if err != nil {
		return "", nil, err
	}
	if refs = sitemapRefs(rules); len(refs) > 0 {
		return address, refs, nil
	}
	address = onSite(site, "/sitemap.xml")
	resp, err := f.Fetch(ctx, fetch.Request{URL: address, Kind: fetch.KindFeed, Priority: priority})
	if err == nil {
		_, err = feed.Parse(resp.Body, resp.FinalURL, resp.ContentType)
	}
	var ferr *fetch.Error
	if errors.Is(err, feed.ErrNotFeed) || errors.As(err, &ferr) && (ferr.Status == http.StatusNotFound || ferr.Status == http.StatusGone) {
		return "", nil, errNoSitemaps
	}
	if err != nil {
		return "", nil, err
	}
	return address, []feed.SitemapRef{{URL: address}}, nil
}

// errNoSitemaps says that a site cannot be read by its address alone.
var errNoSitemaps = fmt.Errorf("%w: the site names no feed on its front page and no sitemap in its robots.txt, and has no /sitemap.xml; give the address of a feed or sitemap", feed.ErrNotFeed)

// sitemapRefs returns the sitemaps that a robots.txt names, each once.
func sitemapRefs(rules *fetch.Robots) []feed.SitemapRef {
	var refs []feed.SitemapRef
	for _, s := range rules.Sitemaps {
		if !slices.ContainsFunc(refs, func(r feed.SitemapRef) bool { return r.URL == s }) {
			refs = append(refs, feed.SitemapRef{URL: s})
		}
	}
	return refs
}

// readRobots reads the sitemaps that a robots.txt names, as if it were an index
// of them. The fetcher keeps the file for a day.
func (p *feedPoller) readRobots(ctx context.Context, state *feedState) (found, error) {
	rules, err := p.fetcher.Robots(ctx, state.target())
	if err != nil {
		return found{}, err
	}
	refs := sitemapRefs(rules)
	if len(refs) == 0 {
		address, _, err := sitemapsOfSite(ctx, p.fetcher, state.target(), fetch.PriorityFresh)
		if err != nil {
			return found{}, err
		}
		state.Resolved, state.Via, state.ETag, state.LastModified = address, "", "", ""
		return p.read(ctx, state)
	}
	w := p.newWalk(state, found{poll: cadence.Poll{At: time.Now()}})
	if err := w.index(ctx, state.target(), refs, 1, w.cold()); err != nil {
		return found{}, err
	}
	return w.got, w.finish(ctx, formatRobots)
}

// giveUpNews is after how many failures in a row a news sitemap is none any more.
const giveUpNews = 3

// splitNews returns the news sitemaps among others, and those. Where there are
// news sitemaps they alone are read: what is new stands there too, and the others
// list what is old.
func splitNews(refs []feed.SitemapRef, notes map[string]sitemapNote) (news, rest []feed.SitemapRef) {
	for _, ref := range refs {
		if isNews(ref.URL, notes[ref.URL]) {
			news = append(news, ref)
		} else {
			rest = append(rest, ref)
		}
	}
	return news, rest
}

// isNews tells a news sitemap by what it was when it was read, else by its name.
func isNews(address string, note sitemapNote) bool {
	switch {
	case note.Failures >= giveUpNews:
		return false
	case note.Format == feed.FormatNewsSitemap:
		return true
	case note.Format == feed.FormatSitemap:
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	name := strings.ToLower(u.Path[strings.LastIndexByte(u.Path, '/')+1:])
	words := strings.FieldsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' })
	return slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains([]string{"news", "googlenews", "newssitemap", "sitemapnews", "sitemapgooglenews"}, word)
	})
}

// areNews reports whether one of the sitemaps that were taken for news is, or may
// be: an index, one on another host, or one that is still to be read.
func (w *sitemapWalk) areNews(refs []feed.SitemapRef) bool {
	return slices.ContainsFunc(refs, func(ref feed.SitemapRef) bool {
		note := w.notes[ref.URL]
		return note == nil || note.Format != feed.FormatSitemap && note.Failures < giveUpNews
	})
}
