package extract

import (
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
)

func TestCanonicalAddress(t *testing.T) {
	const own = "https://herald.example/news/bridge"
	for _, c := range []struct {
		name, link, canonical, id string
	}{
		{"none", "", own, own},
		{"its own", own, own, own},
		{"another address of the site", "/bridge-closed", "https://herald.example/bridge-closed", "https://herald.example/bridge-closed"},
		{"a page of another site", "https://agency.example/reports/17?utm_source=herald", "https://agency.example/reports/17", own},
		{"the front page of another site", "https://agency.example/", own, own},
		{"no address", "javascript:void(0)", own, own},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := ""
			if c.link != "" {
				head = `<link rel="canonical" href="` + c.link + `">`
			}
			p := &article.Page{URL: own, FinalURL: own, Status: 200, ContentType: "text/html", Body: []byte(gatedPage(head, 8, ""))}
			res, err := Extract(p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			a := res.Article
			if a.CanonicalURL != c.canonical || a.ID != article.ID(c.id) || a.Site != "herald.example" {
				t.Errorf("canonical %q, id of %q: %t, site %q; want %q and the id of %q", a.CanonicalURL, c.id, a.ID == article.ID(c.id), a.Site, c.canonical, c.id)
			}
		})
	}
}
