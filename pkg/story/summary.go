package story

import (
	"cmp"
	"slices"
	"time"
)

// Item is one article of a story, for Describe.
type Item struct {
	ID, Cluster, Title, Lang, Source string

	Published time.Time
}

// Summary is what a page shows of a story.
type Summary struct {
	Title    string // of the most central article
	Central  string // its id
	Articles int
	Clusters int      // different texts
	Sources  []string // most articles first, then by name
	First    time.Time
	Last     time.Time
}

// maxCentral bounds the titles that are compared with each other.
const maxCentral = 200

// Describe sums a story up. The most central article is the one whose title
// shares the most with those of the others, each cluster of copies counted once;
// of equals, the earliest.
func Describe(items []Item) Summary {
	s := Summary{Articles: len(items)}
	perSource := map[string]int{}
	seen := map[string]bool{}
	var heads []Item
	for _, it := range sorted(items) {
		if it.Source != "" {
			perSource[it.Source]++
		}
		if !it.Published.IsZero() {
			if s.First.IsZero() {
				s.First = it.Published
			}
			s.Last = it.Published
		}
		cluster := cmp.Or(it.Cluster, it.ID)
		if !seen[cluster] {
			seen[cluster] = true
			heads = append(heads, it)
		}
	}
	s.Clusters = len(heads)
	for name := range perSource {
		s.Sources = append(s.Sources, name)
	}
	slices.SortFunc(s.Sources, func(a, b string) int {
		return cmp.Or(cmp.Compare(perSource[b], perSource[a]), cmp.Compare(a, b))
	})
	if i := central(heads[:min(len(heads), maxCentral)]); i >= 0 {
		s.Title, s.Central = heads[i].Title, heads[i].ID
	}
	return s
}

// sorted returns the items by time, those without one last.
func sorted(items []Item) []Item {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b Item) int {
		switch {
		case a.Published.IsZero() != b.Published.IsZero() && a.Published.IsZero():
			return 1
		case a.Published.IsZero() != b.Published.IsZero():
			return -1
		}
		return cmp.Or(a.Published.Compare(b.Published), cmp.Compare(a.ID, b.ID))
	})
	return items
}

// central returns the index of the item whose title is nearest to all others; one
// without a title only if none has any.
func central(items []Item) int {
	titles := make([]vector, len(items))
	for i := range items {
		p := Prepare(Doc{Title: items[i].Title, Lang: items[i].Lang})
		terms := make([]weighed, 0, maxTerms)
		for _, x := range p.terms[:min(len(p.terms), maxTerms)] {
			terms = append(terms, weighed{key: x.key, weight: 1})
		}
		fill(&titles[i], terms)
	}
	best, most := -1, -1.0
	for i := range titles {
		sum := 0.0
		for j := range titles {
			if i != j {
				sum += compare(&titles[i], &titles[j])[fAll]
			}
		}
		if items[i].Title == "" {
			sum = -0.5
		}
		if sum > most {
			best, most = i, sum
		}
	}
	return best
}
