package newsroom

import (
	"net/http"
	"sync"
	"time"
)

// Request is a hit in the log.
type Request struct {
	Host      string        // first label, "" for hosts that are no outlet
	Path      string        // with the query
	Time      time.Time     // of arrival
	Took      time.Duration // until the answer was complete
	UserAgent string
	Status    int
	Validated bool // the client sent If-None-Match or If-Modified-Since
}

// requestLog is a ring of the last requests.
type requestLog struct {
	mu      sync.Mutex
	entries []Request
	limit   int
	next    int // where the oldest entry is, once the ring is full
}

func newRequestLog(limit int) *requestLog { return &requestLog{limit: limit} }

// add logs with the machine's clock rather than the site's: the log measures
// how fast a client comes back.
func (l *requestLog) add(host string, r *http.Request, status int, start time.Time) {
	e := Request{
		Host: host, Path: r.URL.RequestURI(), Time: start, Took: time.Since(start), UserAgent: r.UserAgent(), Status: status,
		Validated: r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "",
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) < l.limit {
		l.entries = append(l.entries, e)
		return
	}
	l.entries[l.next] = e
	l.next = (l.next + 1) % l.limit
}

// Requests returns the hits on a host (a key such as "courier", or "" for all),
// in the order in which they were answered, as far back as the log reaches.
func (n *Newsroom) Requests(host string) []Request {
	n.log.mu.Lock()
	defer n.log.mu.Unlock()
	var list []Request
	for i := range n.log.entries {
		e := n.log.entries[(n.log.next+i)%len(n.log.entries)]
		if host == "" || e.Host == host {
			list = append(list, e)
		}
	}
	return list
}

// Hits counts the requests in the log by path, for one host.
func (n *Newsroom) Hits(host string) map[string]int {
	counts := map[string]int{}
	for _, r := range n.Requests(host) {
		counts[r.Path]++
	}
	return counts
}
