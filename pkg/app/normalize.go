package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/stage"
)

const (
	// maxPage bounds a decompressed page, in bytes; the fetcher takes no more.
	maxPage = 10 << 20
	// normalizeBytes bounds the pages that are parsed at once: parsing takes up
	// to 50 times the bytes of a hostile page.
	normalizeBytes = 32 << 20
	// minCopyWords is how long a text must be for equal texts to be copies of
	// each other: below it they are sign-in notes and empty shells.
	minCopyWords = 20
	// maxAsideReason bounds the reason that is noted of a page without an
	// article, in bytes.
	maxAsideReason = 200
)

// normalizer turns page messages into article messages.
type normalizer struct {
	bus        *bus.Bus
	policy     policy
	publishers *publishers // nil: what pages held is not counted
	withheld   *prometheus.CounterVec
	metrics    *normalizeMetrics
	log        *slog.Logger
}

// normalizeWorker is the worker loop of the normalizer, with the counts of what
// publishers give beside it.
type normalizeWorker struct {
	*stage.Worker
	publishers *publishers
}

func newNormalize(d deps) (*normalizeWorker, error) {
	d.log = d.log.With("component", "normalize")
	policy, err := newPolicy(d.honour)
	if err != nil {
		return nil, err
	}
	sites := newPublishers(d.bus, d.log, d.reg)
	n := &normalizer{
		bus: d.bus, policy: policy, publishers: sites, withheld: newWithheld(d.reg), metrics: newNormalizeMetrics(d.reg), log: d.log,
	}
	loop, err := stage.New(stage.Options{
		Name: "normalize", Bus: d.bus, Stream: bus.StreamPages, Consumer: bus.ConsumerNormalize, Handler: n.handle,
		Workers: runtime.GOMAXPROCS(0), MaxInFlight: 4 * runtime.GOMAXPROCS(0), MaxBytes: normalizeBytes,
		HandleTimeout: time.Minute, Logger: d.log, Registerer: d.reg, Tracer: d.tracer, AckFirst: d.ackFirst,
	})
	return &normalizeWorker{loop, sites}, err
}

// newWithheld counts the pages that are no articles because of a wish.
func newWithheld(reg prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "copydesk_pages_withheld_total",
		Help: "Pages that became no article because their publisher does not want it, by wish: noindex, noai.",
	}, []string{"wish"})
	for _, wish := range []string{honourNoIndex, honourNoAI} {
		c.WithLabelValues(wish)
	}
	reg.MustRegister(c)
	return c
}

// Run cleans pages until ctx ends.
func (w *normalizeWorker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var counts sync.WaitGroup
	counts.Go(func() { w.publishers.run(ctx) })
	err := w.Worker.Run(ctx)
	cancel()
	counts.Wait()
	return err
}

func (n *normalizer) handle(ctx context.Context, batch []*stage.Msg) []stage.Result {
	results := make([]stage.Result, len(batch))
	for i, msg := range batch {
		results[i] = n.one(ctx, msg)
	}
	return results
}

func (n *normalizer) one(ctx context.Context, msg *stage.Msg) stage.Result {
	if msg.Header.Get(article.HeaderTakedown) != "" {
		return passTakedown(msg)
	}
	page, err := readPage(msg)
	if err != nil {
		return stage.Result{Err: err}
	}
	art, err := normalizePage(page)
	n.count(page, art)
	if err != nil {
		if art == nil || art.Access != article.Challenge { // which passes; the page behind it is still of interest
			n.setAside(ctx, page, err.Error())
		}
		return stage.Result{Err: err}
	}
	if wish := n.policy.withholds(art.Rights); wish != "" {
		return n.withhold(ctx, page, wish)
	}
	if art.Kind == article.KindListing {
		n.setAside(ctx, page, string(art.Kind))
	}
	out, err := articleOut(cmp.Or(msg.Header.Get(jetstream.MsgIDHeader), page.MsgID()), art)
	if err != nil {
		return stage.Result{Err: err}
	}
	n.metrics.observe(art)
	n.log.Info("article extracted", "id", page.ID, "article", art.ID, "url", art.URL, "words", art.Words,
		"removed", len(art.Removed), "kind", art.Kind, "access", art.Access)
	return stage.Result{Out: []stage.Out{out}}
}

// count notes what a page of a site held; art is nil where that is not known.
func (n *normalizer) count(page *article.Page, art *article.Article) {
	if n.publishers != nil && art != nil && art.Kind != article.KindListing {
		n.publishers.read(page.FinalURL, art.Access, page.FetchedAt)
	}
}

// withhold settles a page whose publisher wants it in no index. What was made of
// it before is withdrawn, as if the page were gone: for the index it is.
func (n *normalizer) withhold(ctx context.Context, page *article.Page, wish string) stage.Result {
	n.setAside(ctx, page, "withheld: "+wish)
	n.withheld.WithLabelValues(wish).Inc()
	n.log.Info("page withheld", "id", page.ID, "url", page.FinalURL, "wish", wish)
	out, err := takedownOut(&article.Takedown{Page: page.ID, URL: page.FinalURL, Status: http.StatusGone, At: page.FetchedAt})
	return stage.Result{Out: out, Err: err}
}

// passTakedown hands a takedown on: there is nothing in it to clean.
func passTakedown(msg *stage.Msg) stage.Result {
	down, err := article.ReadTakedown(msg.Data)
	if err != nil {
		return stage.Result{Err: stage.Permanent("bad_takedown", err)}
	}
	out, err := takedownOut(down)
	return stage.Result{Out: out, Err: err}
}

// takedownOut is the message that withdraws the article of a page.
func takedownOut(down *article.Takedown) ([]stage.Out, error) {
	headers, body, err := down.Message()
	if err != nil {
		return nil, stage.Permanent("bad_takedown", err)
	}
	return []stage.Out{{
		Subject: bus.ArticleSubject(down.Page), MsgID: down.MsgID(), Header: nats.Header(headers), Data: body,
	}}, nil
}

// setAside tells ingest that a page holds no article. It saves fetches and
// nothing depends on it, so a failure is no reason to try the page again.
func (n *normalizer) setAside(ctx context.Context, page *article.Page, reason string) {
	if n.bus == nil {
		return
	}
	b, err := openBucket(ctx, n.bus, bus.BucketPages)
	if err == nil {
		err = pageStore{b}.setAside(ctx, page.URL, clipText(reason, maxAsideReason))
	}
	if err != nil && ctx.Err() == nil {
		n.log.Warn("page without an article is looked at again", "id", page.ID, "url", page.FinalURL, "err", err)
	}
}

// readPage decodes a page message. Its errors are permanent.
func readPage(msg *stage.Msg) (*article.Page, error) {
	body := msg.Data
	switch encoding := msg.Header.Get(article.HeaderContentEncoding); encoding {
	case "":
	case bus.EncodingZstd:
		var err error
		if body, err = bus.Decompress(msg.Data, maxPage); err != nil {
			return nil, stage.Permanent("bad_page", fmt.Errorf("decompress page: %w", err))
		}
	default:
		return nil, stage.Permanent("bad_page", fmt.Errorf("header %s: unknown encoding %q", article.HeaderContentEncoding, encoding))
	}
	page, err := article.PageFromHeaders(msg.Header, body)
	if err != nil {
		return nil, stage.Permanent("bad_page", err)
	}
	return page, nil
}

// normalizePage cleans a page. Its errors are permanent: the same page gives
// the same again, until a later version of the cleaner reads it. With the error
// that a page is not what it seems comes what the cleaner took it for.
func normalizePage(page *article.Page) (*article.Article, error) {
	res, err := extract.Extract(page, extract.Options{})
	switch {
	case errors.Is(err, extract.ErrNotHTML):
		return nil, stage.Permanent("not_html", err)
	case errors.Is(err, extract.ErrEmpty):
		return nil, stage.Permanent("empty", err)
	case err != nil:
		return nil, stage.Permanent("extract", err)
	}
	art := &res.Article
	switch art.Access {
	case article.Challenge, article.Consent, article.Soft404:
		// What stands on such a page is no article; as a dead letter it can be
		// replayed once the publisher lets us in.
		return art, stage.Permanent(string(art.Access), fmt.Errorf("page %s holds no article: %s", page.FinalURL, art.Access))
	}
	if art.Words >= minCopyWords {
		art.Sketch = dedup.Sketch(art.Text)
	}
	return art, nil
}

// articleOut is the message of an article; pageMsgID is the id of the message
// that its page came in.
func articleOut(pageMsgID string, art *article.Article) (stage.Out, error) {
	data, err := json.Marshal(art)
	if err == nil && len(data) > maxPayload {
		// The text matters more than the account of what was dropped.
		art.Removed = nil
		art.Warnings = append(art.Warnings, "removed_blocks_left_out")
		data, err = json.Marshal(art)
	}
	if err != nil {
		return stage.Out{}, stage.Permanent("encode", fmt.Errorf("encode article %s: %w", art.ID, err))
	}
	if len(data) > maxPayload {
		return stage.Out{}, stage.Permanent("too_large", fmt.Errorf("article %s: %d bytes are more than a message holds (%d)", art.ID, len(data), maxPayload))
	}
	return stage.Out{
		Subject: bus.ArticleSubject(art.ID), MsgID: pageMsgID + ":" + extract.Version,
		Header: nats.Header{
			article.HeaderSchema: {fmt.Sprint(article.Schema)}, article.HeaderID: {art.ID}, article.HeaderURL: {art.URL},
		},
		Data: data,
	}, nil
}
