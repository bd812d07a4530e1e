package app

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/websub"
)

// testHub is a hub as the standard wants it: it verifies who asks, signs what it
// pushes, and comes again with what was not taken.
type testHub struct {
	t      testing.TB
	server *httptest.Server
	client *http.Client
	work   sync.WaitGroup

	mu     sync.Mutex
	asked  []url.Values
	subs   map[string]url.Values // by callback
	ended  []string              // callbacks that were unsubscribed
	status int                   // of every answer, if it is not 0
	deny   string                // why every subscription is denied
	lease  string                // seconds; empty: as asked for
}

func newTestHub(t testing.TB, addr string) *testHub {
	t.Helper()
	h := &testHub{t: t, client: &http.Client{Timeout: time.Minute}, subs: map[string]url.Values{}}
	h.server = serveAt(t, addr, h)
	t.Cleanup(h.work.Wait)
	return h
}

// serveAt serves on an address of loopback.
func serveAt(t testing.TB, addr string, handler http.Handler) *httptest.Server {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skip("this system has one loopback address:", err)
	}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler}}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func (h *testHub) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// count returns how often the hub was asked in a mode.
func (h *testHub) count(mode string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.asked {
		if f.Get("hub.mode") == mode {
			n++
		}
	}
	return n
}

// callback returns the callback of a topic, "" if nobody is subscribed to it.
func (h *testHub) callback(topic string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for callback, f := range h.subs {
		if f.Get("hub.topic") == topic {
			return callback
		}
	}
	return ""
}

func (h *testHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		h.t.Errorf("the hub was asked %s %s", r.Method, r.URL)
		return
	}
	f := r.PostForm
	h.mu.Lock()
	h.asked = append(h.asked, f)
	status, deny, lease := h.status, h.deny, h.lease
	h.mu.Unlock()
	if status != 0 {
		http.Error(w, "no", status)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	h.work.Go(func() { h.verify(f, deny, lease) })
}

// verify asks the callback what it meant.
func (h *testHub) verify(f url.Values, deny, lease string) {
	mode, callback := f.Get("hub.mode"), f.Get("hub.callback")
	q := url.Values{"hub.mode": {mode}, "hub.topic": {f.Get("hub.topic")}, "hub.challenge": {"challenge of the hub"}}
	if mode == websub.ModeSubscribe {
		q.Set("hub.lease_seconds", f.Get("hub.lease_seconds"))
		if lease != "" {
			q.Set("hub.lease_seconds", lease)
		}
		if deny != "" {
			q = url.Values{"hub.mode": {websub.ModeDenied}, "hub.topic": {f.Get("hub.topic")}, "hub.reason": {deny}}
		}
	}
	status, body := h.get(callback + "?" + q.Encode())
	if deny != "" || status != http.StatusOK || body != "challenge of the hub" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if mode == websub.ModeUnsubscribe {
		delete(h.subs, callback)
		h.ended = append(h.ended, callback)
		return
	}
	h.subs[callback] = f
}

func (h *testHub) get(url string) (int, string) {
	resp, err := h.client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// post sends a body to a callback, signed with a secret, and returns the status.
func (h *testHub) post(callback, secret, body string, header ...string) int {
	signature, err := websub.Sign("sha256", secret, []byte(body))
	if err != nil {
		h.t.Error(err)
	}
	req, err := http.NewRequest(http.MethodPost, callback, bytes.NewReader([]byte(body)))
	if err != nil {
		h.t.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/rss+xml")
	req.Header.Set("X-Hub-Signature", signature)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// push pushes a body to whoever is subscribed to a topic.
func (h *testHub) push(topic, body string, header ...string) int {
	callback := h.callback(topic)
	h.mu.Lock()
	secret := h.subs[callback].Get("hub.secret")
	h.mu.Unlock()
	return h.post(callback, secret, body, header...)
}

// pushedSite is a site with a feed that names a hub.
type pushedSite struct {
	*httptest.Server
	mu      sync.Mutex
	hub     string // in the Link header; empty: none
	entries []string
	dates   map[string]time.Time
	polls   int
	hits    hits
}

func newPushedSite(t testing.TB, addr, hub string) *pushedSite {
	s := &pushedSite{hub: hub, entries: []string{"old"}, dates: map[string]time.Time{}}
	s.Server = serveAt(t, addr, s)
	return s
}

func (s *pushedSite) feed() string { return s.URL + "/feed" }

// rss is a feed of some entries, each dated when it was first named, or long ago
// if it is called old.
func (s *pushedSite) rss(entries ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.render(entries)
}

func (s *pushedSite) render(entries []string) string {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>T</title>`)
	for _, e := range entries {
		date, known := s.dates[e]
		if !known {
			if date = time.Now(); strings.HasPrefix(e, "old") {
				date = date.Add(-200 * time.Hour)
			}
			s.dates[e] = date
		}
		fmt.Fprintf(&b, "<item><title>%s</title><link>%s/page/%s</link><pubDate>%s</pubDate></item>", e, s.URL, e, date.Format(time.RFC1123Z))
	}
	b.WriteString(`</channel></rss>`)
	return b.String()
}

func (s *pushedSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.hits.add(r.URL.Path)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.URL.Path {
	case "/robots.txt":
		http.NotFound(w, r)
	case "/feed":
		s.polls++
		w.Header().Set("Content-Type", "application/rss+xml")
		if s.hub != "" {
			w.Header().Add("Link", fmt.Sprintf(`<%s>; rel="hub", <%s>; rel="self"`, s.hub, s.URL+"/feed"))
		}
		fmt.Fprint(w, s.render(s.entries))
	default:
		fmt.Fprintf(w, "<html><body><p>The page %s.</p></body></html>", r.URL.Path)
	}
}

func (s *pushedSite) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *pushedSite) polled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polls
}

// runPushed runs an ingest worker that hubs can reach, at a public address of
// its own unless one is given. change may alter it before it starts.
func runPushed(t testing.TB, b *bus.Bus, f IngestFlags, change ...func(*ingestWorker)) (w *ingestWorker, stop func()) {
	t.Helper()
	f.Revisits = []string{"none"}
	if f.WebSubListen == "" {
		f.WebSubListen = freeAddr(t)
	}
	if f.WebSubCallback == "" {
		f.WebSubCallback = "http://" + f.WebSubListen + "/websub"
	}
	return startIngest(t, b, f, change...)
}

// impatient lets a worker ask hubs as often as a test wants.
func impatient(w *ingestWorker) {
	w.webSub.asker.least = time.Second
	w.webSub.callbacks.least = time.Second
}
