package dedup

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/internal/evaldata"
)

// readSeeds reads five articles on one event; the first four are copies.
func readSeeds(t *testing.T, kind string) ([]Doc, []Copy) {
	dir := evaldata.Dir(t, "seeds")
	docs, copies := make([]Doc, 5), make([]Copy, 5)
	for i := range docs {
		docs[i].ID = string([]byte{'0', '0', byte('0' + i)})
		text, err := os.ReadFile(filepath.Join(dir, docs[i].ID+"."+kind+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		meta, err := os.ReadFile(filepath.Join(dir, docs[i].ID+".meta.json"))
		if err != nil {
			t.Fatal(err)
		}
		var about struct {
			Title       string
			Published   string
			Attribution []string
			Dateline    *struct{ Agency string }
		}
		if err := json.Unmarshal(meta, &about); err != nil {
			t.Fatal(err)
		}
		docs[i].Title, docs[i].Text = about.Title, string(text)
		copies[i] = Copy{ID: docs[i].ID, Attributed: len(about.Attribution) > 0 || about.Dateline != nil && about.Dateline.Agency != ""}
		copies[i].Published, _ = time.Parse(time.DateOnly, about.Published)
	}
	return docs, copies
}

// permutations calls f with every order of n things.
func permutations(n int, f func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rec(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rec(0)
}

func TestSeeds(t *testing.T) {
	for _, kind := range []string{"raw", "gold"} {
		t.Run(kind, func(t *testing.T) {
			docs, copies := readSeeds(t, kind)
			byID := map[string]Doc{}
			for _, d := range docs {
				byID[d.ID] = d
			}
			for i := range docs {
				for j := i + 1; j < len(docs); j++ {
					r := Compare(&docs[i], &docs[j])
					t.Logf("%s and %s: %v, %.2f and %.2f", docs[i].ID, docs[j].ID, r.Kind, r.Share, r.Back)
				}
			}
			permutations(len(docs), func(order []int) {
				e := NewEngine(EngineOptions{Fetch: func(id string) (Doc, bool) { d, ok := byID[id]; return d, ok }})
				first := ""
				for n, i := range order {
					copies[i].FetchedAt = time.Date(2015, 11, 18, n, 0, 0, 0, time.UTC)
					if docs[i].ID == "000" || docs[i].ID == "003" {
						first = cmp.Or(first, docs[i].ID) // the others name a source
					}
					e.Add(docs[i], Take(docs[i].Text), time.Unix(int64(n), 0))
				}
				for _, d := range docs {
					want := "000"
					if d.ID == "004" {
						want = "004"
					}
					if got := e.Clusters().Of(d.ID); got != want {
						t.Fatalf("in order %v the cluster of %s is %s, want %s", order, d.ID, got, want)
					}
				}
				if original, _ := Original(copies[:4]); original != first {
					t.Fatalf("in order %v the original is %s, want %s", order, original, first)
				}
			})
		})
	}
}
