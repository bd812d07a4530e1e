package feed

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/mmcdole/gofeed/rss"
)

// parseRSS reads RSS 0.9x, 1.0 (RDF) and 2.0.
func (p *parser) parseRSS(doc *document) error {
	parsed, err := new(rss.Parser).Parse(bytes.NewReader(doc.bytes))
	if err != nil {
		return notFeed("RSS that cannot be repaired: " + oneLine(err.Error()))
	}
	f := p.feed
	f.Format = FormatRSS
	if doc.root == "rdf" {
		f.Format = FormatRDF
	}
	dc := parsed.DublinCoreExt
	f.Title = plain(firstOf(parsed.Title, dcValue(dc, "title")))
	f.Language = language(firstOf(parsed.Language, dcValue(dc, "language")))
	f.Link = p.resolve(firstOf(append(parsed.Links, atomLink(parsed.Extensions, "alternate"))...))
	for _, prefix := range atomPrefixes {
		for _, link := range parsed.Extensions[prefix]["link"] {
			if strings.EqualFold(link.Attrs["rel"], "hub") {
				p.addHub(link.Attrs["href"])
			}
		}
	}
	f.Self = p.resolve(atomLink(parsed.Extensions, "self"))
	f.TTL = timeToLive(parsed.TTL, parsed.Extensions)
	f.Skip = skip(parsed.SkipHours, parsed.SkipDays)
	p.dates.language = f.Language
	if f.Link != "" {
		// Relative links of RSS are written with the web site in mind.
		p.base = f.Link
	}
	for _, item := range parsed.Items {
		p.addItem(item)
	}
	return nil
}

// addItem keeps one item of an RSS feed.
func (p *parser) addItem(item *rss.Item) {
	e := Entry{}
	links := []string{extValue(item.Extensions, "feedburner", "origLink")}
	links = append(links, item.Links...)
	links = append(links, atomLink(item.Extensions, "alternate"))
	if guid := item.GUID; guid != nil {
		e.ID = oneLine(guid.Value)
		if isWebAddress(guid.Value) || strings.HasPrefix(strings.TrimSpace(guid.Value), "/") && !strings.EqualFold(guid.IsPermalink, "false") {
			// Even one that is no permanent link is better than none.
			links = append(links, guid.Value)
		}
	}
	dc := item.DublinCoreExt
	e.Title = plain(firstOf(item.Title, dcValue(dc, "title")))
	e.Summary = plain(firstOf(item.Description, dcValue(dc, "description"), atomValue(item.Extensions, "summary")))
	e.Published = p.dates.first(item.PubDate, dcValue(dc, "date"), atomValue(item.Extensions, "published"),
		extValue(item.Extensions, "dcterms", "issued"), extValue(item.Extensions, "dcterms", "created"), item.Custom["published"])
	e.Updated = p.dates.first(atomValue(item.Extensions, "updated"), extValue(item.Extensions, "dcterms", "modified"), item.Custom["updated"])
	e.Authors = itemAuthors(item)
	e.Language = language(dcValue(dc, "language"))
	if item.Source != nil {
		e.Publisher = plain(item.Source.Title)
	}
	if e.Publisher == "" {
		e.Publisher = plain(dcValue(dc, "publisher"))
	}
	p.add(e, links...)
}

// itemAuthors returns the authors of an item from the first element that names
// any.
func itemAuthors(item *rss.Item) []string {
	var names []string
	if dc := item.DublinCoreExt; dc != nil {
		if names = authors(append(dc.Creator, dc.Author...)...); len(names) > 0 {
			return names
		}
	}
	if names = authors(item.Author); len(names) > 0 {
		return names
	}
	for _, prefix := range atomPrefixes {
		for _, author := range item.Extensions[prefix]["author"] {
			for _, name := range author.Children["name"] {
				names = append(names, name.Value)
			}
		}
	}
	if item.ITunesExt != nil {
		names = append(names, item.ITunesExt.Author)
	}
	return authors(names...)
}

// atomPrefixes are the keys under which gofeed files Atom elements in RSS.
var atomPrefixes = [...]string{"atom", "atom10", "atom03"}

// atomLink returns the address of the first Atom link with that relation.
func atomLink(extensions ext.Extensions, rel string) string {
	for _, prefix := range atomPrefixes {
		for _, link := range extensions[prefix]["link"] {
			if got := link.Attrs["rel"]; strings.EqualFold(got, rel) || got == "" && rel == "alternate" {
				return link.Attrs["href"]
			}
		}
	}
	return ""
}

// atomValue returns the text of the first Atom element of that name.
func atomValue(extensions ext.Extensions, name string) string {
	for _, prefix := range atomPrefixes {
		if v := extValue(extensions, prefix, name); v != "" {
			return v
		}
	}
	return ""
}

// extValue returns the text of the first extension element of that name.
func extValue(extensions ext.Extensions, prefix, name string) string {
	for _, e := range extensions[prefix][name] {
		if e.Value != "" {
			return e.Value
		}
	}
	return ""
}

// dcValue returns the first value of a Dublin Core element.
func dcValue(dc *ext.DublinCoreExtension, name string) string {
	if dc == nil {
		return ""
	}
	switch name {
	case "title":
		return firstOf(dc.Title...)
	case "language":
		return firstOf(dc.Language...)
	case "description":
		return firstOf(dc.Description...)
	case "date":
		return firstOf(dc.Date...)
	case "publisher":
		return firstOf(dc.Publisher...)
	}
	return ""
}

// maxTTL bounds what a feed may ask for; more is a mistake of units.
const maxTTL = 7 * 24 * time.Hour

// timeToLive returns how long a feed asks to wait between two polls: ttl
// minutes, or what the syndication module says.
func timeToLive(ttl string, extensions ext.Extensions) time.Duration {
	if minutes, err := strconv.Atoi(strings.TrimSpace(ttl)); err == nil && minutes > 0 {
		return min(time.Duration(min(minutes, 1<<20))*time.Minute, maxTTL)
	}
	var period time.Duration
	switch strings.ToLower(strings.TrimSpace(extValue(extensions, "sy", "updatePeriod"))) {
	case "hourly":
		period = time.Hour
	case "daily":
		period = 24 * time.Hour
	case "weekly":
		period = 7 * 24 * time.Hour
	case "monthly":
		period = 30 * 24 * time.Hour
	case "yearly":
		period = 365 * 24 * time.Hour
	default:
		return 0
	}
	if n, err := strconv.Atoi(strings.TrimSpace(extValue(extensions, "sy", "updateFrequency"))); err == nil && n > 0 {
		period /= time.Duration(n)
	}
	return min(period, maxTTL)
}

// firstOf returns the first string that is not blank.
func firstOf(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}
