package search

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// storiesAnswer answers /api/v1/stories.
type storiesAnswer struct {
	Total   uint64        `json:"total"`
	TookMS  int64         `json:"took_ms"`
	Stories []storyAnswer `json:"stories"`
	Next    string        `json:"next"`
}

// storyAnswer is a story in a list. The lead stands for it.
type storyAnswer struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"` // of the lead
	Language string    `json:"language"`
	Articles int       `json:"articles"`
	Clusters int       `json:"clusters"`
	Sites    int       `json:"sites"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Lead     refAnswer `json:"lead"`
}

// refAnswer names an article.
type refAnswer struct {
	ID        string     `json:"id"`
	URL       string     `json:"url"`
	Title     string     `json:"title"`
	Site      string     `json:"site"`
	Published *time.Time `json:"published"` // null where none is known
}

// oneStoryAnswer answers /api/v1/stories/{id}.
type oneStoryAnswer struct {
	storyAnswer
	Members []hitAnswer   `json:"members"` // newest first
	Texts   []textAnswer  `json:"texts"`   // what the members say, the newest text first
	Sources []index.Count `json:"sources"` // sites, the most frequent first
	Related []storyAnswer `json:"related"`
	Next    string        `json:"next"`
}

// textAnswer is the articles of a story with one text.
type textAnswer struct {
	Cluster    string      `json:"cluster"`
	Original   refAnswer   `json:"original"`
	OriginalBy string      `json:"original_by"`
	Copies     []refAnswer `json:"copies"` // the earliest first, without the original
	More       int         `json:"more"`   // copies that are not in this answer
}

func storyOf(h *index.StoryHit) storyAnswer {
	return storyAnswer{
		ID: h.ID, Title: h.Lead.Title, Language: h.Lead.Language, Articles: h.Articles, Clusters: h.Clusters, Sites: h.Sites,
		First: h.First, Last: h.Last, Lead: refOf(&h.Lead),
	}
}

func storiesOf(hits []index.StoryHit) []storyAnswer {
	out := make([]storyAnswer, len(hits))
	for i := range hits {
		out[i] = storyOf(&hits[i])
	}
	return out
}

func refOf(r *article.Record) refAnswer {
	ref := refAnswer{ID: r.ID, URL: r.URL, Title: r.Title, Site: r.Site}
	if r.Published != nil {
		ref.Published = known(r.Published.Time)
	}
	return ref
}

func refsOf(records []article.Record) []refAnswer {
	out := make([]refAnswer, len(records))
	for i := range records {
		out[i] = refOf(&records[i])
	}
	return out
}

// storiesQuery is a search for stories as it was asked.
type storiesQuery struct {
	query // what a search for articles can be asked too
	sort  index.StoriesSort
	min   int
}

// storiesParams are the parameters of a search for stories; those that are none
// of its own mean what they mean in searchParams.
var storiesParams = []string{"q", "lang", "site", "from", "to", "sort", "size", "cursor", "min"}

// maxMin bounds the least number of articles that can be asked for.
const maxMin = 1000

// parseStories reads a search for stories from a request.
func parseStories(r *http.Request, strict bool) (*storiesQuery, error) {
	vs, err := values(r, storiesParams, strict)
	if err != nil {
		return nil, err
	}
	q := &storiesQuery{query: query{values: vs}, sort: index.StoriesBySize}
	for _, p := range searchParams {
		if p.name == "sort" || !slices.Contains(storiesParams, p.name) {
			continue
		}
		if err := p.read(&q.query); err != nil {
			return nil, err
		}
	}
	if err := q.checkSpan(); err != nil {
		return nil, err
	}
	const acceptedSort = "size or date"
	order, err := one(vs, "sort", acceptedSort)
	if err != nil {
		return nil, err
	}
	switch order {
	case "", "size":
	case "date":
		q.sort = index.StoriesByDate
	default:
		return nil, badParameter("sort", order, acceptedSort)
	}
	acceptedMin := fmt.Sprintf("the least number of articles, 1 to %d", maxMin)
	least, err := one(vs, "min", acceptedMin)
	if err != nil || least == "" {
		return q, err
	}
	if q.min, err = strconv.Atoi(least); err != nil || q.min < 1 || q.min > maxMin {
		return nil, badParameter("min", least, acceptedMin)
	}
	return q, nil
}

// stories asks the index for stories.
func (s *server) stories(ctx context.Context, q *storiesQuery) (index.StoriesResult, error) {
	res, err := s.Index.Stories(ctx, index.StoriesQuery{
		Text: q.Text, Lang: q.Lang, Site: q.Site, From: q.From, To: q.To,
		Sort: q.sort, Size: q.Size, Cursor: q.Cursor, MinArticles: q.min,
	})
	if err == nil {
		return res, nil
	}
	if errors.Is(err, index.ErrBadQuery) && q.Cursor != "" {
		return res, badParameter("cursor", q.Cursor, "the value of next in an answer to the same search")
	}
	return res, fmt.Errorf("search: ask the index for stories: %w", err)
}

// storiesAPI answers /api/v1/stories.
func (s *server) storiesAPI(w http.ResponseWriter, r *http.Request) error {
	q, err := parseStories(r, true)
	if err != nil {
		return err
	}
	res, err := s.stories(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, storiesAnswer{
		Total: res.Total, TookMS: res.Took.Milliseconds(), Stories: storiesOf(res.Stories), Next: res.Next,
	})
}

// storyAPI answers /api/v1/stories/{id}.
func (s *server) storyAPI(w http.ResponseWriter, r *http.Request) error {
	q, err := s.listQuery(r, true)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if !storyID.MatchString(id) {
		return notFound("story", id)
	}
	p, err := s.readStory(r.Context(), id, q)
	if err != nil {
		return err
	}
	if p == nil {
		return s.noStory(w, r, "/api/v1/stories/")
	}
	a := oneStoryAnswer{
		storyAnswer: storyOf(&p.facts), Members: hitsOf(p.hits), Texts: []textAnswer{}, Sources: orEmpty(p.sources),
		Related: storiesOf(p.related), Next: p.next,
	}
	for i := range a.Members {
		a.Members[i].Snippet = lead(&p.hits[i].Record)
	}
	for i := range p.texts {
		t := &p.texts[i]
		a.Texts = append(a.Texts, textAnswer{
			Cluster: t.cluster, Original: refOf(&t.head), OriginalBy: t.head.OriginalBy, Copies: refsOf(t.copies), More: t.more,
		})
	}
	return writeJSON(w, a)
}
