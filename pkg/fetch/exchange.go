package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	acceptPage = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
	acceptFeed = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"

	// drainBytes of an unwanted body are read, so that its connection can be
	// used again.
	drainBytes = 16 << 10
	drainTime  = 2 * time.Second
)

// newTransport returns a transport that dials with dial. Proxy settings of the
// environment are not looked at: a proxy would see the names that the address
// checks never get to see.
func newTransport(l Limits, dial dialFunc) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dial,
		Protocols:              protocols,
		DisableCompression:     true, // decode undoes more codings, and bounds them
		TLSHandshakeTimeout:    l.Connect,
		ResponseHeaderTimeout:  l.FirstByte,
		MaxResponseHeaderBytes: l.HeaderBytes,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    1, // a host gets one request at a time
		IdleConnTimeout:        90 * time.Second,
	}
}

// answer is one response, redirects not followed.
type answer struct {
	status     int
	header     http.Header
	body       []byte
	at         time.Time     // when it began
	retryAfter time.Duration // how long the host wants to be left alone
	challenge  bool          // it wants proof of a human reader
}

// exchange sends one request and reads the answer. The outcome is valid with
// an error too.
func (f *Fetcher) exchange(ctx context.Context, v *visit, u *target) (*answer, outcome, error) {
	out := outcome{page: v.page}
	if v.left <= 0 {
		return nil, out, tempf(ClassTimeout, "no whole answer within %s", f.o.Limits.Total)
	}
	start := time.Now()
	defer func() {
		took := time.Since(start)
		v.left -= took
		v.spent += took
	}()
	timed, cancel := context.WithTimeout(ctx, v.left)
	defer cancel()

	req := f.request(timed, v, u)
	seen := v.witness(req)
	resp, err := f.transport.RoundTrip(seen.traced(req))
	if err != nil {
		err = f.explain(ctx, timed, err)
		var e *Error
		out.failed = errors.As(err, &e) && e.Class != ClassCanceled && e.Class != ClassAddress
		out.silent = !out.failed
		return nil, out, err
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header, at: time.Now()}
	a.retryAfter = pauseFor(a)
	out.pause, out.why = a.retryAfter, fmt.Sprintf("it answered %d", a.status)
	out.throttled = a.status == http.StatusTooManyRequests
	out.failed = out.throttled || a.status >= 500 && a.status < 600
	if a.status < 200 || a.status > 299 {
		defer time.AfterFunc(drainTime, cancel).Stop()
		body, whole := v.refusal(a, resp, seen.body(resp))
		seen.tell(v, a, resp, !whole)
		a.challenge = isChallenge(a, body)
	} else {
		err = f.readAnswer(v, a, resp, seen.body(resp))
		seen.tell(v, a, resp, err != nil)
		if err != nil {
			return nil, out, f.explain(ctx, timed, err)
		}
		a.challenge = isChallenge(a, a.body)
	}
	out.challenge = a.challenge
	return a, out, nil
}

// request builds the request of a hop.
func (f *Fetcher) request(ctx context.Context, v *visit, u *target) *http.Request {
	h := http.Header{}
	h.Set("User-Agent", f.o.UserAgent)
	h.Set("Accept-Encoding", acceptEncoding)
	switch {
	case v.robots:
		h.Set("Accept", "text/plain, */*;q=0.5")
	case v.req.Kind == KindFeed:
		h.Set("Accept", acceptFeed)
	default:
		h.Set("Accept", acceptPage)
	}
	if e := validator(v.req.ETag); e != "" {
		h.Set("If-None-Match", e)
	}
	if m := validator(v.req.LastModified); m != "" {
		h.Set("If-Modified-Since", m)
	}
	bare := *u.URL
	bare.User = nil
	r := &http.Request{
		Method: http.MethodGet, URL: &bare, Host: u.Host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if v.form != nil {
		v.post(r)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		r.SetBasicAuth(u.User.Username(), password)
	}
	return r.WithContext(ctx)
}

// readAnswer reads and decodes the body.
func (f *Fetcher) readAnswer(v *visit, a *answer, resp *http.Response, content io.Reader) error {
	l := bodyLimits{max: f.o.Limits.PageBytes, ratio: f.o.Limits.Ratio, ratioFloor: f.o.Limits.RatioFloor, announced: resp.ContentLength, memory: f.memory}
	switch {
	case v.robots:
		l.max, l.cut = f.o.Limits.RobotsBytes, true
	case v.form != nil:
		l.max, l.cut = hubBytes, true
	case v.req.Kind == KindFeed:
		l.max = f.o.Limits.FeedBytes
	}
	if resp.ContentLength > l.max && !l.cut {
		return errf(ClassTooLarge, "body of %d bytes is larger than %s", resp.ContentLength, bytesText(l.max))
	}
	body, n, err := readBody(content, resp.Header.Values("Content-Encoding"), l)
	v.wire += n
	a.body = body
	return err
}

// explain turns an error into an *Error, telling apart whose time ran out.
func (f *Fetcher) explain(caller, timed context.Context, err error) error {
	if caller.Err() != nil {
		return callerError(caller, err)
	}
	e := asError(err)
	if timed.Err() != nil && e.Class == ClassTimeout || e.Class == ClassCanceled {
		return tempf(ClassTimeout, "no whole answer within %s", f.o.Limits.Total)
	}
	return e
}
