package indextest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func writeTests() []test {
	return []test{
		{"Get returns what was written", getReturns},
		{"Unknown ids", unknownIDs},
		{"Bad ids are refused", badIDs},
		{"Outcomes", outcomes},
		{"The newest wins in every order of arrival", permutations},
		{"Of one fetch the later cleaner wins", laterCleaner},
		{"A listing replaces no article", listings},
		{"Several of one id in a batch are as separate calls", sameBatch},
		{"A redelivery changes nothing", redelivery},
		{"Versions", versions},
		{"Many versions are bounded", manyVersions},
		{"Stats", stats},
		{"A cancelled call writes nothing", cancelledWrite},
		{"Calls after Close fail, Close does not", afterClose},
	}
}

func getReturns(k *kit) {
	a := with(art("a", "A title", "First paragraph.", "Second paragraph."), func(a *article.Article) {
		a.Standfirst = "What it is about."
		a.Authors = []article.Author{{Name: "Ada Example", Kind: article.Person}}
		a.Dateline = &article.Dateline{Raw: "OSLO (Agency) -", Place: "Oslo", Agency: "Agency"}
		a.Tags = []string{"harbour", "bridges"}
		a.Removed = []article.Removed{{Kind: "caption", Text: "A bridge.", Rule: "figcaption"}}
		a.Text = "A text that is not the joined body."
	})
	k.upsert(a)
	got := k.get("a")
	want := article.Record{
		Article: a, Version: 1, FirstSeen: a.FetchedAt, IndexedAt: noon().Add(time.Minute),
		Cluster: "a", Original: "a", Copies: 1,
	}
	if !reflect.DeepEqual(got, want) {
		k.Errorf("Get gave\n%+v, want\n%+v", got, want)
	}
}

func unknownIDs(k *kit) {
	k.upsert(art("a", "A title", "A text."))
	for _, id := range []string{"b", "", "a\x001", strings.Repeat("x", 5000)} {
		if _, err := k.x.Get(k.ctx, id); !errors.Is(err, index.ErrNotFound) {
			k.Errorf("Get(%.20q): error %v, want %v", id, err, index.ErrNotFound)
		}
		if _, err := k.x.Versions(k.ctx, id); !errors.Is(err, index.ErrNotFound) {
			k.Errorf("Versions(%.20q): error %v, want %v", id, err, index.ErrNotFound)
		}
	}
}

func badIDs(k *kit) {
	for _, id := range []string{"", "a\x00b", strings.Repeat("x", 5000)} {
		bad := with(art("", "A title", "A text."), func(a *article.Article) { a.ID = id })
		_, err := k.x.Upsert(k.ctx, []article.Article{art("good", "A title", "A text."), bad}, noon(), nil)
		if !errors.Is(err, index.ErrBadArticle) {
			k.Errorf("Upsert of id %.20q: error %v, want %v", id, err, index.ErrBadArticle)
		}
	}
	if _, err := k.x.Get(k.ctx, "good"); !errors.Is(err, index.ErrNotFound) {
		k.Errorf("a refused batch left an article: %v", err)
	}
}

func outcomes(k *kit) {
	first := art("a", "A title", "A text.")
	second := later(art("a", "A title", "Another text."), time.Hour)
	for _, step := range []struct {
		article article.Article
		change  index.Change
		version int
		text    string
	}{
		{first, index.Created, 1, first.Text},
		{first, index.Unchanged, 1, first.Text},
		{second, index.NewVersion, 2, second.Text},
		{first, index.Stale, 2, second.Text},
		{second, index.Unchanged, 2, second.Text},
		{later(second, 2*time.Hour), index.Refreshed, 2, second.Text},
		{second, index.Stale, 2, second.Text},
		{later(first, 3*time.Hour), index.NewVersion, 3, first.Text},
	} {
		o := k.upsert(step.article)[0]
		if o.Change != step.change || o.Version != step.version || o.Record.Text != step.text {
			k.Fatalf("Upsert of %q as of %v: %s, version %d, %q; want %s, version %d, %q",
				step.article.Text, step.article.FetchedAt, o.Change, o.Version, o.Record.Text,
				step.change, step.version, step.text)
		}
		if got := k.get("a"); got.Text != step.text || got.Version != step.version {
			k.Fatalf("stored %q, version %d; want %q, version %d", got.Text, got.Version, step.text, step.version)
		}
	}
}

func permutations(k *kit) {
	// Two of them were fetched at one instant: the content hash decides.
	set := []article.Article{
		art("", "A title", "The first text."),
		later(art("", "A title", "The second text."), time.Hour),
		later(art("", "A title", "The third text."), 2*time.Hour),
		later(art("", "A title", "Another third text."), 2*time.Hour),
	}
	want := set[2].Text
	if set[3].ContentHash > set[2].ContentHash {
		want = set[3].Text
	}
	n := 0
	permute(len(set), func(order []int) {
		id := number(n)
		n++
		for _, i := range order {
			k.upsert(with(set[i], func(a *article.Article) { a.ID = id }))
		}
		if got := k.get(id); got.Text != want {
			k.Errorf("order %v keeps %q, want %q", order, got.Text, want)
		}
	})
	k.finds("third", func() []string {
		var all []string
		for i := range n {
			all = append(all, number(i))
		}
		return all
	}()...)
	k.finds("first")
	k.finds("second")
}

// laterCleaner: a page that is cleaned anew replaces what an older cleaner made of
// the same fetch, in every order of arrival, and nothing that was fetched later.
func laterCleaner(k *kit) {
	by := func(normalizer, text string) article.Article {
		return with(art("", "A title", text), func(a *article.Article) { a.Normalizer = normalizer })
	}
	set := []article.Article{by("9", "The first cleaning."), by("10", "The second cleaning."), by("9", "Another first cleaning.")}
	n := 0
	permute(len(set), func(order []int) {
		id := number(n)
		n++
		for _, i := range order {
			k.upsert(with(set[i], func(a *article.Article) { a.ID = id }))
		}
		if got := k.get(id); got.Text != set[1].Text || got.Normalizer != "10" {
			k.Errorf("order %v keeps %q of cleaner %s", order, got.Text, got.Normalizer)
		}
	})
	id := func(a article.Article) article.Article {
		return with(a, func(a *article.Article) { a.ID = "same" })
	}
	same := by("11", "The second cleaning.")
	for _, step := range []struct {
		article article.Article
		change  index.Change
	}{
		{id(set[1]), index.Created},
		{id(same), index.Refreshed}, // the text is the same; other fields may not be
		{id(same), index.Unchanged},
		{id(set[1]), index.Stale},
		{later(id(set[0]), time.Hour), index.NewVersion},
		{id(by("12", "Too late a cleaning.")), index.Stale},
	} {
		if o := k.upsert(step.article)[0]; o.Change != step.change {
			k.Fatalf("%q of cleaner %s: %s, want %s", step.article.Text, step.article.Normalizer, o.Change, step.change)
		}
	}
}

// listings: what stands at the address of an article once it has left it replaces
// it in no order of arrival, and an article replaces what was a listing.
func listings(k *kit) {
	listing := func(text string) article.Article {
		return with(art("", "News", text), func(a *article.Article) { a.Kind = article.KindListing })
	}
	set := []article.Article{
		listing("The first list."),
		later(art("", "A title", "The article."), time.Hour),
		later(listing("The last list."), 2*time.Hour),
	}
	n := 0
	permute(len(set), func(order []int) {
		id := number(n)
		n++
		for _, i := range order {
			k.upsert(with(set[i], func(a *article.Article) { a.ID = id }))
		}
		if got := k.get(id); got.Text != set[1].Text {
			k.Errorf("order %v keeps %q", order, got.Text)
		}
	})
	id := func(a article.Article) article.Article {
		return with(a, func(a *article.Article) { a.ID = "same" })
	}
	for _, step := range []struct {
		article article.Article
		change  index.Change
		version int
	}{
		{id(set[0]), index.Created, 1},
		{id(set[2]), index.NewVersion, 2},
		{id(set[1]), index.NewVersion, 3},
		{id(set[2]), index.Stale, 3},
		{later(id(set[2]), 9*time.Hour), index.Stale, 3},
		{later(id(set[1]), 9*time.Hour), index.Refreshed, 3},
	} {
		if o := k.upsert(step.article)[0]; o.Change != step.change || o.Version != step.version {
			k.Fatalf("%q of %v: %s, version %d, want %s, version %d", step.article.Text, step.article.FetchedAt, o.Change, o.Version, step.change, step.version)
		}
	}
}

// permute calls fn with every order of the numbers below n.
func permute(n int, fn func([]int)) {
	order := make([]int, 0, n)
	used := make([]bool, n)
	var rec func()
	rec = func() {
		if len(order) == n {
			fn(order)
			return
		}
		for i := range n {
			if !used[i] {
				used[i], order = true, append(order, i)
				rec()
				used[i], order = false, order[:len(order)-1]
			}
		}
	}
	rec()
}

func sameBatch(k *kit) {
	first := art("a", "A title", "The first text.")
	second := later(art("a", "A title", "The second text."), time.Hour)
	out := k.upsert(first, art("b", "Other", "Other text."), second, first, second)
	var changes []index.Change
	for _, o := range out {
		changes = append(changes, o.Change)
	}
	want := []index.Change{index.Created, index.Created, index.NewVersion, index.Stale, index.Unchanged}
	if !reflect.DeepEqual(changes, want) {
		k.Errorf("changes %v, want %v", changes, want)
	}
	if r := k.get("a"); r.Version != 2 || r.Text != second.Text {
		k.Errorf("stored version %d, %q", r.Version, r.Text)
	}
	if v, err := k.x.Versions(k.ctx, "a"); err != nil || len(v) != 2 {
		k.Errorf("Versions: %v, %v", v, err)
	}
	k.finds("first")
	k.finds("second", "a")
}

func redelivery(k *kit) {
	a := art("a", "A title", "A text.")
	k.upsert(a)
	k.label("a", "c", "o")
	before := k.get("a")
	out, err := k.x.Upsert(k.ctx, []article.Article{a, a}, noon().Add(time.Hour), nil)
	if err != nil {
		k.Fatal(err)
	}
	for _, o := range out {
		if o.Change != index.Unchanged {
			k.Errorf("redelivery is %s", o.Change)
		}
	}
	if after := k.get("a"); !reflect.DeepEqual(after, before) {
		k.Errorf("redelivery made\n%+v of\n%+v", after, before)
	}
	if s, err := k.x.Stats(k.ctx); err != nil || s.Documents != 1 || s.Versions != 0 {
		k.Errorf("Stats after redelivery: %+v, %v", s, err)
	}
}

func versions(k *kit) {
	a := art("a", "Old title", "The bridge is open.")
	b := later(art("a", "New title", "The bridge is closed."), time.Hour)
	k.upsert(a)
	k.upsert(later(a, time.Minute)) // the same content: no version
	k.upsert(b)
	k.upsert(later(b, 2*time.Hour))
	got, err := k.x.Versions(k.ctx, "a")
	if err != nil {
		k.Fatal(err)
	}
	want := []article.Version{
		{Version: 1, ContentHash: a.ContentHash, Title: a.Title, FetchedAt: a.FetchedAt, Body: a.Body},
		{Version: 2, ContentHash: b.ContentHash, Title: b.Title, FetchedAt: b.FetchedAt, Body: b.Body},
	}
	if !reflect.DeepEqual(got, want) {
		k.Errorf("Versions gave\n%+v, want\n%+v", got, want)
	}
	r := k.get("a")
	if !r.FirstSeen.Equal(a.FetchedAt) || !r.FetchedAt.Equal(noon().Add(2*time.Hour)) {
		k.Errorf("first seen %v, fetched %v", r.FirstSeen, r.FetchedAt)
	}
	k.finds("open") // only the present version is found
	k.finds("closed", "a")
	k.lists(index.Query{IncludeWithdrawn: true}, "a")
}

func manyVersions(k *kit) {
	const n = index.KeptVersions + 20
	for i := range n {
		k.upsert(later(art("a", "Live", "Update "+number(i)+"."), time.Duration(i)*time.Minute))
	}
	got, err := k.x.Versions(k.ctx, "a")
	if err != nil {
		k.Fatal(err)
	}
	if len(got) != index.KeptVersions+2 || got[0].Version != 1 || got[len(got)-1].Version != n {
		k.Errorf("%d versions, from %d to %d", len(got), got[0].Version, got[len(got)-1].Version)
	}
	for i, v := range got[1:] {
		if want := n - index.KeptVersions + i; v.Version != want {
			k.Fatalf("version %d stands where %d should", v.Version, want)
		}
	}
	if s, err := k.x.Stats(k.ctx); err != nil || s.Versions != index.KeptVersions+1 {
		k.Errorf("Stats: %+v, %v", s, err)
	}
}

func stats(k *kit) {
	if s, err := k.x.Stats(k.ctx); err != nil || s.Documents != 0 || s.Versions != 0 || !s.Newest.IsZero() {
		k.Errorf("Stats of nothing: %+v, %v", s, err)
	}
	k.upsert(art("a", "A title", "A text."), art("b", "B title", "A text."))
	k.upsert(later(art("a", "A title", "Another text."), time.Hour))
	k.withdraw("b")
	s, err := k.x.Stats(k.ctx)
	if err != nil || s.Documents != 2 || s.Versions != 1 || s.Bytes == 0 || s.Newest.IsZero() {
		k.Errorf("Stats: %+v, %v", s, err)
	}
}

func cancelledWrite(k *kit) {
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	if _, err := k.x.Upsert(ctx, []article.Article{art("a", "A title", "A text.")}, noon(), nil); !errors.Is(err, context.Canceled) {
		k.Errorf("Upsert: %v, want %v", err, context.Canceled)
	}
	if _, err := k.x.Get(k.ctx, "a"); !errors.Is(err, index.ErrNotFound) {
		k.Errorf("Get after a cancelled Upsert: %v", err)
	}
	for what, call := range map[string]func() error{
		"Label":    func() error { return k.x.Place(ctx, []index.Placement{{ID: "a"}}) },
		"Relate":   func() error { return k.x.Place(ctx, []index.Placement{{ID: "a"}}) },
		"Withdraw": func() error { return k.x.Withdraw(ctx, []string{"a"}, noon(), noon()) },
		"Get":      func() error { _, err := k.x.Get(ctx, "a"); return err },
		"Versions": func() error { _, err := k.x.Versions(ctx, "a"); return err },
		"Search":   func() error { _, err := k.x.Search(ctx, index.Query{}); return err },
		"Stats":    func() error { _, err := k.x.Stats(ctx); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			k.Errorf("%s: %v, want %v", what, err, context.Canceled)
		}
	}
}

func afterClose(k *kit) {
	k.upsert(art("a", "A title", "A text."))
	for range 3 {
		if err := k.x.Close(); err != nil {
			k.Errorf("Close: %v", err)
		}
	}
	if _, err := k.x.Upsert(k.ctx, []article.Article{art("b", "A title", "A text.")}, noon(), nil); !errors.Is(err, index.ErrClosed) {
		k.Errorf("Upsert: %v, want %v", err, index.ErrClosed)
	}
	if _, err := k.x.Get(k.ctx, "a"); !errors.Is(err, index.ErrClosed) {
		k.Errorf("Get: %v, want %v", err, index.ErrClosed)
	}
	if _, err := k.x.Search(k.ctx, index.Query{}); !errors.Is(err, index.ErrClosed) {
		k.Errorf("Search: %v, want %v", err, index.ErrClosed)
	}
}
