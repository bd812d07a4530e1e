package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
)

const (
	// maxBackfills is how many backfills one worker works on at once. Each holds a
	// few sitemaps in memory, and waits for its host most of the time.
	maxBackfills = 16
	// backfillTick is how often a worker looks for backfills of its partitions.
	backfillTick = time.Second
	// backfillAgain is the pause before a backfill goes on that was interrupted.
	backfillAgain = 5 * time.Second
)

// backfills works on the backfills of the partitions that this worker owns.
type backfills struct {
	store   backfillStore
	pages   pageStore
	parts   *partitions
	fetcher *fetch.Fetcher
	enqueue func(ctx context.Context, m urlMessage) error
	pending func(ctx context.Context, part int) (uint64, error)
	metrics *backfillMetrics
	log     *slog.Logger
	retry   time.Duration // after the first failure of a sitemap; then twice as long each time
	poll    time.Duration // how often the queue is looked at while it is full
	parsing sync.Mutex    // one sitemap at a time: each may take some ten times its size

	mu      sync.Mutex
	jobs    map[string]backfillBrief
	running map[string]context.CancelFunc
	again   map[string]time.Time // not before
}

// backfillBrief is what scheduling needs of a backfill.
type backfillBrief struct {
	State string    `json:"state"`
	Ended time.Time `json:"ended"`
}

// newBackfills returns the backfills of an ingest worker.
func newBackfills(ctx context.Context, w *ingestWorker) (*backfills, error) {
	kv, err := openBucket(ctx, w.bus, bus.BucketBackfill)
	if err != nil {
		return nil, err
	}
	b := &backfills{
		store: backfillStore{kv}, pages: w.pages, parts: w.parts, fetcher: w.fetcher, enqueue: w.enqueue, pending: w.bus.BackfillPending, log: w.log,
		retry: 30 * time.Second, poll: 2 * time.Second,
		jobs: map[string]backfillBrief{}, running: map[string]context.CancelFunc{}, again: map[string]time.Time{},
	}
	b.metrics = newBackfillMetrics(w.reg, b)
	return b, nil
}

// run works until ctx ends, and returns when all that was begun has stopped.
func (b *backfills) run(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { b.store.follow(ctx, b.log, b.forgetAll, b.changed) })
	tick := time.NewTicker(backfillTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.begin(ctx, &work)
		}
	}
}

// forgetAll is for what may have been deleted while nobody watched; all that is
// there is told anew.
func (b *backfills) forgetAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.jobs)
}

// changed notes what became of a backfill, and stops one that was cancelled.
func (b *backfills) changed(entry jetstream.KeyValueEntry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var brief backfillBrief
	if entry.Operation() != jetstream.KeyValuePut || json.Unmarshal(entry.Value(), &brief) != nil {
		delete(b.jobs, entry.Key())
		return
	}
	b.jobs[entry.Key()] = brief
	if stop := b.running[entry.Key()]; stop != nil && brief.State == backfillCancelled {
		stop()
	}
}

// begin begins what is this worker's to do, and forgets what ended long ago.
func (b *backfills) begin(ctx context.Context, work *sync.WaitGroup) {
	now := time.Now()
	for key, brief := range b.owned() {
		switch {
		case brief.Ended.IsZero():
			b.start(ctx, key, now, work)
		case now.Sub(brief.Ended) > backfillKept:
			if err := b.store.forget(ctx, key); err != nil {
				return // the broker is away
			}
		}
	}
}

// owned returns the backfills of this worker's partitions.
func (b *backfills) owned() map[string]backfillBrief {
	b.mu.Lock()
	defer b.mu.Unlock()
	mine := map[string]backfillBrief{}
	for key, brief := range b.jobs {
		if part := keyPartition(key); part >= 0 && part < bus.Partitions && b.parts.has(part) {
			mine[key] = brief
		}
	}
	return mine
}

// start begins one backfill, unless it is begun or there are too many.
func (b *backfills) start(ctx context.Context, key string, now time.Time, work *sync.WaitGroup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.parts.of(keyPartition(key))
	if b.running[key] != nil || len(b.running) >= maxBackfills || now.Before(b.again[key]) || !t.enter() {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.wait, cancel)
	b.running[key] = cancel
	work.Go(func() {
		defer t.leave()
		defer cancel()
		defer stop()
		b.ended(key, b.work(ctx, key))
	})
}

// ended notes that nobody works on a backfill for the time of a pause.
func (b *backfills) ended(key string, pause time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.running, key)
	for k, at := range b.again {
		if time.Since(at) > 0 {
			delete(b.again, k)
		}
	}
	b.again[key] = time.Now().Add(pause)
}

// forget deletes a backfill.
func (s backfillStore) forget(ctx context.Context, key string) error {
	return s.bus.Call(ctx, stateTimeout, func(ctx context.Context) error { return s.kv.Purge(ctx, key) })
}

// work works on one backfill until it is done, cancelled or another worker's, and
// returns when to go on with it if it is none of these.
func (b *backfills) work(ctx context.Context, key string) (pause time.Duration) {
	job, err := b.store.load(ctx, key)
	if err != nil || job == nil || !job.active() {
		if err != nil && ctx.Err() == nil {
			b.log.Warn("backfill cannot be read; tried again", "backfill", key, "err", err)
		}
		return backfillAgain
	}
	w := &backfillWalk{backfills: b, job: job, part: keyPartition(key), since: time.Now(), told: time.Now(), log: b.log.With("backfill", job.URL)}
	err = w.run(ctx)
	switch {
	case ctx.Err() != nil || errors.Is(err, errConflict):
		// Stopped, cancelled, or another worker goes on from the cursor.
	case errors.Is(err, errSiteAway):
		w.log.Warn("backfill rests", "err", err, "for", backfillRest, "times", job.Pauses)
		return backfillRest
	case err != nil:
		w.log.Warn("backfill interrupted; goes on soon", "err", err)
	}
	return backfillAgain
}

// backfillMetrics count pages and backfills.
type backfillMetrics struct{ pages *prometheus.CounterVec }

// What became of the pages that sitemaps of a backfill name.
const (
	backfillQueued     = "queued"
	backfillKnown      = "known"        // fetched before
	backfillOutOfRange = "out_of_range" // by its date
	backfillNoDate     = "undated"      // left out, see --undated
	backfillOtherSite  = "other_site"
)

func newBackfillMetrics(reg prometheus.Registerer, b *backfills) *backfillMetrics {
	m := &backfillMetrics{pages: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "copydesk_backfill_pages_total",
		Help: "Pages that sitemaps of backfills name, by outcome: queued, known, out_of_range, undated, other_site.",
	}, []string{"outcome"})}
	for _, outcome := range []string{backfillQueued, backfillKnown, backfillOutOfRange, backfillNoDate, backfillOtherSite} {
		m.pages.WithLabelValues(outcome)
	}
	reg.MustRegister(m.pages, &backfillCollector{b, prometheus.NewDesc("copydesk_backfill_jobs",
		"Backfills of this worker's partitions by state: waiting, running, done, failed, cancelled.", []string{"state"}, nil)})
	return m
}

func (m *backfillMetrics) count(outcome string, n int) {
	m.pages.WithLabelValues(outcome).Add(float64(n))
}

// backfillCollector counts backfills by state when it is asked.
type backfillCollector struct {
	b    *backfills
	desc *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *backfillCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *backfillCollector) Collect(ch chan<- prometheus.Metric) {
	counts := map[string]int{}
	for _, state := range backfillStates() {
		counts[state] = 0
	}
	for _, brief := range c.b.owned() {
		if _, known := counts[brief.State]; known {
			counts[brief.State]++
		}
	}
	for state, n := range counts {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), state)
	}
}
