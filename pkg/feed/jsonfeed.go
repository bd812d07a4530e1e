package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	gofeedjson "github.com/mmcdole/gofeed/json"
)

// jsonHead is what is read of a JSON Feed beside its items.
type jsonHead struct {
	Version     string               `json:"version"`
	Title       string               `json:"title"`
	HomePageURL string               `json:"home_page_url"`
	FeedURL     string               `json:"feed_url"`
	Language    string               `json:"language"`
	Author      *gofeedjson.Author   `json:"author"`
	Authors     []*gofeedjson.Author `json:"authors"`
	Hubs        []struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	} `json:"hubs"`
}

// parseJSON reads JSON Feed 1.0 and 1.1. It reads item by item, so that a feed
// that is cut off, or has an item of a wrong shape, keeps the others.
func (p *parser) parseJSON(text []byte) error {
	fields := map[string]json.RawMessage{}
	var items []*gofeedjson.Item
	hasItems := false
	dec := json.NewDecoder(bytes.NewReader(text))
	_, err := dec.Token() // the opening brace
	for err == nil && dec.More() {
		var key json.Token
		if key, err = dec.Token(); err != nil {
			break
		}
		if key == "items" {
			hasItems = true
			items, err = p.jsonItems(dec, items)
			continue
		}
		var value json.RawMessage
		if err = dec.Decode(&value); err == nil && len(fields) < 100 {
			fields[key.(string)] = value
		}
	}
	if !hasItems {
		return notFeed("JSON that is no JSON Feed")
	}
	if err != nil {
		p.warn("the document is cut off or broken; its complete entries were read")
	}
	head := readHead(fields)
	f := p.feed
	f.Format = FormatJSON
	f.Title = plain(head.Title)
	f.Link = p.resolve(head.HomePageURL)
	f.Language = language(head.Language)
	p.dates.language = f.Language
	f.Self = p.resolve(head.FeedURL)
	for _, hub := range head.Hubs {
		if strings.EqualFold(hub.Type, "websub") {
			p.addHub(hub.URL)
		}
	}
	for _, item := range items {
		if len(item.ContentHTML)+len(item.ContentText) >= fullText {
			f.FullText++
		}
		p.addJSON(item, head)
	}
	return nil
}

// jsonItems reads the array of items up to its end or an error.
func (p *parser) jsonItems(dec *json.Decoder, items []*gofeedjson.Item) ([]*gofeedjson.Item, error) {
	if start, err := dec.Token(); err != nil || start != json.Delim('[') {
		return items, errors.Join(err, errors.New("items is no array"))
	}
	for dec.More() {
		if len(items) >= maxEntries {
			return items, errors.New("too many items")
		}
		item := new(gofeedjson.Item)
		err := dec.Decode(item)
		var wrongType *json.UnmarshalTypeError
		if err != nil && !errors.As(err, &wrongType) {
			return items, err
		}
		// A field of a wrong type is left empty; the others are there.
		items = append(items, item)
	}
	_, err := dec.Token()
	return items, err
}

// readHead decodes what stands beside the items. A field of a wrong type is
// left empty.
func readHead(fields map[string]json.RawMessage) jsonHead {
	var head jsonHead
	for key, target := range map[string]any{
		"version": &head.Version, "title": &head.Title, "home_page_url": &head.HomePageURL, "feed_url": &head.FeedURL,
		"language": &head.Language, "author": &head.Author, "authors": &head.Authors, "hubs": &head.Hubs,
	} {
		if raw, ok := fields[key]; ok {
			_ = json.Unmarshal(raw, target) // best effort: what does not fit stays empty
		}
	}
	return head
}

// addJSON keeps one item of a JSON Feed.
func (p *parser) addJSON(item *gofeedjson.Item, head jsonHead) {
	e := Entry{ID: oneLine(item.ID)}
	e.Title = plain(item.Title)
	e.Summary = plain(item.Summary)
	e.Published = p.dates.first(item.DatePublished)
	e.Updated = p.dates.first(item.DateModified)
	e.Language = language(item.Language)
	for _, list := range [][]*gofeedjson.Author{item.Authors, {item.Author}, head.Authors, {head.Author}} {
		for _, a := range list {
			if a != nil {
				e.Authors = append(e.Authors, authors(a.Name)...)
			}
		}
		if len(e.Authors) > 0 {
			break
		}
	}
	e.Authors = e.Authors[:min(len(e.Authors), maxAuthors)]
	links := []string{item.URL, item.ExternalURL}
	if isWebAddress(item.ID) {
		links = append(links, item.ID)
	}
	p.add(e, links...)
}
