package bleveindex

import (
	"context"
	"slices"

	indexapi "github.com/blevesearch/bleve_index_api"

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

// Members implements [index.Writer].
func (x *Index) Members(ctx context.Context, hash string) ([]index.Member, error) {
	return x.membersBy(ctx, fieldHash, hash)
}

// MembersOf implements [index.Writer].
func (x *Index) MembersOf(ctx context.Context, cluster string) ([]index.Member, error) {
	return x.membersBy(ctx, fieldCluster, cluster)
}

func (x *Index) membersBy(ctx context.Context, field, value string) ([]index.Member, error) {
	if value == "" {
		return nil, nil
	}
	var members []index.Member
	err := x.read(ctx, "members", func(reader indexapi.IndexReader) error {
		ids, err := idsOf(ctx, reader, field, key(value))
		if err != nil {
			return err
		}
		for _, id := range ids[:min(len(ids), index.MaxMembers)] {
			if err := ctx.Err(); err != nil {
				return err
			}
			s, err := x.load(reader, id)
			if err != nil {
				return err
			}
			if s != nil {
				members = append(members, index.MemberOf(&s.Record))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
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
