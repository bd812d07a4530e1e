package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/copydesk/copydesk/pkg/websub"
)

const (
	// callbackParallel bounds the requests of hubs that are answered at once, and
	// with maxPush the memory that they take.
	callbackParallel = 8
	callbackConns    = 256
	maxPush          = 10 << 20
	// verifyWithin is how long after a request its hub may ask whether it was meant.
	verifyWithin = time.Hour
	// callbackTime is how long the broker has to take what a hub says.
	callbackTime = 20 * time.Second
	slotWait     = 5 * time.Second
	// busyRetry is when a hub is told to come again.
	busyRetry = time.Minute
)

// callbacks answers hubs. Any worker can: what it needs is in the broker, and it
// asks nobody for anything.
type callbacks struct {
	subs     subscriptions
	feeds    feedStore
	pusher   *pusher
	path     string // of the callback's public address, without a slash at its end
	least    time.Duration
	slots    chan struct{}
	patience time.Duration // how long a request waits for one
	metrics  *webSubMetrics
	log      *slog.Logger
}

// serve answers on a listener until ctx ends and what is under way is answered.
func (c *callbacks) serve(ctx context.Context, l net.Listener) {
	// The listener is on the open web: everything has a bound.
	server := &http.Server{
		Handler: c, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		shutdown(c.log, "callbacks of hubs", func(ctx context.Context) error {
			if server.Shutdown(ctx) != nil {
				return server.Close()
			}
			return nil
		})
	})
	err := server.Serve(netutil.LimitListener(l, callbackConns))
	if stop() { // it ended by itself
		c.log.Error("callbacks of hubs are not answered any more", "err", err)
		<-ctx.Done()
		return
	}
	<-ended
}

// ServeHTTP answers PATH/KEY/TOKEN; there is nothing else.
func (c *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	rest, ok := strings.CutPrefix(r.URL.Path, c.path+"/")
	key, token, two := strings.Cut(rest, "/")
	if !ok || !two || !isSubscriptionKey(key) {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "hubs ask with GET and push with POST", http.StatusMethodNotAllowed)
		return
	}
	if !c.enter(r.Context()) {
		c.again(w, r, pushBusy)
		return
	}
	defer func() { <-c.slots }()
	ctx, cancel := context.WithTimeout(r.Context(), callbackTime)
	defer cancel()
	sub, err := c.subs.load(ctx, key)
	switch {
	case err != nil:
		c.log.Warn("callback of a hub not answered", "err", err)
		c.again(w, r, pushFailed)
		return
	case sub != nil && !sub.has(token):
		sub = nil
	}
	if r.Method == http.MethodGet {
		c.intent(ctx, w, r, sub)
		return
	}
	c.push(w, r, sub)
}

// enter waits a little for a slot: hubs push in bursts, and one that has nothing
// read yet costs little.
func (c *callbacks) enter(ctx context.Context) bool {
	timer := time.NewTimer(c.patience)
	defer timer.Stop()
	select {
	case c.slots <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}

// again asks a hub to come again.
func (c *callbacks) again(w http.ResponseWriter, r *http.Request, outcome string) {
	if r.Method == http.MethodPost {
		c.metrics.pushes.WithLabelValues(outcome).Inc()
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(busyRetry/time.Second)))
	http.Error(w, "come again", http.StatusServiceUnavailable)
}

// intent answers what a hub asks or tells. Everything that was not asked for is
// not found.
func (c *callbacks) intent(ctx context.Context, w http.ResponseWriter, r *http.Request, sub *subscription) {
	i, err := websub.ParseIntent(r.URL.Query())
	if err != nil || sub == nil || i.Topic != sub.Topic {
		http.NotFound(w, r)
		return
	}
	meant := false
	switch now := time.Now(); i.Mode {
	case websub.ModeDenied:
		meant, err = true, c.denied(ctx, sub, i.Reason)
	case websub.ModeSubscribe:
		meant, err = c.verified(ctx, sub, i.Lease, now)
	case websub.ModeUnsubscribe:
		if meant = sub.Leaving && now.Sub(sub.Asked) < verifyWithin; meant {
			err = c.subs.remove(ctx, sub.key)
		}
	}
	switch {
	case err != nil:
		c.log.Warn("callback of a hub not answered", "feed", sub.Feed, "err", err)
		c.again(w, r, pushFailed)
	case !meant:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8") // a challenge must be nothing that a browser runs
		_, _ = io.WriteString(w, i.Challenge)
	}
}

// verified begins a lease, if the subscription was asked for and is wanted. A hub
// that did not hear the answer asks again; that is the same lease.
func (c *callbacks) verified(ctx context.Context, sub *subscription, lease time.Duration, now time.Time) (meant bool, err error) {
	if sub.Leaving || now.Sub(sub.Asked) > verifyWithin {
		return false, nil
	}
	state, err := c.feeds.load(ctx, sub.Feed)
	if err != nil || !state.wants(sub.key) {
		return false, err
	}
	until := now.Add(lease)
	err = c.subs.update(ctx, sub.key, func(s *subscription) bool {
		meant = !s.Leaving
		s.Verified = now
		if s.Asked.After(now) { // by the clock of another worker
			s.Verified = s.Asked
		}
		s.Until, s.Next = until, now.Add(websub.Renewal(lease, c.least, chance()))
		s.Failures, s.Denied, s.Reason, s.Moves = 0, false, "", 0
		return meant
	})
	if err != nil || !meant {
		return false, err
	}
	c.log.Info("hub pushes", "feed", sub.Feed, "hub", sub.Hub, "lease", lease)
	return true, c.feeds.update(ctx, sub.Feed, func(s *feedState) bool {
		if !s.wants(sub.key) {
			return false
		}
		s.Push.given(now, until)
		return true
	})
}

// denied ends a subscription that its hub refuses; its feed is polled at once.
func (c *callbacks) denied(ctx context.Context, sub *subscription, reason string) error {
	c.log.Info("hub denies a subscription", "feed", sub.Feed, "hub", sub.Hub, "reason", reason)
	if sub.Leaving {
		return c.subs.remove(ctx, sub.key)
	}
	now := time.Now()
	err := c.subs.update(ctx, sub.key, func(s *subscription) bool {
		s.Denied, s.Reason, s.Until, s.Next = true, reason, time.Time{}, now.Add(jitter(deniedWait))
		s.Verified = now // this is an answer, too
		return true
	})
	if err != nil {
		return err
	}
	return c.feeds.update(ctx, sub.Feed, func(s *feedState) bool {
		if !s.wants(sub.key) {
			return false
		}
		s.Push.refused(reason)
		s.hasten(now, c.pusher.poll)
		return true
	})
}

// push takes in what a hub sends. A hub learns that a subscription is none, and
// nothing of why a push is not believed: who forges one is told what an honest
// hub is.
func (c *callbacks) push(w http.ResponseWriter, r *http.Request, sub *subscription) {
	if sub == nil || sub.Leaving || sub.Denied || sub.Until.IsZero() {
		c.gone(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPush))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		c.metrics.pushes.WithLabelValues(pushTooLarge).Inc()
		http.Error(w, "more than 10 MB", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		return // the hub went away, and will come again
	}
	outcome := pushForged
	if err = websub.Verify(r.Header.Get("X-Hub-Signature"), sub.Secret, body); err != nil {
		c.log.Info("push ignored", "feed", sub.Feed, "err", err)
	} else {
		ctx, cancel := context.WithTimeout(r.Context(), callbackTime)
		defer cancel()
		outcome, err = c.pusher.deliver(ctx, sub, r.Header, body)
		if err != nil {
			c.log.Warn("push not taken; its hub is asked to come again", "feed", sub.Feed, "err", err)
			c.again(w, r, pushFailed)
			return
		}
	}
	if outcome == pushGone {
		c.gone(w)
		return
	}
	c.metrics.pushes.WithLabelValues(outcome).Inc()
	w.WriteHeader(http.StatusAccepted)
}

// gone tells a hub that it may stop.
func (c *callbacks) gone(w http.ResponseWriter) {
	c.metrics.pushes.WithLabelValues(pushGone).Inc()
	http.Error(w, "there is no such subscription", http.StatusGone)
}
