package newsroom

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Behaviour is how an address misbehaves. Fields combine where that makes
// sense: a slow 503, an announced encoding on a replaced body. The zero
// Behaviour is good behaviour again.
type Behaviour struct {
	// Delay passes before the first byte.
	Delay time.Duration
	// ByteEvery sends the body one byte at a time, this far apart.
	ByteEvery time.Duration
	// Status answers with this status and a short body: 404, 410, 500, 503.
	Status int
	// RetryAfter goes with Status, in whole seconds.
	RetryAfter time.Duration
	// RedirectLoop answers with redirects that never end.
	RedirectLoop bool
	// Redirect answers with a redirect to this URL (Status, or 302).
	Redirect string
	// Truncate breaks the connection after this many bytes of the body, which
	// was announced in full.
	Truncate int
	// ExtraLength announces this many bytes more than are sent (or fewer).
	ExtraLength int
	// Encoding names a Content-Encoding that the body does not have.
	Encoding string
	// Body and ContentType replace the answer: a robots.txt, a bomb.
	Body        []byte
	ContentType string
	// Times is how many requests are answered so; 0 is all of them.
	Times int
}

func (b Behaviour) isZero() bool {
	return b.Delay == 0 && b.ByteEvery == 0 && b.Status == 0 && !b.RedirectLoop && b.Redirect == "" &&
		b.Truncate == 0 && b.ExtraLength == 0 && b.Encoding == "" && b.Body == nil && b.ContentType == ""
}

// target is what misbehaves: a path with its query, a path with any query, or
// "*" for all of a host but robots.txt.
type target struct{ host, path string }

// Misbehave makes an address of a host (by key, such as "courier") misbehave
// from now on. A path with a query means that query only, one without means any,
// and "*" every path but robots.txt; the first that fits counts. A zero
// Behaviour ends it.
func (n *Newsroom) Misbehave(host, path string, b Behaviour) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b.isZero() {
		delete(n.behaviour, target{host, path})
		return
	}
	n.behaviour[target{host, path}] = b
}

// behaviourOf returns the behaviour of an address, nil for good, and counts the
// request against its Times.
func (n *Newsroom) behaviourOf(host string, u *url.URL) *Behaviour {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := target{host, u.RequestURI()}
	b, ok := n.behaviour[t]
	if !ok {
		t.path = u.EscapedPath()
		b, ok = n.behaviour[t]
	}
	if !ok && u.Path != "/robots.txt" {
		t.path = "*"
		b, ok = n.behaviour[t]
	}
	if !ok {
		return nil
	}
	if b.Times > 0 {
		left := b
		left.Times--
		n.behaviour[t] = left
		if left.Times == 0 {
			delete(n.behaviour, t)
		}
	}
	return &b
}

func (n *Newsroom) misbehave(w http.ResponseWriter, r *http.Request, host string, b Behaviour) {
	if !pause(r, b.Delay) {
		return
	}
	a := n.answer(host, r.URL)
	h := w.Header()
	switch {
	case b.RedirectLoop:
		// The path stays, so the same behaviour meets the next request.
		hop, _ := strconv.Atoi(r.URL.Query().Get("hop"))
		b.Redirect = n.base(host) + r.URL.EscapedPath() + "?hop=" + strconv.Itoa(hop+1)
		fallthrough
	case b.Redirect != "":
		h.Set("Location", b.Redirect)
		w.WriteHeader(orInt(b.Status, http.StatusFound))
		return
	case b.Status != 0:
		a = answer{status: b.Status, contentType: "text/plain; charset=utf-8", body: []byte(http.StatusText(b.Status) + "\n")}
		if b.RetryAfter > 0 {
			h.Set("Retry-After", strconv.Itoa(int(b.RetryAfter.Seconds())))
		}
	}
	if b.Body != nil {
		a.body = b.Body
		a.status = orInt(b.Status, http.StatusOK)
	}
	h.Set("Content-Type", or(b.ContentType, a.contentType))
	if b.Encoding != "" {
		h.Set("Content-Encoding", b.Encoding)
	}
	if b.Truncate > 0 || b.ExtraLength != 0 || b.ByteEvery == 0 {
		h.Set("Content-Length", strconv.Itoa(max(0, len(a.body)+b.ExtraLength)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		writeBadly(w, r, a.body, b)
	}
}

// writeBadly sends a body as the behaviour says.
func writeBadly(w http.ResponseWriter, r *http.Request, body []byte, b Behaviour) {
	if b.Truncate > 0 && b.Truncate < len(body) {
		body = body[:b.Truncate]
	}
	if b.ByteEvery > 0 {
		flush := http.NewResponseController(w)
		for i := range body {
			if _, err := w.Write(body[i : i+1]); err != nil || flush.Flush() != nil || !pause(r, b.ByteEvery) {
				return
			}
		}
	} else if _, err := w.Write(body); err != nil {
		return
	}
	if b.Truncate > 0 || b.ExtraLength > 0 {
		http.NewResponseController(w).Flush() //nolint:errcheck // the connection is about to break
		panic(http.ErrAbortHandler)           // how a handler breaks its connection
	}
}

// pause waits, or returns false when the client went away first.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func orInt(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}
