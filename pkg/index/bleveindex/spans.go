package bleveindex

import (
	"cmp"
	"slices"

	"github.com/copydesk/copydesk/pkg/index"
)

func sortFound(list []found) {
	slices.SortFunc(list, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.unit, b.unit))
	})
}

// distinct counts the different units among marks.
func distinct(marks []found) int {
	seen := map[int]bool{}
	for _, m := range marks {
		seen[m.unit] = true
	}
	return len(seen)
}

// merge joins spans that touch or overlap; they must be in order of start.
func merge(spans []index.Span) []index.Span {
	var out []index.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}
