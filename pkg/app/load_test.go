package app

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// loadGoal is the rate that one ingest worker must reach on two cores.
	loadGoal = 2000.0
	// loadWindow is the time over which a rate is taken; the rate of a run is the
	// median of its windows, so that a pause of a shared machine does not decide.
	loadWindow = 2 * time.Second
	// loadTime bounds a run.
	loadTime = 5 * time.Minute
	// loadGrowth is how much larger the worker may be in the last quarter of a run
	// than in the second one.
	loadGrowth = 1.15
)

// TestLoad takes pages of 20 KB through the ingest worker into a broker that
// syncs every write, as fast as they go: URL message, robots.txt, fetch,
// compression, page message, state, acknowledgement. The URLs are queued before
// the clock starts. It fails when the rate misses the goal, when memory grows,
// and when a page is lost, fetched or stored twice, or a dead letter.
func TestLoad(t *testing.T) {
	if os.Getenv("COPYDESK_LOAD") == "" {
		t.Skip("set COPYDESK_LOAD=1")
	}
	r := newLoadRun(t, envNumber(t, pagesEnv, 60_000), envNumber(t, hostsEnv, 500))
	r.queueAll(t)
	r.run(t)
	r.report(t)
	r.check(t)
}

func envNumber(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	n, err := strconv.Atoi(cmp.Or(text, strconv.Itoa(otherwise)))
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number above 0", name, text)
	}
	return n
}

// loadRun is the processes of a load run and what was seen of them.
type loadRun struct {
	pages, hosts         int
	port, nats, http     string
	site, broker, ingest *process
	bus                  *bus.Bus
	samples              []loadSample
	stored               map[string]uint64 // messages ever stored, by stream, before the run
	allocated, objects   float64
}

// loadSample is what was seen at one moment.
type loadSample struct {
	at                   time.Time
	done                 int           // pages settled and acknowledged
	site, broker, ingest time.Duration // CPU time
	brokerMB, ingestMB   int
	machine              machineTimes
}

func newLoadRun(t *testing.T, pages, hosts int) *loadRun {
	t.Helper()
	dir := t.TempDir()
	r := &loadRun{pages: pages, hosts: hosts, http: freeAddr(t)}
	size := []string{pagesEnv + "=" + strconv.Itoa(pages), hostsEnv + "=" + strconv.Itoa(hosts)}
	r.site, r.port = startRole(t, "site", size)
	r.broker, r.nats = startRole(t, "broker", nil, filepath.Join(dir, "broker"), "127.0.0.1:0")
	var err error
	if r.bus, err = bus.Connect(t.Context(), bus.Options{URL: r.nats}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.bus.Conn().Close() })
	if err := r.bus.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// startRole starts this program in a role and returns the first line that it
// prints. What it logs goes to a file, as it would with a service.
func startRole(t *testing.T, role string, env []string, args ...string) (*process, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), role+".log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self, args...), output: &syncBuffer{}, exited: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), roleEnv+"="+role), env...)
	p.cmd.Stderr = log
	printed, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(printed)
	first := ""
	if role != "ingest" { // which prints nothing
		if first, err = lines.ReadString('\n'); err != nil {
			_ = p.cmd.Process.Kill()
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s logged:\n%s", role, tailOf(string(text), 1500))
		}
	})
	if err != nil {
		t.Fatalf("%s did not start: %v", role, err)
	}
	return p, strings.TrimSpace(first)
}

// queueAll hands every URL to the broker, before the worker starts.
func (r *loadRun) queueAll(t *testing.T) {
	t.Helper()
	js := r.bus.JetStream()
	futures := make([]jetstream.PubAckFuture, 0, r.pages)
	for page := range r.pages {
		data, partition, msgID, err := encodeURLMessage(urlMessage{URL: loadURL(r.port, page, r.hosts)})
		if err == nil {
			var f jetstream.PubAckFuture
			f, err = js.PublishAsync(bus.URLSubject(partition), data, jetstream.WithMsgID(msgID), jetstream.WithStallWait(time.Minute))
			futures = append(futures, f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range futures {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			t.Fatal(err)
		case <-time.After(time.Minute):
			t.Fatal("a URL is not stored after a minute")
		}
	}
	r.stored = r.everStored(t)
}

// everStored returns how many messages each stream was ever given.
func (r *loadRun) everStored(t *testing.T) map[string]uint64 {
	t.Helper()
	all := map[string]uint64{}
	streams := r.bus.JetStream().ListStreams(t.Context())
	for s := range streams.Info() {
		all[s.Config.Name] = s.State.LastSeq
	}
	if err := streams.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// run starts the worker and watches it until every URL is acknowledged.
func (r *loadRun) run(t *testing.T) {
	t.Helper()
	list := writeFile(t, "urls.txt", "")
	r.ingest, _ = startRole(t, "ingest", nil, "--nats", r.nats, "--http", r.http, "--urls", list, "--allow-private", "--host-delay", "0s")
	for end := time.Now().Add(loadTime); ; {
		s := r.sample(t)
		r.samples = append(r.samples, s)
		if s.done == r.pages {
			break
		}
		if time.Now().After(end) {
			t.Errorf("not done within %s: %d of %d pages", loadTime, s.done, r.pages)
			break
		}
		select {
		case <-r.ingest.exited:
			t.Fatal("the worker ended")
		case <-time.After(loadWindow - time.Since(s.at)):
		}
	}
	r.allocated, r.objects = r.scrape(t, "go_memstats_alloc_bytes_total"), r.scrape(t, "go_memstats_mallocs_total")
}

func (r *loadRun) sample(t *testing.T) loadSample {
	t.Helper()
	s := loadSample{at: time.Now(), done: r.pages - messagesOf(t, r.bus, bus.StreamURLs)}
	s.site, s.broker, s.ingest = cpuOf(t, r.site), cpuOf(t, r.broker), cpuOf(t, r.ingest)
	s.brokerMB, s.ingestMB = residentMB(t, r.broker), residentMB(t, r.ingest)
	s.machine = readMachine(t)
	return s
}

// scrape reads a figure without labels from the metrics of the worker.
func (r *loadRun) scrape(t *testing.T, name string) float64 {
	t.Helper()
	resp, err := http.Get("http://" + r.http + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("the worker has no metric %s", name)
	return 0
}

// check compares what the broker holds with what was queued.
func (r *loadRun) check(t *testing.T) {
	t.Helper()
	resp, err := http.Get("http://" + net.JoinHostPort(loadHost(0), r.port) + "/counts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var asked loadCounts
	if err := json.NewDecoder(resp.Body).Decode(&asked); err != nil {
		t.Fatal(err)
	}
	pages, states := r.held(t, bus.StreamPages, "copydesk.page.*"), r.held(t, "KV_"+bus.BucketPages, ">")
	lost, unnoted := 0, 0
	for page := range r.pages {
		url, err := weburl.Canonical(loadURL(r.port, page, r.hosts))
		if err != nil {
			t.Fatal(err)
		}
		if pages[bus.PageSubject(article.ID(url))] != 1 {
			lost++
		}
		if states["$KV."+bus.BucketPages+"."+pageKey(url)] != 1 {
			unnoted++
		}
	}
	twice := 0
	for _, n := range pages {
		twice += int(n) - 1
	}
	dead := messagesOf(t, r.bus, bus.StreamDead)
	t.Logf("%d pages: %d lost, %d stored twice, %d without state, %d dead letters; %d asked for, %d more than once, %d robots.txt of %d hosts",
		r.pages, lost, twice, unnoted, dead, asked.Pages, asked.Twice, asked.Robots, r.hosts)
	if lost+twice+unnoted+dead+asked.Twice != 0 || asked.Pages != r.pages || len(pages) != r.pages || asked.Refused != 0 {
		t.Errorf("every page must be fetched once, stored once and noted: %+v, %d in the stream", asked, len(pages))
	}
	rate, second, last := r.rate(), r.quarter(1), r.quarter(3)
	if rate < loadGoal {
		t.Errorf("%.0f pages/s, want %.0f; others used %.2f of the cores", rate, loadGoal, r.cores().others)
	}
	if float64(last) > float64(second)*loadGrowth {
		t.Errorf("memory grows: %d MB in the second quarter of the run, %d MB in the last", second, last)
	}
}

// held counts what a stream holds, by subject.
func (r *loadRun) held(t *testing.T, stream, filter string) map[string]uint64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := r.bus.JetStream().Stream(ctx, stream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Subjects
}

// quarter is the median memory of the worker in a quarter of the run.
func (r *loadRun) quarter(n int) int {
	var mb []int
	for i := n * len(r.samples) / 4; i < (n+1)*len(r.samples)/4; i++ {
		mb = append(mb, r.samples[i].ingestMB)
	}
	slices.Sort(mb)
	return mb[len(mb)/2]
}
