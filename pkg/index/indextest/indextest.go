// Package indextest is the suite that every implementation of [index.Index]
// passes: [Run] for what an index does, [RunDurability] for what is left of it
// after it was closed or killed.
package indextest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// Run runs the suite. open returns an empty index; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) index.Index) {
	for _, group := range [][]test{
		writeTests(), groupTests(), placeTests(), entryTests(), storyTests(), storyModelTests(), textTests(), unicodeTests(),
		filterTests(), pageTests(), loadTests(),
	} {
		for _, test := range group {
			t.Run(test.name, func(t *testing.T) {
				x := open(t)
				t.Cleanup(func() {
					if err := x.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
				})
				test.run(&kit{T: t, x: x, ctx: t.Context()})
			})
		}
	}
}

type test struct {
	name string
	run  func(*kit)
}

// kit is one test with its index; its methods end the test on errors.
type kit struct {
	*testing.T
	x   index.Index
	ctx context.Context
}

// noon is the time around which the articles of the tests lie.
func noon() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

// art makes an English article, published and fetched at noon.
func art(id, title string, paragraphs ...string) article.Article {
	a := article.Article{
		ID: id, URL: "https://news.example/" + id, Site: "news.example", Title: title, Language: "en",
		Published: &article.Date{Time: noon(), Precision: article.Second, From: article.FromMeta},
		Access:    article.Full, Kind: article.KindArticle, FetchedAt: noon(), Normalizer: "1",
	}
	for _, p := range paragraphs {
		a.Body = append(a.Body, article.Block{Kind: article.Paragraph, Text: p})
	}
	return sealed(a)
}

// sealed fills in what follows from title and body.
func sealed(a article.Article) article.Article {
	a.Text = article.JoinText(a.Body)
	a.Words = len(strings.Fields(a.Text))
	a.ContentHash = article.ContentHash(a.Title, a.Text)
	a.Sketch = "1:" + article.ContentHash("", a.Text)
	return a
}

// with returns the article changed by fn.
func with(a article.Article, fn func(*article.Article)) article.Article {
	fn(&a)
	return a
}

// later returns the article as fetched d after noon.
func later(a article.Article, d time.Duration) article.Article {
	a.FetchedAt = noon().Add(d)
	return a
}

// published returns the article as published at t.
func published(a article.Article, t time.Time) article.Article {
	a.Published = &article.Date{Time: t, Precision: article.Second, From: article.FromMeta}
	return a
}

func (k *kit) upsert(articles ...article.Article) []index.Outcome {
	k.Helper()
	out, err := k.x.Upsert(k.ctx, articles, noon().Add(time.Minute), nil)
	if err != nil {
		k.Fatalf("Upsert: %v", err)
	}
	if len(out) != len(articles) {
		k.Fatalf("Upsert of %d articles gave %d outcomes", len(articles), len(out))
	}
	for i, o := range out {
		if o.ID != articles[i].ID || o.Record.ID != o.ID || o.Record.Version != o.Version {
			k.Fatalf("outcome %d of article %s: id %s, version %d, record %s version %d",
				i, articles[i].ID, o.ID, o.Version, o.Record.ID, o.Record.Version)
		}
	}
	return out
}

func (k *kit) get(id string) article.Record {
	k.Helper()
	r, err := k.x.Get(k.ctx, id)
	if err != nil {
		k.Fatalf("Get(%s): %v", id, err)
	}
	return r
}

func (k *kit) search(q index.Query) index.Result {
	k.Helper()
	r, err := k.x.Search(k.ctx, q)
	if err != nil {
		k.Fatalf("Search(%+v): %v", q, err)
	}
	for _, h := range r.Hits {
		checkMarks(k, "snippet", h.Snippet, h.Marks)
		checkMarks(k, "title", h.Record.Title, h.TitleMarks)
		if h.Record.Removed != nil {
			k.Fatalf("hit %s has Removed", h.Record.ID)
		}
		if h.Record.Copies < 1 {
			k.Fatalf("hit %s has %d copies", h.Record.ID, h.Record.Copies)
		}
	}
	return r
}

// finds checks that the text finds exactly these articles, in any order.
func (k *kit) finds(text string, want ...string) {
	k.Helper()
	got := ids(k.search(index.Query{Text: text, Size: index.MaxSize}))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		k.Errorf("%s found %v, want %v", text, got, want)
	}
}

// lists checks that the query gives these articles in this order.
func (k *kit) lists(q index.Query, want ...string) {
	k.Helper()
	r := k.search(q)
	if got := ids(r); !slices.Equal(got, want) {
		k.Errorf("%+v gave %v, want %v", q, got, want)
	}
}

// refused checks that the query is a bad one.
func (k *kit) refused(q index.Query) {
	k.Helper()
	if _, err := k.x.Search(k.ctx, q); !errors.Is(err, index.ErrBadQuery) {
		k.Errorf("query %+v: error %v, want %v", q, err, index.ErrBadQuery)
	}
}

// walk returns the ids of all pages, and fails if one comes twice.
func (k *kit) walk(q index.Query) []string {
	k.Helper()
	var all []string
	seen := map[string]bool{}
	for range 10_000 {
		r := k.search(q)
		for _, id := range ids(r) {
			if seen[id] {
				k.Fatalf("article %s came twice in the pages of %+v", id, q)
			}
			seen[id] = true
			all = append(all, id)
		}
		if r.Next == "" {
			return all
		}
		if len(r.Hits) == 0 {
			k.Fatalf("an empty page has a next one: %+v", q)
		}
		q.Cursor = r.Next
	}
	k.Fatalf("the pages of %+v do not end", q)
	return nil
}

func ids(r index.Result) []string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, h.Record.ID)
	}
	return out
}

// marked returns the marked parts of a text.
func marked(text string, marks []index.Span) []string {
	var out []string
	for _, m := range marks {
		out = append(out, text[m.Start:m.End])
	}
	return out
}

// checkMarks checks that marks lie in a text in order and cut no character.
func checkMarks(k *kit, what, text string, marks []index.Span) {
	k.Helper()
	last := 0
	for _, m := range marks {
		if m.Start < last || m.End <= m.Start || m.End > len(text) ||
			strings.ToValidUTF8(text[m.Start:m.End], "") != text[m.Start:m.End] {
			k.Fatalf("%s %q has marks %v", what, text, marks)
		}
		last = m.End
	}
}

func number(i int) string { return fmt.Sprintf("n%05d", i) }
