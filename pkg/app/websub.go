package app

import (
	"context"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/ops"
	"github.com/copydesk/copydesk/pkg/websub"
)

// WebSubFlags say how hubs reach the ingest worker.
type WebSubFlags struct {
	WebSubCallback string `name:"websub-callback" placeholder:"URL" help:"Public address under which hubs reach --websub-listen. Feeds that offer a WebSub hub are subscribed to there: their entries arrive at once, and they are polled less. The same for all ingest workers. Default: none, feeds are only polled."`
	WebSubListen   string `name:"websub-listen" placeholder:"ADDR" help:"Address where the callbacks of hubs are answered, and nothing else. Goes with --websub-callback."`
}

// check refuses what a user can mend at once.
func (f WebSubFlags) check() error {
	switch {
	case f.WebSubCallback == "" && f.WebSubListen == "":
		return nil
	case f.WebSubCallback == "":
		return usagef("--websub-listen %s: give --websub-callback URL too, the public address of it", f.WebSubListen)
	case f.WebSubListen == "":
		return usagef("--websub-callback %s: give --websub-listen ADDR too, where requests for it arrive", f.WebSubCallback)
	}
	u, err := url.Parse(f.WebSubCallback)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return usagef("--websub-callback %s: give an address such as https://news.example.org/websub, without query", f.WebSubCallback)
	}
	return nil
}

// webSub is all of WebSub that an ingest worker does.
type webSub struct {
	asker     *asker
	callbacks *callbacks   // nil: WebSub is off
	listener  net.Listener // of the callbacks
}

// newWebSub connects the parts. Turned off, it gives up what there is.
func newWebSub(ctx context.Context, w *ingestWorker) (*webSub, error) {
	b, err := openBucket(ctx, w.bus, bus.BucketWebSub)
	if err != nil {
		return nil, err
	}
	f, subs := w.flags.WebSubFlags, subscriptions{b}
	metrics := newWebSubMetrics(w.reg)
	s := &webSub{asker: newAsker(w, subs, f.WebSubCallback, websub.MinRenewal)}
	w.reg.MustRegister(newSubscriptionCollector(s.asker.states))
	if f.WebSubCallback == "" {
		return s, nil
	}
	u, err := url.Parse(f.WebSubCallback)
	if err != nil {
		return nil, err
	}
	w.feedPoller.hubs = &hubWishes{subs: subs, metrics: metrics, log: w.log}
	s.callbacks = &callbacks{
		subs: subs, feeds: w.feeds, path: strings.TrimRight(u.Path, "/"), least: websub.MinRenewal,
		pusher: &pusher{feeds: w.feeds, enqueue: w.feedPoller.enqueueNew, poll: w.feedPoller.policy.Min, log: w.log},
		slots:  make(chan struct{}, callbackParallel), patience: slotWait, metrics: metrics, log: w.log,
	}
	s.listener, err = ops.Bind(ctx, f.WebSubListen, "--websub-listen")
	return s, err
}

// run answers hubs until ctx ends.
func (s *webSub) run(ctx context.Context) {
	if s.callbacks != nil {
		s.callbacks.serve(ctx, s.listener)
	}
}

// chance is a number from 0 to 1.
func chance() float64 { return rand.Float64() }
