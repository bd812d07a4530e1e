package story

import "slices"

const (
	maxRegrouped = 24 // units whose stories are settled anew together
	regroupAt    = -1 // stories that are as near as this take part
)

// regroup settles a new unit and the stories around it from scratch, by average
// link, so that what arrives late mends what was decided early: stories merge,
// split and pass units on. It does so while they are small; it reports false
// when a story that the unit belongs to is too large for that.
func (t *Tracker) regroup(u *unit, groups []ranked, newID string) (moves []Move, done bool) {
	units := []*unit{u}
	var old []*group
	for _, g := range groups {
		switch {
		case len(units)+len(g.group.units) <= maxRegrouped && g.score >= regroupAt:
			units = append(units, g.group.units...)
			old = append(old, g.group)
		case g.score >= joinAt:
			return nil, false
		}
	}
	slices.SortFunc(units, byNumber)
	parts := t.link(units)
	named := heirs(old, parts)
	for i, part := range parts {
		if named[i] == nil {
			id := newID
			if part[0] != u {
				id = t.freeID(part[0].docs[0], "")
			}
			named[i] = t.group(id)
		}
		for _, v := range part {
			if v == u {
				t.enter(u, named[i])
			} else if v.story != named[i] {
				moves = t.move(moves, v, named[i])
			}
		}
	}
	return moves, true
}

// heirs finds the part that keeps the name of each old story, the nearest story
// first: the one with the most of its units, or else the older.
func heirs(old []*group, parts [][]*unit) []*group {
	named := make([]*group, len(parts))
	for _, g := range old {
		best, most := -1, 0
		for i, part := range parts {
			if named[i] != nil {
				continue
			}
			n := 0
			for _, v := range part {
				if v.story == g {
					n++
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		if best >= 0 {
			named[best] = g
		}
	}
	return named
}

// link divides units, in order of arrival, into the stories of agglomerative
// clustering by average link; so are the stories and their units.
func (t *Tracker) link(units []*unit) [][]*unit {
	var sums [maxRegrouped][maxRegrouped]float64
	parts := make([][]*unit, len(units))
	for i, u := range units {
		parts[i] = []*unit{u}
		for j := range i {
			sums[i][j] = t.model.score(u, units[j])
			sums[j][i] = sums[i][j]
		}
	}
	for {
		a, b, best := 0, 0, float64(joinAt)
		for i := range parts {
			for j := range i {
				if parts[i] == nil || parts[j] == nil {
					continue
				}
				if s := sums[i][j] / float64(len(parts[i])*len(parts[j])); s > best {
					a, b, best = j, i, s
				}
			}
		}
		if a == b {
			break
		}
		parts[a] = append(parts[a], parts[b]...)
		parts[b] = nil
		for k := range parts {
			sums[a][k] += sums[b][k]
			sums[k][a] = sums[a][k]
		}
	}
	parts = slices.DeleteFunc(parts, func(p []*unit) bool { return p == nil })
	for _, p := range parts {
		slices.SortFunc(p, byNumber)
	}
	return parts
}
