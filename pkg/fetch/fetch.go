// Package fetch makes one polite HTTP fetch on the open web.
//
// A fetch asks robots.txt, waits for the host's turn, checks every address that
// it connects to, follows redirects under the same rules, and undoes the
// Content-Encoding. Everything that a server can make long, large or endless
// has a bound in [Limits], and every failure is an [*Error] of a bounded class.
//
// Stored format: a robots.txt in a [RobotsStore] is the line
// "copydesk-robots 1 STATUS TIME" (RFC 3339) followed by the bytes as sent.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// Kind says what a URL is expected to return. It decides the Accept header and
// the size limit.
type Kind string

// The kinds of request.
const (
	KindPage Kind = "page"
	KindFeed Kind = "feed"
)

// Request is one thing to fetch. ETag and LastModified are the validators of
// an earlier response, sent back as they came.
type Request struct {
	URL          string
	Kind         Kind // empty: KindPage
	ETag         string
	LastModified string
	Priority     Priority // before whom it goes that wait for the same host
	// Observe, if there is one, is told of every request that was answered, those
	// of redirects included and those of robots.txt not, in order, by the
	// goroutine that fetches.
	Observe func(*Exchange)
}

// Response is what a URL returned: any status of the 200s, or 304.
type Response struct {
	URL          string         // as asked for
	FinalURL     string         // after redirects, without fragment and password
	Status       int            // HTTP status
	NotModified  bool           // 304: nothing new since the validators; Body is nil
	ContentType  string         // the Content-Type header as sent
	ETag         string         // validators for the next request
	LastModified string         //
	Body         []byte         // decoded of any Content-Encoding
	FetchedAt    time.Time      // when the response began
	PermanentURL string         // where the URL has moved for good (all redirects 301 or 308), "" if it has not
	MaxAge       time.Duration  // how long the server calls the response fresh, 0 to 7 days
	Redirects    []string       // URLs that redirects led to, in order
	Rights       article.Rights // what header, page head and robots.txt reserve; NoArchive keeps it out of an archive
	Header       http.Header    // of the final response, as sent: its Content-Encoding is that of the wire
}

// Fetcher fetches. It is safe for concurrent use. Close it when done.
type Fetcher struct {
	o         Options
	guard     *guard
	transport *http.Transport
	hosts     *hosts
	memory    *memory
	robots    *robotsCache
	metrics   *metrics

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup
}

// New returns a Fetcher. It fails on options that cannot be meant and on
// metrics that are registered already.
func New(o Options) (*Fetcher, error) {
	return newFetcher(o, nil)
}

// newFetcher is New with the network replaced, for tests.
func newFetcher(o Options, dial dialFunc) (*Fetcher, error) {
	o, err := o.prepare()
	if err != nil {
		return nil, err
	}
	f := &Fetcher{o: o, guard: newGuard(o.AllowPrivate)}
	if f.metrics, err = newMetrics(o.Registerer); err != nil {
		return nil, fmt.Errorf("fetch: register metrics: %w", err)
	}
	if dial == nil {
		dial = f.guard.dialer(o.Limits.Connect, o.Resolver)
	}
	f.transport = newTransport(o.Limits, dial)
	f.memory = newMemory(o.Limits.Memory)
	f.hosts = newHosts(o.HostDelay, o.Limits.Wait, o.Limits.Hosts)
	f.robots = newRobotsCache(f)
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f, nil
}

// Close ends the fetches under way, waits for them and closes connections.
func (f *Fetcher) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	f.work.Wait()
	f.transport.CloseIdleConnections()
}

// begin counts a piece of work in; Close waits for it. It reports false after
// Close.
func (f *Fetcher) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.work.Add(1)
	return true
}

var errClosed = errors.New("the fetcher is closed")

// Fetch fetches one URL. Its error is always an [*Error].
func (f *Fetcher) Fetch(ctx context.Context, req Request) (*Response, error) {
	resp, failed := f.visit(ctx, &visit{req: req, left: f.o.Limits.Total, page: true})
	if f.o.Report != nil && (failed == nil || !errors.Is(failed, errClosed)) {
		f.o.Report(req, resp, failed)
	}
	if failed != nil {
		return nil, failed
	}
	return resp, nil
}

// visit makes a visit, and counts it.
func (f *Fetcher) visit(ctx context.Context, v *visit) (*Response, *Error) {
	if !f.begin() {
		return nil, &Error{Class: ClassCanceled, URL: v.req.URL, Temporary: true, Err: errClosed}
	}
	defer f.work.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.ctx, cancel)()

	resp, err := f.follow(ctx, v)
	f.metrics.observe(v, resp, err)
	if err != nil {
		e := *asError(err) // robots.txt errors are shared between fetches
		e.URL = v.req.URL
		return nil, &e
	}
	return resp, nil
}

// Waiting returns how many fetches of a host (a name without port) are under
// way or wait for their turn. Those of a lower priority than least do not count:
// they go behind.
func (f *Fetcher) Waiting(host string, least Priority) int {
	return f.hosts.waiting(hostKey(host), least)
}

// Delay returns how long a fetch of a host (a name without port) that came now
// would wait for its turn, at least. A scheduler gives a message back when this
// is long, instead of letting it hold a worker.
func (f *Fetcher) Delay(host string) time.Duration { return f.hosts.estimate(hostKey(host)) }

// Robots returns what the robots.txt of a URL's origin says to this program,
// fetched if need be. Its error is always an [*Error].
func (f *Fetcher) Robots(ctx context.Context, rawURL string) (*Robots, error) {
	u, err := parseTarget(rawURL)
	if err == nil {
		var rules *Robots
		if rules, err = f.robots.get(ctx, u); err == nil {
			return rules, nil
		}
	}
	e := *asError(err)
	e.URL = rawURL
	return nil, &e
}
