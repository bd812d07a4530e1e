package app

import (
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
)

// The wishes of publishers that --honour names.
const (
	honourNoIndex   = "noindex"
	honourNoArchive = "noarchive"
	honourNoAI      = "noai"
)

// policy says which wishes of publishers have consequences. All are recorded on
// the article, whatever the policy is.
type policy struct{ noIndex, noArchive, noAI bool }

// newPolicy reads --honour.
func newPolicy(wishes []string) (policy, error) {
	var p policy
	for _, wish := range wishes {
		switch strings.TrimSpace(wish) {
		case honourNoIndex:
			p.noIndex = true
		case honourNoArchive:
			p.noArchive = true
		case honourNoAI:
			p.noAI = true
		case "none":
			if len(wishes) > 1 {
				return policy{}, usagef("--honour: none stands alone, or leave it out")
			}
		default:
			return policy{}, usagef("--honour %s: give noindex, noarchive, noai or none", wish)
		}
	}
	return p, nil
}

// withholds returns for which wish a page becomes no article, "" if it may.
func (p policy) withholds(r *article.Rights) string {
	switch {
	case r == nil:
	case p.noIndex && r.NoIndex:
		return honourNoIndex
	case p.noAI && (r.NoAI || r.TDMReserved):
		return honourNoAI
	}
	return ""
}
