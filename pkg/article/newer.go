package article

import (
	"cmp"
	"strconv"
)

// Newer reports whether a replaces b, two states of one article: an article a
// listing, which is what stands at its address once the article has left it; else the
// one that was fetched later, of one fetch the one of the later version of the
// cleaner, and of one cleaner that with the greater content hash. The order is total, so every
// replica that sees the same set of articles keeps the same one, whatever the
// order of arrival, also while workers of two versions clean side by side.
func Newer(a, b *Article) bool {
	return cmp.Or(
		compareKinds(a.Kind, b.Kind),
		a.FetchedAt.Compare(b.FetchedAt),
		compareNormalizers(a.Normalizer, b.Normalizer),
		cmp.Compare(a.ContentHash, b.ContentHash),
	) > 0
}

// compareKinds puts listings before all other kinds, which are equal.
func compareKinds(a, b Kind) int {
	switch listing := a == KindListing; {
	case listing == (b == KindListing):
		return 0
	case listing:
		return -1
	}
	return 1
}

// compareNormalizers orders versions of the cleaner: by number, after whatever is
// no number.
func compareNormalizers(a, b string) int {
	return cmp.Or(cmp.Compare(normalizerNumber(a), normalizerNumber(b)), cmp.Compare(a, b))
}

func normalizerNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
