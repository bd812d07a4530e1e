package newsroom

import (
	"encoding/xml"
	"strings"
	"time"
)

type rss struct {
	XMLName   xml.Name   `xml:"rss"`
	Version   string     `xml:"version,attr"`
	ContentNS string     `xml:"xmlns:content,attr,omitempty"`
	DublinNS  string     `xml:"xmlns:dc,attr,omitempty"`
	AtomNS    string     `xml:"xmlns:atom,attr,omitempty"`
	Channel   rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Self        *atomLink `xml:"atom:link"`
	LastBuild   string    `xml:"lastBuildDate,omitempty"`
	TTL         int       `xml:"ttl,omitempty"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	Description string   `xml:"description,omitempty"`
	Creator     string   `xml:"dc:creator,omitempty"`
	Date        string   `xml:"dc:date,omitempty"`
	Content     *cdata   `xml:"content:encoded"`
	Categories  []string `xml:"category"`
	GUID        *rssGUID `xml:"guid"`
	PubDate     string   `xml:"pubDate,omitempty"`
	Updated     string   `xml:"atom:updated,omitempty"`
}

type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

type cdata struct {
	Text string `xml:",cdata"`
}

func makeRSS2(d *feedData) ([]byte, error) {
	ch := d.channel()
	ch.Self = &atomLink{Rel: "self", Type: "application/rss+xml", Href: d.self}
	ch.LastBuild = d.updated.Format(time.RFC1123Z)
	ch.TTL = 1
	for _, e := range d.entries {
		it := rssItem{
			Title: e.title, Link: e.url, Description: e.summary, Creator: strings.Join(e.authors, ", "),
			Categories: append([]string{e.section}, e.tags...), GUID: &rssGUID{true, e.id},
			PubDate: e.published.Format(time.RFC1123Z), Date: e.published.Format(time.RFC3339),
		}
		if e.html != "" {
			it.Content = &cdata{e.html}
		}
		if !e.updated.Equal(e.published) {
			it.Updated = e.updated.Format(time.RFC3339)
		}
		ch.Items = append(ch.Items, it)
	}
	return marshal(rss{
		Version: "2.0", ContentNS: "http://purl.org/rss/1.0/modules/content/",
		DublinNS: "http://purl.org/dc/elements/1.1/", AtomNS: "http://www.w3.org/2005/Atom", Channel: ch,
	})
}

// makeRSS091 has titles, links and descriptions and no dates.
func makeRSS091(d *feedData) ([]byte, error) {
	ch := d.channel()
	for _, e := range d.entries {
		ch.Items = append(ch.Items, rssItem{Title: e.title, Link: e.url, Description: e.summary})
	}
	return marshal(rss{Version: "0.91", Channel: ch})
}

// makeRSS092 has categories and, as many such feeds, dates that the format
// does not know.
func makeRSS092(d *feedData) ([]byte, error) {
	ch := d.channel()
	for _, e := range d.entries {
		ch.Items = append(ch.Items, rssItem{
			Title: e.title, Link: e.url, Description: e.summary, Categories: []string{e.section},
			PubDate: e.published.Format(time.RFC1123),
		})
	}
	return marshal(rss{Version: "0.92", Channel: ch})
}

func (d *feedData) channel() rssChannel {
	return rssChannel{Title: d.name, Link: d.base + "/", Description: d.o.Tagline, Language: strings.ToLower(d.o.Language)}
}

type rdf struct {
	XMLName  xml.Name   `xml:"rdf:RDF"`
	RDFNS    string     `xml:"xmlns:rdf,attr"`
	NS       string     `xml:"xmlns,attr"`
	DublinNS string     `xml:"xmlns:dc,attr"`
	Channel  rdfChannel `xml:"channel"`
	Items    []rdfItem  `xml:"item"`
}

type rdfChannel struct {
	About       string   `xml:"rdf:about,attr"`
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	Description string   `xml:"description"`
	Items       []rdfRef `xml:"items>rdf:Seq>rdf:li"`
}

type rdfRef struct {
	Resource string `xml:"rdf:resource,attr"`
}

type rdfItem struct {
	About       string   `xml:"rdf:about,attr"`
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	Description string   `xml:"description"`
	Creator     []string `xml:"dc:creator"`
	Subject     string   `xml:"dc:subject"`
	Date        string   `xml:"dc:date"`
}

func makeRDF(d *feedData) ([]byte, error) {
	doc := rdf{
		RDFNS: "http://www.w3.org/1999/02/22-rdf-syntax-ns#", NS: "http://purl.org/rss/1.0/",
		DublinNS: "http://purl.org/dc/elements/1.1/",
		Channel:  rdfChannel{About: d.self, Title: d.name, Link: d.base + "/", Description: d.o.Tagline},
	}
	for _, e := range d.entries {
		doc.Channel.Items = append(doc.Channel.Items, rdfRef{e.url})
		doc.Items = append(doc.Items, rdfItem{
			About: e.url, Title: e.title, Link: e.url, Description: e.summary, Creator: e.authors,
			Subject: e.section, Date: e.updated.Format(time.RFC3339),
		})
	}
	return marshal(doc)
}
