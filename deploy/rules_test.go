package deploy

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// knownMetrics are the metrics that copydesk exports, without the prefix
// "copydesk_". Whoever renames or adds one changes it here too, and sees which
// rules and panels use it.
func knownMetrics() []string {
	return []string{
		"stage_messages_total", "stage_duration_seconds", "stage_inflight_messages", "stage_bytes_total",
		"stage_paused", "stage_stuck_handlers",
		"article_pipeline_seconds", "article_freshness_seconds",
		"consumer_pending_messages", "consumer_ack_pending_messages", "consumer_redelivered_messages",
		"stream_bytes", "stream_messages", "dead_letters_total",
		"feed_overdue_seconds", "feeds",
		"fetch_responses_total", "fetch_duration_seconds", "fetch_bytes_total",
		"removed_blocks_total", "extract_warnings_total", "article_words",
		"ingest_partitions", "publisher_changes_total", "pages_withheld_total", "trap_urls_total", "traps",
		"backfill_jobs", "backfill_pages_total",
		"archive_records_total", "archive_bytes_total", "archive_failing", "archive_waiting_files", "archive_uploads_total", "warc_records_total",
		"revisits_total", "revisits_waiting", "websub_subscriptions", "websub_pushes_total", "websub_misses_total", "copies_total", "copy_candidates", "copy_verifications",
		"relate_rebuild_seconds", "relate_articles", "relate_bytes", "relate_stories", "index_batch_seconds", "index_documents", "build_info",
	}
}

// foreignMetrics are what Prometheus itself and the Go client library export.
func foreignMetrics() []string {
	return []string{
		"ALERTS", "up", "process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes",
		"process_open_fds", "go_goroutines", "go_gc_gomemlimit_bytes",
	}
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func rules(t *testing.T) []rule {
	t.Helper()
	var all []rule
	files, err := filepath.Glob("prometheus/rules/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	for _, f := range files {
		var rf ruleFile
		readYAML(t, f, &rf)
		for _, g := range rf.Groups {
			all = append(all, g.Rules...)
		}
	}
	return all
}

func TestPrometheusAcceptsTheRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("promtool is not installed: apt-get install prometheus")
		}
		t.Skip("promtool is not installed: apt-get install prometheus")
	}
	for _, args := range [][]string{
		{"check", "config", "prometheus.yml"},
		{"check", "rules", "rules/recording.yml", "rules/alerts.yml"},
		{"test", "rules", "rules_test.yml"},
	} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = "prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// The two configurations differ in native histograms and in nothing else, so
// that what promtool checks of one holds for the other.
func TestPrometheusConfigurationsAgree(t *testing.T) {
	var plain, native map[string]any
	readYAML(t, "prometheus/prometheus.yml", &plain)
	readYAML(t, "prometheus/prometheus-native.yml", &native)
	global := native["global"].(map[string]any)
	for _, key := range []string{"scrape_native_histograms", "always_scrape_classic_histograms"} {
		if global[key] != true {
			t.Errorf("prometheus-native.yml: %s = %v", key, global[key])
		}
		delete(global, key)
	}
	if a, b := fmt.Sprint(plain), fmt.Sprint(native); a != b {
		t.Errorf("prometheus.yml and prometheus-native.yml differ:\n%s\n%s", a, b)
	}
}

// Every alert tells a person what happened and what to do, and is tested both
// ways.
func TestAlertsAreCompleteAndTested(t *testing.T) {
	var tests struct {
		Tests []struct {
			Name  string `yaml:"name"`
			Exprs []struct {
				Expr    string           `yaml:"expr"`
				Samples []map[string]any `yaml:"exp_samples"`
			} `yaml:"promql_expr_test"`
		} `yaml:"tests"`
	}
	readYAML(t, "prometheus/rules_test.yml", &tests)
	fires, quiet := map[string]bool{}, map[string]bool{}
	name := regexp.MustCompile(`alertname="(\w+)"`)
	for _, tt := range tests.Tests {
		for _, e := range tt.Exprs {
			m := name.FindStringSubmatch(e.Expr)
			if m == nil {
				t.Errorf("test %q asks for no alert: %s", tt.Name, e.Expr)
				continue
			}
			if len(e.Samples) > 0 {
				fires[m[1]] = true
			} else {
				quiet[m[1]] = true
			}
		}
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		if !fires[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: tested firing %t, quiet %t", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
		for _, key := range []string{"summary", "description", "runbook"} {
			if len(r.Annotations[key]) < 10 {
				t.Errorf("%s: no %s", r.Alert, key)
			}
		}
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		if !strings.Contains(string(readme), "| "+r.Alert+" |") {
			t.Errorf("%s is not in the table of README.md", r.Alert)
		}
	}
}

// Names after which "{" does not follow are found as well: what is neither a
// label, a keyword nor a function is a metric.
func TestMetricsExist(t *testing.T) {
	known := map[string]bool{}
	for _, m := range knownMetrics() {
		for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
			known["copydesk_"+m+suffix] = true
		}
	}
	for _, m := range foreignMetrics() {
		known[m] = true
	}
	all := rules(t)
	for _, r := range all {
		if r.Record != "" {
			known[r.Record] = true
		}
	}
	exprs := map[string]string{}
	for i, r := range all {
		exprs[fmt.Sprintf("rule %d %s%s", i, r.Record, r.Alert)] = r.Expr
	}
	queries, err := DashboardQueries()
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range queries {
		exprs[fmt.Sprintf("panel %d %s", i, q.Panel)] = q.Expr
	}
	used := map[string]bool{}
	for _, where := range slices.Sorted(maps.Keys(exprs)) {
		for _, m := range metricsOf(exprs[where]) {
			used[m] = true
			if !known[m] {
				t.Errorf("%s uses %s, which nothing exports", where, m)
			}
		}
	}
	for _, m := range knownMetrics() {
		if !used["copydesk_"+m] && !used["copydesk_"+m+"_bucket"] && m != "stream_messages" {
			t.Errorf("copydesk_%s is neither shown nor alerted on", m)
		}
	}
}

// What stands in an expression and is no metric.
var (
	comments  = regexp.MustCompile(`(?m)#.*$`)
	selectors = regexp.MustCompile(`\{[^}]*\}|\[[^\]]*\]|"[^"]*"`)
	groupings = regexp.MustCompile(`\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)`)
	names     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*(\s*\()?`)
	keywords  = regexp.MustCompile(`^(and|or|unless|offset|bool|sum|max|min|count|by|on|[0-9]*[smhdwy])$`)
)

// metricsOf returns the names of the metrics of a PromQL expression.
func metricsOf(expr string) []string {
	expr = comments.ReplaceAllString(expr, "")
	expr = groupings.ReplaceAllString(expr, " ")
	expr = selectors.ReplaceAllString(expr, " ")
	var out []string
	for _, n := range names.FindAllString(expr, -1) {
		if !strings.HasSuffix(n, "(") && !keywords.MatchString(n) {
			out = append(out, n)
		}
	}
	return out
}

func TestMetricsOf(t *testing.T) {
	const expr = `histogram_quantile(0.95, sum by (le, stage) (rate(a_bucket{b="c d", e=~"f"}[5m])))
		# comment with words
		/ on (stage) group_left (x) (copydesk:y:z offset 15m) > 4 * 3600 or vector(0)`
	if got := metricsOf(expr); !slices.Equal(got, []string{"a_bucket", "copydesk:y:z"}) {
		t.Errorf("metricsOf = %v", got)
	}
}
