package bleveindex

import (
	"context"
	"fmt"
	"slices"

	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// place applies a placement and reports whether it changed anything.
func place(s *stored, p *index.Placement) bool {
	changed := false
	set := func(field *string, value string) {
		if value != "" && *field != value {
			*field, changed = value, true
		}
	}
	set(&s.Cluster, p.Cluster)
	set(&s.Original, p.Original)
	set(&s.OriginalBy, p.OriginalBy)
	set(&s.Story, p.Story)
	set(&s.Placed, p.ContentHash)
	if p.Links != nil && !slices.Equal(s.Links, p.Links) {
		s.Links, changed = slices.Clone(p.Links), true
	}
	if p.Related != nil && !slices.Equal(s.Related, p.Related) {
		s.Related, changed = slices.Clone(p.Related), true
	}
	return changed
}

// relate asks for the placements of a batch and makes them part of it.
func (t *transaction) relate(ctx context.Context, relate index.Relate, outcomes []index.Outcome) error {
	placements, err := relate(ctx, t, outcomes)
	if err != nil {
		return err
	}
	if err := t.place(placements); err != nil {
		return err
	}
	for i := range outcomes {
		o := &outcomes[i]
		s := t.pending[o.ID]
		if o.Change == index.Stale || s.ContentHash != o.Record.ContentHash {
			continue // another article of the batch has replaced it
		}
		o.Record, o.Placed = s.Record, s.isPlaced()
	}
	return nil
}

func (t *transaction) place(placements []index.Placement) error {
	for i := range placements {
		p := &placements[i]
		if err := t.edit(p.ID, func(s *stored) bool { return place(s, p) }); err != nil {
			return err
		}
	}
	return nil
}

// Get implements [index.Lookup]. Copies is not counted.
func (t *transaction) Get(_ context.Context, id string) (article.Record, error) {
	s, err := t.get(id)
	if err != nil {
		return article.Record{}, err
	}
	if s == nil {
		return article.Record{}, fmt.Errorf("%w: %q", index.ErrNotFound, id)
	}
	return s.Record, nil
}

// MembersOf implements [index.Lookup].
func (t *transaction) MembersOf(ctx context.Context, cluster string) ([]index.Member, error) {
	return t.x.members(ctx, t.reader, cluster)
}

// MembersOf implements [index.Writer].
func (x *Index) MembersOf(ctx context.Context, cluster string) ([]index.Member, error) {
	if cluster == "" {
		return nil, nil
	}
	var members []index.Member
	err := x.read(ctx, "members", func(reader indexapi.IndexReader) (err error) {
		members, err = x.members(ctx, reader, cluster)
		return err
	})
	return members, err
}

func (x *Index) members(ctx context.Context, reader indexapi.IndexReader, cluster string) ([]index.Member, error) {
	ids, err := idsOf(ctx, reader, fieldCluster, key(cluster))
	if err != nil {
		return nil, err
	}
	var members []index.Member
	for _, id := range ids[:min(len(ids), index.MaxMembers)] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := x.load(reader, id)
		if err != nil {
			return nil, err
		}
		if s != nil {
			members = append(members, index.MemberOf(&s.Record))
		}
	}
	return members, nil
}

// ByPage implements [index.Writer].
func (x *Index) ByPage(ctx context.Context, page string) (ids []string, err error) {
	if page == "" {
		return nil, nil
	}
	err = x.read(ctx, "by page", func(reader indexapi.IndexReader) (err error) {
		ids, err = idsOf(ctx, reader, fieldPage, key(page))
		return err
	})
	return ids, err
}
