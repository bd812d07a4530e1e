package indextest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func storyModelTests() []test {
	return []test{
		{"Stories are counted over what matches", storiesCounted},
		{"Stories are led by the original that matches", storiesLead},
		{"Pages of stories with ties", storiesPages},
		{"Pages of stories while they grow", storiesGrow},
	}
}

// plot writes articles on a few stories, with many dates alike, and returns
// their records by id.
func (k *kit) plot(n int) []article.Record {
	k.Helper()
	rnd := rand.New(rand.NewPCG(4, 9))
	var articles []article.Article
	var placements []index.Placement
	for i := range n {
		a := art(number(i), "Notes", []string{"A bridge.", "A ferry and a bridge.", "A tunnel."}[rnd.IntN(3)])
		a.Site = []string{"one.example", "two.example", "three.example"}[rnd.IntN(3)]
		a.Language = []string{"en", "en-GB", "de"}[rnd.IntN(3)]
		articles = append(articles, published(a, noon().AddDate(0, 0, -rnd.IntN(6))))
		p := index.Placement{ID: a.ID, Cluster: number(max(0, i-rnd.IntN(9)))}
		p.Original = number(max(0, i-rnd.IntN(4)))
		if i%11 > 0 {
			p.Story = fmt.Sprintf("s%02d", min(rnd.IntN(30), rnd.IntN(30)))
		}
		placements = append(placements, p)
	}
	k.upsert(articles...)
	k.place(placements...)
	k.withdraw(number(3), number(14))
	var records []article.Record
	for _, a := range articles {
		records = append(records, k.get(a.ID))
	}
	return records
}

// expected answers a query for stories, of one word at most, the plain way.
func expected(records []article.Record, q index.StoriesQuery) []index.StoryHit {
	members := map[string][]article.Record{}
	for _, r := range records {
		lang, _, _ := strings.Cut(r.Language, "-")
		date := index.DateOf(&r)
		switch {
		case r.Withdrawn, r.Story == "", !strings.Contains(r.Text, q.Text),
			len(q.Lang) > 0 && !slices.Contains(q.Lang, lang),
			len(q.Site) > 0 && !slices.Contains(q.Site, r.Site),
			len(q.IDs) > 0 && !slices.Contains(q.IDs, r.Story),
			!q.From.IsZero() && date.Before(q.From), !q.To.IsZero() && !date.Before(q.To):
			continue
		}
		members[r.Story] = append(members[r.Story], r)
	}
	var hits []index.StoryHit
	for id, all := range members {
		if len(all) >= q.MinArticles {
			hits = append(hits, expectedStory(id, all))
		}
	}
	slices.SortFunc(hits, func(a, b index.StoryHit) int {
		size := 0
		if q.Sort != index.StoriesByDate {
			size = b.Articles - a.Articles
		}
		return cmp.Or(size, b.Last.Compare(a.Last), strings.Compare(a.ID, b.ID))
	})
	return hits
}

func expectedStory(id string, all []article.Record) index.StoryHit {
	slices.SortFunc(all, func(a, b article.Record) int {
		return cmp.Or(index.DateOf(&a).Compare(index.DateOf(&b)), strings.Compare(a.ID, b.ID))
	})
	clusters, sites := map[string][]article.Record{}, map[string]bool{}
	largest := ""
	for _, r := range all {
		clusters[r.Cluster] = append(clusters[r.Cluster], r)
		sites[r.Site] = true
	}
	for _, r := range all { // of those of one size, that of the earliest article
		if len(clusters[r.Cluster]) > len(clusters[largest]) {
			largest = r.Cluster
		}
	}
	lead := clusters[largest][0]
	for _, r := range clusters[largest] {
		if r.ID == lead.Original {
			lead = r
			break
		}
	}
	return index.StoryHit{
		ID: id, Articles: len(all), Clusters: len(clusters), Sites: len(sites),
		First: index.DateOf(&all[0]), Last: index.DateOf(&all[len(all)-1]), Lead: lead,
	}
}

func storiesCounted(k *kit) {
	if r := k.stories(index.StoriesQuery{}); r.Total != 0 || len(r.Stories) != 0 || r.Next != "" {
		k.Errorf("stories of nothing: %+v", r)
	}
	records := k.plot(300)
	for _, q := range []index.StoriesQuery{
		{},
		{Sort: index.StoriesByDate},
		{MinArticles: 2},
		{MinArticles: 8, Sort: index.StoriesByDate},
		{MinArticles: 1000},
		{Text: "ferry"},
		{Text: "tunnel", Lang: []string{"de"}},
		{Text: "nowhere"},
		{Text: "-"},
		{Lang: []string{"en"}},
		{Site: []string{"one.example", "two.example"}, MinArticles: 2},
		{Site: []string{"four.example"}},
		{From: noon().AddDate(0, 0, -2)},
		{To: noon().AddDate(0, 0, -2), Sort: index.StoriesByDate},
		{From: noon().AddDate(0, 0, -3), To: noon().AddDate(0, 0, -2)},
		{IDs: []string{"s03", "s00", "none"}},
		{IDs: []string{"s01"}, Text: "bridge"},
	} {
		want := expected(records, q)
		if q.Text == "-" {
			want = nil
		}
		q.Size = index.MaxSize
		got := k.stories(q)
		if got.Total != uint64(len(want)) || got.Next != "" || len(got.Stories) != len(want) {
			k.Errorf("%+v: %d of %d stories, next %q, want %d", q, len(got.Stories), got.Total, got.Next, len(want))
			continue
		}
		for i := range want {
			if !reflect.DeepEqual(got.Stories[i], want[i]) {
				k.Errorf("%+v, story %d:\n%+v, want\n%+v", q, i, got.Stories[i], want[i])
			}
		}
	}
}

func storiesLead(k *kit) {
	agency := published(art("agency", "One", "A bridge."), noon().Add(time.Hour))
	agency.Site = "agency.example"
	agency.Removed = []article.Removed{{Kind: "caption", Text: "A bridge.", Rule: "figcaption"}}
	k.upsert(
		agency, art("copy", "One", "A bridge."),
		published(art("other", "Two", "A ferry."), noon().Add(-time.Hour)),
	)
	k.place(
		index.Placement{ID: "agency", Cluster: "c", Original: "agency", Story: "s"},
		index.Placement{ID: "copy", Cluster: "c", Original: "agency", Story: "s"},
		index.Placement{ID: "other", Story: "s"},
	)
	expect := func(q index.StoriesQuery, want string) {
		k.Helper()
		r := k.stories(q)
		if len(r.Stories) != 1 || r.Stories[0].Lead.ID != want {
			k.Fatalf("%+v: %+v, want the lead %s", q, r.Stories, want)
		}
		if r.Stories[0].Lead.Removed != nil || r.Stories[0].Lead.Copies < 1 {
			k.Errorf("the lead has %v removed and %d copies", r.Stories[0].Lead.Removed, r.Stories[0].Lead.Copies)
		}
	}
	expect(index.StoriesQuery{}, "agency")
	expect(index.StoriesQuery{Text: `"a bridge"`}, "agency")
	expect(index.StoriesQuery{Text: "ferry"}, "other")
	// Where the original does not match: the earliest of its cluster, or of all.
	expect(index.StoriesQuery{Text: "bridge", Site: []string{"news.example"}}, "copy")
	expect(index.StoriesQuery{To: noon().Add(time.Minute)}, "other")
	k.withdraw("agency")
	expect(index.StoriesQuery{Text: "bridge"}, "copy")
	// An original that has a story of its own leads no other.
	k.place(index.Placement{ID: "copy", Original: "other"})
	expect(index.StoriesQuery{Text: "bridge"}, "copy")
	k.place(index.Placement{ID: "copy", Original: "nowhere"})
	expect(index.StoriesQuery{Text: "bridge"}, "copy")
}

// walkStories returns the stories of all pages.
func (k *kit) walkStories(q index.StoriesQuery, between func()) []index.StoryHit {
	k.Helper()
	var all []index.StoryHit
	for range 1000 {
		r := k.stories(q)
		all = append(all, r.Stories...)
		if r.Next == "" {
			return all
		}
		if len(r.Stories) != q.Size {
			k.Fatalf("a page of %d with a next one has %d stories", q.Size, len(r.Stories))
		}
		q.Cursor = r.Next
		between()
	}
	k.Fatalf("the pages of %+v do not end", q)
	return nil
}

func storiesPages(k *kit) {
	records := k.plot(120)
	for _, sort := range []index.StoriesSort{index.StoriesBySize, index.StoriesByDate} {
		for _, size := range []int{1, 2, 7, 100} {
			q := index.StoriesQuery{Sort: sort, Size: size, MinArticles: 2}
			got, want := k.walkStories(q, func() {}), expected(records, q)
			if !reflect.DeepEqual(got, want) {
				k.Errorf("pages of %d by %s: %d stories, want %d", size, sort, len(got), len(want))
			}
		}
	}
}

func storiesGrow(k *kit) {
	k.plot(200)
	for _, sort := range []index.StoriesSort{index.StoriesBySize, index.StoriesByDate} {
		n := 0
		changed := map[string]bool{}
		seen := map[string]bool{}
		hits := k.walkStories(index.StoriesQuery{Sort: sort, Size: 4}, func() {
			// One story grows, and a new one comes up.
			id := string(sort) + number(n)
			grown := fmt.Sprintf("s%02d", n)
			k.upsert(published(art(id, "Grown", "A bridge."), noon()), published(art(id+"x", "New", "A bridge."), noon()))
			k.place(index.Placement{ID: id, Story: grown}, index.Placement{ID: id + "x", Story: id})
			changed[grown] = true
			n++
		})
		for _, h := range hits {
			if seen[h.ID] && !changed[h.ID] {
				k.Errorf("story %s came twice by %s and had not changed", h.ID, sort)
			}
			seen[h.ID] = true
		}
		for i := n; i < 20; i++ {
			if id := fmt.Sprintf("s%02d", i); !seen[id] {
				k.Errorf("story %s did not come by %s and had not changed", id, sort)
			}
		}
	}
}
