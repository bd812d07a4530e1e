package feed

import (
	"bytes"
	"strings"

	"github.com/mmcdole/gofeed/atom"
)

// parseAtom reads Atom 0.3 and 1.0.
func (p *parser) parseAtom(doc *document) error {
	parsed, err := new(atom.Parser).Parse(bytes.NewReader(doc.bytes))
	if err != nil {
		return notFeed("Atom that cannot be repaired: " + oneLine(err.Error()))
	}
	f := p.feed
	f.Format = FormatAtom
	f.Title = plain(parsed.Title)
	f.Language = language(parsed.Language)
	f.Link = p.resolve(linkTo(parsed.Links, "alternate"))
	for _, l := range parsed.Links {
		if strings.EqualFold(l.Rel, "hub") {
			p.addHub(l.Href)
		}
	}
	f.Self = p.resolve(linkTo(parsed.Links, "self"))
	f.TTL = timeToLive("", parsed.Extensions)
	p.dates.language = f.Language
	if p.base == "" {
		p.base = firstOf(linkTo(parsed.Links, "self"), f.Link)
	}
	for _, item := range parsed.Entries {
		p.addEntry(item, parsed.Authors)
	}
	return nil
}

// addEntry keeps one entry of an Atom feed; feedAuthors are the authors of
// entries that name none.
func (p *parser) addEntry(item *atom.Entry, feedAuthors []*atom.Person) {
	e := Entry{ID: oneLine(item.ID)}
	e.Title = plain(item.Title)
	e.Summary = plain(item.Summary)
	e.Published = p.dates.first(item.Published, extValue(item.Extensions, "dc", "date"), extValue(item.Extensions, "dcterms", "issued"))
	e.Updated = p.dates.first(item.Updated)
	persons := item.Authors
	if item.Source != nil {
		e.Publisher = plain(item.Source.Title)
		if len(persons) == 0 {
			persons = item.Source.Authors
		}
	}
	if len(persons) == 0 {
		persons = feedAuthors
	}
	for _, person := range persons {
		e.Authors = append(e.Authors, authors(person.Name)...)
	}
	if len(e.Authors) == 0 {
		for _, creator := range item.Extensions["dc"]["creator"] {
			e.Authors = append(e.Authors, authors(creator.Value)...)
		}
	}
	e.Authors = e.Authors[:min(len(e.Authors), maxAuthors)]
	links := []string{extValue(item.Extensions, "feedburner", "origLink")}
	// A link to a page before one to something else, such as a sound file.
	for _, wantPage := range []bool{true, false} {
		for _, l := range item.Links {
			if strings.EqualFold(l.Rel, "alternate") && isPage(l.Type) == wantPage {
				links = append(links, l.Href)
			}
		}
	}
	if isWebAddress(item.ID) {
		links = append(links, item.ID)
	}
	for _, l := range item.Links { // better than none
		if strings.EqualFold(l.Rel, "related") || strings.EqualFold(l.Rel, "via") {
			links = append(links, l.Href)
		}
	}
	p.add(e, links...)
}

// isPage reports whether a media type is that of a web page, or not given.
func isPage(mediaType string) bool {
	return mediaType == "" || strings.Contains(mediaType, "html")
}

// linkTo returns the address of the first link with that relation.
func linkTo(links []*atom.Link, rel string) string {
	for _, l := range links {
		if strings.EqualFold(l.Rel, rel) && l.Href != "" {
			return l.Href
		}
	}
	return ""
}
