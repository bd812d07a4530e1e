package index

import (
	"fmt"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// StoriesQuery asks for the stories of the articles that match. Articles that
// were withdrawn, or have no story, do not count. The zero StoriesQuery asks for
// all stories, the largest first.
type StoriesQuery struct {
	Text       string   // as in [Query]
	Lang, Site []string // as in [Query]
	From, To   time.Time
	IDs        []string    // only these stories; at most MaxValues
	Sort       StoriesSort // the zero value: by size
	Size       int         // stories; 0 means DefaultSize, at most MaxSize
	Cursor     string
	// MinArticles leaves out stories of fewer matches.
	MinArticles int
}

// StoriesSort is the order of stories.
type StoriesSort string

// The orders of stories.
const (
	StoriesBySize StoriesSort = "size" // most matches first, then by date
	StoriesByDate StoriesSort = "date" // that of the latest match first
)

// StoriesResult answers a StoriesQuery.
type StoriesResult struct {
	Total   uint64 // stories
	Took    time.Duration
	Stories []StoryHit
	Next    string // cursor of the next page; "" at the end
}

// StoryHit is a story. The numbers are of its matching articles.
type StoryHit struct {
	ID                        string
	Articles, Clusters, Sites int
	First, Last               time.Time // by DateOf
	// Lead is the article that stands for the story, without Removed: of the
	// largest cluster of copies the original if it matches, else the earliest.
	Lead article.Record
}

// Checked returns the query with its defaults filled in, and the query for
// articles that it is made of. Errors wrap [ErrBadQuery].
func (q StoriesQuery) Checked() (StoriesQuery, Query, error) {
	if q.Sort == "" {
		q.Sort = StoriesBySize
	}
	if q.Sort != StoriesBySize && q.Sort != StoriesByDate {
		return q, Query{}, fmt.Errorf("%w: sort %q is neither %q nor %q", ErrBadQuery, q.Sort, StoriesBySize, StoriesByDate)
	}
	if q.MinArticles < 0 {
		return q, Query{}, fmt.Errorf("%w: a story cannot have %d articles", ErrBadQuery, q.MinArticles)
	}
	if len(q.IDs) > MaxValues {
		return q, Query{}, fmt.Errorf("%w: more than %d stories", ErrBadQuery, MaxValues)
	}
	articles, err := Query{
		Text: q.Text, Lang: q.Lang, Site: q.Site, From: q.From, To: q.To, Sort: SortDate, Size: q.Size, Cursor: q.Cursor,
	}.Checked()
	q.Size = articles.Size
	// What tells cursors of different queries apart.
	articles.Sort = Sort(fmt.Sprintf("stories by %s, %d, %q", q.Sort, q.MinArticles, q.IDs))
	return q, articles, err
}
