package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/story"
)

// maxLinks is how many links an article keeps, those of the largest share.
const maxLinks = 40

// changes is what a batch of articles changes in the index: for themselves, and
// for the articles that are there already.
type changes struct {
	keeper  *keeper
	stored  map[string]*article.Record // as the index has them
	now     map[string]*index.Placement
	touched map[string]bool // clusters whose members changed
	created map[string]bool // articles that the index does not have yet
}

func newChanges(k *keeper) *changes {
	return &changes{
		keeper: k, stored: map[string]*article.Record{},
		now: map[string]*index.Placement{}, touched: map[string]bool{}, created: map[string]bool{},
	}
}

// of returns the changes of one article.
func (c *changes) of(id string) *index.Placement {
	p := c.now[id]
	if p == nil {
		p = &index.Placement{ID: id}
		c.now[id] = p
	}
	return p
}

// record returns an article as the index has it, nil if it has none.
func (c *changes) record(ctx context.Context, id string) (*article.Record, error) {
	if r, ok := c.stored[id]; ok {
		return r, nil
	}
	r, err := c.keeper.lookup.Get(ctx, id)
	switch {
	case errors.Is(err, index.ErrNotFound):
		c.stored[id] = nil
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("get article %s: %w", id, err)
	}
	c.stored[id] = &r
	return &r, nil
}

// setCluster moves an article to a cluster.
func (c *changes) setCluster(ctx context.Context, id, to string) error {
	r, err := c.record(ctx, id)
	if r == nil || err != nil {
		return err
	}
	p := c.of(id)
	from := cmp.Or(p.Cluster, r.Cluster, id)
	if from == to {
		return nil
	}
	p.Cluster = to
	c.touched[from], c.touched[to] = true, true
	return nil
}

// setClusters applies what a decision changes for others.
func (c *changes) setClusters(ctx context.Context, d *dedup.Decision) error {
	for _, id := range sortedKeys(d.Clusters) {
		if err := c.setCluster(ctx, id, d.Clusters[id]); err != nil {
			return err
		}
		c.move(c.keeper.stories.SetCluster(id, d.Clusters[id]))
	}
	return nil
}

// rename takes articles along that left the window before the last restart: the
// engine knows them no more, and what they are copies of has another name now.
func (c *changes) rename(ctx context.Context, added string, d *dedup.Decision) error {
	for _, old := range sortedKeys(d.Renamed) {
		group, err := c.group(ctx, old)
		if err != nil {
			return err
		}
		var left []string
		for _, m := range group {
			_, known := d.Clusters[m.ID]
			if p := c.now[m.ID]; m.ID != added && !known && (p == nil || p.Cluster == "" || p.Cluster == old) {
				left = append(left, m.ID)
			}
		}
		for _, id := range left { // in order
			to := cmp.Or(d.Renamed[old], left[0])
			if err := c.setCluster(ctx, id, to); err != nil {
				return err
			}
			c.move(c.keeper.stories.SetCluster(id, to))
		}
	}
	return nil
}

// move applies moves between stories.
func (c *changes) move(moves []story.Move) {
	for _, m := range moves {
		c.of(m.ID).Story = m.To
	}
}

// refresh takes in what a new fetch says of an article whose content is known:
// a date that was corrected may make another copy the original.
func (c *changes) refresh(r *article.Record) {
	c.keeper.groups.refresh(r)
	if r.Cluster != r.ID || r.OriginalBy != "" && r.OriginalBy != string(dedup.NoCopies) {
		c.touched[r.Cluster] = true
	}
}

// links returns the links that an article will have.
func (c *changes) links(ctx context.Context, id string) ([]article.Link, error) {
	if p := c.now[id]; p != nil && p.Links != nil {
		return p.Links, nil
	}
	r, err := c.record(ctx, id)
	if r == nil || err != nil {
		return nil, err
	}
	return r.Links, nil
}

// setLinks writes the links of an article, and their other ends: who reads the
// wire story wants to know who used it. Links are between any two articles, not
// one for all copies of a text: which copy that is would depend on which came
// first. Who shows them leaves copies out.
func (c *changes) setLinks(ctx context.Context, id string, found []dedup.Linked) error {
	old, err := c.links(ctx, id)
	if err != nil {
		return err
	}
	links := []article.Link{}
	back := map[string]float64{}
	for _, l := range found {
		if l.Kind == dedup.KindLink {
			links = append(links, article.Link{ID: l.ID, Share: round(l.Share)})
			back[l.ID] = round(l.Back)
		}
	}
	if len(old) == 0 && len(links) == 0 {
		return nil
	}
	sortLinks(links)
	c.of(id).Links = links[:min(len(links), maxLinks)]
	for _, l := range old {
		if _, still := back[l.ID]; !still {
			if err := c.unlink(ctx, l.ID, id); err != nil {
				return err
			}
		}
	}
	for _, l := range links {
		if err := c.link(ctx, l.ID, article.Link{ID: id, Share: back[l.ID]}); err != nil {
			return err
		}
	}
	return nil
}

// link adds a link to an article.
func (c *changes) link(ctx context.Context, id string, add article.Link) error {
	old, err := c.links(ctx, id)
	if err != nil {
		return err
	}
	links := make([]article.Link, 0, len(old)+1)
	for _, l := range old {
		if l.ID != add.ID {
			links = append(links, l)
		}
	}
	links = append(links, add)
	sortLinks(links)
	c.of(id).Links = links[:min(len(links), maxLinks)]
	return nil
}

// unlink takes a link out of an article.
func (c *changes) unlink(ctx context.Context, id, gone string) error {
	old, err := c.links(ctx, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(old, func(l article.Link) bool { return l.ID == gone }) {
		return nil
	}
	links := make([]article.Link, 0, len(old))
	for _, l := range old {
		if l.ID != gone {
			links = append(links, l)
		}
	}
	c.of(id).Links = links
	return nil
}

// placements returns what is to be written, with the originals of the clusters
// that changed.
func (c *changes) placements(ctx context.Context) ([]index.Placement, error) {
	members := map[string]index.Member{}
	for cluster := range c.touched {
		group, err := c.group(ctx, cluster)
		if err != nil {
			return nil, err
		}
		for _, m := range group {
			members[m.ID] = m
		}
	}
	for id, r := range c.stored {
		if _, ok := members[id]; r != nil && (ok || c.created[id] || c.now[id] != nil && c.now[id].Cluster != "") {
			members[id] = index.MemberOf(r) // as it will be
		}
	}
	groups := map[string][]index.Member{}
	for id, m := range members {
		cluster := m.Cluster
		if p := c.now[id]; p != nil && p.Cluster != "" {
			cluster = p.Cluster
		}
		groups[cluster] = append(groups[cluster], m)
	}
	for cluster := range c.touched {
		if group := groups[cluster]; len(group) > 0 {
			c.label(cluster, group)
		}
		c.keeper.groups.put(cluster, groups[cluster])
	}
	out := make([]index.Placement, 0, len(c.now))
	for _, id := range slices.Sorted(maps.Keys(c.now)) {
		out = append(out, *c.now[id])
	}
	return out, nil
}

// group returns the members of a cluster as the index has them.
func (c *changes) group(ctx context.Context, cluster string) ([]index.Member, error) {
	if group, ok := c.keeper.groups.get(cluster); ok {
		return group, nil
	}
	if c.created[cluster] {
		return nil, nil // nobody can have joined it
	}
	group, err := c.keeper.lookup.MembersOf(ctx, cluster)
	if err != nil {
		return nil, fmt.Errorf("members of cluster %s: %w", cluster, err)
	}
	return group, nil
}

// label chooses the original of a group and notes, in the group and in what is
// to be written, for whom that is new.
func (c *changes) label(cluster string, group []index.Member) {
	copies := make([]dedup.Copy, len(group))
	for i := range group {
		copies[i] = copyOf(&group[i])
	}
	original, why := dedup.Original(copies)
	reason := string(why)
	for i := range group {
		m := &group[i]
		if m.Cluster == cluster && m.Original == original && m.OriginalBy == reason {
			continue
		}
		m.Cluster, m.Original, m.OriginalBy = cluster, original, reason
		p := c.of(m.ID)
		p.Cluster, p.Original, p.OriginalBy = cluster, original, reason
	}
}

// round keeps the digits of a share that mean something.
func round(share float64) float64 { return math.Round(share*1000) / 1000 }

func sortLinks(links []article.Link) { slices.SortFunc(links, compareLinks) }

// compareLinks orders links, the largest share first.
func compareLinks(a, b article.Link) int {
	return cmp.Or(cmp.Compare(b.Share, a.Share), strings.Compare(a.ID, b.ID))
}
