package dedup

import (
	"slices"
	"strings"
)

// Clusters keeps the groups of articles that are copies of each other: the
// connected components of what was joined, whatever the order. A cluster is
// named by the smallest id that ever joined it and did not leave. Articles
// without copies take no memory. It is not safe for concurrent use.
type Clusters struct {
	nodes map[string]*node
}

// node is an article that has copies.
type node struct {
	id    string
	edges []*node // articles that it was compared with and is a copy of
	group *group
	gone  bool // left the window; kept while its group has a member that did not
}

// group is a cluster.
type group struct {
	id      string
	members []*node
	live    int // members that are not gone
}

// NewClusters returns clusters without members.
func NewClusters() *Clusters { return &Clusters{nodes: map[string]*node{}} }

// Join records that two articles are copies.
func (c *Clusters) Join(a, b string) {
	if a == b || a == "" || b == "" {
		return
	}
	na, nb := c.node(a), c.node(b)
	if len(na.edges) > len(nb.edges) {
		na, nb = nb, na
	}
	if slices.Contains(na.edges, nb) {
		return
	}
	na.edges = append(na.edges, nb)
	nb.edges = append(nb.edges, na)
	merge(na.group, nb.group)
}

// assume puts an article into a cluster without knowing its copies there. The
// name of the cluster stays, even if the id is smaller: it may have been out of
// the window when the cluster was named.
func (c *Clusters) assume(id, cluster string) {
	n := c.node(cluster)
	name := n.group.id
	merge(c.node(id).group, n.group)
	n.group.id = name
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
}

// Leave takes an article out of its cluster, which may fall apart.
func (c *Clusters) Leave(id string) {
	n, ok := c.nodes[id]
	if !ok {
		return
	}
	g := n.group
	c.takeOut(n)
	c.split(g, id, func(n *node) bool { return !n.gone })
}

// takeOut removes an article. Its group is not divided, and keeps its name.
func (c *Clusters) takeOut(n *node) {
	delete(c.nodes, n.id)
	g := n.group
	g.members = slices.DeleteFunc(g.members, func(m *node) bool { return m == n })
	if !n.gone {
		g.live--
	}
	for _, m := range g.members {
		if len(m.edges) < len(n.edges) || slices.Contains(m.edges, n) {
			m.edges = slices.DeleteFunc(m.edges, func(to *node) bool { return to == n })
		}
	}
}

// split divides a group, which an article left, into the connected components of
// its members that are present. The one with the smallest id keeps the name,
// unless that was the name of the article that left, and the members that are
// not present: whom they belong with is not known any more. It returns the
// smallest member of each component, the heir of the name first.
func (c *Clusters) split(g *group, left string, present func(*node) bool) []*node {
	var here, absent []*node
	for _, n := range g.members {
		n.group = nil
		if present(n) {
			here = append(here, n)
		} else {
			absent = append(absent, n)
		}
	}
	slices.SortFunc(here, func(a, b *node) int { return strings.Compare(a.id, b.id) })
	for _, n := range here {
		n.edges = slices.DeleteFunc(n.edges, func(to *node) bool { return !present(to) })
	}
	var heads []*node
	for _, n := range here {
		if n.group != nil {
			continue
		}
		part := &group{id: n.id}
		if len(heads) == 0 && g.id != left {
			part.id = g.id
		}
		heads = append(heads, n)
		part.take(n)
		for i := 0; i < len(part.members); i++ {
			for _, to := range part.members[i].edges {
				if to.group == nil {
					part.take(to)
				}
			}
		}
	}
	for _, n := range absent {
		if len(heads) == 0 {
			delete(c.nodes, n.id)
			continue
		}
		n.edges = nil
		heads[0].group.take(n)
	}
	for _, n := range heads {
		c.forgetIfOver(n.group)
	}
	return heads
}

// smallest returns the member with the smallest id of those that are present, nil
// if none is.
func (g *group) smallest(present func(*node) bool) *node {
	var first *node
	for _, n := range g.members {
		if (first == nil || n.id < first.id) && present(n) {
			first = n
		}
	}
	return first
}

// count counts the members that are present.
func (g *group) count(present func(*node) bool) int {
	count := 0
	for _, n := range g.members {
		if present(n) {
			count++
		}
	}
	return count
}

func (g *group) take(n *node) {
	n.group = g
	g.members = append(g.members, n)
	if !n.gone {
		g.live++
	}
}

// forgetIfOver forgets a group that is no cluster any more.
func (c *Clusters) forgetIfOver(g *group) {
	if g.live > 0 && len(g.members) > 1 {
		return
	}
	for _, n := range g.members {
		delete(c.nodes, n.id)
	}
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
