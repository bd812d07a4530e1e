package dedup

import (
	"slices"
	"strings"
)

// Clusters keeps the groups of articles that are copies of each other: the
// connected components of what was joined, whatever the order. A cluster is
// named by the smallest id of its members. Articles without copies take no
// memory. It is not safe for concurrent use.
type Clusters struct {
	nodes map[string]*node
}

// node is an article that has copies.
type node struct {
	id    string
	edges []edge
	group *group
	gone  bool // left the window; kept while its group has a member that did not
}

// edge joins two articles. One that is assumed was not seen by comparing texts.
type edge struct {
	to      *node
	assumed bool
}

// group is a connected component.
type group struct {
	id      string
	members []*node
	live    int // members that are not gone
	assumed int // assumed edges
}

// NewClusters returns clusters without members.
func NewClusters() *Clusters { return &Clusters{nodes: map[string]*node{}} }

// Join records that two articles are copies.
func (c *Clusters) Join(a, b string) { c.join(a, b, false) }

func (c *Clusters) join(a, b string, assumed bool) {
	if a == b || a == "" || b == "" {
		return
	}
	na, nb := c.node(a), c.node(b)
	if len(na.edges) > len(nb.edges) {
		na, nb = nb, na
	}
	for i := range na.edges {
		if na.edges[i].to == nb {
			if na.edges[i].assumed && !assumed {
				na.edges[i].assumed = false
				nb.edges[nb.edgeTo(na)].assumed = false
				na.group.assumed--
			}
			return
		}
	}
	na.edges = append(na.edges, edge{nb, assumed})
	nb.edges = append(nb.edges, edge{na, assumed})
	merge(na.group, nb.group)
	if assumed {
		na.group.assumed++
	}
}

func (n *node) edgeTo(other *node) int {
	return slices.IndexFunc(n.edges, func(e edge) bool { return e.to == other })
}

func (c *Clusters) node(id string) *node {
	if n, ok := c.nodes[id]; ok {
		return n
	}
	n := &node{id: id}
	n.group = &group{id: id, members: []*node{n}, live: 1}
	c.nodes[id] = n
	return n
}

// merge puts the members of the smaller group into the larger one.
func merge(a, b *group) {
	if a == b {
		return
	}
	if len(a.members) < len(b.members) {
		a, b = b, a
	}
	for _, n := range b.members {
		n.group = a
	}
	a.id = min(a.id, b.id)
	a.members = append(a.members, b.members...)
	a.live += b.live
	a.assumed += b.assumed
}

// Leave takes an article out of its cluster, which may fall apart.
func (c *Clusters) Leave(id string) { c.leave(id) }

// leave returns the groups that what is left of the cluster fell into.
func (c *Clusters) leave(id string) []*group {
	n, ok := c.nodes[id]
	if !ok {
		return nil
	}
	delete(c.nodes, id)
	rest := make([]*node, 0, len(n.group.members)-1)
	for _, m := range n.group.members {
		if m == n {
			continue
		}
		rest = append(rest, m)
		if len(m.edges) < len(n.edges) || m.edgeTo(n) >= 0 {
			m.edges = slices.DeleteFunc(m.edges, func(e edge) bool { return e.to == n })
		}
	}
	return c.regroup(rest)
}

// regroup finds the connected components of nodes anew. Those of one article,
// and those that are gone, are forgotten.
func (c *Clusters) regroup(nodes []*node) []*group {
	for _, n := range nodes {
		n.group = nil
	}
	var groups []*group
	for _, n := range nodes {
		if n.group != nil {
			continue
		}
		g := &group{id: n.id}
		n.group = g
		g.members = append(g.members, n)
		for i := 0; i < len(g.members); i++ {
			m := g.members[i]
			g.id = min(g.id, m.id)
			if !m.gone {
				g.live++
			}
			for _, e := range m.edges {
				if e.assumed {
					g.assumed++
				}
				if e.to.group == nil {
					e.to.group = g
					g.members = append(g.members, e.to)
				}
			}
		}
		g.assumed /= 2
		if c.forgetIfOver(g) {
			continue
		}
		groups = append(groups, g)
	}
	return groups
}

// forgetIfOver forgets a group that is no cluster any more.
func (c *Clusters) forgetIfOver(g *group) bool {
	if len(g.members) > 1 && g.live > 0 {
		return false
	}
	for _, n := range g.members {
		delete(c.nodes, n.id)
	}
	return len(g.members) > 1 || g.live == 0
}

// dropAssumed takes back the assumed edges between members that can be compared.
func (c *Clusters) dropAssumed(g *group) {
	for _, n := range g.members {
		if !n.gone {
			n.edges = slices.DeleteFunc(n.edges, func(e edge) bool { return e.assumed && !e.to.gone })
		}
	}
	c.regroup(g.members)
}

// leaveWindow notes that an article will not be compared again.
func (c *Clusters) leaveWindow(id string) {
	n, ok := c.nodes[id]
	if !ok || n.gone {
		return
	}
	n.gone = true
	n.group.live--
	c.forgetIfOver(n.group)
}

// returnToWindow takes back leaveWindow.
func (c *Clusters) returnToWindow(id string) {
	if n, ok := c.nodes[id]; ok && n.gone {
		n.gone = false
		n.group.live++
	}
}

// Of returns the cluster of an article: its own id if it has no copies.
func (c *Clusters) Of(id string) string {
	if n, ok := c.nodes[id]; ok {
		return n.group.id
	}
	return id
}

// Members returns the members of a cluster by id; cluster is the id of any of
// them. An article without copies is the only member of its own.
func (c *Clusters) Members(cluster string) []string {
	n, ok := c.nodes[cluster]
	if !ok {
		return []string{cluster}
	}
	ids := make([]string, len(n.group.members))
	for i, m := range n.group.members {
		ids[i] = m.id
	}
	slices.SortFunc(ids, strings.Compare)
	return ids
}

// together reports whether two articles are in one cluster.
func (c *Clusters) together(a, b string) bool {
	na, nb := c.nodes[a], c.nodes[b]
	return na != nil && nb != nil && na.group == nb.group
}

// degree is the number of articles that were found to be copies of one.
func (c *Clusters) degree(id string) int {
	if n := c.nodes[id]; n != nil {
		return len(n.edges)
	}
	return 0
}
