package ops

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// start runs a server on a free port until the test ends.
func start(t *testing.T, o ServerOptions) (*Server, string) {
	t.Helper()
	s, err := Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, "http://" + s.Addr().String()
}

// get asks once, on a connection of its own.
func get(t *testing.T, url string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestServer(t *testing.T) {
	var broken atomic.Pointer[string]
	s, url := start(t, ServerOptions{
		Registry: NewRegistry("1"),
		Ready: func(context.Context) error {
			if why := broken.Load(); why != nil {
				return errors.New(*why)
			}
			return nil
		},
	})
	for _, tt := range []struct {
		path   string
		status int
		want   string // contained in the body
	}{
		{"/", 200, "/readyz"},
		{"/healthz", 200, "ok"},
		{"/readyz", 200, "ready"},
		{"/metrics", 200, "copydesk_build_info{"},
		{"/debug/pprof/", 200, "goroutine"},
		{"/debug/pprof/goroutine?debug=1", 200, "goroutine profile"},
		{"/debug/pprof/cmdline", 200, "ops.test"},
		{"/nothing", 404, ""},
	} {
		status, body, _ := get(t, url+tt.path)
		if status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s = %d %.200q, want %d %q", tt.path, status, body, tt.status, tt.want)
		}
	}

	why := "broker: no connection"
	broken.Store(&why)
	status, body, header := get(t, url+"/readyz")
	if status != 503 || body != "not ready\nbroker: no connection\n" {
		t.Errorf("broken /readyz = %d %q", status, body)
	}
	if got := header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q", got)
	}
	broken.Store(nil)

	s.Drain("shutting down")
	if status, body, _ := get(t, url+"/readyz"); status != 503 || body != "not ready\nshutting down\n" {
		t.Errorf("draining /readyz = %d %q", status, body)
	}
	if status, _, _ := get(t, url+"/healthz"); status != 200 {
		t.Errorf("draining /healthz = %d: a worker that drains still works", status)
	}
}

func TestReadyzIsBounded(t *testing.T) {
	release := make(chan struct{})
	done := make(chan struct{})
	_, url := start(t, ServerOptions{
		ReadyTimeout: 20 * time.Millisecond,
		Ready:        func(context.Context) error { defer close(done); <-release; return nil },
	})
	for range 2 {
		if status, body, _ := get(t, url+"/readyz"); status != 503 || body != "not ready\nno answer in time\n" {
			t.Errorf("/readyz = %d %q", status, body)
		}
	}
	close(release)
	<-done
}

func TestMetricsFormats(t *testing.T) {
	reg := NewRegistry("1")
	h := prometheus.NewHistogram(Histogram("stage_duration_seconds", "Time of a message.", WorkBuckets()))
	reg.MustRegister(h)
	h.Observe(1)
	_, url := start(t, ServerOptions{Registry: reg})
	const protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	for _, tt := range []struct{ accept, contentType, want string }{
		{"text/plain", "text/plain", `copydesk_stage_duration_seconds_bucket{le="0.5"}`},
		{"application/openmetrics-text;version=1.0.0", "application/openmetrics-text", "# EOF"},
		{protobuf, "application/vnd.google.protobuf", "copydesk_stage_duration_seconds"},
	} {
		status, body, header := get(t, url+"/metrics", "Accept", tt.accept)
		if got := header.Get("Content-Type"); status != 200 || !strings.HasPrefix(got, tt.contentType) || !strings.Contains(body, tt.want) {
			t.Errorf("Accept %s: %d, %s, %d bytes", tt.accept, status, got, len(body))
		}
	}
}

// A collector that fails is logged and counted; the other metrics stay.
func TestMetricsSurviveABrokenCollector(t *testing.T) {
	reg := NewRegistry("1")
	reg.MustRegister(brokenCollector{})
	var logs bytes.Buffer
	_, url := start(t, ServerOptions{Registry: reg, Logger: slog.New(slog.NewTextHandler(&logs, nil))})
	for _, want := range []string{"copydesk_build_info{", `promhttp_metric_handler_errors_total{cause="gathering"} 1`} {
		if status, body, _ := get(t, url+"/metrics"); status != 200 || !strings.Contains(body, want) {
			t.Errorf("/metrics = %d without %s", status, want)
		}
	}
	if !strings.Contains(logs.String(), "broker away") {
		t.Errorf("log = %q", logs.String())
	}
}

type brokenCollector struct{}

func (brokenCollector) Describe(chan<- *prometheus.Desc) {}

func (brokenCollector) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "", nil, nil), errors.New("broker away"))
}

func TestPortInUse(t *testing.T) {
	first, err := Listen("127.0.0.1:0", ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	addr := first.Addr().String()
	_, err = Listen(addr, ServerOptions{})
	want := "listen on " + addr + ": address already in use (another process has the port; stop it or choose another with --http)"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v\nwant    %s", err, want)
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Error("error does not wrap EADDRINUSE")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Listen(addr, ServerOptions{})
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestBindErrorsAreOneLine(t *testing.T) {
	for _, addr := range []string{"nonsense", "127.0.0.1:notaport", "127.0.0.1:99999", "203.0.113.7:0"} {
		ln, err := Bind(t.Context(), addr, "--listen")
		if err == nil {
			ln.Close()
			t.Errorf("Bind(%q) worked", addr)
			continue
		}
		if msg := err.Error(); strings.Contains(msg, "\n") || !strings.Contains(msg, addr) || !strings.Contains(msg, "--listen") {
			t.Errorf("Bind(%q) error = %q", addr, msg)
		}
	}
}

// Requests under way end normally, and the port is free afterwards.
func TestServeShutsDownGracefully(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	s, err := Listen("127.0.0.1:0", ServerOptions{Ready: func(context.Context) error {
		close(asked)
		<-release
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	addr := s.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()

	status := make(chan int, 1)
	go func() {
		code, _, _ := get(t, "http://"+addr+"/readyz")
		status <- code
	}()
	<-asked
	cancel()
	close(release)
	if got := <-status; got != 200 {
		t.Errorf("request under way at shutdown = %d", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("the port still answers")
	}
}

func TestServeReportsALostListener(t *testing.T) {
	s, err := Listen("127.0.0.1:0", ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.ln.Close()
	if err := s.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Errorf("Serve = %v, want an error with the address", err)
	}
}
