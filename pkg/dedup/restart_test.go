package dedup

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// delivery is a message: a version of an article, or its withdrawal.
type delivery struct {
	doc       Doc
	at        time.Time
	withdrawn bool
}

// worker is an engine beside what its index holds. It writes texts as they come,
// and where they belong once a batch is decided.
type worker struct {
	engine *Engine
	opts   TableOptions
	stored map[string]*storedArticle
	r      *rand.Rand // of kills and of the order after them; nil: neither
	kills  int
}

type storedArticle struct {
	delivery
	cluster string
	placed  bool
}

func newWorker(opts TableOptions, r *rand.Rand) *worker {
	w := &worker{opts: opts, stored: map[string]*storedArticle{}, r: r}
	w.restart()
	return w
}

// restart forgets all but what is stored.
func (w *worker) restart() {
	w.engine = NewEngine(EngineOptions{
		TableOptions: w.opts, MaxTexts: 5,
		Fetch: func(id string) (Doc, bool) {
			s, ok := w.stored[id]
			if !ok || s.withdrawn {
				return Doc{}, false
			}
			return s.doc, true
		},
	})
	all := slices.Collect(maps.Values(w.stored))
	slices.SortFunc(all, func(a, b *storedArticle) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.doc.ID, b.doc.ID))
	})
	for _, s := range all {
		p := Placed{ID: s.doc.ID, Cluster: s.cluster, Content: s.doc.Content, At: s.at, Pending: !s.placed}
		if !s.withdrawn {
			p.Print = Take(s.doc.Text)
		}
		w.engine.Restore(p)
	}
}

// handle takes in a batch, and is killed while it does so now and then.
func (w *worker) handle(t *testing.T, batch []delivery, shuffle bool) {
	for {
		for _, m := range batch {
			w.store(m)
		}
		if w.r != nil && w.r.IntN(3) == 0 {
			w.decide(t, batch[:w.r.IntN(len(batch)+1)])
			w.killed(batch, shuffle)
			continue
		}
		clusters, placed := w.decide(t, batch)
		for id, cluster := range clusters {
			w.stored[id].cluster = cluster
		}
		for _, id := range placed {
			w.stored[id].placed = true
		}
		if w.r != nil && w.r.IntN(6) == 0 {
			w.killed(batch, shuffle)
			continue
		}
		return
	}
}

func (w *worker) killed(batch []delivery, shuffle bool) {
	w.kills++
	w.restart()
	if shuffle {
		w.r.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	}
}

func (w *worker) store(m delivery) {
	s := w.stored[m.doc.ID]
	switch {
	case s == nil:
		w.stored[m.doc.ID] = &storedArticle{delivery: m, cluster: m.doc.ID}
	case s.withdrawn != m.withdrawn || !m.withdrawn && s.doc.Content != m.doc.Content:
		s.delivery, s.placed = m, false
	}
}

// decide returns the clusters that are to be written.
func (w *worker) decide(t *testing.T, batch []delivery) (clusters map[string]string, placed []string) {
	clusters = map[string]string{}
	for id, s := range w.stored {
		clusters[id] = s.cluster
	}
	for _, m := range batch {
		if w.stored[m.doc.ID].placed {
			continue
		}
		var d Decision
		if m.withdrawn {
			d = w.engine.Remove(m.doc.ID)
		} else {
			d = w.engine.Add(m.doc, Take(m.doc.Text), m.at)
			if again := w.engine.Add(m.doc, Take(m.doc.Text), m.at); len(m.doc.Text) > 0 && w.engine.table.has(m.doc.ID) {
				if !again.Same || again.Cluster != d.Cluster || len(again.Clusters)+len(again.Renamed) > 0 {
					t.Fatalf("adding %s again: %+v after %+v", m.doc.ID, again, d)
				}
			}
		}
		w.apply(clusters, m.doc.ID, &d)
		placed = append(placed, m.doc.ID)
	}
	return clusters, placed
}

// apply does to an index what a decision says.
func (w *worker) apply(clusters map[string]string, added string, d *Decision) {
	then := maps.Clone(clusters)
	for name, to := range d.Renamed {
		var others []string
		for id, cluster := range then {
			if _, known := d.Clusters[id]; cluster == name && id != added && !known {
				others = append(others, id)
			}
		}
		if len(others) == 0 {
			continue
		}
		if to == "" {
			to = slices.Min(others)
		}
		for _, id := range others {
			clusters[id] = to
		}
	}
	maps.Copy(clusters, d.Clusters)
	clusters[added] = d.Cluster
}

// scenario says what happens in a stream.
type scenario struct {
	name                string
	versions, withdrawn bool
	expiry, shuffle     bool
}

// stream makes batches of articles that are copies of each other, hold each other
// together, fill forms and link to each other.
func (sc scenario) stream(seed uint64) [][]delivery {
	r := rand.New(rand.NewPCG(seed, 21))
	w := newWriter(seed + 100)
	var stories [][]string
	for range 4 {
		stories = append(stories, w.paragraphs(12))
	}
	write := func() string {
		story := stories[r.IntN(len(stories))]
		from := r.IntN(7)
		passage := story[from : from+4+r.IntN(3)]
		switch r.IntN(8) {
		case 0: // a round-up
			return text(w.paragraphs(3), passage, w.paragraphs(2))
		case 1: // a form
			return fmt.Sprintf("The index of the exchange at Northport closed at %d on the day, after %d and %d the day before, as %d of its %d shares rose and %d fell, the exchange said in its report of the market.", r.IntN(9999), r.IntN(9999), r.IntN(9999), r.IntN(99), r.IntN(999), r.IntN(99))
		case 2:
			return text(w.paragraphs(3))
		}
		return text(passage)
	}
	// Articles are in disorder by up to the time of a batch and a little more,
	// which is less than a sixteenth of the window.
	n, step := 150, 15*time.Minute
	if sc.expiry {
		n = 400
	}
	ids := r.Perm(n)
	known := map[string]delivery{}
	var batches [][]delivery
	for i := 0; i < n; {
		var batch []delivery
		in := map[string]bool{}
		left := false // the cluster it was in
		for range 1 + r.IntN(8) {
			id, now := fmt.Sprintf("%03d", ids[i%n]), at(0).Add(time.Duration(i)*step)
			m := delivery{at: now.Add(-time.Duration(r.IntN(20)) * time.Minute)}
			switch k := r.IntN(10); {
			case k < 3 && sc.versions || k == 3 && sc.withdrawn:
				// Which part of a cluster keeps a name that is out of the window
				// depends on who leaves first: one article a batch.
				if i == 0 || sc.expiry && left {
					continue
				}
				left = true
				id = fmt.Sprintf("%03d", ids[r.IntN(i)])
				m.at = known[id].at
				m.withdrawn = k == 3
			default:
				if i++; i > n {
					continue
				}
			}
			if in[id] {
				continue
			}
			in[id] = true
			m.doc = Doc{ID: id, Text: write(), Published: m.at}
			m.doc.Content = fmt.Sprint(hashOf([]byte(m.doc.Text)))
			known[id] = m
			batch = append(batch, m)
		}
		if len(batch) > 0 {
			batches = append(batches, batch)
		}
	}
	return batches
}

// TestRestarts kills a worker again and again. It ends with the clusters of one
// that never was.
func TestRestarts(t *testing.T) {
	for _, sc := range []scenario{
		{name: "arrivals", shuffle: true},
		{name: "versions", shuffle: true, versions: true, withdrawn: true},
		{name: "window", shuffle: true, expiry: true},
		{name: "everything", versions: true, withdrawn: true, expiry: true},
	} {
		t.Run(sc.name, func(t *testing.T) {
			kills, joined := 0, 0
			for seed := range uint64(3) {
				opts := TableOptions{Window: 1000 * time.Hour}
				if sc.expiry {
					opts.Window = 40 * time.Hour
				}
				calm := newWorker(opts, nil)
				drill := newWorker(opts, rand.New(rand.NewPCG(seed, 22)))
				for i, batch := range sc.stream(seed) {
					calm.handle(t, slices.Clone(batch), false)
					drill.handle(t, slices.Clone(batch), sc.shuffle)
					for _, id := range slices.Sorted(maps.Keys(calm.stored)) {
						if want, got := calm.stored[id].cluster, drill.stored[id].cluster; got != want {
							t.Fatalf("seed %d batch %d after %d kills: cluster of %s is %s, want %s", seed, i, drill.kills, id, got, want)
						}
					}
				}
				kills += drill.kills
				for id, s := range calm.stored {
					if s.cluster != id {
						joined++
					}
				}
			}
			if kills < 50 || joined < 50 {
				t.Errorf("%d kills, %d joined; the test tests little", kills, joined)
			}
			t.Logf("%d kills, %d joined", kills, joined)
		})
	}
}
