// Package story groups articles that report one event, whoever wrote them:
// online, in the order of arrival, within one language, and aware of time.
//
// The unit is a cluster of copies (see package dedup): a copy joins the story of
// its cluster. Nothing is stored here; the state is rebuilt by adding the
// articles of the window again, in order, each with the story it had.
package story

import "time"

// Doc is an article as the tracker sees it.
type Doc struct {
	ID      string
	Cluster string // of copies; empty: the article is alone
	Story   string // the story it had before a restart: taken as it is; empty: to be found
	Title   string
	Lead    string // standfirst; empty: the first words of Text
	Text    string
	Lang    string // two letters; articles of different languages never meet
	Source  string

	Published time.Time // zero: unknown, Arrived counts
	Arrived   time.Time // zero: the time of the article before it
}

// Options bounds a Tracker.
type Options struct {
	Window time.Duration // how long a story waits for its next article; 0 means 10 days
}

// Tracker assigns articles to stories. It is not safe for concurrent use.
type Tracker struct {
	opts Options
}

// Assignment is what Add decided.
type Assignment struct {
	Story   string   // the story of the article
	Related []string // stories on something close, nearest first; never Story
	Moved   []Move   // other articles whose story changed, in order of arrival
}

// Move says that an article left one story for another.
type Move struct {
	ID, From, To string
}

// Stats is the size of a Tracker.
type Stats struct {
	Articles, Units, Stories int
	Bytes                    int // estimate of the memory held
}

// New returns an empty tracker.
func New(opts Options) *Tracker {
	if opts.Window <= 0 {
		opts.Window = 10 * 24 * time.Hour
	}
	return &Tracker{opts: opts}
}

// Add assigns d to a story, its own when no other fits. An article that is
// already known is replaced.
func (t *Tracker) Add(d Doc) Assignment { return Assignment{Story: d.ID} }

// Remove forgets an article and returns the articles whose story changed with it.
func (t *Tracker) Remove(id string) []Move { return nil }

// SetCluster moves an article to another cluster of copies, and with it to the
// story of that cluster.
func (t *Tracker) SetCluster(id, cluster string) []Move { return nil }

// Expire forgets the articles that are older than the window at now. Add does
// so by itself; this is for hours in which nothing arrives.
func (t *Tracker) Expire(now time.Time) {}

// Of returns the story of an article.
func (t *Tracker) Of(id string) (story string, ok bool) { return "", false }

// Members returns the articles of a story in the order of arrival.
func (t *Tracker) Members(story string) []string { return nil }

// Stats returns the size of the tracker.
func (t *Tracker) Stats() Stats { return Stats{} }
