package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
	"github.com/copydesk/copydesk/pkg/ops"
	"github.com/copydesk/copydesk/pkg/search"
)

// runner is one of the workers.
type runner interface {
	Run(ctx context.Context) error
	Ready(ctx context.Context) error
	// Degraded says what holds the worker up although it is ready.
	Degraded() error
}

// IngestCommand is the command line of the ingest worker.
type IngestCommand struct {
	WorkerFlags
	IngestFlags
	HTTP string `name:"http" default:":9101" placeholder:"ADDR" help:"Address of /metrics, /healthz, /readyz and /debug/pprof. Default: ${default}."`
}

// Run polls feeds and fetches pages until ctx ends.
func (c *IngestCommand) Run(ctx context.Context, env Env) error {
	if c.Healthcheck {
		return healthcheck(ctx, c.HTTP)
	}
	if err := c.check(); err != nil {
		return err
	}
	return c.serve(ctx, env, "ingest", c.HTTP, func(d deps) (runner, error) {
		return newIngest(ctx, d, c.IngestFlags, env.Stdin)
	})
}

// NormalizeCommand is the command line of the normalize worker.
type NormalizeCommand struct {
	WorkerFlags
	Honour []string `name:"honour" default:"noindex,noarchive" placeholder:"WISHES" help:"Wishes of publishers to honour: noindex makes a page no article and withdraws what it was, noai does the same where training models or mining is reserved, noarchive keeps it out of the archive; none honours none. All are recorded on the article. Default: ${default}."`
	HTTP   string   `name:"http" default:":9102" placeholder:"ADDR" help:"Address of /metrics, /healthz, /readyz and /debug/pprof. Default: ${default}."`
}

// Run cleans pages until ctx ends.
func (c *NormalizeCommand) Run(ctx context.Context, env Env) error {
	if c.Healthcheck {
		return healthcheck(ctx, c.HTTP)
	}
	if _, err := newPolicy(c.Honour); err != nil {
		return err
	}
	return c.serve(ctx, env, "normalize", c.HTTP, func(d deps) (runner, error) {
		d.honour = c.Honour
		return newNormalize(d)
	})
}

// IndexCommand is the command line of the index worker.
type IndexCommand struct {
	WorkerFlags
	SearchFlags
	RelateFlags
	Index string `name:"index" default:"bleve:data/index" placeholder:"bleve:DIR" help:"Where the index lies. Default: ${default}."`
	HTTP  string `name:"http" default:":9103" placeholder:"ADDR" help:"Address of /metrics, /healthz, /readyz and /debug/pprof. Default: ${default}."`
}

// SearchFlags say where search is served.
type SearchFlags struct {
	Listen  string `name:"listen" default:":8080" placeholder:"ADDR" help:"Address of the search API and pages. Default: ${default}."`
	BaseURL string `name:"base-url" placeholder:"URL" help:"Public address of the search pages, for links in feeds. Default: as each request names it."`
}

// Run indexes articles and serves search until ctx ends.
func (c *IndexCommand) Run(ctx context.Context, env Env) error {
	if c.Healthcheck {
		return healthcheck(ctx, c.HTTP)
	}
	dir, err := indexDir(c.Index)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	listener, err := ops.Bind(ctx, c.Listen, "--listen")
	if err != nil {
		return err
	}
	defer listener.Close()
	return c.serve(ctx, env, "index", c.HTTP, func(d deps) (runner, error) {
		ix := sharedIndexIn(dir, d.log, d.reg)
		// Whoever holds the lease has the directory, or is about to.
		if _, held, err := d.bus.LeaseHolder(ctx, leaseIndex); err != nil || !held {
			if err := ix.tryOpen(); err != nil {
				return nil, err
			}
		}
		return newSearchWorker(ctx, d, ix, c.SearchFlags, c.RelateFlags, listener)
	})
}

// indexDir reads --index.
func indexDir(value string) (string, error) {
	if dir, ok := strings.CutPrefix(value, "bleve:"); ok && dir != "" {
		return dir, nil
	}
	if strings.HasPrefix(value, "opensearch:") {
		return "", usagef("--index %s: OpenSearch is not in this version; use bleve:DIR", value)
	}
	return "", usagef("--index %s: give bleve:DIR", value)
}

// sharedIndexIn is the index in a directory, not opened yet.
func sharedIndexIn(dir string, log *slog.Logger, reg prometheus.Registerer) *sharedIndex {
	return &sharedIndex{log: log, open: func() (index.Index, error) {
		return bleveindex.Open(dir, bleveindex.Options{Logger: log, Registerer: reg})
	}}
}

// healthcheck asks the worker of this container whether it is ready.
func healthcheck(ctx context.Context, addr string) error {
	url, err := ops.ProbeURL(addr, "/readyz")
	if err != nil {
		return usageError{err}
	}
	return ops.Probe(ctx, url)
}

// serve is the life of a worker process: bind, connect, check the broker's
// streams, work, drain.
func (f WorkerFlags) serve(ctx context.Context, env Env, role, addr string, build func(deps) (runner, error)) error {
	log, err := f.logger(env)
	if err != nil {
		return usageError{err}
	}
	ops.SetMemoryLimit(log)
	name := workerName(role)
	log = log.With("worker", name)
	slog.SetDefault(log) // net/http and others write to the standard logger
	reg := ops.NewRegistry(Version())
	tracing, err := ops.SetupTracing(ctx, ops.TracingOptions{Endpoint: f.OTLPEndpoint, Service: "copydesk-" + role, Version: Version(), Logger: log})
	if err != nil {
		return err
	}
	defer shutdown(log, "tracing", tracing.Shutdown)
	gate := &readyGate{}
	server, err := ops.Listen(addr, ops.ServerOptions{Registry: reg, Ready: gate.check, Degraded: gate.degraded, Logger: log})
	if err != nil {
		return err
	}
	// The worker's health is served while the broker is still waited for, and
	// until the last message is settled.
	serverCtx, stopServer := context.WithCancel(context.WithoutCancel(ctx))
	group := new(errgroup.Group)
	group.Go(func() error { return server.Serve(serverCtx) })
	err = f.work(ctx, role, name, log, reg, tracing, gate, server, build)
	stopServer()
	return errors.Join(err, group.Wait())
}

func (f WorkerFlags) work(ctx context.Context, role, name string, log *slog.Logger, reg *prometheus.Registry,
	tracing *ops.Tracing, gate *readyGate, server *ops.Server, build func(deps) (runner, error),
) error {
	b, err := f.connect(ctx, name, log)
	if err != nil {
		return err
	}
	defer shutdown(log, "broker", b.Close)
	if err := b.Ensure(ctx); err != nil {
		return err
	}
	reg.MustRegister(bus.NewCollector(b, log))
	w, err := build(deps{bus: b, log: log, reg: reg, tracer: tracing.Provider.Tracer("copydesk"), name: name})
	if err != nil {
		return err
	}
	gate.set(ops.Checks(ops.Check{Name: "broker", Run: b.Ready}, ops.Check{Name: role, Run: w.Ready}), w)
	log.Info(role+" started", "version", Version(), "http", server.Addr().String())
	stop := context.AfterFunc(ctx, func() { server.Drain("stopping") })
	defer stop()
	err = w.Run(ctx)
	log.Info(role + " stopped")
	return err
}

// shutdown ends a part within a bounded time, whatever state ctx is in.
func shutdown(log *slog.Logger, part string, end func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := end(ctx); err != nil {
		log.Warn("part did not end cleanly", "part", part, "err", err)
	}
}

// searchWorker is the index worker with the search pages beside it.
type searchWorker struct {
	*indexWorker
	index    *sharedIndex
	listener net.Listener
	server   *http.Server
}

func newSearchWorker(ctx context.Context, d deps, ix *sharedIndex, f SearchFlags, rf RelateFlags, l net.Listener) (*searchWorker, error) {
	w, err := newIndexWorker(d, ix, rf)
	if err != nil {
		return nil, errors.Join(err, ix.Close())
	}
	feeds, err := openBucket(ctx, d.bus, bus.BucketFeeds)
	if err != nil {
		return nil, errors.Join(err, ix.Close())
	}
	handler, err := search.New(search.Options{
		Index: ix, Sources: feedSources{&sourceCache{store: feedStore{feeds}}}, Live: wireLive{d.bus}, Tracer: tracer{bus: d.bus, index: ix},
		Logger: d.log.With("component", "search"), Title: "copydesk", BaseURL: f.BaseURL,
	})
	if err != nil {
		return nil, errors.Join(err, ix.Close())
	}
	return &searchWorker{indexWorker: w, index: ix, listener: l, server: searchServer(handler)}, nil
}

// searchServer bounds what a client can cost. There is no bound on writing,
// because the live tail writes for as long as the reader stays.
func searchServer(handler http.Handler) *http.Server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.RegisterOnShutdown(cancel) // live readers do not leave by themselves
	return s
}

// Run indexes and serves until ctx ends. Search answers until the last batch
// is written.
func (w *searchWorker) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- w.server.Serve(w.listener) }()
	err := w.indexWorker.Run(ctx)
	shutdown(w.log, "search server", func(ctx context.Context) error {
		if w.server.Shutdown(ctx) != nil {
			return w.server.Close()
		}
		return nil
	})
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return errors.Join(err, w.index.Close())
}

// Ready says whether broker and index answer.
func (w *searchWorker) Ready(ctx context.Context) error {
	if _, err := w.index.Stats(ctx); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return w.indexWorker.Ready(ctx)
}
