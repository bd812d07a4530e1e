package bleveindex_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// BenchmarkEach reads an index of 20,000 articles from the first to the last;
// one operation is all of them.
func BenchmarkEach(b *testing.B) {
	const n = 20_000
	x := open(b, b.TempDir())
	defer x.Close()
	fill(b, x, newGenerator(), 0, n)
	for b.Loop() {
		seen := 0
		err := x.Each(b.Context(), time.Time{}, func(*index.Entry) error { seen++; return nil })
		if err != nil || seen != n {
			b.Fatalf("Each gave %d articles: %v", seen, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/article")
}

// BenchmarkStories asks an index of 20,000 articles in 5,000 stories.
func BenchmarkStories(b *testing.B) {
	const n = 20_000
	x := open(b, b.TempDir())
	defer x.Close()
	fill(b, x, newGenerator(), 0, n)
	var placements []index.Placement
	for i := range n {
		placements = append(placements, index.Placement{
			ID: article.ID(fmt.Sprint(i)), Story: article.ID(fmt.Sprint(i % 5000)), Cluster: article.ID(fmt.Sprint(i % 10_000)),
		})
	}
	for p := range slices.Chunk(placements, 500) {
		if err := x.Place(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		q    index.StoriesQuery
	}{
		{"largest", index.StoriesQuery{}},
		{"latest", index.StoriesQuery{Sort: index.StoriesByDate}},
		{"common word", index.StoriesQuery{Text: word(20)}},
		{"by id", index.StoriesQuery{IDs: []string{article.ID("1"), article.ID("2"), article.ID("3")}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if r, err := x.Stories(b.Context(), c.q); err != nil || len(r.Stories) == 0 {
					b.Fatalf("%+v: %v", r, err)
				}
			}
		})
	}
}
