package bleveindex

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/blevesearch/bleve/v2/search"
	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/index"
)

// candidate is a match with what it is sorted by. Its id, which breaks ties, is
// read only when needed.
type candidate struct {
	score float64
	date  int64
	doc   uint64
}

// position is the place after a hit, as a cursor holds it, with what the
// ranking of the first page depended on.
type position struct {
	Score   float64   `json:"s,omitempty"`
	Date    int64     `json:"d"`
	ID      string    `json:"i"`
	Weights []float64 `json:"w,omitempty"`
	Now     int64     `json:"n,omitempty"`
}

// collector makes one pass over the candidates of a query.
//
// Collapsing keeps the best match of every group, of whatever page: a group is
// shown where its best match is and nowhere else, so no group can be on two
// pages. That costs about 50 bytes a group during the search.
type collector struct {
	reader  indexapi.IndexReader
	query   index.Query
	after   *position
	must    []*matcher
	not     []*matcher
	ranking *ranking

	columns indexapi.DocValueReader
	fields  []string

	total  uint64
	facets *facets // nil if nobody asked
	seed   maphash.Seed
	byKey  map[uint64]int // of a group, to groups
	groups []candidate
	top    []candidate // heap, the worst first
	err    error       // of a comparison
}

func newCollector(reader indexapi.IndexReader, q index.Query, after *position) (*collector, error) {
	c := &collector{
		reader: reader, query: q, after: after,
		fields: []string{fieldWhen}, seed: maphash.MakeSeed(), byKey: map[uint64]int{},
	}
	switch q.Collapse {
	case index.CollapseCluster:
		c.fields = append(c.fields, fieldCluster)
	case index.CollapseStory:
		c.fields = append(c.fields, fieldStory)
	}
	if q.Facets {
		c.facets = &facets{tally{}, tally{}, tally{}}
		c.fields = append(c.fields, fieldSite, fieldLang, fieldDay)
	}
	var err error
	c.columns, err = reader.DocValueReader(c.fields)
	return c, err
}

// run takes all candidates of s.
func (c *collector) run(ctx context.Context, s search.Searcher) error {
	var r row
	visit := func(field string, value []byte) { r.set(field, value) }
	return eachMatch(ctx, c.reader, s, func(id indexapi.IndexInternalID) error { return c.take(id, &r, visit) })
}

// eachMatch calls take for every document that s finds, by number.
func eachMatch(ctx context.Context, reader indexapi.IndexReader, s search.Searcher, take func(indexapi.IndexInternalID) error) error {
	pool := &search.SearchContext{
		DocumentMatchPool: search.NewDocumentMatchPool(s.DocumentMatchPoolSize()+1, 0),
		IndexReader:       reader,
	}
	for i := 0; ; i++ {
		if i%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		m, err := s.Next(pool)
		if err != nil || m == nil {
			return err
		}
		if err := take(m.IndexInternalID); err != nil {
			return err
		}
		pool.DocumentMatchPool.Put(m)
	}
}

// row is what the columns say of one candidate.
type row struct {
	when, site, lang, day, group []byte
}

func (r *row) set(field string, value []byte) {
	switch field {
	case fieldWhen:
		r.when = append(r.when, value...)
	case fieldSite:
		r.site = append(r.site, value...)
	case fieldLang:
		r.lang = append(r.lang, value...)
	case fieldDay:
		r.day = append(r.day, value...)
	case fieldCluster, fieldStory: // one of them is read, see newCollector
		r.group = append(r.group, value...)
	}
}

func (r *row) reset() {
	r.when, r.site, r.lang, r.day, r.group = r.when[:0], r.site[:0], r.lang[:0], r.day[:0], r.group[:0]
}

// take decides on one candidate.
func (c *collector) take(id indexapi.IndexInternalID, r *row, visit indexapi.DocValueVisitor) error {
	n := id.Value()
	if ok, err := c.accept(id, n); err != nil || !ok {
		return err
	}
	r.reset()
	if err := c.columns.VisitDocValues(id, visit); err != nil {
		return err
	}
	w, ok := decodeWhen(r.when)
	if !ok {
		return fmt.Errorf("document %d has no dates", n)
	}
	if !c.inRange(w) {
		return nil
	}
	c.total++
	if c.facets != nil {
		c.facets.site.add(r.site)
		c.facets.lang.add(r.lang)
		c.facets.day.add(r.day)
	}
	score, err := c.ranking.score(id, n, w)
	if err != nil {
		return err
	}
	c.place(candidate{score: score, date: w.date, doc: n}, r.group)
	return c.err
}

// accept checks the phrases of a candidate.
func (c *collector) accept(id indexapi.IndexInternalID, n uint64) (bool, error) {
	for _, m := range c.must {
		if ok, err := m.matches(id, n); err != nil || !ok {
			return false, err
		}
	}
	for _, m := range c.not {
		if ok, err := m.matches(id, n); err != nil || ok {
			return false, err
		}
	}
	return true, nil
}

func (c *collector) inRange(w when) bool {
	q := &c.query
	return (q.From.IsZero() || w.date >= nanoseconds(q.From)) &&
		(q.To.IsZero() || w.date < nanoseconds(q.To)) &&
		(q.ChangedSince.IsZero() || w.indexed >= nanoseconds(q.ChangedSince))
}

// place puts a match into its group, or among the best.
func (c *collector) place(m candidate, group []byte) {
	if len(group) == 0 {
		c.offer(m)
		return
	}
	k := maphash.Bytes(c.seed, group)
	i, ok := c.byKey[k]
	if !ok {
		c.byKey[k] = len(c.groups)
		c.groups = append(c.groups, m)
	} else if c.better(m, c.groups[i]) {
		c.groups[i] = m
	}
}

// offer keeps a match if it lies after the cursor and is among the best: one
// more than the page holds, to know whether there is a next page.
func (c *collector) offer(m candidate) {
	if c.after != nil && !c.behind(m) {
		return
	}
	if len(c.top) <= c.query.Size {
		heap.Push((*worstFirst)(c), m)
	} else if c.better(m, c.top[0]) {
		c.top[0] = m
		heap.Fix((*worstFirst)(c), 0)
	}
}

// page returns the hits of the page, best first, and whether more follow.
func (c *collector) page() (hits []candidate, more bool, err error) {
	for _, g := range c.groups {
		c.offer(g)
	}
	slices.SortFunc(c.top, func(a, b candidate) int {
		switch {
		case c.better(a, b):
			return -1
		case c.better(b, a):
			return 1
		}
		return 0
	})
	if len(c.top) > c.query.Size {
		return c.top[:c.query.Size], true, c.err
	}
	return c.top, false, c.err
}

// better reports whether a comes before b.
func (c *collector) better(a, b candidate) bool {
	if k := c.compare(a, b.score, b.date); k != 0 {
		return k < 0
	}
	return a.doc != b.doc && c.id(a.doc) < c.id(b.doc)
}

// behind reports whether m comes after the cursor.
func (c *collector) behind(m candidate) bool {
	if k := c.compare(m, c.after.Score, c.after.Date); k != 0 {
		return k > 0
	}
	return c.id(m.doc) > c.after.ID
}

func (c *collector) compare(a candidate, score float64, date int64) int {
	if c.query.Sort == index.SortRelevance {
		if k := cmp.Compare(score, a.score); k != 0 {
			return k
		}
	}
	return cmp.Compare(date, a.date)
}

// id returns the id of a document; its error is kept for the end.
func (c *collector) id(doc uint64) string {
	id, err := c.reader.ExternalID(indexapi.NewIndexInternalID(nil, doc))
	if err != nil {
		c.err = err
	}
	return id
}

// worstFirst is the heap of a collector.
type worstFirst collector

func (h *worstFirst) Len() int           { return len(h.top) }
func (h *worstFirst) Less(i, j int) bool { return (*collector)(h).better(h.top[j], h.top[i]) }
func (h *worstFirst) Swap(i, j int)      { h.top[i], h.top[j] = h.top[j], h.top[i] }
func (h *worstFirst) Push(m any)         { h.top = append(h.top, m.(candidate)) }
func (h *worstFirst) Pop() any           { panic("bleveindex: the heap only grows or changes") }
