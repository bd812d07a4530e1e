package feed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxSitemapURLs bounds what is read of a sitemap before the newest are chosen.
const maxSitemapURLs = 200_000

// sitemapURL is one <url> of a sitemap, with the news extension.
type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod"`
	News    *struct {
		Publication struct {
			Name     string `xml:"name"`
			Language string `xml:"language"`
		} `xml:"publication"`
		PublicationDate string `xml:"publication_date"`
		Title           string `xml:"title"`
	} `xml:"news"`
}

// parseSitemap reads a sitemap or a news sitemap.
func (p *parser) parseSitemap(doc *document) error {
	p.feed.Format = FormatSitemap
	return decodeEach(doc, "url", func(dec *xml.Decoder, start *xml.StartElement) error {
		var u sitemapURL
		if err := dec.DecodeElement(&u, start); err != nil {
			return err
		}
		e := Entry{}
		e.Updated = p.dates.first(u.LastMod)
		if n := u.News; n != nil {
			p.feed.Format = FormatNewsSitemap
			e.Title = plain(n.Title)
			e.Published = p.dates.first(n.PublicationDate)
			e.Publisher = plain(n.Publication.Name)
			e.Language = language(n.Publication.Language)
		}
		p.add(e, u.Loc)
		return nil
	})
}

// parseSitemapIndex reads a list of sitemaps.
func (p *parser) parseSitemapIndex(doc *document) error {
	p.feed.Format = FormatSitemapIndex
	return decodeEach(doc, "sitemap", func(dec *xml.Decoder, start *xml.StartElement) error {
		var u sitemapURL
		if err := dec.DecodeElement(&u, start); err != nil {
			return err
		}
		url := p.resolve(u.Loc)
		if url == "" {
			p.noURL++
			return nil
		}
		if _, dup := p.seen[url]; !dup {
			p.seen[url] = struct{}{}
			p.feed.Sitemaps = append(p.feed.Sitemaps, SitemapRef{URL: url, LastModified: p.dates.first(u.LastMod)})
		}
		return nil
	})
}

// decodeEach calls read for every element of that name.
func decodeEach(doc *document, name string, read func(*xml.Decoder, *xml.StartElement) error) error {
	dec := xml.NewDecoder(bytes.NewReader(doc.bytes))
	dec.Strict = false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notFeed("a sitemap that cannot be repaired: " + oneLine(err.Error()))
		}
		if start, ok := token.(xml.StartElement); ok && localName(start.Name.Local) == name {
			if err := read(dec, &start); err != nil {
				return notFeed("a sitemap that cannot be repaired: " + oneLine(err.Error()))
			}
		}
	}
}

// parseText reads a sitemap that is a text with one URL a line. ok is false if it
// is none.
func (p *parser) parseText(text []byte) (ok bool) {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if len(line) > maxAttribute || !isWebAddress(string(line)) || bytes.ContainsAny(line, " \t<") {
			return false
		}
		if len(p.feed.Entries) < maxSitemapURLs {
			p.add(Entry{}, string(line))
		}
	}
	p.feed.Format = FormatSitemap
	return len(p.feed.Entries) > 0
}

// newest keeps the newest maxEntries entries in their order: sitemaps, unlike
// feeds, often begin with the oldest page.
func (p *parser) newest() {
	entries := p.feed.Entries
	if len(entries) <= maxEntries {
		return
	}
	p.warn(fmt.Sprintf("only the newest %d of %d entries were kept", maxEntries, len(entries)))
	times := make([]int64, len(entries))
	for i, e := range entries {
		times[i] = max(e.Published.Unix(), e.Updated.Unix())
	}
	sorted := slices.Sorted(slices.Values(times))
	limit := sorted[len(sorted)-maxEntries]
	newer := 0
	for _, t := range times {
		if t > limit {
			newer++
		}
	}
	ties := maxEntries - newer
	kept := entries[:0]
	for i, e := range entries {
		if times[i] == limit {
			if ties == 0 {
				continue
			}
			ties--
		} else if times[i] < limit {
			continue
		}
		kept = append(kept, e)
	}
	p.feed.Entries = slices.Clip(kept)
}
