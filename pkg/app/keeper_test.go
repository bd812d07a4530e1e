package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
)

// keeperBench is an index with its keeper, as a worker that has the lease.
type keeperBench struct {
	t      *testing.T
	index  index.Index
	keeper *keeper
	flags  RelateFlags
	at     time.Time
}

func newKeeperBench(t *testing.T) *keeperBench {
	t.Helper()
	b := &keeperBench{
		t: t, index: testIndex(t), at: time.Now().Add(-time.Hour).Truncate(time.Second),
		flags: RelateFlags{CopyWindow: 168 * time.Hour, StoryWindow: 240 * time.Hour, MaxRelated: 10_000},
	}
	b.restart()
	return b
}

// restart is what a worker does that takes over.
func (b *keeperBench) restart() {
	b.t.Helper()
	b.keeper = newKeeper(b.index, b.flags, newRelateMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler))
	if err := b.keeper.rebuild(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// write indexes articles.
func (b *keeperBench) write(articles ...article.Article) {
	b.t.Helper()
	if err := b.keeper.ready(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.index.Upsert(b.t.Context(), articles, time.Now(), b.keeper.relate); err != nil {
		b.t.Fatal(err)
	}
}

// writeOld indexes articles as a version does that knows no stories.
func (b *keeperBench) writeOld(articles ...article.Article) {
	b.t.Helper()
	if _, err := b.index.Upsert(b.t.Context(), articles, time.Now(), nil); err != nil {
		b.t.Fatal(err)
	}
}

// writeFails decides on articles and cannot write them.
func (b *keeperBench) writeFails(articles ...article.Article) {
	b.t.Helper()
	full := errors.New("disk full")
	_, err := b.index.Upsert(b.t.Context(), articles, time.Now(), func(ctx context.Context, l index.Lookup, o []index.Outcome) ([]index.Placement, error) {
		if _, err := b.keeper.relate(ctx, l, o); err != nil {
			return nil, err
		}
		return nil, full
	})
	if !errors.Is(err, full) {
		b.t.Fatalf("%v, want that the disk is full", err)
	}
	b.keeper.doubt()
}

// article makes an article of a site that arrives now.
func (b *keeperBench) article(site, title, text string) article.Article {
	b.at = b.at.Add(time.Minute)
	url := "https://" + site + "/news/" + strings.ReplaceAll(title, " ", "-")
	return article.Article{
		ID: article.ID(url), URL: url, CanonicalURL: url, Site: site, Title: title, Text: text, Language: "en",
		Words: len(strings.Fields(text)), Sketch: dedup.Sketch(text), ContentHash: article.ContentHash(title, text),
		FetchedAt: b.at, Access: article.Full, Kind: article.KindArticle,
		Published: &article.Date{Time: b.at, Precision: article.Second, From: article.FromMeta},
	}
}

func (b *keeperBench) get(a article.Article) article.Record {
	b.t.Helper()
	r, err := b.index.Get(b.t.Context(), a.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func testIndex(t testing.TB) index.Index {
	t.Helper()
	ix, err := bleveindex.Open(t.TempDir(), bleveindex.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ix.Close() })
	return ix
}

// prose writes so many sentences that no other seed has.
func prose(seed uint64, sentences int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	word := func() string {
		var b strings.Builder
		for range 2 + r.IntN(3) {
			b.WriteByte("bcdfglmnprstvw"[r.IntN(14)])
			b.WriteByte("aeiou"[r.IntN(5)])
		}
		return b.String()
	}
	var text strings.Builder
	for i := range sentences {
		if i > 0 {
			text.WriteString("\n\n")
		}
		for j := range 14 {
			if j > 0 {
				text.WriteByte(' ')
			}
			text.WriteString(word())
		}
		text.WriteByte('.')
	}
	return text.String()
}

// lines returns some of the paragraphs of a text.
func lines(text string, from, to int) string {
	return strings.Join(strings.Split(text, "\n\n")[from:to], "\n\n")
}

func TestKeeperPlacesCopiesAndLinks(t *testing.T) {
	b := newKeeperBench(t)
	wire := prose(1, 20)
	agency := b.article("agency.example", "Bridge closed after collision", wire)
	b.write(agency)
	cut := b.article("herald.example", "Bridge closed after collision", lines(wire, 0, 15))
	cut.Attributions = []string{"Agency"}
	host := b.article("mirror.example", "A week in the harbour", prose(2, 30)+"\n\n"+lines(wire, 3, 12)+"\n\n"+prose(3, 30))
	other := b.article("times.example", "Museum opens a new wing", prose(4, 20))
	b.write(cut, host, other)

	for _, a := range []article.Article{agency, cut} {
		r := b.get(a)
		if want := min(agency.ID, cut.ID); r.Cluster != want || r.Original != agency.ID || r.OriginalBy != string(dedup.ByAttribution) {
			t.Errorf("%s: cluster %s, original %s by %q; want %s, %s by attribution", a.Site, r.Cluster, r.Original, r.OriginalBy, want, agency.ID)
		}
		if len(r.Links) != 1 || r.Links[0].ID != host.ID || r.Links[0].Share < .4 {
			t.Errorf("%s: links %v, want one to %s of about half", a.Site, r.Links, host.ID)
		}
	}
	if r := b.get(host); r.Cluster != host.ID || len(r.Links) != 2 || r.Links[0].Share < .1 || r.Links[0].Share > .3 {
		t.Errorf("host: cluster %s, links %v; want one of about .2 to each of the copies", r.Cluster, r.Links)
	}
	if r := b.get(other); r.Cluster != other.ID || r.OriginalBy != string(dedup.NoCopies) || len(r.Links) != 0 || r.Story != other.ID {
		t.Errorf("other: %s %q %v %s, want it alone", r.Cluster, r.OriginalBy, r.Links, r.Story)
	}
}

func TestKeeperNewVersionLeavesItsCluster(t *testing.T) {
	b := newKeeperBench(t)
	wire := prose(1, 20)
	var copies []article.Article
	for _, site := range []string{"a.example", "b.example", "c.example"} {
		copies = append(copies, b.article(site, "Bridge closed", wire))
	}
	b.write(copies...)
	slices.SortFunc(copies, func(x, y article.Article) int { return strings.Compare(x.ID, y.ID) })
	again := b.article(copies[0].Site, "Bridge closed", prose(9, 20))
	b.restart()
	b.write(again)
	if r := b.get(again); r.Version != 2 || r.Cluster != again.ID || r.OriginalBy != string(dedup.NoCopies) {
		t.Errorf("version %d in cluster %s, original by %q; want it alone", r.Version, r.Cluster, r.OriginalBy)
	}
	for _, a := range copies[1:] {
		if r := b.get(a); r.Cluster != copies[1].ID || r.Original == again.ID {
			t.Errorf("%s: cluster %s, original %s; want those of what is left", a.Site, r.Cluster, r.Original)
		}
	}
}

// A worker that dies at any point leaves what the next needs to come to the same
// result as one that never died.
func TestKeeperComesToTheSameAfterDeaths(t *testing.T) {
	plain, drilled := newKeeperBench(t), newKeeperBench(t)
	drilled.at = plain.at
	r := rand.New(rand.NewPCG(7, 7))
	var batches [][]article.Article
	for range 40 {
		var batch []article.Article
		for range 1 + r.IntN(8) {
			batch = append(batch, arrival(plain, r))
		}
		batches = append(batches, batch)
	}
	for _, batch := range batches {
		plain.write(batch...)
		if how := r.IntN(6); how < 3 { // it is delivered again, in pieces
			switch how {
			case 0:
				drilled.writeFails(batch...)
			case 1:
				drilled.writeOld(batch...)
				drilled.restart()
			case 2:
				drilled.write(batch...)
				drilled.restart()
			}
			r.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
			n := r.IntN(len(batch) + 1)
			drilled.write(batch[:n]...)
			batch = batch[n:]
		}
		drilled.write(batch...)
		if r.IntN(5) == 0 {
			drilled.restart()
		}
	}
	want, got := placesOf(t, plain.index), placesOf(t, drilled.index)
	if len(want) < 60 || len(got) != len(want) {
		t.Fatalf("%d and %d articles", len(want), len(got))
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("%s: %+v, without deaths %+v", id, got[id], w)
		}
	}
}

// arrival is an article of one of some texts: whole, cut, within another, or a
// new version of one.
func arrival(b *keeperBench, r *rand.Rand) article.Article {
	n := uint64(r.IntN(20))
	wire := prose(100+n, 24)
	title := fmt.Sprintf("Report %d", n)
	site := fmt.Sprintf("site%d.example", r.IntN(12))
	switch r.IntN(5) {
	case 0:
		return b.article(site, title, lines(wire, 0, 18))
	case 1:
		return b.article(site, title, wire+"\n\n"+prose(200+n, 3))
	case 2:
		return b.article(site, "Review of "+title, prose(300+n, 30)+"\n\n"+lines(wire, 4, 14)+"\n\n"+prose(400+n, 30))
	case 3:
		return b.article(site, title, prose(500+uint64(r.IntN(3)), 20))
	}
	return b.article(site, title, wire)
}

// place is what was decided of an article.
type place struct {
	version                           int
	cluster, original, reason, linked string
}

func placesOf(t *testing.T, ix index.Index) map[string]place {
	t.Helper()
	records := map[string]article.Record{}
	err := ix.Each(t.Context(), time.Time{}, func(e *index.Entry) error {
		if !e.Placed {
			t.Errorf("%s is not placed", e.Record.ID)
		}
		records[e.Record.ID] = e.Record
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]map[string]bool{} // clusters that share text
	for _, r := range records {
		for _, l := range r.Links {
			if a, b := r.Cluster, records[l.ID].Cluster; a != b {
				if linked[a] == nil {
					linked[a] = map[string]bool{}
				}
				linked[a][b] = true
			}
		}
	}
	places := map[string]place{}
	for id, r := range records {
		places[id] = place{r.Version, r.Cluster, r.Original, r.OriginalBy, strings.Join(sortedKeys(linked[r.Cluster]), " ")}
	}
	return places
}
