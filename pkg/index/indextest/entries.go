package indextest

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func entryTests() []test {
	return []test{
		{"Each goes by arrival, whatever happens later", eachOrder},
		{"Each gives what is stored", eachContent},
		{"Each while writing", eachWhileWriting},
	}
}

// entries returns what Each gives.
func (k *kit) entries(since time.Time) []*index.Entry {
	k.Helper()
	var all []*index.Entry
	err := k.x.Each(k.ctx, since, func(e *index.Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		k.Fatalf("Each: %v", err)
	}
	return all
}

func (k *kit) upsertAt(now time.Time, articles ...article.Article) {
	k.Helper()
	if _, err := k.x.Upsert(k.ctx, articles, now, nil); err != nil {
		k.Fatalf("Upsert: %v", err)
	}
}

func eachOrder(k *kit) {
	if got := k.entries(time.Time{}); len(got) != 0 {
		k.Errorf("nothing gave %d entries", len(got))
	}
	const batches, size = 9, 40
	var want []string
	at := func(batch int) time.Time { return noon().Add(time.Duration(batch) * time.Minute) }
	for b := range batches {
		var batch []article.Article
		for i := range size {
			id := fmt.Sprintf("%d-%03d", (b*5)%batches, i)
			want = append(want, id)
			// Neither the date nor the time of the fetch matters.
			a := later(art(id, "One", "A text."), -time.Duration(b*i)*time.Hour)
			batch = append(batch, published(a, noon().AddDate(0, 0, -i)))
		}
		slices.Reverse(batch)
		k.upsertAt(at(b), batch...)
	}
	check := func(when string, since time.Time, want []string) {
		k.Helper()
		var got []string
		for _, e := range k.entries(since) {
			got = append(got, e.Record.ID)
		}
		if !slices.Equal(got, want) {
			k.Errorf("%s, since %v: %d entries %.200v, want %d %.200v", when, since, len(got), got, len(want), want)
		}
	}
	check("all", time.Time{}, want)
	// What happens to an article later does not change when it arrived.
	k.upsertAt(at(20), later(art(want[7], "One", "Another text."), 500*time.Hour), later(art(want[80], "One", "A text."), 500*time.Hour))
	k.withdraw(want[3], want[100])
	k.place(index.Placement{ID: want[50], Story: "s"})
	check("changed", time.Time{}, want)
	check("inclusive", at(3), want[3*size:])
	check("exclusive", at(3).Add(1), want[4*size:])
	check("none", at(30), nil)
}

func eachContent(k *kit) {
	k.upsert(
		with(art("a", "A title", "First paragraph.", "Second \"paragraph\", with \\ and <b>."), func(a *article.Article) {
			a.Removed = []article.Removed{{Kind: "caption", Text: `A "bridge"]}`, Rule: "figcaption"}}
			a.Warnings = []string{"after what was removed"}
		}),
		with(art("b", "No body"), func(a *article.Article) { a.Text = "A text without a body." }),
		art("c", "Another", "A third."),
	)
	k.place(index.Placement{ID: "c", Cluster: "a", Original: "a", Story: "s", ContentHash: k.get("c").ContentHash})
	k.withdraw("b")
	entries := k.entries(time.Time{})
	if len(entries) != 3 {
		k.Fatalf("%d entries", len(entries))
	}
	for _, e := range entries {
		want := k.get(e.Record.ID)
		want.Removed, want.Copies = nil, 0
		if !reflect.DeepEqual(e.Record, want) {
			k.Errorf("entry\n%+v, want\n%+v", e.Record, want)
		}
		if !e.Arrived.Equal(noon().Add(time.Minute)) || e.Placed != (want.ID == "c") {
			k.Errorf("%s: arrived %v, placed %v", want.ID, e.Arrived, e.Placed)
		}
	}
}

func eachWhileWriting(k *kit) {
	const n, rounds = 60, 12
	k.upsert(crowd(n)...)
	var writer sync.WaitGroup
	writer.Go(func() {
		for round := range rounds {
			// Each round adds an article and changes all that were there.
			batch := []article.Article{art(number(n+round), "New", "A new text.")}
			for i := range n {
				batch = append(batch, later(art(number(i), "Old", fmt.Sprintf("Round %d.", round)), time.Duration(round+1)*time.Hour))
			}
			if _, err := k.x.Upsert(k.ctx, batch, noon().Add(time.Duration(round+2)*time.Minute), nil); err != nil {
				k.Errorf("Upsert: %v", err)
			}
		}
	})
	for range 2 * rounds {
		var got []string
		texts := map[string]bool{}
		for _, e := range k.entries(time.Time{}) {
			got = append(got, e.Record.ID)
			if e.Record.Title == "Old" {
				texts[e.Record.Text] = true
			}
		}
		if len(got) < n || !slices.IsSorted(got) || len(slices.Compact(got)) != len(got) || len(texts) > 1 {
			k.Errorf("%d entries of the rounds %v: %.200v", len(got), texts, got)
		}
	}
	writer.Wait()
}
