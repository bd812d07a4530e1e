package search

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// searchView is the search page.
type searchView struct {
	frame
	Form     formView
	Active   []chip
	Hits     []hitView
	Total    uint64
	Took     string
	Order    string // how the hits are sorted, in words
	ByDate   bool
	Facets   []facetView
	Next     string // address of the next page, or ""
	Start    string // address of the first page where this is not it, or ""
	JSONFeed string
	JSON     string // the same search, for programs
	NoFilter string // the same words without filters
	EmptyIdx bool   // nothing is indexed at all
	Today    []storyItem
}

// formView is the search box with its filters.
type formView struct {
	Text, Lang, Site, From, To, Sort string
	Collapse                         string
	Languages                        []option
	Sites                            []string
	Hidden                           []hidden // filters that the form has no field for
	Filters                          int      // how many filters are set
	Max                              int      // characters of Text
}

type option struct {
	Value, Label string
	Selected     bool
}

type hidden struct{ Name, Value string }

// chip is an active filter; URL is the search without it.
type chip struct{ Label, Value, URL string }

// hitView is an article in a list.
type hitView struct {
	Page, Publisher, SiteURL, Language string
	Title, Snippet                     []markedText
	Date                               *stamp
	Found                              bool // Date is when it was found, not published
	Copies                             int
	CopiesURL, StoryURL                string
	InStory                            int // articles in the story
	IsOriginal, Withdrawn              bool
	Access                             article.Access
	Version                            int
}

// markedText is a run of text, matched or not.
type markedText struct {
	Text string
	Mark bool
}

// facetView is one facet: its values as links that filter by them.
type facetView struct {
	Name   string
	Values []facetValue
	More   []facetValue // those beyond the first few
}

type facetValue struct {
	Label, URL string
	Count      uint64
	Percent    int // of the largest count, for the bar
	Active     bool
}

// searchPage answers /.
func (s *server) searchPage(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, false)
	if err != nil {
		return err
	}
	q.Facets = true
	res, err := s.search(r.Context(), q.Query)
	if err != nil {
		return err
	}
	v := searchView{
		frame: s.frame("", "search"), Total: res.Total, Took: took(res.Took),
		Form: formOf(q, res.Facets), Active: chipsOf("/", q), Facets: facetsOf(q, res.Facets),
	}
	v.Home, v.Query = true, q.Text
	v.Feed, v.JSONFeed = link("/feed.atom", q.with("", "")), link("/feed.json", q.with("", ""))
	v.JSON = link("/api/v1/search", q.values)
	v.ByDate = q.Sort == index.SortDate || (q.Sort == "" && q.Text == "")
	v.Order = "best match first"
	if v.ByDate {
		v.Order = "newest first"
	}
	if q.Text != "" {
		v.Title = q.Text
		v.NoFilter = link("/", url.Values{"q": {q.Text}})
	}
	for i := range res.Hits {
		v.Hits = append(v.Hits, hitViewOf(&res.Hits[i]))
	}
	if err := s.countStories(r.Context(), res.Hits, v.Hits); err != nil {
		return err
	}
	if len(q.values) == 0 {
		if v.Today, err = s.today(r.Context(), res.Hits); err != nil {
			return err
		}
	}
	if res.Next != "" {
		next := q.with("", "")
		next.Set("cursor", res.Next)
		v.Next = link("/", next)
	}
	if q.Cursor != "" {
		v.Start = link("/", q.with("", ""))
	}
	if res.Total == 0 {
		st, err := s.Index.Stats(r.Context())
		v.EmptyIdx = err == nil && st.Documents == 0
	}
	return s.render(w, http.StatusOK, "search", v)
}

func took(d time.Duration) string {
	if d < time.Millisecond {
		return "under 1 ms"
	}
	return number(d.Milliseconds()) + " ms"
}

// formOf fills the form with the search that was asked.
func formOf(q *query, f index.Facets) formView {
	v := formView{
		Text: q.Text, Lang: strings.Join(q.Lang, ","), Site: strings.Join(q.Site, ","),
		From: dateOnly(q.From), Collapse: string(q.Collapse), Sort: string(q.Sort), Max: index.MaxText,
	}
	if !q.To.IsZero() {
		v.To = dateOnly(q.To.Add(-time.Nanosecond))
	}
	v.Languages = append(v.Languages, option{Label: "Any language"})
	codes := []string{}
	for _, c := range f.Language {
		codes = append(codes, c.Value)
	}
	if v.Lang != "" && !slices.Contains(codes, v.Lang) {
		codes = append(codes, v.Lang)
	}
	for _, code := range codes {
		if code != "" {
			v.Languages = append(v.Languages, option{code, languageNames(code), code == v.Lang})
		}
	}
	for _, c := range f.Site {
		v.Sites = append(v.Sites, c.Value)
	}
	for _, name := range []string{"changed_since", "withdrawn", "cluster", "story", "size"} {
		if value := q.values.Get(name); value != "" {
			v.Hidden = append(v.Hidden, hidden{name, value})
		}
	}
	for _, name := range []string{"lang", "site", "from", "to", "sort", "collapse"} {
		if q.values.Get(name) != "" {
			v.Filters++
		}
	}
	return v
}

func dateOnly(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// languageNames names a list of codes.
func languageNames(codes string) string {
	var names []string
	for code := range strings.SplitSeq(codes, ",") {
		names = append(names, languageName(code))
	}
	return strings.Join(names, ", ")
}

// chipsOf lists the filters of a search at path that are set, each with the way
// to remove it.
func chipsOf(path string, q *query) []chip {
	day := func(v string) string {
		if t, err := time.Parse(time.DateOnly, v); err == nil {
			return t.Format("2 Jan 2006")
		}
		return v
	}
	show := []struct {
		name, label string
		value       func(string) string
	}{
		{"lang", "Language", languageNames},
		{"site", "Site", func(v string) string { return v }},
		{"from", "From", day},
		{"to", "To", day},
		{"changed_since", "Changed since", day},
		{"withdrawn", "Withdrawn articles", func(v string) string {
			if v == "true" {
				return "too"
			}
			return "left out"
		}},
		{"cluster", "Copies of one text", func(string) string { return "" }},
		{"story", "One story", func(string) string { return "" }},
		{"min", "Articles, at least", func(v string) string { return v }},
		{"collapse", "One article for each", func(v string) string {
			if v == string(index.CollapseCluster) {
				return "text"
			}
			return v
		}},
	}
	var out []chip
	for _, c := range show {
		if given := q.values[c.name]; len(given) > 0 {
			out = append(out, chip{c.label, c.value(strings.Join(given, ",")), link(path, q.with(c.name, ""))})
		}
	}
	return out
}

// facetsOf makes the facets links. Values that pages made up and no search can
// ask for are left out.
func facetsOf(q *query, f index.Facets) []facetView {
	same := func(v string) string { return v }
	anyValue := func(string) bool { return true }
	day := func(v string) string {
		if t, err := time.Parse(time.DateOnly, v); err == nil {
			return t.Format("Mon 2 Jan 2006")
		}
		return v
	}
	var out []facetView
	add := func(name string, counts []index.Count, shown int, fits func(string) bool, label func(string) string, active func(string) bool, to func(string) url.Values) {
		view := facetView{Name: name}
		var most uint64 = 1
		for _, c := range counts {
			most = max(most, c.Count)
		}
		for _, c := range counts {
			if c.Value == "" || !fits(c.Value) {
				continue
			}
			view.Values = append(view.Values, facetValue{
				Label: label(c.Value), URL: link("/", to(c.Value)), Count: c.Count,
				Percent: int(100 * c.Count / most), Active: active(c.Value),
			})
		}
		if len(view.Values) == 0 {
			return
		}
		if len(view.Values) > shown {
			view.Values, view.More = view.Values[:shown], view.Values[shown:]
		}
		out = append(out, view)
	}
	toggle := func(name string, active []string) (func(string) bool, func(string) url.Values) {
		is := func(v string) bool { return slices.Contains(active, strings.ToLower(v)) }
		return is, func(v string) url.Values {
			if is(v) {
				return q.with(name, "")
			}
			return q.with(name, v)
		}
	}
	isLang, toLang := toggle("lang", q.Lang)
	isSite, toSite := toggle("site", q.Site)
	add("Language", f.Language, 8, func(v string) bool { return langTag(v) != "" }, languageName, isLang, toLang)
	add("Site", f.Site, 8, hostName.MatchString, same, isSite, toSite)
	isDay := func(v string) bool { return q.values.Get("from") == v && q.values.Get("to") == v }
	add("Day", f.Day, 10, anyValue, day, isDay, func(v string) url.Values {
		out := q.with("from", v)
		out.Set("to", v)
		if isDay(v) {
			out.Del("from")
			out.Del("to")
		}
		return out
	})
	return out
}

// hitViewOf shows an article in a list.
func hitViewOf(h *index.Hit) hitView {
	r := &h.Record
	v := hitView{
		Page: "/article/" + url.PathEscape(r.ID), Publisher: publisherOf(r), Language: r.Language,
		Title: marked(titleOf(r.Title), h.TitleMarks), Snippet: marked(h.Snippet, h.Marks),
		Copies: r.Copies, IsOriginal: r.Original != "" && r.Original == r.ID && r.Copies > 1,
		Withdrawn: r.Withdrawn, Access: r.Access, Version: r.Version,
	}
	if strings.TrimSpace(r.Title) == "" {
		v.Title = marked(titleOf(""), nil)
	}
	if len(v.Snippet) == 0 {
		v.Snippet = marked(lead(r), nil)
	}
	if r.Site != "" {
		v.SiteURL = link("/", url.Values{"site": {r.Site}})
	}
	if r.Cluster != "" {
		v.CopiesURL = link("/", url.Values{"cluster": {r.Cluster}})
	}
	if r.Story != "" {
		v.StoryURL = "/story/" + url.PathEscape(r.Story)
	}
	v.Date, v.Found = recordDate(r)
	return v
}

// marked cuts text at its marks. Marks that do not fit the text are ignored
// rather than trusted.
func marked(text string, marks []index.Span) []markedText {
	var out []markedText
	at := 0
	for _, m := range marks {
		if m.Start < at || m.End <= m.Start || m.End > len(text) ||
			!utf8.RuneStart(text[m.Start]) || (m.End < len(text) && !utf8.RuneStart(text[m.End])) {
			continue
		}
		if m.Start > at {
			out = append(out, markedText{Text: text[at:m.Start]})
		}
		out = append(out, markedText{Text: text[m.Start:m.End], Mark: true})
		at = m.End
	}
	if at < len(text) {
		out = append(out, markedText{Text: text[at:]})
	}
	return out
}
