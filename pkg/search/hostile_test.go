package search

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// TestHostileText looks for what articles and queries could smuggle into pages.
func TestHostileText(t *testing.T) {
	ix := newIndex(t)
	ctx := context.Background()
	// The hostile article leads a story, has a copy and is related to others.
	err := ix.Place(ctx, []index.Placement{
		{ID: hostileID, Story: "hostile", Related: []string{script, "../" + testStory, testStory}, Links: []article.Link{{ID: script, Share: 2}}},
		{ID: undatedID, Story: "hostile", Cluster: hostileID, Original: hostileID, OriginalBy: script},
		{ID: harbourID, Related: []string{"hostile"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, func(o *Options) { o.Index = ix })
	attack := url.QueryEscape(script + imgOnload)
	for _, target := range []string{
		"/article/" + hostileID, "/?site=hostile.example", "/?q=zebra", "/sources", "/?q=" + attack, "/?q=zebra+" + attack,
		"/story/hostile", "/article/" + harbourID, "/article/" + undatedID, "/stories?min=1&size=100", "/stories?q=" + attack,
		"/stories?q=zebra&lang=en&site=" + attack, "/story/" + testStory + "?cursor=" + attack,
		"/sources?q=" + attack, "/?sort=" + attack, "/?site=" + attack, "/article/" + attack, "/story/" + attack, "/" + attack,
	} {
		w := get(t, h, target)
		doc, err := goquery.NewDocumentFromReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if n := doc.Find("script, img, iframe, object, embed, style, base, [style]").Length(); n != 0 {
			t.Errorf("%s: %d elements that no page has", target, n)
		}
		doc.Find("*").Each(func(_ int, s *goquery.Selection) {
			for _, a := range s.Nodes[0].Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: attribute %s on %s", target, a.Key, s.Nodes[0].Data)
				}
			}
		})
		doc.Find("a[href]").Each(func(_ int, s *goquery.Selection) {
			u, err := url.Parse(s.AttrOr("href", ""))
			if err != nil || (u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https") {
				t.Errorf("%s: link to %q", target, s.AttrOr("href", ""))
			}
		})
	}
	if got := page(t, h, "/article/"+hostileID, 200).Find(".story h1").Text(); got != "Breaking "+script {
		t.Errorf("the title reads %q", got)
	}
	if got := page(t, h, "/?q="+url.QueryEscape(script), 200).Find("#q").AttrOr("value", ""); got != script {
		t.Errorf("the query reads %q", got)
	}
	// In JSON the text stays what it is; the content type keeps browsers from
	// reading it as a page.
	w := get(t, h, "/api/v1/articles/"+hostileID)
	if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		t.Errorf("headers: %v", w.Header())
	}
}

func TestMarked(t *testing.T) {
	show := func(parts []markedText) string {
		var b strings.Builder
		for _, p := range parts {
			if p.Mark {
				b.WriteString("[" + p.Text + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		return b.String()
	}
	for _, tt := range []struct {
		marks []index.Span
		want  string
	}{
		{nil, "Der Kühler"},
		{[]index.Span{{Start: 0, End: 3}, {Start: 4, End: 11}}, "[Der] [Kühler]"},
		{[]index.Span{{Start: 4, End: 6}}, "Der Kühler"}, // ends within ü
		{[]index.Span{{Start: 6, End: 8}}, "Der Kühler"}, // starts within ü
		{[]index.Span{{Start: -1, End: 2}, {Start: 3, End: 99}, {Start: 2, End: 2}}, "Der Kühler"},
		{[]index.Span{{Start: 0, End: 3}, {Start: 1, End: 4}}, "[Der] Kühler"}, // overlap
	} {
		if got := show(marked("Der Kühler", tt.marks)); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.marks, got, tt.want)
		}
	}
}
