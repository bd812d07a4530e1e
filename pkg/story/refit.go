package story

// fuller is by how much more terms a copy has to have than the one that stands
// for its cluster, to take its place, in tenths.
const fuller = 15

// standsFor reports whether an article should stand for the cluster that it
// joins: of a report and what was cut from it, the report says more of the event,
// whichever came first.
func (u *unit) standsFor(p *Prepared) bool {
	return len(p.terms)*10 > int(u.size)*fuller
}

// refit lets an article, which was attached to a unit, stand for it. The unit is
// compared with others anew, and may belong to another story now.
func (t *Tracker) refit(old *unit, p *Prepared, arrived int64) Assignment {
	u := &unit{at: t.last, arrived: old.arrived, dated: old.dated || !p.Doc.Published.IsZero(), cluster: old.cluster}
	if p.Doc.Published.IsZero() {
		u.at = old.at
	}
	from := old.story.id
	u.docs, u.hashes = old.docs, old.hashes
	t.forget(old)
	terms := t.vectors.vector(p, true, &u.vector)
	u.size = uint16(min(len(p.terms), 1<<16-1))
	var a Assignment
	if p.Doc.Story != "" {
		t.enter(u, t.group(p.Doc.Story))
	} else {
		a = t.place(u, terms, t.freeID(u.docs[0], from))
	}
	t.post(u, terms, arrived)
	t.clusters[u.cluster] = u
	for _, id := range u.docs {
		t.articles[id] = u
		if id != p.Doc.ID && u.story.id != from {
			a.Moved = append(a.Moved, Move{ID: id, From: from, To: u.story.id})
		}
	}
	a.Story = u.story.id
	return a
}
