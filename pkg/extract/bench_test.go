package extract

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/copydesk/copydesk/pkg/article"
)

// benchPages returns real pages where there are any beside the repository, and
// the pages of our tests otherwise.
func benchPages(b *testing.B) []*article.Page {
	b.Helper()
	var out []*article.Page
	add := func(body []byte, url string) {
		out = append(out, &article.Page{URL: url, FinalURL: url, Status: 200, Body: body, FetchedAt: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)})
	}
	for _, set := range []string{"scrapinghub", "fundus_eval", "fundus_meta", "trafilatura"} {
		file := filepath.Join("..", "..", "..", "shared", "eval", "data", set, "pages.jsonl.gz")
		if _, err := os.Stat(file); err == nil {
			for _, p := range readEvalPages(b, file) {
				add(p.body, p.URL)
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	files, err := filepath.Glob(filepath.Join("testdata", "pages", "*.html"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		// The layouts that make up most of a page on the web are not in them.
		filler := strings.Repeat(`<nav class="site-nav"><ul class="menu"><li class="menu-item"><a class="menu-link" href="/section/name" data-track="nav">Section</a></li></ul></nav>`, 60)
		add(append(body, "<footer>"+filler+"</footer><script>"+strings.Repeat("var a = 1; ", 500)+"</script>"...), "https://www.herald.example/news/1")
	}
	if len(out) == 0 {
		b.Skip("no pages")
	}
	return out
}

// BenchmarkExtractOverParse sets the whole of Extract against html.Parse, page
// by page in turn, and reports the medians over the pages: of the quotient of
// their times, and of what Extract allocates for each byte of the page.
func BenchmarkExtractOverParse(b *testing.B) {
	pages := benchPages(b)
	const rounds = 5 // the shortest counts: other work of the machine only adds
	var times, allocs []float64
	for b.Loop() {
		times, allocs = times[:0], allocs[:0]
		for _, p := range pages {
			parse, extract := time.Duration(1<<62), time.Duration(1<<62)
			var before, after runtime.MemStats
			for range rounds {
				parse = min(parse, timed(func() { _, _ = html.Parse(bytes.NewReader(p.Body)) }))
				extract = min(extract, timed(func() { _, _ = Extract(p, Options{}) }))
			}
			runtime.ReadMemStats(&before)
			_, _ = Extract(p, Options{})
			runtime.ReadMemStats(&after)
			times = append(times, float64(extract)/float64(parse))
			allocs = append(allocs, float64(after.TotalAlloc-before.TotalAlloc)/float64(len(p.Body)))
		}
	}
	b.ReportMetric(median(times), "x-parse")
	b.ReportMetric(median(allocs), "alloc-x-page")
	b.ReportMetric(float64(len(pages)), "pages")
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

// BenchmarkExtractParallel reports how many pages a second one processor and all
// of them extract, and the quotient for each processor: 1 is linear.
func BenchmarkExtractParallel(b *testing.B) {
	pages := benchPages(b)
	n := runtime.GOMAXPROCS(0)
	var one, all float64
	for b.Loop() {
		one = max(one, pagesPerSecond(pages, 1))
		all = max(all, pagesPerSecond(pages, n))
	}
	b.ReportMetric(one, "pages/s-1")
	b.ReportMetric(all, "pages/s-all")
	b.ReportMetric(all/one/float64(n), "scaling")
}

func pagesPerSecond(pages []*article.Page, workers int) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers)) // the collector works on them, too
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(pages); i = next.Add(1) - 1 {
				_, _ = Extract(pages[i], Options{})
			}
		})
	}
	wg.Wait()
	return float64(len(pages)) / time.Since(start).Seconds()
}

// TestExtractAllocates holds a bound on what Extract allocates for a page, which
// unlike time is the same on every machine.
func TestExtractAllocates(t *testing.T) {
	p := pageOf("<title>The bridge fell</title><h1>The bridge fell</h1>" +
		strings.Repeat(`<div class="card teaser"><a class="card-link" href="/news/2"><span class="card-title">Harbour</span></a></div>`, 300) +
		strings.Repeat("<p class=text>The bridge at Northport fell in the storm of Monday night, police said, and nobody was hurt.</p>", 40))
	run := func() {
		if _, err := Extract(p, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	run()
	got := testing.AllocsPerRun(20, run)
	if limit := 2500.0; got > limit {
		t.Errorf("%v allocations, want at most %v", got, limit)
	}
	t.Log(got)
}
