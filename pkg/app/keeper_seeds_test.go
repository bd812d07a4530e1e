package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/internal/evaldata"
)

// TestKeeperSeeds takes five published articles on one event through cleaner and
// keeper, in many orders: the first four are copies, of which 000 and 003 name no
// source; the fifth is another report of the event.
func TestKeeperSeeds(t *testing.T) {
	t.Parallel() // every order writes to an index of its own
	dir := evaldata.Dir(t, "seeds")
	for _, kind := range []string{"raw", "gold"} {
		var seeds []article.Article
		for i := range 5 {
			name := "00" + string(byte('0'+i))
			text, err := os.ReadFile(filepath.Join(dir, name+"."+kind+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			url := "https://site" + name + ".example/story"
			res, err := extract.FromText(url, string(text), extract.Options{})
			if err != nil {
				t.Fatal(err)
			}
			a := res.Article
			if kind == "gold" {
				a = withMeta(t, a, filepath.Join(dir, name+".meta.json"))
			}
			a.Sketch, a.ContentHash = dedup.Sketch(a.Text), article.ContentHash(a.Title, a.Text)
			seeds = append(seeds, a)
		}
		orders := permutationsOf(5)
		for n := 0; n < len(orders); n += 7 { // 18 of the 120
			checkSeedOrder(t, kind, seeds, orders[n])
		}
	}
}

// withMeta gives a clean text what a perfect cleaner found beside it.
func withMeta(t *testing.T, a article.Article, file string) article.Article {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Title, Published string
		Attribution      []string
		Dateline         *article.Dateline
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	a.Title, a.Attributions, a.Dateline = m.Title, m.Attribution, m.Dateline
	if at, err := time.Parse(time.DateOnly, m.Published); err == nil {
		a.Published = &article.Date{Time: at, Precision: article.Day, From: article.FromText}
	}
	return a
}

func permutationsOf(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, p := range permutationsOf(n - 1) {
		for i := 0; i <= len(p); i++ {
			next := append(append(append([]int{}, p[:i]...), n-1), p[i:]...)
			out = append(out, next)
		}
	}
	return out
}

func checkSeedOrder(t *testing.T, kind string, seeds []article.Article, order []int) {
	t.Helper()
	b := newKeeperBench(t)
	first := -1
	for n, i := range order {
		a := seeds[i]
		a.FetchedAt = b.at.Add(time.Duration(n) * time.Minute)
		if first < 0 && (i == 0 || i == 3) {
			first = i
		}
		b.write(a)
		if n == 2 {
			b.restart()
		}
	}
	head := b.get(seeds[0])
	for i, a := range seeds {
		r := b.get(a)
		switch {
		case r.Story != head.Story:
			t.Errorf("%s in order %v: %s is in story %s, 000 in %s", kind, order, a.Site, r.Story, head.Story)
		case i == 4 && (r.Cluster != r.ID || r.OriginalBy != string(dedup.NoCopies)):
			t.Errorf("%s in order %v: 004 is in cluster %s", kind, order, r.Cluster)
		case i < 4 && (r.Cluster != head.Cluster || r.Original != seeds[first].ID):
			t.Errorf("%s in order %v: %s is in cluster %s, its original is %s by %s; want that of 000, and %s", kind, order, a.Site, r.Cluster, r.Original, r.OriginalBy, seeds[first].Site)
		}
	}
}
