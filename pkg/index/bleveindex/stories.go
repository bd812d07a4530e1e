package bleveindex

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2/search"
	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// storyPosition is the place after a story, as a cursor holds it.
type storyPosition struct {
	Articles int    `json:"n,omitempty"`
	Last     int64  `json:"d"`
	ID       string `json:"i"`
}

// storyGroup is a story in the making.
type storyGroup struct {
	storyPosition
	first    int64
	sites    map[uint64]struct{}
	clusters map[uint64]*storyCluster
}

// storyCluster is the copies of one text within a story.
type storyCluster struct {
	articles int
	earliest candidate
}

// storyCollector makes one pass over the articles of a query.
type storyCollector struct {
	*collector
	seed    maphash.Seed
	stories map[string]*storyGroup
}

// Stories implements [index.Reader].
func (x *Index) Stories(ctx context.Context, q index.StoriesQuery) (index.StoriesResult, error) {
	start := time.Now()
	q, articles, err := q.Checked()
	if err != nil {
		return index.StoriesResult{}, err
	}
	p, err := analyse(articles)
	if err != nil {
		return index.StoriesResult{}, err
	}
	p.stories = q.IDs
	var after *storyPosition
	if q.Cursor != "" {
		after = &storyPosition{}
		if err := index.DecodeCursor(articles, after); err != nil {
			return index.StoriesResult{}, err
		}
	}
	if err := x.slots.Acquire(ctx, 1); err != nil {
		return index.StoriesResult{}, wrap("stories", err)
	}
	defer x.slots.Release(1)
	var result index.StoriesResult
	err = x.read(ctx, "stories", func(reader indexapi.IndexReader) error {
		if p.nothing {
			return nil
		}
		groups, err := collectStories(ctx, reader, articles, p)
		if err != nil {
			return err
		}
		groups = slices.DeleteFunc(groups, func(g *storyGroup) bool { return g.Articles < q.MinArticles })
		result.Total = uint64(len(groups))
		page := pageOfStories(groups, q, after)
		if len(page) > q.Size {
			page = page[:q.Size]
			if result.Next, err = index.EncodeCursor(articles, page[q.Size-1].storyPosition); err != nil {
				return err
			}
		}
		for _, g := range page {
			hit, err := x.storyHit(ctx, reader, articles, g)
			if err != nil {
				return err
			}
			result.Stories = append(result.Stories, hit)
		}
		return nil
	})
	if err != nil {
		return index.StoriesResult{}, err
	}
	result.Took = time.Since(start)
	return result, nil
}

func collectStories(ctx context.Context, reader indexapi.IndexReader, q index.Query, p *plan) ([]*storyGroup, error) {
	base, err := newCollector(reader, q, nil)
	if err != nil {
		return nil, err
	}
	defer base.close()
	base.columns, err = reader.DocValueReader([]string{fieldWhen, fieldStory, fieldCluster, fieldSite})
	if err != nil {
		return nil, err
	}
	if err := base.prepare(ctx, p); err != nil {
		return nil, err
	}
	s, err := p.searcher(ctx, reader, q)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	c := &storyCollector{collector: base, seed: maphash.MakeSeed(), stories: map[string]*storyGroup{}}
	if err := c.run(ctx, s); err != nil {
		return nil, err
	}
	groups := make([]*storyGroup, 0, len(c.stories))
	for _, g := range c.stories {
		groups = append(groups, g)
	}
	return groups, base.err
}

// storyRow is what the columns say of one article.
type storyRow struct {
	when, story, cluster, site []byte
}

func (r *storyRow) set(field string, value []byte) {
	switch field {
	case fieldWhen:
		r.when = append(r.when, value...)
	case fieldStory:
		r.story = append(r.story, value...)
	case fieldCluster:
		r.cluster = append(r.cluster, value...)
	case fieldSite:
		r.site = append(r.site, value...)
	}
}

// run takes all articles of s.
func (c *storyCollector) run(ctx context.Context, s search.Searcher) error {
	pool := &search.SearchContext{
		DocumentMatchPool: search.NewDocumentMatchPool(s.DocumentMatchPoolSize()+1, 0),
		IndexReader:       c.reader,
	}
	var r storyRow
	visit := func(field string, value []byte) { r.set(field, value) }
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
		r.when, r.story, r.cluster, r.site = r.when[:0], r.story[:0], r.cluster[:0], r.site[:0]
		if err := c.takeArticle(m.IndexInternalID, &r, visit); err != nil {
			return err
		}
		pool.DocumentMatchPool.Put(m)
	}
}

func (c *storyCollector) takeArticle(id indexapi.IndexInternalID, r *storyRow, visit indexapi.DocValueVisitor) error {
	n := id.Value()
	if ok, err := c.accept(id, n); err != nil || !ok {
		return err
	}
	if err := c.columns.VisitDocValues(id, visit); err != nil {
		return err
	}
	w, ok := decodeWhen(r.when)
	if !ok {
		return fmt.Errorf("document %d has no dates", n)
	}
	if len(r.story) == 0 || !c.inRange(w) {
		return nil
	}
	g := c.stories[string(r.story)]
	if g == nil {
		g = &storyGroup{first: w.date, sites: map[uint64]struct{}{}, clusters: map[uint64]*storyCluster{}}
		g.ID, g.Last = string(r.story), w.date
		c.stories[g.ID] = g
	}
	g.Articles++
	g.first, g.Last = min(g.first, w.date), max(g.Last, w.date)
	g.sites[maphash.Bytes(c.seed, r.site)] = struct{}{}
	key := maphash.Bytes(c.seed, r.cluster)
	m := candidate{date: w.date, doc: n}
	k := g.clusters[key]
	switch {
	case k == nil:
		g.clusters[key] = &storyCluster{1, m}
	case c.earlier(m, k.earliest):
		k.articles, k.earliest = k.articles+1, m
	default:
		k.articles++
	}
	return nil
}

// earlier orders articles by date, and by id.
func (c *collector) earlier(a, b candidate) bool {
	return a.date < b.date || a.date == b.date && c.id(a.doc) < c.id(b.doc)
}

// pageOfStories returns the stories after a position, one more than the page
// holds if there are.
func pageOfStories(groups []*storyGroup, q index.StoriesQuery, after *storyPosition) []*storyGroup {
	compare := func(a, b *storyPosition) int {
		size := 0
		if q.Sort == index.StoriesBySize {
			size = cmp.Compare(b.Articles, a.Articles)
		}
		return cmp.Or(size, cmp.Compare(b.Last, a.Last), strings.Compare(a.ID, b.ID))
	}
	if after != nil {
		groups = slices.DeleteFunc(groups, func(g *storyGroup) bool { return compare(&g.storyPosition, after) <= 0 })
	}
	slices.SortFunc(groups, func(a, b *storyGroup) int { return compare(&a.storyPosition, &b.storyPosition) })
	return groups[:min(len(groups), q.Size+1)]
}

// storyHit reads the article that stands for a story.
func (x *Index) storyHit(ctx context.Context, reader indexapi.IndexReader, q index.Query, g *storyGroup) (index.StoryHit, error) {
	hit := index.StoryHit{
		ID: g.ID, Articles: g.Articles, Clusters: len(g.clusters), Sites: len(g.sites),
		First: time.Unix(0, g.first).UTC(), Last: time.Unix(0, g.Last).UTC(),
	}
	c := &collector{reader: reader, query: q}
	var best *storyCluster
	for _, k := range g.clusters {
		if best == nil || k.articles > best.articles || k.articles == best.articles && c.earlier(k.earliest, best.earliest) {
			best = k
		}
	}
	lead, err := x.load(reader, c.id(best.earliest.doc))
	if err != nil || c.err != nil {
		return hit, cmp.Or(err, c.err)
	}
	if lead == nil {
		return hit, fmt.Errorf("an article of story %s is in no snapshot", g.ID)
	}
	if lead.Original != "" && lead.Original != lead.ID {
		o, err := x.load(reader, lead.Original)
		if err != nil {
			return hit, err
		}
		if o != nil && c.stands(&o.Record, g.ID) {
			lead = o
		}
	}
	hit.Lead = lead.Record
	hit.Lead.Removed = nil
	hit.Lead.Copies, err = copies(ctx, reader, &hit.Lead)
	return hit, err
}

// stands reports whether the original of a cluster is one of the matches, as far
// as that can be told without searching.
func (c *collector) stands(r *article.Record, story string) bool {
	q := &c.query
	return !r.Withdrawn && r.Story == story && q.Text == "" &&
		(len(q.Lang) == 0 || slices.Contains(q.Lang, baseLanguage(r.Language))) &&
		(len(q.Site) == 0 || slices.Contains(q.Site, r.Site)) &&
		c.inRange(when{date: nanoseconds(index.DateOf(r))})
}
