// Package index declares what copydesk asks of a full-text index: [Writer] for
// the index worker, [Reader] for search, [Index] for both. Package bleveindex
// implements it in a directory; the suite that every implementation passes is
// in indextest.
package index

import (
	"context"
	"errors"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// Errors that every implementation returns, wrapped.
var (
	// ErrNotFound: no article has this id.
	ErrNotFound = errors.New("index: no such article")
	// ErrBadQuery: the query cannot be answered as asked (a cursor that is
	// none, a size out of range). The text says which part and why.
	ErrBadQuery = errors.New("index: bad query")
	// ErrBadArticle: an article cannot be stored, whatever is done (its id is
	// empty or no key). Nothing of the call was written.
	ErrBadArticle = errors.New("index: bad article")
	// ErrClosed: the index was closed.
	ErrClosed = errors.New("index: closed")
	// ErrLocked: another process has the index open.
	ErrLocked = errors.New("index: in use by another process")
)

// Index is a full-text index of articles, safe for concurrent use.
type Index interface {
	Reader
	Writer
	Close() error
}

// Writer changes the index. Every call is one atomic batch that is durable, and
// visible to readers, when it returns without error; an error means that nothing
// of it may be assumed and that the call can be repeated as it is.
type Writer interface {
	// Upsert writes articles by id. An article replaces what is stored only if
	// [article.Newer] says so; the stored version number, first_seen, cluster,
	// original, links and story survive. A changed content hash makes a new
	// version and keeps the old one. Several articles of one id in a batch have
	// the effect of separate calls in order. A new article is a cluster of its
	// own and its own original until a placement says otherwise; first_seen is its
	// fetched_at. Writing a withdrawn article anew ends its withdrawal. If relate
	// is not nil, its placements are part of the batch and of the outcomes.
	Upsert(ctx context.Context, articles []article.Article, now time.Time, relate Relate) ([]Outcome, error)
	// Place writes what was found out about articles beside others: clusters,
	// originals, stories, links. Ids that are not in the index are skipped, and
	// nothing is written of what changes nothing. indexed_at stays as it is.
	Place(ctx context.Context, placements []Placement) error
	// Withdraw marks articles as taken down by their publisher, as seen at the
	// given time. One that was fetched after it stays; ids that are not in the
	// index are skipped. It counts as a change: indexed_at becomes now.
	Withdraw(ctx context.Context, ids []string, at, now time.Time) error
	// MembersOf returns the articles of a cluster, withdrawn ones included, at
	// most [MaxMembers], by id.
	MembersOf(ctx context.Context, cluster string) ([]Member, error)
	// ByPage returns the ids of the articles, withdrawn ones included, that were
	// fetched last from the page of this id: [article.ID] of Record.URL.
	ByPage(ctx context.Context, page string) ([]string, error)
}

// Relate finds out, once it is clear what becomes of the articles of a batch and
// before it is written, how they relate to others. It reads through lookup, and
// through nothing else of the index; what it returns is written with the batch.
// An error ends the upsert.
type Relate func(ctx context.Context, lookup Lookup, outcomes []Outcome) ([]Placement, error)

// Lookup reads single articles and clusters. In an upsert, Get sees its articles
// as they will be, and MembersOf the clusters as they were before.
type Lookup interface {
	Get(ctx context.Context, id string) (article.Record, error)
	MembersOf(ctx context.Context, cluster string) ([]Member, error)
}

// Outcome is what an upsert did.
type Outcome struct {
	ID      string
	Change  Change
	Version int // version now stored
	// Record is what is now stored. For Stale it is what was kept.
	Record article.Record
	// Placed says that a placement named the content that is now stored.
	Placed bool
	// Arrived is when the id was new, by the clock of Upsert.
	Arrived time.Time
}

// Change is the kind of an outcome.
type Change string

// The kinds of outcome.
const (
	Created    Change = "created"     // the id is new
	NewVersion Change = "new_version" // title or body changed
	Refreshed  Change = "refreshed"   // same content, fetched later
	Unchanged  Change = "unchanged"   // the very same fetch: a redelivery
	Stale      Change = "stale"       // something newer is stored; nothing was written
)

// Placement is what was found out about an article beside others.
type Placement struct {
	ID string
	// Of its copies; what is "" stays as it is stored.
	Cluster, Original, OriginalBy string
	Story                         string         // "" stays
	Links                         []article.Link // nil stays; empty clears
	Related                       []string       // nil stays; empty clears
	// ContentHash is that of the content that was looked at, see [Outcome].Placed;
	// "" stays.
	ContentHash string
}

// Reader answers queries.
type Reader interface {
	// Get returns one article, withdrawn or not, or ErrNotFound. Copies is the
	// number of articles in its cluster, itself and withdrawn ones included.
	Get(ctx context.Context, id string) (article.Record, error)
	// Versions returns the states of an article, oldest first, or ErrNotFound.
	// The last is the present one. FetchedAt is the first fetch that had the
	// state. Of an article that changed often, the first version and the
	// [KeptVersions] before the present one are kept.
	Versions(ctx context.Context, id string) ([]article.Version, error)
	// Search answers a query. A page that follows the cursor of another never
	// repeats one of its articles, nor, when collapsing, a group, unless what
	// was shown has changed in between; what is written meanwhile appears where
	// it belongs or, before the cursor, not at all.
	Search(ctx context.Context, q Query) (Result, error)
	// Stories answers a query for the stories of articles.
	Stories(ctx context.Context, q StoriesQuery) (StoriesResult, error)
	// Each calls fn for every article that arrived at or after since, withdrawn
	// ones included, in the order of arrival; those of one batch by id. It sees
	// one state of the index. fn is called from one goroutine and must not call
	// the index, which may be waiting for Each to be closed; its error ends Each,
	// which returns it.
	Each(ctx context.Context, since time.Time, fn func(*Entry) error) error
	Stats(ctx context.Context) (Stats, error)
}

// Entry is an article as [Reader].Each gives it.
type Entry struct {
	Record  article.Record // without Removed and Copies
	Arrived time.Time      // when its id was new
	Placed  bool           // see [Outcome]
}

// Query is a search. The zero Query asks for everything, newest first.
type Query struct {
	// Text is what the user typed: words (all must occur), "phrases in double
	// quotes", and -excluded words or phrases. Nothing else is syntax; see
	// [ParseText]. They are looked for in title, standfirst and text, without
	// regard to case and accents; words outside quotes match inflected forms
	// where the language of the article is known well enough.
	Text string
	// Lang and Site keep articles of any of the listed values. Of a language tag
	// only the language counts: en finds en-GB, and facets show en.
	Lang, Site []string
	// From and To bound the date of the article ([DateOf]): From <= date < To.
	// ChangedSince bounds indexed_at, inclusive.
	From, To, ChangedSince time.Time
	Cluster, Story         string
	Collapse               Collapse
	Sort                   Sort // the zero value: relevance if Text is set, else date
	Size                   int  // hits; 0 means DefaultSize, at most MaxSize
	Cursor                 string
	Facets                 bool // count facets too
	IncludeWithdrawn       bool
}

// Collapse shows one hit for each group.
type Collapse string

// What can be collapsed. The hit shown of a cluster is the best match of it.
const (
	CollapseNone    Collapse = ""
	CollapseCluster Collapse = "cluster"
	CollapseStory   Collapse = "story"
)

// Sort is the order of hits.
type Sort string

// The orders.
const (
	SortRelevance Sort = "relevance"
	SortDate      Sort = "date" // newest first, ties by id
)

// Result answers a query.
type Result struct {
	Total  uint64 // matches before collapsing
	Took   time.Duration
	Hits   []Hit
	Facets Facets
	Next   string // cursor of the next page; "" at the end
}

// Hit is one match.
type Hit struct {
	Record article.Record // without Removed
	Score  float64
	// Snippet is the best passage; matched words lie in Marks as byte offsets.
	Snippet string
	Marks   []Span
	// TitleMarks are the matched words of the title.
	TitleMarks []Span
}

// Span is a range of bytes, end exclusive.
type Span struct{ Start, End int }

// Facets count the matches by value, the most frequent first; Day by date
// ([DayOf]), newest first. At most 20 values each (Day: 31).
type Facets struct {
	Site, Language, Day []Count
}

// Count is a facet's value and how many matches have it.
type Count struct {
	Value string `json:"value"`
	Count uint64 `json:"count"`
}

// Stats describe the index.
type Stats struct {
	Documents uint64    // articles
	Versions  uint64    // older versions kept
	Bytes     uint64    // on disk
	Newest    time.Time // indexed_at of the last change
}
