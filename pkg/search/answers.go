package search

import (
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// The answers of the API. openapi.json describes them; a test compares.

// searchAnswer answers /api/v1/search.
type searchAnswer struct {
	Total  uint64      `json:"total"`
	TookMS int64       `json:"took_ms"`
	Hits   []hitAnswer `json:"hits"`
	Facets struct {
		Site     []index.Count `json:"site"`
		Language []index.Count `json:"language"`
		Day      []index.Count `json:"day"`
	} `json:"facets"`
	Next string `json:"next"`
}

// hitAnswer is an article in a list.
type hitAnswer struct {
	ID        string     `json:"id"`
	URL       string     `json:"url"`
	Title     string     `json:"title"`
	Site      string     `json:"site"`
	Published *time.Time `json:"published"` // null where none is known
	Language  string     `json:"language"`
	Snippet   string     `json:"snippet"`
	Cluster   string     `json:"cluster"`
	Copies    int        `json:"copies"`
	Story     string     `json:"story"`
	Original  string     `json:"original"`
	Version   int        `json:"version"`
	IndexedAt time.Time  `json:"indexed_at"`
	Withdrawn bool       `json:"withdrawn"`
}

// liveAnswer is an event of the live tail.
type liveAnswer struct {
	hitAnswer
	Words     int       `json:"words"`
	FetchedAt time.Time `json:"fetched_at"`
}

// versionsAnswer answers /api/v1/articles/{id}/versions.
type versionsAnswer struct {
	ID       string            `json:"id"`
	Versions []article.Version `json:"versions"`
}

// clusterAnswer answers /api/v1/clusters/{id}.
type clusterAnswer struct {
	ID       string `json:"id"`
	Original string `json:"original"`
	// OriginalBy is what decided which copy is the original, Reason the same in
	// words; both are "" if there is nothing to decide or it is not known.
	OriginalBy string      `json:"original_by"`
	Reason     string      `json:"reason"`
	Total      uint64      `json:"total"`
	Members    []hitAnswer `json:"members"`
	Next       string      `json:"next"`
}

// sourcesAnswer answers /api/v1/sources.
type sourcesAnswer struct {
	Total   int            `json:"total"` // of all states
	States  map[string]int `json:"states"`
	Sources []sourceAnswer `json:"sources"`
	// Publishers are those with the text, all of them whatever the state asked
	// for is; PublisherStates counts all.
	Publishers      []publisherAnswer `json:"publishers"`
	PublisherStates map[string]int    `json:"publisher_states"`
}

// publisherAnswer is how a site lets us in.
type publisherAnswer struct {
	Site   string     `json:"site"`
	State  string     `json:"state"`
	Since  *time.Time `json:"since"`
	Why    string     `json:"why"`
	LastOK *time.Time `json:"last_ok"`
}

// sourceAnswer is a feed.
type sourceAnswer struct {
	URL       string     `json:"url"`
	Title     string     `json:"title"`
	Site      string     `json:"site"`
	State     string     `json:"state"`
	LastError string     `json:"last_error"`
	LastPoll  *time.Time `json:"last_poll"`
	NextPoll  *time.Time `json:"next_poll"`
	LastNew   *time.Time `json:"last_new"`
	Failures  int        `json:"failures"`
	Entries   int        `json:"entries"`
	Note      string     `json:"note,omitempty"`
	Push      string     `json:"push"`
}

// hitOf puts a record into a list; snippet is the passage to show with it.
func hitOf(r *article.Record, snippet string) hitAnswer {
	h := hitAnswer{
		ID: r.ID, URL: r.URL, Title: r.Title, Site: r.Site, Language: r.Language, Snippet: snippet,
		Cluster: r.Cluster, Copies: r.Copies, Story: r.Story, Original: r.Original,
		Version: r.Version, IndexedAt: r.IndexedAt, Withdrawn: r.Withdrawn,
	}
	if r.Published != nil && !r.Published.Time.IsZero() {
		h.Published = &r.Published.Time
	}
	return h
}

func hitsOf(hits []index.Hit) []hitAnswer {
	out := make([]hitAnswer, len(hits))
	for i := range hits {
		out[i] = hitOf(&hits[i].Record, hits[i].Snippet)
	}
	return out
}

func sourceOf(s Source) sourceAnswer {
	return sourceAnswer{
		URL: s.URL, Title: s.Title, Site: s.Site, State: s.State, LastError: s.LastError,
		LastPoll: known(s.LastPoll), NextPoll: known(s.NextPoll), LastNew: known(s.LastNew),
		Failures: s.Failures, Entries: s.Entries, Note: s.Note, Push: s.Push,
	}
}

func letsIn(p Publisher) publisherAnswer {
	return publisherAnswer{Site: p.Site, State: p.State, Since: known(p.Since), Why: p.Why, LastOK: known(p.LastOK)}
}

// known is null for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// orEmpty makes a missing list an empty one: in JSON null is no list.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// lead is a passage for lists of articles that no query chose a passage of: the
// standfirst, or the start of the first paragraph.
func lead(r *article.Record) string {
	text := r.Standfirst
	for _, b := range r.Body {
		if text != "" {
			break
		}
		if b.Kind == article.Paragraph {
			text = b.Text
		}
	}
	const most = 280
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}
