package fetch

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// pipeNet is a network of in-memory connections for tests that run on a fake
// clock: every address leads to one HTTP server, which notes who asked when.
type pipeNet struct {
	conns  chan net.Conn
	server *http.Server
	done   chan struct{}
	once   sync.Once

	mu  sync.Mutex
	log []visitLog
}

// visitLog is one request as the server saw it.
type visitLog struct {
	host, path string
	start, end time.Time
}

func newPipeNet(h http.HandlerFunc) *pipeNet {
	n := &pipeNet{conns: make(chan net.Conn), done: make(chan struct{})}
	n.server = &http.Server{ErrorLog: discardLog(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitLog{host: r.Host, path: r.URL.Path, start: time.Now()}
		h(w, r)
		v.end = time.Now()
		n.mu.Lock()
		n.log = append(n.log, v)
		n.mu.Unlock()
	})}
	go func() { _ = n.server.Serve(n) }()
	return n
}

func (n *pipeNet) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

func (n *pipeNet) Close() error   { n.once.Do(func() { close(n.done) }); return nil }
func (n *pipeNet) Addr() net.Addr { return &net.TCPAddr{} }

func (n *pipeNet) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// visits returns the log; a request is in it once its handler has ended.
func (n *pipeNet) visits() []visitLog {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]visitLog(nil), n.log...)
}

// newPipeFetcher returns a fetcher on a network whose server is h. The caller
// calls stop before the synctest bubble ends.
func newPipeFetcher(t *testing.T, o Options, h http.HandlerFunc) (f *Fetcher, n *pipeNet, stop func()) {
	t.Helper()
	n = newPipeNet(h)
	f, err := newFetcher(o, n.dial)
	if err != nil {
		t.Fatal(err)
	}
	return f, n, func() {
		f.Close()
		_ = n.server.Close()
	}
}
