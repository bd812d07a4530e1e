package dedup

import "time"

// TableOptions are the bounds of a [Table]; zero values mean the defaults.
type TableOptions struct {
	Window        time.Duration // how far apart two articles may be; 7 days
	MaxPostings   int           // articles a shingle is remembered for, the latest; 200
	MaxCandidates int           // most candidates of one call; 32
	MaxArticles   int           // the oldest are forgotten beyond it; no bound
}

// Candidate is an article that may share text with the one asked for.
// Containment is the estimated share of the shorter text that both have.
type Candidate struct {
	ID          string
	Containment float64
}

// TableStats says how large a table is.
type TableStats struct {
	Articles int
	Postings int
	Bytes    int64 // memory held
}

// Table finds the articles that may share text with a new one. It forgets what
// is older than its window. It is not safe for concurrent use.
type Table struct {
	opts TableOptions
}

// NewTable returns an empty table.
func NewTable(opts TableOptions) *Table { return &Table{opts: opts} }

// Add puts an article into the table; it replaces one of the same id. The time
// is when the article arrived, by a clock that can be trusted: what is a window
// older than the latest is forgotten.
func (t *Table) Add(id string, at time.Time, f Fingerprint) {}

// Remove forgets an article.
func (t *Table) Remove(id string) {}

// Candidates returns the articles that may share text with f, within the window
// before and after at, best first, never id itself.
func (t *Table) Candidates(id string, at time.Time, f Fingerprint) []Candidate { return nil }

// Stats returns the size of the table.
func (t *Table) Stats() TableStats { return TableStats{} }
