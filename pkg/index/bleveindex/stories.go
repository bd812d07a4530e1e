package bleveindex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/index"
)

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
		t, err := collectStories(ctx, reader, articles, p)
		if err != nil {
			return err
		}
		total, page := t.page(q, after)
		result.Total = total
		if len(page) > q.Size {
			page = page[:q.Size]
			if result.Next, err = index.EncodeCursor(articles, t.position(page[q.Size-1])); err != nil {
				return err
			}
		}
		result.Stories, err = x.storyHits(ctx, reader, t, page)
		return err
	})
	if err != nil {
		return index.StoriesResult{}, err
	}
	result.Took = time.Since(start)
	return result, nil
}

// collectStories makes one pass over the articles of a query.
func collectStories(ctx context.Context, reader indexapi.IndexReader, q index.Query, p *plan) (*storyTable, error) {
	c := &collector{reader: reader, query: q}
	defer c.close()
	if err := c.prepare(ctx, p); err != nil {
		return nil, err
	}
	columns, err := reader.DocValueReader([]string{fieldWhen, fieldStory})
	if err != nil {
		return nil, err
	}
	s, err := p.searcher(ctx, reader, q)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	t := newStoryTable()
	var dates, story []byte
	visit := func(field string, value []byte) {
		if field == fieldWhen {
			dates = append(dates, value...)
		} else {
			story = append(story, value...)
		}
	}
	err = eachMatch(ctx, reader, s, func(id indexapi.IndexInternalID) error {
		n := id.Value()
		if ok, err := c.accept(id, n); err != nil || !ok {
			return err
		}
		dates, story = dates[:0], story[:0]
		if err := columns.VisitDocValues(id, visit); err != nil {
			return err
		}
		w, ok := decodeWhen(dates)
		if !ok {
			return fmt.Errorf("document %d has no dates", n)
		}
		if len(story) > 0 && c.inRange(w) {
			t.add(story, n, w.date)
		}
		return nil
	})
	return t, err
}

// storyMember is an article of a story that is shown.
type storyMember struct {
	doc     uint64
	date    int64
	cluster string
}

// storyHits reads what is shown of some stories.
func (x *Index) storyHits(ctx context.Context, reader indexapi.IndexReader, t *storyTable, page []uint32) ([]index.StoryHit, error) {
	hits := make([]index.StoryHit, len(page))
	members := make([][]storyMember, len(page))
	sites := make([]map[string]struct{}, len(page))
	place := make(map[uint32]int, len(page))
	for i, n := range page {
		s := &t.stories[n]
		hits[i] = index.StoryHit{
			ID: t.id(n), Articles: s.articles,
			First: time.Unix(0, s.first).UTC(), Last: time.Unix(0, s.last).UTC(),
		}
		members[i] = make([]storyMember, 0, s.articles)
		sites[i] = map[string]struct{}{}
		place[n] = i
	}
	columns, err := reader.DocValueReader([]string{fieldWhen, fieldCluster, fieldSite})
	if err != nil {
		return nil, err
	}
	var r row
	visit := func(field string, value []byte) { r.set(field, value) }
	for n, m := range t.rows {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		i, ok := place[m.story]
		if !ok {
			continue
		}
		r.reset()
		if err := columns.VisitDocValues(indexapi.NewIndexInternalID(nil, m.doc), visit); err != nil {
			return nil, err
		}
		w, _ := decodeWhen(r.when) // as when the row was made
		members[i] = append(members[i], storyMember{doc: m.doc, date: w.date, cluster: string(r.group)})
		sites[i][string(r.site)] = struct{}{}
	}
	for i := range hits {
		hits[i].Sites = len(sites[i])
		if err := x.lead(ctx, reader, members[i], &hits[i]); err != nil {
			return nil, fmt.Errorf("story %s: %w", hits[i].ID, err)
		}
	}
	return hits, nil
}

// lead counts the clusters of a story and reads the article that stands for it.
func (x *Index) lead(ctx context.Context, reader indexapi.IndexReader, members []storyMember, hit *index.StoryHit) error {
	size := map[string]int{}
	for _, m := range members {
		size[m.cluster]++
	}
	hit.Clusters = len(size)
	c := &collector{reader: reader}
	best := slices.MinFunc(members, func(a, b storyMember) int {
		if k := cmp.Or(cmp.Compare(size[b.cluster], size[a.cluster]), cmp.Compare(a.date, b.date)); k != 0 || a.doc == b.doc {
			return k
		}
		return cmp.Compare(c.id(a.doc), c.id(b.doc))
	})
	id := c.id(best.doc)
	if c.err != nil {
		return c.err
	}
	s, err := x.load(reader, id)
	if err != nil {
		return err
	}
	if s == nil {
		return errNoBlob
	}
	if s.Original != s.ID && validID(s.Original) {
		doc, err := reader.InternalID(s.Original)
		if err != nil {
			return err
		}
		matches := doc != nil && slices.ContainsFunc(members, func(m storyMember) bool {
			return m.doc == doc.Value() && m.cluster == best.cluster
		})
		if matches {
			if s, err = x.load(reader, s.Original); err != nil {
				return err
			}
			if s == nil {
				return errors.New("an original is in no snapshot")
			}
		}
	}
	hit.Lead = s.Record
	hit.Lead.Removed = nil
	hit.Lead.Copies, err = copies(ctx, reader, &hit.Lead)
	return err
}
