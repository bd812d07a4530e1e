package extract

import (
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
)

// gatedPage is a page of an invented outlet with so many paragraphs of 20 words.
func gatedPage(head string, paragraphs int, below string) string {
	para := "<p>The old bridge over the harbour was closed on Tuesday after a ship had struck one of its piers, they said.</p>"
	return "<html lang=en><head><title>The bridge has to close</title>" + head + "</head><body><article><h1>The bridge has to close</h1>" +
		strings.Repeat(para, paragraphs) + below + "</article></body></html>"
}

func TestAccess(t *testing.T) {
	const (
		locked  = `<script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge has to close","isAccessibleForFree":"False"}</script>`
		counted = `<script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge has to close","isAccessibleForFree":false,"wordCount":"900"}</script>`
		whole   = `<script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge has to close","isAccessibleForFree":false,"wordCount":102}</script>`
		prompt  = "<p>Subscribe to continue reading</p>"
	)
	for _, c := range []struct {
		name, page string
		status     int
		want       article.Access
		evidence   string
	}{
		{"open", gatedPage("", 8, ""), 200, article.Full, ""},
		{"prompt below a beginning", gatedPage("", 3, prompt), 200, article.Teaser, accessByPrompt},
		{"declared, and short", gatedPage(locked, 3, ""), 200, article.Teaser, accessDeclared},
		{"declared, and nothing there", gatedPage(locked, 0, "<p>For members</p>"), 200, article.Paywall, accessDeclared},
		{"declared, with all of the text", gatedPage(locked, 40, prompt), 200, article.Full, ""},
		{"declared, with as many words as counted", gatedPage(whole, 5, ""), 200, article.Full, ""},
		{"shorter than counted", gatedPage(counted, 10, ""), 200, article.Teaser, accessByCount},
		{"about subscriptions", gatedPage("", 30, "<p>Subscribe to our newsletter about bridges and harbours in the north.</p>"), 200, article.Full, ""},
		{"gone", gatedPage("", 1, ""), 410, article.Soft404, accessByStatus},
		{"says that it is gone", "<html><head><title>Page not found</title></head><body><h1>Page not found</h1><p>The page you were looking for is no longer available.</p></body></html>", 200, article.Soft404, accessByPhrase},
		{"checks the browser", "<html><head><title>Just a moment...</title></head><body><h1>www.herald.example</h1><p>Checking your browser before accessing the site.</p></body></html>", 403, article.Challenge, accessByPhrase},
		{"asks for consent", "<html><head><title>The Herald</title></head><body><h1>We value your privacy</h1><p>Accept all cookies or choose which of them you want.</p></body></html>", 200, article.Consent, accessByPhrase},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pageOf(c.page)
			p.Status = c.status
			r, err := Extract(p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Article.Access != c.want {
				t.Errorf("access %q, want %q", r.Article.Access, c.want)
			}
			if got := strings.Join(r.Article.Warnings, "; "); got != c.evidence {
				t.Errorf("evidence %q, want %q", got, c.evidence)
			}
		})
	}
}

func TestKind(t *testing.T) {
	figures := strings.Repeat(`<figure><img src="/IMG.jpg" width="800" height="600"><figcaption>The bridge on Tuesday</figcaption></figure>`, 8)
	for i := range 8 {
		figures = strings.Replace(figures, "IMG", "bridge-"+string(rune('a'+i)), 1)
	}
	for _, c := range []struct {
		name, url, page string
		want            article.Kind
	}{
		{"article", "/news/1", gatedPage("", 8, ""), article.KindArticle},
		{"declared live", "/news/1", gatedPage(`<script type="application/ld+json">{"@type":"LiveBlogPosting","headline":"The bridge has to close"}</script>`, 8, ""), article.KindLive},
		{"live by address and title", "/news/live-updates/1", strings.ReplaceAll(gatedPage("", 8, ""), "The bridge has", "Live: the bridge has"), article.KindLive},
		{"article about a live blog", "/news/why-we-run-a-liveblog", gatedPage("", 8, ""), article.KindArticle},
		{"video", "/video/1", gatedPage(`<meta property="og:type" content="video.other">`, 1, ""), article.KindVideo},
		{"gallery", "/pictures/1", gatedPage("", 1, figures), article.KindGallery},
		{"listing", "/news/", `<html><head><title>News</title><meta property="og:type" content="website"></head><body><h1>News</h1><ul>` + strings.Repeat(`<li><a href="/news/1">The bridge over the harbour has to close</a></li>`, 30) + `</ul></body></html>`, article.KindListing},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pageOf(c.page)
			p.URL = "https://www.herald.example" + c.url
			p.FinalURL = p.URL
			r, err := Extract(p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Article.Kind != c.want {
				t.Errorf("kind %q, want %q", r.Article.Kind, c.want)
			}
		})
	}
}
