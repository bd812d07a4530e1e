package bleveindex

import (
	"cmp"
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/index"
)

// The values that a facet shows at most.
const (
	facetValues = 20
	facetDays   = 31
)

// facets counts the matches of a search by value.
type facets struct{ site, lang, day tally }

// tally counts values.
type tally map[string]*uint64

func (t tally) add(value []byte) {
	if len(value) == 0 {
		return
	}
	if n := t[string(value)]; n != nil { // allocates nothing
		*n++
		return
	}
	one := uint64(1)
	t[string(value)] = &one
}

// result returns the facets as a search shows them; f may be nil.
func (f *facets) result() index.Facets {
	if f == nil {
		return index.Facets{}
	}
	day := f.day.counts()
	slices.SortFunc(day, func(a, b index.Count) int { return strings.Compare(b.Value, a.Value) })
	return index.Facets{
		Site:     f.site.frequent(),
		Language: f.lang.frequent(),
		Day:      day[:min(len(day), facetDays)],
	}
}

func (t tally) counts() []index.Count {
	out := make([]index.Count, 0, len(t))
	for v, n := range t {
		out = append(out, index.Count{Value: v, Count: *n})
	}
	return out
}

func (t tally) frequent() []index.Count {
	out := t.counts()
	slices.SortFunc(out, func(a, b index.Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), facetValues)]
}
