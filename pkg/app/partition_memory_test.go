package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
)

// TestTenThousandHostsInLittleMemory polls ten thousand feeds of as many hosts
// with one worker. It takes a minute or more, so it is part of the drills.
func TestTenThousandHostsInLittleMemory(t *testing.T) {
	if os.Getenv("COPYDESK_DRILL") == "" {
		t.Skip("set COPYDESK_DRILL=1")
	}
	const hosts = 10_000
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/robots.txt":
			fmt.Fprint(w, "User-agent: *\nDisallow: /admin/\n")
		case "/feed":
			w.Header().Set("Content-Type", "application/rss+xml")
			fmt.Fprint(w, `<rss version="2.0"><channel><title>T</title>`)
			for i := range 5 {
				fmt.Fprintf(w, "<item><title>An entry with a title of usual length, number %d</title><link>http://%s/page/%d</link></item>", i, r.Host, i)
			}
			fmt.Fprint(w, `</channel></rss>`)
		default:
			fmt.Fprintf(w, "<html><body><p>%s of %s.</p>%s</body></html>", r.URL.Path, r.Host, strings.Repeat("<p>Text.</p>", 1000))
		}
	}))
	defer srv.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "http://"), ":")
	var list strings.Builder
	for i := range hosts {
		fmt.Fprintf(&list, "http://h%d.localhost:%s/feed\n", i, port)
	}
	c := &cluster{t: t, dir: t.TempDir(), brokerAddr: freeAddr(t), httpIngest: freeAddr(t)}
	c.nats, c.feeds = "nats://"+c.brokerAddr, writeFile(t, "feeds.txt", list.String())
	c.broker = startBroker(t, c.dir, c.brokerAddr)
	c.startIngest()
	eventually(t, 30*time.Second, "the worker answers", func() bool {
		resp, err := http.Get("http://" + c.httpIngest + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	polled := func() float64 { return metric(t, c.httpIngest, "copydesk_feeds", `state="ok"`) }
	peak, most := 0, 0.0
	for end := time.Now().Add(3 * time.Minute); most < hosts && time.Now().Before(end); time.Sleep(time.Second) {
		peak = max(peak, residentMB(t, c.ingest))
		most = max(most, polled())
	}
	t.Logf("%d hosts, %.0f polled, %d pages fetched: %d MB at most", hosts, most, max(0, c.messages(t, bus.StreamPages)), peak)
	if most < hosts/2 {
		t.Errorf("only %.0f feeds were polled", most)
	}
	if peak > 300 {
		t.Errorf("%d MB, want at most 300", peak)
	}
}

// residentMB is the memory of a process.
func residentMB(t *testing.T, p *process) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		t.Skip("this system does not tell:", err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kb >> 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
