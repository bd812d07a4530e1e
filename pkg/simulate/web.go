package simulate

import (
	"context"
	"fmt"
	"html"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
)

// Web serves feeds of a mix over HTTP on a network of in-memory connections, so
// that a real fetcher can be watched from the hosts' side on any clock. Close it
// when done.
type Web struct {
	hostDelay time.Duration
	sites     map[string]*site
	conns     chan net.Conn
	done      chan struct{}
	once      sync.Once
	server    *http.Server

	mu         sync.Mutex
	violations []string
	requests   int
	refusals   int
}

// private is where robots.txt lets nobody in.
const private = "/private"

// storyURL is the address of an entry's page. Feeds also name pages that
// robots.txt keeps out.
func storyURL(host string, i int) string {
	if i%16 == 7 {
		return fmt.Sprintf("http://%s%s/story/%d", host, private, i)
	}
	return fmt.Sprintf("http://%s/story/%d", host, i)
}

// maxViolations bounds what is kept of them.
const maxViolations = 1000

// site is one host: its feed, its rules, and what it saw.
type site struct {
	host    string
	feed    *Feed
	crawl   time.Duration // crawl-delay of its robots.txt
	closed  bool          // its robots.txt forbids the feed
	latency time.Duration

	busy  bool
	asked bool      // the last request was not for robots.txt
	ended time.Time // of the last request
	until time.Time // nobody may come before: it said Retry-After
}

// NewWeb returns a web of hosts host0.example, host1.example and so on, with
// entries from one time to another. hostDelay is what each request to a host must
// keep from the end of the one before.
func NewWeb(m Mix, seed uint64, hosts int, hostDelay time.Duration, from, to time.Time) *Web {
	w := &Web{hostDelay: hostDelay, sites: map[string]*site{}, conns: make(chan net.Conn), done: make(chan struct{})}
	for i := range hosts {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		s := &site{host: fmt.Sprintf("host%d.example", i), feed: newFeed(m, rng, from.Add(-history), to)}
		s.latency = time.Duration(20+rng.IntN(1500)) * time.Millisecond
		s.closed = rng.IntN(20) == 0
		if rng.IntN(10) == 0 {
			s.crawl = time.Duration(2+rng.IntN(58)) * time.Second
		}
		w.sites[s.host] = s
	}
	w.server = &http.Server{Handler: http.HandlerFunc(w.serve), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = w.server.Serve(webListener{w}) }()
	return w
}

// Feeds returns the addresses of the feeds.
func (w *Web) Feeds() []string {
	urls := make([]string, len(w.sites))
	for i := range urls {
		urls[i] = fmt.Sprintf("http://host%d.example/feed.xml", i)
	}
	return urls
}

// Entry returns the entry that a page address belongs to.
func (w *Web) Entry(url string) (Entry, bool) {
	host, n, ok := strings.Cut(strings.TrimPrefix(url, "http://"), "/story/")
	host = strings.TrimSuffix(host, private)
	i, err := strconv.Atoi(n)
	s := w.sites[host]
	if !ok || err != nil || s == nil || i < 0 || i >= len(s.feed.Entries) {
		return Entry{}, false
	}
	return s.feed.Entries[i], true
}

// Expected returns how many entries a poller should have found that became
// visible in a span of time: those of hosts that let it in.
func (w *Web) Expected(from, to time.Time) int {
	n := 0
	for _, s := range w.sites {
		if s.closed || s.feed.Dead {
			continue
		}
		for _, e := range s.feed.Entries {
			if !e.Visible.Before(from) && e.Visible.Before(to) {
				n++
			}
		}
	}
	return n
}

// Seen returns what the hosts saw: requests, those that they refused with a
// Retry-After, and every breach of manners.
func (w *Web) Seen() (requests, refusals int, violations []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests, w.refusals, append([]string(nil), w.violations...)
}

// Dial connects to the web, whatever the address.
func (w *Web) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case w.conns <- server:
		return client, nil
	case <-w.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close ends all connections.
func (w *Web) Close() error { return w.server.Close() }

// webListener hands the connections that Dial makes to the server.
type webListener struct{ w *Web }

// Accept implements net.Listener.
func (l webListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.w.conns:
		return c, nil
	case <-l.w.done:
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener.
func (webListener) Addr() net.Addr { return &net.TCPAddr{} }

// Close implements net.Listener.
func (l webListener) Close() error {
	l.w.once.Do(func() { close(l.w.done) })
	return nil
}

// serve answers one request and watches how it comes.
func (w *Web) serve(rw http.ResponseWriter, r *http.Request) {
	s := w.sites[r.Host]
	if s == nil {
		http.NotFound(rw, r)
		return
	}
	w.enter(s, r.URL.Path)
	defer w.leave(s)
	time.Sleep(s.latency)
	if r.URL.Path == "/robots.txt" {
		fmt.Fprint(rw, s.robots())
		return
	}
	if strings.Contains(r.URL.Path, "/story/") {
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(rw, "<html><body><p>What %s says.</p></body></html>", r.URL.Path)
		return
	}
	if r.URL.Path != "/feed.xml" {
		http.NotFound(rw, r)
		return
	}
	now := time.Now()
	p, visible := s.feed.answer(now, 0)
	switch p.Failure {
	case cadence.FailureHard:
		http.NotFound(rw, r)
	case cadence.FailureSoft:
		w.refuse(s, rw, p.RetryAfter)
	default:
		s.feed.write(rw, r, s.host, p, visible)
	}
}

// robots is the host's robots.txt.
func (s *site) robots() string {
	text := "User-agent: *\nDisallow: " + private + "/\n"
	if s.closed {
		text = "User-agent: *\nDisallow: /feed\n"
	}
	if s.crawl > 0 {
		text += fmt.Sprintf("Crawl-delay: %d\n", int(s.crawl.Seconds()))
	}
	return text
}

// refuse answers 503, and holds the visitor to the Retry-After it names.
func (w *Web) refuse(s *site, rw http.ResponseWriter, after time.Duration) {
	if after > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		w.mu.Lock()
		w.refusals++
		s.until = time.Now().Add(after)
		w.mu.Unlock()
	}
	http.Error(rw, "out of order", http.StatusServiceUnavailable)
}

// enter notes a request and what is wrong with it.
func (w *Web) enter(s *site, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	now := time.Now()
	gap, robots := now.Sub(s.ended), path == "/robots.txt"
	least := w.hostDelay
	if !robots {
		least = max(least, s.crawl)
	}
	switch {
	case s.busy:
		w.violate(s, path, "while another is under way")
	case now.Before(s.until):
		w.violate(s, path, fmt.Sprintf("%s before its Retry-After is over", s.until.Sub(now)))
	case !s.ended.IsZero() && gap < min(least, w.hostDelay):
		w.violate(s, path, fmt.Sprintf("%s after the last one ended", gap))
	case !s.ended.IsZero() && !robots && gap < least && s.asked:
		w.violate(s, path, fmt.Sprintf("%s after the last one, crawl-delay %s", gap, s.crawl))
	case s.closed && path == "/feed.xml", strings.HasPrefix(path, private+"/") && !s.closed:
		w.violate(s, path, "against robots.txt")
	}
	s.busy, s.asked = true, !robots
}

func (w *Web) violate(s *site, path, what string) {
	if len(w.violations) < maxViolations {
		w.violations = append(w.violations, fmt.Sprintf("%s: request for %s%s %s", time.Now().Format(time.TimeOnly), s.host, path, what))
	}
}

func (w *Web) leave(s *site) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.busy, s.ended = false, time.Now()
}

// write sends the feed as RSS, or 304 to a visitor who knows it.
func (f *Feed) write(rw http.ResponseWriter, r *http.Request, host string, p cadence.Poll, visible int) {
	h := rw.Header()
	if p.Fresh > 0 {
		h.Set("Cache-Control", "max-age="+strconv.Itoa(int(p.Fresh.Seconds())))
	}
	if f.modified {
		tag := fmt.Sprintf(`"%d"`, visible)
		h.Set("ETag", tag)
		if !p.Modified.IsZero() {
			h.Set("Last-Modified", p.Modified.UTC().Format(http.TimeFormat))
		}
		if r.Header.Get("If-None-Match") == tag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", "application/rss+xml")
	fmt.Fprintf(rw, "<rss version=\"2.0\"><channel><title>%s</title>", html.EscapeString(host))
	if f.ttl > 0 {
		fmt.Fprintf(rw, "<ttl>%d</ttl>", int(f.ttl.Minutes()))
	}
	for i := visible - 1; i >= max(0, visible-f.Window); i-- {
		fmt.Fprintf(rw, "<item><title>Story %d</title><link>%s</link>", i, storyURL(host, i))
		if d := f.Entries[i].Dated; !d.IsZero() {
			fmt.Fprintf(rw, "<pubDate>%s</pubDate>", d.UTC().Format(time.RFC1123Z))
		}
		fmt.Fprint(rw, "</item>")
	}
	fmt.Fprint(rw, "</channel></rss>")
}
