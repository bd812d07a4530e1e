package bleveindex_test

import (
	"testing"
	"time"

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
