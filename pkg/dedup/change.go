package dedup

import (
	"cmp"
	"slices"
	"strings"
)

// change is what one call changes.
type change struct {
	id  string // of the article that is added or removed
	d   Decision
	was map[string]string // clusters that articles had before
	// renamed holds, by the name of a cluster that lost it as a whole, one of its
	// articles; none if it had none in the window.
	renamed map[string]string
}

func newChange(id string) *change {
	return &change{id: id, was: map[string]string{}, renamed: map[string]string{}}
}

// note notes the members of a cluster.
func (c *change) note(g *group) {
	for _, n := range g.members {
		if _, ok := c.was[n.id]; !ok {
			c.was[n.id] = g.id
		}
	}
}

// rename notes that all who have the name of a cluster go where one of them goes.
func (c *change) rename(cluster, to string) {
	if _, ok := c.renamed[cluster]; !ok {
		c.renamed[cluster] = to
	}
}

// join joins two articles and notes whose cluster may change by it.
func (e *Engine) join(c *change, a, b string) {
	if !e.clusters.together(a, b) {
		ga, gb := e.clusters.node(a).group, e.clusters.node(b).group
		if ga.id < gb.id {
			ga, gb = gb, ga
		}
		c.note(ga) // gb has the smaller id and keeps it
		if len(ga.members) > 1 || ga.id != c.id {
			c.rename(ga.id, ga.members[0].id)
		}
	}
	e.clusters.Join(a, b)
}

// leave takes an article out of the table and of its cluster, whose other members
// are compared anew if nothing that was seen holds them together.
func (e *Engine) leave(c *change) {
	present := func(n *node) bool { return e.table.has(n.id) }
	cluster := c.id
	inWindow := e.table.has(c.id)
	if before, ok := e.expected[c.id]; ok {
		delete(e.expected, c.id)
		cluster, inWindow = before.cluster, !e.table.old(before.at)
	}
	e.table.Remove(c.id)

	n := e.clusters.nodes[c.id]
	if n != nil {
		cluster = c.id
	}
	if e.clusters.nodes[cluster] == nil {
		if inWindow && cluster == c.id {
			c.rename(c.id, "")
		}
		return
	}
	g := e.clusters.nodes[cluster].group
	c.note(g)
	named := g.id == c.id
	if n != nil {
		e.clusters.takeOut(n)
	}
	heir := g.smallest(present)
	switch {
	case heir == nil:
		if named && inWindow {
			c.rename(c.id, "")
		}
		e.abandon(c, g)
		return
	case named:
		c.rename(c.id, heir.id)
	}
	if !inWindow || len(g.members) > maxReviewed && g.count(present) > maxReviewed {
		// A text out of the window held nobody together.
		if named {
			g.id = heir.id
		}
		e.clusters.forgetIfOver(g)
		return
	}
	e.divide(c, g, present)
}

// abandon forgets a cluster that nobody in the window is in. Its members keep its
// name.
func (e *Engine) abandon(c *change, g *group) {
	for _, n := range g.members {
		delete(e.clusters.nodes, n.id)
		delete(c.was, n.id)
	}
}

// divide divides a cluster that an article left by what its members in the window
// are to each other. What joins them may not have been looked at: when they were
// restored, or once there were enough copies.
func (e *Engine) divide(c *change, g *group, present func(*node) bool) {
	var here []string
	for _, n := range g.members {
		if present(n) {
			here = append(here, n.id)
		}
	}
	slices.Sort(here)
	heads := e.clusters.split(g, c.id, present)
	whole := func() bool {
		for _, n := range heads[1:] {
			if !e.clusters.together(heads[0].id, n.id) {
				return false
			}
		}
		return true
	}
	for _, id := range here {
		if whole() {
			return
		}
		e.review(c, id)
	}
}

// review looks for the copies of an article that is known already.
func (e *Engine) review(c *change, id string) {
	at, known := e.table.at(id)
	if !known {
		return
	}
	if doc, ok := e.opts.Fetch(id); ok {
		e.verify(c, id, proseOf(&doc), Take(doc.Text), at)
	}
}

// finish says what changed.
func (e *Engine) finish(c *change) Decision {
	d, id := &c.d, c.id
	d.Cluster = e.clusters.Of(id)
	for member, cluster := range c.was {
		now := e.clusters.Of(member)
		if _, renamed := c.renamed[cluster]; member != id && (now != cluster || renamed) {
			if d.Clusters == nil {
				d.Clusters = map[string]string{}
			}
			d.Clusters[member] = now
		}
	}
	for cluster, member := range c.renamed {
		now := ""
		if member != "" {
			now = e.clusters.Of(member)
		}
		if now != cluster {
			if d.Renamed == nil {
				d.Renamed = map[string]string{}
			}
			d.Renamed[cluster] = now
		}
	}
	d.Links = slices.DeleteFunc(d.Links, func(l Linked) bool { return e.clusters.together(id, l.ID) })
	slices.SortFunc(d.Links, func(a, b Linked) int {
		return cmp.Or(cmp.Compare(max(b.Share, b.Back), max(a.Share, a.Back)), strings.Compare(a.ID, b.ID))
	})
	return *d
}
