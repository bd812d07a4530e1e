package fetch

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"
)

// Exchange is one request and its answer, for archives. Header names are in
// canonical form and their order is lost; all else is as it was sent.
type Exchange struct {
	URL           string // asked for, without fragment and password
	At            time.Time
	RequestHeader http.Header // with Host
	Proto         string      // HTTP/1.1 or HTTP/2.0
	Status        int
	StatusText    string // after the number, may be empty
	Header        http.Header
	Body          []byte // as received, its Content-Encoding not undone
	Truncated     bool   // Body is not all of it: a limit was met, or it broke off
	Address       string // of the server, with port; empty if not known
}

// witness notes an exchange for somebody who wants to know. It does nothing on
// a nil receiver.
type witness struct {
	req     *http.Request
	kept    cappedBuffer
	address string
}

// witness returns nil where nobody wants to know.
func (v *visit) witness(req *http.Request) *witness {
	if v.req.Observe == nil || !v.page {
		return nil
	}
	return &witness{req: req}
}

// traced returns the request, its connection noted.
func (w *witness) traced(req *http.Request) *http.Request {
	if w == nil {
		return req
	}
	return req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { w.address = info.Conn.RemoteAddr().String() },
	}))
}

// body returns the body of an answer, such that what is read of it is kept.
func (w *witness) body(resp *http.Response) io.Reader {
	if w == nil {
		return resp.Body
	}
	return io.TeeReader(resp.Body, &w.kept)
}

// tell hands the exchange over.
func (w *witness) tell(v *visit, a *answer, resp *http.Response, truncated bool) {
	if w == nil {
		return
	}
	header := w.req.Header.Clone()
	header.Set("Host", w.req.Host)
	header.Del("Authorization")
	u := *w.req.URL
	u.Fragment, u.RawFragment = "", ""
	v.req.Observe(&Exchange{
		URL: u.String(), At: a.at, RequestHeader: header, Proto: resp.Proto, Status: a.status, StatusText: statusText(resp.Status),
		Header: a.header, Body: w.kept.Bytes(), Truncated: truncated || w.kept.full, Address: w.address,
	})
}

// statusText returns the "OK" of "200 OK".
func statusText(status string) string {
	_, text, _ := strings.Cut(status, " ")
	return headerText(text)
}

// maxKeptBody bounds what is kept of a body as received. A decoded body is
// bounded by less; an encoded one that is longer than it decodes to is no
// honest page.
const maxKeptBody = 12 << 20

// cappedBuffer keeps the first bytes that are written to it.
type cappedBuffer struct {
	bytes.Buffer
	full bool
}

// Write never fails: a copy that is too long must not end the fetch.
func (b *cappedBuffer) Write(p []byte) (int, error) {
	room := maxKeptBody - b.Len()
	if len(p) > room {
		b.full = true
	}
	b.Buffer.Write(p[:min(len(p), room)])
	return len(p), nil
}
