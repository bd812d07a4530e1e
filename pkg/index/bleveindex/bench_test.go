package bleveindex_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// generator makes articles of about 400 words with a vocabulary whose words are
// as unevenly common as those of a language.
type generator struct {
	rnd  *rand.Rand
	zipf *rand.Zipf
}

func newGenerator() *generator {
	rnd := rand.New(rand.NewPCG(1, 2))
	return &generator{rnd: rnd, zipf: rand.NewZipf(rnd, 1.1, 4, 40_000)}
}

// word returns the nth most common word; the common ones are short.
func word(n uint64) string {
	syllables := [...]string{"ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "dy", "fal", "gor", "hem", "jus", "pen", "wix"}
	var b strings.Builder
	for n++; n > 0; n /= uint64(len(syllables)) {
		b.WriteString(syllables[n%uint64(len(syllables))])
	}
	return b.String()
}

func (g *generator) sentence(words int) string {
	list := make([]string, words)
	for i := range list {
		list[i] = word(g.zipf.Uint64())
	}
	return strings.Join(list, " ") + "."
}

func (g *generator) article(i int) article.Article {
	a := article.Article{
		ID: article.ID(fmt.Sprint(i)), Site: fmt.Sprintf("site%02d.example", g.rnd.IntN(60)),
		Language: []string{"en", "en", "en", "de", "fr", "es"}[g.rnd.IntN(6)],
		Title:    g.sentence(9), Standfirst: g.sentence(22), Access: article.Full, Kind: article.KindArticle,
		FetchedAt: time.Date(2026, 3, 1, 0, i, 0, 0, time.UTC), Normalizer: "1",
		Authors: []article.Author{{Name: g.sentence(2), Kind: article.Person}},
	}
	a.URL = "https://www." + a.Site + "/news/" + a.ID
	a.CanonicalURL = a.URL
	a.Published = &article.Date{Time: a.FetchedAt.Add(-time.Hour), Precision: article.Second, From: article.FromJSONLD}
	for range 8 {
		a.Body = append(a.Body, article.Block{Kind: article.Paragraph, Text: g.sentence(18) + " " + g.sentence(28)})
	}
	for range 5 {
		a.Removed = append(a.Removed, article.Removed{Kind: "related", Text: g.sentence(8), Rule: "block:related"})
	}
	a.Text = article.JoinText(a.Body)
	a.Words = 370
	a.ContentHash = article.ContentHash(a.Title, a.Text)
	a.Sketch = "1:" + article.ContentHash("", a.Text)
	return a
}

// fill writes n articles in batches of 100.
func fill(b *testing.B, x index.Index, g *generator, from, n int) {
	b.Helper()
	for ; n > 0; n -= 100 {
		var batch []article.Article
		for range min(n, 100) {
			batch = append(batch, g.article(from))
			from++
		}
		if _, err := x.Upsert(b.Context(), batch, time.Now(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpsert writes batches of 100 articles; one operation is one article.
func BenchmarkUpsert(b *testing.B) {
	x := open(b, b.TempDir())
	defer x.Close()
	g := newGenerator()
	articles := make([]article.Article, b.N)
	text := 0
	for i := range articles {
		articles[i] = g.article(i)
		text += len(articles[i].Title) + len(articles[i].Standfirst) + len(articles[i].Text)
	}
	b.ResetTimer()
	for len(articles) > 0 {
		n := min(len(articles), 100)
		if _, err := x.Upsert(b.Context(), articles[:n], time.Now(), nil); err != nil {
			b.Fatal(err)
		}
		articles = articles[n:]
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "articles/s")
	s, err := x.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(s.Bytes)/float64(b.N), "disk-B/article")
	b.ReportMetric(float64(text)/float64(b.N), "text-B/article")
}

func BenchmarkRedelivery(b *testing.B) {
	x := open(b, b.TempDir())
	defer x.Close()
	g := newGenerator()
	var batch []article.Article
	for i := range 100 {
		batch = append(batch, g.article(i))
	}
	for b.Loop() {
		if _, err := x.Upsert(b.Context(), batch, time.Now(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch asks an index of 10,000 articles.
func BenchmarkSearch(b *testing.B) {
	x := open(b, b.TempDir())
	defer x.Close()
	fill(b, x, newGenerator(), 0, 10_000)
	rare, some, often := word(3000), word(300), word(20)
	for _, c := range []struct {
		name string
		q    index.Query
	}{
		{"front page", index.Query{}},
		{"front page, facets, collapsed", index.Query{Facets: true, Collapse: index.CollapseCluster}},
		{"rare word", index.Query{Text: rare}},
		{"common word", index.Query{Text: often}},
		{"common word, facets, collapsed", index.Query{Text: often, Facets: true, Collapse: index.CollapseCluster}},
		{"three words", index.Query{Text: often + " " + some + " " + word(40)}},
		{"phrase of common words", index.Query{Text: `"` + word(1) + " " + word(2) + `"`}},
		{"site and language", index.Query{Site: []string{"site01.example"}, Lang: []string{"en"}}},
		{"excluding", index.Query{Text: some + " -" + often}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var total uint64
			for b.Loop() {
				r, err := x.Search(b.Context(), c.q)
				if err != nil {
					b.Fatal(err)
				}
				total = r.Total
			}
			b.ReportMetric(float64(total), "matches")
		})
	}
}
