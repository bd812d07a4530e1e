package newsroom

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"
)

// feedData is what every format of feed is made from.
type feedData struct {
	o       *outlet
	name    string
	base    string
	self    string
	updated time.Time
	entries []entry
	feeds   []feedSpec
}

// entry is an item of a feed.
type entry struct {
	url, id, title, summary, section string
	authors, tags                    []string
	html                             string // the body as HTML
	published, updated               time.Time
}

// feedFormat is a row of the table of formats.
type feedFormat struct {
	contentType string
	make        func(*feedData) ([]byte, error)
}

// feedFormats is the table of formats. To add one, add a row and a function.
func feedFormats() map[string]feedFormat {
	return map[string]feedFormat{
		"rss2":         {"application/rss+xml; charset=utf-8", makeRSS2},
		"rss091":       {"text/xml", makeRSS091},
		"rss092":       {"text/xml", makeRSS092},
		"rdf":          {"application/rdf+xml", makeRDF},
		"atom":         {"application/atom+xml; charset=utf-8", makeAtom},
		"json":         {"application/feed+json; charset=utf-8", makeJSON},
		"sitemap":      {"application/xml", makeSitemap},
		"newssitemap":  {"application/xml", makeNewsSitemap},
		"sitemapindex": {"application/xml", makeSitemapIndex},
	}
}

// feedContentType is the type as link elements give it.
func feedContentType(format string) string {
	switch format {
	case "atom":
		return "application/atom+xml"
	case "json":
		return "application/feed+json"
	}
	return "application/rss+xml"
}

// feedLength is how many entries a feed has; sitemaps have all.
const feedLength = 60

// generatedFeedPath is the feed of every host of generated pages.
const generatedFeedPath = "/feed.xml"

// feedsOf returns the feeds of a host.
func (n *Newsroom) feedsOf(host string, o *outlet) []feedSpec {
	if _, ok := n.gen.hostNumber(host); ok {
		return []feedSpec{{generatedFeedPath, "rss2", true}}
	}
	return o.feeds
}

func (n *Newsroom) feed(host string, o *outlet, f feedSpec, now time.Time) answer {
	base := n.base(host)
	d := &feedData{
		o: o, name: n.nameOf(host, o), base: base, self: base + f.path, feeds: n.feedsOf(host, o),
		updated: n.hostChanged(host, now).In(o.zone),
	}
	for _, it := range n.itemsOf(host, now) {
		if len(d.entries) == feedLength && f.format != "sitemap" {
			break
		}
		if it.private && f.format != "rss091" {
			continue // one feed is careless enough to name what robots.txt forbids
		}
		d.entries = append(d.entries, n.entry(it, now))
	}
	format := feedFormats()[f.format]
	body, err := format.make(d)
	if err != nil {
		return answer{http.StatusInternalServerError, "text/plain; charset=utf-8", []byte(err.Error()), time.Time{}, ""}
	}
	return answer{http.StatusOK, format.contentType, body, d.updated, ""}
}

func (n *Newsroom) entry(it *item, now time.Time) entry {
	title, standfirst := it.headline(now)
	url := n.url(it)
	e := entry{
		url: url + it.outlet.house.track, id: url, title: title, summary: standfirst, section: it.section,
		authors: it.authors(), tags: it.story.tags,
		published: it.published.In(it.outlet.zone), updated: it.updated(now).In(it.outlet.zone),
	}
	if !it.story.teaser && it.story.lazy == nil {
		e.html = "<p>" + xmlEscape(it.content(now).blocks[0].Text) + "</p>"
	}
	return e
}

func xmlEscape(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) //nolint:errcheck // a buffer never fails
	return b.String()
}

// marshal writes an XML document.
func marshal(v any) ([]byte, error) {
	data, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode feed: %w", err)
	}
	return append([]byte(xml.Header), append(data, '\n')...), nil
}
