package app

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// command runs a command line in this process and returns its exit status and
// what it printed.
func command(name string, cli any, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = Main(name, "test", cli, args, Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
	return status, out.String(), errs.String()
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBadInput holds what a user does wrong: each gives one line that names the
// thing, the reason and the way out.
func TestBadInput(t *testing.T) {
	_, brokerAddr := startTestBroker(t)
	nats := "--nats=" + brokerAddr
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().String()
	missing := filepath.Join(t.TempDir(), "none.txt")
	badOPML := writeFile(t, "feeds.opml", "<opml version=\"2.0\"><body><outline xmlUrl=\"https://a.example/feed\"</body>")
	badText := writeFile(t, "feeds.txt", "https://a.example/feed\nnot a feed\n")
	badKey := writeFile(t, "a.yaml", "poll-intervall: 5m\n")
	badValue := writeFile(t, "b.yaml", "poll-interval: soon\n")
	badYAML := writeFile(t, "c.yaml", "poll-interval: [1\n")
	ingest := func(args ...string) []string { return append([]string{nats, "--http=127.0.0.1:0"}, args...) }

	for _, c := range []struct {
		name   string
		cli    any
		args   []string
		status int
		want   []string
	}{
		{"unknown flag", &IngestCommand{}, ingest("--feed=x"), 2, []string{"--feed", "--help"}},
		{"unknown command", &Tool{}, []string{"rum"}, 2, []string{"rum"}},
		{"unknown key", &IngestCommand{}, ingest("--config=" + badKey), 2, []string{badKey, "poll-intervall", `did you mean "poll-interval"`}},
		{"bad value in file", &IngestCommand{}, ingest("--config=" + badValue), 2, []string{"poll-interval", "soon"}},
		{"broken YAML", &IngestCommand{}, ingest("--config=" + badYAML), 2, []string{badYAML}},
		{"missing configuration", &IngestCommand{}, ingest("--config=" + missing), 2, []string{missing, "no such file"}},
		{"missing list", &IngestCommand{}, ingest("--feeds=" + missing), 1, []string{missing, "no such file"}},
		{"malformed OPML", &IngestCommand{}, ingest("--feeds=" + badOPML), 1, []string{badOPML, "OPML"}},
		{"no URL in list", &IngestCommand{}, ingest("--feeds=" + badText), 1, []string{badText, "2"}},
		{"two standard inputs", &IngestCommand{}, ingest("--feeds=-", "--urls=-"), 2, []string{"standard input"}},
		{"too eager", &IngestCommand{}, ingest("--poll-interval=1s"), 2, []string{"--poll-interval"}},
		{"health port in use", &NormalizeCommand{}, []string{nats, "--http=" + port}, 1, []string{port, "--http"}},
		{"search port in use", &IndexCommand{}, []string{nats, "--http=127.0.0.1:0", "--listen=" + port}, 1, []string{port, "--listen"}},
		{"run: port in use", &Tool{}, []string{"run", "--listen=" + port, "--data=" + t.TempDir()}, 1, []string{port, "--listen"}},
		{"broker away at start", &NormalizeCommand{}, []string{"--nats=nats://127.0.0.1:1", "--nats-timeout=500ms", "--http=127.0.0.1:0"}, 1, []string{"127.0.0.1:1"}},
		{"missing credentials", &NormalizeCommand{}, []string{nats, "--http=127.0.0.1:0", "--nats-creds=" + missing}, 1, []string{missing}},
		{"opensearch", &IndexCommand{}, []string{nats, "--index=opensearch:http://x"}, 2, []string{"opensearch", "not in this version"}},
		{"index of no kind", &IndexCommand{}, []string{nats, "--index=/tmp/x"}, 2, []string{"bleve:DIR"}},
		{"warc", &IngestCommand{}, ingest("--warc=x", "--archive-spool=y"), 2, []string{"--archive-spool"}},
		{"archive", &IngestCommand{}, ingest("--archive=x", "--archive-spool=y"), 2, []string{"--archive-spool", "s3://"}},
		{"reprocess", &Tool{}, []string{"reprocess", "--archive", "x"}, 1, []string{"--archive", "x: no such file"}},
		{"reprocess since", &Tool{}, []string{"reprocess", "--archive", "x", "--since", "soon"}, 2, []string{"--since soon", "2026-01-31"}},
		{"trace: no URL", &Tool{}, []string{"trace", "a.example/x"}, 2, []string{"a.example/x"}},
		{"trace: nobody answers", &Tool{}, []string{"trace", "--nats", "nats://127.0.0.1:1", "--server", "http://127.0.0.1:1", "https://a.example/"}, 1, []string{"--server", "nats://127.0.0.1:1"}},
		{"backfill: no date", &Tool{}, []string{"backfill", "add", "a.example", "--from", "2024-02-30"}, 2, []string{"--from", "2024-02-30", "2024-05"}},
		{"backfill: no range", &Tool{}, []string{"backfill", "add", "a.example"}, 2, []string{"--from"}},
		{"backfill: end before begin", &Tool{}, []string{"backfill", "add", "a.example", "--from", "2024-06", "--to", "2024-05"}, 2, []string{"--from 2024-06", "--to 2024-05", "swap"}},
		{"backfill: to come", &Tool{}, []string{"backfill", "add", "a.example", "--from", "2099"}, 2, []string{"--from 2099", "future"}},
		{"backfill: long ago", &Tool{}, []string{"backfill", "add", "a.example", "--from", "1024"}, 2, []string{"--from 1024", "1990"}},
		{"backfill: no site", &Tool{}, []string{"backfill", "add", "ftp://a.example/", "--from", "2024"}, 2, []string{"ftp://a.example/", "example.org"}},
		{"backfill: none", &Tool{}, []string{"backfill", "cancel", nats, "a.example"}, 1, []string{"https://a.example/robots.txt", "backfill list"}},
		{"feeds check: parallel", &Tool{}, []string{"feeds", "check", "--parallel", "1000", "https://a.example/"}, 2, []string{"--parallel 1000", "1 to 256"}},
		{"feeds check: missing file", &Tool{}, []string{"feeds", "check", missing}, 1, []string{missing}},
		{"clean: missing file", &Tool{}, []string{"clean", missing}, 1, []string{missing}},
		{"clean: private address", &Tool{}, []string{"clean", "http://127.0.0.1:1/"}, 1, []string{"127.0.0.1", "--allow-private"}},
		{"search: no server", &Tool{}, []string{"search", "--server=http://127.0.0.1:1", "x"}, 1, []string{"127.0.0.1:1", "copydesk run"}},
		{"dead: nothing named", &Tool{}, []string{"dead", "drop", nats}, 2, []string{"--all"}},
		{"dead: no such letter", &Tool{}, []string{"dead", "show", nats, "7"}, 1, []string{"7"}},
		{"healthcheck of nothing", &NormalizeCommand{}, []string{"--healthcheck", "--http=127.0.0.1:1"}, 1, []string{"127.0.0.1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, stderr := command("test", c.cli, c.args...)
			if status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			last := lines[len(lines)-1]
			for _, w := range c.want {
				if !strings.Contains(last, w) {
					t.Errorf("error does not name %q: %s", w, last)
				}
			}
			if strings.Contains(stderr, "goroutine ") {
				t.Errorf("a stack trace: %s", stderr)
			}
		})
	}
}

func TestEnvironmentBeatsFile(t *testing.T) {
	file := writeFile(t, "c.yaml", "poll-interval: 5m\nhost-delay: 3s\nfeeds: [a.txt, b.txt]\n")
	t.Setenv("COPYDESK_HOST_DELAY", "4s")
	t.Setenv("COPYDESK_CONFIG", file)
	cli := &IngestCommand{}
	parser, err := newParser("ingest", "test", cli, []string{"--contact=me"}, Env{Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--contact=me"}); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s %s %s %s %d", cli.PollInterval, cli.HostDelay, cli.Feeds, cli.Contact, cli.FetchWorkers)
	if want := "5m0s 4s [a.txt b.txt] me 256"; got != want {
		t.Errorf("flags are %s, want %s", got, want)
	}
}

func TestHelpTeaches(t *testing.T) {
	for name, words := range map[string][]string{
		"ingest": {"--feeds", "COPYDESK_FEEDS", "10m", "OPML"},
		"index":  {"--index", "bleve:data/index", ":8080"},
	} {
		p := start(t, program(t, name), "--help")
		if status := p.wait(t, 10*time.Second); status != 0 {
			t.Errorf("%s --help ends with %d", name, status)
		}
		for _, w := range words {
			if !strings.Contains(p.output.String(), w) {
				t.Errorf("%s --help does not mention %q", name, w)
			}
		}
	}
}
