package ops

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// collector stands for an OTLP/HTTP collector.
type collector struct {
	*httptest.Server
	mu     sync.Mutex
	paths  []string
	bodies []string
}

func newCollector(t *testing.T, status int) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.paths = append(c.paths, r.URL.Path)
		c.bodies = append(c.bodies, string(b))
		w.WriteHeader(status)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) got() (paths, bodies []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paths, c.bodies
}

// emit makes one span and shuts down, which sends it.
func emit(t *testing.T, tr *Tracing) {
	t.Helper()
	_, span := tr.Provider.Tracer("test").Start(t.Context(), "extract page")
	span.End()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := tr.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func TestTracingIsOffWithoutAnEndpoint(t *testing.T) {
	c := newCollector(t, http.StatusOK)
	for _, tt := range []struct {
		name string
		env  map[string]string
		o    TracingOptions
	}{
		{"nothing set", nil, TracingOptions{}},
		{"disabled", map[string]string{"OTEL_SDK_DISABLED": "true"}, TracingOptions{Endpoint: c.URL}},
		{
			"no exporter",
			map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": c.URL},
			TracingOptions{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			tr, err := SetupTracing(t.Context(), tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if tr.Enabled {
				t.Error("tracing is on")
			}
			emit(t, tr)
		})
	}
	if paths, _ := c.got(); len(paths) != 0 {
		t.Errorf("collector got %v", paths)
	}
}

func TestTracingSends(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		env        string // variable that holds the URL; "" passes it as an option
	}{
		{"option", "", ""},
		{"option with path", "/v1/traces", ""},
		{"general variable", "", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"variable for traces", "/v1/traces", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, http.StatusOK)
			o := TracingOptions{Service: "copydesk-test", Version: "9.9", SampleRatio: 1}
			if tt.env == "" {
				o.Endpoint = c.URL + tt.path
			} else {
				t.Setenv(tt.env, c.URL+tt.path)
			}
			tr, err := SetupTracing(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if !tr.Enabled {
				t.Error("tracing is off")
			}
			emit(t, tr)
			paths, bodies := c.got()
			if len(paths) != 1 || paths[0] != "/v1/traces" {
				t.Fatalf("collector got %v", paths)
			}
			for _, want := range []string{"copydesk-test", "9.9", "extract page"} {
				if !strings.Contains(bodies[0], want) {
					t.Errorf("export lacks %q", want)
				}
			}
		})
	}
}

func TestTracingSamples(t *testing.T) {
	c := newCollector(t, http.StatusOK)
	tr, err := SetupTracing(t.Context(), TracingOptions{Endpoint: c.URL, SampleRatio: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	const spans = 2000
	sampled := 0
	for range spans {
		_, span := tr.Provider.Tracer("test").Start(t.Context(), "s")
		if span.SpanContext().IsSampled() {
			sampled++
		}
		span.End()
	}
	// Six standard deviations around 200: 13.4 each.
	if sampled < 120 || sampled > 280 {
		t.Errorf("%d of %d sampled, want about a tenth", sampled, spans)
	}
	// What was decided elsewhere holds here.
	parent := tr.Propagator.Extract(t.Context(), propagation.MapCarrier{
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	})
	_, span := tr.Provider.Tracer("test").Start(parent, "child")
	defer span.End()
	if !span.SpanContext().IsSampled() || span.SpanContext().TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("child of a sampled trace: %+v", span.SpanContext())
	}
	if err := tr.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// Traces of others pass through a worker that has tracing off.
func TestPropagatorWorksWhileOff(t *testing.T) {
	tr, err := SetupTracing(t.Context(), TracingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := tr.Propagator.Extract(t.Context(), propagation.MapCarrier{"traceparent": parent})
	if !trace.SpanContextFromContext(ctx).IsValid() {
		t.Fatal("traceparent was not read")
	}
	out := propagation.MapCarrier{}
	tr.Propagator.Inject(ctx, out)
	if out["traceparent"] != parent {
		t.Errorf("traceparent = %q", out["traceparent"])
	}
}

func TestTracingRejects(t *testing.T) {
	for _, o := range []TracingOptions{
		{Endpoint: "collector:4318"},
		{Endpoint: "ftp://collector"},
		{Endpoint: "http://collector:4318", SampleRatio: 2},
	} {
		if _, err := SetupTracing(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "tracing: ") {
			t.Errorf("%+v: error = %v", o, err)
		}
	}
}

// A collector that refuses is told to our logger, not to standard error, and
// does not make the worker fail.
func TestTracingLogsWhatIsLost(t *testing.T) {
	c := newCollector(t, http.StatusBadRequest)
	var logs bytes.Buffer
	tr, err := SetupTracing(t.Context(), TracingOptions{
		Endpoint: c.URL, SampleRatio: 1, Logger: slog.New(slog.NewTextHandler(&logs, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	emit(t, tr)
	if !strings.Contains(logs.String(), "spans were lost") || !strings.Contains(logs.String(), "spans=1") {
		t.Errorf("log = %q", logs.String())
	}
}
