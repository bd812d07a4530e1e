package search

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/index"
)

// storyView is the page of a story.
type storyView struct {
	frame
	Total       uint64
	Days        []storyDay
	Next, Start string
	Lang        string
}

// storyDay is the articles of one day, newest first.
type storyDay struct {
	Day  string
	Hits []hitView
}

// storyPage answers /story/{id}.
func (s *server) storyPage(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !storyID.MatchString(id) {
		return notFound("story", id)
	}
	q, err := s.listQuery(r, false)
	if err != nil {
		return err
	}
	q.Story = id
	res, err := s.search(r.Context(), q)
	if err != nil {
		return err
	}
	if res.Total == 0 || len(res.Hits) == 0 {
		return notFound("story", id)
	}
	top := &res.Hits[0].Record
	v := storyView{frame: s.frame(titleOf(top.Title), ""), Total: res.Total, Lang: top.Language}
	for i := range res.Hits {
		rec := &res.Hits[i].Record
		day := dayName(index.DayOf(rec))
		if n := len(v.Days); n == 0 || v.Days[n-1].Day != day {
			v.Days = append(v.Days, storyDay{Day: day})
		}
		last := &v.Days[len(v.Days)-1]
		hit := hitViewOf(&res.Hits[i])
		hit.StoryURL = ""
		last.Hits = append(last.Hits, hit)
	}
	path := "/story/" + url.PathEscape(id)
	v.Feed = link("/feed.atom", url.Values{"story": {id}})
	if res.Next != "" {
		v.Next = link(path, url.Values{"cursor": {res.Next}})
	}
	if q.Cursor != "" {
		v.Start = path
	}
	return s.render(w, http.StatusOK, "story", v)
}

// dayName writes a date out.
func dayName(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("Monday, 2 January 2006")
}

// diffView is the comparison of two versions.
type diffView struct {
	frame
	Article  string // address of the article
	Lang     string
	C        comparison
	From, To *stamp
	Changed  bool
	Moved    int // blocks that stand elsewhere
	Versions []versionOption
	Runs     []diffRun
}

type versionOption struct {
	Version  int
	Label    string
	From, To bool
}

// diffRun is a changed block, or a run of blocks that stayed; of a long run
// only the ends are shown open.
type diffRun struct {
	Block  blockDiff
	Hidden []blockDiff
}

// diffPage answers /article/{id}/diff.
func (s *server) diffPage(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	vs, err := s.versions(r)
	if err != nil {
		return err
	}
	from, to, err := chosenVersions(r, vs, false)
	if err != nil {
		return err
	}
	c := compare(rec.ID, from, to)
	v := diffView{
		frame: s.frame("Changes: "+titleOf(to.Title), ""), Article: "/article/" + url.PathEscape(rec.ID), Lang: rec.Language,
		C: c, From: stampOf(from.FetchedAt), To: stampOf(to.FetchedAt), Changed: c.changed(), Runs: foldEqual(c.Blocks),
	}
	for _, b := range c.Blocks {
		if b.Moved && b.Op == opInsert {
			v.Moved++
		}
	}
	for _, x := range vs {
		o := versionOption{Version: x.Version, From: x.Version == from.Version, To: x.Version == to.Version}
		o.Label = fmt.Sprintf("Version %d", x.Version)
		if st := stampOf(x.FetchedAt); st != nil {
			o.Label += ", " + strings.TrimSuffix(st.Text, " UTC")
		}
		v.Versions = append(v.Versions, o)
	}
	return s.render(w, http.StatusOK, "diff", v)
}

// foldEqual hides the middle of long runs of blocks that stayed: one block of
// context is left on either side.
func foldEqual(blocks []blockDiff) []diffRun {
	var out []diffRun
	for i := 0; i < len(blocks); {
		end := i
		for end < len(blocks) && blocks[end].Op == opEqual {
			end++
		}
		if end == i {
			out = append(out, diffRun{Block: blocks[i]})
			i++
			continue
		}
		lo, hi := i, end // what is hidden
		if i > 0 {
			lo++
		}
		if end < len(blocks) {
			hi--
		}
		if hi-lo < 3 {
			lo, hi = end, end
		}
		for _, b := range blocks[i:lo] {
			out = append(out, diffRun{Block: b})
		}
		if lo < hi {
			out = append(out, diffRun{Hidden: blocks[lo:hi]})
		}
		for _, b := range blocks[hi:end] {
			out = append(out, diffRun{Block: b})
		}
		i = end
	}
	return out
}

// maxSourceRows bounds the table of feeds; the API has them all.
const maxSourceRows = 1000

// sourcesView is the page of feeds.
type sourcesView struct {
	frame
	Total   int
	Found   int // feeds that the filter leaves
	State   string
	Text    string
	States  []stateView
	Rows    []sourceRow
	Cut     bool // more than the page shows
	AllURL  string
	Unknown bool // this process knows no feeds
}

type stateView struct {
	Name, URL string
	Count     int
	Active    bool
}

type sourceRow struct {
	Title, URL, Site, SiteURL, State, LastError string
	LastPoll, NextPoll, LastNew                 *stamp
	Failures, Entries                           int
}

// sourcesPage answers /sources.
func (s *server) sourcesPage(w http.ResponseWriter, r *http.Request) error {
	v := sourcesView{frame: s.frame("Sources", "sources"), AllURL: "/sources"}
	if s.Sources == nil {
		v.Unknown = true
		return s.render(w, http.StatusOK, "sources", v)
	}
	l, err := s.sourceList(r, false)
	if err != nil {
		return err
	}
	v.Total, v.Found, v.State, v.Text = l.total, len(l.sources), l.state, l.text
	address := func(state string) string {
		vs := url.Values{}
		if state != "" {
			vs.Set("state", state)
		}
		if l.text != "" {
			vs.Set("q", l.text)
		}
		return link("/sources", vs)
	}
	v.States = append(v.States, stateView{"all", address(""), l.total, l.state == ""})
	for _, state := range sourceStates {
		if n := l.counts[state]; n > 0 || state == l.state {
			v.States = append(v.States, stateView{state, address(state), n, l.state == state})
		}
	}
	now := s.Now()
	for i, src := range l.sources {
		if i == maxSourceRows {
			v.Cut = true
			break
		}
		row := sourceRow{
			Title: src.Title, URL: httpURL(src.URL), Site: src.Site, State: src.State, LastError: src.LastError,
			LastPoll: relative(src.LastPoll, now), NextPoll: relative(src.NextPoll, now), LastNew: relative(src.LastNew, now),
			Failures: src.Failures, Entries: src.Entries,
		}
		if strings.TrimSpace(row.Title) == "" {
			row.Title = src.URL
		}
		if src.Site != "" {
			row.SiteURL = link("/", url.Values{"site": {src.Site}})
		}
		v.Rows = append(v.Rows, row)
	}
	return s.render(w, http.StatusOK, "sources", v)
}
