package dedup

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/internal/evaldata"
)

type evalDoc struct {
	ID, Title, Text, Body, Raw, Cluster, Story string
	Published                                  time.Time
}

// readLines decodes a file of JSON objects, one a line.
func readLines[T any](t testing.TB, file string) []T {
	t.Helper()
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	for dec := json.NewDecoder(bufio.NewReader(f)); dec.More(); {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// answer is what the engine made of a set.
type answer struct {
	cluster              map[string]string
	links                map[string][]string
	candidates, verified int
	cost                 time.Duration
}

// runSet streams documents through an engine in order of publication.
func runSet(docs []evalDoc) answer {
	docs = slices.Clone(docs)
	slices.SortStableFunc(docs, func(a, b evalDoc) int { return a.Published.Compare(b.Published) })
	return stream(docs, TableOptions{})
}

func stream(docs []evalDoc, opts TableOptions) answer {
	byID := map[string]Doc{}
	e := NewEngine(EngineOptions{TableOptions: opts, Fetch: func(id string) (Doc, bool) { d, ok := byID[id]; return d, ok }})
	a := answer{cluster: map[string]string{}, links: map[string][]string{}}
	for _, d := range docs {
		doc := Doc{ID: d.ID, Title: d.Title, Text: d.Text, Published: d.Published}
		byID[d.ID] = doc
		start := time.Now()
		got := e.Add(doc, Take(d.Text), d.Published)
		a.cost += time.Since(start)
		a.cluster[d.ID] = got.Cluster
		maps.Copy(a.cluster, got.Clusters)
		a.candidates += got.Candidates
		a.verified += got.Verified
		for _, l := range got.Links {
			if l.Kind == KindLink {
				a.links[d.ID] = append(a.links[d.ID], l.ID)
			}
		}
	}
	return a
}

// variants are the texts of the sets that are measured.
var variants = []struct {
	set, field string
	goal       float64
}{
	{"wire2018", "text", 0.985},
	{"wire2018", "body", 0.985},
	{"synth", "text", 0.98},
	{"synth", "raw", 0},
	{"reuters21578", "text", 0.975},
}

func readSet(t testing.TB, set, field string) (string, []evalDoc) {
	dir := filepath.Join(evaldata.Dir(t, "eval"), "data", "neardup_"+set)
	docs := readLines[evalDoc](t, filepath.Join(dir, "docs.jsonl"))
	for i := range docs {
		switch field {
		case "body":
			docs[i].Text = docs[i].Body
		case "raw":
			docs[i].Text = docs[i].Raw
		}
	}
	return dir, docs
}

// TestEvalClusters measures the engine on the evaluation sets, whole and by
// halves of their clusters.
func TestEvalClusters(t *testing.T) {
	for _, v := range variants {
		t.Run(v.set+"-"+v.field, func(t *testing.T) {
			dir, docs := readSet(t, v.set, v.field)
			got := runSet(docs)
			whole := randIndex(docs, got.cluster, -1)
			n := float64(len(docs))
			t.Logf("adjusted Rand index %.4f, halves %.4f %.4f; %.1f candidates and %.1f verified an article, %.2f ms",
				whole, randIndex(docs, got.cluster, 0), randIndex(docs, got.cluster, 1),
				float64(got.candidates)/n, float64(got.verified)/n, got.cost.Seconds()*1000/n)
			if whole < v.goal {
				t.Errorf("adjusted Rand index %.4f, want %.3f", whole, v.goal)
			}
			checkPairs(t, dir, got)
			checkLinks(t, dir, docs, got, v.goal > 0)
		})
	}
}

// TestEvalOrder streams a set in other orders: the clusters are the same.
func TestEvalOrder(t *testing.T) {
	_, docs := readSet(t, "wire2018", "text")
	opts := TableOptions{Window: 365 * 24 * time.Hour}
	want := stream(docs, opts).cluster
	r := rand.New(rand.NewPCG(1, 2))
	for range 4 {
		r.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		for id, cluster := range stream(docs, opts).cluster {
			if cluster != want[id] {
				t.Errorf("cluster of %s is %s in one order, %s in another", id, want[id], cluster)
			}
		}
	}
}

// checkPairs counts the pairs of forms that were joined.
func checkPairs(t *testing.T, dir string, got answer) {
	type pair struct{ A, B, Relation string }
	forms, joined := 0, 0
	for _, p := range readLines[pair](t, filepath.Join(dir, "pairs.jsonl")) {
		if p.Relation != "template" {
			continue
		}
		forms++
		if got.cluster[p.A] == got.cluster[p.B] {
			joined++
			t.Errorf("forms %s and %s were joined", p.A, p.B)
		}
	}
	if forms > 0 {
		t.Logf("%d of %d pairs of forms joined", joined, forms)
	}
}

// checkLinks counts the articles that contain another: linked, and joined by mistake.
func checkLinks(t *testing.T, dir string, docs []evalDoc, got answer, strict bool) {
	type link struct {
		Host          string `json:"host"`
		ParentCluster string `json:"parent_cluster"`
	}
	links := readLines[link](t, filepath.Join(dir, "links.jsonl"))
	if len(links) == 0 {
		return
	}
	linked, joined := 0, 0
	for _, l := range links {
		hit, merged := false, false
		for _, d := range docs {
			if d.Cluster != l.ParentCluster {
				continue
			}
			hit = hit || slices.Contains(got.links[l.Host], d.ID) || slices.Contains(got.links[d.ID], l.Host)
			merged = merged || got.cluster[d.ID] == got.cluster[l.Host]
		}
		if hit {
			linked++
		}
		if merged {
			joined++
		}
	}
	stories, strange := map[string]string{}, 0
	for _, d := range docs {
		stories[d.ID] = d.Story
	}
	for id, to := range got.links {
		for _, other := range to {
			if stories[id] != stories[other] {
				strange++
			}
		}
	}
	t.Logf("%d links between stories", strange)
	t.Logf("of %d articles that contain another %d are linked, %d joined", len(links), linked, joined)
	if strict && (float64(linked) < 0.97*float64(len(links)) || float64(joined) > 0.05*float64(len(links))) {
		t.Error("want 97 % linked and 5 % joined at most")
	}
}

// randIndex is the adjusted Rand index over one half of the clusters, or all.
func randIndex(docs []evalDoc, cluster map[string]string, half int) float64 {
	both, got, want, n := map[string]float64{}, map[string]float64{}, map[string]float64{}, 0.0
	for _, d := range docs {
		if half >= 0 && int(hashOf([]byte(d.Cluster))>>40&1) != half {
			continue
		}
		n++
		got[cluster[d.ID]]++
		want[d.Cluster]++
		both[cluster[d.ID]+" "+d.Cluster]++
	}
	pairs := func(m map[string]float64) (sum float64) {
		for _, v := range m {
			sum += v * (v - 1) / 2
		}
		return sum
	}
	hit, g, w := pairs(both), pairs(got), pairs(want)
	chance := g * w / (n * (n - 1) / 2)
	return (hit - chance) / ((g+w)/2 - chance)
}

// TestEvalPredictions writes the clusters of each set to the folder named by
// COPYDESK_EVAL_OUT, for the scoring program that comes with the sets.
func TestEvalPredictions(t *testing.T) {
	out := os.Getenv("COPYDESK_EVAL_OUT")
	if out == "" {
		t.Skip("COPYDESK_EVAL_OUT is not set")
	}
	for _, v := range variants {
		_, docs := readSet(t, v.set, v.field)
		got := runSet(docs)
		var b strings.Builder
		for _, d := range docs {
			line, err := json.Marshal(map[string]any{"id": d.ID, "cluster": got.cluster[d.ID], "links": got.links[d.ID]})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s\n", line)
		}
		if err := os.WriteFile(filepath.Join(out, v.set+"-"+v.field+".jsonl"), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
