package bleveindex

import (
	"slices"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2/document"
	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// TestOldDocuments reads documents of a version that knew of exact copies only:
// they have no arrival, no page, and were not placed.
func TestOldDocuments(t *testing.T) {
	x, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	at := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	batch := indexapi.NewBatch()
	for i, id := range []string{"c", "b", "a"} {
		s := &stored{Record: article.Record{
			Article:   article.Article{ID: id, URL: "https://news.example/" + id, Text: "Old.", ContentHash: "h"},
			Version:   1,
			FirstSeen: at.Add(time.Duration(i) * time.Hour), IndexedAt: at.AddDate(0, 0, 9-i), Cluster: "c", Original: "c",
		}}
		d, err := x.articleDocument(s)
		if err != nil {
			t.Fatal(err)
		}
		d.Fields = slices.DeleteFunc(d.Fields, func(f document.Field) bool { return f.Name() == fieldArrived || f.Name() == fieldPage })
		batch.Update(d)
	}
	if err := x.store.batch(batch); err != nil {
		t.Fatal(err)
	}
	check := func(since time.Time, want ...string) {
		t.Helper()
		var got []string
		err := x.Each(t.Context(), since, func(e *index.Entry) error {
			got = append(got, e.Record.ID)
			if e.Placed != (e.Record.Story != "") || !e.Arrived.Equal(e.Record.FirstSeen) {
				t.Errorf("%s: placed %v, arrived %v", e.Record.ID, e.Placed, e.Arrived)
			}
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("since %v: %v, %v; want %v", since, got, err, want)
		}
	}
	check(time.Time{}, "c", "b", "a")
	check(at.Add(time.Hour), "b", "a")
	if err := x.Place(t.Context(), []index.Placement{{ID: "b", Story: "s", ContentHash: "h"}}); err != nil {
		t.Fatal(err)
	}
	check(time.Time{}, "c", "b", "a")
	ids, err := x.ByPage(t.Context(), article.ID("https://news.example/b"))
	if err != nil || !slices.Equal(ids, []string{"b"}) {
		t.Errorf("by page once written anew: %v, %v", ids, err)
	}
	// What changes nothing writes nothing.
	batches := x.store.batches
	if err := x.Place(t.Context(), []index.Placement{{ID: "b", Story: "s", ContentHash: "h"}, {ID: "a"}}); err != nil || x.store.batches != batches {
		t.Errorf("placing the same wrote %d batches: %v", x.store.batches-batches, err)
	}
}
