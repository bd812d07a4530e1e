package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/stage"
)

// crawled is a record as crawlers of news write it.
func crawled(kind, url, date, head, body string) string {
	block := head + "\r\n\r\n" + body
	return fmt.Sprintf("WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Date: %s\r\nWARC-Target-URI: %s\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n",
		kind, article.ID(url), date, url, len(block), block)
}

func page(n int) string {
	return fmt.Sprintf("<html><body><p>%s</p></body></html>", strings.Repeat(fmt.Sprintf("Sentence %d. ", n), 10))
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func brotlied(s string) string {
	var b bytes.Buffer
	z := brotli.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

const crawlDate = "2024-03-05T06:07:08Z"

// crawlShapes are records of a crawl, and what becomes of each.
func crawlShapes() (records []string, bodies map[string]string, skips map[string]int) {
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8"
	add := func(r string) { records = append(records, r) }
	bodies = map[string]string{}
	good := func(name, head, stored string) {
		url := "https://news.example/" + name
		bodies[url] = page(len(bodies))
		add(crawled("response", url, crawlDate, head, strings.ReplaceAll(stored, "BODY", bodies[url])))
	}
	add("WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
	good("plain", html, "BODY")
	good("wrong-length", html+"\r\nContent-Length: 7", "BODY")
	good("undone-gzip", html+"\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked", "BODY")
	good("undone-br", html+"\r\nContent-Encoding: br", "BODY")
	for name, code := range map[string]func(string) string{"gzip": gzipped, "br": brotlied} {
		url := "https://news.example/" + name
		bodies[url] = page(len(bodies))
		data := code(bodies[url])
		add(crawled("response", url, crawlDate, html+"\r\nContent-Encoding: "+name+"\r\nTransfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(data), data)))
	}
	skips = map[string]int{skipKind: 3, skipStatus: 1, skipType: 1, skipAddress: 1, skipDate: 2, skipHTTP: 1, skipEncoding: 1, skipTruncated: 1, skipTooLarge: 1, skipEmpty: 1, skipDamaged: 1}
	add(crawled("request", "https://news.example/r", crawlDate, "GET / HTTP/1.1", ""))
	add(crawled("revisit", "https://news.example/r", crawlDate, html, ""))
	add(crawled("response", "https://news.example/s", crawlDate, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html", page(1)))
	add(crawled("response", "https://news.example/t", crawlDate, "HTTP/1.1 200 OK\r\nContent-Type: image/png", "x"))
	add(crawled("response", "dns:news.example", crawlDate, html, page(1)))
	add(crawled("response", "https://news.example/d", "yesterday", html, page(1)))
	add(crawled("response", "https://news.example/d", "2999-01-01T00:00:00Z", html, page(1)))
	add(crawled("response", "https://news.example/h", crawlDate, "<html>", page(1)))
	add(crawled("response", "https://news.example/e", crawlDate, html+"\r\nContent-Encoding: gzip", "\x1f\x8bspoilt"))
	add(strings.Replace(crawled("response", "https://news.example/c", crawlDate, html, page(1)), "WARC-Date", "WARC-Truncated: length\r\nWARC-Date", 1))
	add(crawled("response", "https://news.example/b", crawlDate, html+"\r\nContent-Encoding: gzip", gzipped(strings.Repeat(" ", 20<<20))))
	add(crawled("response", "https://news.example/n", crawlDate, html, "  \n"))
	return records, bodies, skips
}

// publishedPages takes every page that waits in the broker.
func publishedPages(t testing.TB, b *bus.Bus) []*article.Page {
	t.Helper()
	s, err := b.JetStream().Stream(t.Context(), bus.StreamPages)
	if err != nil {
		t.Fatal(err)
	}
	var pages []*article.Page
	info := s.CachedInfo().State
	for seq := info.FirstSeq; seq <= info.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			continue
		}
		page, err := readPage(&stage.Msg{Header: m.Header, Data: m.Data})
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page)
	}
	return pages
}

func warcInputOf(t testing.TB, b *bus.Bus, names ...string) *warcInput {
	t.Helper()
	feeds, err := openBucket(t.Context(), b, bus.BucketFeeds)
	if err != nil {
		t.Fatal(err)
	}
	d := deps{bus: b, log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry(), name: workerName("test")}
	w, err := newWARCInput(d, IngestFlags{WARC: names}, strings.NewReader(""), feeds)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWARCShapes: pages of a crawl are published as if they were fetched then,
// and what is no page is counted by its reason.
func TestWARCShapes(t *testing.T) {
	records, bodies, skips := crawlShapes()
	var file strings.Builder
	for _, r := range records {
		file.WriteString(gzipped(r))
	}
	file.WriteString(gzipped("no record at all\r\n"))
	b := testBus(t)
	name := writeFile(t, "crawl.warc.gz", file.String())
	w := warcInputOf(t, b, name)
	w.run(t.Context())
	date, err := time.Parse(time.RFC3339, crawlDate)
	if err != nil {
		t.Fatal(err)
	}
	pages := publishedPages(t, b)
	for _, p := range pages {
		if string(p.Body) != bodies[p.FinalURL] || !p.FetchedAt.Equal(date) || p.ID != article.ID(p.FinalURL) || p.Status != 200 {
			t.Errorf("page %s of %s: %.60q", p.FinalURL, p.FetchedAt, p.Body)
		}
		delete(bodies, p.FinalURL)
	}
	if len(bodies) > 0 {
		t.Errorf("not published: %v", sortedKeys(bodies))
	}
	for _, reason := range skipReasons() {
		if got := int(testutil.ToFloat64(w.records.WithLabelValues(reason))); got != skips[reason] {
			t.Errorf("%d records skipped for %s, want %d", got, reason, skips[reason])
		}
	}
	// The feeds of the same bucket are not disturbed.
	if feeds, err := (feedStore{w.store}).all(t.Context()); err != nil || len(feeds) != 0 {
		t.Errorf("feeds %v, %v", feeds, err)
	}
	again := warcInputOf(t, b, name)
	again.run(t.Context())
	if n := testutil.ToFloat64(again.records.WithLabelValues(skipKind)); n != 0 {
		t.Errorf("the file was read again: %v records", n)
	}
}

// TestWARCIsReadOn: a worker that is stopped leaves the file to the next, which
// begins where the broker has all pages; a file that has grown is read on.
func TestWARCIsReadOn(t *testing.T) {
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html"
	var file strings.Builder
	const records = 3*warcBatch + 10
	for i := range records {
		file.WriteString(gzipped(crawled("response", fmt.Sprintf("https://news.example/%d", i), crawlDate, html, strings.Repeat(page(i), 5))))
	}
	b := testBus(t)
	name := writeFile(t, "crawl.warc.gz", file.String())
	if info, err := os.Stat(name); err != nil || info.Size() < warcIdentity {
		t.Fatalf("the file is too short to be told by its beginning: %d bytes, %v", info.Size(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := warcInputOf(t, b, name)
	done := make(chan struct{})
	go func() { first.run(ctx); close(done) }()
	eventually(t, 30*time.Second, "some pages are published", func() bool { return messagesOf(t, b, bus.StreamPages) > 0 })
	second := warcInputOf(t, b, name)
	if err := second.leased(t.Context(), name); err == nil && testutil.ToFloat64(second.records.WithLabelValues(outcomePage)) > 0 {
		select {
		case <-done:
		default:
			t.Error("two workers read one file")
		}
	}
	cancel()
	<-done
	second.run(t.Context())
	if n := messagesOf(t, b, bus.StreamPages); n != records {
		t.Errorf("%d pages, want %d", n, records)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, gzipped(crawled("response", "https://news.example/more", crawlDate, html, page(1))))
	f.Close()
	third := warcInputOf(t, b, name)
	third.run(t.Context())
	if n := testutil.ToFloat64(third.records.WithLabelValues(outcomePage)); n != 1 {
		t.Errorf("%v pages of the longer file, want the one that is new", n)
	}
}

// TestOwnArchiveIsRead: what --archive wrote, --warc reads, with all that was
// known of the page.
func TestOwnArchiveIsRead(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/found" {
			http.Redirect(w, r, "/page", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Robots-Tag", "nosnippet")
		fmt.Fprint(w, page(1))
	}))
	defer srv.Close()
	dir := t.TempDir()
	p := testArchive(t, dir)
	m := urlMessage{URL: srv.URL + "/found", Feed: srv.URL + "/feed", Entry: article.Entry{Title: "A title", Language: "en"}}
	resp, err := p.get(t.Context(), &pageState{}, m, fetch.Request{URL: m.URL})
	if err != nil {
		t.Fatal(err)
	}
	p.archive.close()
	files, err := filepath.Glob(filepath.Join(dir, "*.warc.gz"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	b := testBus(t)
	warcInputOf(t, b, files...).run(t.Context())
	pages := publishedPages(t, b)
	if len(pages) != 1 {
		t.Fatalf("%d pages", len(pages))
	}
	got := pages[0]
	if got.URL != m.URL || got.FinalURL != srv.URL+"/page" || !got.FetchedAt.Equal(resp.FetchedAt) || got.Feed != m.Feed ||
		got.Entry.Title != "A title" || !bytes.Equal(got.Body, resp.Body) || !got.Rights.NoSnippet {
		t.Errorf("the page is read as %+v", got)
	}
}
