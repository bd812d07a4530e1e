package indextest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func pageTests() []test {
	return []test{
		{"Pages of every order cover all, once", pages},
		{"Pages are stable while articles arrive", pagesWhileWriting},
		{"Cursors belong to their query", cursors},
		{"Collapsing shows one of each cluster", collapse},
		{"Collapsed pages show no cluster twice", collapsedPages},
	}
}

// crowd makes n articles on bridges, many of one date and of equal relevance.
func crowd(n int) []article.Article {
	var all []article.Article
	for i := range n {
		a := art(number(i), "Notes", strings.Repeat("A bridge. ", i%4+1)+strings.Repeat("Filler words. ", i%3))
		all = append(all, published(a, noon().AddDate(0, 0, -i%5)))
	}
	return all
}

func pages(k *kit) {
	const n = 60
	k.upsert(crowd(n)...)
	for _, q := range []index.Query{
		{},
		{Text: "bridge"},
		{Text: "bridge", Sort: index.SortDate},
		{Text: `"a bridge" -zeppelin`},
		{Collapse: index.CollapseCluster},
	} {
		q.Size = index.MaxSize
		whole := k.search(q)
		if len(whole.Hits) != n || whole.Next != "" {
			k.Fatalf("%+v: %d hits, next %q", q, len(whole.Hits), whole.Next)
		}
		for _, size := range []int{1, 7, n - 1, n} {
			q.Size = size
			if got := k.walk(q); !slices.Equal(got, ids(whole)) {
				k.Errorf("pages of %d of %+v give %v, want %v", size, q, got, ids(whole))
			}
		}
	}
}

func pagesWhileWriting(k *kit) {
	const n = 40
	k.upsert(crowd(n)...)
	for i, q := range []index.Query{
		{Size: 7},
		{Text: "bridge", Size: 7},
		{Text: "bridge", Sort: index.SortDate, Size: 7},
		{Text: "bridge", Collapse: index.CollapseCluster, Size: 7},
	} {
		before := map[string]bool{}
		for _, id := range k.walk(q) {
			before[id] = true
		}
		seen := map[string]int{}
		for page := 0; ; page++ {
			r := k.search(q)
			for _, id := range ids(r) {
				seen[id]++
			}
			if r.Next == "" {
				break
			}
			q.Cursor = r.Next
			// New ones arrive before and after the cursor, and change how rare
			// the words are.
			var fresh []article.Article
			for j := range 5 {
				a := art(fmt.Sprintf("x%d-%d-%d", i, page, j), "Bridge", strings.Repeat("A bridge. ", j+1))
				fresh = append(fresh, published(a, noon().AddDate(0, 0, 1-2*j)))
			}
			k.upsert(fresh...)
			if page > 200 {
				k.Fatalf("the pages of %+v do not end", q)
			}
		}
		for id := range before {
			if seen[id] != 1 {
				k.Errorf("%+v: article %s came %d times", q, id, seen[id])
			}
		}
		for id, times := range seen {
			if times > 1 {
				k.Errorf("%+v: article %s came %d times", q, id, times)
			}
		}
	}
}

func cursors(k *kit) {
	k.upsert(crowd(10)...)
	q := index.Query{Text: "bridge", Size: 3, Lang: []string{"en"}, From: noon().AddDate(0, 0, -10)}
	next := k.search(q).Next
	if next == "" {
		k.Fatal("no next page")
	}
	if strings.ContainsAny(next, "+/=&? ") {
		k.Errorf("cursor %q has to be escaped in a URL", next)
	}
	// The size of the page, facets and the zone of a date are not the query.
	q.Cursor, q.Size, q.Facets, q.From = next, 5, true, q.From.In(time.FixedZone("", 7200))
	if r := k.search(q); len(r.Hits) != 5 {
		k.Errorf("%d hits on the second page", len(r.Hits))
	}
	for _, other := range []func(*index.Query){
		func(q *index.Query) { q.Text = "bridges" },
		func(q *index.Query) { q.Lang = nil },
		func(q *index.Query) { q.Site = []string{"news.example"} },
		func(q *index.Query) { q.From = time.Time{} },
		func(q *index.Query) { q.Sort = index.SortDate },
		func(q *index.Query) { q.Collapse = index.CollapseCluster },
		func(q *index.Query) { q.IncludeWithdrawn = true },
		func(q *index.Query) { q.Cursor = "nonsense" },
		func(q *index.Query) { q.Cursor = "!" },
		func(q *index.Query) { q.Cursor = next[:len(next)/2] },
		func(q *index.Query) { q.Cursor = base64.RawURLEncoding.EncodeToString([]byte(`{"q":"x","at":{}}`)) },
		func(q *index.Query) { q.Cursor = base64.RawURLEncoding.EncodeToString([]byte(`[]`)) },
	} {
		bad := q
		other(&bad)
		k.refused(bad)
	}
}

func collapse(k *kit) {
	k.upsert(
		placed(art("a", "Notes", "A bridge."), "en", "one.example", -2),
		placed(art("b", "Bridge", "A bridge, a bridge, a bridge."), "en", "two.example", -1),
		placed(art("c", "Notes", "A ferry."), "en", "three.example", 0),
		placed(art("d", "Notes", "A bridge."), "de", "four.example", -3),
	)
	for _, id := range []string{"a", "b", "c"} {
		k.label(id, "a", "a")
	}
	// The one shown is the best match, not the original.
	k.lists(index.Query{Text: "bridge", Collapse: index.CollapseCluster}, "b", "d")
	k.lists(index.Query{Text: "bridge", Sort: index.SortDate, Collapse: index.CollapseCluster}, "b", "d")
	k.lists(index.Query{Collapse: index.CollapseCluster}, "c", "d")
	k.lists(index.Query{Text: "ferry", Collapse: index.CollapseCluster}, "c")
	k.lists(index.Query{Collapse: index.CollapseCluster, Site: []string{"one.example"}}, "a")
	r := k.search(index.Query{Text: "bridge", Collapse: index.CollapseCluster})
	if r.Total != 3 || r.Hits[0].Record.Copies != 3 || r.Hits[1].Record.Copies != 1 {
		k.Errorf("total %d, copies %d and %d", r.Total, r.Hits[0].Record.Copies, r.Hits[1].Record.Copies)
	}
}

func collapsedPages(k *kit) {
	const n, clusters = 90, 13
	k.upsert(crowd(n)...)
	var labels []index.Placement
	for i := range n {
		labels = append(labels, index.Placement{ID: number(i), Cluster: number(i % clusters), Original: number(i % clusters)})
	}
	if err := k.x.Place(k.ctx, labels); err != nil {
		k.Fatal(err)
	}
	for _, q := range []index.Query{
		{Collapse: index.CollapseCluster},
		{Text: "bridge", Collapse: index.CollapseCluster},
		{Text: "filler bridge", Collapse: index.CollapseCluster, Sort: index.SortDate},
	} {
		for _, size := range []int{1, 4, 100} {
			q.Size = size
			got := k.walk(q)
			seen := map[string]bool{}
			for _, id := range got {
				c := k.get(id).Cluster
				if seen[c] {
					k.Errorf("cluster %s came twice in pages of %d of %+v", c, size, q)
				}
				seen[c] = true
			}
			if len(seen) != clusters {
				k.Errorf("%d clusters in pages of %d of %+v, want %d", len(seen), size, q, clusters)
			}
		}
	}
}
