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
		return s.noCluster(w, r)
	}
	a := clusterAnswer{ID: id, Total: res.Total, Members: hitsOf(res.Hits), Next: res.Next}
	for i := range res.Hits {
		if rec := &res.Hits[i].Record; a.Original == "" {
			a.Original, a.OriginalBy = rec.Original, rec.OriginalBy
		}
	}
	a.Reason = reasonText(a.OriginalBy)
	return writeJSON(w, a)
}

// noCluster answers for a cluster without articles: with the way to the cluster
// that the article of that id is in, if there is one.
func (s *server) noCluster(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	rec, err := s.Index.Get(r.Context(), id)
	if errors.Is(err, index.ErrNotFound) || (err == nil && (rec.Cluster == "" || rec.Cluster == id)) {
		return notFound("cluster", id)
	}
	if err != nil {
		return fmt.Errorf("search: get article %s: %w", id, err)
	}
	redirect(w, "/api/v1/clusters/"+url.PathEscape(rec.Cluster))
	return nil
}

// reasonText says in words what decided which copy is the original.
func reasonText(by string) string {
	switch by {
	case "canonical":
		return "other copies give it as their canonical address"
	case "attribution":
		return "the others name a source, it does not"
	case "published":
		return "it was published first"
	case "fetched":
		return "it was found first"
	case "id":
		return "nothing tells the copies apart, one had to be taken"
	}
	return ""
}

// storySize is how many articles of a story or cluster a page has unless asked
// for another number.
const storySize = 100

// listQuery reads size and cursor of a list that is no search. Lists are by
// date, 100 at a time unless told otherwise.
func (s *server) listQuery(r *http.Request, strict bool) (index.Query, error) {
	vs, err := values(r, []string{"size", "cursor"}, strict)
	if err != nil {
		return index.Query{}, err
	}
	q := &query{values: vs}
	q.Sort, q.Size = index.SortDate, storySize
	for _, p := range searchParams {
		if p.name == "size" || p.name == "cursor" {
			if err := p.read(q); err != nil {
				return index.Query{}, err
			}
		}
	}
	return q.Query, nil
}
