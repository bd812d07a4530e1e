package extract

import (
	"strings"
	"testing"
)

// titlePage is a page of an invented outlet whose sources name the article as
// given; "" leaves a source out.
func titlePage(h1, social, linked, title string) string {
	var b strings.Builder
	b.WriteString("<html><head><title>" + title + "</title><meta property=og:site_name content='The Northport Herald'>")
	if social != "" {
		b.WriteString(`<meta property="og:title" content="` + social + `">`)
	}
	if linked != "" {
		b.WriteString(`<script type="application/ld+json">{"@type":"NewsArticle","headline":"` + linked + `"}</script>`)
	}
	b.WriteString("</head><body><article>")
	if h1 != "" {
		b.WriteString("<h1>" + h1 + "</h1>")
	}
	b.WriteString(strings.Repeat("<p>The old bridge over the harbour was closed on Tuesday after a ship had struck one of its piers, the council said.</p>", 6))
	return b.String() + "</article></body></html>"
}

func TestTitle(t *testing.T) {
	const (
		printed = "The harbour bridge has to close after the storm"
		other   = "Storm damage: ships wait as Northport repairs its bridge"
		third   = "Northport bridge closed: what drivers must know"
	)
	for _, c := range []struct{ name, h1, social, linked, title, want string }{
		{"all agree", printed, printed, printed, printed + " | The Northport Herald", printed},
		{"written for sharing", printed, other, printed, printed, other},
		{"written for sharing, cut short", printed, "Storm damage: ships wait as Northport…", printed, printed, printed},
		{"written for other outlets", printed, printed, other, printed, other},
		{"written for search engines", printed, printed, printed, third, printed},
		{"search title shared", printed, third, printed, third, printed},
		{"search title in the data", printed, printed, third, third, printed},
		{"two outvote the heading", printed, other, other, third, other},
		{"label before the headline", "Storm <span>" + printed + "</span>", printed, "", third, printed},
		{"marks left to style sheets", "<span>Storm</span> <span>" + printed + "</span>", "Storm: " + printed, "", "Storm: " + printed, "Storm: " + printed},
		{"site after a dash", "", "", "", printed + " – Northport Herald", printed},
		{"site before the headline", "", "", "", "The Northport Herald: " + printed, printed},
		{"section and site", printed, "", "", printed + " | Local | The Northport Herald", printed},
		{"bar of a script without spaces", "", "", "", "항구 다리가 폭풍 뒤에 문을 닫았다ㅣThe Northport Herald", "항구 다리가 폭풍 뒤에 문을 닫았다"},
		{"hyphen inside a word stays", "", "", "", "Council thanks the ex-Northport Herald", "Council thanks the ex-Northport Herald"},
		{"bar inside the headline stays", "", printed + " | A guide", printed + " | A guide", printed + " | A guide", printed + " | A guide"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pageOf(titlePage(c.h1, c.social, c.linked, c.title))
			p.URL = "https://www.northport.example/news/1"
			p.FinalURL = p.URL
			r, err := Extract(p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Article.Title; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if strings.Contains(r.Article.Text, printed) {
				t.Error("the headline is in the text")
			}
		})
	}
}
