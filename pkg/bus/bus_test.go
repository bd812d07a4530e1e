package bus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// logs is a log that tests can read while it is written.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.MultiWriter(l), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// testServer starts a broker that ends with the test.
func testServer(t *testing.T, o ServerOptions) *Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := StartServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// testBus connects to a broker; the connection ends with the test.
func testBus(t *testing.T, o Options) *Bus {
	t.Helper()
	b, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = b.Close(ctx)
	})
	return b
}

func ensured(t *testing.T, o Options) *Bus {
	t.Helper()
	if o.InProcess == nil && o.URL == "" {
		o.InProcess = testServer(t, ServerOptions{})
	}
	b := testBus(t, o)
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestEnsureCreatesAndAgrees(t *testing.T) {
	s := testServer(t, ServerOptions{})
	b := testBus(t, Options{InProcess: s})
	if err := b.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "stream URLS does not exist") {
		t.Errorf("Ready before Ensure: %v", err)
	}
	// Two workers that start at the same time.
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() { errs[i] = b.Ensure(t.Context()) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatalf("second Ensure: %v", err)
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{BucketFeeds, BucketPages, BucketRobots, BucketHosts, BucketSites, BucketLeases, BucketAttempts, BucketBackfill, BucketDead} {
		if _, err := b.Bucket(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	st, err := b.JetStream().Stream(t.Context(), StreamPages)
	if err != nil {
		t.Fatal(err)
	}
	c := st.CachedInfo().Config
	if c.Retention != jetstream.WorkQueuePolicy || c.Discard != jetstream.DiscardNew || c.MaxBytes != 4<<30 || c.Duplicates != 2*time.Hour {
		t.Errorf("PAGES: %+v", c)
	}
	con, err := b.JetStream().Consumer(t.Context(), StreamArticles, ConsumerIndex)
	if err != nil {
		t.Fatal(err)
	}
	if cc := con.CachedInfo().Config; cc.MaxAckPending != 512 || cc.AckWait != 30*time.Second || cc.MaxDeliver != -1 || cc.AckPolicy != jetstream.AckExplicitPolicy {
		t.Errorf("index: %+v", cc)
	}
}

func TestEnsureNamesWhatDiffers(t *testing.T) {
	b := testBus(t, Options{InProcess: testServer(t, ServerOptions{})})
	ctx := t.Context()
	mustCreate := func(c jetstream.StreamConfig) {
		t.Helper()
		if _, err := b.JetStream().CreateStream(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	mustCreate(jetstream.StreamConfig{
		Name: StreamPages, Subjects: []string{"copydesk.page.*"}, Retention: jetstream.LimitsPolicy,
		Discard: jetstream.DiscardNew, MaxBytes: 4 << 30, Duplicates: 2 * time.Hour,
	})
	mustCreate(jetstream.StreamConfig{
		Name: StreamArticles, Subjects: []string{"copydesk.article.*"}, Retention: jetstream.WorkQueuePolicy,
		Discard: jetstream.DiscardOld, MaxBytes: 2 << 30, Duplicates: 2 * time.Hour,
	})
	if _, err := b.JetStream().CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: BucketLeases, TTL: time.Minute, MaxBytes: 16 << 20}); err != nil {
		t.Fatal(err)
	}
	err := b.Ensure(ctx)
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		"stream PAGES: retention is Limits, want WorkQueue: let it run empty, run `nats stream rm PAGES`, and start again; it is then created anew",
		"stream ARTICLES: discard is old, want new: run `nats stream edit ARTICLES --discard=new`",
		"bucket copydesk_leases: max_age is 1m, want 10s: run `nats stream edit KV_copydesk_leases --max-age=10s`",
	}
	if got := strings.Split(err.Error(), "\n"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", err, strings.Join(want, "\n"))
	}
	var se *SettingError
	if !errors.As(err, &se) || se.Object != "stream PAGES" || se.Setting != "retention" || se.Have != "Limits" || se.Want != "WorkQueue" {
		t.Errorf("SettingError: %+v", se)
	}
}

func TestEnsureChecksConsumers(t *testing.T) {
	s := testServer(t, ServerOptions{})
	if err := testBus(t, Options{InProcess: s, AckWait: 5 * time.Second}).Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := testBus(t, Options{InProcess: s}).Ensure(t.Context())
	want := "consumer normalize of stream PAGES: ack_wait is 5s, want 30s: run `nats consumer edit PAGES normalize --wait=30s`"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
	// Of the partitions one stands for all.
	if n := strings.Count(err.Error(), "\n"); n != 3 || !strings.HasSuffix(err.Error(), "63 more consumers of stream URLS, of its other partitions, differ: do the same with each") {
		t.Errorf("%d lines: %v", n+1, err)
	}
	var se *SettingError
	if !errors.As(err, &se) || se.Object != "consumer normalize of stream PAGES" {
		t.Errorf("SettingError: %+v", se)
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 10 * time.Second: "10s", time.Minute: "1m", 2 * time.Hour: "2h", 90 * time.Minute: "1h30m", 168 * time.Hour: "168h", 1500 * time.Millisecond: "1.5s",
	} {
		if got := durationText(d); got != want {
			t.Errorf("durationText(%d) = %s, want %s", d, got, want)
		}
	}
}

func TestServerRefusesSharedDirectory(t *testing.T) {
	dir := t.TempDir()
	first, err := StartServer(ServerOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = StartServer(ServerOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use by process "+pid()) || strings.Contains(err.Error(), "\n") {
		t.Errorf("second server: %v", err)
	}
	first.Shutdown()
	again, err := StartServer(ServerOptions{Dir: dir})
	if err != nil {
		t.Fatalf("after Shutdown: %v", err)
	}
	again.Shutdown()
	again.Shutdown()
}

func TestServerErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		o    ServerOptions
		want []string
	}{
		{"port in use", ServerOptions{Dir: t.TempDir(), Listen: l.Addr().String()}, []string{l.Addr().String(), "address already in use"}},
		{"no directory", ServerOptions{}, []string{"no directory given"}},
		{"a file for a directory", ServerOptions{Dir: file}, []string{file, "not a directory"}},
		{"no port", ServerOptions{Dir: t.TempDir(), Listen: "localhost"}, []string{"missing port"}},
		{"bad port", ServerOptions{Dir: t.TempDir(), Listen: "localhost:http"}, []string{`"http" is no port number`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := StartServer(c.o)
			if err == nil {
				s.Shutdown()
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %q", err)
			}
		})
	}
}

func TestEnsureOnSmallStore(t *testing.T) {
	b := testBus(t, Options{InProcess: testServer(t, ServerOptions{MaxStore: 100 << 20})})
	err := b.Ensure(t.Context())
	if err == nil || !strings.Contains(err.Error(), "create stream URLS of 1 GiB: ") || !strings.Contains(err.Error(), "more storage") {
		t.Errorf("got %v", err)
	}
}

func TestFullStreamIsRecognised(t *testing.T) {
	b := ensured(t, Options{MaxBytes: map[string]int64{StreamPages: 64 << 10}})
	var err error
	for range 100 {
		if _, err = b.JetStream().Publish(t.Context(), PageSubject("x"), make([]byte, 4096)); err != nil {
			break
		}
	}
	if !IsFull(err) || IsUnavailable(err) || IsTooLarge(err) {
		t.Errorf("full stream: %v: full %v, unavailable %v, too large %v", err, IsFull(err), IsUnavailable(err), IsTooLarge(err))
	}
	_, err = b.JetStream().Publish(t.Context(), ArticleSubject("x"), make([]byte, MaxPayload+1))
	if !IsTooLarge(err) || IsFull(err) || IsUnavailable(err) {
		t.Errorf("large message: %v", err)
	}
	kv, err := b.Bucket(t.Context(), BucketPages)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = kv.Get(t.Context(), "none"); IsFull(err) || IsUnavailable(err) {
		t.Errorf("missing key: %v", err)
	}
}

func TestCollector(t *testing.T) {
	b := ensured(t, Options{})
	if _, err := b.JetStream().Publish(t.Context(), PageSubject("x"), []byte("body")); err != nil {
		t.Fatal(err)
	}
	got := gather(t, NewCollector(b, nil))
	for name, want := range map[string]float64{
		`copydesk_consumer_pending_messages{consumer="normalize",stream="PAGES"}`:     1,
		`copydesk_consumer_pending_messages{consumer="index",stream="ARTICLES"}`:      0,
		`copydesk_consumer_ack_pending_messages{consumer="normalize",stream="PAGES"}`: 0,
		`copydesk_consumer_redelivered_messages{consumer="ingest",stream="URLS"}`:     0,
		`copydesk_stream_messages{stream="PAGES"}`:                                    1,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s = %v, want %v", name, v, want)
		}
	}
	if got[`copydesk_stream_bytes{stream="PAGES"}`] == 0 {
		t.Error("stream_bytes is 0")
	}
}

// TestBackfillCountsByPartition: a partition has no consumer until it is read, and
// is counted from its first message to the last acknowledgement.
func TestBackfillCountsByPartition(t *testing.T) {
	b := ensured(t, Options{})
	for _, partition := range []int{7, 7, 63} {
		if _, err := b.JetStream().Publish(t.Context(), BackfillSubject(partition), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := b.BackfillWaiting(t.Context())
	if err != nil || len(waiting) != 2 || waiting[7] != 2 || waiting[63] != 1 {
		t.Fatalf("waiting: %v, %v", waiting, err)
	}
	name, err := b.BackfillConsumer(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.BackfillConsumer(t.Context(), 7); err != nil || again != name {
		t.Errorf("the second time: %s, %v", again, err)
	}
	c, err := b.JetStream().Consumer(t.Context(), StreamBackfill, name)
	if err != nil {
		t.Fatal(err)
	}
	for left := range 2 {
		m, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := b.BackfillPending(t.Context(), 7); err != nil || n != uint64(2-left) {
			t.Errorf("%d pending while one is in work, %v", n, err)
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.BackfillPending(t.Context(), 7); err != nil || n != 0 {
		t.Errorf("%d pending at the end, %v", n, err)
	}
}

// TestEnsureReplacesTheConsumerOfAllURLs: what an older version read URLS with is
// removed, and its messages come to the partitions.
func TestEnsureReplacesTheConsumerOfAllURLs(t *testing.T) {
	b := testBus(t, Options{InProcess: testServer(t, ServerOptions{})})
	if _, err := b.JetStream().CreateStream(t.Context(), streams()[0]); err != nil {
		t.Fatal(err)
	}
	old := jetstream.ConsumerConfig{Durable: ConsumerIngest, AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second}
	c, err := b.JetStream().CreateConsumer(t.Context(), StreamURLs, old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.JetStream().Publish(t.Context(), URLSubject(63), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(); err != nil { // taken, never acknowledged
		t.Fatal(err)
	}
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, err = b.JetStream().Consumer(t.Context(), StreamURLs, ConsumerURLs(63)); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Next(); err != nil || string(m.Data()) != "x" {
		t.Errorf("got %v, %v", m, err)
	}
}
