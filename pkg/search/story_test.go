package search

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func TestStoriesAPI(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	ids := func(query string) (string, storiesAnswer) {
		a := into[storiesAnswer](t, get(t, h, "/api/v1/stories?"+query))
		var out []string
		for _, st := range a.Stories {
			name := map[string]string{agroundStory: "aground", pilotStory: "pilots", choirID: "choir"}[st.ID]
			out = append(out, name)
		}
		return strings.Join(out, " "), a
	}
	for query, want := range map[string]string{
		"": "aground pilots choir", "sort=size": "aground pilots choir", "sort=date": "pilots aground choir", "min=2": "aground pilots",
		"min=3": "aground", "q=pilot": "pilots", "lang=de": "", "lang=en&q=basses": "choir", "site=north-light.example": "pilots aground",
		"site=north-light.example&min=2": "", "from=2026-03-14T09:30:00Z": "pilots", "to=2026-03-13": "aground", "size=1": "aground",
		"q=xylophone": "", "size=&min=&sort=": "aground pilots choir",
	} {
		got, a := ids(query)
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		if a.Stories == nil {
			t.Errorf("%s: the list is null", query)
		}
	}
	_, a := ids("")
	st := a.Stories[0]
	if a.Total != 3 || st.Articles != 8 || st.Clusters != 4 || st.Sites != 7 || st.Language != "en" {
		t.Errorf("total %d, %+v", a.Total, st)
	}
	if st.Lead.ID != agroundID || st.Title != st.Lead.Title || !st.First.Equal(at(-3, 5).Time) || !st.Last.Equal(at(9, 20).Time) {
		t.Errorf("lead, first, last: %+v", st)
	}
	_, page := ids("size=2")
	if rest, last := ids("size=2&cursor=" + url.QueryEscape(page.Next)); rest != "choir" || last.Next != "" || last.Total != 3 {
		t.Errorf("second page: %q, next %q", rest, last.Next)
	}
	none := into[storiesAnswer](t, get(t, newHandler(t, func(o *Options) { o.Index = emptyIndex(t) }), "/api/v1/stories"))
	if none.Total != 0 || none.Stories == nil || none.Next != "" {
		t.Errorf("without articles: %+v", none)
	}
}

func TestStoriesProblems(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	next := into[storiesAnswer](t, get(t, h, "/api/v1/stories?size=1")).Next
	for _, tt := range []struct {
		target    string
		status    int
		parameter string
	}{
		{"/api/v1/stories?sort=relevance", 400, "sort"},
		{"/api/v1/stories?sort=size&sort=date", 400, "sort"},
		{"/api/v1/stories?min=0", 400, "min"},
		{"/api/v1/stories?min=few", 400, "min"},
		{"/api/v1/stories?min=1001", 400, "min"},
		{"/api/v1/stories?size=101", 400, "size"},
		{"/api/v1/stories?from=2026-03-02&to=2026-03-01", 400, "to"},
		{"/api/v1/stories?cursor=nonsense", 400, "cursor"},
		{"/api/v1/stories?sort=date&cursor=" + next, 400, "cursor"},
		{"/api/v1/stories?collapse=story", 400, "collapse"},
		{"/api/v1/stories/" + agroundStory + "?sort=date", 400, "sort"},
		{"/api/v1/stories/" + agroundStory + "?cursor=nonsense", 400, "cursor"},
		{"/api/v1/stories/" + goneStory, 404, ""},
		{"/api/v1/stories/a%20b", 404, ""},
		{"/api/v1/stories/" + strings.Repeat("a", 65), 404, ""},
		{"/api/v1/stories/aaaaaaaaaaaaaaaaaaaaaaaaaa", 404, ""},
		{"/api/v1/stories/aaaaaaaaaaaaaaaaaaaaaaaaaa~", 404, ""},
	} {
		w := get(t, h, tt.target)
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%s: %v: %s", tt.target, err, w.Body)
			continue
		}
		if w.Code != tt.status || p.Status != tt.status || p.Parameter != tt.parameter || p.Detail == "" {
			t.Errorf("%s: %d %+v", tt.target, w.Code, p)
		}
	}
	page(t, h, "/stories?min=few", http.StatusBadRequest)
}

func TestStoryAPI(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	a := into[oneStoryAnswer](t, get(t, h, "/api/v1/stories/"+agroundStory))
	if a.ID != agroundStory || a.Articles != 8 || a.Clusters != 4 || a.Sites != 7 || a.Lead.ID != agroundID || a.Next != "" {
		t.Errorf("%+v", a.storyAnswer)
	}
	if len(a.Members) != 8 || a.Members[0].ID != sharesID || a.Members[7].ID != buoyID || a.Members[0].Snippet == "" {
		t.Errorf("members: %+v", a.Members)
	}
	var texts []string
	for _, x := range a.Texts {
		texts = append(texts, x.Original.ID)
	}
	if want := []string{sharesID, keelID, agroundID, buoyID}; !slices.Equal(texts, want) {
		t.Fatalf("texts %v, want %v", texts, want)
	}
	wire := a.Texts[2]
	var sites []string
	for _, c := range wire.Copies {
		sites = append(sites, c.Site)
	}
	if want := []string{"valley-echo.example", "ledger.example", "east-quay.example", "minutes.example"}; !slices.Equal(sites, want) {
		t.Errorf("copies at %v, want %v", sites, want)
	}
	if wire.OriginalBy != "attribution" || wire.More != 1 {
		t.Errorf("decided by %q, %d more (one was withdrawn)", wire.OriginalBy, wire.More)
	}
	if len(a.Sources) != 7 || a.Sources[0].Value != "ledger.example" || a.Sources[0].Count != 2 {
		t.Errorf("sources: %+v", a.Sources)
	}
	if len(a.Related) != 1 || a.Related[0].ID != pilotStory || a.Related[0].Articles != 2 {
		t.Errorf("related: %+v", a.Related)
	}
}

// TestStoryPages reads a story page by page: each article once, and a copy is
// shown with its original wherever that stands.
func TestStoryPages(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	seen := map[string]bool{}
	cursor := ""
	for range 8 {
		a := into[oneStoryAnswer](t, get(t, h, "/api/v1/stories/"+agroundStory+"?size=3&cursor="+url.QueryEscape(cursor)))
		for _, m := range a.Members {
			if seen[m.ID] {
				t.Errorf("%s comes twice", m.ID)
			}
			seen[m.ID] = true
		}
		for _, x := range a.Texts {
			if (x.OriginalBy == "attribution") != (x.Original.ID == agroundID) {
				t.Errorf("the copies are shown under %+v", x.Original)
			}
			if x.Original.ID == agroundID && 1+len(x.Copies)+x.More != 6 {
				t.Errorf("%d copies and %d more", len(x.Copies), x.More)
			}
		}
		if cursor = a.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d articles on all pages", len(seen))
	}
}

func TestMergedStories(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	for _, under := range []string{"/story/", "/api/v1/stories/"} {
		for _, id := range []string{mergedStory, mergedLater} {
			w := get(t, h, under+id)
			if w.Code != http.StatusFound || w.Header().Get("Location") != under+agroundStory {
				t.Errorf("%s%s: %d to %q", under, id, w.Code, w.Header().Get("Location"))
			}
		}
		for _, id := range []string{goneStory, "aaaaaaaaaaaaaaaaaaaaaaaaaa", "none~", "~"} {
			if w := get(t, h, under+id); w.Code != http.StatusNotFound {
				t.Errorf("%s%s: %d", under, id, w.Code)
			}
		}
		if w := get(t, h, under+pilotStory); w.Code != http.StatusOK {
			t.Errorf("%s%s: %d", under, pilotStory, w.Code)
		}
	}
	for _, path := range []string{"/feed.atom?", "/feed.json?lang=en&"} {
		w := get(t, h, path+"story="+mergedStory)
		if w.Code != http.StatusFound || w.Header().Get("Location") != path+"story="+agroundStory {
			t.Errorf("%s of a merged story: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
		if w := get(t, h, path+"story="+goneStory); w.Code != http.StatusOK {
			t.Errorf("%s of a story that has gone: %d", path, w.Code)
		}
	}
	if a := into[searchAnswer](t, get(t, h, "/api/v1/search?story="+pilotStory)); a.Total != 2 {
		t.Errorf("search within a story: %d", a.Total)
	}
	w := get(t, h, "/api/v1/clusters/"+agroundCopy)
	if to := into[clusterAnswer](t, get(t, h, cmp.Or(w.Header().Get("Location"), "/api/v1/clusters/"+agroundCopy))); to.Original != agroundID || to.Total != 6 {
		t.Errorf("cluster of a copy: %d, %+v", w.Code, to)
	}
}

func TestStoryPage(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	doc := page(t, h, "/story/"+agroundStory, 200)
	for selector, want := range map[string]string{
		"main h1":    "Night ferry runs aground off Strandby, all 212 aboard safe",
		".figures":   "Articles8 Different texts4 Sources7 First report13 Mar 2026, 21:05 UTC Latest14 Mar 2026, 09:20 UTC",
		".day > h2":  "Saturday, 14 March 2026Friday, 13 March 2026",
		".copies":    "and 5 copies: Valley Echo 04:15, The Ledger 05:02, East Quay Times 05:30, Council Minutes 07:45, 1 more",
		".related a": "Council asks whether ferries need a pilot",
	} {
		if got := text(doc, selector); got != want {
			t.Errorf("%s: %q, want %q", selector, got, want)
		}
	}
	if n := doc.Find(".hit").Length(); n != 4 {
		t.Errorf("%d texts", n)
	}
	if got := text(doc, ".sources-of li:first-child"); got != "ledger.example 2" {
		t.Errorf("first source %q", got)
	}
	sources := doc.Find(".sources-of a").First().AttrOr("href", "")
	if got := text(page(t, h, sources, 200), "#count"); !strings.HasPrefix(got, "2 articles") {
		t.Errorf("%s: %q", sources, got)
	}
	if got := text(page(t, h, "/story/none", 404), ".error-page h1"); got != "No such story" {
		t.Errorf("missing story: %q", got)
	}
	lone := page(t, h, "/story/"+choirID, 200)
	if got := text(lone, ".figures"); got != "Article1 Text1 Source1 First report14 Mar 2026, 05:00 UTC" || lone.Find(".copies").Length() != 0 {
		t.Errorf("a story of one article: %q", got)
	}
}

func TestStoriesPage(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	doc := page(t, h, "/stories", 200)
	if got := text(doc, "#count"); !strings.HasPrefix(got, "2 stories largest first") {
		t.Errorf("count: %q", got)
	}
	if got := text(doc, ".story-list li:first-child .note"); got != "8 articles, 7 sources, latest 2 h ago" {
		t.Errorf("first: %q", got)
	}
	next := page(t, h, "/stories?size=1&sort=date&lang=en", 200)
	if got := next.Find(`input[name="lang"]`).AttrOr("value", ""); got != "en" {
		t.Errorf("the form loses lang: %q", got)
	}
	if got := text(next, ".chips li"); !strings.HasPrefix(got, "Language: English") {
		t.Errorf("chips: %q", got)
	}
	if got := into[storiesAnswer](t, get(t, h, doc.Find(".formats a").AttrOr("href", ""))).Total; got != 2 {
		t.Errorf("as JSON %d stories, on the page 2", got)
	}
	second := page(t, h, next.Find(".pager .next").AttrOr("href", ""), 200)
	if got := second.Find(".story-title").AttrOr("href", ""); got != "/story/"+agroundStory || second.Find(".pager .next").Length() != 0 {
		t.Errorf("second page: %q", got)
	}
	if got := text(page(t, h, "/stories?q=xylophone", 200), ".empty"); !strings.Contains(got, "No story fits") {
		t.Errorf("nothing: %q", got)
	}
}

func TestStoriesOfTheDay(t *testing.T) {
	ix := newIndex(t)
	addStories(t, ix)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	doc := page(t, h, "/", 200)
	if got := text(doc, ".today .first h3"); got != "Night ferry runs aground off Strandby, all 212 aboard safe" {
		t.Errorf("first story %q", got)
	}
	if n := doc.Find(".today .story-list li").Length(); n != 2 {
		t.Errorf("%d more stories, want those of the gate and of the pilots", n)
	}
	// The story of the gate began days ago; of the day are the articles since.
	if got := text(doc, ".today .story-list"); !strings.Contains(got, "2 articles") {
		t.Errorf("more stories: %q", got)
	}
	for _, target := range []string{"/?q=ferry", "/?lang=en", "/?size=5"} {
		if page(t, h, target, 200).Find(".today").Length() != 0 {
			t.Errorf("%s shows the stories of the day", target)
		}
	}
	if page(t, h, "/?utm_source=mail", 200).Find(".today").Length() != 1 {
		t.Error("a parameter that is none of ours hides the stories of the day")
	}
	foot := text(doc, `.hit:has(a[href="/article/`+keelID+`"]) .hit-foot`)
	if foot != "Story: 8 articles Version 2" {
		t.Errorf("an article of a story: %q", foot)
	}
	if got := text(doc, `.hit:has(a[href="/article/`+choirID+`"]) .hit-foot`); got != "" {
		t.Errorf("an article that stands alone: %q", got)
	}
	none := page(t, newHandler(t, func(o *Options) { o.Index = emptyIndex(t) }), "/", 200)
	if none.Find(".today").Length() != 0 {
		t.Error("an empty index has stories of the day")
	}
}

func TestArticleInStory(t *testing.T) {
	ix := storyIndex(t)
	h := newHandler(t, func(o *Options) { o.Index = ix })
	doc := page(t, h, "/article/"+keelID, 200)
	box := doc.Find(".story-box")
	if got := box.Find(".story-title").AttrOr("href", ""); got != "/story/"+agroundStory {
		t.Errorf("story at %q", got)
	}
	if got := text(doc, ".story-box > .note"); !strings.HasPrefix(got, "8 articles, 7 sources") {
		t.Errorf("story: %q", got)
	}
	if n := box.Find(".plain-list li").Length(); n != 3 {
		t.Errorf("%d other texts, want 3", n)
	}
	if box.Find(`a[href="/article/`+agroundID+`"]`).Length() != 1 {
		t.Error("of a text with copies the original is not the one that is shown")
	}
	if got := doc.Find(".related .story-title").AttrOr("href", ""); got != "/story/"+pilotStory || doc.Find(".related li").Length() != 1 {
		t.Errorf("related: %q", got)
	}
	if got := text(doc, `section[aria-labelledby="shared"]`); !strings.Contains(got, "Coast Wire, 31 %") {
		t.Errorf("shared: %q", got)
	}
	wire := page(t, h, "/article/"+agroundID, 200)
	if got := text(wire, `section[aria-labelledby="copies"]`); !strings.Contains(got, "taken for the original: the others name a source, it does not.") || !strings.Contains(got, "Withdrawn Ferry aground") {
		t.Errorf("copies: %q", got)
	}
	if n := wire.Find(".story-box .plain-list li").Length(); n != 3 {
		t.Errorf("%d other texts of the original, want 3: its copies say nothing else", n)
	}
	gone := page(t, h, "/article/"+goneCopyID, 200)
	if got := text(gone, ".notice.warn"); !strings.Contains(got, "withdrawn") {
		t.Errorf("withdrawn: %q", got)
	}
	if got := text(page(t, h, "/article/"+choirID, 200), ".story-box"); got != "" {
		t.Errorf("a story of its own: %q", got)
	}
	if d := testNow.Sub(at(9, 20).Time); d < 2*time.Hour || d > 3*time.Hour {
		t.Error("the fixtures do not fit the clock of the tests")
	}
}

// TestManyCopies looks at a text with more copies than a page lists.
func TestManyCopies(t *testing.T) {
	ix := emptyIndex(t)
	ctx := context.Background()
	var as []article.Article
	var places []index.Placement
	for i := range maxCopiesShown + 10 {
		as = append(as, finish(article.Article{
			URL: fmt.Sprintf("https://paper-%02d.example/heron", i), Title: "Heron moves into the fire station", Language: "en",
			Body: paragraphs("A heron has moved into the yard of the fire station, and the men have stopped practising there."), Published: at(0, i),
		}))
		places = append(places, index.Placement{ID: as[i].ID, Cluster: as[0].ID, Original: as[0].ID, OriginalBy: "published", Story: as[0].ID})
	}
	if _, err := ix.Upsert(ctx, as, testNow, nil); err != nil {
		t.Fatal(err)
	}
	if err := ix.Place(ctx, places); err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, func(o *Options) { o.Index = ix })
	doc := page(t, h, "/article/"+as[40].ID, 200)
	if got := text(doc, ".notice"); got != "This is a copy. The original is at paper-00.example: it was published first." {
		t.Errorf("notice %q", got)
	}
	copies := doc.Find(`section[aria-labelledby="copies"]`)
	if first := copies.Find("li").First(); !strings.Contains(first.Text(), "Original") || !strings.Contains(copies.Text(), "All 60 copies") {
		t.Errorf("copies: %q", copies.Text())
	}
	story := page(t, h, "/story/"+as[0].ID, 200)
	if got := text(story, ".copies"); !strings.HasPrefix(got, "and 59 copies: paper-01.example") || !strings.HasSuffix(got, "47 more") {
		t.Errorf("in the story: %q", got)
	}
	all := story.Find(".copies a").Last().AttrOr("href", "")
	if got := text(page(t, h, all, 200), "#count"); !strings.HasPrefix(got, "60 articles") {
		t.Errorf("%s: %q", all, got)
	}
	// The page of the newest copies shows them under the original.
	newest := into[oneStoryAnswer](t, get(t, h, "/api/v1/stories/"+as[0].ID+"?size=5"))
	if len(newest.Texts) != 1 || newest.Texts[0].Original.ID != as[0].ID || len(newest.Texts[0].Copies) != 5 || newest.Texts[0].More != 54 {
		t.Errorf("newest: %+v", newest.Texts)
	}
}
