package dedup

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// desk is an engine with the articles it may ask for, and what it said of them.
type desk struct {
	*Engine
	docs    map[string]Doc
	cluster map[string]string
}

func newDesk(opts TableOptions) *desk {
	d := &desk{docs: map[string]Doc{}, cluster: map[string]string{}}
	d.Engine = NewEngine(EngineOptions{TableOptions: opts, Fetch: func(id string) (Doc, bool) { doc, ok := d.docs[id]; return doc, ok }})
	return d
}

func (d *desk) add(id, text string, hour int) Decision {
	doc := Doc{ID: id, Text: text, Published: at(hour)}
	d.docs[id] = doc
	got := d.Add(doc, Take(text), at(hour))
	d.cluster[id] = got.Cluster
	maps.Copy(d.cluster, got.Clusters)
	return got
}

// library is texts in which copies, versions and round-ups of stories mix.
func library() map[string]string {
	w := newWriter(11)
	texts := map[string]string{}
	var stories [][]string
	for s := range 6 {
		story := w.paragraphs(8)
		stories = append(stories, story)
		texts[fmt.Sprintf("s%d-0", s)] = text(story)
		texts[fmt.Sprintf("s%d-1", s)] = "NORTHPORT (Herald) - " + text(story[:5])
		texts[fmt.Sprintf("s%d-2", s)] = text(w.paragraphs(1), story[1:4], w.paragraphs(1), story[4:])
		texts[fmt.Sprintf("s%d-3", s)] = text(story[:3])
	}
	for s := range 3 {
		texts[fmt.Sprintf("r%d", s)] = text(w.paragraphs(2), stories[2*s][:4], stories[2*s+1][:4])
	}
	return texts
}

// story is the cluster that an id of the library belongs in.
func story(id string) string {
	if id[0] == 'r' {
		return id
	}
	return id[:3] + "0"
}

func TestEngineOrder(t *testing.T) {
	texts := library()
	r := rand.New(rand.NewPCG(5, 6))
	var names []string
	for id := range texts {
		names = append(names, id)
	}
	for range 20 {
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		d := newDesk(TableOptions{})
		links := 0
		for i, id := range names {
			if i%5 == 0 { // an earlier version without copies
				d.add(id, texts["s0-0"]+text(newWriter(uint64(i)).paragraphs(3)), 1)
			}
			links += len(d.add(id, texts[id], 1).Links)
		}
		for _, id := range names {
			if d.cluster[id] != story(id) || d.Clusters().Of(id) != story(id) {
				t.Fatalf("cluster of %s is %s, said %s, want %s", id, d.Clusters().Of(id), d.cluster[id], story(id))
			}
		}
		if links < 6 {
			t.Errorf("%d links, want one at least of each round-up with each story", links)
		}
	}
}

func TestEngineVersionsLeave(t *testing.T) {
	w := newWriter(12)
	d := newDesk(TableOptions{})
	all := w.paragraphs(9)
	a, b := all[:6], all[3:]
	d.add("a", text(a), 1)
	if got := d.add("b", text(b), 1); got.Cluster != "b" || len(got.Links) != 1 || got.Links[0].ID != "a" {
		t.Fatalf("half of another article: %+v, want a link to a", got)
	}
	if got := d.add("c", text(all), 2); got.Cluster != "a" || got.Clusters["b"] != "a" {
		t.Fatalf("the article that holds both: %+v", got)
	}
	got := d.add("c", text(b), 3)
	if got.Cluster != "b" || got.Clusters["b"] != "b" {
		t.Errorf("once it is another: %+v", got)
	}
	if _, ok := got.Clusters["a"]; ok || d.Clusters().Of("a") != "a" {
		t.Errorf("a is said to change: %+v", got)
	}
	if got := d.Remove("c"); len(got.Clusters) != 0 || d.Clusters().Of("b") != "b" {
		t.Errorf("removing it: %+v", got)
	}
}

// TestEngineRestore goes on after a restart as if there had been none.
func TestEngineRestore(t *testing.T) {
	texts := library()
	whole := newDesk(TableOptions{})
	for _, id := range sortedKeys(texts) {
		whole.add(id, texts[id], 1)
	}
	again := newDesk(TableOptions{})
	for _, id := range sortedKeys(texts) {
		again.docs[id] = whole.docs[id]
		again.Restore(Placed{ID: id, Cluster: whole.cluster[id], Print: Take(texts[id]), At: at(1)})
	}
	maps.Copy(again.cluster, whole.cluster)
	changed := text(newWriter(13).paragraphs(6))
	for _, d := range []*desk{whole, again} {
		d.add("s0-0", changed, 2)
		d.add("s1-9", texts["s1-0"], 2)
	}
	for id := range whole.cluster {
		if whole.cluster[id] != again.cluster[id] || again.Clusters().Of(id) != whole.Clusters().Of(id) {
			t.Errorf("cluster of %s is %s, and %s after a restart", id, whole.cluster[id], again.cluster[id])
		}
	}
	if whole.cluster["s0-1"] != "s0-1" || whole.cluster["s1-9"] != "s1-0" {
		t.Errorf("clusters %v", whole.cluster)
	}
}

// TestEngineRandom changes, removes and restarts at random; what is left is as
// if it had been there alone.
func TestEngineRandom(t *testing.T) {
	texts := library()
	names := sortedKeys(texts)
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := newDesk(TableOptions{})
		for range 60 {
			id := names[r.IntN(len(names))]
			switch r.IntN(8) {
			case 0:
				maps.Copy(d.cluster, d.Remove(id).Clusters)
				delete(d.docs, id)
				delete(d.cluster, id)
			case 1:
				d = restarted(d, r)
			case 2, 3: // another article, for the time being
				d.add(id, texts[names[r.IntN(len(names))]], 1)
			default:
				d.add(id, texts[id], 1)
			}
			alone := newDesk(TableOptions{})
			for id, doc := range d.docs {
				alone.add(id, doc.Text, 1)
			}
			if !maps.Equal(alone.cluster, d.cluster) {
				t.Fatalf("seed %d: clusters %v, want %v", seed, d.cluster, alone.cluster)
			}
		}
	}
}

// restarted is a desk that knows of another what an index keeps.
func restarted(d *desk, r *rand.Rand) *desk {
	again := newDesk(TableOptions{})
	maps.Copy(again.docs, d.docs)
	maps.Copy(again.cluster, d.cluster)
	ids := slices.Sorted(maps.Keys(d.docs))
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, id := range ids {
		again.Restore(Placed{ID: id, Cluster: d.cluster[id], Print: Take(d.docs[id].Text), At: at(1)})
	}
	return again
}

func TestEngineWindow(t *testing.T) {
	w := newWriter(14)
	story := w.paragraphs(6)
	d := newDesk(TableOptions{Window: 10 * time.Hour})
	d.add("a", text(story), 0)
	d.add("b", text(story[:5]), 8)
	if got := d.add("c", text(story[:4]), 16); got.Cluster != "a" {
		t.Errorf("a copy of a copy: cluster %q, want a", got.Cluster)
	}
	d.add("z", text(w.paragraphs(6)), 40)
	if n := len(d.Clusters().nodes); n != 0 {
		t.Errorf("%d articles of a cluster that is over are kept", n)
	}
	if got := d.add("d", text(story), 41); got.Cluster != "d" {
		t.Errorf("a copy beyond the window: cluster %q, want its own", got.Cluster)
	}
}

func TestEngineWithoutTexts(t *testing.T) {
	w := newWriter(15)
	e := NewEngine(EngineOptions{})
	story := text(w.paragraphs(6))
	e.Restore(Placed{ID: "a", Print: Take(story), At: at(0)})
	if got := e.Add(Doc{ID: "b", Text: story}, Take(story), at(1)); got.Cluster != "b" || got.Verified != 0 || got.Candidates != 1 {
		t.Errorf("without the text of its copy: %+v", got)
	}
}

func sortedKeys(m map[string]string) []string {
	return slices.Sorted(maps.Keys(m))
}
