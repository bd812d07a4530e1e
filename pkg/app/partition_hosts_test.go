package app

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
)

// The hosts' side of sharing: real sites on loopback addresses, each of which
// notes who asked when, are crawled by real processes that are killed, stopped,
// joined and cut off from their broker.

const (
	watchedDelay = 400 * time.Millisecond
	watchedSlack = 20 * time.Millisecond // clock reading on both sides
	watchedTakes = 30 * time.Millisecond // to answer
)

// watchedHost is a site that publishes an entry every now and then.
type watchedHost struct {
	name   string
	server *httptest.Server
	born   time.Time
	every  time.Duration
	limit  int

	mu       sync.Mutex
	inside   int
	lastEnd  time.Time
	asked    map[string]int
	overlaps []string
	early    []string
}

func newWatchedHost(t *testing.T, i int, every time.Duration, limit int) *watchedHost {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.3.%d:0", i+1))
	if err != nil {
		t.Skip("this system has one loopback address:", err)
	}
	h := &watchedHost{name: l.Addr().String(), born: time.Now(), every: every, limit: limit, asked: map[string]int{}}
	h.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(h.serve)}}
	h.server.Start()
	t.Cleanup(h.server.Close)
	return h
}

// entries is how many have been published by now.
func (h *watchedHost) entries() int { return min(h.limit, 5+int(time.Since(h.born)/h.every)) }

func (h *watchedHost) page(i int) string { return fmt.Sprintf("http://%s/page/%d", h.name, i) }

func (h *watchedHost) serve(w http.ResponseWriter, r *http.Request) {
	h.begin(r.URL.Path)
	time.Sleep(watchedTakes)
	defer h.end() // after what is written is handed to the system
	switch r.URL.Path {
	case "/robots.txt":
		http.NotFound(w, r)
	case "/feed":
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(w, `<rss version="2.0"><channel><title>T</title>`)
		for n := h.entries(); n > 0; n-- {
			fmt.Fprintf(w, "<item><title>Entry %d</title><link>%s</link></item>", n-1, h.page(n-1))
		}
		fmt.Fprint(w, `</channel></rss>`)
	default:
		fmt.Fprintf(w, "<html><body><p>The page %s of %s.</p></body></html>", r.URL.Path, h.name)
	}
}

func (h *watchedHost) begin(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.asked[path]++
	if h.inside > 0 {
		h.overlaps = append(h.overlaps, path+" at "+now.Format("05.000"))
	} else if gap := now.Sub(h.lastEnd); !h.lastEnd.IsZero() && gap < watchedDelay-watchedSlack {
		h.early = append(h.early, fmt.Sprintf("%s after %s at %s", path, gap, now.Format("05.000")))
	}
	h.inside++
}

func (h *watchedHost) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inside--
	h.lastEnd = time.Now()
}

// watchedWeb is a number of hosts and the workers that read them.
type watchedWeb struct {
	*cluster
	test    *testing.T
	hosts   []*watchedHost
	workers []*process
}

func newWatchedWeb(t *testing.T, hosts, entries int) *watchedWeb {
	t.Helper()
	w := &watchedWeb{test: t, cluster: &cluster{t: t, dir: t.TempDir(), brokerAddr: freeAddr(t)}}
	w.nats = "nats://" + w.brokerAddr
	var list strings.Builder
	for i := range hosts {
		h := newWatchedHost(t, i, 2*time.Second, entries)
		w.hosts = append(w.hosts, h)
		fmt.Fprintf(&list, "http://%s/feed\n", h.name)
	}
	w.feeds = filepath.Join(w.dir, "feeds.txt")
	if err := os.WriteFile(w.feeds, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	w.broker = startBroker(t, w.dir, w.brokerAddr)
	return w
}

func (w *watchedWeb) join() *process {
	p := start(w.t, program(w.t, "ingest"), "--nats", w.nats, "--http", "127.0.0.1:0", "--feeds", w.feeds,
		"--allow-private", "--host-delay", watchedDelay.String(), "--poll-interval", "10s", "--revisits", "none")
	w.workers = append(w.workers, p)
	return p
}

// published returns the pages in stream PAGES, each with how often.
func (w *watchedWeb) published() map[string]int {
	w.messages(w.test, bus.StreamPages)
	s, err := w.js.Stream(w.t.Context(), bus.StreamPages)
	if err != nil {
		return nil
	}
	pages := map[string]int{}
	info := s.CachedInfo().State
	for seq := info.FirstSeq; seq <= info.LastSeq; seq++ {
		m, err := s.GetMsg(w.t.Context(), seq)
		if err == nil {
			pages[m.Header.Get(article.HeaderURL)]++
		}
	}
	return pages
}

// settle waits until every entry is a page, and checks what the hosts saw.
func (w *watchedWeb) settle(kills int) {
	t := w.test
	t.Helper()
	total := 0
	for _, h := range w.hosts {
		total += h.limit
	}
	missed := func() (n int, example string) {
		pages := w.published()
		for _, h := range w.hosts {
			for i := range h.limit {
				if pages[h.page(i)] == 0 {
					n++
					example = h.page(i)
				}
			}
		}
		return n, example
	}
	deadline := time.Now().Add(3 * time.Minute)
	for w.messages(t, bus.StreamPages) < total && time.Now().Before(deadline) {
		time.Sleep(500 * time.Millisecond)
	}
	n, example := missed()
	for ; n > 0 && time.Now().Before(deadline); n, example = missed() {
		time.Sleep(2 * time.Second)
	}
	requests, again, stored := 0, 0, 0
	for _, times := range w.published() {
		stored += times - 1
	}
	for _, h := range w.hosts {
		h.mu.Lock()
		for path, times := range h.asked {
			requests += times
			if strings.HasPrefix(path, "/page/") {
				again += times - 1
			}
		}
		for _, v := range [][]string{h.overlaps, h.early} {
			for _, text := range v[:min(3, len(v))] {
				t.Errorf("%s: %s", h.name, text)
			}
		}
		h.mu.Unlock()
	}
	t.Logf("%d hosts, %d entries, %d requests, %d kills: %d missed, %d pages requested again, %d stored again, %d dead letters",
		len(w.hosts), total, requests, kills, n, again, stored, w.messages(t, bus.StreamDead))
	if n > 0 {
		t.Errorf("%d entries were missed, such as %s", n, example)
	}
	if stored > 0 {
		t.Errorf("%d pages went downstream twice", stored)
	}
	// A kill between the answer of a host and the broker's word on it costs one
	// more request; nothing else does.
	if again > kills*len(w.hosts) {
		t.Errorf("%d pages were requested again after %d kills", again, kills)
	}
}

// COPYDESK_DRILL makes it five minutes and 6,000 entries.
func TestHostsSeeOneWorkerDuringKills(t *testing.T) {
	t.Parallel() // it waits more than it works
	hosts, entries, lasts := 24, 40, 40*time.Second
	if os.Getenv("COPYDESK_DRILL") != "" {
		hosts, entries, lasts = 50, 120, 5*time.Minute
	}
	w := newWatchedWeb(t, hosts, entries)
	for range 3 {
		w.join()
	}
	random := rand.New(rand.NewPCG(3, 4))
	kills := 0
	for end := time.Now().Add(lasts); time.Now().Before(end); kills++ {
		time.Sleep(5 * time.Second)
		i := random.IntN(len(w.workers))
		w.workers[i].kill()
		w.workers = slices.Delete(w.workers, i, i+1)
		w.join()
	}
	w.settle(kills)
}

func TestHostsSeeOneWorkerDuringPausesAndOutages(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWatchedWeb(t, 24, 40)
	first, second := w.join(), w.join()
	time.Sleep(6 * time.Second)
	third := w.join()
	time.Sleep(4 * time.Second)
	// A worker sleeps past its lease, another takes over, and it wakes up.
	for _, p := range []*process{first, third} {
		if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Second)
		if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
	}
	// The broker goes away for less than a lease lasts, and for more.
	for _, away := range []time.Duration{2 * time.Second, 13 * time.Second} {
		w.broker.kill()
		time.Sleep(away)
		w.broker = startBroker(t, w.dir, w.brokerAddr)
		time.Sleep(5 * time.Second)
	}
	if status := second.stop(t, 30*time.Second); status != 0 {
		t.Errorf("a worker ended with status %d", status)
	}
	w.settle(4)
}
