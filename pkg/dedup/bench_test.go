package dedup

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// benchWords is the length of the articles that fill the table.
const benchWords = 600

// newsDay makes articles of invented words: of ten, seven are of their own, two
// are copies of earlier ones, cut or with another lead, and one holds a passage
// of another.
type newsDay struct {
	*writer
	recent []string
}

func (n *newsDay) next() string {
	own := func(words int) string {
		var b strings.Builder
		for left := words; left > 0; left -= 60 {
			for range 3 {
				b.WriteString(n.sentence(20))
				b.WriteString(" ")
			}
			b.WriteString("\n\n")
		}
		return b.String()
	}
	n.names = n.names[:0]
	for range 20 {
		n.names = append(n.names, n.vocab[n.r.IntN(len(n.vocab))])
	}
	story := ""
	k := n.r.IntN(10)
	if len(n.recent) < 100 || k < 7 {
		story = own(benchWords)
	} else {
		old := n.recent[n.r.IntN(len(n.recent))]
		switch k {
		case 7:
			story = "NORTHPORT (Herald) - " + old[:len(old)-n.r.IntN(len(old)/2)]
		case 8:
			story = own(60) + old[len(old)/8:]
		default:
			story = own(benchWords*2/3) + old[len(old)/2:len(old)*3/4]
		}
	}
	if len(n.recent) < 1000 {
		n.recent = append(n.recent, story)
	} else {
		n.recent[n.r.IntN(len(n.recent))] = story
	}
	return story
}

// BenchmarkEngine adds articles to a window that holds 10,000 others, or as many
// as COPYDESK_BENCH_ARTICLES says, a list ("10000 100000 1000000"; the last
// takes 2 GB and some minutes to fill).
func BenchmarkEngine(b *testing.B) {
	sizes := strings.Fields(os.Getenv("COPYDESK_BENCH_ARTICLES"))
	if len(sizes) == 0 {
		sizes = []string{"10000"}
	}
	for _, size := range sizes {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size, func(b *testing.B) { benchEngine(b, n) })
	}
}

func benchEngine(b *testing.B, n int) {
	texts := map[string]Doc{}
	before := heap()
	e := NewEngine(EngineOptions{
		TableOptions: TableOptions{Window: 30 * 24 * time.Hour},
		Fetch:        func(id string) (Doc, bool) { d, ok := texts[id]; return d, ok },
	})
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	step := 7 * 24 * time.Hour / time.Duration(n)
	name := func(i int) string { return fmt.Sprintf("%026d", i) }
	i := 0
	for prints := range fill(n) {
		for _, f := range prints {
			e.table.Add(name(i), start.Add(step*time.Duration(i)), f)
			i++
		}
	}
	perArticle := float64(heap()-before) / float64(n)
	day := newsDay{writer: newWriter(99)}
	docs := make([]Doc, 3000)
	for k := range docs {
		docs[k] = Doc{ID: name(n + k), Text: day.next()}
		texts[docs[k].ID] = docs[k]
	}
	b.ReportAllocs()
	k, found, verified := 0, 0, 0
	for b.Loop() {
		doc := docs[k%len(docs)]
		d := e.Add(doc, Take(doc.Text), start.Add(step*time.Duration(n+k)))
		found += d.Candidates
		verified += d.Verified
		k++
	}
	b.ReportMetric(perArticle, "heap-B/article")
	b.ReportMetric(float64(e.Stats().Bytes)/float64(e.Stats().Articles), "table-B/article")
	b.ReportMetric(float64(found)/float64(k), "candidates/op")
	b.ReportMetric(float64(verified)/float64(k), "verified/op")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// fill makes the fingerprints of n articles, in portions, on all cores.
func fill(n int) <-chan []Fingerprint {
	const portion = 1000
	out := make(chan []Fingerprint)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for k := range workers {
		wg.Go(func() {
			day := newsDay{writer: newWriter(uint64(k))}
			for i := k * portion; i < n; i += workers * portion {
				prints := make([]Fingerprint, min(portion, n-i))
				for j := range prints {
					prints[j] = Take(day.next())
				}
				out <- prints
			}
		})
	}
	go func() { wg.Wait(); close(out) }()
	return out
}

func BenchmarkTake(b *testing.B) {
	w := newWriter(98)
	story := text(w.paragraphs(12))
	b.SetBytes(int64(len(story)))
	b.ReportAllocs()
	for b.Loop() {
		Take(story)
	}
}

func BenchmarkCompare(b *testing.B) {
	w := newWriter(97)
	story := w.paragraphs(12)
	x, y := Doc{Text: text(story)}, Doc{Text: text(story[:9], w.paragraphs(3))}
	b.ReportAllocs()
	for b.Loop() {
		Compare(&x, &y)
	}
}
