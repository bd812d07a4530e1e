package stage

import (
	"context"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// carrier reads and writes trace context in message headers. NATS headers are
// case-sensitive and the names are lower case, so http-like carriers do not fit.
type carrier nats.Header

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(key string) string {
	if v := c[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(key, value string) { c[key] = []string{value} }

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}

// trace opens a span for each message, a child of the one in its headers. The
// context returned is that of the only message, or ctx for several.
func (w *Worker) trace(ctx context.Context, batch []*held) (context.Context, []*Msg) {
	msgs := make([]*Msg, len(batch))
	for i, h := range batch {
		parent := propagation.TraceContext{}.Extract(ctx, carrier(h.m.Header))
		if h.span != nil {
			h.span.End() // of a batch that failed as a whole
		}
		h.m.ctx, h.span = w.o.Tracer.Start(parent, w.o.Name+" process", trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(
				attribute.String("messaging.system", "nats"),
				attribute.String("messaging.destination.name", h.m.Subject),
				attribute.Int("messaging.nats.deliveries", h.m.Deliveries),
				attribute.String("copydesk.id", h.m.Header.Get(bus.HeaderID)),
			))
		msgs[i] = h.m
	}
	if len(batch) == 1 {
		return batch[0].m.ctx, msgs
	}
	return ctx, msgs
}

// inject passes the trace of a message on to one that it produced.
func (h *held) inject(header nats.Header) {
	if h.span == nil || len(header["traceparent"]) > 0 {
		return
	}
	ctx := trace.ContextWithSpan(context.Background(), h.span)
	propagation.TraceContext{}.Inject(ctx, carrier(header))
}
