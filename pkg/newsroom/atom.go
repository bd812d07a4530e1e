package newsroom

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"time"
)

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	Title   string      `xml:"title"`
	Sub     string      `xml:"subtitle"`
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Title      string         `xml:"title"`
	ID         string         `xml:"id"`
	Link       atomLink       `xml:"link"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Authors    []atomPerson   `xml:"author"`
	Categories []atomCategory `xml:"category"`
	Summary    string         `xml:"summary"`
	Content    *atomText      `xml:"content"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

func makeAtom(d *feedData) ([]byte, error) {
	doc := atomFeed{
		Lang: d.o.Language, Title: d.name, Sub: d.o.Tagline, ID: d.base + "/", Updated: d.updated.Format(time.RFC3339),
		Links: []atomLink{{"self", "application/atom+xml", d.self}, {"alternate", "text/html", d.base + "/"}},
	}
	for _, e := range d.entries {
		ae := atomEntry{
			Title: e.title, ID: e.id, Link: atomLink{"alternate", "text/html", e.url}, Summary: e.summary,
			Published: e.published.Format(time.RFC3339), Updated: e.updated.Format(time.RFC3339),
		}
		for _, a := range e.authors {
			ae.Authors = append(ae.Authors, atomPerson{a})
		}
		for _, c := range append([]string{e.section}, e.tags...) {
			ae.Categories = append(ae.Categories, atomCategory{c})
		}
		if e.html != "" {
			ae.Content = &atomText{"html", e.html}
		}
		doc.Entries = append(doc.Entries, ae)
	}
	return marshal(doc)
}

type jsonFeed struct {
	Version     string      `json:"version"`
	Title       string      `json:"title"`
	HomePage    string      `json:"home_page_url"`
	FeedURL     string      `json:"feed_url"`
	Description string      `json:"description"`
	Language    string      `json:"language"`
	Items       []jsonEntry `json:"items"`
}

type jsonEntry struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	Title     string       `json:"title"`
	Summary   string       `json:"summary,omitempty"`
	HTML      string       `json:"content_html"`
	Published string       `json:"date_published"`
	Modified  string       `json:"date_modified"`
	Authors   []jsonAuthor `json:"authors,omitempty"`
	Tags      []string     `json:"tags,omitempty"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

func makeJSON(d *feedData) ([]byte, error) {
	doc := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: d.name, HomePage: d.base + "/", FeedURL: d.self,
		Description: d.o.Tagline, Language: d.o.Language, Items: []jsonEntry{},
	}
	for _, e := range d.entries {
		je := jsonEntry{
			ID: e.id, URL: e.url, Title: e.title, Summary: e.summary, HTML: e.html, Tags: e.tags,
			Published: e.published.Format(time.RFC3339), Modified: e.updated.Format(time.RFC3339),
		}
		for _, a := range e.authors {
			je.Authors = append(je.Authors, jsonAuthor{a})
		}
		doc.Items = append(doc.Items, je)
	}
	data, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode feed: %w", err)
	}
	return append(data, '\n'), nil
}
