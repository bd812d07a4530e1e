package stage

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The outcomes of a message, as a metric label.
const (
	outcomeOK          = "ok"
	outcomeDead        = "dead"
	outcomeRetry       = "retry"       // failed, given back
	outcomeLater       = "later"       // the handler asked for it later
	outcomeUnavailable = "unavailable" // given back because something is down
	outcomeReturned    = "returned"    // given back by a shutdown
	outcomeUnacked     = "unacked"     // done, but the broker did not confirm: it comes again
)

type metrics struct {
	messages *prometheus.CounterVec
	duration prometheus.Histogram
	inflight prometheus.Gauge
	bytes    *prometheus.CounterVec
	dead     *prometheus.CounterVec
	paused   *prometheus.GaugeVec
	stuck    prometheus.Gauge
}

// newMetrics registers the metrics of one stage. The stage is a constant label,
// so that several stages of one process share the names.
func newMetrics(reg prometheus.Registerer, stage string) (*metrics, error) {
	m := &metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_stage_messages_total", Help: "Messages by what became of them.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "copydesk_stage_duration_seconds", Help: "Time from the start of handling a message until it is acknowledged.",
			Buckets:                         []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  160,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		inflight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "copydesk_stage_inflight_messages", Help: "Messages held: waiting in the worker, handled, published or acknowledged.",
		}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_stage_bytes_total", Help: "Payload bytes received and published.",
		}, []string{"direction"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_dead_letters_total", Help: "Messages that became dead letters.",
		}, []string{"reason"}),
		paused: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "copydesk_stage_paused", Help: "1 while the stage takes nothing new, by cause: full (a stream it publishes to), unavailable (what its handler needs), broker.",
		}, []string{"cause"}),
		stuck: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "copydesk_stage_stuck_handlers", Help: "Handlers that did not return after their time was over.",
		}),
	}
	for _, outcome := range []string{outcomeOK, outcomeDead, outcomeRetry, outcomeLater, outcomeUnavailable, outcomeReturned, outcomeUnacked} {
		m.messages.WithLabelValues(outcome)
	}
	for _, cause := range []string{causeFull, causeUnavailable, causeBroker} {
		m.paused.WithLabelValues(cause)
	}
	if reg == nil {
		return m, nil
	}
	reg = prometheus.WrapRegistererWith(prometheus.Labels{"stage": stage}, reg)
	return m, errors.Join(
		register(reg, &m.messages), register(reg, &m.duration), register(reg, &m.inflight), register(reg, &m.bytes),
		register(reg, &m.dead), register(reg, &m.paused), register(reg, &m.stuck))
}

// register registers a metric, or replaces it by the one that an earlier worker
// of the stage left: a process that loses its lease and gets it again goes on
// counting.
func register[C prometheus.Collector](reg prometheus.Registerer, metric *C) error {
	err := reg.Register(*metric)
	var again prometheus.AlreadyRegisteredError
	if !errors.As(err, &again) {
		return err
	}
	old, ok := again.ExistingCollector.(C)
	if !ok {
		return err
	}
	*metric = old
	return nil
}
