package story

import (
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestPrepare reads articles on many cores, and finds what reading them in turn
// does.
func TestPrepare(t *testing.T) {
	docs := synthetic(400, 60, 3)
	for i := range docs {
		docs[i].Lang = []string{"en", "de-AT"}[i%2]
		docs[i].Lead = docs[(i*7)%len(docs)].Title
		if i%9 == 8 {
			docs[i].Cluster = docs[i-4].ID
		}
	}
	ready := make([]*Prepared, len(docs))
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := k; i < len(docs); i += 4 {
				ready[i] = Prepare(docs[i])
			}
		})
	}
	wg.Wait()
	one, many := New(Options{Window: 3 * time.Hour}), New(Options{Window: 3 * time.Hour})
	for i, d := range docs {
		want, got := one.Add(d), many.AddPrepared(ready[i])
		if !reflect.DeepEqual(got, want) || one.articles[d.ID].vector != many.articles[d.ID].vector {
			t.Fatalf("%s: %+v, want %+v", d.ID, got, want)
		}
	}
	if got, want := partition(many), partition(one); !slices.Equal(got, want) {
		t.Errorf("stories %q, want %q", got, want)
	}
}

// TestRestartGoesOn: a tracker that was rebuilt decides like the first, when
// neither versions nor joined clusters were in between.
func TestRestartGoesOn(t *testing.T) {
	docs := synthetic(500, 60, 3)
	whole, again := New(Options{}), New(Options{})
	for i, d := range docs {
		if i%100 == 50 {
			again = New(Options{})
			for _, old := range docs[:i] {
				old.Story, _ = whole.Of(old.ID)
				again.Add(old)
			}
		}
		if got, want := again.Add(d), whole.Add(d); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s after a restart: %+v, want %+v", d.ID, got, want)
		}
	}
	check(t, again)
}

func TestSameContentStays(t *testing.T) {
	tr := New(Options{})
	docs := quakeNorth()
	for i := range docs {
		docs[i].Content = "content of " + docs[i].ID
	}
	want := stories(tr, docs)
	units := len(tr.slots)
	for _, i := range []int{1, 0, 2} {
		d := docs[i]
		d.Text = "" // is not looked at
		if a := tr.Add(d); a.Story != "n1" || len(a.Moved) > 0 {
			t.Errorf("%s again: %+v", d.ID, a)
		}
	}
	if got := partition(tr); !slices.Equal(got, want) || len(tr.slots) != units {
		t.Errorf("stories %q of %d units, want %q of %d", got, len(tr.slots), want, units)
	}
	docs[1].Cluster = "n1"
	tr.Add(docs[1])
	if tr.articles["n2"] != tr.articles["n1"] {
		t.Error("an article that became a copy stayed where it was")
	}
	check(t, tr)
}
