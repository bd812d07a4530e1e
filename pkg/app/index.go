package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/stage"
)

const (
	// indexBatch is how many articles are committed at once: a commit costs
	// milliseconds whatever it holds.
	indexBatch     = 100
	indexBatchWait = 200 * time.Millisecond
	// leaseIndex is the lease of the one who writes the index.
	leaseIndex = "index"
	// makeWayEvery is how often a worker without the lease looks who has it.
	makeWayEvery = 500 * time.Millisecond
)

// indexer writes articles to the index and announces them on the wire.
type indexer struct {
	index   index.Index
	keeper  *keeper
	metrics *indexMetrics
	log     *slog.Logger
}

// indexWorker is the index stage of one process. Of all index workers one writes,
// the one that holds the lease; the others wait for it.
type indexWorker struct {
	deps
	shared  *sharedIndex
	flags   RelateFlags
	indexer *indexer
	related *relateMetrics
	loop    *leasedStage
	owner   atomic.Bool
}

func newIndexWorker(d deps, shared *sharedIndex, f RelateFlags) (*indexWorker, error) {
	d.log = d.log.With("component", "index")
	x := &indexer{metrics: newIndexMetrics(d.reg), log: d.log}
	loop, err := newLeasedStage(stage.Options{
		Name: "index", Bus: d.bus, Stream: bus.StreamArticles, Consumer: bus.ConsumerIndex, Handler: x.handle,
		Workers: 1, BatchSize: indexBatch, BatchWait: indexBatchWait, MaxInFlight: 2 * indexBatch,
		HandleTimeout: 2 * time.Minute, Logger: d.log, Registerer: d.reg, Tracer: d.tracer,
	})
	if err != nil {
		return nil, err
	}
	return &indexWorker{deps: d, shared: shared, flags: f, indexer: x, related: newRelateMetrics(d.reg), loop: loop}, nil
}

// Run indexes until ctx ends, while this process is the one that writes.
func (w *indexWorker) Run(ctx context.Context) error {
	standby, stop := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	waiting.Go(func() { w.makeWay(standby) })
	err := holdLease(ctx, w.deps, leaseIndex, w.own)
	stop()
	waiting.Wait()
	return err
}

// own is the time as the one that writes. The lock of the directory is the fence:
// a process that slept through the end of its lease still has it, so nobody else
// can write, and when it wakes up its lease is lost and it makes way.
func (w *indexWorker) own(ctx context.Context, fence uint64) error {
	w.owner.Store(true)
	defer w.owner.Store(false)
	ix, err := w.shared.take(ctx)
	if err != nil {
		return fmt.Errorf("open the index: %w", err)
	}
	k := newKeeper(ix, w.flags, w.related, w.log)
	k.forgetful = w.skipRebuild
	if err := k.rebuild(ctx); err != nil {
		return err
	}
	w.indexer.index, w.indexer.keeper = ix, k
	w.log.Info("writing the index", "fence", fence)
	return w.loop.Run(ctx)
}

// makeWay closes the index when another worker is to write it. While nobody else
// wants it, as when the broker is away, it stays open for those who search.
func (w *indexWorker) makeWay(ctx context.Context) {
	ticker := time.NewTicker(makeWayEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if w.owner.Load() || !w.shared.isOpen() && w.shared.known() {
			continue
		}
		holder, held, err := w.bus.LeaseHolder(ctx, leaseIndex)
		if err != nil || !held || holder == w.name || w.owner.Load() {
			continue
		}
		if err := w.shared.yield(holder); err != nil {
			w.log.Error("close the index", "err", err)
		}
	}
}

// Ready says whether the worker can do its work.
func (w *indexWorker) Ready(ctx context.Context) error { return w.loop.Ready(ctx) }

// Degraded says whether stream WIRE holds the worker up.
func (w *indexWorker) Degraded() error { return w.loop.Degraded() }

func (x *indexer) handle(ctx context.Context, batch []*stage.Msg) []stage.Result {
	results := make([]stage.Result, len(batch))
	articles := make([]article.Article, 0, len(batch))
	place := make([]int, 0, len(batch)) // of each article in the batch
	gone := takedowns{}
	for i, msg := range batch {
		if msg.Header.Get(article.HeaderTakedown) != "" {
			results[i].Err = gone.add(i, msg.Data)
			continue
		}
		var a article.Article
		if err := json.Unmarshal(msg.Data, &a); err != nil {
			results[i].Err = stage.Permanent("bad_article", fmt.Errorf("decode article: %w", err))
			continue
		}
		if !article.ValidID(a.ID) {
			results[i].Err = stage.Permanent("bad_article", fmt.Errorf("article id %q is none", a.ID))
			continue
		}
		articles, place = append(articles, a), append(place, i)
	}
	if len(articles) > 0 {
		x.writeAll(ctx, articles, place, results)
	}
	x.withdraw(ctx, gone, results)
	return results
}

// writeAll writes a batch, or what of it can be written.
func (x *indexer) writeAll(ctx context.Context, articles []article.Article, place []int, results []stage.Result) {
	outs, err := x.write(ctx, articles)
	if err != nil && len(articles) > 1 {
		x.oneByOne(ctx, articles, place, results)
		return
	}
	for k, i := range place {
		if err != nil {
			results[i].Err = stage.Unavailable(err)
			continue
		}
		results[i].Out = outs[k]
	}
}

// oneByOne finds the article that spoils a batch. When every one fails it is
// the index that is away, and none of them is to blame.
func (x *indexer) oneByOne(ctx context.Context, articles []article.Article, place []int, results []stage.Result) {
	failed := make([]error, len(articles))
	good := 0
	for k := range articles {
		outs, err := x.write(ctx, articles[k:k+1])
		if err != nil {
			failed[k] = err
			if good == 0 && k >= 2 {
				for rest := k + 1; rest < len(articles); rest++ {
					failed[rest] = err
				}
				break
			}
			continue
		}
		good++
		results[place[k]].Out = outs[0]
	}
	for k, err := range failed {
		switch {
		case err == nil:
		case good == 0:
			results[place[k]].Err = stage.Unavailable(err)
		default:
			results[place[k]].Err = err
		}
	}
}

// write commits articles with what is found of their copies and stories, and
// returns what to announce. A crash leaves messages that are not acknowledged;
// of what they bring again the index has all or nothing.
func (x *indexer) write(ctx context.Context, articles []article.Article) ([][]stage.Out, error) {
	now := time.Now()
	if err := x.keeper.ready(ctx); err != nil {
		return nil, err
	}
	outcomes, err := x.index.Upsert(ctx, articles, now, x.keeper.relate)
	if err != nil {
		x.keeper.doubt()
		return nil, fmt.Errorf("index articles: %w", err)
	}
	x.keeper.observe()
	outs := make([][]stage.Out, len(outcomes))
	for i, o := range outcomes {
		x.metrics.observe(o, now)
		x.log.Info("article indexed", "id", o.ID, "change", o.Change, "version", o.Version, "cluster", o.Record.Cluster, "story", o.Record.Story, "url", o.Record.URL)
		if o.Change == index.Stale {
			continue
		}
		out, err := wireOut(o)
		if err != nil {
			return nil, err
		}
		outs[i] = []stage.Out{out}
	}
	return outs, nil
}

// wireOut announces an article to whoever subscribes.
func wireOut(o index.Outcome) (stage.Out, error) {
	data, err := json.Marshal(o.Record)
	if err == nil && len(data) > maxPayload {
		o.Record.Removed = nil
		data, err = json.Marshal(o.Record)
	}
	if err != nil {
		return stage.Out{}, stage.Permanent("encode", fmt.Errorf("encode record %s: %w", o.ID, err))
	}
	return stage.Out{
		Subject: bus.WireSubject(o.Record.Language, o.Record.Site, o.ID),
		MsgID:   fmt.Sprintf("%s:%s:%d:%s", o.ID, o.Record.ContentHash, o.Record.FetchedAt.UnixNano(), extract.Version),
		Header:  nats.Header{article.HeaderSchema: {fmt.Sprint(article.Schema)}, article.HeaderID: {o.ID}, article.HeaderURL: {o.Record.URL}},
		Data:    data,
	}, nil
}
