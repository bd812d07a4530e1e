package search

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

const (
	// maxCopiesNamed bounds the copies of a text that a story names.
	maxCopiesNamed = 12
	// storiesOfDay is how many stories the start page shows.
	storiesOfDay = 5
	// dayOfStories is how far back from the newest article these reach.
	dayOfStories = 24 * time.Hour
)

// storyItem is a story in a list.
type storyItem struct {
	URL, Title, Language string
	Publisher            string // of the lead
	Summary              string
	Articles, Sites      int
	Latest               *stamp
}

// storyItemOf shows a story in a list.
func (s *server) storyItemOf(h *index.StoryHit) storyItem {
	return storyItem{
		URL: "/story/" + url.PathEscape(h.ID), Title: titleOf(h.Lead.Title), Language: h.Lead.Language,
		Publisher: publisherOf(&h.Lead), Summary: lead(&h.Lead), Articles: h.Articles, Sites: h.Sites,
		Latest: relative(h.Last, s.Now()),
	}
}

func (s *server) storyItemsOf(hits []index.StoryHit) []storyItem {
	var out []storyItem
	for i := range hits {
		out = append(out, s.storyItemOf(&hits[i]))
	}
	return out
}

// storyView is the page of a story.
type storyView struct {
	frame
	Lang            string
	Articles, Texts int
	Sites           int
	First, Latest   *stamp
	Sources         []sourceView
	MoreSources     int
	Days            []storyDay
	Related         []storyItem
	Next, Start     string
	JSON            string
}

// sourceView is a site with the number of its articles in a story.
type sourceView struct {
	Site, URL string
	Count     uint64
}

// storyDay is the texts of one day, newest first.
type storyDay struct {
	Day   string
	Texts []textView
}

// textView is a text in a story: the original, or what stands for it, and where
// its copies are.
type textView struct {
	Hit    hitView
	Copies []copyView
	Total  int    // copies
	More   int    // copies that are not named
	All    string // address of all of them
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
	p, err := s.readStory(r.Context(), id, q)
	if err != nil {
		return err
	}
	if p == nil {
		return s.noStory(w, r, "/story/")
	}
	f := &p.facts
	v := storyView{
		frame: s.frame(titleOf(f.Lead.Title), "stories"), Lang: f.Lead.Language, Articles: f.Articles, Texts: f.Clusters, Sites: f.Sites,
		First: stampOf(f.First), Days: daysOf(p.texts), Related: s.storyItemsOf(p.related),
	}
	if f.Last.After(f.First) {
		v.Latest = stampOf(f.Last)
	}
	for _, c := range p.sources {
		site := sourceView{Site: cmp.Or(c.Value, "unknown site"), Count: c.Count}
		if hostName.MatchString(c.Value) {
			site.URL = link("/", url.Values{"story": {id}, "site": {c.Value}})
		}
		v.Sources = append(v.Sources, site)
	}
	v.MoreSources = max(0, f.Sites-len(p.sources))
	path := "/story/" + url.PathEscape(id)
	v.Feed, v.JSON = link("/feed.atom", url.Values{"story": {id}}), "/api/v1/stories/"+url.PathEscape(id)
	if p.next != "" {
		next := url.Values{"cursor": {p.next}}
		if q.Size != storySize {
			next.Set("size", fmt.Sprint(q.Size))
		}
		v.Next = link(path, next)
	}
	if q.Cursor != "" {
		v.Start = path
	}
	return s.render(w, http.StatusOK, "story", v)
}

// daysOf sorts texts into days.
func daysOf(texts []storyText) []storyDay {
	var out []storyDay
	for i := range texts {
		t := &texts[i]
		day := dayName(index.DayOf(&t.head))
		if n := len(out); n == 0 || out[n-1].Day != day {
			out = append(out, storyDay{Day: day})
		}
		view := textView{
			Hit: hitViewOf(&index.Hit{Record: t.head}), Total: len(t.copies) + t.more,
			More: t.more + max(0, len(t.copies)-maxCopiesNamed), All: link("/", url.Values{"cluster": {t.cluster}, "withdrawn": {"true"}}),
		}
		view.Hit.StoryURL, view.Hit.CopiesURL = "", ""
		if d := view.Hit.Date; d != nil && d.Clock != "" {
			d.Text = d.Clock + " UTC" // the day stands above
		}
		for j := range t.copies[:min(len(t.copies), maxCopiesNamed)] {
			c := copyViewOf(&t.copies[j])
			if c.Date != nil && index.DayOf(&t.copies[j]) != index.DayOf(&t.head) {
				c.Date.Clock = "" // of another day
			}
			view.Copies = append(view.Copies, c)
		}
		last := &out[len(out)-1]
		last.Texts = append(last.Texts, view)
	}
	return out
}

// copyViewOf names an article in a list of copies.
func copyViewOf(r *article.Record) copyView {
	c := copyView{
		Page: "/article/" + url.PathEscape(r.ID), Title: titleOf(r.Title), Publisher: publisherOf(r),
		Language: r.Language, Original: r.ID == r.Original, Withdrawn: r.Withdrawn,
	}
	c.Date, _ = recordDate(r)
	return c
}

// dayName writes a date out.
func dayName(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("Monday, 2 January 2006")
}

// storiesView is the page of stories.
type storiesView struct {
	frame
	Text, Sort  string
	Hidden      []hidden // filters that the form has no field for
	Active      []chip
	Max         int
	Total       uint64
	Took        string
	Stories     []storyItem
	Next, Start string
	JSON        string
	All         string // address of all stories
}

// storiesPage answers /stories. Unless told otherwise it leaves out what only
// one article tells.
func (s *server) storiesPage(w http.ResponseWriter, r *http.Request) error {
	q, err := parseStories(r, false)
	if err != nil {
		return err
	}
	if q.min == 0 {
		q.min = 2
	}
	res, err := s.stories(r.Context(), q)
	if err != nil {
		return err
	}
	v := storiesView{
		frame: s.frame("Stories", "stories"), Text: q.Text, Sort: string(q.sort), Max: index.MaxText,
		Total: res.Total, Took: took(res.Took), Stories: s.storyItemsOf(res.Stories),
		All: "/stories", Active: chipsOf("/stories", &q.query),
	}
	for _, name := range []string{"lang", "site", "from", "to", "size", "min"} {
		for _, value := range q.values[name] {
			v.Hidden = append(v.Hidden, hidden{name, value})
		}
	}
	v.JSON = link("/api/v1/stories", q.with("min", fmt.Sprint(q.min)))
	if res.Next != "" {
		next := q.with("", "")
		next.Set("cursor", res.Next)
		v.Next = link("/stories", next)
	}
	if q.Cursor != "" {
		v.Start = link("/stories", q.with("", ""))
	}
	return s.render(w, http.StatusOK, "stories", v)
}

// today returns the stories of the day, the largest first: those that several
// articles told within a day of the newest article.
func (s *server) today(ctx context.Context, newest []index.Hit) ([]storyItem, error) {
	if len(newest) == 0 {
		return nil, nil
	}
	latest := index.DateOf(&newest[0].Record)
	if now := s.Now(); latest.After(now) {
		latest = now // clocks and zones are often wrong
	}
	res, err := s.Index.Stories(ctx, index.StoriesQuery{
		From: latest.Add(-dayOfStories), Sort: index.StoriesBySize, Size: storiesOfDay, MinArticles: 2,
	})
	if err != nil {
		return nil, fmt.Errorf("search: get stories of the day: %w", err)
	}
	return s.storyItemsOf(res.Stories), nil
}

// countStories fills in how many articles the stories of hits have, and takes
// the way to a story away where there is nothing else in it.
func (s *server) countStories(ctx context.Context, hits []index.Hit, views []hitView) error {
	var ids []string
	for i := range hits {
		if id := hits[i].Record.Story; id != "" {
			ids = append(ids, id)
		}
	}
	found, err := s.storiesByID(ctx, byVotes(ids))
	if err != nil {
		return err
	}
	articles := map[string]int{}
	for _, f := range found {
		articles[f.ID] = f.Articles
	}
	for i := range hits {
		views[i].InStory = articles[hits[i].Record.Story]
		if views[i].InStory < 2 {
			views[i].StoryURL = ""
		}
	}
	return nil
}
