package ops

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// DefaultSampleRatio is the share of traces that are kept: enough to see where
// time goes, little enough not to notice.
const DefaultSampleRatio = 0.05

// TracingOptions say where traces go.
type TracingOptions struct {
	// Endpoint is the base URL of an OTLP/HTTP collector, as
	// http://collector:4318. Where it is empty OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
	// and OTEL_EXPORTER_OTLP_ENDPOINT count; where these are empty too, or
	// OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none, tracing is off. The
	// other OTEL_EXPORTER_OTLP_ variables (headers, certificates, time-outs)
	// hold as OpenTelemetry defines them.
	Endpoint string
	// Service and Version name the process in the traces;
	// OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
	Service, Version string
	// SampleRatio is the share of new traces kept, 0 to 1; 0 means
	// [DefaultSampleRatio]. A trace that began elsewhere follows the decision
	// made there. OTEL_TRACES_SAMPLER takes precedence.
	SampleRatio float64
	Logger      *slog.Logger
}

// Tracing is passed to whoever makes spans or carries them across messages.
type Tracing struct {
	// Provider makes tracers; they do nothing while tracing is off.
	Provider trace.TracerProvider
	// Propagator reads and writes W3C traceparent and tracestate. It works
	// while tracing is off too, so that traces of others pass through.
	Propagator propagation.TextMapPropagator
	// Enabled says whether spans are sent anywhere.
	Enabled bool

	shutdown func(context.Context) error
}

// Shutdown sends what is left and stops; ctx bounds it. It does nothing while
// tracing is off.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t.shutdown == nil {
		return nil
	}
	if err := t.shutdown(ctx); err != nil {
		return fmt.Errorf("shut down tracing: %w", err)
	}
	return nil
}

// SetupTracing returns a tracer provider to be passed on; it sets no globals. A
// collector that is away is no error: spans are dropped and the logger is told,
// at most once a minute.
func SetupTracing(ctx context.Context, o TracingOptions) (*Tracing, error) {
	t := &Tracing{Provider: noop.NewTracerProvider(), Propagator: propagation.TraceContext{}}
	if tracingOff(o.Endpoint) {
		return t, nil
	}
	if o.SampleRatio < 0 || o.SampleRatio > 1 {
		return nil, fmt.Errorf("tracing: sample ratio %g: want 0 to 1", o.SampleRatio)
	}
	var eo []otlptracehttp.Option
	if o.Endpoint != "" {
		u, err := tracesURL(o.Endpoint)
		if err != nil {
			return nil, fmt.Errorf("tracing: endpoint %q: %w", o.Endpoint, err)
		}
		eo = append(eo, otlptracehttp.WithEndpointURL(u))
	}
	exporter, err := otlptracehttp.New(ctx, eo...)
	if err != nil {
		return nil, fmt.Errorf("tracing: open exporter: %w", err)
	}
	res, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String("service.name", o.Service),
			attribute.String("service.version", o.Version)),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("tracing: describe the process: %w", err)
	}
	log := discardIfNil(o.Logger).With("component", "tracing")
	po := []sdktrace.TracerProviderOption{
		sdktrace.WithBatcher(&loggedExporter{SpanExporter: exporter, log: log}),
		sdktrace.WithResource(res),
	}
	if os.Getenv("OTEL_TRACES_SAMPLER") == "" {
		ratio := o.SampleRatio
		if ratio == 0 {
			ratio = DefaultSampleRatio
		}
		po = append(po, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))))
	}
	tp := sdktrace.NewTracerProvider(po...)
	t.Provider, t.shutdown, t.Enabled = tp, tp.Shutdown, true
	return t, nil
}

func tracingOff(endpoint string) bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") ||
		strings.EqualFold(os.Getenv("OTEL_TRACES_EXPORTER"), "none") {
		return true
	}
	return endpoint == "" &&
		os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" &&
		os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == ""
}

// tracesURL reads the endpoint as OTEL_EXPORTER_OTLP_ENDPOINT is read: a base,
// to which the path of traces is added.
func tracesURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("want a URL as http://collector:4318")
	}
	if !strings.HasSuffix(u.Path, "/v1/traces") {
		u = u.JoinPath("v1/traces")
	}
	return u.String(), nil
}

// loggedExporter takes errors to the injected logger. The SDK would hand them
// to its global error handler, which prints to standard error once a batch.
type loggedExporter struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	lost seldom
}

func (e *loggedExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	if n, ok := e.lost.say(len(spans)); ok {
		e.log.Warn("spans were lost", "spans", n, "error", err)
	}
	return nil
}
