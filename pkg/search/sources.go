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
var sourceStates = []string{"failing", "blocked", "gone", "dead", "new", "ok", "retired"}

// publisherStates are the states of a publisher, those that need a person first.
var publisherStates = []string{"blocked", "failing", "missing", "teasers", "ok"}

// sourceParams are the parameters of /sources and /api/v1/sources.
var sourceParams = []string{"state", "q"}

// sourceList is what a request for feeds asks for.
type sourceList struct {
	state, text string
	total       int
	counts      map[string]int
	sources     []Source // of the state and with the text, failing ones first

	publishers      []Publisher // with the text, blocked ones first
	publisherCounts map[string]int
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
	publishers, err := s.allPublishers(r.Context())
	if err != nil {
		return nil, err
	}
	l.publisherCounts = map[string]int{}
	for _, p := range publishers {
		l.publisherCounts[p.State]++
		if strings.Contains(p.Site, strings.ToLower(l.text)) {
			l.publishers = append(l.publishers, p)
		}
	}
	return l, nil
}

// allPublishers returns every publisher, those that need a person first.
func (s *server) allPublishers(ctx context.Context) ([]Publisher, error) {
	all, err := s.Sources.Publishers(ctx)
	if err != nil {
		return nil, fmt.Errorf("search: list publishers: %w", err)
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Publisher) int {
		return cmp.Or(
			cmp.Compare(rankOf(publisherStates, a.State), rankOf(publisherStates, b.State)),
			a.Since.Compare(b.Since),
			cmp.Compare(a.Site, b.Site),
		)
	})
	return all, nil
}

// rankOf is the place of a state in a list, its end for one that is not in it.
func rankOf(states []string, state string) int {
	if i := slices.Index(states, state); i >= 0 {
		return i
	}
	return len(states)
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
	slices.SortFunc(all, func(a, b Source) int {
		return cmp.Or(
			cmp.Compare(rankOf(sourceStates, a.State), rankOf(sourceStates, b.State)),
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
	a := sourcesAnswer{
		Total: l.total, States: l.counts, Sources: []sourceAnswer{},
		Publishers: []publisherAnswer{}, PublisherStates: l.publisherCounts,
	}
	for _, src := range l.sources {
		a.Sources = append(a.Sources, sourceOf(src))
	}
	for _, p := range l.publishers {
		a.Publishers = append(a.Publishers, letsIn(p))
	}
	return writeJSON(w, a)
}
