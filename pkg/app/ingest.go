package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/stage"
)

// IngestFlags say what is fetched and how politely.
type IngestFlags struct {
	Feeds         []string      `name:"feeds" placeholder:"FILE" help:"List of feeds: text (one URL a line, # comments), OPML or YAML; - is standard input. Read again when it changes. Can be repeated."`
	URLs          []string      `name:"urls" placeholder:"FILE" help:"List of page URLs, one a line; - is standard input. Read again when it changes. Can be repeated."`
	PollInterval  pollInterval  `name:"poll-interval" default:"adaptive" placeholder:"adaptive|TIME" help:"How often a feed is polled that has no interval of its own: a time such as 10m, or adaptive (from 2 minutes to a day, from how often the feed changes). Default: ${default}."`
	HostDelay     time.Duration `name:"host-delay" default:"1s" help:"Least time between the end of a request to a host and the next one to it. Default: ${default}."`
	FetchWorkers  int           `name:"fetch-workers" default:"256" help:"Pages that are fetched, or wait for their host, at once. Default: ${default}."`
	Revisits      []string      `name:"revisits" default:"15m,1h,6h,24h,72h" placeholder:"TIMES" help:"When a page is looked at again for edits and takedowns, counted from its first fetch; none turns it off. Default: ${default}."`
	TakedownAfter time.Duration `name:"takedown-after" default:"1h" help:"Withdraw an article when its page is gone (404, 410) on two looks at least this far apart. Default: ${default}."`
	Contact       string        `name:"contact" placeholder:"URL|EMAIL" help:"Who runs this crawler; sent in the User-Agent so that publishers can reach you."`
	AllowPrivate  bool          `name:"allow-private" help:"Also fetch from addresses that are not public (loopback, private, link-local). For tests and demonstrations."`
	Honour        []string      `name:"honour" default:"noindex,noarchive" placeholder:"WISHES" help:"Wishes of publishers to honour: noindex makes a page no article and withdraws what it was, noai does the same where training models or mining is reserved, noarchive keeps it out of the archive; none honours none. All are recorded on the article. Default: ${default}."`
	WARC          []string      `name:"warc" placeholder:"FILE" help:"WARC file, plain or gzip, whose pages are read as if they were fetched when it says; - is standard input. After a stop it is read on where it was left. Can be repeated."`
	Archive       string        `name:"archive" placeholder:"DIR|s3://BUCKET/PREFIX" help:"Write every answer to a fetch of a page to WARC 1.1 files in this directory or bucket, before the page goes downstream. Keys of a bucket: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials."`

	ArchiveEndpoint string `name:"archive-endpoint" placeholder:"URL" help:"Object storage of an s3:// archive. Default: AWS_ENDPOINT_URL, or Amazon's."`
	ArchiveSpool    string `name:"archive-spool" type:"path" placeholder:"DIR" help:"Where files of an s3:// archive wait for their upload, every 10 minutes or 1 GB. Default: data/archive."`
}

// check refuses what a user can mend at once.
func (f IngestFlags) check() error {
	switch {
	case !isObjectStore(f.Archive) && (f.ArchiveEndpoint != "" || f.ArchiveSpool != ""):
		return usagef("--archive-endpoint and --archive-spool go with --archive s3://BUCKET")
	case f.PollInterval != adaptive && f.PollInterval < pollInterval(minInterval):
		return usagef("--poll-interval %s: shorter than %s; publishers would not thank you", f.PollInterval, minInterval)
	case f.HostDelay < 0:
		return usagef("--host-delay %s: must not be negative", f.HostDelay)
	case f.FetchWorkers < 1 || f.FetchWorkers > 4096:
		return usagef("--fetch-workers %d: give 1 to 4096", f.FetchWorkers)
	}
	if _, err := newPolicy(f.Honour); err != nil {
		return err
	}
	_, err := newRevisitPlan(f.Revisits, f.TakedownAfter)
	return err
}

// deps are what every worker is given.
type deps struct {
	bus    *bus.Bus
	log    *slog.Logger
	reg    prometheus.Registerer
	tracer trace.Tracer
	name   string
	honour []string // --honour of the normalize worker
	// ackFirst makes a worker wrong on purpose, for the drill that must catch it;
	// no flag sets it.
	ackFirst bool
	// skipRebuild is another such mistake, of the index worker.
	skipRebuild bool
}

// ingestWorker polls feeds and fetches pages.
type ingestWorker struct {
	deps
	flags   IngestFlags
	lists   *lists
	cache   *sourceCache
	loop    *leasedStage
	poller  *poller
	looks   *revisits
	feeds   feedStore
	pages   pageStore
	fetcher *fetch.Fetcher
	archive *archive
	warcs   *warcInput
	sites   *publishers
	full    atomic.Bool // stream URLS refuses new URLs
}

// newIngest reads the lists and connects the parts; it fetches nothing yet.
func newIngest(ctx context.Context, d deps, f IngestFlags, stdin io.Reader) (*ingestWorker, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	d.log = d.log.With("component", "ingest")
	l, err := newLists(f.Feeds, f.URLs, stdin, d.log)
	if err != nil {
		return nil, err
	}
	w := &ingestWorker{deps: d, flags: f, lists: l}
	if err := w.openBuckets(ctx); err != nil {
		return nil, err
	}
	w.cache = &sourceCache{store: w.feeds}
	if w.looks, err = newRevisits(w); err != nil {
		return nil, err
	}
	if w.warcs, err = newWARCInput(w.deps, f, stdin, w.feeds.bucket); err != nil {
		return nil, err
	}
	if w.archive, err = openArchive(ctx, f, w.deps); err != nil {
		return nil, err
	}
	handler := &pageFetcher{fetcher: w.fetcher, archive: w.archive, pages: w.pages, revisits: w.looks, traps: newTrapGuard(d.reg, d.log), hostDelay: f.HostDelay, log: d.log, stopping: ctx.Done()}
	w.loop, err = newLeasedStage(stage.Options{
		Name: "ingest", Bus: d.bus, Stream: bus.StreamURLs, Consumer: bus.ConsumerIngest, Handler: handler.handle,
		Workers: f.FetchWorkers, MaxInFlight: f.FetchWorkers, HandleTimeout: 10 * time.Minute,
		Logger: d.log, Registerer: d.reg, Tracer: d.tracer,
	})
	if err != nil {
		return nil, err
	}
	poll := &feedPoller{fetcher: w.fetcher, feeds: w.feeds, enqueue: w.enqueue, interval: f.PollInterval, policy: cadence.Default(), log: d.log}
	w.poller = newPoller(d.log, poll.poll)
	registerIngestMetrics(d.reg, w)
	return w, nil
}

func (w *ingestWorker) openBuckets(ctx context.Context) error {
	feeds, err := openBucket(ctx, w.bus, bus.BucketFeeds)
	if err != nil {
		return err
	}
	pages, err := openBucket(ctx, w.bus, bus.BucketPages)
	if err != nil {
		return err
	}
	robots, err := openBucket(ctx, w.bus, bus.BucketRobots)
	if err != nil {
		return err
	}
	w.feeds, w.pages = feedStore{feeds}, pageStore{pages}
	w.sites = newPublishers(w.bus, w.log, w.reg)
	w.fetcher, err = fetch.New(fetch.Options{
		UserAgent: userAgent(w.flags.Contact), AllowPrivate: w.flags.AllowPrivate,
		HostDelay: w.flags.HostDelay, NoDelay: w.flags.HostDelay == 0,
		Robots: robotsStore{robots}, Report: w.sites.fetched, Logger: w.log, Registerer: w.reg,
	})
	return err
}

// userAgent names copydesk and who to write to.
func userAgent(contact string) string { return fetch.UserAgent(Version(), contact) }

// Run polls and fetches until ctx ends, while this process owns the hosts.
func (w *ingestWorker) Run(ctx context.Context) error {
	defer w.archive.close()
	var reading sync.WaitGroup
	reading.Go(func() { w.warcs.run(ctx) })
	defer reading.Wait()
	defer w.fetcher.Close()
	return holdLease(ctx, w.deps, "ingest", w.own)
}

// own is what the owner of the hosts does.
func (w *ingestWorker) own(ctx context.Context, _ uint64) error {
	if err := w.schedule(ctx); err != nil {
		return err
	}
	w.looks.reset()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.loop.Run(ctx) })
	group.Go(func() error { w.poller.run(ctx); return nil })
	group.Go(func() error { w.sites.run(ctx); return nil })
	group.Go(func() error { return w.looks.rebuild(ctx) })
	group.Go(func() error { w.looks.run(ctx); return nil })
	group.Go(func() error { return w.enqueuePages(ctx) })
	group.Go(func() error {
		w.lists.watch(ctx, func() {
			if err := w.schedule(ctx); err != nil {
				w.log.Error("changed list not taken over", "err", err)
			}
			if err := w.enqueuePages(ctx); err != nil && ctx.Err() == nil {
				w.log.Error("changed list not taken over", "err", err)
			}
		})
		return nil
	})
	group.Go(func() error { return w.watchImports(ctx) })
	return group.Wait()
}

// schedule makes the listed and the imported feeds the ones that are polled.
func (w *ingestWorker) schedule(ctx context.Context) error {
	states, err := w.feeds.all(ctx)
	if err != nil {
		return err
	}
	sources := w.lists.allSources()
	byURL := make(map[string]*feedState, len(states))
	for _, s := range states {
		byURL[s.URL] = s
		if s.Managed && s.State != feedRetired {
			sources = append(sources, feed.Source{URL: s.URL, Title: s.Title, Tags: s.Tags, Interval: s.Asked})
		}
	}
	w.poller.set(sources, func(url string) time.Time {
		if s := byURL[url]; s != nil {
			return s.NextPoll
		}
		return time.Time{}
	})
	polled := w.poller.urls()
	w.log.Info("feeds scheduled", "feeds", len(polled))
	return w.markStates(ctx, byURL, polled)
}

// markStates makes new feeds visible before their first poll, and marks those
// that are in no list any more.
func (w *ingestWorker) markStates(ctx context.Context, byURL map[string]*feedState, polled map[string]bool) error {
	save := func(s *feedState, state string) error {
		s.State = state
		if err := w.feeds.save(ctx, s); err != nil && !errors.Is(err, errConflict) {
			return err
		}
		return nil
	}
	for url := range polled {
		s := byURL[url]
		if s == nil {
			if err := save(&feedState{URL: url}, feedNew); err != nil {
				return err
			}
		} else if s.State == feedRetired {
			if err := save(s, feedNew); err != nil {
				return err
			}
		}
	}
	for url, s := range byURL {
		if !polled[url] && s.State != feedRetired {
			if err := save(s, feedRetired); err != nil {
				return err
			}
		}
	}
	return nil
}

// watchImports takes over feeds that `copydesk feeds import` adds.
func (w *ingestWorker) watchImports(ctx context.Context) error {
	watch, err := w.feeds.kv.WatchAll(ctx, jetstream.UpdatesOnly(), jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("watch feeds: %w", err)
	}
	defer func() { _ = watch.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, ok := <-watch.Updates():
			if !ok {
				return nil
			}
			var s feedState
			if entry == nil || json.Unmarshal(entry.Value(), &s) != nil {
				continue
			}
			if s.Managed && s.State == feedNew && !w.poller.has(s.URL) {
				if err := w.schedule(ctx); err != nil && ctx.Err() == nil {
					w.log.Error("imported feeds not taken over", "err", err)
				}
			}
		}
	}
}

// enqueuePages hands the pages of the URL lists to the broker, except those
// that were fetched already.
func (w *ingestWorker) enqueuePages(ctx context.Context) error {
	pages := w.lists.allPages()
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(enqueueParallel)
	var mu sync.Mutex
	queued := 0
	for _, url := range pages {
		group.Go(func() error {
			state, err := w.pages.load(gctx, url)
			if err != nil {
				return err
			}
			if state.Done {
				return nil
			}
			mu.Lock()
			queued++
			mu.Unlock()
			return w.enqueue(gctx, urlMessage{URL: url})
		})
	}
	err := group.Wait()
	if len(pages) > 0 && err == nil {
		w.log.Info("pages of the URL lists queued", "listed", len(pages), "queued", queued)
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // being told to end is no failure
	}
	return err
}

// enqueue hands a URL to the broker and waits for its word. A full stream is
// back-pressure: it waits until there is room.
func (w *ingestWorker) enqueue(ctx context.Context, m urlMessage) error {
	data, partition, msgID, err := encodeURLMessage(m)
	if err != nil {
		w.log.Warn("URL left out", "url", m.URL, "feed", m.Feed, "err", err)
		return nil
	}
	publish := func() (struct{}, error) {
		err := w.bus.Call(ctx, stateTimeout, func(ctx context.Context) error {
			_, err := w.bus.JetStream().Publish(ctx, bus.URLSubject(partition), data, jetstream.WithMsgID(msgID))
			return err
		})
		w.full.Store(bus.IsFull(err))
		if err != nil && !bus.IsFull(err) && !bus.IsUnavailable(err) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}
	_, err = backoff.Retry(ctx, publish, backoff.WithMaxElapsedTime(0), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: 200 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: 10 * time.Second,
	}))
	if err != nil {
		return fmt.Errorf("queue %s: %w", m.URL, err)
	}
	return nil
}

// Degraded says whether a full stream holds the worker up.
func (w *ingestWorker) Degraded() error {
	if w.full.Load() {
		return errors.Join(fmt.Errorf("stream %s is full: feeds wait until pages are fetched", bus.StreamURLs), w.loop.Degraded())
	}
	return w.loop.Degraded()
}

// overdue is how long the feed that waits longest has been due.
func (w *ingestWorker) overdue() time.Duration { return w.poller.overdue() }

// feedStates returns the state of every feed, by URL.
func (w *ingestWorker) feedStates() map[string]string {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	feeds, err := w.cache.feeds(ctx)
	if err != nil {
		w.log.Debug("feeds cannot be counted", "err", err)
		return nil
	}
	states := make(map[string]string, len(feeds))
	for _, f := range feeds {
		states[f.URL] = f.State
	}
	return states
}

// Ready says whether the worker can do its work.
func (w *ingestWorker) Ready(ctx context.Context) error { return w.loop.Ready(ctx) }
