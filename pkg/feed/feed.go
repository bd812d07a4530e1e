// Package feed reads what names pages: feeds (RSS 0.9x, 1.0 and 2.0, Atom, JSON
// Feed), sitemaps (plain, news, index), and the operator's own lists of feeds
// and pages (text, OPML, YAML).
//
// What comes from the web is broken more often than not, so [Parse] repairs the
// bytes before it hands them to the format parsers, bounds everything that a
// feed can make large, and reports what it had to give up as a warning. What
// the operator wrote is not repaired: [ReadList] and [ReadURLs] say which line
// is wrong.
//
// A new feed format is a row in the table of formats and a reader beside rss.go.
package feed

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// ErrNotFeed marks bytes that are no feed. The text of the error says what they
// look like; [IsHTML] tells whether [Discover] can find a feed in them.
var ErrNotFeed = errors.New("feed: not a feed")

// The limits of what a feed may make large.
const (
	maxBytes   = 10 << 20 // of a feed or list, decompressed
	maxEntries = 50_000   // of a feed or sitemap
	maxText    = 1_000    // characters of a title or summary that is kept
	maxAuthors = 20
	fullText   = 1_500 // bytes of content, markup included, from which on an entry brings its text along
)

// Formats, the values of [Feed.Format].
const (
	FormatRSS          = "rss"
	FormatRDF          = "rdf" // RSS 0.90 and 1.0
	FormatAtom         = "atom"
	FormatJSON         = "json"
	FormatSitemap      = "sitemap"
	FormatNewsSitemap  = "news_sitemap"
	FormatSitemapIndex = "sitemap_index"
)

// Feed is what a feed or sitemap says.
type Feed struct {
	Format   string // one of the Format constants
	Title    string
	Link     string        // the web page that the feed belongs to
	Language string        // BCP 47 as far as the feed gives one
	Hubs     []string      // WebSub hubs, the publisher's first choice in front
	Self     string        // what the feed calls its own address; the topic of its hubs
	TTL      time.Duration // how long the publisher asks to wait between polls; 0 if not said
	Skip     Skip          // when the publisher says that nothing comes
	Entries  []Entry       // in the order of the feed, one for each URL
	FullText int           // how many entries bring the text of their page along
	Sitemaps []SitemapRef  // of a sitemap index
	Warnings []string      // what was repaired or given up, for people
}

// Entry is one page that a feed names. The embedded [article.Entry] is plain
// text of bounded length.
type Entry struct {
	URL string // absolute, http or https
	ID  string // what the feed calls it; the URL where it gives no id
	article.Entry
}

// Hash returns a hash that changes when the URL, the title or a date of the
// entry does.
func (e Entry) Hash() string {
	dates := strconv.FormatInt(e.Published.Unix(), 10) + " " + strconv.FormatInt(e.Updated.Unix(), 10)
	return article.ContentHash(e.URL+"\x00"+e.Title, dates)
}

// SitemapRef is a sitemap that a sitemap index names.
type SitemapRef struct {
	URL          string
	LastModified time.Time // zero if not said
}

// Parse reads a feed or sitemap. baseURL is where it came from: what relative
// links of it refer to. contentType is the HTTP header, or "". Errors wrap
// [ErrNotFeed]; a feed without entries is none.
func Parse(data []byte, baseURL, contentType string) (*Feed, error) {
	data, warnings, err := inflate(data)
	if err != nil {
		return nil, err
	}
	text, _, decodeWarnings := textnorm.Decode(trimStart(data), contentType)
	p := &parser{base: baseURL, feed: &Feed{}, seen: map[string]struct{}{}}
	p.warn(append(warnings, decodeWarnings...)...)
	if err := p.parse(text); err != nil {
		return nil, err
	}
	return p.feed, nil
}

// parser carries one call of Parse.
type parser struct {
	base  string // what relative links refer to
	feed  *Feed
	seen  map[string]struct{} // URLs of the entries
	noURL int                 // entries without a usable URL
	dates dateReader
}

// parse recognises the format of text and reads it.
func (p *parser) parse(text []byte) error {
	text = trimStart(text)
	if err := p.read(text); err != nil {
		return err
	}
	p.newest()
	if p.noURL > 0 {
		p.warn(fmt.Sprintf("entries without a web address: %d", p.noURL))
	}
	return nil
}

// read hands text to the reader of its format.
func (p *parser) read(text []byte) error {
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		return p.parseJSON(text)
	case isWebAddress(string(text[:min(len(text), 16)])) && p.parseText(text):
		return nil
	}
	doc, err := p.repair(text)
	if err != nil {
		return err
	}
	p.feed.FullText = doc.fullText
	return doc.format.read(p, doc)
}

// format is what is known of an XML format: its root element, the element that
// is one entry, how many of those are read, and what reads them.
type format struct {
	root, entry string
	limit       int
	read        func(*parser, *document) error
}

// formats is the table of XML formats.
func formats() []format {
	return []format{
		{"rss", "item", maxEntries, (*parser).parseRSS},
		{"rdf", "item", maxEntries, (*parser).parseRSS},
		{"feed", "entry", maxEntries, (*parser).parseAtom},
		{"urlset", "url", maxSitemapURLs, (*parser).parseSitemap},
		{"sitemapindex", "sitemap", maxEntries, (*parser).parseSitemapIndex},
	}
}

// formatOf returns the format with this root element, or nil.
func formatOf(root string) *format {
	for _, f := range formats() {
		if f.root == root {
			return &f
		}
	}
	return nil
}

func (p *parser) warn(warnings ...string) {
	p.feed.Warnings = append(p.feed.Warnings, warnings...)
}

// add keeps an entry whose URL is one of links, the first that can be used. It
// drops an entry whose URL the feed named before.
func (p *parser) add(e Entry, links ...string) {
	for _, link := range links {
		if e.URL = p.resolve(link); e.URL != "" {
			break
		}
	}
	if e.URL == "" {
		p.noURL++
		return
	}
	if _, dup := p.seen[e.URL]; dup {
		return
	}
	p.seen[e.URL] = struct{}{}
	if e.ID == "" {
		e.ID = e.URL
	}
	if e.Language == "" {
		e.Language = p.feed.Language
	}
	p.feed.Entries = append(p.feed.Entries, e)
}
