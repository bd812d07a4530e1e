package fetch

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	robotsFresh   = 24 * time.Hour      // after that a robots.txt is fetched again
	robotsStale   = 30 * 24 * time.Hour // an old copy serves that long while the server does not answer
	robotsRetry   = 10 * time.Minute    // how long "does not answer" is believed
	robotsTimeout = 3 * time.Minute     // for one robots.txt, waiting for turns included
	robotsHeader  = "copydesk-robots 1 "
)

// robotsCache answers what a host's robots.txt says: from memory, else from the
// store, else from the host. Fetches of one host share one request.
type robotsCache struct {
	f      *Fetcher
	flight singleflight.Group

	mu       sync.Mutex
	byOrigin map[string]*list.Element // of *robotsEntry
	order    *list.List               // the last used in front
	size     int64
}

// robotsEntry is what is known of one origin's robots.txt.
type robotsEntry struct {
	origin  string
	rules   *Robots   // nil: none was ever read
	fetched time.Time // when the rules were fetched
	expires time.Time // when to ask again
	err     *Error    // nil unless rules is: why nothing may be fetched

	etag, lastModified string // validators of the rules; memory only
}

func newRobotsCache(f *Fetcher) *robotsCache {
	return &robotsCache{f: f, byOrigin: make(map[string]*list.Element), order: list.New()}
}

// get returns the rules of a URL's origin. Its errors are *Error values that
// may be shared.
func (c *robotsCache) get(ctx context.Context, u *target) (*Robots, error) {
	key := u.origin()
	if e := c.lookup(key); e != nil && time.Now().Before(e.expires) {
		return e.answer()
	}
	// The request belongs to everybody who waits for it, so it does not end
	// with the context of the first.
	ch := c.flight.DoChan(key, func() (any, error) {
		if !c.f.begin() {
			return nil, &Error{Class: ClassCanceled, Temporary: true, Err: errClosed}
		}
		defer c.f.work.Done()
		ctx, cancel := context.WithTimeout(c.f.ctx, robotsTimeout)
		defer cancel()
		return c.load(ctx, key)
	})
	select {
	case r := <-ch:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Robots), nil
	case <-ctx.Done():
		return nil, callerError(ctx, ctx.Err())
	}
}

func (e *robotsEntry) answer() (*Robots, error) {
	if e.err == nil {
		return e.rules, nil
	}
	err := *e.err
	err.RetryAfter = time.Until(e.expires)
	return nil, &err
}

// load reads the store, else asks the host.
func (c *robotsCache) load(ctx context.Context, key string) (*Robots, error) {
	if e := c.fromStore(ctx, key); e != nil {
		c.keep(e)
		return e.answer()
	}
	old := c.lookup(key)
	resp, err := c.request(ctx, key, old)
	now := time.Now()
	if err == nil && resp.NotModified {
		e := *old
		e.fetched, e.expires = now, now.Add(robotsFresh)
		c.keep(&e)
		return e.answer()
	}
	if err == nil {
		e := newRobotsEntry(key, resp.Status, resp.Body, now)
		e.etag, e.lastModified = resp.ETag, resp.LastModified
		c.toStore(ctx, key, resp.Status, resp.Body, now)
		c.keep(e)
		return e.answer()
	}
	// RFC 9309, 2.3.1.4: an old copy may serve while the server is away;
	// without one, nothing is allowed.
	failed := asError(err)
	if failed.Class == ClassCanceled {
		return nil, failed
	}
	if old != nil && old.rules != nil && now.Before(old.fetched.Add(robotsStale)) {
		e := *old
		e.expires = now.Add(robotsRetry)
		c.keep(&e)
		return e.answer()
	}
	if failed.Class == ClassRobotsUnreachable {
		e := &robotsEntry{origin: key, expires: now.Add(robotsRetry), err: failed}
		c.keep(e)
		return e.answer()
	}
	return nil, failed
}

// request fetches a robots.txt and sorts the answers by what RFC 9309, 2.3.1
// makes of them: rules, no rules (a status without error), or an error. What
// is known of old goes along as validators; then the rules may be what they were.
func (c *robotsCache) request(ctx context.Context, key string, old *robotsEntry) (*Response, error) {
	v := &visit{req: Request{URL: key + "/robots.txt"}, robots: true, left: c.f.o.Limits.Total}
	if old != nil && old.rules != nil {
		v.req.ETag, v.req.LastModified = old.etag, old.lastModified
	}
	resp, err := c.f.follow(ctx, v)
	c.f.metrics.bytes.Add(float64(v.wire))
	if err == nil {
		resp.Body = wholeLines(resp.Body, c.f.o.Limits.RobotsBytes)
		return resp, nil
	}
	e := *asError(err)
	switch {
	case e.Class == ClassHTTP4xx, e.Class == ClassGone, e.Class == ClassRedirect, e.Class == ClassProtocol && e.Status != 0:
		return &Response{Status: e.Status}, nil // there is none
	case e.Class == ClassHTTP5xx, e.Class == ClassEncoding, e.Class == ClassTruncated, e.Class == ClassTooLarge:
		e.Class, e.Temporary = ClassRobotsUnreachable, true
	}
	e.Err = fmt.Errorf("robots.txt: %w", e.Err)
	return nil, &e
}

// wholeLines drops the line that the size limit cut through: half a pattern
// forbids more than the whole one.
func wholeLines(body []byte, limit int64) []byte {
	if int64(len(body)) < limit {
		return body
	}
	return body[:bytes.LastIndexAny(body, "\r\n")+1]
}

func newRobotsEntry(key string, status int, body []byte, fetched time.Time) *robotsEntry {
	e := &robotsEntry{origin: key, rules: &Robots{}, fetched: fetched, expires: fetched.Add(robotsFresh)}
	if status >= 200 && status < 300 {
		e.rules = ParseRobots(body, Agent)
	}
	return e
}

// lookup returns what memory holds, however old.
func (c *robotsCache) lookup(key string) *robotsEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.byOrigin[key]
	if el == nil {
		return nil
	}
	c.order.MoveToFront(el)
	return el.Value.(*robotsEntry)
}

// keep puts an entry into memory and drops the least recently used ones that
// no longer fit.
func (c *robotsCache) keep(e *robotsEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.byOrigin[e.origin]; el != nil {
		c.size += e.cost() - el.Value.(*robotsEntry).cost()
		el.Value = e
		c.order.MoveToFront(el)
	} else {
		c.byOrigin[e.origin] = c.order.PushFront(e)
		c.size += e.cost()
	}
	for c.size > c.f.o.Limits.RobotsCache && c.order.Len() > 1 {
		old := c.order.Remove(c.order.Back()).(*robotsEntry)
		delete(c.byOrigin, old.origin)
		c.size -= old.cost()
	}
}

func (e *robotsEntry) cost() int64 {
	n := int64(len(e.origin)) + 512
	if e.rules != nil {
		n += e.rules.size
	}
	return n
}

// fromStore returns a fresh entry of the store, or nil.
func (c *robotsCache) fromStore(ctx context.Context, key string) *robotsEntry {
	if c.f.o.Robots == nil {
		return nil
	}
	data, ok, err := c.f.o.Robots.Get(ctx, key)
	if err != nil {
		c.f.o.Logger.Warn("robots store: read failed", "origin", key, "error", err)
		return nil
	}
	if !ok {
		return nil
	}
	status, fetched, body, err := decodeRobots(data)
	if err != nil {
		c.f.o.Logger.Warn("robots store: bad entry", "origin", key, "error", err)
		return nil
	}
	if now := time.Now(); fetched.After(now.Add(time.Hour)) || now.After(fetched.Add(robotsFresh)) {
		return nil
	}
	return newRobotsEntry(key, status, body, fetched)
}

// toStore writes an entry; a store that fails costs another request later.
func (c *robotsCache) toStore(ctx context.Context, key string, status int, body []byte, fetched time.Time) {
	if c.f.o.Robots == nil {
		return
	}
	if err := c.f.o.Robots.Put(ctx, key, encodeRobots(status, fetched, body)); err != nil {
		c.f.o.Logger.Warn("robots store: write failed", "origin", key, "error", err)
	}
}

// encodeRobots writes the stored form.
func encodeRobots(status int, fetched time.Time, body []byte) []byte {
	b := []byte(robotsHeader)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = fetched.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, '\n')
	return append(b, body...)
}

// decodeRobots reads the stored form.
func decodeRobots(data []byte) (status int, fetched time.Time, body []byte, err error) {
	head, body, ok := bytes.Cut(data, []byte("\n"))
	rest, known := bytes.CutPrefix(head, []byte(robotsHeader))
	s, at, _ := bytes.Cut(rest, []byte(" "))
	if !ok || !known {
		return 0, fetched, nil, errors.New("not a stored robots.txt")
	}
	if status, err = strconv.Atoi(string(s)); err != nil || status < 100 || status > 999 {
		return 0, fetched, nil, fmt.Errorf("status %q", clip(string(s), 20))
	}
	if fetched, err = time.Parse(time.RFC3339, string(at)); err != nil {
		return 0, fetched, nil, err
	}
	return status, fetched, body, nil
}
