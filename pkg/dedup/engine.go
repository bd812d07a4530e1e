package dedup

import "time"

// EngineOptions are the bounds of an [Engine] and its way to the texts.
type EngineOptions struct {
	TableOptions
	// Fetch returns the article of an id that was added; false if it is gone.
	Fetch func(id string) (Doc, bool)
	// MaxVerified is the most candidates whose texts are looked at; 32.
	MaxVerified int
}

// Linked is an article that shares part of the text of another.
type Linked struct {
	ID    string
	Kind  Kind    // KindLink or KindTemplate
	Share float64 // of the added article's words
	Back  float64 // of the linked one's words
}

// Decision is what an article changed.
type Decision struct {
	Cluster string // of the article
	// Clusters holds the articles whose cluster is now another one, with it,
	// the added one included if it has copies or had some.
	Clusters map[string]string
	Links    []Linked
	// Candidates and Verified count what was looked up and what was compared.
	Candidates, Verified int
}

// Engine finds the copies of articles as they arrive. It is not safe for
// concurrent use.
type Engine struct{}

// NewEngine returns an engine that knows no article.
func NewEngine(opts EngineOptions) *Engine { return &Engine{} }

// Add takes in an article, or a new version of one.
func (e *Engine) Add(doc Doc, f Fingerprint, at time.Time) Decision { return Decision{Cluster: doc.ID} }

// Restore takes in an article whose cluster is known, as after a restart,
// without looking at its text.
func (e *Engine) Restore(id, cluster string, f Fingerprint, at time.Time) {}

// Remove forgets an article and takes it out of its cluster.
func (e *Engine) Remove(id string) Decision { return Decision{} }

// Clusters returns the clusters of the engine, to be read.
func (e *Engine) Clusters() *Clusters { return nil }

// Stats returns the size of the engine's table.
func (e *Engine) Stats() TableStats { return TableStats{} }
