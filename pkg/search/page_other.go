package search

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

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

	Publishers []publisherRow // those that are not well
	Well       int            // publishers that are
	MoreSick   int            // that are not, beyond the page
}

type publisherRow struct {
	Site, SiteURL, State, Words, Why string
	Since, LastOK                    *stamp
}

// maxPublisherRows bounds the table of publishers; the API has them all.
const maxPublisherRows = 200

// publisherWords says a state as the page does.
func publisherWords(state string) string {
	switch state {
	case "teasers":
		return "teasers only"
	case "missing":
		return "pages missing"
	}
	return state
}

type stateView struct {
	Name, URL string
	Count     int
	Active    bool
}

type sourceRow struct {
	Title, URL, Site, SiteURL, State, LastError, Note, Push string
	LastPoll, NextPoll, LastNew                             *stamp
	Failures, Entries                                       int
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
			Failures: src.Failures, Entries: src.Entries, Note: src.Note, Push: src.Push,
		}
		if strings.TrimSpace(row.Title) == "" {
			row.Title = src.URL
		}
		if src.Site != "" {
			row.SiteURL = link("/", url.Values{"site": {src.Site}})
		}
		v.Rows = append(v.Rows, row)
	}
	v.addPublishers(l, now)
	return s.render(w, http.StatusOK, "sources", v)
}

// addPublishers shows the publishers that are not well.
func (v *sourcesView) addPublishers(l *sourceList, now time.Time) {
	for _, p := range l.publishers {
		switch {
		case p.State == "ok":
			v.Well++
		case len(v.Publishers) == maxPublisherRows:
			v.MoreSick++
		default:
			v.Publishers = append(v.Publishers, publisherRow{
				Site: p.Site, SiteURL: link("/", url.Values{"site": {p.Site}}), State: p.State, Words: publisherWords(p.State), Why: p.Why,
				Since: relative(p.Since, now), LastOK: relative(p.LastOK, now),
			})
		}
	}
}
