package indextest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func storyTests() []test {
	return []test{
		{"Stories", stories},
		{"Stories in pages", storyPages},
		{"Stories refuse bad queries", storiesRefuse},
	}
}

func (k *kit) stories(q index.StoriesQuery) index.StoriesResult {
	k.Helper()
	r, err := k.x.Stories(k.ctx, q)
	if err != nil {
		k.Fatalf("Stories(%+v): %v", q, err)
	}
	return r
}

// outline is a story in a line: id, articles, clusters, sites, and its lead.
func outline(r index.StoriesResult) []string {
	var out []string
	for _, s := range r.Stories {
		out = append(out, fmt.Sprintf("%s %d %d %d %s", s.ID, s.Articles, s.Clusters, s.Sites, s.Lead.ID))
	}
	return out
}

func stories(k *kit) {
	at := func(id, site, lang string, hours int) article.Article {
		a := published(art(id, "Bridge "+id, "A text of "+id), noon().Add(time.Duration(hours)*time.Hour))
		a.Site, a.Language = site, lang
		return a
	}
	k.upsert(
		at("a", "one.example", "en", 0), at("b", "two.example", "en", 1), at("c", "two.example", "en", -2),
		at("d", "one.example", "de", 3), at("e", "one.example", "de", 5), at("f", "six.example", "en", 4), at("g", "one.example", "en", 6),
	)
	k.place(
		index.Placement{ID: "a", Story: "big", Cluster: "a", Original: "b"},
		index.Placement{ID: "b", Story: "big", Cluster: "a", Original: "b"},
		index.Placement{ID: "c", Story: "big"},
		index.Placement{ID: "d", Story: "small"}, index.Placement{ID: "e", Story: "small"},
		index.Placement{ID: "f", Story: "gone"},
	)
	k.withdraw("f")
	for _, c := range []struct {
		name  string
		q     index.StoriesQuery
		total uint64
		want  []string
	}{
		{"largest first, the lead is the original of the largest cluster", index.StoriesQuery{}, 2, []string{"big 3 2 2 b", "small 2 2 1 d"}},
		{"latest first", index.StoriesQuery{Sort: index.StoriesByDate}, 2, []string{"small 2 2 1 d", "big 3 2 2 b"}},
		{"by language", index.StoriesQuery{Lang: []string{"de"}}, 1, []string{"small 2 2 1 d"}},
		{"by site: the original is not on it", index.StoriesQuery{Site: []string{"one.example"}}, 2, []string{"small 2 2 1 d", "big 1 1 1 a"}},
		{"from", index.StoriesQuery{From: noon().Add(time.Hour)}, 2, []string{"small 2 2 1 d", "big 1 1 1 b"}},
		{"to: the original is not before it", index.StoriesQuery{To: noon().Add(time.Hour)}, 1, []string{"big 2 2 2 c"}},
		{"words", index.StoriesQuery{Text: "text c"}, 1, []string{"big 1 1 1 c"}},
		{"at least three", index.StoriesQuery{MinArticles: 3}, 1, []string{"big 3 2 2 b"}},
		{"none", index.StoriesQuery{Text: "nowhere"}, 0, nil},
		{"by id", index.StoriesQuery{IDs: []string{"big", "gone", "none"}}, 1, []string{"big 3 2 2 b"}},
		{"by id and site", index.StoriesQuery{IDs: []string{"small", "big"}, Site: []string{"two.example"}}, 1, []string{"big 2 2 1 c"}},
	} {
		r := k.stories(c.q)
		if got := outline(r); r.Total != c.total || !slices.Equal(got, c.want) {
			k.Errorf("%s: %d %q, want %d %q", c.name, r.Total, got, c.total, c.want)
		}
	}
	s := k.stories(index.StoriesQuery{}).Stories[0]
	if !s.First.Equal(noon().Add(-2*time.Hour)) || !s.Last.Equal(noon().Add(time.Hour)) || s.Lead.Copies != 2 {
		k.Errorf("from %s to %s, %d copies of the lead", s.First, s.Last, s.Lead.Copies)
	}
}

func storyPages(k *kit) {
	var articles []article.Article
	var placements []index.Placement
	for i := range 150 {
		id := number(i)
		articles = append(articles, art(id, "Title", "A text of "+id))
		placements = append(placements, index.Placement{ID: id, Story: fmt.Sprintf("s%03d", i%60)})
	}
	k.upsert(articles...)
	k.place(placements...)
	for _, sort := range []index.StoriesSort{index.StoriesBySize, index.StoriesByDate} {
		q := index.StoriesQuery{Sort: sort, Size: 7}
		var got []string
		for range 100 {
			r := k.stories(q)
			if r.Total != 60 {
				k.Fatalf("%d stories, want 60", r.Total)
			}
			for _, s := range r.Stories {
				got = append(got, s.ID)
			}
			if q.Cursor = r.Next; q.Cursor == "" {
				break
			}
		}
		// Thirty have three articles, the rest two; all are of one time.
		if len(got) != 60 || !slices.IsSorted(got) {
			k.Errorf("by %s: %d stories %v", sort, len(got), got)
		}
	}
}

func storiesRefuse(k *kit) {
	k.upsert(art("a", "One", "A text."), art("b", "Two", "B text."))
	k.place(index.Placement{ID: "a", Story: "s"}, index.Placement{ID: "b", Story: "t"})
	next := k.stories(index.StoriesQuery{Size: 1}).Next
	for _, q := range []index.StoriesQuery{
		{Sort: "loudest"},
		{Size: -1},
		{Size: index.MaxSize + 1},
		{MinArticles: -1},
		{Cursor: "x"},
		{Cursor: next, Sort: index.StoriesByDate},
		{Cursor: next, MinArticles: 2},
		{Cursor: next, Text: "text"},
		{Cursor: next, IDs: []string{"s"}},
		{IDs: make([]string, index.MaxValues+1)},
	} {
		if _, err := k.x.Stories(k.ctx, q); !errors.Is(err, index.ErrBadQuery) {
			k.Errorf("%+v: error %v, want %v", q, err, index.ErrBadQuery)
		}
	}
}
