package app

import (
	"bufio"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// metric sums the series of a metric whose labels hold every given text.
func metric(t testing.TB, addr, name string, labels ...string) float64 {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	sum := 0.0
	lines := bufio.NewScanner(resp.Body)
next:
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, name+"{") {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(line, l) {
				continue next
			}
		}
		v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	return sum
}

// TestRunContinues starts all of copydesk in one process, ends it with Ctrl-C
// and starts it again: the second run fetches only what the newsroom published
// in between.
func TestRunContinues(t *testing.T) {
	t.Parallel() // it waits more than it works
	data, site := t.TempDir(), freeAddr(t)
	run := func() (p *process, api searchAPI, health string) {
		listen, health := freeAddr(t), freeAddr(t)
		p = start(t, program(t, "copydesk"), "run", "--data", data, "--listen", listen, "--http", health,
			"--newsroom-listen", site, "--broker-listen", "none", "--host-delay", "10ms")
		eventually(t, 30*time.Second, "it says where to look", func() bool {
			return strings.Contains(p.output.String(), listen[strings.IndexByte(listen, ':'):])
		})
		return p, searchAPI("http://" + listen), health
	}
	interrupt := func(p *process) {
		t.Helper()
		began := time.Now()
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if status := p.wait(t, 20*time.Second); status != 0 {
			t.Errorf("Ctrl-C ended it with %d", status)
		}
		t.Logf("Ctrl-C took %s", time.Since(began).Round(time.Millisecond))
	}
	fetched := func(health string) float64 {
		return metric(t, health, "copydesk_stage_messages_total", `stage="ingest"`, `outcome="ok"`)
	}

	p, api, health := run()
	eventually(t, 60*time.Second, "articles are searchable", func() bool { return api.total() >= 20 })
	calm, last := 0, 0.0
	eventually(t, 60*time.Second, "everything is fetched", func() bool {
		if n := fetched(health); n != last {
			calm, last = 0, n
		}
		calm++
		return calm > 30
	})
	articles := api.total()
	interrupt(p)

	p, api, health = run()
	eventually(t, 60*time.Second, "every feed is polled again", func() bool {
		return metric(t, health, "copydesk_fetch_responses_total", `class="not_modified"`)+
			metric(t, health, "copydesk_fetch_responses_total", `class="ok"`) >= 8
	})
	eventually(t, 30*time.Second, "search answers", func() bool { return api.total() >= articles })
	// An article may have appeared or been edited in the meantime.
	if n := fetched(health); n > 3 {
		t.Errorf("the second run fetched %v pages of %v", n, last)
	}
	if n := metric(t, health, "copydesk_copies_total"); int(n) > api.total()-articles+2 {
		t.Errorf("%v articles were indexed anew", n)
	}
	interrupt(p)
}
