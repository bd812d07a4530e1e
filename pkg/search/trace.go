package search

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// The states of a [Trace]: where a page is, or where its way ended.
const (
	TraceUnknown    = "unknown"     // nothing is known of it
	TraceToFetch    = "to_fetch"    // waits to be fetched
	TraceRetrying   = "retrying"    // could not be fetched so far; it is tried again
	TraceRefused    = "refused"     // the publisher does not give it
	TraceToClean    = "to_clean"    // fetched, waits to be cleaned
	TraceAside      = "set_aside"   // holds no article
	TraceToIndex    = "to_index"    // cleaned, waits to be indexed
	TraceDeadLetter = "dead_letter" // could not be processed
	TraceFetched    = "fetched"     // fetched; what became of it is not known
	TraceIndexed    = "indexed"     // in the index
	TraceWithdrawn  = "withdrawn"   // in the index, taken down by its publisher
	TraceFeed       = "feed"        // is no page but a feed that is polled
)

// TraceStates lists every state.
func TraceStates() []string {
	return []string{
		TraceUnknown, TraceToFetch, TraceRetrying, TraceRefused, TraceToClean, TraceAside, TraceToIndex, TraceDeadLetter,
		TraceFetched, TraceIndexed, TraceWithdrawn, TraceFeed,
	}
}

// Trace is where a page is and was on its way from a feed into the index, or
// the reason why it is not there.
type Trace struct {
	URL      string         `json:"url"` // as it is asked for: canonical
	Page     string         `json:"page"`
	State    string         `json:"state"`  // one of TraceStates
	Reason   string         `json:"reason"` // the state as a sentence
	Steps    []TraceStep    `json:"steps"`  // what happened, in order
	Fetch    *TraceFetch    `json:"fetch,omitempty"`
	Feed     *TraceSource   `json:"feed,omitempty"` // that named the page
	Site     *TraceSite     `json:"site,omitempty"` // how its publisher lets us in, if that is known
	Waiting  []TraceWaiting `json:"waiting"`
	Dead     []TraceDead    `json:"dead_letters"`
	Articles []TraceArticle `json:"articles"` // that were fetched from the page
	Notes    []string       `json:"notes"`    // what could not be found out
	TookMS   int64          `json:"took_ms"`
}

// TraceStep is one thing that happened to a page. At is nil where the time is
// not known; the order still is.
type TraceStep struct {
	At   *time.Time `json:"at,omitempty"`
	What string     `json:"what"` // one word
	Text string     `json:"text"`
}

// TraceFetch is what the fetcher remembers of a page.
type TraceFetch struct {
	FinalURL     string     `json:"final_url,omitempty"`
	Status       int        `json:"status,omitempty"`
	Error        string     `json:"error,omitempty"` // class of the last failure
	Attempts     int        `json:"attempts,omitempty"`
	First        *time.Time `json:"first_fetch,omitempty"`
	Last         *time.Time `json:"last_fetch,omitempty"`
	Next         *time.Time `json:"next_look,omitempty"`
	ETag         string     `json:"etag,omitempty"`
	LastModified string     `json:"last_modified,omitempty"`
	Aside        string     `json:"set_aside,omitempty"` // why it holds no article
}

// TraceSource is the feed that named a page.
type TraceSource struct {
	URL       string     `json:"url"`
	Title     string     `json:"title,omitempty"`
	State     string     `json:"state,omitempty"` // "" if it is not polled any more
	LastPoll  *time.Time `json:"last_poll,omitempty"`
	NextPoll  *time.Time `json:"next_poll,omitempty"`
	LastError string     `json:"last_error,omitempty"`
}

// TraceSite is how a publisher lets us in.
type TraceSite struct {
	Site  string     `json:"site"`
	State string     `json:"state"` // as in /api/v1/sources
	Since *time.Time `json:"since,omitempty"`
	Why   string     `json:"why,omitempty"`
}

// TraceWaiting is a message about the page that a stream holds.
type TraceWaiting struct {
	Stream   string    `json:"stream"`
	Sequence uint64    `json:"sequence"`
	Since    time.Time `json:"since"`
}

// TraceDead is a dead letter of the page.
type TraceDead struct {
	Number uint64    `json:"number"` // as the command "copydesk dead" takes it
	Stage  string    `json:"stage"`
	Reason string    `json:"reason"`
	Error  string    `json:"error"`
	At     time.Time `json:"at"`
}

// TraceArticle is an article that the index has of the page.
type TraceArticle struct {
	ID         string    `json:"id"`
	URL        string    `json:"url"`
	Title      string    `json:"title"`
	Kind       string    `json:"kind"`
	Access     string    `json:"access"`
	Words      int       `json:"words"`
	Warnings   []string  `json:"warnings,omitempty"`
	Normalizer string    `json:"normalizer"`
	FirstSeen  time.Time `json:"first_seen"`
	FetchedAt  time.Time `json:"fetched_at"`
	IndexedAt  time.Time `json:"indexed_at"`
	Version    int       `json:"version"`
	Withdrawn  bool      `json:"withdrawn"`
	Cluster    string    `json:"cluster,omitempty"`
	Copies     int       `json:"copies,omitempty"`
	Original   string    `json:"original,omitempty"`
	Why        string    `json:"original_because,omitempty"` // in words
	Story      string    `json:"story,omitempty"`
}

// TraceArticleOf returns what a trace says of an article.
func TraceArticleOf(r *article.Record) TraceArticle {
	return TraceArticle{
		ID: r.ID, URL: r.URL, Title: r.Title, Kind: string(r.Kind), Access: string(r.Access), Words: r.Words, Warnings: r.Warnings,
		Normalizer: r.Normalizer, FirstSeen: r.FirstSeen, FetchedAt: r.FetchedAt, IndexedAt: r.IndexedAt, Version: r.Version,
		Withdrawn: r.Withdrawn, Cluster: r.Cluster, Copies: r.Copies, Original: r.Original, Why: reasonText(r.OriginalBy), Story: r.Story,
	}
}

// Tracer finds out where pages are.
type Tracer interface {
	// TraceURL traces the page of a URL. What it does not know of has the state
	// TraceUnknown; an error that wraps weburl.ErrInvalid says that it is no URL.
	TraceURL(ctx context.Context, url string) (*Trace, error)
}

const acceptedURL = "an absolute http or https address of a page"

// traceURLAPI answers /api/v1/trace.
func (s *server) traceURLAPI(w http.ResponseWriter, r *http.Request) error {
	vs, err := values(r, []string{"url"}, true)
	if err != nil {
		return err
	}
	target, err := one(vs, "url", acceptedURL)
	if err != nil {
		return err
	}
	if target == "" {
		return badParameter("url", "", acceptedURL)
	}
	return s.trace(w, r, target)
}

// traceAPI answers /api/v1/articles/{id}/trace.
func (s *server) traceAPI(w http.ResponseWriter, r *http.Request) error {
	if err := noValues(r); err != nil {
		return err
	}
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	return s.trace(w, r, rec.URL)
}

func (s *server) trace(w http.ResponseWriter, r *http.Request, target string) error {
	if s.Tracer == nil {
		return notServed("This process knows an index and nothing of what leads there; the index worker and copydesk run trace.")
	}
	t, err := s.Tracer.TraceURL(r.Context(), target)
	if err != nil {
		return traceFailure(target, err)
	}
	answer := *t
	answer.Steps, answer.Waiting, answer.Dead = orEmpty(t.Steps), orEmpty(t.Waiting), orEmpty(t.Dead)
	answer.Articles, answer.Notes = orEmpty(t.Articles), orEmpty(slices.Clone(t.Notes))
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, answer)
}

// traceFailure is the failure of a trace.
func traceFailure(target string, err error) error {
	if errors.Is(err, weburl.ErrInvalid) {
		return badParameter("url", target, acceptedURL)
	}
	return fmt.Errorf("search: trace %s: %w", target, err)
}
