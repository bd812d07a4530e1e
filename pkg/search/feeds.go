package search

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// feedItem is an entry of a feed, whatever the format.
type feedItem struct {
	id, page, source, title, summary, lang string
	authors, tags                          []string
	published, updated                     time.Time // published may be zero
}

// feedData is a search as a feed, whatever the format.
type feedData struct {
	title, self, home, next string // absolute addresses
	merged                  string // address of the feed to read instead, or ""
	updated                 time.Time
	items                   []feedItem
}

// feed runs the search of a request for a feed at path: newest first unless
// told otherwise.
func (s *server) feed(r *http.Request, path string) (*feedData, error) {
	q, err := parseQuery(r, true)
	if err != nil {
		return nil, err
	}
	if q.Sort == "" {
		q.Sort = index.SortDate
	}
	res, err := s.search(r.Context(), q.Query)
	if err != nil {
		return nil, err
	}
	if res.Total == 0 && q.Story != "" {
		// Who follows a story follows it into another.
		to, err := s.mergedInto(r.Context(), q.Story)
		if err != nil {
			return nil, err
		}
		if to != "" {
			return &feedData{merged: link(path, q.with("story", to))}, nil
		}
	}
	base := s.base(r)
	f := &feedData{
		title: s.Title, self: base + link(path, q.values), home: base + link("/", q.with("", "")),
		updated: s.started,
	}
	if q.Text != "" {
		f.title += ": " + q.Text
	}
	if res.Next != "" {
		next := q.with("", "")
		next.Set("cursor", res.Next)
		f.next = base + link(path, next)
	}
	for i := range res.Hits {
		item := feedItemOf(base, &res.Hits[i])
		if i == 0 || item.updated.After(f.updated) {
			f.updated = item.updated
		}
		f.items = append(f.items, item)
	}
	return f, nil
}

// base is the public address of this server.
func (s *server) base(r *http.Request) string {
	if s.BaseURL != "" {
		return s.BaseURL
	}
	u := url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}

func feedItemOf(base string, h *index.Hit) feedItem {
	r := &h.Record
	item := feedItem{
		id: "urn:copydesk:article:" + r.ID, page: base + "/article/" + url.PathEscape(r.ID),
		source: httpURL(r.URL), title: titleOf(r.Title), summary: h.Snippet, lang: langTag(r.Language), tags: r.Tags,
	}
	if item.summary == "" {
		item.summary = lead(r)
	}
	for _, a := range r.Authors {
		if a.Name != "" {
			item.authors = append(item.authors, a.Name)
		}
	}
	if len(item.authors) == 0 {
		item.authors = []string{publisherOf(r)}
	}
	item.published, item.updated = feedTimes(r)
	return item
}

// feedTimes says when an entry appeared and when it last changed. A new version
// is a change even where the page does not say so.
func feedTimes(r *article.Record) (published, updated time.Time) {
	if r.Published != nil {
		published = r.Published.Time
	}
	updated = published
	if updated.IsZero() {
		updated = r.FirstSeen
	}
	if r.Modified != nil && r.Modified.Time.After(updated) {
		updated = r.Modified.Time
	}
	if r.Version > 1 && r.FetchedAt.After(updated) && r.Modified == nil {
		updated = r.FetchedAt
	}
	return published, updated
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Title   string      `xml:"title"`
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Author  atomPerson  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomEntry struct {
	Lang       string         `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
	Title      string         `xml:"title"`
	ID         string         `xml:"id"`
	Updated    string         `xml:"updated"`
	Published  string         `xml:"published,omitempty"`
	Authors    []atomPerson   `xml:"author"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
	Summary    string         `xml:"summary"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// atomFeed answers /feed.atom.
func (s *server) atomFeed(w http.ResponseWriter, r *http.Request) error {
	f, err := s.feed(r, "/feed.atom")
	if err != nil {
		return err
	}
	if f.merged != "" {
		redirect(w, f.merged)
		return nil
	}
	doc := atomFeed{
		Title: f.title, ID: f.self, Updated: f.updated.UTC().Format(time.RFC3339), Author: atomPerson{s.Title},
		Links: []atomLink{
			{Rel: "self", Type: "application/atom+xml", Href: f.self},
			{Rel: "alternate", Type: "text/html", Href: f.home},
		},
	}
	if f.next != "" {
		doc.Links = append(doc.Links, atomLink{Rel: "next", Type: "application/atom+xml", Href: f.next})
	}
	for _, item := range f.items {
		doc.Entries = append(doc.Entries, atomEntryOf(item))
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("search: encode Atom feed: %w", err)
	}
	b.WriteByte('\n')
	serveCached(w, r, "application/atom+xml; charset=utf-8", feedCache, b.Bytes())
	return nil
}

func atomEntryOf(item feedItem) atomEntry {
	e := atomEntry{
		Lang: item.lang, Title: item.title, ID: item.id,
		Updated: item.updated.UTC().Format(time.RFC3339), Summary: item.summary,
	}
	if !item.published.IsZero() {
		e.Published = item.published.Format(time.RFC3339)
	}
	if item.source == "" {
		e.Links = []atomLink{{Rel: "alternate", Type: "text/html", Href: item.page}}
	} else {
		e.Links = []atomLink{
			{Rel: "alternate", Type: "text/html", Href: item.source},
			{Rel: "related", Type: "text/html", Href: item.page},
		}
	}
	for _, a := range item.authors {
		e.Authors = append(e.Authors, atomPerson{a})
	}
	for _, t := range item.tags {
		if strings.TrimSpace(t) != "" {
			e.Categories = append(e.Categories, atomCategory{t})
		}
	}
	return e
}

type jsonFeed struct {
	Version     string     `json:"version"`
	Title       string     `json:"title"`
	HomePageURL string     `json:"home_page_url"`
	FeedURL     string     `json:"feed_url"`
	NextURL     string     `json:"next_url,omitempty"`
	Items       []jsonItem `json:"items"`
}

type jsonItem struct {
	ID            string       `json:"id"`
	URL           string       `json:"url"`
	ExternalURL   string       `json:"external_url,omitempty"`
	Title         string       `json:"title"`
	ContentText   string       `json:"content_text"`
	DatePublished *time.Time   `json:"date_published,omitempty"`
	DateModified  time.Time    `json:"date_modified"`
	Authors       []jsonAuthor `json:"authors,omitempty"`
	Tags          []string     `json:"tags,omitempty"`
	Language      string       `json:"language,omitempty"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

// jsonFeed answers /feed.json by JSON Feed 1.1.
func (s *server) jsonFeed(w http.ResponseWriter, r *http.Request) error {
	f, err := s.feed(r, "/feed.json")
	if err != nil {
		return err
	}
	if f.merged != "" {
		redirect(w, f.merged)
		return nil
	}
	doc := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: f.title, HomePageURL: f.home, FeedURL: f.self,
		NextURL: f.next, Items: []jsonItem{},
	}
	for _, item := range f.items {
		j := jsonItem{
			ID: item.id, URL: item.page, ExternalURL: item.source, Title: item.title, ContentText: item.summary,
			DatePublished: known(item.published), DateModified: item.updated.UTC(), Tags: item.tags, Language: item.lang,
		}
		for _, a := range item.authors {
			j.Authors = append(j.Authors, jsonAuthor{a})
		}
		doc.Items = append(doc.Items, j)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("search: encode JSON feed: %w", err)
	}
	serveCached(w, r, "application/feed+json; charset=utf-8", feedCache, b.Bytes())
	return nil
}
