package search

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// sourceStates are the states of a feed, those that need a person first.
var sourceStates = []string{"failing", "blocked", "gone", "new", "ok", "retired"}

// sourceParams are the parameters of /sources and /api/v1/sources.
var sourceParams = []string{"state", "q"}

// sourceList is what a request for feeds asks for.
type sourceList struct {
	state, text string
	total       int
	counts      map[string]int
	sources     []Source // of the state and with the text, failing ones first
}

// sourceList reads the feeds and picks those that the request asks for.
func (s *server) sourceList(r *http.Request, strict bool) (*sourceList, error) {
	vs, err := values(r, sourceParams, strict)
	if err != nil {
		return nil, err
	}
	l := &sourceList{counts: map[string]int{}}
	accepted := strings.Join(sourceStates, ", ")
	if l.state, err = one(vs, "state", accepted); err != nil {
		return nil, err
	}
	if l.state != "" && !slices.Contains(sourceStates, l.state) {
		return nil, badParameter("state", l.state, accepted)
	}
	const acceptedText = "a part of a title, site or address, at most 200 characters"
	if l.text, err = one(vs, "q", acceptedText); err != nil {
		return nil, err
	}
	if len([]rune(l.text)) > 200 || !printable(l.text) {
		return nil, badParameter("q", l.text, acceptedText)
	}
	all, err := s.allSources(r.Context())
	if err != nil {
		return nil, err
	}
	l.total = len(all)
	for _, src := range all {
		l.counts[src.State]++
		if (l.state == "" || src.State == l.state) && src.contains(l.text) {
			l.sources = append(l.sources, src)
		}
	}
	return l, nil
}

// contains reports whether a feed is meant by a text, in any case.
func (s Source) contains(text string) bool {
	text = strings.ToLower(text)
	for _, field := range []string{s.Title, s.Site, s.URL} {
		if strings.Contains(strings.ToLower(field), text) {
			return true
		}
	}
	return false
}

// allSources returns every feed, those that need a person first.
func (s *server) allSources(ctx context.Context) ([]Source, error) {
	if s.Sources == nil {
		return nil, notServed("This process does not know the feeds.")
	}
	all, err := s.Sources.Sources(ctx)
	if err != nil {
		return nil, fmt.Errorf("search: list feeds: %w", err)
	}
	all = slices.Clone(all)
	rank := func(state string) int {
		if i := slices.Index(sourceStates, state); i >= 0 {
			return i
		}
		return len(sourceStates)
	}
	slices.SortFunc(all, func(a, b Source) int {
		return cmp.Or(
			cmp.Compare(rank(a.State), rank(b.State)),
			cmp.Compare(b.Failures, a.Failures),
			cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)),
			cmp.Compare(a.URL, b.URL),
		)
	})
	return all, nil
}

// sourcesAPI answers /api/v1/sources.
func (s *server) sourcesAPI(w http.ResponseWriter, r *http.Request) error {
	l, err := s.sourceList(r, true)
	if err != nil {
		return err
	}
	a := sourcesAnswer{Total: l.total, States: l.counts, Sources: []sourceAnswer{}}
	for _, src := range l.sources {
		a.Sources = append(a.Sources, sourceOf(src))
	}
	return writeJSON(w, a)
}
