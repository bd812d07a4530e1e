package search

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// maxListValues bounds the values of a parameter that may have several; the
// index bounds the rest.
const maxListValues = 20

// query is a search as it was asked: what goes to the index, and the
// parameters that said so, from which links and forms are made.
type query struct {
	index.Query
	values url.Values // known parameters with a value, nothing else
}

// param is a parameter of a search.
type param struct {
	name     string
	accepted string // what it may be, for the one who got it wrong
	list     bool   // may be given several times, or with commas
	set      func(q *index.Query, value string) bool
}

const (
	acceptedTime = "a date (2006-01-02) or an RFC 3339 time (2006-01-02T15:04:05Z)"
	acceptedTo   = acceptedTime + ", not before from; a date includes that day, a time is exclusive"
)

// searchParams is the table of what a search can be asked for, by the API, the
// search page and the feeds alike.
var searchParams = []param{
	{
		name:     "q",
		accepted: fmt.Sprintf("words, \"phrases\" and -exclusions, at most %d characters and %d words of valid UTF-8", index.MaxText, index.MaxTerms),
		set:      setText,
	},
	{
		name: "lang", accepted: fmt.Sprintf("language codes such as en or pt-br, at most %d", maxListValues), list: true,
		set: func(q *index.Query, v string) bool {
			v = strings.ToLower(v)
			q.Lang = append(q.Lang, v)
			return languageCode.MatchString(v) && len(q.Lang) <= maxListValues
		},
	},
	{
		name: "site", accepted: fmt.Sprintf("host names such as example.com, at most %d", maxListValues), list: true,
		set: func(q *index.Query, v string) bool {
			v = strings.ToLower(v)
			q.Site = append(q.Site, v)
			return hostName.MatchString(v) && len(q.Site) <= maxListValues
		},
	},
	{name: "from", accepted: acceptedTime, set: func(q *index.Query, v string) bool { return setTime(&q.From, v, false) }},
	{
		name: "to", accepted: acceptedTo,
		set: func(q *index.Query, v string) bool { return setTime(&q.To, v, true) },
	},
	{name: "changed_since", accepted: acceptedTime, set: func(q *index.Query, v string) bool { return setTime(&q.ChangedSince, v, false) }},
	{
		name: "cluster", accepted: "the id of a cluster, 26 characters of a-z and 2-7",
		set: func(q *index.Query, v string) bool { q.Cluster = v; return article.ValidID(v) },
	},
	{
		name: "story", accepted: "the id of a story, as answers show it",
		set: func(q *index.Query, v string) bool { q.Story = v; return storyID.MatchString(v) },
	},
	{
		name: "collapse", accepted: "cluster or story",
		set: func(q *index.Query, v string) bool {
			q.Collapse = index.Collapse(v)
			return q.Collapse == index.CollapseCluster || q.Collapse == index.CollapseStory
		},
	},
	{
		name: "withdrawn", accepted: "true or false",
		set: func(q *index.Query, v string) bool {
			q.IncludeWithdrawn = v == "true"
			return v == "true" || v == "false"
		},
	},
	{
		name: "sort", accepted: "relevance or date",
		set: func(q *index.Query, v string) bool {
			q.Sort = index.Sort(v)
			return q.Sort == index.SortRelevance || q.Sort == index.SortDate
		},
	},
	{
		name: "size", accepted: fmt.Sprintf("a number from 1 to %d", index.MaxSize),
		set: func(q *index.Query, v string) bool {
			n, err := strconv.Atoi(v)
			q.Size = n
			return err == nil && n >= 1 && n <= index.MaxSize
		},
	},
	{
		name: "cursor", accepted: "the value of next in an answer to the same search",
		set: func(q *index.Query, v string) bool { q.Cursor = v; return len(v) <= index.MaxCursor && printable(v) },
	},
}

var (
	languageCode = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}$`)
	hostName     = regexp.MustCompile(`^[\p{L}\p{N}._:\[\]-]{1,253}$`)
	storyID      = regexp.MustCompile(`^[A-Za-z0-9._:~-]{1,64}$`)
)

// setText takes what the user typed. What it means is the index's business;
// here only its size is bounded.
func setText(q *index.Query, v string) bool {
	q.Text = v
	_, err := index.ParseText(v)
	return err == nil && printable(v)
}

// setTime reads a date or a time. A date that ends a span includes its day.
func setTime(t *time.Time, v string, end bool) bool {
	if d, err := time.Parse(time.DateOnly, v); err == nil {
		if end {
			d = d.AddDate(0, 0, 1)
		}
		*t = d
		return true
	}
	// A plus sign that was not escaped arrives as a space.
	d, err := time.Parse(time.RFC3339, strings.ReplaceAll(v, " ", "+"))
	*t = d
	return err == nil && d.Year() >= 1
}

// printable reports whether v is valid UTF-8 without control characters other
// than white space.
func printable(v string) bool {
	return utf8.ValidString(v) && !strings.ContainsFunc(v, func(r rune) bool {
		return unicode.IsControl(r) && !unicode.IsSpace(r)
	})
}

// values reads the parameters of a request. Names in known may occur once, with
// those whose value is empty left out, as a form sends them. With strict, a
// name that is not known is an error; without, as on pages that people link to
// with parameters of their own, it is ignored.
func values(r *http.Request, known []string, strict bool) (url.Values, error) {
	all, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &failure{
			status: http.StatusBadRequest, title: "Bad query string",
			detail: "The query string is not URL-encoded: " + err.Error() + ".",
		}
	}
	out := url.Values{}
	for _, name := range sortedKeys(all) {
		if !slices.Contains(known, name) {
			if strict {
				return nil, unknownParameter(name, all.Get(name), known)
			}
			continue
		}
		for _, v := range all[name] {
			if v = strings.TrimSpace(v); v != "" {
				out.Add(name, v)
			}
		}
	}
	return out, nil
}

// unknownParameter is the failure for a name that the route does not have.
func unknownParameter(name, value string, known []string) *failure {
	accepted := "no parameters"
	if len(known) > 0 {
		accepted = strings.Join(known, ", ")
	}
	f := badParameter(name, value, accepted)
	f.title = "Unknown parameter"
	f.detail = fmt.Sprintf("There is no parameter %q here. Accepted: %s.", name, accepted)
	return f
}

// noValues is for routes without parameters.
func noValues(r *http.Request) error {
	_, err := values(r, nil, true)
	return err
}

// one returns the only value of a parameter that is no list, or "".
func one(vs url.Values, name, accepted string) (string, error) {
	switch v := vs[name]; len(v) {
	case 0:
		return "", nil
	case 1:
		return v[0], nil
	default:
		return "", badParameter(name, strings.Join(v, ", "), accepted+", once")
	}
}

// parseQuery reads a search from a request.
func parseQuery(r *http.Request, strict bool) (*query, error) {
	names := make([]string, len(searchParams))
	for i, p := range searchParams {
		names[i] = p.name
	}
	vs, err := values(r, names, strict)
	if err != nil {
		return nil, err
	}
	q := &query{values: vs}
	for _, p := range searchParams {
		if err := p.read(q); err != nil {
			return nil, err
		}
	}
	return q, q.checkSpan()
}

// checkSpan refuses a span of time that ends before it begins.
func (q *query) checkSpan() error {
	if !q.From.IsZero() && !q.To.IsZero() && !q.To.After(q.From) {
		return badParameter("to", q.values.Get("to"), acceptedTo)
	}
	return nil
}

// read sets what p says in q.
func (p param) read(q *query) error {
	if !p.list {
		v, err := one(q.values, p.name, p.accepted)
		if err != nil {
			return err
		}
		if v != "" && !p.set(&q.Query, v) {
			return badParameter(p.name, v, p.accepted)
		}
		return nil
	}
	for _, given := range q.values[p.name] {
		for v := range strings.SplitSeq(given, ",") {
			if v = strings.TrimSpace(v); v != "" && !p.set(&q.Query, v) {
				return badParameter(p.name, v, p.accepted)
			}
		}
	}
	return nil
}

// with returns the parameters of q with name set to value, or without it if
// value is "", from the first page on.
func (q *query) with(name, value string) url.Values {
	out := url.Values{}
	for k, v := range q.values {
		if k != name && k != "cursor" {
			out[k] = v
		}
	}
	if value != "" {
		out.Set(name, value)
	}
	return out
}

// link is the address of path with parameters.
func link(path string, vs url.Values) string {
	if len(vs) == 0 {
		return path
	}
	return path + "?" + vs.Encode()
}

// sortedKeys makes the first complaint the same one each time.
func sortedKeys(vs url.Values) []string {
	keys := make([]string, 0, len(vs))
	for k := range vs {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
