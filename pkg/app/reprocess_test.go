package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
)

// reportPage is a page with an article of its own.
func reportPage(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<html><head><title>Report %d on the harbour</title></head><body><article><h1>Report %d on the harbour</h1>", n, n)
	for i := range 6 {
		fmt.Fprintf(&b, "<p>The council of the town met on day %d to speak about bridge number %d, which has been closed since the storm of last winter.</p>", i, n)
	}
	b.WriteString("</article></body></html>")
	return b.String()
}

// reportArchive is an archive of reports, on two sites, and one page that is none.
func reportArchive(t *testing.T, reports int) (dir string, articles []*article.Article) {
	t.Helper()
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html"
	var file strings.Builder
	for i := range reports {
		url := fmt.Sprintf("https://site%d.example/report/%d", i%2, i)
		r := crawled("response", url, crawlDate, html, reportPage(i))
		file.WriteString(gzipped(r))
		date, err := time.Parse(time.RFC3339, crawlDate)
		if err != nil {
			t.Fatal(err)
		}
		art, err := normalizePage(&article.Page{ID: article.ID(url), URL: url, FinalURL: url, Status: 200, ContentType: "text/html", FetchedAt: date, Body: []byte(reportPage(i))})
		if err != nil {
			t.Fatal(err)
		}
		articles = append(articles, art)
	}
	file.WriteString(gzipped(crawled("response", "https://site0.example/empty", crawlDate, html, "<html><body></body></html>")))
	return path.Dir(writeFile(t, "old.warc.gz", file.String())), articles
}

// TestReprocessReplacesAnOlderCleaning: what is published replaces in the index
// what an older cleaner made of the same fetch.
func TestReprocessReplacesAnOlderCleaning(t *testing.T) {
	dir, articles := reportArchive(t, 3)
	server, url := startTestBroker(t)
	b, err := bus.Connect(t.Context(), bus.Options{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close(t.Context()) }()
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second run changes nothing
		status, out, stderr := command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--nats", url)
		if status != 0 || !strings.Contains(out, "4 pages, 3 articles by version "+extract.Version) {
			t.Fatalf("exit status %d: %s %s", status, out, stderr)
		}
	}
	ix, err := bleveindex.Open(t.TempDir(), bleveindex.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	for _, a := range articles {
		old := *a
		old.Normalizer, old.Text, old.ContentHash = "1", "An older cleaning.", "z"
		if _, err := ix.Upsert(t.Context(), []article.Article{old}, time.Now(), nil); err != nil {
			t.Fatal(err)
		}
	}
	s, err := b.JetStream().Stream(t.Context(), bus.StreamArticles)
	if err != nil {
		t.Fatal(err)
	}
	info := s.CachedInfo().State
	if info.Msgs != 3 {
		t.Errorf("%d articles were published, want 3", info.Msgs)
	}
	for seq := info.FirstSeq; seq <= info.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		var a article.Article
		if err := json.Unmarshal(m.Data, &a); err != nil {
			t.Fatal(err)
		}
		outcomes, err := ix.Upsert(t.Context(), []article.Article{a}, time.Now(), nil)
		if err != nil || outcomes[0].Change != index.NewVersion {
			t.Errorf("the index says %+v, %v", outcomes, err)
		}
	}
	for _, a := range articles {
		if rec, err := ix.Get(t.Context(), a.ID); err != nil || rec.Text != a.Text || rec.Normalizer != extract.Version {
			t.Errorf("the index keeps %q of cleaner %s, %v", rec.Text, rec.Normalizer, err)
		}
	}
}

// TestReprocessCompares: what another cleaning gains and loses, by site, and
// nothing is published.
func TestReprocessCompares(t *testing.T) {
	dir, articles := reportArchive(t, 6)
	indexed := map[string]*article.Record{}
	for i, a := range articles {
		rec := &article.Record{Article: *a}
		switch i {
		case 1: // site1: the index has none
			continue
		case 2: // site0: two words less, one more
			rec.Text, rec.ContentHash = strings.Replace(a.Text, "The council", "Advertisement", 1), "x"
		case 3: // site1: fetched at another time
			rec.FetchedAt = a.FetchedAt.Add(time.Hour)
		}
		indexed[a.ID] = rec
	}
	date := articles[0].FetchedAt
	lost := article.ID("https://site0.example/empty")
	indexed[lost] = &article.Record{Article: article.Article{ID: lost, Text: "five words that are lost", FetchedAt: date}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := indexed[path.Base(r.URL.Path)]
		if rec == nil || !strings.HasPrefix(r.URL.Path, "/api/v1/articles/") {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(rec)
	}))
	defer srv.Close()
	status, out, stderr := command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--compare", "--json", "--server", srv.URL)
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	var got reprocessReport
	if err := json.NewDecoder(bytes.NewReader([]byte(out))).Decode(&got); err != nil {
		t.Fatal(err)
	}
	words := len(strings.Fields(articles[1].Text))
	want := []siteChange{
		{Site: "site0.example", Same: 2, Changed: 1, ArticlesLost: 1, WordsGained: 2, WordsLost: 6},
		{Site: "site1.example", Same: 1, ArticlesGained: 1, WordsGained: words, Other: 1},
	}
	if len(got.Sites) != 2 || got.Sites[0] != want[0] || got.Sites[1] != want[1] || got.Total.WordsGained != words+2 || got.Pages != 7 {
		t.Errorf("%+v, want %+v", got.Sites, want)
	}
	status, out, _ = command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--compare", "--server", srv.URL, "--since", "2024-03-06")
	if status != 0 || !strings.Contains(out, "7 records skipped: before_since") || !strings.Contains(out, "articles gained") {
		t.Errorf("exit status %d: %s", status, out)
	}
	srv.Close()
	if status, _, stderr := command("copydesk", &Tool{}, "reprocess", "--archive", dir, "--compare", "--server", srv.URL); status != 1 || !strings.Contains(stderr, "does not answer") {
		t.Errorf("without a server: exit status %d: %s", status, stderr)
	}
}
