package ops

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	_, url := start(t, ServerOptions{Ready: func(context.Context) error { return errors.New("index: locked") }})
	if err := Probe(t.Context(), url+"/healthz"); err != nil {
		t.Errorf("healthy: %v", err)
	}
	err := Probe(t.Context(), url+"/readyz")
	if err == nil || !strings.HasSuffix(err.Error(), "503 Service Unavailable: not ready index: locked") {
		t.Errorf("not ready: %v", err)
	}
}

func TestProbeFails(t *testing.T) {
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, s.URL+"/fine", http.StatusFound)
		}
	}))
	defer s.Close()
	if err := Probe(t.Context(), s.URL+"/fine"); err != nil {
		t.Fatal(err)
	}
	// A redirect is somebody else's server.
	if err := Probe(t.Context(), s.URL+"/redirect"); err == nil {
		t.Error("a redirect passed")
	}
	s.Close()
	if err := Probe(t.Context(), s.URL+"/fine"); err == nil || !strings.Contains(err.Error(), s.URL) {
		t.Errorf("nobody listens: %v", err)
	}
	if err := Probe(t.Context(), "http://%zz"); err == nil {
		t.Error("a broken URL passed")
	}
}

func TestProbeURL(t *testing.T) {
	for _, tt := range []struct{ addr, want string }{
		{":9101", "http://127.0.0.1:9101/healthz"},
		{"0.0.0.0:9101", "http://127.0.0.1:9101/healthz"},
		{"[::]:9101", "http://[::1]:9101/healthz"},
		{"localhost:9101", "http://localhost:9101/healthz"},
		{"192.0.2.1:80", "http://192.0.2.1:80/healthz"},
	} {
		if got, err := ProbeURL(tt.addr, "/healthz"); err != nil || got != tt.want {
			t.Errorf("ProbeURL(%q) = %q, %v, want %q", tt.addr, got, err, tt.want)
		}
	}
	if _, err := ProbeURL("9101", "/healthz"); err == nil {
		t.Error("an address without a port passed")
	}
}
