package index

import (
	"strings"
	"time"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
)

// Member is an article of a group of copies, with what decides which of them is
// the original.
type Member struct {
	ID, Cluster, Original, OriginalBy string

	URL, Canonical string
	Attributed     bool // names an agency or another outlet as its source
	Published      time.Time
	FetchedAt      time.Time // for the first time
}

// MemberOf returns an article as a member of its cluster.
func MemberOf(r *article.Record) Member {
	m := Member{
		ID: r.ID, Cluster: r.Cluster, Original: r.Original, OriginalBy: r.OriginalBy,
		URL: r.URL, Canonical: r.CanonicalURL, Attributed: attributed(r), FetchedAt: r.FirstSeen,
	}
	if r.Published != nil {
		m.Published = r.Published.Time
	}
	return m
}

// attributed reports whether an article names another outlet as its source. An
// agency that signs on its own site names nobody else.
func attributed(r *article.Record) bool {
	for _, source := range r.Attributions {
		if !ownName(r, source) {
			return true
		}
	}
	if r.Dateline != nil && r.Dateline.Agency != "" && !ownName(r, r.Dateline.Agency) {
		return true
	}
	for _, a := range r.Authors {
		if a.Kind == article.Agency && !ownName(r, a.Name) {
			return true
		}
	}
	return false
}

// ownName reports whether a name is that of the article's publisher or site.
func ownName(r *article.Record, name string) bool {
	name = lettersOf(name)
	label, _, _ := strings.Cut(r.Site, ".")
	return name != "" && (name == lettersOf(r.Publisher) || name == lettersOf(label))
}

// lettersOf returns the letters and digits of a name in lower case.
func lettersOf(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}
