package newsroom

import (
	"encoding/xml"
	"time"
)

type urlSet struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	NewsNS  string    `xml:"xmlns:news,attr,omitempty"`
	URLs    []siteURL `xml:"url"`
}

type siteURL struct {
	Location string    `xml:"loc"`
	Modified string    `xml:"lastmod,omitempty"`
	News     *siteNews `xml:"news:news"`
}

type siteNews struct {
	Name     string `xml:"news:publication>news:name"`
	Language string `xml:"news:publication>news:language"`
	Date     string `xml:"news:publication_date"`
	Title    string `xml:"news:title"`
}

func makeSitemap(d *feedData) ([]byte, error) {
	doc := urlSet{}
	for _, e := range d.entries {
		doc.URLs = append(doc.URLs, siteURL{Location: e.url, Modified: e.updated.Format(time.RFC3339)})
	}
	return marshal(doc)
}

func makeNewsSitemap(d *feedData) ([]byte, error) {
	doc := urlSet{NewsNS: "http://www.google.com/schemas/sitemap-news/0.9"}
	for _, e := range d.entries {
		doc.URLs = append(doc.URLs, siteURL{
			Location: e.url, Modified: e.updated.Format(time.RFC3339),
			News: &siteNews{d.name, d.o.Language[:2], e.published.Format(time.RFC3339), e.title},
		})
	}
	return marshal(doc)
}

type sitemapIndex struct {
	XMLName  xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
	Sitemaps []siteURL `xml:"sitemap"`
}

// makeSitemapIndex names the other sitemaps of the outlet.
func makeSitemapIndex(d *feedData) ([]byte, error) {
	doc := sitemapIndex{}
	for _, f := range d.feeds {
		if f.format == "sitemap" || f.format == "newssitemap" {
			doc.Sitemaps = append(doc.Sitemaps, siteURL{Location: d.base + f.path, Modified: d.updated.Format(time.RFC3339)})
		}
	}
	return marshal(doc)
}
