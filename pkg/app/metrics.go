package app

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/ops"
)

// registerIngestMetrics exports how feeds do.
func registerIngestMetrics(reg prometheus.Registerer, w *ingestWorker) {
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "copydesk_feed_overdue_seconds", Help: "How long the feed that waits longest for its poll has been due.",
	}, func() float64 { return w.overdue().Seconds() }), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "copydesk_ingest_partitions", Help: "Partitions of the hosts that this worker owns, of 64 in all.",
	}, func() float64 { return float64(w.parts.count()) }), &feedCollector{w: w, desc: prometheus.NewDesc(
		"copydesk_feeds", "Feeds by state: new, ok, failing, blocked, gone, dead, retired.", []string{"state"}, nil)})
}

// feedCollector counts feeds by state when it is asked.
type feedCollector struct {
	w    *ingestWorker
	desc *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *feedCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *feedCollector) Collect(ch chan<- prometheus.Metric) {
	counts := map[string]int{feedNew: 0, feedOK: 0, feedFailing: 0, feedBlocked: 0, feedGone: 0, feedDead: 0, feedRetired: 0}
	for _, state := range c.w.feedStates() {
		if _, known := counts[state]; known {
			counts[state]++
		}
	}
	for state, n := range counts {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), state)
	}
}

// normalizeMetrics tell what the cleaner found and dropped.
type normalizeMetrics struct {
	removed, warnings *prometheus.CounterVec
	words             prometheus.Histogram
}

func newNormalizeMetrics(reg prometheus.Registerer) *normalizeMetrics {
	m := &normalizeMetrics{
		removed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_removed_blocks_total", Help: "Blocks that read like content and were dropped, by kind.",
		}, []string{"kind"}),
		warnings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_extract_warnings_total", Help: "What the extractor was unsure of, by kind.",
		}, []string{"kind"}),
		words: prometheus.NewHistogram(ops.Histogram("copydesk_article_words", "Words of the text of an article.",
			prometheus.ExponentialBuckets(25, 2, 10))),
	}
	reg.MustRegister(m.removed, m.warnings, m.words)
	return m
}

func (m *normalizeMetrics) observe(a *article.Article) {
	for _, r := range a.Removed {
		m.removed.WithLabelValues(r.Kind).Inc()
	}
	for _, w := range a.Warnings {
		m.warnings.WithLabelValues(warningKind(w)).Inc()
	}
	m.words.Observe(float64(a.Words))
}

// warningKind is a warning without its details, which may be words of the page
// and must not become a label.
func warningKind(warning string) string {
	kind, _, _ := strings.Cut(warning, ":")
	if len(kind) > 40 {
		return "other"
	}
	return strings.ReplaceAll(kind, " ", "_")
}

// indexMetrics tell how long articles take to become searchable.
type indexMetrics struct {
	pipeline, freshness prometheus.Histogram
}

func newIndexMetrics(reg prometheus.Registerer) *indexMetrics {
	m := &indexMetrics{
		pipeline: prometheus.NewHistogram(ops.Histogram("copydesk_article_pipeline_seconds",
			"From the fetch of a page until its article is searchable.", ops.AgeBuckets())),
		freshness: prometheus.NewHistogram(ops.Histogram("copydesk_article_freshness_seconds",
			"From the publication of an article until it is searchable; only where the publisher states the time of day.", ops.AgeBuckets())),
	}
	reg.MustRegister(m.pipeline, m.freshness)
	return m
}

func (m *indexMetrics) observe(o index.Outcome, now time.Time) {
	if o.Change != index.Created && o.Change != index.NewVersion {
		return
	}
	r := &o.Record
	m.pipeline.Observe(max(0, now.Sub(r.FetchedAt).Seconds()))
	if p := r.Published; o.Change == index.Created && p != nil && p.Precision != article.Day {
		m.freshness.Observe(max(0, now.Sub(p.Time).Seconds()))
	}
}
