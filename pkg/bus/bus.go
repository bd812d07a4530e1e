// Package bus is copydesk's side of NATS JetStream: the streams, buckets and
// consumers that carry the work, leases, dead letters, and the broker that can
// run inside the process.
//
// # Stored format
//
// Everything the broker stores is laid out in the tables of layout.go, and
// [Bus.Ensure] creates or checks it. The work queues URLS, PAGES and ARTICLES
// refuse new messages when full, which slows the stage before; WIRE drops its
// oldest. Payloads are compressed by [Compress] where a header says so. A lease
// is a JSON object under its key in copydesk_leases ([Lease]); a dead letter is
// the message as it was, with its reason in headers ([DeadLetter]).
//
// # Durability
//
// The embedded broker syncs every write to disk before it acknowledges it. An
// external one must be told to: sync_interval: always, and max_payload: 4MB.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	defaultConnectTimeout = 30 * time.Second
	// callTimeout bounds one call to the broker where the caller set no
	// deadline. With every write synced, a slow disk needs seconds.
	callTimeout = 10 * time.Second
	// readyTimeout bounds a readiness check.
	readyTimeout = 3 * time.Second
)

// Options say how to reach the broker. Exactly one of URL and InProcess is set.
type Options struct {
	URL       string  // nats://host:port, tls://..., several separated by commas
	InProcess *Server // an embedded broker of this process
	Name      string  // shown in the broker's list of clients; default "copydesk"

	Creds     string // file with a JWT and a seed
	User      string
	Password  string
	Token     string
	CA        string // PEM file of the authority that signed the broker's certificate
	Cert, Key string // PEM files of the client's certificate

	Logger         *slog.Logger
	ConnectTimeout time.Duration // how long Connect waits for the broker; default 30 s

	// AckWait and LeaseTTL replace the times of consumers (30 s) and of the lease
	// bucket (10 s); MaxBytes replaces the size of a stream or bucket, by its
	// name. What is on the broker already must match.
	AckWait  time.Duration
	LeaseTTL time.Duration
	MaxBytes map[string]int64
}

// Bus is a connection to the broker, safe for concurrent use.
type Bus struct {
	opts   Options
	log    *slog.Logger
	conn   *nats.Conn
	js     jetstream.JetStream
	closed chan struct{} // closed once the connection is

	session atomic.Pointer[session]
	groups  map[string]*group // by the beginning of their subjects

	mu      sync.Mutex
	buckets map[string]jetstream.KeyValue
}

// session lasts from one connection to the broker to its loss.
type session struct {
	ctx  context.Context
	lose context.CancelCauseFunc
}

func newSession() *session {
	s := &session{}
	s.ctx, s.lose = context.WithCancelCause(context.Background())
	return s
}

// Connect opens a connection to the broker, trying until ConnectTimeout or the
// end of ctx. Once open it reconnects for ever by itself; [Bus.Ready] tells
// whether it stands.
func Connect(ctx context.Context, o Options) (*Bus, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	b := &Bus{opts: o, log: o.Logger.With("component", "bus"), closed: make(chan struct{}), buckets: map[string]jetstream.KeyValue{}}
	b.session.Store(newSession())
	b.groups = newGroups(b)
	conn, err := b.dial(ctx)
	if err != nil {
		return nil, err
	}
	b.conn = conn
	b.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(callTimeout))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("open JetStream of broker %s: %w", o.address(), err)
	}
	return b, nil
}

// JetStream returns the JetStream context of the connection.
func (b *Bus) JetStream() jetstream.JetStream { return b.js }

// Conn returns the connection.
func (b *Bus) Conn() *nats.Conn { return b.conn }

// Connected reports whether the connection stands at this moment.
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Call makes a call to the broker that ends with [nats.ErrDisconnected] as soon
// as the connection is lost, where the client alone would wait for the timeout
// for an answer that cannot come.
func (b *Bus) Call(ctx context.Context, timeout time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	stop := context.AfterFunc(b.session.Load().ctx, func() { cut(nats.ErrDisconnected) })
	defer stop()
	err := call(ctx)
	if errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), nats.ErrDisconnected) {
		return nats.ErrDisconnected
	}
	return err
}

// Bucket returns a key-value bucket that Ensure created.
func (b *Bus) Bucket(ctx context.Context, name string) (jetstream.KeyValue, error) {
	b.mu.Lock()
	kv := b.buckets[name]
	b.mu.Unlock()
	if kv != nil {
		return kv, nil
	}
	kv, err := b.js.KeyValue(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buckets[name] = kv
	return kv, nil
}

// Ready reports whether the broker answers and has every stream. The error says
// in one line what is missing.
func (b *Bus) Ready(ctx context.Context) error {
	if !b.Connected() {
		return fmt.Errorf("broker %s is not connected: %s", b.opts.address(), b.conn.Status())
	}
	if s := b.opts.InProcess; s != nil {
		if err := s.Healthy(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for _, s := range streams() {
		if _, err := b.js.Stream(ctx, s.Name); err != nil {
			if errors.Is(err, jetstream.ErrStreamNotFound) {
				return fmt.Errorf("stream %s does not exist on broker %s", s.Name, b.opts.address())
			}
			return fmt.Errorf("ask broker %s for stream %s: %w", b.opts.address(), s.Name, err)
		}
	}
	return nil
}

// Close drains the connection: what was published is flushed, subscriptions end
// after what they have received. When ctx ends first the connection is cut.
func (b *Bus) Close(ctx context.Context) error {
	if !b.conn.IsConnected() || b.conn.Drain() != nil {
		// A connection that is down has nothing to drain.
		b.conn.Close()
	}
	select {
	case <-b.closed:
		return nil
	case <-ctx.Done():
		b.conn.Close()
		<-b.closed
		return fmt.Errorf("drain connection to broker %s: %w", b.opts.address(), ctx.Err())
	}
}
