//nolint:misspell // the type that schema.org gave it
package extract

import (
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
)

// signedPage is a page of an invented outlet with metadata in its head, a
// byline below the headline, and a signature below the text.
func signedPage(head, byline, signature string) string {
	para := "<p>The old bridge over the harbour was closed on Tuesday after a ship had struck one of its piers, the council said.</p>"
	return `<html lang="en"><head><title>The bridge has to close - The Northport Herald</title><meta property="og:site_name" content="The Northport Herald">` + head +
		`</head><body><nav><a href="/">The Northport Herald</a> <a href="/news">News</a></nav><main><h1>The bridge has to close</h1>` + byline +
		`<div class="text">` + strings.Repeat(para, 8) + signature + `</div></main>` +
		`<ul><li class="teaser"><h3>Ships wait for the harbour to open again</h3><span class="author">By Other Person</span></li></ul></body></html>`
}

func ldAuthor(json string) string {
	return `<script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge has to close","author":` + json + `}</script>`
}

func TestAuthors(t *testing.T) {
	for _, c := range []struct{ name, head, byline, signature, want string }{
		{"persons of the JSON-LD", ldAuthor(`[{"@type":"Person","name":"Jane Roe"},{"@type":"Person","name":"John Doe"}]`), "<p>By Other One</p>", "", "Jane Roe;John Doe"},
		{"the site beside a person", `<meta name="author" content="The Northport Herald"><meta name="author" content="Jane Roe">`, "", "", "Jane Roe"},
		{"an agency stays", ldAuthor(`{"@type":"Organization","name":"Reuters"}`), "", "<p>Jane Roe</p>", "Reuters (agency)"},
		{"the site for want of a name", ldAuthor(`{"@type":"Organization","name":"The Northport Herald"}`), "", "", "The Northport Herald (organisation)"},
		{"a byline instead of the site", ldAuthor(`{"@type":"Person","name":"The Northport Herald"}`), "<p>By Jane Roe and John Doe</p>", "", "Jane Roe;John Doe"},
		{"a byline instead of an account", ldAuthor(`{"@type":"Person","name":"jroe"}`), "<p>By Jane Roe</p>", "", "Jane Roe"},
		{"an account for want of a name", ldAuthor(`{"@type":"Person","name":"jroe"}`), "", "", "jroe"},
		{"an address is no name", `<meta property="article:author" content="https://social.example/northport">`, "<p>Von Jane Roe, dpa</p>", "", "Jane Roe;dpa (agency)"},
		{"role and outlet", "", "<p>By Jane Roe for The Harbour Post</p>", "", "Jane Roe"},
		{"role before the name", "", "<p>Von Chefredakteurin Jana Roh</p>", "", "Jana Roh"},
		{"date behind the name", "", "<p>Jane Roe | 12 May 2026</p>", "", "Jane Roe"},
		{"date before the name", "", "<p>12.05.2026 - Jane Roe</p>", "", "Jane Roe"},
		{"weekday and clock", "", `<div class="author">By Jane Roe Tue 12 May 2026 10:15</div>`, "", "Jane Roe"},
		{"slash", "", "<p>12 May 2026</p><p>Jane Roe/John Doe</p>", "", "Jane Roe;John Doe"},
		{"a name above the text", "", "<p>Jane Roe</p>", "", "Jane Roe"},
		{"a label in French", "", "", "<p>Auteur : Jeanne Roux</p>", "Jeanne Roux"},
		{"a label in Chinese", "", "", "<p>(责任编辑：张三、李四)</p>", "张三;李四"},
		{"particles", "", "<p>By Jane van der Roe</p>", "", "Jane van der Roe"},
		{"inner mark", "", `<div class="byline"><span class="author-name">Jane Roe</span> <span class="author-role">Herald Staff</span></div>`, "", "Jane Roe"},
		{"one name", "", `<span class="author vcard">By Jane</span>`, "", "Jane"},
		{"scientific", `<meta name="author" content="Other One, Second One"><meta name="citation_author" content="Jane Roe">`, "", "", "Jane Roe"},
		{"an organisation with and", `<meta name="author" content="Northport Institute of Ships and Bridges">`, "", "", "Northport Institute of Ships and Bridges (organisation)"},
		{"label on a line of its own", "", "", "<p>Von:</p><p>Jana Roh</p>", "Jana Roh"},
		{"date, label and role", "", "<p>12.05.2026 - Redaktion: Jana Roh (Sprecherin)</p>", "", "Jana Roh"},
		{"a section behind a date", "", "<p>2026-05-12 Northern Harbours</p>", "", ""},
		{"foot of the article", "", "", `<div class="post-footer"><span class="post-author">Posted by Jane Roe</span></div>`, "Jane Roe"},
		{"the site by its address", `<meta name="author" content="Radio Northport (herald.example)">`, "<p>By Jane Roe</p>", "", "Jane Roe"},
		{"a way back is no name", "", "", "<p>Zurück zur Übersicht</p>", ""},
		{"furniture is no name", "", "<p>Share Article</p><p>12 May 2026</p><p>Latest News</p>", "", ""},
		{"a sentence is no byline", "", "", "<p>By Monday the ships had left.</p>", ""},
		{"a photographer is no author", "", `<figure><img src="/a.jpg"><figcaption class="author">Other Person</figcaption></figure>`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Extract(pageOf(signedPage(c.head, c.byline, c.signature)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, au := range r.Article.Authors {
				s := au.Name
				if au.Kind != article.Person {
					s += " (" + string(au.Kind) + ")"
				}
				got = append(got, s)
			}
			if s := strings.Join(got, ";"); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}
