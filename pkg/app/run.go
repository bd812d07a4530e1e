package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/newsroom"
	"github.com/copydesk/copydesk/pkg/ops"
)

// RunCommand is the whole of copydesk in one process.
type RunCommand struct {
	SearchFlags
	RelateFlags
	IngestFlags
	Data           string `name:"data" default:"data" type:"path" placeholder:"DIR" help:"Directory of the broker, the index and the state. Default: ./data."`
	HTTP           string `name:"http" default:"127.0.0.1:9101" placeholder:"ADDR" help:"Address of /metrics, /healthz, /readyz and /debug/pprof. Default: ${default}."`
	BrokerListen   string `name:"broker-listen" placeholder:"ADDR" help:"Address where other commands reach the embedded broker, none to keep it to this process. Default: 127.0.0.1:4222 if that is free."`
	NewsroomListen string `name:"newsroom-listen" default:"127.0.0.1:8090" placeholder:"ADDR" help:"Address of the newsroom, the demonstration site that is read when none of --feeds, --urls and --warc is given. Default: ${default}."`
	NewsroomPages  int    `name:"newsroom-pages" default:"0" help:"Generated pages that the newsroom has beside its own articles. Default: ${default}."`
	LogLevel       string `name:"log-level" enum:"debug,info,warn,error" default:"warn" help:"Least severe message to log: debug, info, warn or error. Default: ${default}."`
	LogFormat      string `name:"log-format" enum:"json,text" default:"text" help:"Log lines as json or text. Default: ${default}."`
	Config         string `name:"config" type:"path" placeholder:"FILE" help:"YAML file of flags: each key is the name of a flag."`
	Quiet          bool   `name:"quiet" short:"q" help:"Print no progress."`
}

const (
	defaultBrokerListen = "127.0.0.1:4222"
	// newsroomPoll keeps the demonstration lively; its feeds are ours.
	newsroomPoll = 30 * time.Second
)

// allInOne is what a running `copydesk run` holds, in the order it was begun.
type allInOne struct {
	flags    *RunCommand
	env      Env
	log      *slog.Logger
	reg      *prometheus.Registry
	progress *progress
	newsroom *newsroomServer
	server   *bus.Server
	bus      *bus.Bus
	index    *sharedIndex
}

// Run starts an embedded broker and the three workers, and reads the newsroom
// if no other source is named. It returns when ctx ends and all is settled.
func (c *RunCommand) Run(ctx context.Context, env Env) error {
	if err := cmp.Or(c.IngestFlags.check(), c.RelateFlags.check()); err != nil {
		return err
	}
	log, err := ops.NewLogger(env.Stderr, c.LogFormat, c.LogLevel)
	if err != nil {
		return usageError{err}
	}
	slog.SetDefault(log) // net/http and others write to the standard logger
	a := &allInOne{flags: c, env: env, log: log, reg: ops.NewRegistry(Version())}
	// Ports first: that one is taken is the commonest mistake and the cheapest
	// to tell.
	searchListener, err := ops.Bind(ctx, c.Listen, "--listen")
	if err != nil {
		return err
	}
	defer searchListener.Close()
	gate := &readyGate{}
	health, err := ops.Listen(c.HTTP, ops.ServerOptions{Registry: a.reg, Ready: gate.check, Degraded: gate.degraded, Logger: log})
	if err != nil {
		return err
	}
	defer func() { _ = health.Close() }()
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if len(c.Feeds) == 0 && len(c.URLs) == 0 && len(c.WARC) == 0 {
		o := newsroom.Options{Seed: newsroomSeed, Generated: c.NewsroomPages}
		if a.newsroom, err = startNewsroom(ctx, c.NewsroomListen, "--newsroom-listen", o, c.Data, log); err != nil {
			return err
		}
		defer shutdown(log, "newsroom", a.newsroom.stop)
	}
	if err := a.startBroker(ctx); err != nil {
		return err
	}
	defer a.server.Shutdown()
	defer shutdown(log, "broker connection", a.bus.Close)
	return a.work(ctx, searchListener, health, gate)
}

// startBroker starts the broker of this process and connects to it.
func (a *allInOne) startBroker(ctx context.Context) error {
	listen := a.flags.BrokerListen
	switch listen {
	case "none":
		listen = ""
	case "":
		listen = defaultBrokerListen
		if l, err := net.Listen("tcp", listen); err != nil {
			a.log.Warn("broker keeps to this process: the default address is in use; copydesk dead and feeds cannot reach it", "addr", listen)
			listen = ""
		} else {
			_ = l.Close()
		}
	}
	server, err := bus.StartServer(bus.ServerOptions{Dir: filepath.Join(a.flags.Data, "broker"), Listen: listen, Logger: a.log})
	if err != nil {
		return err
	}
	a.server = server
	a.bus, err = bus.Connect(ctx, bus.Options{InProcess: server, Name: workerName("run"), Logger: a.log})
	if err == nil {
		err = a.bus.Ensure(ctx)
	}
	if err != nil {
		server.Shutdown()
		return err
	}
	a.reg.MustRegister(bus.NewCollector(a.bus, a.log))
	return nil
}

// work runs the three workers, search, health and progress until ctx ends.
func (a *allInOne) work(ctx context.Context, l net.Listener, health *ops.Server, gate *readyGate) error {
	ix := sharedIndexIn(filepath.Join(a.flags.Data, "index"), a.log, a.reg)
	if err := ix.tryOpen(); err != nil {
		return err
	}
	a.index = ix
	d := deps{bus: a.bus, log: a.log, reg: a.reg, name: workerName("run"), honour: a.flags.Honour}
	indexer, err := newSearchWorker(ctx, d, ix, a.flags.SearchFlags, a.flags.RelateFlags, l)
	if err != nil {
		return err
	}
	workers := []runner{indexer}
	fail := func(err error) error { return errors.Join(err, ix.Close()) }
	normalize, err := newNormalize(d)
	if err != nil {
		return fail(err)
	}
	ingest, err := newIngest(ctx, d, a.ingestFlags(), a.env.Stdin)
	if err != nil {
		return fail(err)
	}
	if a.newsroom != nil {
		ingest.lists.addSources(a.newsroom.site.Feeds())
	}
	workers = append(workers, normalize, ingest)
	gate.set(ops.Checks(ops.Check{Name: "broker", Run: a.bus.Ready}, ops.Check{Name: "ingest", Run: ingest.Ready},
		ops.Check{Name: "normalize", Run: normalize.Ready}, ops.Check{Name: "index", Run: indexer.Ready}), workers...)
	a.progress = newProgress(a.env, a.flags.Quiet, a.bus, ingest.feeds, ix)
	a.progress.reading = ingest.warcs.reading
	a.progress.greet(a, health.Addr().String())

	healthCtx, stopHealth := context.WithCancel(context.WithoutCancel(ctx))
	defer stopHealth()
	group := new(errgroup.Group)
	group.Go(func() error { return health.Serve(healthCtx) })
	ended := context.AfterFunc(ctx, func() {
		health.Drain("stopping")
		a.progress.stopping()
	})
	defer ended()
	err = a.runAll(ctx, workers)
	stopHealth()
	a.progress.done()
	return errors.Join(err, group.Wait())
}

// runAll runs the workers. When one fails the others stop too.
func (a *allInOne) runAll(ctx context.Context, workers []runner) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range workers {
		group.Go(func() error { return w.Run(ctx) })
	}
	group.Go(func() error { a.progress.run(ctx); return nil })
	return group.Wait()
}

func (a *allInOne) ingestFlags() IngestFlags {
	f := a.flags.IngestFlags
	if a.newsroom != nil {
		f.AllowPrivate = true
		f.PollInterval = f.PollInterval.atMost(newsroomPoll)
	}
	return f
}

// newsroomServer serves the newsroom on loopback.
type newsroomServer struct {
	site newsroomSite
	addr string
	http *http.Server
	done chan struct{}
}

func (s *newsroomServer) stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	<-s.done
	return err
}
