package story

import "time"

// Item is one article of a story, for Describe.
type Item struct {
	ID, Cluster, Title, Source string
	Published                  time.Time
}

// Summary is what a page shows of a story.
type Summary struct {
	Title    string // of the most central article
	Central  string // its id
	Articles int
	Clusters int      // different texts
	Sources  []string // by number of articles, then by name
	First    time.Time
	Last     time.Time
}

// Describe describes a story by its articles.
func Describe(items []Item) Summary { return Summary{Articles: len(items)} }
