package app

import (
	"context"
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

	WebSubFlags

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
	if _, err := newRevisitPlan(f.Revisits, f.TakedownAfter); err != nil {
		return err
	}
	return f.WebSubFlags.check()
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
	flags  IngestFlags
	lists  *lists
	cache  *sourceCache
	parts  *partitions
	work   *partitionWork
	plans  *plans
	poller *poller
	looks  *revisits

	backfill   *backfills
	feedPoller *feedPoller
	feeds      feedStore
	pages      pageStore
	fetcher    *fetch.Fetcher
	archive    *archive
	warcs      *warcInput
	sites      *publishers
	webSub     *webSub
	full       atomic.Bool // stream URLS refuses new URLs

	backfillFull atomic.Bool // stream BACKFILL does
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
	w := &ingestWorker{deps: d, flags: f, lists: l, parts: &partitions{}, plans: newPlans()}
	if err := w.openBuckets(ctx); err != nil {
		return nil, err
	}
	w.cache = &sourceCache{store: w.feeds}
	if w.looks, err = newRevisits(w); err != nil {
		return nil, err
	}
	if w.backfill, err = newBackfills(ctx, w); err != nil {
		return nil, err
	}
	if w.warcs, err = newWARCInput(w.deps, f, stdin, w.feeds.bucket); err != nil {
		return nil, err
	}
	if w.archive, err = openArchive(ctx, f, w.deps); err != nil {
		return nil, err
	}
	handler := &pageFetcher{
		fetcher: w.fetcher, archive: w.archive, pages: w.pages, revisits: w.looks, sites: w.sites, traps: newTrapGuard(d.reg, d.log),
		turns: newHostTurns(f.HostDelay), log: d.log, stopping: ctx,
	}
	w.work, err = newPartitionWork(w, stage.Options{
		Name: "ingest", Bus: d.bus, Stream: bus.StreamURLs, Handler: handler.handle,
		Workers: f.FetchWorkers, MaxInFlight: f.FetchWorkers, Budget: stage.NewBudget(f.FetchWorkers),
		HandleTimeout: 10 * time.Minute, Grace: partGrace, Quiet: true,
		Logger: d.log, Registerer: d.reg, Tracer: d.tracer,
	})
	if err != nil {
		return nil, err
	}
	w.feedPoller = &feedPoller{fetcher: w.fetcher, feeds: w.feeds, enqueue: w.enqueue, interval: f.PollInterval, policy: cadence.Default(), log: d.log, pending: w.bus.BackfillPending}
	w.poller = newPoller(d.log, w.poll)
	if w.webSub, err = newWebSub(ctx, w); err != nil {
		return nil, err
	}
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
	hosts, err := openBucket(ctx, w.bus, bus.BucketHosts)
	if err != nil {
		return err
	}
	w.feeds, w.pages = feedStore{feeds}, pageStore{pages}
	w.sites = newPublishers(w.bus, w.log, w.reg)
	w.fetcher, err = fetch.New(fetch.Options{
		UserAgent: userAgent(w.flags.Contact), AllowPrivate: w.flags.AllowPrivate,
		HostDelay: w.flags.HostDelay, NoDelay: w.flags.HostDelay == 0,
		Robots: robotsStore{robots}, Pauses: pauseStore{hosts, w.log}, Admit: w.parts.admit, Report: w.sites.fetched, Logger: w.log, Registerer: w.reg,
	})
	return err
}

// userAgent names copydesk and who to write to.
func userAgent(contact string) string { return fetch.UserAgent(Version(), contact) }

// Run polls and fetches what its partitions hold, until ctx ends.
func (w *ingestWorker) Run(ctx context.Context) error {
	defer w.archive.close()
	var reading sync.WaitGroup
	reading.Go(func() { w.warcs.run(ctx) })
	defer reading.Wait()
	defer w.fetcher.Close()
	group, gctx := errgroup.WithContext(ctx)
	// What polls and queues goes on while partitions are given back, and then ends.
	rest, end := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error {
		defer end()
		return w.work.hold(gctx)
	})
	for _, part := range []func(context.Context){
		w.poller.run, w.plan, w.looks.fillIn, w.looks.run, w.work.watchBackfill, w.watchFeeds, w.sites.run, w.backfill.run, w.webSub.asker.run,
	} {
		group.Go(func() error { part(rest); return nil })
	}
	group.Go(func() error { w.enqueueLists(gctx); return nil })
	group.Go(func() error { w.webSub.run(gctx); return nil })
	return group.Wait()
}

// enqueueLists queues the pages of the URL lists, at start and when a list
// changes. Every worker queues those of its own lists, whoever fetches them; what
// several queue is known to the broker by its id, and later by its state.
func (w *ingestWorker) enqueueLists(ctx context.Context) {
	enqueue := func() {
		for ctx.Err() == nil {
			err := w.enqueuePages(ctx)
			if err == nil || ctx.Err() != nil {
				return
			}
			w.log.Warn("URL lists not queued; tried again", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(leaseRetry):
			}
		}
	}
	enqueue()
	w.lists.watch(ctx, func() {
		w.plans.wake()
		enqueue()
	})
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
			return w.enqueue(gctx, urlMessage{URL: url, Backfill: true})
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
	subject, full := bus.URLSubject(partition), &w.full
	if m.Backfill {
		subject, full = bus.BackfillSubject(partition), &w.backfillFull
	}
	publish := func() (struct{}, error) {
		err := w.bus.Call(ctx, stateTimeout, func(ctx context.Context) error {
			_, err := w.bus.JetStream().Publish(ctx, subject, data, jetstream.WithMsgID(msgID))
			return err
		})
		full.Store(bus.IsFull(err))
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
	if w.warcs.full.Load() {
		return errors.Join(fmt.Errorf("stream %s is full: WARC files wait until pages are cleaned", bus.StreamPages), w.work.Degraded())
	}
	if w.backfillFull.Load() {
		return errors.Join(fmt.Errorf("stream %s is full: URL lists and sitemaps wait until old pages are fetched", bus.StreamBackfill), w.work.Degraded())
	}
	if w.full.Load() {
		return errors.Join(fmt.Errorf("stream %s is full: feeds wait until pages are fetched", bus.StreamURLs), w.work.Degraded())
	}
	return w.work.Degraded()
}

// overdue is how long the feed that waits longest has been due.
func (w *ingestWorker) overdue() time.Duration { return w.poller.overdue() }

// feedStates returns the state of every feed of this worker's partitions, by URL:
// the figures of all workers add up.
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
		if w.parts.has(partitionOf(f.target())) {
			states[f.URL] = f.State
		}
	}
	return states
}

// Ready says whether the worker can do its work.
func (w *ingestWorker) Ready(ctx context.Context) error { return w.work.Ready(ctx) }
