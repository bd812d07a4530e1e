package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	startTimeout = 30 * time.Second
	// lowDisk is the free space below which the broker counts as unhealthy: the
	// next block files may not fit, and a full disk stops it until a restart.
	lowDisk = 64 * mib
)

// ServerOptions describe an embedded broker.
type ServerOptions struct {
	Dir    string // where it stores everything; created if missing, used by one process at a time
	Listen string // host:port for other processes, ":0" for any port; "" serves this process only
	// User and Password, or Token, are asked of other processes. [Connect] with
	// InProcess knows them by itself.
	User, Password, Token string
	// MaxStore bounds what is stored, in bytes. The default is three quarters of
	// the free disk, and at least what full streams take.
	MaxStore int64
	Logger   *slog.Logger
}

// Server is a NATS server with JetStream inside this process. Every write is on
// disk before it is acknowledged.
type Server struct {
	opts   ServerOptions
	log    *slog.Logger
	server *server.Server
	bridge *logBridge
	lock   *dirLock
}

// StartServer starts a broker and returns once it serves. Errors say in one line
// what is wrong: the directory is used by another process or cannot be written,
// the port is taken.
func StartServer(o ServerOptions) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("start broker: no directory given")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start broker in %s: %w", o.Dir, err)
	}
	o.Dir = dir
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("start broker in %s: %w", dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("start broker in %s: %w", dir, err)
	}
	s := &Server{opts: o, log: o.Logger.With("component", "broker"), lock: lock}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return s, nil
}

func (s *Server) start() error {
	opts, err := s.serverOptions()
	if err != nil {
		return err
	}
	s.server, err = server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("start broker in %s: %w", s.opts.Dir, err)
	}
	s.bridge = &logBridge{log: s.log}
	s.server.SetLoggerV2(s.bridge, false, false, false)
	s.server.Start()
	if s.server.ReadyForConnections(startTimeout) && s.server.JetStreamEnabled() {
		s.log.Info("broker started", "dir", s.opts.Dir, "listen", s.ListenAddr(), "max_store", bytesText(opts.JetStreamMaxStore))
		return nil
	}
	fatal := s.bridge.fatalError()
	if fatal == nil {
		fatal = fmt.Errorf("not ready after %s", startTimeout)
	}
	s.server.Shutdown()
	s.server.WaitForShutdown()
	return fmt.Errorf("start broker in %s: %w", s.opts.Dir, fatal)
}

func (s *Server) serverOptions() (*server.Options, error) {
	maxStore := s.opts.MaxStore
	if maxStore <= 0 {
		free, err := freeDisk(s.opts.Dir)
		if err != nil {
			return nil, fmt.Errorf("measure free disk of %s: %w", s.opts.Dir, err)
		}
		// The broker refuses to create streams whose sizes add up to more than
		// it may store, so never allow less than that; on a small disk the
		// warning and Healthy stand in for the limit.
		maxStore = max(free/4*3, reserved()+gib)
		if free < reserved() {
			s.log.Warn("disk is smaller than full streams need", "dir", s.opts.Dir, "free_mib", free/mib, "needed_mib", reserved()/mib)
		}
	}
	opts := &server.Options{
		ServerName: "copydesk", DontListen: s.opts.Listen == "", NoSigs: true,
		JetStream: true, StoreDir: s.opts.Dir, JetStreamMaxStore: maxStore, SyncAlways: true,
		MaxPayload: MaxPayload, MaxPending: 64 << 20,
		Username: s.opts.User, Password: s.opts.Password, Authorization: s.opts.Token,
	}
	if s.opts.Listen == "" {
		return opts, nil
	}
	host, port, err := net.SplitHostPort(s.opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("start broker on %s: %w", s.opts.Listen, err)
	}
	opts.Host = host
	if host == "" {
		opts.Host = "0.0.0.0"
	}
	if opts.Port, err = strconv.Atoi(port); err != nil || opts.Port < 0 || opts.Port > 65535 {
		return nil, fmt.Errorf("start broker on %s: %q is no port number", s.opts.Listen, port)
	}
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	if ip := net.ParseIP(opts.Host); opts.Host != "localhost" && (ip == nil || !ip.IsLoopback()) && s.opts.User == "" && s.opts.Token == "" {
		s.log.Warn("broker is open to the network without a password", "listen", s.opts.Listen)
	}
	// The server only logs that it cannot listen; ask beforehand.
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("start broker on %s: %w", s.opts.Listen, err)
	}
	if err := l.Close(); err != nil {
		return nil, fmt.Errorf("start broker on %s: %w", s.opts.Listen, err)
	}
	return opts, nil
}

// ListenAddr is host:port where other processes connect, "" if they cannot.
func (s *Server) ListenAddr() string {
	if s.opts.Listen == "" {
		return ""
	}
	if a := s.server.Addr(); a != nil {
		return a.String()
	}
	return ""
}

// ClientURL is the address for other processes, "" if the broker serves this
// process only.
func (s *Server) ClientURL() string {
	if s.opts.Listen == "" {
		return ""
	}
	return s.server.ClientURL()
}

// Healthy reports what keeps the broker from storing messages: a failed write,
// or a disk that is full or nearly so.
func (s *Server) Healthy() error {
	if err := s.bridge.storageError(); err != nil {
		return fmt.Errorf("broker in %s cannot store messages: %w: make space and restart it", s.opts.Dir, err)
	}
	if !s.server.JetStreamEnabled() {
		return fmt.Errorf("broker in %s does not run", s.opts.Dir)
	}
	if free, err := freeDisk(s.opts.Dir); err == nil && free < lowDisk {
		return fmt.Errorf("disk of broker in %s is nearly full: %d MiB left: make space", s.opts.Dir, free/mib)
	}
	return nil
}

// Shutdown stops the broker, waits for it, and gives the directory free. A
// second call does nothing.
func (s *Server) Shutdown() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
	if err := s.lock.release(); err != nil {
		s.log.Warn("unlock broker directory", "dir", s.opts.Dir, "error", err)
	}
}
