package story

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"
)

// generator writes articles of Zipf's vocabulary about events. An event has words
// and names of its own, which its articles use by chance.
type generator struct {
	rng    *rand.Rand
	common *rand.Zipf
	events []event
	at     time.Time
	n      int
}

type event struct {
	words []string
	left  int
}

const vocabulary = 500_000

func newGenerator(seed int64) *generator {
	rng := rand.New(rand.NewSource(seed))
	return &generator{
		rng:    rng,
		common: rand.NewZipf(rng, 1.1, 4, vocabulary),
		at:     time.Date(2031, time.May, 5, 0, 0, 0, 0, time.UTC),
	}
}

// spell makes a word of a number.
func spell(n uint64, name bool) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	var b strings.Builder
	for first := true; first || n > 0; first = false {
		c := consonants[n%14]
		if first && name {
			c -= 'a' - 'A'
		}
		b.WriteByte(c)
		n /= 14
		b.WriteByte(vowels[n%5])
		n /= 5
	}
	return b.String()
}

func (g *generator) word() string {
	n := g.common.Uint64()
	return spell(n, n%7 == 6)
}

// next writes an article of about length words; a step later than the one before,
// on one of so many current events.
func (g *generator) next(length, current, perEvent int, step time.Duration) Doc {
	for len(g.events) < current {
		e := event{left: 1 + g.rng.Intn(2*perEvent-1)}
		for range 25 {
			e.words = append(e.words, spell(uint64(g.rng.Intn(vocabulary)), g.rng.Intn(2) == 0))
		}
		g.events = append(g.events, e)
	}
	i := g.rng.Intn(len(g.events))
	e := &g.events[i]
	var b strings.Builder
	write := func(n, own int) string {
		b.Reset()
		for range n {
			if g.rng.Intn(own) == 0 {
				b.WriteString(e.words[int(g.rng.ExpFloat64()*6)%len(e.words)])
			} else {
				b.WriteString(g.word())
			}
			b.WriteByte(' ')
		}
		return b.String()
	}
	d := Doc{Title: write(9, 3), Text: write(length, 6), Lang: "en", Published: g.at, Arrived: g.at}
	d.ID = fmt.Sprintf("d%08d", g.n)
	g.n++
	g.at = g.at.Add(step)
	if e.left--; e.left == 0 {
		g.events[i] = g.events[len(g.events)-1]
		g.events = g.events[:len(g.events)-1]
	}
	return d
}

func synthetic(n, current, perEvent int) []Doc {
	g := newGenerator(1)
	docs := make([]Doc, n)
	for i := range docs {
		docs[i] = g.next(120, current, perEvent, time.Minute)
	}
	return docs
}

// BenchmarkAdd fills a window and measures what one more article costs. Set
// -bench 'Add/1000000' for the largest; the others run by default.
func BenchmarkAdd(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		var g *generator // b.Run calls more than once; the window is filled once
		var tr *Tracker
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			if size > 100_000 && testing.Short() {
				b.Skip("a million articles take minutes to write")
			}
			step := 10 * 24 * time.Hour / time.Duration(size)
			article := func() Doc { return g.next(450, size/25, 4, step) }
			if tr == nil {
				g, tr = newGenerator(1), New(Options{})
				for range size {
					tr.Add(article())
				}
			}
			batch := make([]Doc, 1000)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				if i%len(batch) == 0 {
					b.StopTimer()
					for k := range batch {
						batch[k] = article()
					}
					b.StartTimer()
				}
				tr.Add(batch[i%len(batch)])
			}
			b.StopTimer()
			s := tr.Stats()
			b.ReportMetric(float64(s.Bytes)/float64(s.Articles), "bytes/article")
			b.ReportMetric(float64(s.Articles)/float64(s.Stories), "articles/story")
		})
	}
}

// BenchmarkPrepare is the part of Add that runs on any core.
func BenchmarkPrepare(b *testing.B) {
	g := newGenerator(1)
	docs := make([]Doc, 500)
	for i := range docs {
		docs[i] = g.next(450, 40, 4, time.Minute)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Prepare(docs[i%len(docs)])
	}
}

// BenchmarkRestore is the other part of it, for articles whose story is known.
func BenchmarkRestore(b *testing.B) {
	const size = 20_000
	g := newGenerator(1)
	ready := make([]*Prepared, size)
	for i := range ready {
		ready[i] = Prepare(g.next(450, size/25, 4, 10*24*time.Hour/size))
		ready[i].Doc.Story = fmt.Sprint(i / 3)
	}
	var tr *Tracker
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%size == 0 {
			b.StopTimer()
			tr = New(Options{})
			b.StartTimer()
		}
		tr.AddPrepared(ready[i%size])
	}
}
