package indextest

import (
	"reflect"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func groupTests() []test {
	return []test{
		{"Labels", labels},
		{"Labels and relations survive a new version", labelsSurvive},
		{"Members", members},
		{"Relations", relations},
		{"Withdrawn articles", withdrawn},
	}
}

func (k *kit) label(id, cluster, original string) {
	k.Helper()
	if err := k.x.Place(k.ctx, []index.Placement{{ID: id, Cluster: cluster, Original: original}}); err != nil {
		k.Fatalf("Label: %v", err)
	}
}

func (k *kit) withdraw(ids ...string) {
	k.Helper()
	if err := k.x.Withdraw(k.ctx, ids, noon().Add(time.Hour), noon().Add(time.Hour)); err != nil {
		k.Fatalf("Withdraw: %v", err)
	}
}

func labels(k *kit) {
	k.upsert(art("a", "One", "A text."), art("b", "Two", "A text."), art("c", "Three", "Other."))
	if r := k.get("a"); r.Cluster != "a" || r.Original != "a" || r.Copies != 1 {
		k.Errorf("a new article: cluster %q, original %q, %d copies", r.Cluster, r.Original, r.Copies)
	}
	err := k.x.Place(k.ctx, []index.Placement{
		{ID: "a", Cluster: "a", Original: "b"},
		{ID: "nowhere", Cluster: "a", Original: "b"},
		{ID: "b", Cluster: "a", Original: "b"},
	})
	if err != nil {
		k.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		if r := k.get(id); r.Cluster != "a" || r.Original != "b" || r.Copies != 2 {
			k.Errorf("%s: cluster %q, original %q, %d copies", id, r.Cluster, r.Original, r.Copies)
		}
	}
	k.lists(index.Query{Cluster: "a"}, "a", "b")
	for _, h := range k.search(index.Query{}).Hits {
		if want := map[string]int{"a": 2, "b": 2, "c": 1}[h.Record.ID]; h.Record.Copies != want {
			k.Errorf("hit %s has %d copies, want %d", h.Record.ID, h.Record.Copies, want)
		}
	}
	k.label("b", "b", "b") // and out again
	if r := k.get("a"); r.Copies != 1 {
		k.Errorf("a has %d copies after b left", r.Copies)
	}
	k.lists(index.Query{Cluster: "a"}, "a")
}

func labelsSurvive(k *kit) {
	k.upsert(art("a", "One", "A text."))
	k.label("a", "cluster", "original")
	links := []article.Link{{ID: "b", Share: 0.5}}
	if err := k.x.Place(k.ctx, []index.Placement{{ID: "a", Story: "story", Links: links}}); err != nil {
		k.Fatal(err)
	}
	for i, a := range []article.Article{
		later(art("a", "One", "A text."), time.Hour),
		later(art("a", "One", "Another text."), 2*time.Hour),
	} {
		k.upsert(a)
		r := k.get("a")
		if r.Cluster != "cluster" || r.Original != "original" || r.Story != "story" || !reflect.DeepEqual(r.Links, links) {
			k.Errorf("after upsert %d: %+v", i, r)
		}
	}
}

func members(k *kit) {
	agency := with(art("b", "Two", "A text."), func(a *article.Article) {
		a.Authors = []article.Author{{Name: "Agency", Kind: article.Agency}}
	})
	undated := with(art("c", "Three", "A text."), func(a *article.Article) {
		a.Published = nil
		a.Attributions = []string{"Another Paper"}
	})
	k.upsert(agency, art("a", "One", "A text."), undated, art("d", "Four", "Other text."))
	k.label("b", "a", "a")
	k.label("c", "a", "a")
	k.withdraw("a")
	got, err := k.x.MembersOf(k.ctx, "a")
	if err != nil {
		k.Fatal(err)
	}
	want := []index.Member{
		{ID: "a", Cluster: "a", Original: "a", URL: agency.URL[:len(agency.URL)-1] + "a", Published: noon(), FetchedAt: noon()},
		{ID: "b", Cluster: "a", Original: "a", URL: agency.URL, Attributed: true, Published: noon(), FetchedAt: noon()},
		{ID: "c", Cluster: "a", Original: "a", URL: undated.URL, Attributed: true, FetchedAt: noon()},
	}
	if !reflect.DeepEqual(got, want) {
		k.Errorf("MembersOf gave\n%+v, want\n%+v", got, want)
	}
}

func relations(k *kit) {
	k.upsert(art("a", "One", "A text."), art("b", "Two", "B text."), art("c", "Three", "C text."))
	links := []article.Link{{ID: "b", Share: 0.75}}
	err := k.x.Place(k.ctx, []index.Placement{
		{ID: "a", Story: "s1", Links: links}, {ID: "b", Story: "s1"}, {ID: "nowhere", Story: "s1"},
	})
	if err != nil {
		k.Fatal(err)
	}
	if r := k.get("a"); r.Story != "s1" || !reflect.DeepEqual(r.Links, links) {
		k.Errorf("story %q, links %v", r.Story, r.Links)
	}
	k.lists(index.Query{Story: "s1"}, "a", "b")
	k.lists(index.Query{Collapse: index.CollapseStory}, "a", "c")
	if r := k.search(index.Query{Collapse: index.CollapseStory}); r.Total != 3 {
		k.Errorf("total %d before collapsing, want 3", r.Total)
	}
}

func withdrawn(k *kit) {
	k.upsert(art("a", "One", "A bridge."), art("b", "Two", "A bridge."), later(art("c", "Three", "A bridge."), 2*time.Hour))
	k.withdraw("a", "c", "nowhere") // c was fetched after it was seen to be gone
	if r := k.get("a"); !r.Withdrawn || !r.IndexedAt.Equal(noon().Add(time.Hour)) {
		k.Errorf("a: withdrawn %v, indexed at %v", r.Withdrawn, r.IndexedAt)
	}
	k.finds("bridge", "b", "c")
	k.lists(index.Query{}, "b", "c")
	r := k.search(index.Query{IncludeWithdrawn: true, Facets: true})
	if len(r.Hits) != 3 || r.Total != 3 || r.Facets.Site[0].Count != 3 || !r.Hits[0].Record.Withdrawn {
		k.Errorf("with withdrawn ones: %v of %d, facets %v", ids(r), r.Total, r.Facets)
	}
	if r := k.search(index.Query{Facets: true}); r.Facets.Site[0].Count != 2 {
		k.Errorf("facets count withdrawn ones: %v", r.Facets)
	}
	if v, err := k.x.Versions(k.ctx, "a"); err != nil || len(v) != 1 {
		k.Errorf("Versions of a withdrawn article: %v, %v", v, err)
	}
	// It was put back.
	k.upsert(later(art("a", "One", "A bridge."), 3*time.Hour))
	if k.get("a").Withdrawn {
		k.Error("a is withdrawn after it was fetched again")
	}
	k.finds("bridge", "a", "b", "c")
}
