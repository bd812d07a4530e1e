package app

import "github.com/prometheus/client_golang/prometheus"

// The outcomes of a push, as metrics name them.
const (
	pushNew      = "new"    // brought entries that were not known
	pushKnown    = "known"  // brought none
	pushPing     = "ping"   // says that the feed changed, and not how; it is polled
	pushForged   = "forged" // not signed with the secret of its subscription
	pushGone     = "gone"   // of a subscription that there is not, or not any more
	pushTooLarge = "too_large"
	pushBusy     = "busy"   // too many at once; the hub comes again
	pushFailed   = "failed" // the broker did not take it; the hub comes again
)

// webSubMetrics tell how hubs do.
type webSubMetrics struct {
	pushes *prometheus.CounterVec
	misses prometheus.Counter
}

func newWebSubMetrics(reg prometheus.Registerer) *webSubMetrics {
	m := &webSubMetrics{
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_websub_pushes_total", Help: "Pushes of hubs by what became of them.",
		}, []string{"outcome"}),
		misses: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "copydesk_websub_misses_total", Help: "Entries that a poll found and a hub should have pushed minutes before.",
		}),
	}
	for _, outcome := range []string{pushNew, pushKnown, pushPing, pushForged, pushGone, pushTooLarge, pushBusy, pushFailed} {
		m.pushes.WithLabelValues(outcome)
	}
	reg.MustRegister(m.pushes, m.misses)
	return m
}

// subscriptionCollector counts subscriptions by state when it is asked.
type subscriptionCollector struct {
	states func() map[string]int
	desc   *prometheus.Desc
}

func newSubscriptionCollector(states func() map[string]int) *subscriptionCollector {
	return &subscriptionCollector{states: states, desc: prometheus.NewDesc(
		"copydesk_websub_subscriptions", "Subscriptions at hubs by state: asked, active, denied, failing, leaving.", []string{"state"}, nil)}
}

// Describe implements prometheus.Collector.
func (c *subscriptionCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *subscriptionCollector) Collect(ch chan<- prometheus.Metric) {
	for state, n := range c.states() {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), state)
	}
}
