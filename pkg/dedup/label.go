package dedup

import (
	"cmp"
	"time"
)

// dateSlack is how far in the future of its fetch a publication date may lie:
// a date without a zone, or a day without a time, can be off by a day. What
// lies farther is an embargo date or a mistake and decides nothing.
const dateSlack = 24 * time.Hour

// Copy is one article of a group of copies, with what decides which of them is
// the original.
type Copy struct {
	ID         string
	Attributed bool      // names an agency or another outlet as its source
	Published  time.Time // zero if unknown or not to be trusted
	FetchedAt  time.Time
}

// Label names a group of copies and its original. The cluster is the smallest
// id. The original is a copy that attributes itself to nobody else if there is
// one, then the one published first (a known date before an unknown one), then
// the one fetched first, then the smallest id. The result does not depend on
// the order of members; without members both are "".
func Label(members []Copy) (cluster, original string) {
	if len(members) == 0 {
		return "", ""
	}
	smallest, best := members[0].ID, members[0]
	for _, m := range members[1:] {
		smallest = min(smallest, m.ID)
		if compare(m, best) < 0 {
			best = m
		}
	}
	return smallest, best.ID
}

// compare orders copies by how likely they are the original. It is a total
// order of their fields, which makes Label independent of the order of arrival.
func compare(a, b Copy) int {
	if a.Attributed != b.Attributed {
		if b.Attributed {
			return -1
		}
		return 1
	}
	return cmp.Or(
		compareTimes(a.trusted(), b.trusted()),
		compareTimes(a.FetchedAt, b.FetchedAt),
		cmp.Compare(a.ID, b.ID),
	)
}

// trusted returns the publication date, or zero if it cannot be right.
func (c Copy) trusted() time.Time {
	if !c.FetchedAt.IsZero() && c.Published.After(c.FetchedAt.Add(dateSlack)) {
		return time.Time{}
	}
	return c.Published
}

// compareTimes orders times, the unknown one last.
func compareTimes(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}
