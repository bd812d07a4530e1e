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
	URL        string    // where it was found
	Canonical  string    // the address that it says it is a copy of, in the form of URL
	Attributed bool      // names an agency or another outlet as its source
	Published  time.Time // zero if unknown or not to be trusted
	FetchedAt  time.Time
}

// Reason is what decided which copy is the original.
type Reason string

// The reasons, the strongest first.
const (
	ByCanonical   Reason = "canonical"   // another copy names it as its canonical address
	ByAttribution Reason = "attribution" // the others name a source
	ByPublication Reason = "published"   // it was published first, or alone says when
	ByFetch       Reason = "fetched"     // it was seen first
	ByID          Reason = "id"          // nothing tells them apart
	NoCopies      Reason = "only"        // there is no other
)

// Label names a group of copies and its original, see [Original]. The cluster is
// the smallest id. The result does not depend on the order of members; without
// members both are "".
func Label(members []Copy) (cluster, original string) {
	for i, m := range members {
		if i == 0 || m.ID < cluster {
			cluster = m.ID
		}
	}
	original, _ = Original(members)
	return cluster, original
}

// Original tells which of a group of copies is the original, and what decided
// that. It is a copy whose address others give as their canonical one; else one
// that attributes itself to nobody; then the one published first (a known date
// before an unknown one), then the one fetched first, then the smallest id.
// Never the longest: what was added to a text is no sign of where it is from.
func Original(members []Copy) (id string, why Reason) {
	if len(members) == 0 {
		return "", NoCopies
	}
	named := map[string]bool{}
	for _, m := range members {
		if m.Canonical != "" && m.Canonical != m.URL {
			named[m.Canonical] = true
		}
	}
	best := members[0]
	for _, m := range members[1:] {
		if c, _ := compare(m, best, named); c < 0 {
			best = m
		}
	}
	// What told the original from the copy that comes next.
	why = NoCopies
	var next *Copy
	for i := range members {
		m := &members[i]
		if m.ID == best.ID {
			continue
		}
		if next != nil {
			if c, _ := compare(*m, *next, named); c >= 0 {
				continue
			}
		}
		next = m
		_, why = compare(best, *m, named)
	}
	return best.ID, why
}

// compare orders copies by how likely they are the original, and says by what.
// It is a total order of their fields, which makes Original independent of the
// order of arrival. Named holds the addresses that copies give as canonical.
func compare(a, b Copy, named map[string]bool) (int, Reason) {
	if c := cmp.Compare(a.canonical(named), b.canonical(named)); c != 0 {
		return c, ByCanonical
	}
	if a.Attributed != b.Attributed {
		if b.Attributed {
			return -1, ByAttribution
		}
		return 1, ByAttribution
	}
	if c := compareTimes(a.trusted(), b.trusted()); c != 0 {
		return c, ByPublication
	}
	if c := compareTimes(a.FetchedAt, b.FetchedAt); c != 0 {
		return c, ByFetch
	}
	return cmp.Compare(a.ID, b.ID), ByID
}

// canonical ranks a copy: one that others name, one that says nothing, one that
// names another.
func (c Copy) canonical(named map[string]bool) int {
	switch {
	case c.Canonical != "" && c.Canonical != c.URL:
		return 2
	case named[c.URL]:
		return 0
	}
	return 1
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
