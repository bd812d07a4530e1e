package search

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/copydesk/copydesk/pkg/article"
)

func TestSearchPage(t *testing.T) {
	h := newHandler(t, nil)
	doc := page(t, h, "/", 200)
	if n := doc.Find(".hit").Length(); n != 20 {
		t.Errorf("%d hits, want 20", n)
	}
	if got := text(doc, "title"); got != "copydesk" {
		t.Errorf("title %q", got)
	}
	if got := text(doc, "#count"); !strings.HasPrefix(got, "Newest articles 39 in all") {
		t.Errorf("count %q", got)
	}
	first := doc.Find(".hit").First()
	if got := first.Find(".hit-title a").Text(); got != "Town shuts out the sea" {
		t.Errorf("first title %q", got)
	}
	copies := first.Find(".hit-foot a").First()
	if copies.Text() != "3 copies" || copies.AttrOr("href", "") != "/?cluster="+min(harbourID, copyID, secondCopy) {
		t.Errorf("copies: %q to %s", copies.Text(), copies.AttrOr("href", ""))
	}
	if f := doc.Find("form.search"); f.AttrOr("method", "") != "get" || f.AttrOr("action", "") != "/" {
		t.Error("the form is no GET form")
	}
	doc.Find("form.search input:not([type=hidden]), form.search select").Each(func(_ int, s *goquery.Selection) {
		if doc.Find(`label[for="`+s.AttrOr("id", "?")+`"]`).Length() != 1 {
			t.Errorf("field %s has no label", s.AttrOr("name", ""))
		}
	})
	for _, id := range []struct{ id, lang, dir string }{{arabicID, "ar", "rtl"}, {hebrewID, "he", "rtl"}, {germanID, "de", "ltr"}} {
		title := doc.Find(`.hit-title:has(a[href="/article/` + id.id + `"])`)
		if title.AttrOr("lang", "") != id.lang || title.AttrOr("dir", "") != id.dir {
			t.Errorf("%s: lang %q, dir %q", id.lang, title.AttrOr("lang", ""), title.AttrOr("dir", ""))
		}
	}
}

func TestSearchPageFollows(t *testing.T) {
	h := newHandler(t, nil)
	doc := page(t, h, "/", 200)
	next := doc.Find(".pager .next")
	if next.Text() != "Older →" || doc.Find(".pager a").Length() != 1 {
		t.Fatalf("pager %q", doc.Find(".pager").Text())
	}
	second := page(t, h, next.AttrOr("href", ""), 200)
	if n := second.Find(".hit").Length(); n != 19 {
		t.Errorf("%d hits on the second page, want 19", n)
	}
	if start := second.Find(`.pager a[rel="first"]`); start.AttrOr("href", "") != "/" {
		t.Errorf("start leads to %q", start.AttrOr("href", ""))
	}
	// Facets lead where they say: as many hits as they count.
	doc.Find(".facets li a").Each(func(_ int, a *goquery.Selection) {
		there := page(t, h, a.AttrOr("href", ""), 200)
		want := a.Find(".facet-count").Text()
		if got := text(there, "#count"); !strings.HasPrefix(got, want+" article") {
			t.Errorf("%s counts %s, its page says %q", a.Find(".facet-label").Text(), want, got)
		}
		if there.Find(".chips a").Length() == 0 || there.Find(".facets li.active").Length() == 0 {
			t.Errorf("%s is not shown as a filter", a.Find(".facet-label").Text())
		}
	})
}

func TestSearchPageFilters(t *testing.T) {
	h := newHandler(t, nil)
	doc := page(t, h, "/?q=harbour&lang=en&site=harbour-post.example&from=2026-03-01&to=2026-03-14&collapse=cluster&sort=date&utm_source=mail&cluster=", 200)
	want := map[string]string{"q": "harbour", "site": "harbour-post.example", "from": "2026-03-01", "to": "2026-03-14"}
	for name, value := range want {
		if got := doc.Find(`form.search [name="`+name+`"]`).AttrOr("value", ""); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	for _, on := range []string{`#lang option[value="en"][selected]`, `#sort option[value="date"][selected]`, `#collapse[checked]`} {
		if doc.Find(on).Length() != 1 {
			t.Errorf("%s is not set", on)
		}
	}
	if n := doc.Find(".chips li:not(.all)").Length(); n != 5 {
		t.Errorf("%d chips, want 5", n)
	}
	// Each chip removes its filter and keeps the others.
	doc.Find(".chips li:not(.all) a").Each(func(_ int, a *goquery.Selection) {
		u, err := url.Parse(a.AttrOr("href", ""))
		if err != nil || u.Query().Get("q") != "harbour" || len(u.Query()) != 6 || u.Query().Get("sort") != "date" {
			t.Errorf("chip %q leads to %v", a.Text(), u)
		}
	})
	if strings.Contains(doc.Find("body").Text()+doc.Find("form").AttrOr("action", ""), "utm_source") {
		t.Error("a parameter that is not ours is carried along")
	}
	if got := doc.Find(`link[rel="alternate"]`).AttrOr("href", ""); !strings.HasPrefix(got, "/feed.atom?") || !strings.Contains(got, "q=harbour") {
		t.Errorf("feed %q", got)
	}
}

func TestSearchPageMarks(t *testing.T) {
	h := newHandler(t, nil)
	doc := page(t, h, "/?q=hinge+pin", 200)
	hit := doc.Find(".hit").First()
	if got := hit.Find(".snippet mark").First().Text(); !strings.EqualFold(got, "hinge") && !strings.EqualFold(got, "pin") {
		t.Errorf("marked %q in the snippet", got)
	}
	if got := text(page(t, h, "/?q=bond", 200), ".hit-title mark"); got != "bond" {
		t.Errorf("marked %q in the title", got)
	}
}

func TestEmptyStates(t *testing.T) {
	h := newHandler(t, nil)
	for target, want := range map[string]string{
		"/?q=xylophone":         "try fewer",
		"/?q=xylophone&lang=de": "Remove a filter",
		"/?lang=fi":             "Remove a filter",
	} {
		if got := text(page(t, h, target, 200), ".empty"); !strings.Contains(got, want) {
			t.Errorf("%s: %q", target, got)
		}
	}
	empty := newHandler(t, func(o *Options) { o.Index, o.Sources = emptyIndex(t), someSources{} })
	if got := text(page(t, empty, "/", 200), ".empty"); !strings.Contains(got, "Nothing is indexed yet") {
		t.Errorf("empty index: %q", got)
	}
	if got := text(page(t, empty, "/sources", 200), ".empty"); !strings.Contains(got, "no feeds yet") {
		t.Errorf("no feeds: %q", got)
	}
	unknown := newHandler(t, func(o *Options) { o.Index, o.Sources = emptyIndex(t), nil })
	if got := text(page(t, unknown, "/sources", 200), ".empty"); !strings.Contains(got, "does not know the feeds") {
		t.Errorf("feeds not known: %q", got)
	}
}

func TestArticlePage(t *testing.T) {
	h := newHandler(t, nil)
	doc := page(t, h, "/article/"+harbourID, 200)
	for selector, want := range map[string]string{
		".story h1":          harbour(3).Title,
		".standfirst":        harbour(3).Standfirst,
		".byline":            "Nora Kettleby and Piet Aldous · Coast Wire",
		".dateline":          "STRANDBY, March 14",
		".body h2":           "A winter of trialsWhat changes for boats",
		".dates dd":          "14 Mar 2026, 06:30 UTC to the minute, from JSON-LD14 Mar 2026, 08:05 UTC to the second, from meta data",
		".kicker":            "The Harbour Post Harbour English",
		".tags li":           "tide gateengineeringharbour council",
		".removed > summary": "Removed from the page 7 blocks",
		".removed h3":        "breadcrumb 1caption 1photo credit 1related 2newsletter 1author bio 1",
	} {
		if got := text(doc, selector); got != want {
			t.Errorf("%s: %q, want %q", selector, got, want)
		}
	}
	counts := map[string]int{
		".body > p:not(.dateline)": 6, ".body > ul > li": 3, ".body blockquote": 1, ".body pre": 1, "img": 0,
		".removed li": 7, ".removed code": 7, ".removed[open]": 0, "#versions + ol li": 3, "#versions + ol a": 2, "#pictures + ul li": 2, "#pictures + ul a": 1,
		`h1`: 1, `a[href="/story/` + testStory + `"]`: 1,
	}
	for selector, want := range counts {
		if got := doc.Find(selector).Length(); got != want {
			t.Errorf("%d of %s, want %d", got, selector, want)
		}
	}
	if got := text(doc, `section[aria-labelledby="copies"]`); !strings.Contains(got, "taken for the original: the others name a source, it does not") || !strings.Contains(got, "Valley Echo") {
		t.Errorf("copies: %q", got)
	}
	if got := text(doc, `section[aria-labelledby="shared"]`); !strings.Contains(got, "Harbour bond sells out") || !strings.Contains(got, "42 %") {
		t.Errorf("shared: %q", got)
	}
	facts := text(doc, ".facts table")
	for _, want := range []string{harbourID, "https://harbour-post.example/feed.xml", "two_dates", "14 Mar 2026, 10:00 UTC", "14 Mar 2026, 08:00 UTC"} {
		if !strings.Contains(facts, want) {
			t.Errorf("facts lack %q", want)
		}
	}
	doc.Find(`main a[href^="http"]`).Each(func(_ int, a *goquery.Selection) {
		if a.AttrOr("rel", "") != "noopener nofollow noreferrer" {
			t.Errorf("link to %s: rel %q", a.AttrOr("href", ""), a.AttrOr("rel", ""))
		}
	})
}

func TestArticlePageVariants(t *testing.T) {
	h := newHandler(t, nil)
	for id, want := range map[string]map[string]string{
		copyID:      {".notice": "This is a copy. The original is at The Harbour Post: the others name a source, it does not."},
		withdrawnID: {".notice": "The publisher has withdrawn this article."},
		paywallID:   {".notice": "The rest of this article is behind a paywall."},
		undatedID:   {"h1": "Untitled", ".dates dt": "Found"},
		germanID:    {".dates dd": "13 Mar 2026 to the day, from the address"},
	} {
		doc := page(t, h, "/article/"+id, 200)
		for selector, text1 := range want {
			if got := text(doc, selector); got != text1 {
				t.Errorf("%s: %s: %q, want %q", id, selector, got, text1)
			}
		}
	}
	arabic := page(t, h, "/article/"+arabicID, 200).Find("article.story")
	if arabic.AttrOr("lang", "") != "ar" || arabic.AttrOr("dir", "") != "rtl" {
		t.Errorf("Arabic: lang %q, dir %q", arabic.AttrOr("lang", ""), arabic.AttrOr("dir", ""))
	}
	for code, want := range map[string]string{"fa": "rtl", "he": "rtl", "ur-PK": "rtl", "ar": "rtl", "en": "ltr", "": "auto", "x<y": "auto"} {
		if got := direction(code); got != want {
			t.Errorf("direction of %q: %s", code, got)
		}
	}
}

func TestDiffPage(t *testing.T) {
	h := newHandler(t, nil)
	doc := page(t, h, "/article/"+harbourID+"/diff?from=1&to=3", 200)
	if got := text(doc, ".block.changed ins"); !strings.Contains(got, "ferry") {
		t.Errorf("inserted %q", got)
	}
	if got := text(doc, ".block.changed del"); !strings.Contains(got, "lorry") {
		t.Errorf("deleted %q", got)
	}
	if got := text(doc, ".diff-title ins"); got != "for the first time" {
		t.Errorf("title gained %q", got)
	}
	if got := text(doc, ".block.gone del"); got != "This report will be updated." {
		t.Errorf("lost %q", got)
	}
	if doc.Find(`#from option[value="1"][selected]`).Length() != 1 || doc.Find(`#to option[value="3"][selected]`).Length() != 1 {
		t.Error("the form does not show what is compared")
	}
	folded := page(t, h, "/article/"+harbourID+"/diff", 200)
	if got := text(folded, ".same summary"); got != "10 blocks unchanged" {
		t.Errorf("folded: %q", got)
	}
	if got := text(page(t, h, "/article/"+germanID+"/diff", 404), ".error-page"); !strings.Contains(got, "one version only") {
		t.Error(got)
	}
}

func TestDiffPageMoves(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	doc := page(t, h, "/article/"+keelID+"/diff", 200)
	if got := text(doc, ".block.moved"); got != "Moved from here"+keelText[3]+"Moved to here"+keelText[3] {
		t.Errorf("moved: %q", got)
	}
	if got := text(doc, ".diff-head .note"); !strings.HasSuffix(got, "removed, 1 paragraph moved") {
		t.Errorf("counted: %q", got)
	}
	if got := text(doc, ".block.gone"); got != "" {
		t.Errorf("gone: %q", got)
	}
}

func TestVersionNumbers(t *testing.T) {
	for want, numbers := range map[string][]int{"1": {1}, "1 to 3": {1, 2, 3}, "1, 52 to 54": {1, 52, 53, 54}, "1, 3, 5": {1, 3, 5}} {
		var vs []article.Version
		for _, n := range numbers {
			vs = append(vs, article.Version{Version: n})
		}
		if got := versionNumbers(vs); got != want {
			t.Errorf("%v: %q, want %q", numbers, got, want)
		}
		rec := &article.Record{}
		for i, v := range versionsOf(rec, vs) {
			gap := 0
			if n := len(vs) - 1 - i; n > 0 && vs[n-1].Version+1 != v.Version {
				gap = vs[n-1].Version
			}
			if v.Since != gap {
				t.Errorf("%v: version %d is compared since %d, want %d", numbers, v.Version, v.Since, gap)
			}
		}
	}
}

func TestSourcesPage(t *testing.T) {
	h := newHandler(t, nil)
	doc := page(t, h, "/sources", 200)
	if got := text(doc, ".states"); got != "all 8 failing 2 blocked 1 dead 1 new 1 ok 2 retired 1" {
		t.Errorf("states: %q", got)
	}
	first := doc.Find(".feeds tbody tr").First()
	for _, want := range []string{"failing", "11", "2 h ago", "in 6 h", "never", "not a feed: looks like an HTML page " + script} {
		if !strings.Contains(first.Text(), want) {
			t.Errorf("first row lacks %q: %s", want, first.Text())
		}
	}
	for _, want := range []string{"reads https://harbour-post.example/news-sitemap.xml and 2 more", "push since 2026-02-01 09:30 UTC", "push denied: " + script} {
		if !strings.Contains(text(doc, ".feeds"), want) {
			t.Errorf("the feeds lack %q", want)
		}
	}
	var publishers []string
	doc.Find(".publishers tbody tr").Each(func(_ int, row *goquery.Selection) {
		publishers = append(publishers, strings.Join(strings.Fields(row.Text()), " "))
	})
	if want := []string{
		"namal.example blocked 5 h ago robots.txt not lately", "valley-echo.example failing 12 min ago status 503 1 h ago",
		"lost.example pages missing 2 h ago 404 or 410 2 h ago",
		"ledger.example teasers only 3 days ago teaser 1 h ago",
	}; !slices.Equal(publishers, want) {
		t.Errorf("publishers %q, want %q", publishers, want)
	}
	if got := text(doc, "section .note"); !strings.HasPrefix(got, "2 let us read their articles; these do not, or not whole.") {
		t.Errorf("publishers that are well: %q", got)
	}
	if n := page(t, h, "/sources?state=ok", 200).Find(".feeds tbody tr").Length(); n != 2 {
		t.Errorf("%d rows of state ok", n)
	}
	if got := text(page(t, h, "/sources?q=zzz", 200), ".empty"); !strings.Contains(got, "No feed fits") {
		t.Errorf("no fit: %q", got)
	}
	page(t, h, "/sources?state=broken", 400)
	many := make(someSources, maxSourceRows+1)
	doc = page(t, newHandler(t, func(o *Options) { o.Sources, o.Index = many, emptyIndex(t) }), "/sources", 200)
	if n := doc.Find(".feeds tbody tr").Length(); n != maxSourceRows || !strings.Contains(text(doc, "main"), "first 1000 of 1,001") {
		t.Errorf("%d rows of too many", n)
	}
}

func TestErrorPages(t *testing.T) {
	h := newHandler(t, nil)
	for target, status := range map[string]int{
		"/nothing": 404, "/article/none": 404, "/article/aaaaaaaaaaaaaaaaaaaaaaaaaa": 404, "/?sort=sideways": 400,
		"/static/none.css": 404, "/?q=" + strings.Repeat("a", 9000): 414, "/?q=%zz": 400,
	} {
		doc := page(t, h, target, status)
		if text(doc, ".error-page h1") == "" || text(doc, ".error-page") == "" || doc.Find(`a[href="/"]`).Length() == 0 {
			t.Errorf("%s: %s", target, text(doc, "main"))
		}
	}
}

func TestAssets(t *testing.T) {
	h := newHandler(t, func(o *Options) { o.Index = emptyIndex(t) })
	css := page(t, h, "/", 200).Find(`link[rel="stylesheet"]`).AttrOr("href", "")
	w := get(t, h, css)
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != foreverCache || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%s: %d %v", css, w.Code, w.Header())
	}
	if old := get(t, h, "/static/style.css?v=old"); old.Header().Get("Cache-Control") != hourCache {
		t.Errorf("an address that will not change is kept: %s", old.Header().Get("Cache-Control"))
	}
	if got := get(t, h, "/robots.txt").Body.String(); got != "User-agent: *\nDisallow: /\n" {
		t.Errorf("robots.txt: %q", got)
	}
	if icon := page(t, h, "/", 200).Find(`link[rel="icon"]`).AttrOr("href", ""); !strings.HasPrefix(icon, "data:image/svg+xml,") {
		t.Errorf("icon %q", icon)
	}
}
