package app

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/stage"
)

// TestPageThatIsNoArticleAnyMoreKeepsIt: a page turns into a list of links, an
// error with status 200 and an empty shell; the article that it was stays as it
// is, and an edit after that is its second version.
func TestPageThatIsNoArticleAnyMoreKeepsIt(t *testing.T) {
	list := `<html><head><title>News</title><meta property="og:type" content="website"></head><body><h1>News</h1><ul>` +
		strings.Repeat(`<li><a href="/news/1">The bridge over the harbour has to close</a></li>`, 30) + `</ul></body></html>`
	ix := testIndex(t)
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	n := &normalizer{metrics: newNormalizeMetrics(reg), log: log}
	x := &indexer{
		index: ix, metrics: newIndexMetrics(reg), log: log,
		keeper: newKeeper(ix, RelateFlags{CopyWindow: time.Hour, StoryWindow: time.Hour, MaxRelated: 100}, newRelateMetrics(reg), log),
	}
	const url = "https://www.herald.example/news/fares"
	look := 0
	// read takes a look at the page and returns whether it was announced.
	read := func(body string) bool {
		t.Helper()
		look++
		page := &article.Page{
			ID: article.ID(url), URL: url, FinalURL: url, Status: http.StatusOK, ContentType: "text/html",
			FetchedAt: time.Now().Add(time.Duration(look) * time.Hour), Body: []byte(body),
		}
		headers, err := page.Headers("")
		if err != nil {
			t.Fatal(err)
		}
		res := n.one(t.Context(), &stage.Msg{Header: nats.Header(headers), Data: page.Body})
		if res.Err != nil || len(res.Out) == 0 {
			return false
		}
		indexed := x.handle(t.Context(), []*stage.Msg{{Header: res.Out[0].Header, Data: res.Out[0].Data}})[0]
		if indexed.Err != nil {
			t.Fatal(indexed.Err)
		}
		return len(indexed.Out) > 0
	}
	if !read(shortReport) {
		t.Fatal("the article is not announced")
	}
	first, err := ix.Get(t.Context(), article.ID(url))
	if err != nil || first.Kind != article.KindArticle {
		t.Fatalf("got %+v, %v; want an article", first, err)
	}
	for _, body := range []string{list, somethingElse, "<html><body></body></html>"} {
		announced := read(body)
		rec, err := ix.Get(t.Context(), article.ID(url))
		if err != nil || announced || rec.Version != 1 || rec.Text != first.Text || rec.Kind != article.KindArticle || rec.Withdrawn {
			t.Errorf("after %.60s: announced %v, version %d, %q, %v", body, announced, rec.Version, rec.Text, err)
		}
	}
	if !read(strings.Replace(shortReport, "a tenth", "a fifth", 1)) {
		t.Error("the edit is not announced")
	}
	if rec, err := ix.Get(t.Context(), article.ID(url)); err != nil || rec.Version != 2 || !strings.Contains(rec.Text, "a fifth") {
		t.Errorf("after the edit: %+v, %v", rec, err)
	}
}
