package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

const (
	// maxRelated bounds the related stories that are shown.
	maxRelated = 5
	// maxRelatedAsked bounds those that are looked up: some will have gone.
	maxRelatedAsked = 20
)

// storyPart is a story, and those of its articles that one page shows.
type storyPart struct {
	facts   index.StoryHit // of the whole story
	hits    []index.Hit    // newest first
	texts   []storyText    // what hits say, by text, the newest text first
	sources []index.Count  // of the whole story, the most frequent first
	related []index.StoryHit
	next    string
}

// storyText is the articles of a page with one text.
type storyText struct {
	cluster string
	head    article.Record   // the original, or the earliest that is to be had
	copies  []article.Record // the others, the earliest first
	more    int              // copies that other pages have, or that were withdrawn
}

// readStory returns the part of a story that q asks for, or nil if no article is
// in that story.
func (s *server) readStory(ctx context.Context, id string, q index.Query) (*storyPart, error) {
	facts, err := s.storiesByID(ctx, []string{id})
	if err != nil || len(facts) == 0 {
		return nil, err
	}
	q.Story, q.Facets = id, true
	res, err := s.search(ctx, q)
	if err != nil {
		return nil, err
	}
	p := &storyPart{facts: facts[0], hits: res.Hits, sources: res.Facets.Site, next: res.Next}
	if p.texts, err = s.textsOf(ctx, id, res.Hits); err != nil {
		return nil, err
	}
	var related []string
	for i := range res.Hits {
		related = append(related, res.Hits[i].Record.Related...)
	}
	p.related, err = s.relatedStories(ctx, byVotes(related), id)
	return p, err
}

// textsOf groups articles by their text. An original that stands on another page
// of the story is fetched.
func (s *server) textsOf(ctx context.Context, story string, hits []index.Hit) ([]storyText, error) {
	var out []storyText
	place := map[string]int{}
	for i := range hits {
		r := hits[i].Record
		cluster := cmp.Or(r.Cluster, r.ID)
		n, ok := place[cluster]
		if !ok {
			n = len(out)
			place[cluster] = n
			out = append(out, storyText{cluster: cluster})
		}
		out[n].copies = append(out[n].copies, r)
	}
	for i := range out {
		if err := s.findHead(ctx, story, &out[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b storyText) int {
		return cmp.Or(index.DateOf(&b.head).Compare(index.DateOf(&a.head)), cmp.Compare(a.head.ID, b.head.ID))
	})
	return out, nil
}

// findHead takes the original out of the copies of a text.
func (s *server) findHead(ctx context.Context, story string, t *storyText) error {
	slices.SortStableFunc(t.copies, func(a, b article.Record) int {
		return cmp.Or(index.DateOf(&a).Compare(index.DateOf(&b)), cmp.Compare(a.ID, b.ID))
	})
	first := &t.copies[0]
	original, all := first.Original, first.Copies
	at := slices.IndexFunc(t.copies, func(r article.Record) bool { return r.ID == original })
	if at < 0 {
		rec, err := s.originalOf(ctx, original, story)
		if err != nil {
			return err
		}
		if rec != nil {
			t.copies = append([]article.Record{*rec}, t.copies...)
		}
	}
	at = max(at, 0)
	t.head = t.copies[at]
	t.copies = slices.Delete(t.copies, at, at+1)
	t.more = max(0, all-1-len(t.copies))
	return nil
}

// originalOf fetches the original of a text. It is nil if that is not to be had
// in the story.
func (s *server) originalOf(ctx context.Context, id, story string) (*article.Record, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // a text without an original is no error
	}
	rec, err := s.Index.Get(ctx, id)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, fmt.Errorf("search: get original %s: %w", id, err)
	}
	if rec.Withdrawn || rec.Story != story {
		return nil, nil //nolint:nilnil // as above
	}
	rec.Removed = nil
	return &rec, nil
}

// byVotes returns ids once each, those that were named most often first, and of
// these the one that was named first.
func byVotes(ids []string) []string {
	votes := map[string]int{}
	var out []string
	for _, id := range ids {
		if votes[id] == 0 {
			out = append(out, id)
		}
		votes[id]++
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(votes[b], votes[a]) })
	return out
}

// relatedStories returns those of the named stories that still have articles, in
// their order, without the story own.
func (s *server) relatedStories(ctx context.Context, ids []string, own string) ([]index.StoryHit, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == own || !storyID.MatchString(id) })
	found, err := s.storiesByID(ctx, ids[:min(len(ids), maxRelatedAsked)])
	return found[:min(len(found), maxRelated)], err
}

// storiesByID returns the stories with these ids that have articles, in the
// order of ids.
func (s *server) storiesByID(ctx context.Context, ids []string) ([]index.StoryHit, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	res, err := s.Index.Stories(ctx, index.StoriesQuery{IDs: ids, Size: min(len(ids), index.MaxSize)})
	if err != nil {
		return nil, fmt.Errorf("search: get stories: %w", err)
	}
	slices.SortFunc(res.Stories, func(a, b index.StoryHit) int {
		return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
	})
	return res.Stories, nil
}

// mergedInto returns the story into which the one named was merged: the one that
// the article is in which gave it its name. It is "" if there is none.
func (s *server) mergedInto(ctx context.Context, id string) (string, error) {
	founder := strings.TrimRight(id, "~")
	if !article.ValidID(founder) {
		return "", nil
	}
	rec, err := s.Index.Get(ctx, founder)
	if errors.Is(err, index.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("search: get article %s: %w", founder, err)
	}
	if rec.Story == "" || rec.Story == id {
		return "", nil
	}
	// Of two stories without articles each could name the other.
	facts, err := s.storiesByID(ctx, []string{rec.Story})
	if err != nil || len(facts) == 0 {
		return "", err
	}
	return rec.Story, nil
}

// noStory answers for a story without articles: with the way to the story that
// it was merged into, if there is one. Under is the address of stories.
func (s *server) noStory(w http.ResponseWriter, r *http.Request, under string) error {
	id := r.PathValue("id")
	to, err := s.mergedInto(r.Context(), id)
	if err != nil {
		return err
	}
	if to == "" {
		return notFound("story", id)
	}
	redirect(w, under+url.PathEscape(to))
	return nil
}

// redirect sends a client to an address for now: stories and clusters come and
// go.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusFound)
}
