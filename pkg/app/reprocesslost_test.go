package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
)

// TestReprocessWithdrawsOnRequest: an article whose page holds none any more is
// withdrawn with --withdraw alone, and only if it is of the fetch that was read.
func TestReprocessWithdrawsOnRequest(t *testing.T) {
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html"
	list := `<html><head><title>News</title><meta property="og:type" content="website"></head><body><h1>News</h1><ul>` +
		strings.Repeat(`<li><a href="/news/1">The bridge over the harbour has to close</a></li>`, 30) + `</ul></body></html>`
	date, err := time.Parse(time.RFC3339, crawlDate)
	if err != nil {
		t.Fatal(err)
	}
	indexed := map[string]*article.Record{}
	var file strings.Builder
	for _, p := range []struct {
		name, body string
		indexed    time.Time // fetch that the index has; zero: none
		kind       article.Kind
		withdrawn  bool
	}{
		{"empty", "<html><body></body></html>", date, article.KindArticle, false},
		{"list", list, date, article.KindArticle, false},
		{"was-a-list", list, date, article.KindListing, false},
		{"looked-at-later", "<html><body></body></html>", date.Add(time.Hour), article.KindArticle, false},
		{"looked-at-before", somethingElse, date.Add(-time.Hour), article.KindArticle, false},
		{"gone-already", "<html><body></body></html>", date, article.KindArticle, true},
		{"never", "<html><body></body></html>", time.Time{}, "", false},
		{"report", reportPage(1), date, article.KindArticle, false},
	} {
		url := "https://site.example/" + p.name
		file.WriteString(gzipped(crawled("response", url, crawlDate, html, p.body)))
		if id := article.ID(url); !p.indexed.IsZero() {
			indexed[id] = &article.Record{Article: article.Article{ID: id, URL: url, Text: "What was found before.", ContentHash: "x", Kind: p.kind, FetchedAt: p.indexed}, Withdrawn: p.withdrawn}
		}
	}
	dir := path.Dir(writeFile(t, "old.warc.gz", file.String()))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := indexed[path.Base(r.URL.Path)]
		if rec == nil {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(rec)
	}))
	defer srv.Close()
	server, url := startTestBroker(t)
	b, err := bus.Connect(t.Context(), bus.Options{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close(t.Context()) }()
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	takedowns := func() (urls []string) {
		t.Helper()
		s, err := b.JetStream().Stream(t.Context(), bus.StreamArticles)
		if err != nil {
			t.Fatal(err)
		}
		for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
			m, err := s.GetMsg(t.Context(), seq)
			if err != nil {
				t.Fatal(err)
			}
			if m.Header.Get(article.HeaderTakedown) == "" {
				continue
			}
			down, err := article.ReadTakedown(m.Data)
			if err != nil || !down.At.Equal(date) {
				t.Errorf("takedown %+v, %v", down, err)
				continue
			}
			urls = append(urls, path.Base(down.URL))
		}
		slices.Sort(urls)
		return urls
	}
	status, out, stderr := command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--nats", url, "--server", "http://127.0.0.1:1")
	if got := takedowns(); status != 0 || len(got) != 0 {
		t.Fatalf("without --withdraw: exit status %d, taken down %q: %s %s", status, got, out, stderr)
	}
	status, out, stderr = command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--nats", url, "--server", srv.URL, "--withdraw")
	if got := strings.Join(takedowns(), " "); status != 0 || got != "empty list" || !strings.Contains(out, "2 articles withdrawn") {
		t.Errorf("exit status %d, taken down %q: %s %s", status, got, out, stderr)
	}
	status, out, stderr = command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--compare", "--json", "--server", srv.URL)
	var report reprocessReport
	if err := json.Unmarshal([]byte(out), &report); err != nil || status != 0 || report.Total.ArticlesLost != 2 || report.Total.Other != 2 || report.Total.Changed != 2 {
		t.Errorf("exit status %d, %+v, %v: %s", status, report.Total, err, stderr)
	}
	if status, _, stderr := command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--compare", "--withdraw"); status != 2 || !strings.Contains(stderr, "give one of them") {
		t.Errorf("both flags: exit status %d: %s", status, stderr)
	}
}
