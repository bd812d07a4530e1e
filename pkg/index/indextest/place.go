package indextest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func placeTests() []test {
	return []test{
		{"Placements", placements},
		{"Placements in an upsert", relateInUpsert},
		{"An upsert that fails to relate writes nothing", relateFails},
		{"Placed content", placedContent},
		{"Members of a cluster", membersOf},
		{"Articles of a page", byPage},
		{"Each in the order of arrival", eachInOrder},
		{"Each ends with an error", eachEnds},
		{"Each sees one state", eachSnapshot},
	}
}

func (k *kit) place(p ...index.Placement) {
	k.Helper()
	if err := k.x.Place(k.ctx, p); err != nil {
		k.Fatalf("Place: %v", err)
	}
}

func placements(k *kit) {
	k.upsert(art("a", "One", "A text."), art("b", "Two", "A text."))
	links := []article.Link{{ID: "b", Share: .4}}
	k.place(
		index.Placement{ID: "a", Cluster: "a", Original: "b", OriginalBy: "published", Story: "s", Links: links, Related: []string{"t"}},
		index.Placement{ID: "nowhere", Story: "s"},
	)
	before := k.get("a")
	if before.Original != "b" || before.OriginalBy != "published" || before.Story != "s" || !slices.Equal(before.Links, links) || !slices.Equal(before.Related, []string{"t"}) {
		k.Errorf("placed: %+v", before)
	}
	k.place(index.Placement{ID: "a"})
	if after := k.get("a"); !reflect.DeepEqual(after, before) {
		k.Errorf("an empty placement changed\n%+v to\n%+v", before, after)
	}
	k.place(index.Placement{ID: "a", Links: []article.Link{}, Related: []string{}})
	if r := k.get("a"); len(r.Links) != 0 || len(r.Related) != 0 || r.Story != "s" || !r.IndexedAt.Equal(before.IndexedAt) {
		k.Errorf("cleared: %+v", r)
	}
	k.upsert(later(art("a", "One", "A new text."), time.Hour))
	if r := k.get("a"); r.Story != "s" || r.OriginalBy != "published" {
		k.Errorf("a new version lost its place: %+v", r)
	}
}

func relateInUpsert(k *kit) {
	k.upsert(art("a", "One", "A text."))
	relate := func(ctx context.Context, l index.Lookup, outcomes []index.Outcome) ([]index.Placement, error) {
		if r, err := l.Get(ctx, "b"); err != nil || r.Title != "Two" {
			k.Errorf("an article of the batch: %q, %v", r.Title, err)
		}
		if _, err := l.Get(ctx, "c"); !errors.Is(err, index.ErrNotFound) {
			k.Errorf("an article that is nowhere: %v", err)
		}
		if m, err := l.MembersOf(ctx, "a"); err != nil || len(m) != 1 || m[0].ID != "a" {
			k.Errorf("members before: %v, %v", m, err)
		}
		return []index.Placement{
			{ID: "a", Original: "b", Story: "s"},
			{ID: "b", Cluster: "a", Original: "b", Story: "s", ContentHash: outcomes[0].Record.ContentHash},
		}, nil
	}
	out, err := k.x.Upsert(k.ctx, []article.Article{art("b", "Two", "A text.")}, noon(), relate)
	if err != nil {
		k.Fatal(err)
	}
	if r := out[0].Record; !out[0].Placed || r.Cluster != "a" || r.Story != "s" {
		k.Errorf("outcome %+v", out[0])
	}
	for _, id := range []string{"a", "b"} {
		if r := k.get(id); r.Cluster != "a" || r.Original != "b" || r.Story != "s" {
			k.Errorf("%s: %+v", id, r)
		}
	}
}

func relateFails(k *kit) {
	fault := errors.New("no")
	_, err := k.x.Upsert(k.ctx, []article.Article{art("a", "One", "A text.")}, noon(), func(context.Context, index.Lookup, []index.Outcome) ([]index.Placement, error) {
		return nil, fault
	})
	if !errors.Is(err, fault) {
		k.Errorf("error %v, want %v", err, fault)
	}
	if _, err := k.x.Get(k.ctx, "a"); !errors.Is(err, index.ErrNotFound) {
		k.Errorf("the article is there: %v", err)
	}
	k.upsert(art("a", "One", "A text."))
}

func placedContent(k *kit) {
	a := art("a", "One", "A text.")
	if o := k.upsert(a)[0]; o.Placed || !o.Arrived.Equal(noon().Add(time.Minute)) {
		k.Errorf("a new article: placed %v, arrived %s", o.Placed, o.Arrived)
	}
	k.place(index.Placement{ID: "a", ContentHash: a.ContentHash})
	if o := k.upsert(a)[0]; o.Change != index.Unchanged || !o.Placed {
		k.Errorf("delivered again: %s, placed %v", o.Change, o.Placed)
	}
	if o := k.upsert(later(a, time.Hour))[0]; o.Change != index.Refreshed || !o.Placed {
		k.Errorf("fetched again: %s, placed %v", o.Change, o.Placed)
	}
	if o := k.upsert(later(art("a", "One", "A new text."), 2*time.Hour))[0]; o.Placed || !o.Arrived.Equal(noon().Add(time.Minute)) {
		k.Errorf("a new version: placed %v, arrived %s", o.Placed, o.Arrived)
	}
}

func membersOf(k *kit) {
	k.upsert(art("a", "One", "A text."), art("b", "Two", "B text."), art("c", "Three", "C text."))
	k.place(index.Placement{ID: "c", Cluster: "a", Original: "a", OriginalBy: "fetched"})
	k.withdraw("c")
	got, err := k.x.MembersOf(k.ctx, "a")
	if err != nil {
		k.Fatal(err)
	}
	if len(got) != 2 || got[0].ID != "a" || got[1].ID != "c" || got[1].OriginalBy != "fetched" || got[1].URL != "https://news.example/c" {
		k.Errorf("members %+v", got)
	}
	for _, none := range []string{"", "c", "nowhere"} {
		if got, err := k.x.MembersOf(k.ctx, none); err != nil || len(got) != 0 {
			k.Errorf("members of %q: %v, %v", none, got, err)
		}
	}
}

func byPage(k *kit) {
	a := art("a", "One", "A text.")
	k.upsert(a, with(art("b", "Two", "B text."), func(b *article.Article) { b.URL = a.URL }), art("c", "Three", "C text."))
	k.withdraw("b")
	ids := func(url string) []string {
		ids, err := k.x.ByPage(k.ctx, article.ID(url))
		if err != nil {
			k.Fatal(err)
		}
		return ids
	}
	if got := ids(a.URL); !slices.Equal(got, []string{"a", "b"}) {
		k.Errorf("page of a and b: %v", got)
	}
	k.upsert(later(with(a, func(a *article.Article) { a.URL = "https://news.example/moved" }), time.Hour))
	if got := ids(a.URL); !slices.Equal(got, []string{"b"}) {
		k.Errorf("page that a has left: %v", got)
	}
	if got := ids("https://news.example/nowhere"); len(got) != 0 {
		k.Errorf("no page: %v", got)
	}
}

// each returns the ids that Each gives.
func (k *kit) each(since time.Time) []string {
	k.Helper()
	var got []string
	err := k.x.Each(k.ctx, since, func(e *index.Entry) error {
		if e.Record.Removed != nil || e.Arrived.IsZero() {
			k.Errorf("entry %+v", e)
		}
		got = append(got, e.Record.ID)
		return nil
	})
	if err != nil {
		k.Fatalf("Each: %v", err)
	}
	return got
}

func eachInOrder(k *kit) {
	var want []string
	for batch := range 5 {
		var articles []article.Article
		for i := range 200 {
			id := number(997 * (batch*200 + i) % 1000) // in no order
			want = append(want, id)
			articles = append(articles, with(art(id, "Title", "A text of "+id), func(a *article.Article) {
				a.Removed = []article.Removed{{Kind: "caption", Text: "A caption"}}
				a.FetchedAt = noon().Add(-time.Duration(batch) * time.Hour)
			}))
		}
		slices.Sort(want[batch*200:])
		if _, err := k.x.Upsert(k.ctx, articles, noon().Add(time.Duration(batch)*time.Minute), nil); err != nil {
			k.Fatal(err)
		}
	}
	k.withdraw(want[3])
	k.upsert(later(art(want[0], "Title", "A new version"), time.Hour)) // which is no arrival
	if got := k.each(time.Time{}); !slices.Equal(got, want) {
		k.Errorf("Each gave %d articles, want %d in the order of arrival", len(got), len(want))
	}
	if got := k.each(noon().Add(2 * time.Minute)); !slices.Equal(got, want[400:]) {
		k.Errorf("Each since the third batch gave %d articles, want 600", len(got))
	}
	if got := k.each(noon().Add(time.Hour)); len(got) != 0 {
		k.Errorf("Each since later gave %v", got)
	}
}

func eachEnds(k *kit) {
	k.upsert(art("a", "One", "A text."), art("b", "Two", "A text."), art("c", "Three", "A text."))
	fault := errors.New("enough")
	n := 0
	if err := k.x.Each(k.ctx, time.Time{}, func(*index.Entry) error { n++; return fault }); !errors.Is(err, fault) || n != 1 {
		k.Errorf("%d articles and %v, want one and %v", n, err, fault)
	}
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	if err := k.x.Each(ctx, time.Time{}, func(*index.Entry) error { return nil }); !errors.Is(err, context.Canceled) {
		k.Errorf("with a context that has ended: %v", err)
	}
}

func eachSnapshot(k *kit) {
	k.upsert(art("a", "One", "A text."), art("b", "Two", "A text."))
	done := make(chan error)
	n := 0
	err := k.x.Each(k.ctx, time.Time{}, func(*index.Entry) error {
		if n++; n == 1 {
			go func() {
				_, err := k.x.Upsert(k.ctx, []article.Article{art("c", "Three", "A text.")}, noon(), nil)
				done <- err
			}()
			return <-done
		}
		return nil
	})
	if err != nil || n != 2 {
		k.Errorf("%d articles and %v while another is written, want 2", n, err)
	}
}
