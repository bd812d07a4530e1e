package indextest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func filterTests() []test {
	return []test{
		{"Filters", filters},
		{"Language tags", languageTags},
		{"Dates", dates},
		{"Facets", facets},
		{"Facets are bounded", facetBounds},
		{"Sorting by date", byDate},
	}
}

// placed returns the article in a language, at a site, published days after noon.
func placed(a article.Article, lang, site string, days int) article.Article {
	a.Language, a.Site = lang, site
	return published(a, noon().AddDate(0, 0, days))
}

func filters(k *kit) {
	k.upsert(
		placed(art("a", "One", "A bridge."), "en", "one.example", 0),
		placed(art("b", "Two", "A bridge."), "en", "two.example", -1),
		placed(art("c", "Three", "A bridge."), "de", "one.example", -2),
		placed(art("d", "Four", "A bridge."), "fr", "three.example", -3),
	)
	day := func(n int) time.Time { return noon().AddDate(0, 0, n) }
	for _, c := range []struct {
		q    index.Query
		want []string
	}{
		{index.Query{Lang: []string{"en"}}, []string{"a", "b"}},
		{index.Query{Lang: []string{"de", "fr"}}, []string{"c", "d"}},
		{index.Query{Lang: []string{"it"}}, nil},
		{index.Query{Site: []string{"one.example"}}, []string{"a", "c"}},
		{index.Query{Site: []string{"one.example", "three.example"}, Lang: []string{"de", "fr"}}, []string{"c", "d"}},
		{index.Query{Site: []string{"example"}}, nil},
		{index.Query{From: day(-1)}, []string{"a", "b"}},
		{index.Query{To: day(-1)}, []string{"c", "d"}},
		{index.Query{From: day(-2), To: day(0)}, []string{"b", "c"}},
		{index.Query{From: day(-2).In(time.FixedZone("", 3600)), To: day(0)}, []string{"b", "c"}},
		{index.Query{From: day(1)}, nil},
		{index.Query{From: day(0), To: day(0)}, nil},
		{index.Query{ChangedSince: noon().Add(time.Minute)}, []string{"a", "b", "c", "d"}},
		{index.Query{ChangedSince: noon().Add(time.Minute + 1)}, nil},
		{index.Query{Cluster: "b"}, []string{"b"}},
		{index.Query{Cluster: "x"}, nil},
		{index.Query{Story: "x"}, nil},
		{index.Query{Text: "bridge", Sort: index.SortDate, Site: []string{"one.example"}, To: day(-1)}, []string{"c"}},
	} {
		k.lists(c.q, c.want...)
		if r := k.search(c.q); r.Total != uint64(len(c.want)) {
			k.Errorf("%+v: total %d, want %d", c.q, r.Total, len(c.want))
		}
	}
	// Changes are found by when they were indexed.
	if _, err := k.x.Upsert(k.ctx, []article.Article{later(art("b", "Two", "News."), time.Hour)}, noon().Add(2*time.Hour), nil); err != nil {
		k.Fatal(err)
	}
	k.lists(index.Query{ChangedSince: noon().Add(time.Hour)}, "b")
}

func languageTags(k *kit) {
	k.upsert(
		placed(art("a", "One", "A bridge."), "en-GB", "one.example", 0),
		placed(art("b", "Two", "A bridge."), "en", "one.example", -1),
		placed(art("c", "Three", "A bridge."), "ZH_Hant", "one.example", -2),
		placed(art("d", "Four", "A bridge."), "", "one.example", -3),
	)
	k.lists(index.Query{Lang: []string{"en"}}, "a", "b")
	k.lists(index.Query{Lang: []string{"en-US"}}, "a", "b")
	k.lists(index.Query{Lang: []string{"zh"}}, "c")
	k.lists(index.Query{Lang: []string{""}})
	want := []index.Count{{Value: "en", Count: 2}, {Value: "zh", Count: 1}}
	if got := k.search(index.Query{Facets: true}).Facets.Language; !reflect.DeepEqual(got, want) {
		k.Errorf("languages %v, want %v", got, want)
	}
	if got := k.get("a").Language; got != "en-GB" {
		k.Errorf("language %q stored", got)
	}
}

func dates(k *kit) {
	undated := later(art("undated", "One", "Text."), -time.Hour)
	undated.Published = nil
	k.upsert(
		undated,
		later(published(art("future", "One", "Text."), noon().AddDate(10, 0, 0)), -2*time.Hour),
		published(art("zone", "One", "Text."), time.Date(2026, 3, 9, 23, 30, 0, 0, time.FixedZone("", -5*3600))),
		published(art("ancient", "One", "Text."), time.Date(1066, 10, 14, 9, 0, 0, 0, time.UTC)),
		published(art("exact", "One", "Text."), noon().Add(-time.Nanosecond)),
		with(art("day", "One", "Text."), func(a *article.Article) {
			a.Published = &article.Date{Time: time.Date(2026, 3, 10, 0, 0, 0, 0, time.FixedZone("", 9*3600)), Precision: article.Day}
		}),
	)
	// An undated article counts from its first fetch, a date in the far future
	// as none.
	k.lists(index.Query{}, "exact", "undated", "future", "zone", "day", "ancient")
	k.lists(index.Query{From: noon().Add(-time.Nanosecond), To: noon()}, "exact")
	k.lists(index.Query{From: noon()})
	r := k.search(index.Query{Facets: true})
	want := []index.Count{{Value: "2026-03-10", Count: 5}, {Value: "1066-10-14", Count: 1}}
	if !reflect.DeepEqual(r.Facets.Day, want) {
		k.Errorf("days %v, want %v", r.Facets.Day, want)
	}
	// The first fetch stays the date when the article is fetched again.
	k.upsert(later(undated, 48*time.Hour))
	k.lists(index.Query{From: noon().Add(-time.Hour), To: noon().Add(-time.Hour + 1)}, "undated")
}

func facets(k *kit) {
	k.upsert(
		placed(art("a", "One", "A bridge."), "en", "one.example", 0),
		placed(art("b", "Two", "A bridge."), "en", "two.example", 0),
		placed(art("c", "Three", "A bridge."), "de", "one.example", -2),
		placed(art("d", "Four", "A ferry."), "fr", "one.example", -1),
		placed(art("e", "Five", "A bridge."), "", "one.example", -400),
	)
	want := index.Facets{
		Site:     []index.Count{{Value: "one.example", Count: 3}, {Value: "two.example", Count: 1}},
		Language: []index.Count{{Value: "en", Count: 2}, {Value: "de", Count: 1}},
		Day: []index.Count{
			{Value: "2026-03-10", Count: 2},
			{Value: "2026-03-08", Count: 1},
			{Value: noon().AddDate(0, 0, -400).Format(time.DateOnly), Count: 1},
		},
	}
	for _, q := range []index.Query{
		{Text: "bridge", Facets: true},
		{Text: "bridge", Facets: true, Size: 1},
		{Text: `"a bridge"`, Facets: true, Sort: index.SortDate},
		{Text: "bridge", Facets: true, Collapse: index.CollapseCluster},
	} {
		if got := k.search(q); !reflect.DeepEqual(got.Facets, want) {
			k.Errorf("%+v: facets %+v, want %+v", q, got.Facets, want)
		}
	}
	if got := k.search(index.Query{Text: "bridge"}); !reflect.DeepEqual(got.Facets, index.Facets{}) {
		k.Errorf("facets that nobody asked for: %+v", got.Facets)
	}
	if got := k.search(index.Query{Text: "zeppelin", Facets: true}).Facets; len(got.Site)+len(got.Language)+len(got.Day) > 0 {
		k.Errorf("facets of nothing: %+v", got)
	}
}

func facetBounds(k *kit) {
	var all []article.Article
	for i := range 50 {
		all = append(all, placed(art(number(i), "One", "A bridge."), fmt.Sprintf("x%02d", i), fmt.Sprintf("s%02d.example", i), -i))
	}
	k.upsert(all...)
	f := k.search(index.Query{Facets: true}).Facets
	if len(f.Site) != 20 || len(f.Language) != 20 || len(f.Day) != 31 {
		k.Errorf("%d sites, %d languages, %d days", len(f.Site), len(f.Language), len(f.Day))
	}
	if f.Site[0].Value != "s00.example" || f.Day[0].Value != "2026-03-10" || f.Day[30].Value != "2026-02-08" {
		k.Errorf("facets %+v", f)
	}
}

func byDate(k *kit) {
	k.upsert(
		placed(art("b", "One", "A bridge, a bridge."), "en", "one.example", -1),
		placed(art("d", "Bridge", "A bridge."), "en", "one.example", -2),
		placed(art("a", "Three", "A bridge."), "en", "one.example", -1),
		placed(art("c", "Four", "A bridge."), "en", "one.example", 0),
	)
	k.lists(index.Query{}, "c", "a", "b", "d")
	k.lists(index.Query{Text: "bridge", Sort: index.SortDate}, "c", "a", "b", "d")
	k.lists(index.Query{Sort: index.SortRelevance}, "c", "a", "b", "d") // nothing to be relevant to
}
