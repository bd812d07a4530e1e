package bleveindex

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	batch      prometheus.Histogram
	documents  prometheus.Collector
	registerer prometheus.Registerer
}

// newMetrics registers the metrics with reg; documents counts the articles.
func newMetrics(reg prometheus.Registerer, documents func() float64) (*metrics, error) {
	m := &metrics{
		registerer: reg,
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                        "copydesk_index_batch_seconds",
			Help:                        "Time to make one batch of changes durable.",
			Buckets:                     []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			NativeHistogramBucketFactor: 1.1,
		}),
		documents: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "copydesk_index_documents",
			Help: "Articles in the index, withdrawn ones included.",
		}, documents),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.batch, m.documents} {
		if err := reg.Register(c); err != nil {
			m.unregister()
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) unregister() {
	if m.registerer != nil {
		m.registerer.Unregister(m.batch)
		m.registerer.Unregister(m.documents)
	}
}
