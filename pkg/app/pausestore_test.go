package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// TestPauseSurvivesTheWorker: a host asks to be left alone for two minutes, the
// worker that heard it is killed, and the one that takes its hosts over knows.
func TestPauseSurvivesTheWorker(t *testing.T) {
	t.Parallel() // it waits more than it works
	var asked hits
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.add("any")
		asked.add(r.URL.Path)
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer site.Close()
	_, nats := startTestBroker(t)
	list := filepath.Join(t.TempDir(), "urls.txt")
	write := func(pages ...string) {
		if err := os.WriteFile(list, []byte(strings.Join(pages, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(site.URL + "/first")
	var workers []*process
	for range 2 {
		workers = append(workers, start(t, program(t, "ingest"), "--nats", nats, "--http", "127.0.0.1:0",
			"--urls", list, "--allow-private", "--host-delay", "100ms", "--revisits", "none"))
	}
	told := func(p *process, page string) bool {
		for line := range strings.Lines(p.output.String()) {
			if strings.Contains(line, site.URL+page) && strings.Contains(line, fetch.ClassThrottled) {
				return true
			}
		}
		return false
	}
	var heard, other *process
	eventually(t, time.Minute, "one of the workers is told to wait", func() bool {
		for i, p := range workers {
			if told(p, "/first") {
				heard, other = p, workers[1-i]
			}
		}
		return heard != nil
	})
	heard.kill()
	before := asked.of("any")
	write(site.URL+"/first", site.URL+"/second")
	eventually(t, time.Minute, "the other worker has its hosts, and knows that this one waits", func() bool { return told(other, "/second") })
	if n := asked.of("any"); n != before || asked.of("/first") != 1 || asked.of("/second") != 0 {
		t.Errorf("%d requests after the worker was killed; %d for the page that waits, %d for the next one", n-before, asked.of("/first"), asked.of("/second"))
	}
}

// TestPauseStore: what cannot be read as a pause is none and is overwritten.
func TestPauseStore(t *testing.T) {
	b := testBus(t)
	hosts, err := openBucket(t.Context(), b, bus.BucketHosts)
	if err != nil {
		t.Fatal(err)
	}
	store := pauseStore{hosts, slog.New(slog.DiscardHandler)}
	want := fetch.Pause{Until: time.Now().Add(time.Hour).Round(0).UTC(), Why: "it answered 429", Failures: 2, Challenges: 1}
	for i, stored := range []string{"", "no pause", `{"until": "tomorrow"}`} {
		host := fmt.Sprintf("host%d.example.org", i)
		if stored != "" {
			if err := hosts.put(t.Context(), article.ID(host), []byte(stored)); err != nil {
				t.Fatal(err)
			}
		}
		if p, ok, err := store.Get(t.Context(), host); ok || err != nil || p != (fetch.Pause{}) {
			t.Errorf("%q: got %+v, %v, %v", stored, p, ok, err)
		}
		if err := store.Put(t.Context(), host, want); err != nil {
			t.Fatal(err)
		}
		if p, ok, err := store.Get(t.Context(), host); !ok || err != nil || p != want {
			t.Errorf("%q: got %+v, %v, %v, want %+v", stored, p, ok, err, want)
		}
	}
}
