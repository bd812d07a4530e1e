package app

import (
	"slices"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// maxGrouped bounds the members that are kept in memory, some 30 MB.
const maxGrouped = 100_000

// groupCache keeps the members of the clusters that are growing: an agency
// report gets its hundreds of copies within hours, and to read them all again for
// each would cost more the more there are.
type groupCache struct {
	byCluster map[string][]index.Member
	members   int
}

func newGroupCache() groupCache { return groupCache{byCluster: map[string][]index.Member{}} }

func (g *groupCache) get(cluster string) ([]index.Member, bool) {
	group, ok := g.byCluster[cluster]
	return slices.Clone(group), ok
}

// put keeps the members of a cluster. Single articles are many and cheap to read.
func (g *groupCache) put(cluster string, group []index.Member) {
	g.members += len(group) - len(g.byCluster[cluster])
	if g.members > maxGrouped {
		*g = newGroupCache()
		g.members = len(group)
	}
	if len(group) > 1 {
		g.byCluster[cluster] = group
		return
	}
	g.members -= len(group)
	delete(g.byCluster, cluster)
}

// refresh takes in what a new fetch of a member says.
func (g *groupCache) refresh(r *article.Record) {
	group := g.byCluster[r.Cluster]
	for i := range group {
		if group[i].ID == r.ID {
			group[i] = index.MemberOf(r)
			return
		}
	}
}

// copyOf is a member of a cluster as one that may be its original.
func copyOf(m *index.Member) dedup.Copy {
	c := dedup.Copy{ID: m.ID, URL: m.URL, Attributed: m.Attributed, Published: m.Published, FetchedAt: m.FetchedAt}
	if u, err := weburl.Canonical(m.URL); err == nil {
		c.URL = u
	}
	switch {
	case m.Canonical == "":
	case weburl.SameSite(m.Canonical, m.URL):
		c.URL = m.Canonical // its own address, by another name
	default:
		c.Canonical = m.Canonical
	}
	return c
}
