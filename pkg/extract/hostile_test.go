package extract

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

func pageOf(body string) *article.Page {
	return &article.Page{
		URL: "https://www.herald.example/news/1", FinalURL: "https://www.herald.example/news/1", Status: 200,
		ContentType: "text/html; charset=utf-8", FetchedAt: time.Date(2024, 5, 2, 12, 0, 0, 0, time.UTC), Body: []byte(body),
	}
}

// TestHostilePages holds pages that are made to hurt. None may panic, and each
// must be done in bounded time.
func TestHostilePages(t *testing.T) {
	mb := 10 << 20
	if testing.Short() {
		mb = 1 << 20
	}
	pages := map[string]string{
		"many paragraphs":    strings.Repeat("<p>a", mb/4),
		"deep":               strings.Repeat("<div>", 100_000) + "deep words here",
		"deep formatting":    strings.Repeat("<b>", 100_000) + "deep words here",
		"unclosed drawings":  strings.Repeat("<svg>", mb/10),
		"unclosed comments":  strings.Repeat("<!-- ", mb/10),
		"unclosed scripts":   strings.Repeat("<script>", mb/16),
		"unclosed titles":    strings.Repeat("<title>", mb/14),
		"open quotes":        strings.Repeat("<a href=\"", mb/18),
		"open quotes, marks": strings.Repeat("<a x='<\">", mb/18),
		"many attributes":    "<p " + strings.Repeat("a=b ", mb/8) + ">text",
		"one long class":     `<p class="` + strings.Repeat("ad ", mb/6) + `">text here`,
		"one long paragraph": "<p>" + strings.Repeat("word, ", mb/6),
		"many breaks":        "<p>" + strings.Repeat("a word.<br>", mb/22),
		"long json-ld":       `<script type="application/ld+json">` + strings.Repeat(`{"@graph":[`, 20_000) + `</script><p>text`,
		"many list items":    "<ul>" + strings.Repeat("<li><a href=/x>A linked headline of words</a> and a blurb", mb/100),
		"many dates":         strings.Repeat("<time>12 May</time>", 5000),
		"repeated paragraph": strings.Repeat("<p>The bridge at Northport fell in the storm of Monday night, police said.", 20_000),
		"bold lines":         boldLines(30_000),
		"zero bytes":         "<html>" + strings.Repeat("\x00", 1000),
		"high bytes":         "<html><p>" + strings.Repeat("\xff\xfe\x80", 10_000),
	}
	for name, body := range pages {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Extract(pageOf(body), Options{})
			if err != nil && !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrNotHTML) {
				t.Errorf("unexpected error: %v", err)
			}
			took := time.Since(start)
			t.Logf("%v", took)
			if took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func boldLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<p><b>Line number %d says that the bridge at Northport fell on Monday</b></p><h2>Related</h2>", i)
	}
	return b.String()
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		body, contentType string
		want              error
	}{
		"empty":       {"", "text/html", ErrEmpty},
		"no text":     {"<html><body></body></html>", "text/html", ErrEmpty},
		"pdf":         {"%PDF-1.4 ...", "text/html", ErrNotHTML},
		"image":       {"<html>", "image/png", ErrNotHTML},
		"binary":      {"\x7fELF\x02\x01\x01\x00\x00\x00", "", ErrNotHTML},
		"mostly junk": {string(bytes.Repeat([]byte{0, 1, 2, 0, 5, 0, 9}, 300)), "", ErrNotHTML},
	} {
		t.Run(name, func(t *testing.T) {
			p := pageOf(test.body)
			p.ContentType = test.contentType
			if _, err := Extract(p, Options{}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestSameInputSameOutput(t *testing.T) {
	body := "<title>The bridge fell - Herald</title><h1>The bridge fell</h1>" + strings.Repeat("<p>The bridge at Northport fell in the storm of Monday night, police said, and <a href=/x>nobody</a> was hurt.</p>", 3) +
		"<p>The mayor said on Tuesday that the harbour would stay open.</p>"
	want, err := Extract(pageOf(body), Options{Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		got, err := Extract(pageOf(body), Options{Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, s := range []string{
		"<h1>The bridge fell</h1><p>The bridge at Northport fell on Monday.</p>", "<table><tr><td>a<td>b<tr><td>c<td>d</table>",
		"<p>NORTHPORT (Reuters) - The bridge fell on Monday night, reports BBC.</p>", "<ul><li><a href=x>A linked headline here</a><li>b</ul><br><br>c",
		`<script type="application/ld+json">{"@type":"NewsArticle","headline":"x","author":[{"name":"Jane Roe"}],"datePublished":"2024-05-01"}</script>`,
		"<figure><img src=a.jpg><figcaption>The bridge. (Jane Roe/Reuters)</figcaption></figure>", "<p lang=ar dir=rtl>انهار الجسر يوم الاثنين</p>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := pageOf("")
		p.Body = body
		r, err := Extract(p, Options{Explain: true})
		if err != nil {
			return
		}
		if r.Article.Text != article.JoinText(r.Article.Body) {
			t.Error("text is not the body joined")
		}
		if d := r.Article.Published; d != nil && d.Time.After(p.FetchedAt.Add(zoneSlack)) {
			t.Errorf("published %v after the fetch", d.Time)
		}
	})
}

func FuzzFromText(f *testing.F) {
	f.Add("The bridge fell\n\nThe bridge at Northport fell on Monday\nnight, police said.\n\nPhoto Reuters\n")
	f.Add("Duration 2:02\n- a\n- b\n")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := FromText("x", text, Options{Explain: true}); err == nil && r.Article.Text != article.JoinText(r.Article.Body) {
			t.Error("text is not the body joined")
		}
	})
}
