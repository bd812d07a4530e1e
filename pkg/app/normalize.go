package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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
	bus     *bus.Bus
	metrics *normalizeMetrics
	log     *slog.Logger
}

func newNormalize(d deps) (*stage.Worker, error) {
	d.log = d.log.With("component", "normalize")
	n := &normalizer{bus: d.bus, metrics: newNormalizeMetrics(d.reg), log: d.log}
	return stage.New(stage.Options{
		Name: "normalize", Bus: d.bus, Stream: bus.StreamPages, Consumer: bus.ConsumerNormalize, Handler: n.handle,
		Workers: runtime.GOMAXPROCS(0), MaxInFlight: 4 * runtime.GOMAXPROCS(0), MaxBytes: normalizeBytes,
		HandleTimeout: time.Minute, Logger: d.log, Registerer: d.reg, Tracer: d.tracer, AckFirst: d.ackFirst,
	})
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
	if err != nil {
		n.setAside(ctx, page, err.Error())
		return stage.Result{Err: err}
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

// passTakedown hands a takedown on: there is nothing in it to clean.
func passTakedown(msg *stage.Msg) stage.Result {
	down, err := article.ReadTakedown(msg.Data)
	if err != nil {
		return stage.Result{Err: stage.Permanent("bad_takedown", err)}
	}
	headers, body, err := down.Message()
	if err != nil {
		return stage.Result{Err: stage.Permanent("bad_takedown", err)}
	}
	return stage.Result{Out: []stage.Out{{
		Subject: bus.ArticleSubject(down.Page), MsgID: down.MsgID(), Header: nats.Header(headers), Data: body,
	}}}
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
// the same again, until a later version of the cleaner reads it.
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
		return nil, stage.Permanent(string(art.Access), fmt.Errorf("page %s holds no article: %s", page.FinalURL, art.Access))
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
