package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/ops"
	"github.com/copydesk/copydesk/pkg/story"
)

// The relations of an article to those before it, the closest first.
const (
	relationCopy     = "copy"     // it has the text of another
	relationLink     = "link"     // it has part of the text of another
	relationTemplate = "template" // it fills in the same form as another
	relationSingle   = "single"
)

// relateMetrics tell what is found of copies and stories, and what it costs.
type relateMetrics struct {
	copies               *prometheus.CounterVec
	candidates, verified prometheus.Histogram
	rebuild              prometheus.Histogram
	articles, bytes      *prometheus.GaugeVec
	storyCount           prometheus.Gauge
}

// compared are the bounds of how many articles one is compared with.
func compared() []float64 { return []float64{0, 1, 2, 4, 8, 16, 32, 64} }

func newRelateMetrics(reg prometheus.Registerer) *relateMetrics {
	m := &relateMetrics{
		copies: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_copies_total", Help: "New articles and versions by relation to those before them: copy, link, template, single.",
		}, []string{"relation"}),
		candidates: prometheus.NewHistogram(ops.Histogram("copydesk_copy_candidates",
			"Articles that a new one may be a copy of, by their sketches.", compared())),
		verified: prometheus.NewHistogram(ops.Histogram("copydesk_copy_verifications",
			"Articles whose text a new one was compared with.", compared())),
		rebuild: prometheus.NewHistogram(ops.Histogram("copydesk_relate_rebuild_seconds",
			"Reading from the index what is known of copies and stories, after a take-over.", ops.AgeBuckets())),
		articles: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "copydesk_relate_articles", Help: "Articles that new ones are compared with, by table: copies, stories.",
		}, []string{"table"}),
		bytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "copydesk_relate_bytes", Help: "Memory of what new articles are compared with, about, by table: copies, stories.",
		}, []string{"table"}),
		storyCount: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "copydesk_relate_stories", Help: "Stories that a new article may belong to.",
		}),
	}
	for _, r := range []string{relationCopy, relationLink, relationTemplate, relationSingle} {
		m.copies.WithLabelValues(r)
	}
	reg.MustRegister(m.copies, m.candidates, m.verified, m.rebuild, m.articles, m.bytes, m.storyCount)
	return m
}

// observe counts what an article turned out to be.
func (m *relateMetrics) observe(id string, d *dedup.Decision) {
	m.candidates.Observe(float64(d.Candidates))
	m.verified.Observe(float64(d.Verified))
	relation := relationSingle
	for _, l := range d.Links {
		if l.Kind == dedup.KindLink {
			relation = relationLink
			break
		}
		relation = relationTemplate
	}
	if d.Cluster != id || len(d.Clusters) > 0 {
		relation = relationCopy
	}
	m.copies.WithLabelValues(relation).Inc()
}

// observeTables says how much is kept in memory.
func (m *relateMetrics) observeTables(copies dedup.TableStats, stories story.Stats) {
	m.articles.WithLabelValues("copies").Set(float64(copies.Articles))
	m.articles.WithLabelValues("stories").Set(float64(stories.Articles))
	m.bytes.WithLabelValues("copies").Set(float64(copies.Bytes))
	m.bytes.WithLabelValues("stories").Set(float64(stories.Bytes))
	m.storyCount.Set(float64(stories.Stories))
}
