package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/index"
)

// placing is what became of an article, as far as the order in which articles
// arrive must not matter.
type placing struct {
	cluster, original, by string
	links                 string // ids
	version               int
	content               string
	withdrawn             bool
	story                 string // compared by itself
}

// result reads what became of every article, after the workers have ended.
func (r *relay) result(tr *traffic) map[string]placing {
	r.t.Helper()
	ix := sharedIndexIn(r.dir, slog.New(slog.DiscardHandler), nil)
	if err := ix.tryOpen(); err != nil {
		r.t.Fatal(err)
	}
	defer ix.Close()
	placed := make(map[string]placing, len(tr.ids))
	for _, id := range tr.ids {
		rec, err := ix.Get(context.Background(), id)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		links := make([]string, len(rec.Links))
		for i, l := range rec.Links {
			links[i] = l.ID
		}
		slices.Sort(links)
		placed[id] = placing{
			cluster: rec.Cluster, original: rec.Original, by: rec.OriginalBy, links: strings.Join(links, " "),
			version: rec.Version, content: rec.ContentHash, withdrawn: rec.Withdrawn, story: rec.Story,
		}
	}
	if len(placed) != len(tr.ids) {
		r.t.Errorf("%d articles are in the index, want %d", len(placed), len(tr.ids))
	}
	if dead := r.c.messages(r.t, bus.StreamDead); dead != 0 {
		r.t.Errorf("%d dead letters", dead)
	}
	return placed
}

// difference is how two runs differ.
type difference struct {
	articles int            // that differ in anything but their story
	fields   map[string]int // by what differs
	examples []string
	stories  float64 // B-cubed F1 of the stories
}

func compareRuns(want, got map[string]placing) difference {
	d := difference{fields: map[string]int{}}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		w, g := want[id], got[id]
		before := d.articles
		for _, f := range []struct {
			name      string
			want, got any
		}{
			{"cluster", w.cluster, g.cluster},
			{"original", w.original, g.original},
			{"reason", w.by, g.by},
			{"links", w.links, g.links},
			{"version", w.version, g.version},
			{"content", w.content, g.content},
			{"withdrawn", w.withdrawn, g.withdrawn},
		} {
			if f.want == f.got {
				continue
			}
			d.articles = before + 1
			if d.fields[f.name]++; d.fields[f.name] <= 3 {
				d.examples = append(d.examples, fmt.Sprintf("%s: %s %v, want %v", id, f.name, f.got, f.want))
			}
		}
	}
	d.stories = bcubed(want, got)
	return d
}

func (d difference) log(t *testing.T) {
	t.Helper()
	t.Logf("%d articles differ %v; stories agree by %.4f", d.articles, d.fields, d.stories)
	for _, e := range d.examples {
		t.Log(e)
	}
}

// bcubed compares the stories of two runs: 1 where every article has the same
// others beside it.
func bcubed(want, got map[string]placing) float64 {
	wants, gots, both := map[string]int{}, map[string]int{}, map[[2]string]int{}
	for id, w := range want {
		g := got[id].story
		wants[w.story]++
		gots[g]++
		both[[2]string{w.story, g}]++
	}
	precision, recall := 0.0, 0.0
	for pair, n := range both {
		precision += float64(n) * float64(n) / float64(gots[pair[1]])
		recall += float64(n) * float64(n) / float64(wants[pair[0]])
	}
	return 2 * precision * recall / (precision + recall) / float64(max(1, len(want)))
}
