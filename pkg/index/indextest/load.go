package indextest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func loadTests() []test {
	return []test{
		{"A big batch", bigBatch},
		{"Concurrent calls", concurrent},
		{"A call that is cancelled on the way", cancelledSearch},
	}
}

func bigBatch(k *kit) {
	const n = 2000
	k.upsert(crowd(n)...)
	if s, err := k.x.Stats(k.ctx); err != nil || s.Documents != n {
		k.Errorf("Stats: %+v, %v", s, err)
	}
	if r := k.search(index.Query{Text: "bridge", Facets: true}); r.Total != n || r.Facets.Site[0].Count != n {
		k.Errorf("total %d, facets %v", r.Total, r.Facets.Site)
	}
	if got := k.walk(index.Query{Text: "bridge", Size: index.MaxSize}); len(got) != n {
		k.Errorf("pages have %d articles, want %d", len(got), n)
	}
}

// concurrent lets writers of the same articles race while readers look on. The
// newest state of every article must win, and no reader may see half a batch.
func concurrent(k *kit) {
	const articles, states, writers = 8, 12, 3
	var done atomic.Bool
	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range states {
				state := (i*7 + w*5) % states // every writer in another order
				var batch []article.Article
				for j := range articles {
					a := art(number(j), "Race", fmt.Sprintf("State number%02d of the race.", state))
					batch = append(batch, later(a, time.Duration(state)*time.Hour))
				}
				if _, err := k.x.Upsert(k.ctx, batch, noon(), nil); err != nil {
					k.Errorf("Upsert: %v", err)
				}
				if err := k.x.Place(k.ctx, []index.Placement{{ID: number(w), Cluster: "c", Original: "o"}}); err != nil {
					k.Errorf("Label: %v", err)
				}
			}
		})
	}
	for range 2 {
		reading.Go(func() {
			for !done.Load() {
				r, err := k.x.Search(k.ctx, index.Query{Text: "race", Facets: true})
				if err != nil || r.Total != 0 && r.Total != articles {
					k.Errorf("Search: total %d, %v", r.Total, err)
					return
				}
				texts := map[string]bool{}
				for _, h := range r.Hits {
					texts[h.Record.Text] = true
				}
				if len(texts) > 1 {
					k.Errorf("a search saw half a batch: %v", texts)
					return
				}
				if _, err := k.x.Stats(k.ctx); err != nil {
					k.Errorf("Stats: %v", err)
				}
				if _, err := k.x.Get(k.ctx, number(0)); err != nil && !errors.Is(err, index.ErrNotFound) {
					k.Errorf("Get: %v", err)
				}
			}
		})
	}
	writing.Wait()
	done.Store(true)
	reading.Wait()
	last := fmt.Sprintf("State number%02d of the race.", states-1)
	for j := range articles {
		if r := k.get(number(j)); r.Text != last {
			k.Errorf("%s ends as %q, want %q", number(j), r.Text, last)
		}
	}
	for w := range writers {
		if r := k.get(number(w)); r.Cluster != "c" || r.Copies != writers {
			k.Errorf("%s ends in cluster %q of %d", number(w), r.Cluster, r.Copies)
		}
	}
}

// expiring is a context that is cancelled after it was asked a number of times,
// so that a call is cancelled in its midst without a race against a clock.
type expiring struct {
	context.Context
	left atomic.Int64
}

func (e *expiring) Err() error {
	if e.left.Add(-1) < 0 {
		return context.Canceled
	}
	return e.Context.Err()
}

func cancelledSearch(k *kit) {
	k.upsert(crowd(1000)...)
	cancelled := 0
	for left := range int64(40) {
		ctx := &expiring{Context: k.ctx}
		ctx.left.Store(left)
		r, err := k.x.Search(ctx, index.Query{Text: "bridge", Size: 3})
		switch {
		case errors.Is(err, context.Canceled):
			cancelled++
			if len(r.Hits) > 0 {
				k.Errorf("a cancelled search gave hits")
			}
		case err != nil:
			k.Errorf("Search: %v", err)
		case len(r.Hits) != 3:
			k.Errorf("Search gave %d hits", len(r.Hits))
		}
	}
	if cancelled < 4 {
		k.Errorf("a search of 1,000 matches looks at its context %d times", cancelled)
	}
	for left := range int64(40) {
		ctx := &expiring{Context: k.ctx}
		ctx.left.Store(left)
		id := fmt.Sprintf("cancel%d", left)
		_, err := k.x.Upsert(ctx, []article.Article{art(id, "One", "Text."), art(id+"x", "One", "Text.")}, noon(), nil)
		_, got := k.x.Get(k.ctx, id)
		_, gotx := k.x.Get(k.ctx, id+"x")
		if (err == nil) != (got == nil) || (err == nil) != (gotx == nil) {
			k.Errorf("Upsert: %v, but Get: %v and %v", err, got, gotx)
		}
	}
}

// RunDurability checks that what calls made durable is there afterwards. open
// returns an empty index and a function that ends its use, by closing or by
// killing, and opens what is left of it; that may be called again.
func RunDurability(t *testing.T, open func(t *testing.T) (x index.Index, reopen func() index.Index)) {
	x, reopen := open(t)
	k := &kit{T: t, x: x, ctx: t.Context()}
	defer func() {
		if err := k.x.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	k.upsert(crowd(30)...)
	k.upsert(later(art(number(0), "Edited", "A ferry now."), time.Hour))
	k.label(number(1), "c", "o")
	k.label(number(2), "c", "o")
	k.place(index.Placement{ID: number(3), Story: "s", OriginalBy: "only", ContentHash: k.get(number(3)).ContentHash})
	k.withdraw(number(4))
	want := k.snapshot()
	cursor := k.search(index.Query{Text: "bridge", Size: 5})
	for round := range 3 {
		k.x = reopen()
		if got := k.snapshot(); !reflect.DeepEqual(got, want) {
			t.Fatalf("after reopening %d times\n%s\nwant\n%s", round+1, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		// A cursor is good beyond the life of the process.
		r := k.search(index.Query{Text: "bridge", Size: 5, Cursor: cursor.Next})
		if len(r.Hits) != 5 || r.Hits[0].Record.ID == cursor.Hits[4].Record.ID {
			t.Errorf("the next page after reopening: %v", ids(r))
		}
		// And writing goes on where it was, with what was seen recognised.
		if o := k.upsert(crowd(30)[5])[0]; o.Change != index.Unchanged {
			t.Errorf("a redelivery after reopening is %s", o.Change)
		}
		k.upsert(later(art(fmt.Sprintf("round%d", round), "Round", "A bridge."), time.Hour))
		want = k.snapshot()
	}
}

// snapshot returns all that an index holds, as text.
func (k *kit) snapshot() []string {
	k.Helper()
	var out []string
	for _, id := range k.walk(index.Query{IncludeWithdrawn: true, Size: index.MaxSize}) {
		v, err := k.x.Versions(k.ctx, id)
		if err != nil {
			k.Fatal(err)
		}
		r := k.get(id)
		out = append(out, fmt.Sprintf("%s v%d of %d %q cluster %s of %d story %q withdrawn %v indexed %v",
			id, r.Version, len(v), r.Text, r.Cluster, r.Copies, r.Story, r.Withdrawn, r.IndexedAt))
	}
	for _, e := range k.entries(time.Time{}) {
		out = append(out, fmt.Sprintf("%s arrived %v placed %v by %q", e.Record.ID, e.Arrived, e.Placed, e.Record.OriginalBy))
	}
	s, err := k.x.Stats(k.ctx)
	if err != nil {
		k.Fatal(err)
	}
	out = append(out, fmt.Sprintf("%d documents, %d versions, newest %v", s.Documents, s.Versions, s.Newest))
	return append(out, fmt.Sprint("bridge: ", k.walk(index.Query{Text: "bridge"})))
}
