package app

import (
	"context"
	"fmt"
	"mime"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// siteCheck is what `copydesk feeds check` finds out of a site that is read
// through its sitemaps.
type siteCheck struct {
	Named  string   `json:"named"`  // where they are named: robots.txt, or the sitemap itself
	Count  int      `json:"count"`  // how many are
	Chosen []string `json:"chosen"` // those that are read
}

// String says so in a line.
func (c *siteCheck) String() string {
	if c == nil {
		return ""
	}
	text := "reads " + c.Chosen[0]
	if more := len(c.Chosen) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if isRobotsFile(c.Named) {
		text += fmt.Sprintf(", of %d sitemaps in robots.txt", c.Count)
	}
	return text
}

// maxSiteTries is how many sitemaps of a site are tried to find one that can be
// read.
const maxSiteTries = 3

// trySite finds the sitemaps of a site, and reads the first of those that would
// be polled.
func (r *feedCheck) trySite(ctx context.Context, f *fetch.Fetcher, site string) {
	named, refs, err := sitemapsOfSite(ctx, f, site, fetch.PriorityFresh)
	if err != nil {
		r.failed(err)
		return
	}
	r.Robots = "allowed"
	chosen := refs
	if news, _ := splitNews(refs, nil); len(news) > 0 {
		chosen = news
	}
	r.Site = &siteCheck{Named: named, Count: len(refs)}
	for _, ref := range chosen {
		r.Site.Chosen = append(r.Site.Chosen, clipText(ref.URL, maxHint))
	}
	for _, ref := range chosen[:min(len(chosen), maxSiteTries)] {
		var resp *fetch.Response
		var parsed *feed.Feed
		if resp, err = f.Fetch(ctx, fetch.Request{URL: ref.URL, Kind: fetch.KindFeed}); err != nil {
			continue
		}
		if parsed, err = feed.Parse(resp.Body, resp.FinalURL, resp.ContentType); err != nil {
			continue
		}
		r.Status = resp.Status
		r.Declared, _, _ = mime.ParseMediaType(resp.ContentType)
		r.parsed(parsed)
		r.robotsOfPages(ctx, f, parsed)
		return
	}
	r.failed(fmt.Errorf("none of its sitemaps can be read, the last one: %w", err))
}
