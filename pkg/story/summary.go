package story

import "time"

// Item is one article of a story, for Summarize.
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

// Summarize describes a story by its articles.
func Summarize(items []Item) Summary { return Summary{Articles: len(items)} }
