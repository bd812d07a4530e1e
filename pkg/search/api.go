package search

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// searchAPI answers /api/v1/search.
func (s *server) searchAPI(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, true)
	if err != nil {
		return err
	}
	q.Facets = true
	res, err := s.search(r.Context(), q.Query)
	if err != nil {
		return err
	}
	a := searchAnswer{Total: res.Total, TookMS: res.Took.Milliseconds(), Hits: hitsOf(res.Hits), Next: res.Next}
	a.Facets.Site = orEmpty(res.Facets.Site)
	a.Facets.Language = orEmpty(res.Facets.Language)
	a.Facets.Day = orEmpty(res.Facets.Day)
	return writeJSON(w, a)
}

// search asks the index. A cursor that it does not know is the fault of that
// parameter; whatever else is wrong with a query says so itself.
func (s *server) search(ctx context.Context, q index.Query) (index.Result, error) {
	res, err := s.Index.Search(ctx, q)
	if err == nil {
		return res, nil
	}
	if errors.Is(err, index.ErrBadQuery) && q.Cursor != "" {
		return res, badParameter("cursor", q.Cursor, "the value of next in an answer to the same search")
	}
	return res, fmt.Errorf("search: ask the index: %w", err)
}

// record returns the article that the path names.
func (s *server) record(r *http.Request) (*article.Record, error) {
	id := r.PathValue("id")
	if !article.ValidID(id) {
		return nil, notFound("article", id)
	}
	rec, err := s.Index.Get(r.Context(), id)
	if errors.Is(err, index.ErrNotFound) {
		return nil, notFound("article", id)
	}
	if err != nil {
		return nil, fmt.Errorf("search: get article %s: %w", id, err)
	}
	return &rec, nil
}

// articleAPI answers /api/v1/articles/{id}.
func (s *server) articleAPI(w http.ResponseWriter, r *http.Request) error {
	if err := noValues(r); err != nil {
		return err
	}
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	return writeJSON(w, rec)
}

// versions returns the states of the article that the path names.
func (s *server) versions(r *http.Request) ([]article.Version, error) {
	id := r.PathValue("id")
	if !article.ValidID(id) {
		return nil, notFound("article", id)
	}
	vs, err := s.Index.Versions(r.Context(), id)
	if errors.Is(err, index.ErrNotFound) {
		return nil, notFound("article", id)
	}
	if err != nil {
		return nil, fmt.Errorf("search: get versions of article %s: %w", id, err)
	}
	return vs, nil
}

// versionsAPI answers /api/v1/articles/{id}/versions.
func (s *server) versionsAPI(w http.ResponseWriter, r *http.Request) error {
	if err := noValues(r); err != nil {
		return err
	}
	vs, err := s.versions(r)
	if err != nil {
		return err
	}
	return writeJSON(w, versionsAnswer{ID: r.PathValue("id"), Versions: orEmpty(vs)})
}

// diffAPI answers /api/v1/articles/{id}/diff.
func (s *server) diffAPI(w http.ResponseWriter, r *http.Request) error {
	vs, err := s.versions(r)
	if err != nil {
		return err
	}
	from, to, err := chosenVersions(r, vs, true)
	if err != nil {
		return err
	}
	return writeJSON(w, compare(r.PathValue("id"), from, to))
}

const acceptedVersion = "the number of a version of this article"

// chosenVersions are the versions that from and to name. By default to is the
// last one and from the one before to.
func chosenVersions(r *http.Request, vs []article.Version, strict bool) (from, to article.Version, err error) {
	given, err := values(r, []string{"from", "to"}, strict)
	if err != nil {
		return from, to, err
	}
	if len(vs) < 2 {
		return from, to, &failure{
			status: http.StatusNotFound, title: "Nothing to compare",
			detail: "This article has one version only: its text has not changed since it was first seen.",
		}
	}
	i, err := versionIndex(given, "to", vs, len(vs)-1)
	if err != nil {
		return from, to, err
	}
	j, err := versionIndex(given, "from", vs, max(0, i-1))
	if err != nil {
		return from, to, err
	}
	return vs[j], vs[i], nil
}

// versionIndex finds the version that a parameter names.
func versionIndex(given url.Values, name string, vs []article.Version, fallback int) (int, error) {
	v, err := one(given, name, acceptedVersion)
	if err != nil || v == "" {
		return fallback, err
	}
	n, err := strconv.Atoi(v)
	for i := range vs {
		if err == nil && vs[i].Version == n {
			return i, nil
		}
	}
	return 0, badParameter(name, v, acceptedVersion+" that is kept: "+versionNumbers(vs))
}

// versionNumbers names the versions of an article, as in "1, 52 to 151": of one
// that changed often, some in between are not kept.
func versionNumbers(vs []article.Version) string {
	var out []string
	for i := 0; i < len(vs); {
		end := i
		for end+1 < len(vs) && vs[end+1].Version == vs[end].Version+1 {
			end++
		}
		span := strconv.Itoa(vs[i].Version)
		if end > i {
			span += " to " + strconv.Itoa(vs[end].Version)
		}
		out = append(out, span)
		i = end + 1
	}
	return strings.Join(out, ", ")
}

// traceAPI answers /api/v1/articles/{id}/trace.
func (s *server) traceAPI(_ http.ResponseWriter, _ *http.Request) error {
	return notServed("The trace of an article is not implemented in this version.")
}

// clusterAPI answers /api/v1/clusters/{id}.
func (s *server) clusterAPI(w http.ResponseWriter, r *http.Request) error {
	q, err := s.listQuery(r, true)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if !article.ValidID(id) {
		return notFound("cluster", id)
	}
	q.Cluster, q.IncludeWithdrawn = id, true
	res, err := s.search(r.Context(), q)
	if err != nil {
		return err
	}
	if res.Total == 0 {
		return notFound("cluster", id)
	}
	a := clusterAnswer{ID: id, Total: res.Total, Members: hitsOf(res.Hits), Next: res.Next}
	for i := range res.Hits {
		if a.Original == "" {
			a.Original = res.Hits[i].Record.Original
		}
	}
	if res.Next == "" && q.Cursor == "" {
		a.Reason = originalReason(res.Hits, a.Original)
	}
	return writeJSON(w, a)
}

// listQuery reads size and cursor of a list that is no search. Lists are by
// date, 100 at a time unless told otherwise.
func (s *server) listQuery(r *http.Request, strict bool) (index.Query, error) {
	vs, err := values(r, []string{"size", "cursor"}, strict)
	if err != nil {
		return index.Query{}, err
	}
	q := &query{values: vs}
	q.Sort, q.Size = index.SortDate, 100
	for _, p := range searchParams {
		if p.name == "size" || p.name == "cursor" {
			if err := p.read(q); err != nil {
				return index.Query{}, err
			}
		}
	}
	return q.Query, nil
}

// maxStoryPages bounds how many pages of the index are read to fill a list of
// stories: most articles may belong to none.
const maxStoryPages = 5

// storiesAPI answers /api/v1/stories: those of the newest articles first.
func (s *server) storiesAPI(w http.ResponseWriter, r *http.Request) error {
	q, err := s.listQuery(r, true)
	if err != nil {
		return err
	}
	q.Collapse = index.CollapseStory
	a := storiesAnswer{Stories: []storyAnswer{}}
	for range maxStoryPages {
		res, err := s.search(r.Context(), q)
		if err != nil {
			return err
		}
		a.Next, q.Cursor = res.Next, res.Next
		for i := range res.Hits {
			rec := &res.Hits[i].Record
			if rec.Story == "" {
				continue
			}
			n, err := s.search(r.Context(), index.Query{Story: rec.Story, Size: 1})
			if err != nil {
				return err
			}
			a.Stories = append(a.Stories, storyAnswer{ID: rec.Story, Articles: n.Total, Latest: hitOf(rec, res.Hits[i].Snippet)})
		}
		if len(a.Stories) > 0 || res.Next == "" {
			break
		}
	}
	return writeJSON(w, a)
}

// originalReason says why the original of a cluster is thought to be it, from
// the facts that all members show; "" if they do not say.
func originalReason(members []index.Hit, original string) string {
	var o *article.Record
	attributed := 0
	for i := range members {
		r := &members[i].Record
		switch {
		case r.ID == original:
			o = r
		case len(r.Attributions) > 0:
			attributed++
		}
	}
	others := len(members) - 1
	if o == nil || others < 1 {
		return ""
	}
	if len(o.Attributions) == 0 && attributed == others {
		return "the others name a source, this one does not"
	}
	publishedFirst, fetchedFirst := o.Published != nil, true
	for i := range members {
		r := &members[i].Record
		if r.ID == o.ID {
			continue
		}
		if r.Published != nil && o.Published != nil && !o.Published.Time.Before(r.Published.Time) {
			publishedFirst = false
		}
		fetchedFirst = fetchedFirst && o.FetchedAt.Before(r.FetchedAt)
	}
	switch {
	case publishedFirst:
		return "it was published first"
	case fetchedFirst:
		return "it was found first"
	}
	return ""
}
