package bus

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// collectEvery is how old figures may be: several scrapers ask the broker
	// once.
	collectEvery = 5 * time.Second
	// collectTimeout bounds one scrape.
	collectTimeout = 2 * time.Second
)

// collector asks the broker for the figures of its consumers and streams.
type collector struct {
	bus *Bus
	log *slog.Logger

	pending, ackPending, redelivered, bytes, messages *prometheus.Desc

	mu      sync.Mutex
	at      time.Time
	figures []prometheus.Metric
	failing bool
}

// NewCollector returns the metrics of what waits on the broker. A scrape takes
// at most two seconds and at most one in five asks the broker; while it does not
// answer, the metrics are absent.
func NewCollector(b *Bus, log *slog.Logger) prometheus.Collector {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	consumer := []string{"stream", "consumer"}
	return &collector{
		bus: b, log: log.With("component", "bus"),
		pending:     prometheus.NewDesc("copydesk_consumer_pending_messages", "Messages of the stream that were not delivered yet.", consumer, nil),
		ackPending:  prometheus.NewDesc("copydesk_consumer_ack_pending_messages", "Messages that were delivered and not acknowledged yet.", consumer, nil),
		redelivered: prometheus.NewDesc("copydesk_consumer_redelivered_messages", "Messages not acknowledged yet that were delivered more than once.", consumer, nil),
		bytes:       prometheus.NewDesc("copydesk_stream_bytes", "Bytes that the stream stores.", []string{"stream"}, nil),
		messages:    prometheus.NewDesc("copydesk_stream_messages", "Messages that the stream stores.", []string{"stream"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.pending, c.ackPending, c.redelivered, c.bytes, c.messages} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) >= collectEvery {
		ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
		figures, err := c.ask(ctx)
		cancel()
		if err != nil && !c.failing {
			c.log.Warn("cannot read the figures of the broker", "error", err)
		}
		// A failure is kept as long as figures are: a scrape must not hang on a
		// broker that is away.
		c.figures, c.failing, c.at = figures, err != nil, time.Now()
	}
	for _, m := range c.figures {
		ch <- m
	}
}

func (c *collector) ask(ctx context.Context) ([]prometheus.Metric, error) {
	var out []prometheus.Metric
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out = append(out, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
	}
	for _, layout := range streams() {
		s, err := c.bus.js.Stream(ctx, layout.Name)
		if err != nil {
			return out, err
		}
		gauge(c.bytes, float64(s.CachedInfo().State.Bytes), layout.Name)
		gauge(c.messages, float64(s.CachedInfo().State.Msgs), layout.Name)
	}
	for _, stage := range []struct{ stream, name string }{
		{StreamURLs, ConsumerIngest}, {StreamBackfill, ConsumerBackfill}, {StreamPages, ConsumerNormalize}, {StreamArticles, ConsumerIndex},
	} {
		f, err := c.askConsumers(ctx, stage.stream)
		if err != nil {
			return out, err
		}
		gauge(c.pending, f.pending, stage.stream, stage.name)
		gauge(c.ackPending, f.ackPending, stage.stream, stage.name)
		gauge(c.redelivered, f.redelivered, stage.stream, stage.name)
	}
	return out, nil
}

// consumerFigures are those of all consumers of a stream together: the
// partitions of URLS are one stage. What has no consumer yet, as old pages may,
// is in copydesk_stream_messages.
type consumerFigures struct{ pending, ackPending, redelivered float64 }

func (c *collector) askConsumers(ctx context.Context, stream string) (f consumerFigures, err error) {
	s, err := c.bus.js.Stream(ctx, stream)
	if err != nil {
		return f, err
	}
	list := s.ListConsumers(ctx)
	for info := range list.Info() {
		f.pending += float64(info.NumPending)
		f.ackPending += float64(info.NumAckPending)
		f.redelivered += float64(info.NumRedelivered)
	}
	return f, list.Err()
}
