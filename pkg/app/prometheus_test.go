package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/deploy"
)

// tool returns the path of a program that this project does not build. Where it
// is missing the test is skipped, and fails under CI, which installs it.
func tool(t testing.TB, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: %s", name, install)
	}
	t.Skipf("%s is missing; to run this test: %s", name, install)
	return ""
}

// startPrometheus scrapes the workers of a cluster every second, with the rules
// that are deployed, and returns its address.
func startPrometheus(t testing.TB, c *cluster) string {
	t.Helper()
	rules, err := filepath.Abs("../../deploy/prometheus/rules")
	if err != nil {
		t.Fatal(err)
	}
	var conf strings.Builder
	fmt.Fprintf(&conf, "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n", rules+"/*.yml")
	for job, addr := range map[string]string{"ingest": c.httpIngest, "normalize": c.httpNorm, "index": c.httpIndex} {
		fmt.Fprintf(&conf, "- {job_name: %s, static_configs: [{targets: [%q]}]}\n", job, addr)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	start(t, tool(t, "prometheus", "apt-get install prometheus"), "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)
	return addr
}

// promQuery evaluates an expression and returns how many series answer it.
func promQuery(addr, expr string) (int, error) {
	resp, err := http.Get("http://" + addr + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if answer.Status != "success" {
		return 0, fmt.Errorf("%s: %s", expr, answer.Error)
	}
	return len(answer.Data.Result), nil
}

func TestPrometheusSeesEverything(t *testing.T) {
	t.Parallel() // it waits more than it works
	promtool := tool(t, "promtool", "apt-get install prometheus")
	site := testNewsroom(t, 60)
	c := newCluster(t, site)
	prometheus := startPrometheus(t, c)
	c.startAll()
	eventually(t, 30*time.Second, "the workers serve metrics", func() bool {
		for _, addr := range []string{c.httpIngest, c.httpNorm, c.httpIndex} {
			resp, err := http.Get("http://" + addr + "/metrics")
			if err != nil {
				return false
			}
			resp.Body.Close()
		}
		return true
	})
	for job, addr := range map[string]string{"ingest": c.httpIngest, "normalize": c.httpNorm, "index": c.httpIndex} {
		checkMetrics(t, promtool, job, addr)
	}
	queries, err := deploy.DashboardQueries()
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) < 20 {
		t.Fatalf("%d queries; the dashboard was not read", len(queries))
	}
	// A rate needs two scrapes and something between them; every query must
	// answer at some moment of the run.
	pending := map[string]deploy.Query{}
	for _, q := range queries {
		pending[q.Panel+" "+q.Expr] = q
	}
	deadline := time.Now().Add(90 * time.Second)
	for len(pending) > 0 && time.Now().Before(deadline) {
		for key, q := range pending {
			n, err := promQuery(prometheus, q.Expr)
			if err != nil && !strings.Contains(err.Error(), "connection refused") {
				t.Errorf("%s: %v", q.Panel, err)
				delete(pending, key)
			}
			if n > 0 {
				delete(pending, key)
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	for _, q := range pending {
		t.Errorf("%s: no data: %s", q.Panel, q.Expr)
	}
	if n, err := promQuery(prometheus, `ALERTS{alertstate="firing",alertname!~".*(Feed|Fresh|Prometheus|Watchdog).*"}`); err != nil || n > 0 {
		t.Errorf("%d alerts fire on a healthy pipeline (%v)", n, err)
	}
	t.Logf("%d dashboard queries answered", len(queries)-len(pending))
}

// checkMetrics lets promtool judge names, types and help texts.
func checkMetrics(t *testing.T, promtool, job, addr string) {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
		return
	}
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = bytes.NewReader(data)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics of %s: %v\n%s", job, err, out)
	}
}
