package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/newsroom"
	"github.com/copydesk/copydesk/pkg/stage"
)

// The benchmarks say what one article costs in each stage: CPU of the whole
// process, bytes that go through the broker, bytes in the index. They print the
// table of the README.

// cpuTime is the CPU time that the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perArticle runs f for b.N articles and reports CPU and bytes of each.
func perArticle(b *testing.B, f func(n int) (busBytes int)) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	bytes := f(b.N)
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/article")
	if bytes > 0 {
		b.ReportMetric(float64(bytes)/float64(b.N), "broker-B/article")
	}
}

// benchPages are pages of the newsroom: every design, and generated ones.
func benchPages(b *testing.B) []*article.Page {
	b.Helper()
	site, err := newsroom.New(newsroom.Options{Port: 8090, Seed: 7, Generated: 200})
	if err != nil {
		b.Fatal(err)
	}
	var pages []*article.Page
	for url := range expected(site) {
		pages = append(pages, servePage(b, site, url))
	}
	size := 0
	for _, p := range pages {
		size += len(p.Body)
	}
	b.Logf("%d pages, %d bytes each on average", len(pages), size/len(pages))
	return pages
}

func outBytes(o stage.Out) int {
	n := len(o.Data) + len(o.Subject)
	for k, v := range o.Header {
		n += len(k) + len(v[0]) + 4
	}
	return n
}

// BenchmarkArticleIngest fetches a page over loopback and packs its message.
// The server's side is part of the figure.
func BenchmarkArticleIngest(b *testing.B) {
	pages := benchPages(b)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var i int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &i)
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(pages[i%len(pages)].Body)
	}))
	defer srv.Close()
	f, err := fetch.New(fetch.Options{AllowPrivate: true, NoDelay: true, IgnoreRobots: true})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	h := &pageFetcher{fetcher: f, revisits: &revisits{}, log: slog.New(slog.DiscardHandler)}
	perArticle(b, func(n int) (bytes int) {
		for i := range n {
			url := fmt.Sprintf("%s/%d", srv.URL, i)
			resp, err := f.Fetch(context.Background(), fetch.Request{URL: url, Kind: fetch.KindPage})
			if err != nil {
				b.Fatal(err)
			}
			res := h.fetched(&pageState{URL: url}, urlMessage{URL: url}, resp)
			if res.Err != nil {
				b.Fatal(res.Err)
			}
			bytes += outBytes(res.Out[0])
		}
		return bytes
	})
}

// BenchmarkArticleNormalize cleans a page and packs its article.
func BenchmarkArticleNormalize(b *testing.B) {
	var msgs []*stage.Msg
	for _, p := range benchPages(b) {
		out, err := pageOut(p)
		if err != nil {
			b.Fatal(err)
		}
		msgs = append(msgs, &stage.Msg{Subject: out.Subject, Header: out.Header, Data: out.Data})
	}
	n := &normalizer{metrics: newNormalizeMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	perArticle(b, func(count int) (bytes int) {
		for i := range count {
			res := n.one(context.Background(), msgs[i%len(msgs)])
			if res.Err != nil {
				b.Fatal(res.Err)
			}
			bytes += outBytes(res.Out[0])
		}
		return bytes
	})
}

// words are those of some articles; exchanged for one another they make new texts
// of the same vocabulary.
type words struct {
	list  []string
	place map[string]int
}

func vocabulary(arts []article.Article) words {
	w := words{place: map[string]int{}}
	for _, a := range arts {
		for word := range strings.FieldsSeq(a.Text) {
			if _, ok := w.place[word]; !ok {
				w.place[word] = len(w.list)
				w.list = append(w.list, word)
			}
		}
	}
	return w
}

func (w words) shift(text string, by int) string {
	fields := strings.Fields(text)
	for i, word := range fields {
		fields[i] = w.list[(w.place[word]+by*7919)%len(w.list)]
	}
	return strings.Join(fields, " ")
}

// BenchmarkArticleIndex commits articles in batches, finds their copies and
// stories, and packs what is announced. Making the texts is part of it, about a
// tenth of a millisecond.
func BenchmarkArticleIndex(b *testing.B) {
	var arts []article.Article
	for _, p := range benchPages(b) {
		a, err := normalizePage(p)
		if err != nil {
			b.Fatal(err)
		}
		arts = append(arts, *a)
	}
	ix := testIndex(b)
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	flags := RelateFlags{CopyWindow: 168 * time.Hour, StoryWindow: 240 * time.Hour, MaxRelated: 1_000_000}
	x := &indexer{index: ix, keeper: newKeeper(ix, flags, newRelateMetrics(reg), log), metrics: newIndexMetrics(reg), log: log}
	words := vocabulary(arts)
	perArticle(b, func(n int) (bytes int) {
		for first := 0; first < n; first += indexBatch {
			batch := make([]*stage.Msg, 0, indexBatch)
			for i := first; i < min(first+indexBatch, n); i++ {
				// Every one is new, and one in five is a copy of the one before.
				a := arts[(i-i%5/4)%len(arts)]
				a.ID = article.ID(fmt.Sprint(i))
				a.Text = words.shift(a.Text, (i-i%5/4)/len(arts))
				a.Sketch = dedup.Sketch(a.Text)
				a.FetchedAt = time.Now()
				data, err := json.Marshal(a)
				if err != nil {
					b.Fatal(err)
				}
				batch = append(batch, &stage.Msg{Data: data})
			}
			for _, res := range x.handle(context.Background(), batch) {
				if res.Err != nil {
					b.Fatal(res.Err)
				}
				bytes += outBytes(res.Out[0])
			}
		}
		return bytes
	})
	b.StopTimer()
	stats, err := ix.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(stats.Bytes)/float64(stats.Documents), "index-B/article")
}

// BenchmarkArticleBroker carries a message through the worker loop of one
// stage: fetched, published downstream, acknowledged, every write synced.
func BenchmarkArticleBroker(b *testing.B) {
	conn := testBus(b)
	out, err := pageOut(benchPages(b)[0])
	if err != nil {
		b.Fatal(err)
	}
	var done atomic.Int64
	loop, err := stage.New(stage.Options{
		Name: "bench", Bus: conn, Stream: bus.StreamPages, Consumer: bus.ConsumerNormalize, Workers: 2, MaxInFlight: 128,
		Handler: func(_ context.Context, batch []*stage.Msg) []stage.Result {
			results := make([]stage.Result, len(batch))
			for i, m := range batch {
				results[i].Out = []stage.Out{{Subject: bus.ArticleSubject("x"), MsgID: m.Header.Get("Nats-Msg-Id") + ":a", Data: m.Data}}
				results[i].Then = func(context.Context) error { done.Add(1); return nil }
			}
			return results
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	js := conn.JetStream()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	perArticle(b, func(n int) int {
		for i := range n {
			m := &nats.Msg{Subject: bus.PageSubject("x"), Data: out.Data, Header: nats.Header{jetstream.MsgIDHeader: {fmt.Sprint(i)}}}
			if _, err := js.PublishMsgAsync(m, jetstream.WithStallWait(10*time.Second)); err != nil {
				b.Fatal(err)
			}
		}
		for done.Load() < int64(n) {
			time.Sleep(time.Millisecond)
		}
		return n * (len(out.Data) + len(out.Data))
	})
	b.StopTimer()
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
