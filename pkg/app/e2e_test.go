package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// builtBinaries says that there is a folder to remove.
var builtBinaries atomic.Bool

// binaries builds the commands and the broker once for all tests that run real
// processes.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "copydesk-bin")
	if err != nil {
		return "", err
	}
	builtBinaries.Store(true)
	for _, pkg := range []string{
		module + "cmd/ingest", module + "cmd/normalize", module + "cmd/index", module + "cmd/copydesk",
		"github.com/nats-io/nats-server/v2",
	} {
		name := filepath.Base(pkg)
		if name == "v2" {
			name = "nats-server"
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build %s: %w: %s", pkg, err, out)
		}
	}
	return dir, nil
})

// program returns the path of a built command.
func program(t testing.TB, name string) string {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// process is a program that a test started.
type process struct {
	cmd    *exec.Cmd
	output *syncBuffer
	exited chan struct{}
	err    error
}

// syncBuffer collects what a process prints.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs a program until the test ends.
func start(t testing.TB, path string, args ...string) *process {
	t.Helper()
	return startEnv(t, nil, path, args...)
}

func startEnv(t testing.TB, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(path, args...), output: &syncBuffer{}, exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s printed:\n%s", filepath.Base(path), tailOf(p.output.String(), 1500))
		}
	})
	return p
}

func tailOf(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop ends the process as an operator would and returns its exit status.
func (p *process) stop(t testing.TB, within time.Duration) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return p.wait(t, within)
}

func (p *process) wait(t testing.TB, within time.Duration) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(within):
		t.Fatalf("process did not end within %s", within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// eventually waits for a condition of real processes.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// freeAddr returns a loopback address that was free a moment ago.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startBroker runs a real nats-server and returns its URL.
func startBroker(t testing.TB, dir, addr string) *process {
	t.Helper()
	conf := filepath.Join(dir, "nats.conf")
	text := fmt.Sprintf("listen: %q\nmax_payload: 4MB\njetstream { store_dir: %q, sync_interval: always }\n", addr, filepath.Join(dir, "store"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, program(t, "nats-server"), "-c", conf)
	eventually(t, 20*time.Second, "broker listens on "+addr, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return p
}

// testNewsroom serves a newsroom whose clock stands still, so that what it
// publishes does not change under the test.
func testNewsroom(t testing.TB, generated int) *newsroom.Newsroom {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	epoch := time.Now().Add(-10 * 24 * time.Hour).UTC().Truncate(time.Minute)
	site, err := newsroom.New(newsroom.Options{
		Port: l.Addr().(*net.TCPAddr).Port, Seed: 7, Generated: generated, Epoch: epoch,
		Now: func() time.Time { return epoch.Add(newsroom.BeforeOpening + 30*time.Minute) },
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: site}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return site
}

// feedsFile writes the feeds of a newsroom to a list.
func feedsFile(t testing.TB, site *newsroom.Newsroom) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feeds.txt")
	if err := os.WriteFile(path, []byte(strings.Join(site.Feeds(), "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// expected are the pages of a newsroom that must become articles.
func expected(site *newsroom.Newsroom) map[string]newsroom.Known {
	want := map[string]newsroom.Known{}
	for url := range site.URLs() {
		if k, ok := site.KnownOf(url); ok && !k.Withdrawn && !k.Disallowed {
			want[url] = k
		}
	}
	return want
}

// searchAPI asks the search API of a worker.
type searchAPI string

func (s searchAPI) get(path string, v any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, string(s)+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, resp.Status, data)
	}
	return json.Unmarshal(data, v)
}

type searchPage struct {
	Total uint64
	Hits  []struct{ ID, URL string }
	Next  string
}

func (s searchAPI) total() int {
	var page searchPage
	if s.get("/api/v1/search?size=1", &page) != nil {
		return -1
	}
	return int(page.Total)
}

// all returns the ids of every article by URL, and those that came twice.
func (s searchAPI) all() (ids map[string]string, twice []string, err error) {
	ids = map[string]string{}
	cursor := ""
	for {
		var page searchPage
		if err := s.get("/api/v1/search?size=100&sort=date&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, nil, err
		}
		for _, h := range page.Hits {
			if ids[h.URL] != "" {
				twice = append(twice, h.URL)
			}
			ids[h.URL] = h.ID
		}
		if page.Next == "" {
			return ids, twice, nil
		}
		cursor = page.Next
	}
}

// compareNewsroom checks an index against what the newsroom says of itself:
// every article there, none twice, no furniture in any body.
func compareNewsroom(t *testing.T, api searchAPI, want map[string]newsroom.Known) {
	t.Helper()
	ids, twice, err := api.all()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range twice {
		t.Errorf("indexed twice: %s", u)
	}
	for u := range ids {
		if _, ok := want[u]; !ok {
			t.Errorf("indexed though it should not be: %s", u)
		}
	}
	exact := 0
	for u, k := range want {
		id := ids[u]
		if id == "" {
			t.Errorf("lost: %s", u)
			continue
		}
		var r article.Record
		if err := api.get("/api/v1/articles/"+id, &r); err != nil {
			t.Error(err)
			continue
		}
		if r.Text == k.Text {
			exact++
		}
		checkArticle(t, &r, k)
	}
	t.Logf("%d articles, %d of them with exactly the known text", len(ids), exact)
}

func checkArticle(t *testing.T, r *article.Record, k newsroom.Known) {
	t.Helper()
	if f := wordF1(r.Text, k.Text); f < 0.97 {
		t.Errorf("%s: text F1 %.3f against the known text", k.URL, f)
	}
	for _, f := range k.Furniture {
		if strings.Contains(r.Text, f) && !strings.Contains(k.Text, f) {
			t.Errorf("%s: furniture in the body: %q", k.URL, f)
		}
	}
	if r.Title != k.Title {
		t.Errorf("%s: title %q, want %q", k.URL, r.Title, k.Title)
	}
	if r.Language != k.Language {
		t.Errorf("%s: language %q, want %q", k.URL, r.Language, k.Language)
	}
	if r.Published == nil || r.Published.Time.Sub(k.Published).Abs() >= 24*time.Hour {
		t.Errorf("%s: published %+v, want %s", k.URL, r.Published, k.Published)
	}
}

// wordF1 compares texts as bags of words.
func wordF1(got, want string) float64 {
	count := map[string]int{}
	g, w := strings.Fields(got), strings.Fields(want)
	for _, f := range w {
		count[f]++
	}
	same := 0
	for _, f := range g {
		if count[f] > 0 {
			count[f]--
			same++
		}
	}
	if len(g)+len(w) == 0 {
		return 1
	}
	return 2 * float64(same) / float64(len(g)+len(w))
}

// cluster is three workers and a broker, each a process of its own.
type cluster struct {
	t                      testing.TB
	dir, nats, feeds       string
	listen                 string
	brokerAddr             string
	httpIngest, httpNorm   string
	httpIndex              string
	broker                 *process
	ingest, normalize, idx *process
	normalizeEnv           []string
	normalizeProgram       string
	js                     jetstream.JetStream
}

func newCluster(t testing.TB, site *newsroom.Newsroom) *cluster {
	t.Helper()
	c := &cluster{t: t, dir: t.TempDir(), feeds: feedsFile(t, site), brokerAddr: freeAddr(t), listen: freeAddr(t)}
	c.httpIngest, c.httpNorm, c.httpIndex = freeAddr(t), freeAddr(t), freeAddr(t)
	c.nats = "nats://" + c.brokerAddr
	c.normalizeProgram = program(t, "normalize")
	c.broker = startBroker(t, c.dir, c.brokerAddr)
	return c
}

func (c *cluster) startIngest() {
	c.ingest = start(c.t, program(c.t, "ingest"), "--nats", c.nats, "--http", c.httpIngest, "--feeds", c.feeds,
		"--allow-private", "--host-delay", "0s", "--poll-interval", "10s")
}

func (c *cluster) startNormalize() {
	c.normalize = startEnv(c.t, c.normalizeEnv, c.normalizeProgram, "--nats", c.nats, "--http", c.httpNorm)
}

func (c *cluster) startIndex() {
	c.idx = start(c.t, program(c.t, "index"), "--nats", c.nats, "--http", c.httpIndex, "--listen", c.listen,
		"--index", "bleve:"+filepath.Join(c.dir, "index"))
}

func (c *cluster) startAll() {
	c.startIngest()
	c.startNormalize()
	c.startIndex()
}

func (c *cluster) api() searchAPI { return searchAPI("http://" + c.listen) }

func TestNewsroomThroughThreeProcesses(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := testNewsroom(t, 0)
	want := expected(site)
	c := newCluster(t, site)
	c.startAll()
	eventually(t, 90*time.Second, fmt.Sprintf("%d articles are searchable", len(want)), func() bool { return c.api().total() >= len(want) })
	compareNewsroom(t, c.api(), want)
	for name, addr := range map[string]string{"ingest": c.httpIngest, "normalize": c.httpNorm, "index": c.httpIndex} {
		eventually(t, 10*time.Second, name+" is ready", func() bool {
			resp, err := http.Get("http://" + addr + "/readyz")
			if err != nil {
				return false
			}
			resp.Body.Close()
			return resp.StatusCode == http.StatusOK
		})
	}
	for name, p := range map[string]*process{"ingest": c.ingest, "normalize": c.normalize, "index": c.idx} {
		if status := p.stop(t, 20*time.Second); status != 0 {
			t.Errorf("%s ended with %d", name, status)
		}
	}
}
