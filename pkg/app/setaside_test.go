package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/stage"
)

const (
	// somethingElse is what servers say with status 200 that have no such page.
	somethingElse = `<html><head><title>Page not found</title></head><body><h1>404 - Page not found</h1><p>The page you are looking for does not exist.</p></body></html>`
	shortReport   = `<html><head><title>Ferry fares rise</title></head><body><article><h1>Ferry fares rise</h1>
<p>The ferry company raises its fares by a tenth on the first of the month, and it blames the price of rope for all of it.</p>
<p>Regular passengers who bought a card before the end of the year keep the old fares until the summer, said the company on its notice board.</p>
<p>The council of the island will talk about it on Tuesday, and the owner of the bakery has asked for a chair with a back.</p></article></body></html>`
)

// TestSoft404OverwritesNothing: a page that answers 200 and says that it is
// gone is a dead letter, reaches no index, and is not looked at again.
func TestSoft404OverwritesNothing(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMutableSite(t)
	site.set("/report", shortReport, 0)
	b := testBus(t)
	w, _ := runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", site.URL+"/report\n")}, Revisits: manySteps(), TakedownAfter: time.Second})
	cleaner, err := newNormalize(deps{bus: b, log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry(), name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- cleaner.Run(ctx) }()
	defer func() { cancel(); <-done }()
	eventually(t, 30*time.Second, "the report is an article", func() bool { return messagesOf(t, b, bus.StreamArticles) == 1 })
	site.set("/report", somethingElse, 0)
	eventually(t, time.Minute, "what came instead is a dead letter", func() bool { return messagesOf(t, b, bus.StreamDead) == 1 })
	letters, _, err := b.ListDead(t.Context(), bus.DeadQuery{})
	if err != nil || letters[0].Reason != string(article.Soft404) {
		t.Errorf("dead letters %+v, %v; want one of a soft 404", letters, err)
	}
	eventually(t, time.Minute, "the page is not looked at any more", func() bool { return looked(w, lookNoArticle) == 1 && w.looks.count() == 0 })
	if n := messagesOf(t, b, bus.StreamArticles); n != 1 {
		t.Errorf("%d articles, want the first one alone", n)
	}
}

func TestCleanerPassesTakedownsOn(t *testing.T) {
	n := &normalizer{metrics: newNormalizeMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	down := &article.Takedown{Page: article.ID("https://a.example/x"), URL: "https://a.example/x", Status: http.StatusGone, At: time.Now().UTC()}
	headers, body, err := down.Message()
	if err != nil {
		t.Fatal(err)
	}
	res := n.one(t.Context(), &stage.Msg{Header: nats.Header(headers), Data: body})
	if res.Err != nil || len(res.Out) != 1 {
		t.Fatalf("%d messages, %v; want one", len(res.Out), res.Err)
	}
	out := res.Out[0]
	if out.Subject != bus.ArticleSubject(down.Page) || out.MsgID != down.MsgID() || out.Header.Get(article.HeaderTakedown) != "410" {
		t.Errorf("message %s, id %s, header %v", out.Subject, out.MsgID, out.Header)
	}
	if back, err := article.ReadTakedown(out.Data); err != nil || *back != *down {
		t.Errorf("takedown came as %+v, %v; want %+v", back, err, down)
	}
	res = n.one(t.Context(), &stage.Msg{Header: nats.Header(headers), Data: []byte("{}")})
	if res.Err == nil || len(res.Out) != 0 {
		t.Error("a broken takedown is passed on")
	}
}

// TestArticleKeepsTheNumberOfItsPage: two states of a page with the same bytes
// are two messages, so their articles must be, too.
func TestArticleKeepsTheNumberOfItsPage(t *testing.T) {
	n := &normalizer{metrics: newNormalizeMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	out, err := pageOut(&article.Page{
		ID: article.ID("https://a.example/x"), URL: "https://a.example/x", FinalURL: "https://a.example/x", Status: 200,
		ContentType: "text/html", FetchedAt: time.Now(), Body: []byte(shortReport),
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, id := range []string{"", out.MsgID, out.MsgID + ":later"} {
		h := nats.Header{}
		for k, v := range out.Header {
			h[k] = v
		}
		if id != "" {
			h.Set(jetstream.MsgIDHeader, id)
		}
		res := n.one(t.Context(), &stage.Msg{Header: h, Data: out.Data})
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		ids[res.Out[0].MsgID] = true
	}
	if len(ids) != 2 {
		t.Errorf("%d message ids %v, want 2", len(ids), ids)
	}
}

// TestFullMemoryOfPagesStopsNothing: pages go on when the bucket has no room
// for their states.
func TestFullMemoryOfPagesStopsNothing(t *testing.T) {
	t.Parallel() // it waits more than it works
	server, _ := startTestBroker(t)
	b, err := bus.Connect(t.Context(), bus.Options{
		InProcess: server, Logger: slog.New(slog.DiscardHandler), MaxBytes: map[string]int64{bus.BucketPages: 4000},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close(context.Background()) }()
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	site := newMutableSite(t)
	var list strings.Builder
	const pages = 30
	for i := range pages {
		path := fmt.Sprintf("/%d", i)
		site.set(path, fmt.Sprintf("<p>Page %d.</p>", i), 0)
		fmt.Fprintln(&list, site.URL+path)
	}
	w, _ := runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", list.String())}, Revisits: []string{"1h"}, TakedownAfter: time.Hour})
	eventually(t, time.Minute, "every page goes downstream", func() bool {
		return messagesOf(t, b, bus.StreamPages) == pages && messagesOf(t, b, bus.StreamURLs) == 0
	})
	if looked(w, lookLeftOut) == 0 {
		t.Error("no page is counted as left out; the test shows nothing")
	}
	if err := w.Ready(t.Context()); err != nil {
		t.Errorf("the worker is not ready: %v", err)
	}
}
