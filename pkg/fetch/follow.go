package fetch

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// visit is one fetch under way, over all its redirects.
type visit struct {
	req    Request
	robots bool          // it is for a robots.txt
	host   string        // whose robots.txt it is for
	page   bool          // it is for what the caller asked for
	form   []byte        // posted to a hub; nil: a GET
	left   time.Duration // network time that may still be spent
	spent  time.Duration // network time spent
	wire   int64         // body bytes received

	rights article.Rights // what robots.txt reserves of the URL last asked for
}

// follow fetches and follows redirects. Every hop passes the same checks.
func (f *Fetcher) follow(ctx context.Context, v *visit) (*Response, error) {
	u, err := parseTarget(v.req.URL)
	if err != nil {
		return nil, err
	}
	resp := &Response{URL: v.req.URL}
	permanent := true
	seen := map[string]bool{u.href: true}
	for {
		a, err := f.hop(ctx, v, u)
		if err != nil {
			return nil, hopError(err, resp, u)
		}
		if !isRedirect(a.status) {
			resp.FinalURL = u.public()
			if permanent && len(resp.Redirects) > 0 {
				resp.PermanentURL = u.href
			}
			if err := f.finish(v, resp, a); err != nil {
				return nil, hopError(err, resp, u)
			}
			return resp, nil
		}
		if v.form != nil && !keepsMethod(a.status) {
			return nil, redirectError(a, fmt.Errorf("status %d: a form is only sent on by 307 and 308", a.status))
		}
		permanent = permanent && (a.status == http.StatusMovedPermanently || a.status == http.StatusPermanentRedirect)
		next, err := nextHop(u, a)
		if err != nil {
			return nil, err
		}
		if seen[next.href] {
			return nil, redirectError(a, fmt.Errorf("redirect loop at %s", next.public()))
		}
		if len(resp.Redirects) >= f.o.Limits.Redirects {
			return nil, redirectError(a, fmt.Errorf("more than %d redirects", f.o.Limits.Redirects))
		}
		seen[next.href] = true
		resp.Redirects = append(resp.Redirects, next.public())
		u = next
	}
}

func redirectError(a *answer, err error) *Error {
	return &Error{Class: ClassRedirect, Status: a.status, Err: err}
}

// hopError tells where a redirect had led when it failed.
func hopError(err error, resp *Response, u *target) error {
	if len(resp.Redirects) == 0 {
		return err
	}
	e := *asError(err)
	e.Err = fmt.Errorf("redirected to %s: %w", u.public(), e.Err)
	return &e
}

// hop makes the checks for one URL and then the request.
func (f *Fetcher) hop(ctx context.Context, v *visit, u *target) (*answer, error) {
	if err := f.guard.check(u.URL); err != nil {
		return nil, err
	}
	adm, err := f.admit(v, hostKey(u.Hostname()))
	if err != nil {
		e := *asError(err)
		e.Elsewhere = u.href
		return nil, &e
	}
	defer adm.done()
	wait, cancel := adm.waiting(ctx)
	defer cancel()
	host := hostKey(u.Hostname())
	if err := f.recall(wait, host, adm.since()); err != nil {
		return nil, err
	}
	var crawl time.Duration
	if !f.o.IgnoreRobots && !v.robots && v.form == nil {
		rules, err := f.robots.get(wait, u)
		if err != nil {
			return nil, err
		}
		if !rules.Allowed(u.pathQuery()) {
			return nil, errf(ClassRobots, "robots.txt of %s forbids it", u.Host)
		}
		crawl = rules.CrawlDelay
		v.rights = rules.Rights(u.pathQuery())
	}
	turn, err := f.hosts.take(wait, host, place{page: v.page, crawl: crawl, priority: v.req.Priority, since: adm.since()})
	if err != nil {
		return nil, callerError(wait, err)
	}
	run, end, ok := adm.running(ctx)
	defer end()
	if !ok {
		turn.end()
		return nil, &Error{Class: ClassCanceled, Temporary: true, Err: context.Canceled}
	}
	a, out, err := f.exchange(run, v, u)
	pause, kept := turn.tell(out)
	f.keepPause(ctx, host, kept) // in the order of the turns
	turn.end()
	switch {
	case err != nil:
		return nil, err
	case a.challenge:
		return nil, &Error{
			Class: ClassChallenge, Status: a.status, Temporary: true, RetryAfter: pause,
			Err: fmt.Errorf("status %d: the answer wants proof of a human reader instead of giving the page", a.status),
		}
	case out.throttled:
		a.retryAfter = pause
	}
	return a, nil
}

// callerError tells the end of the caller's context from the limits' time-outs.
func callerError(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return &Error{Class: ClassCanceled, Temporary: true, Err: cause}
	}
	return err
}

// isRedirect reports whether a status sends the client elsewhere.
func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// nextHop resolves the Location of a redirect.
func nextHop(from *target, a *answer) (*target, error) {
	location := a.header.Get("Location")
	if location == "" {
		return nil, redirectError(a, fmt.Errorf("status %d without Location", a.status))
	}
	next, err := from.resolve(location)
	if err != nil {
		return nil, redirectError(a, fmt.Errorf("redirect: %w", err))
	}
	return next, nil
}

// finish fills the response in from the last answer.
func (f *Fetcher) finish(v *visit, resp *Response, a *answer) error {
	resp.Status, resp.FetchedAt, resp.Header = a.status, a.at, a.header
	switch {
	case a.status == http.StatusNotModified && (v.req.ETag != "" || v.req.LastModified != ""):
		resp.NotModified = true
		resp.ETag, resp.LastModified = v.req.ETag, v.req.LastModified
	case a.status >= 200 && a.status < 300:
		resp.Body = a.body
	default:
		return statusError(a)
	}
	resp.ContentType = headerText(a.header.Get("Content-Type"))
	if e := validator(a.header.Get("ETag")); e != "" {
		resp.ETag = e
	}
	if m := validator(a.header.Get("Last-Modified")); m != "" {
		resp.LastModified = m
	}
	resp.MaxAge = maxAge(a.header, a.at)
	if !v.robots {
		resp.Rights = v.rights
		resp.Rights.Add(article.RightsOfHeader(a.header, a.at))
		resp.Rights.Add(article.RightsOfPage(resp.Body, a.at))
	}
	return nil
}

// statusError says what a status means for the caller.
func statusError(a *answer) *Error {
	e := &Error{Status: a.status, RetryAfter: a.retryAfter, Err: fmt.Errorf("status %d %s", a.status, http.StatusText(a.status))}
	switch {
	case a.status == http.StatusGone:
		e.Class = ClassGone
	case a.retryAfter > 0: // 429, or 503 with Retry-After
		e.Class, e.Temporary = ClassThrottled, true
		e.Err = fmt.Errorf("%w: come back in %s", e.Err, a.retryAfter.Round(time.Second))
	case a.status >= 500 && a.status < 600:
		e.Class, e.Temporary = ClassHTTP5xx, true
	case a.status >= 400 && a.status < 500:
		e.Class = ClassHTTP4xx
		e.Temporary = a.status == http.StatusRequestTimeout || a.status == http.StatusTooEarly
	default:
		e.Class = ClassProtocol
	}
	return e
}
