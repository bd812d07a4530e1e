package dedup

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The defaults of [EngineOptions].
const (
	defaultMaxVerified = 64
	defaultMaxTexts    = 2048
)

// enoughCopies is how many copies of an article within one cluster are looked
// for: one is enough to belong, more keep the cluster together when one leaves.
const enoughCopies = 4

// maxReviewed bounds the members of a cluster that are compared anew when one
// leaves it.
const maxReviewed = 500

// maxCached bounds the texts, by their words, that are kept ready: longer ones
// are made ready each time.
const maxCached = 5000

// EngineOptions are the bounds of an [Engine] and its way to the texts; zero
// values mean the defaults.
type EngineOptions struct {
	TableOptions
	// Fetch returns the article of an id that was added; false if it is gone.
	Fetch func(id string) (Doc, bool)
	// MaxVerified is the most candidates whose texts are compared; 64.
	MaxVerified int
	// MaxTexts is how many texts are kept ready to be compared; 2048, which take
	// about 30 MB.
	MaxTexts int
}

// Linked is an article that shares part of the text of another.
type Linked struct {
	ID    string
	Kind  Kind    // KindLink or KindTemplate
	Share float64 // of the added article's words
	Back  float64 // of the linked one's words
}

// Decision is what an article changed.
type Decision struct {
	Cluster string // of the article
	// Clusters holds the cluster of every article whose cluster changed, but for
	// the added one.
	Clusters map[string]string
	Links    []Linked // by share of either text, the largest first
	// Candidates and Verified count what was found and what was compared.
	Candidates, Verified int
	// Same says that the article was known with this content: nothing was
	// compared, and nothing changed.
	Same bool
	// Renamed holds clusters that went into another as a whole. Articles that
	// are stored under the old name and left the window so long ago that the
	// engine does not know them go with it.
	Renamed map[string]string
}

// Engine finds the copies of articles as they arrive: candidates by their
// sketches, compared by their texts, kept in clusters. The clusters do not
// depend on the order of arrival as long as no article has more candidates than
// are compared. It is not safe for concurrent use.
type Engine struct {
	opts     EngineOptions
	table    *Table
	clusters *Clusters
	texts    textCache
}

// NewEngine returns an engine that knows no article.
func NewEngine(opts EngineOptions) *Engine {
	if opts.MaxVerified <= 0 {
		opts.MaxVerified = defaultMaxVerified
	}
	if opts.MaxTexts <= 0 {
		opts.MaxTexts = defaultMaxTexts
	}
	if opts.Fetch == nil {
		opts.Fetch = func(string) (Doc, bool) { return Doc{}, false }
	}
	e := &Engine{opts: opts, table: NewTable(opts.TableOptions), clusters: NewClusters()}
	e.texts = textCache{max: opts.MaxTexts, byID: map[string]*prose{}}
	e.table.forget = e.clusters.leaveWindow
	return e
}

// Add takes in an article, or a new version of one, which may leave its cluster.
// The time is when it arrived, see [Table.Add]. Fetch is not asked for the
// article itself, but for those it may be a copy of.
func (e *Engine) Add(doc Doc, f Fingerprint, at time.Time) Decision {
	return e.AddPrepared(Prepare(doc), f, at)
}

// Restore takes in an article whose cluster is known, as after a restart,
// without looking at its text.
func (e *Engine) Restore(p Placed) {
	id, cluster := p.ID, p.Cluster
	e.table.Add(id, p.At, p.Print)
	e.clusters.returnToWindow(id)
	if cluster == "" || cluster == id {
		return
	}
	e.clusters.join(id, cluster, true)
	if !e.table.has(cluster) {
		e.clusters.leaveWindow(cluster)
	}
}

// Remove forgets an article and takes it out of its cluster.
func (e *Engine) Remove(id string) Decision {
	d := Decision{}
	was := before{}
	e.leave(id, was, &d)
	e.texts.remove(id)
	e.finish(id, was, &d)
	return d
}

// Clusters returns the clusters of the engine, to be read.
func (e *Engine) Clusters() *Clusters { return e.clusters }

// Stats returns the size of the engine's table.
func (e *Engine) Stats() TableStats { return e.table.Stats() }

// before holds the clusters that articles had before a call.
type before map[string]string

// note notes the members of a cluster.
func (b before) note(g *group) {
	for _, n := range g.members {
		if _, ok := b[n.id]; !ok {
			b[n.id] = g.id
		}
	}
}

// join joins two articles and notes whose cluster may change by it.
func (e *Engine) join(a, b string, was before) {
	if e.clusters.together(a, b) {
		e.clusters.Join(a, b)
		return
	}
	ga, gb := e.clusters.node(a).group, e.clusters.node(b).group
	if ga.id < gb.id {
		ga, gb = gb, ga
	}
	was.note(ga) // gb has the smaller id and keeps it
	e.clusters.Join(a, b)
}

// verify compares an article with its candidates.
func (e *Engine) verify(id string, text *prose, f Fingerprint, at time.Time, was before, d *Decision) {
	candidates := e.table.Candidates(id, at, f)
	d.Candidates += len(candidates)
	for _, c := range candidates[:min(len(candidates), e.opts.MaxVerified)] {
		if e.clusters.together(id, c.ID) && e.clusters.degree(id) >= enoughCopies {
			continue
		}
		other, ok := e.text(c.ID)
		if !ok {
			continue
		}
		d.Verified++
		switch r := relate(text, other); r.Kind {
		case KindCopy:
			e.join(id, c.ID, was)
		case KindLink, KindTemplate:
			d.Links = append(d.Links, Linked{ID: c.ID, Kind: r.Kind, Share: r.Share, Back: r.Back})
		case KindNone:
		}
	}
}

// text returns a text made ready.
func (e *Engine) text(id string) (*prose, bool) {
	if p, ok := e.texts.byID[id]; ok {
		return p, true
	}
	doc, ok := e.opts.Fetch(id)
	if !ok {
		return nil, false
	}
	p := proseOf(&doc)
	e.texts.put(id, p)
	return p, true
}

// leave takes an article out of the table and of its cluster. If that falls
// apart, or was taken over without comparing texts, the members are compared
// anew: what joins them may not have been looked at, once there were enough
// copies.
func (e *Engine) leave(id string, was before, d *Decision) {
	e.table.Remove(id)
	n := e.clusters.nodes[id]
	if n == nil {
		return
	}
	was.note(n.group)
	complete := n.group.assumed == 0 && len(n.group.members) <= enoughCopies
	groups := e.clusters.leave(id)
	whole := len(groups) == 1 && len(groups[0].members) == len(was)-1
	for _, g := range groups {
		if g.assumed > 0 {
			e.clusters.dropAssumed(g)
			whole = false
		}
	}
	if complete || whole {
		return
	}
	var review []string
	for member := range was {
		if member != id && e.table.has(member) {
			review = append(review, member)
		}
	}
	slices.Sort(review)
	for _, member := range review[:min(len(review), maxReviewed)] {
		e.review(member, was, d)
	}
}

// review looks for the copies of an article that is known already.
func (e *Engine) review(id string, was before, d *Decision) {
	doc, ok := e.opts.Fetch(id)
	at, known := e.table.at(id)
	if !ok || !known {
		return
	}
	links := d.Links
	e.verify(id, proseOf(&doc), Take(doc.Text), at, was, d)
	d.Links = links
}

// finish says what changed.
func (e *Engine) finish(id string, was before, d *Decision) {
	d.Cluster = e.clusters.Of(id)
	for member, cluster := range was {
		if now := e.clusters.Of(member); member != id && now != cluster {
			if d.Clusters == nil {
				d.Clusters = map[string]string{}
			}
			d.Clusters[member] = now
		}
	}
	d.Links = slices.DeleteFunc(d.Links, func(l Linked) bool { return e.clusters.together(id, l.ID) })
	slices.SortFunc(d.Links, func(a, b Linked) int {
		return cmp.Or(cmp.Compare(max(b.Share, b.Back), max(a.Share, a.Back)), strings.Compare(a.ID, b.ID))
	})
}

// textCache holds texts made ready, the latest max of them.
type textCache struct {
	max  int
	byID map[string]*prose
	ring []string // ids in order of arrival, from next on
	next int
}

func (c *textCache) put(id string, p *prose) {
	if _, ok := c.byID[id]; ok || len(p.hash) > maxCached {
		delete(c.byID, id) // its place in the ring is used in its turn
		if len(p.hash) > maxCached {
			return
		}
	}
	if len(c.ring) < c.max {
		c.ring = append(c.ring, id)
	} else {
		delete(c.byID, c.ring[c.next])
		c.ring[c.next] = id
		c.next = (c.next + 1) % c.max
	}
	c.byID[id] = p
}

func (c *textCache) remove(id string) { delete(c.byID, id) }
