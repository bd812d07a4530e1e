package dedup

import (
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
// leaves it. Larger ones stay together.
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
	// the added one; and of those whose cluster did not, though it is in Renamed.
	Clusters map[string]string
	// Renamed holds names of clusters that passed to another one as a whole. An
	// article that is stored under the old name, and is neither in Clusters nor
	// the added one, left the window before a restart: the engine does not know
	// it, and it goes along. The new name is empty if the old one was the added
	// article's own and nobody else in the window has it: the others become a
	// cluster of their own, by the smallest id among them.
	Renamed map[string]string
	Links   []Linked // by share of either text, the largest first
	// Same says that the article was known with this content: nothing was
	// compared, and nothing changed.
	Same bool
	// Candidates and Verified count what was found and what was compared.
	Candidates, Verified int
}

// Engine finds the copies of articles as they arrive: candidates by their
// sketches, compared by their texts, kept in clusters. It is not safe for
// concurrent use.
//
// The clusters are the connected components of the articles that are copies of
// each other and arrived within the window of each other; each is named by the
// smallest id it ever had. That does not depend on the order in which articles
// are added, as long as none is added later than others that arrived a window
// and a sixteenth after it, and none has more candidates than are compared.
//
// When an article leaves its cluster, those of its members that are in the
// window are divided by what they are to each other; members out of the window
// hold nothing together, but keep the name alive. So all that an engine decides
// depends on the texts in the window, their times and the names of their
// clusters, and an engine that is restored from those goes on like the first.
type Engine struct {
	opts     EngineOptions
	table    *Table
	clusters *Clusters
	texts    textCache
	expected map[string]expected
}

// expected is an article that was restored without the content that put it into
// its cluster.
type expected struct {
	cluster string
	at      int64
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
	e := &Engine{
		opts: opts, table: NewTable(opts.TableOptions), clusters: NewClusters(),
		expected: map[string]expected{},
	}
	e.texts = textCache{max: opts.MaxTexts, byID: map[string]*prose{}}
	e.table.forget = e.clusters.leaveWindow
	return e
}

// Add takes in an article, or a new version of one, which may leave its cluster.
// The time is when it arrived, see [Table.Add]; a new version arrived when the
// first one did. Fetch is not asked for the article itself, but for those it may
// be a copy of. An article that is known with the same content stays as it is.
func (e *Engine) Add(doc Doc, f Fingerprint, at time.Time) Decision {
	return e.AddPrepared(Prepare(doc), f, at)
}

// Remove forgets an article and takes it out of its cluster.
func (e *Engine) Remove(id string) Decision {
	c := newChange(id)
	e.leave(c)
	e.texts.remove(id)
	return e.finish(c)
}

// Clusters returns the clusters of the engine, to be read.
func (e *Engine) Clusters() *Clusters { return e.clusters }

// Stats returns the size of the engine's table.
func (e *Engine) Stats() TableStats { return e.table.Stats() }

// verify compares an article with its candidates.
func (e *Engine) verify(c *change, id string, text *prose, f Fingerprint, at time.Time) {
	candidates := e.table.Candidates(id, at, f)
	c.d.Candidates += len(candidates)
	for _, other := range candidates[:min(len(candidates), e.opts.MaxVerified)] {
		if e.clusters.together(id, other.ID) && e.clusters.degree(id) >= enoughCopies {
			continue
		}
		known, ok := e.text(other.ID)
		if !ok {
			continue
		}
		c.d.Verified++
		switch r := relate(text, known); r.Kind {
		case KindCopy:
			e.join(c, id, other.ID)
		case KindLink, KindTemplate:
			if id == c.id {
				c.d.Links = append(c.d.Links, Linked{ID: other.ID, Kind: r.Kind, Share: r.Share, Back: r.Back})
			}
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
