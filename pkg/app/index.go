package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/stage"
)

const (
	// indexBatch is how many articles are committed at once: a commit costs
	// milliseconds whatever it holds.
	indexBatch     = 100
	indexBatchWait = 200 * time.Millisecond
)

// indexer writes articles to the index and announces them on the wire.
type indexer struct {
	index   index.Index
	metrics *indexMetrics
	log     *slog.Logger
}

// indexWorker is the index stage of one process.
type indexWorker struct {
	deps
	loop *leasedStage
}

func newIndexWorker(d deps, ix index.Index) (*indexWorker, error) {
	d.log = d.log.With("component", "index")
	x := &indexer{index: ix, metrics: newIndexMetrics(d.reg), log: d.log}
	loop, err := newLeasedStage(stage.Options{
		Name: "index", Bus: d.bus, Stream: bus.StreamArticles, Consumer: bus.ConsumerIndex, Handler: x.handle,
		Workers: 1, BatchSize: indexBatch, BatchWait: indexBatchWait, MaxInFlight: 2 * indexBatch,
		HandleTimeout: 2 * time.Minute, Logger: d.log, Registerer: d.reg, Tracer: d.tracer,
	})
	if err != nil {
		return nil, err
	}
	return &indexWorker{deps: d, loop: loop}, nil
}

// Run indexes until ctx ends, while this process is the one that writes.
func (w *indexWorker) Run(ctx context.Context) error {
	return holdLease(ctx, w.deps, "index", func(ctx context.Context, _ uint64) error { return w.loop.Run(ctx) })
}

// Ready says whether the worker can do its work.
func (w *indexWorker) Ready(ctx context.Context) error { return w.loop.Ready(ctx) }

// Degraded says whether stream WIRE holds the worker up.
func (w *indexWorker) Degraded() error { return w.loop.Degraded() }

func (x *indexer) handle(ctx context.Context, batch []*stage.Msg) []stage.Result {
	results := make([]stage.Result, len(batch))
	articles := make([]article.Article, 0, len(batch))
	place := make([]int, 0, len(batch)) // of each article in the batch
	for i, msg := range batch {
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
	if len(articles) == 0 {
		return results
	}
	outs, err := x.write(ctx, articles)
	if err != nil && len(articles) > 1 {
		x.oneByOne(ctx, articles, place, results)
		return results
	}
	for k, i := range place {
		if err != nil {
			results[i].Err = stage.Unavailable(err)
			continue
		}
		results[i].Out = outs[k]
	}
	return results
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

// write commits articles, joins exact copies, and returns what to announce.
// Every step can be repeated: a crash between two of them leaves a message
// that is not acknowledged, and its redelivery does the rest.
func (x *indexer) write(ctx context.Context, articles []article.Article) ([][]stage.Out, error) {
	now := time.Now()
	outcomes, err := x.index.Upsert(ctx, articles, now)
	if err != nil {
		return nil, fmt.Errorf("index articles: %w", err)
	}
	labels, err := x.join(ctx, outcomes)
	if err != nil {
		return nil, fmt.Errorf("join copies: %w", err)
	}
	outs := make([][]stage.Out, len(outcomes))
	for i, o := range outcomes {
		if l, ok := labels[o.ID]; ok {
			o.Record.Cluster, o.Record.Original = l.Cluster, l.Original
		}
		x.metrics.observe(o, now)
		x.log.Info("article indexed", "id", o.ID, "change", o.Change, "version", o.Version, "cluster", o.Record.Cluster, "url", o.Record.URL)
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

// join puts articles of equal text into one cluster. An article whose text
// changed may leave a cluster, so those it leaves are looked at as well.
func (x *indexer) join(ctx context.Context, outcomes []index.Outcome) (map[string]index.Label, error) {
	hashes := map[string]bool{}
	for _, o := range outcomes {
		if o.Change == index.Stale {
			continue
		}
		hashes[dedup.ExactOf(o.Record.Sketch)] = true
		if o.Change != index.NewVersion {
			continue
		}
		left, err := x.index.Search(ctx, index.Query{Cluster: o.Record.Cluster, Size: 100, Sort: index.SortDate, IncludeWithdrawn: true})
		if err != nil {
			return nil, err
		}
		for _, hit := range left.Hits {
			hashes[dedup.ExactOf(hit.Record.Sketch)] = true
		}
	}
	delete(hashes, "")
	labels := map[string]index.Label{}
	for hash := range hashes {
		members, err := x.index.Members(ctx, hash)
		if err != nil {
			return nil, err
		}
		for _, l := range relabel(members) {
			labels[l.ID] = l
		}
	}
	if len(labels) == 0 {
		return nil, nil
	}
	batch := make([]index.Label, 0, len(labels))
	for _, l := range labels {
		batch = append(batch, l)
	}
	return labels, x.index.Label(ctx, batch)
}

// relabel returns the labels that differ from what the members carry.
func relabel(members []index.Member) []index.Label {
	copies := make([]dedup.Copy, len(members))
	for i, m := range members {
		copies[i] = dedup.Copy{ID: m.ID, Attributed: m.Attributed, Published: m.Published, FetchedAt: m.FetchedAt}
	}
	cluster, original := dedup.Label(copies)
	var labels []index.Label
	for _, m := range members {
		if m.Cluster != cluster || m.Original != original {
			labels = append(labels, index.Label{ID: m.ID, Cluster: cluster, Original: original})
		}
	}
	return labels
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
