package bleveindex

import (
	"context"
	"fmt"
	"math"
	"time"

	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/index"
)

// Search implements [index.Reader].
func (x *Index) Search(ctx context.Context, q index.Query) (index.Result, error) {
	start := time.Now()
	var result index.Result
	q, err := q.Checked()
	if err != nil {
		return result, err
	}
	p, err := analyse(q)
	if err != nil {
		return result, err
	}
	var after *position
	if q.Cursor != "" {
		after = &position{}
		if err := index.DecodeCursor(q, after); err != nil {
			return result, err
		}
		if err := after.check(len(p.must)); err != nil {
			return result, err
		}
	}
	if err := x.slots.Acquire(ctx, 1); err != nil {
		return result, wrap("search", err)
	}
	defer x.slots.Release(1)
	err = x.read(ctx, "search", func(reader indexapi.IndexReader) error {
		if p.nothing {
			return nil
		}
		return x.search(ctx, reader, q, p, after, &result)
	})
	if err != nil {
		return index.Result{}, err
	}
	result.Took = time.Since(start)
	return result, nil
}

// check looks whether a position that came from outside fits the query.
func (p *position) check(units int) error {
	if len(p.Weights) != 0 && len(p.Weights) != units {
		return fmt.Errorf("%w: cursor is none of this index", index.ErrBadQuery)
	}
	for _, w := range p.Weights {
		if !(w > 0) || math.IsInf(w, 0) {
			return fmt.Errorf("%w: cursor is none of this index", index.ErrBadQuery)
		}
	}
	return nil
}

func (x *Index) search(ctx context.Context, reader indexapi.IndexReader, q index.Query, p *plan, after *position, result *index.Result) error {
	c, err := newCollector(reader, q, after)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.prepare(ctx, p); err != nil {
		return err
	}
	s, err := p.searcher(ctx, reader, q)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := c.run(ctx, s); err != nil {
		return err
	}
	page, more, err := c.page()
	if err != nil {
		return err
	}
	result.Total, result.Facets = c.total, c.facets.result()
	marker := newMarker(p)
	for _, m := range page {
		if err := ctx.Err(); err != nil {
			return err
		}
		hit, err := x.hit(ctx, reader, c.id(m.doc), marker)
		if err != nil {
			return err
		}
		hit.Score = m.score
		result.Hits = append(result.Hits, hit)
	}
	if more {
		last := page[len(page)-1]
		result.Next, err = index.EncodeCursor(q, c.cursor(last))
	}
	return err
}

// prepare opens the postings that phrases and ranking need.
func (c *collector) prepare(ctx context.Context, p *plan) error {
	rank := c.query.Sort == index.SortRelevance
	c.ranking = &ranking{now: time.Now().UnixNano()}
	for _, u := range p.must {
		m, err := newMatcher(ctx, c.reader, u, rank)
		if err != nil {
			return err
		}
		c.must = append(c.must, m)
	}
	for _, u := range p.not {
		if u.isWord() {
			continue // the searcher leaves these out
		}
		m, err := newMatcher(ctx, c.reader, u, false)
		if err != nil {
			return err
		}
		c.not = append(c.not, m)
	}
	if !rank {
		return nil
	}
	documents, err := c.reader.DocCount()
	if err != nil {
		return err
	}
	c.ranking.matchers = c.must
	if c.after != nil {
		c.ranking.now = c.after.Now
	}
	for i, m := range c.must {
		if c.after != nil && i < len(c.after.Weights) {
			m.weight = c.after.Weights[i]
		} else {
			m.weight = m.rarity(float64(documents))
		}
		c.ranking.total += m.weight
	}
	return nil
}

// cursor returns the position after a match.
func (c *collector) cursor(m candidate) position {
	at := position{Date: m.date, ID: c.id(m.doc)}
	if c.query.Sort == index.SortRelevance {
		at.Score, at.Now = m.score, c.ranking.now
		for _, m := range c.must {
			at.Weights = append(at.Weights, m.weight)
		}
	}
	return at
}

func (c *collector) close() {
	for _, m := range c.must {
		m.close()
	}
	for _, m := range c.not {
		m.close()
	}
}

// hit makes a hit of a document.
func (x *Index) hit(ctx context.Context, reader indexapi.IndexReader, id string, m *marker) (index.Hit, error) {
	s, err := x.load(reader, id)
	if err != nil {
		return index.Hit{}, err
	}
	if s == nil {
		return index.Hit{}, fmt.Errorf("article %s is in no snapshot", id)
	}
	hit := index.Hit{Record: s.Record}
	hit.Record.Removed = nil
	if hit.Record.Copies, err = copies(ctx, reader, &hit.Record); err != nil {
		return index.Hit{}, err
	}
	m.mark(&hit)
	return hit, nil
}
