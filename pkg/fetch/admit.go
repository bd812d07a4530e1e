package fetch

import (
	"context"
	"net/http/httptrace"
	"time"
)

// Admission is the right to make one request to a host, where several programs
// share the hosts among them.
type Admission struct {
	// Wait ends when the request must not begin any more; one that waits for
	// its host's turn then gives up. Run ends when it must be over.
	Wait, Run context.Context
	// Since is when the right to ask this host began. Another may have asked the
	// host up to then, so nothing starts before the delay, or the crawl-delay,
	// has passed from it. Zero: nobody has.
	Since time.Time
	// Valid is asked once more when the connection stands, because a program
	// that was stopped and goes on finds its contexts ended a moment too late.
	Valid func() bool
	// Done is called when the request is over. All fields must be set.
	Done func()
}

// admit asks whether a request may be made. A robots.txt that redirects to
// another host is a matter of the host that it is for: whoever fetches that host
// must know its rules, wherever they lie. That can be a request to another
// worker's host beside that worker's own, once a day for each host whose rules lie
// there. To hand it over would keep every page waiting for an answer from worker
// to worker, and to refuse it would read as no rules, or as rules that forbid all.
func (f *Fetcher) admit(v *visit, host string) (*Admission, error) {
	if f.o.Admit == nil {
		return nil, nil
	}
	if v.robots {
		if v.host == "" {
			v.host = host
		}
		host = v.host
	}
	a, err := f.o.Admit(host)
	if err != nil {
		return nil, &Error{Class: ClassElsewhere, Temporary: true, Err: err}
	}
	return a, nil
}

// since is when the right to ask the host began.
func (a *Admission) since() time.Time {
	if a == nil {
		return time.Time{}
	}
	return a.Since
}

// waiting bounds the wait for the host's turn.
func (a *Admission) waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	if a == nil {
		return ctx, func() {}
	}
	return both(ctx, a.Wait)
}

// running bounds the request. It reports false when it must not begin.
func (a *Admission) running(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	if a == nil {
		return ctx, func() {}, true
	}
	ctx, cancel := both(ctx, a.Run)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		if !a.Valid() {
			cancel()
			_ = c.Conn.Close()
		}
	}})
	return ctx, cancel, a.Wait.Err() == nil && a.Valid()
}

func (a *Admission) done() {
	if a != nil {
		a.Done()
	}
}

// both returns a context that ends with either.
func both(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(other, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
