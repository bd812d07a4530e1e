package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of the server. Profiles may take longer than the write time-out:
// net/http/pprof extends it by what the request asks for.
const (
	DefaultReadyTimeout = 2 * time.Second

	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownGrace     = 5 * time.Second
	scrapeTimeout     = 10 * time.Second
	maxHeaderBytes    = 16 << 10
	maxScrapes        = 8
)

// ServerOptions say what a [Server] shows.
type ServerOptions struct {
	// Registry is served on /metrics; nil serves no metrics.
	Registry *prometheus.Registry
	// Degraded says what holds the process up although it works, as a full queue
	// behind it does; /readyz tells it and stays at 200. It may be nil.
	Degraded func() error
	// Ready answers /readyz; see [Checks]. A nil Ready is always ready.
	Ready func(context.Context) error
	// ReadyTimeout bounds one answer; 0 means [DefaultReadyTimeout].
	ReadyTimeout time.Duration
	Logger       *slog.Logger
	// Flag is named in the error if the address cannot be bound; "" means
	// "--http".
	Flag string
}

// Server answers what an operator, a container runtime and Prometheus ask of a
// worker:
//
//	/metrics       all metrics; OpenMetrics, text or protobuf (native
//	               histograms) as the scraper prefers
//	/healthz       200 as long as the process works
//	/readyz        200 if everything it needs answers, else 503 and the reason
//	/debug/pprof/  profiles
type Server struct {
	ln    net.Listener
	http  *http.Server
	log   *slog.Logger
	check func(context.Context) error
	wait  time.Duration

	degraded func() error
	ask      flight

	mu       sync.Mutex
	draining string // why not ready any more; "" while working
}

// Listen binds addr at once, so that a port in use is an error at start, in one
// line that names the address and the flag to change. Requests are answered
// once [Server.Serve] runs.
func Listen(addr string, o ServerOptions) (*Server, error) {
	if o.Flag == "" {
		o.Flag = "--http"
	}
	if o.ReadyTimeout <= 0 {
		o.ReadyTimeout = DefaultReadyTimeout
	}
	s := &Server{
		log:   discardIfNil(o.Logger).With("component", "ops"),
		check: o.Ready,
		wait:  o.ReadyTimeout,

		degraded: o.Degraded,
	}
	ln, err := Bind(context.Background(), addr, o.Flag)
	if err != nil {
		return nil, err
	}
	s.ln = ln
	s.http = &http.Server{
		Handler:           s.routes(o.Registry),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	return s, nil
}

// Addr is the address that was bound, with the port that was chosen for ":0".
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Drain makes /readyz fail with the reason from now on, so that no new work is
// sent here while the worker finishes what it has.
func (s *Server) Drain(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = reason
}

// Serve answers requests until ctx ends, then lets those under way finish for 5
// seconds. It returns nil after a shutdown by ctx. It may be called once.
func (s *Server) Serve(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.http.Serve(s.ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve on %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := s.http.Shutdown(grace); err != nil {
		// A profile that is being taken is not worth waiting for.
		s.log.Warn("requests were cut off at shutdown", "error", err)
		_ = s.http.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", s.Addr(), err)
	}
	return nil
}

// Close frees the port at once. It is for a server whose Serve never ran;
// otherwise end Serve's context.
func (s *Server) Close() error {
	return errors.Join(s.http.Close(), ignoreClosed(s.ln.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) routes(reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "/metrics\n/healthz\n/readyz\n/debug/pprof/\n")
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "ok\n")
	})
	mux.HandleFunc("GET /readyz", s.readyz)
	if reg != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{
			Registry: reg,
			// One collector that fails must not hide all others; it is counted
			// in promhttp_metric_handler_errors_total and logged.
			ErrorHandling:       promhttp.ContinueOnError,
			ErrorLog:            &scrapeLog{log: s.log},
			EnableOpenMetrics:   true,
			MaxRequestsInFlight: maxScrapes,
			Timeout:             scrapeTimeout,
		}))
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.ready(r.Context()); err != nil {
		plain(w, http.StatusServiceUnavailable, "not ready\n"+err.Error()+"\n")
		return
	}
	text := "ready\n"
	if s.degraded != nil {
		if err := s.degraded(); err != nil {
			text += "degraded: " + err.Error() + "\n"
		}
	}
	plain(w, http.StatusOK, text)
}

func (s *Server) ready(ctx context.Context) error {
	s.mu.Lock()
	reason := s.draining
	s.mu.Unlock()
	if reason != "" {
		return errors.New(reason)
	}
	if s.check == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	return s.ask.do(ctx, s.check)
}

func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client went away: nothing to do
}

// scrapeLog takes what promhttp says to the injected logger. A scraper that goes
// away makes it say the same of every single metric.
type scrapeLog struct {
	log   *slog.Logger
	every seldom
}

// Println implements promhttp.Logger.
func (l *scrapeLog) Println(v ...any) {
	if n, ok := l.every.say(1); ok {
		text := strings.TrimSpace(fmt.Sprintln(v...))
		l.log.Warn("metrics could not be served whole", "times", n, "error", strings.ReplaceAll(text, "\n", "; "))
	}
}
