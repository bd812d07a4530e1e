package fetch

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric classes of fetches that succeeded.
const (
	classOK          = "ok"
	classNotModified = "not_modified"
)

// metrics counts fetches. Labels are classes, never hosts.
type metrics struct {
	responses *prometheus.CounterVec
	duration  prometheus.Histogram
	bytes     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		responses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_fetch_responses_total",
			Help: "Fetches of pages and feeds, and requests to hubs, by how they ended.",
		}, []string{"class"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "copydesk_fetch_duration_seconds",
			Help:                            "Network time of a fetch, redirects included, waiting for the host's turn not.",
			Buckets:                         []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "copydesk_fetch_bytes_total",
			Help: "Body bytes received, before decoding.",
		}),
	}
	for _, class := range classes {
		m.responses.WithLabelValues(class)
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.responses, m.duration, m.bytes} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// observe counts a fetch that ended.
func (m *metrics) observe(v *visit, resp *Response, err error) {
	class := classOK
	switch {
	case err != nil:
		class = asError(err).Class
	case resp.NotModified:
		class = classNotModified
	}
	m.responses.WithLabelValues(class).Inc()
	m.bytes.Add(float64(v.wire))
	if v.spent > 0 {
		m.duration.Observe(v.spent.Seconds())
	}
}
