package app

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A second index worker on the same directory stands by, says so, and takes over.
func TestSecondIndexWorkerTakesOver(t *testing.T) {
	t.Parallel() // it waits more than it works
	_, nats := startTestBroker(t)
	dir := filepath.Join(t.TempDir(), "index")
	worker := func() (*process, string, string) {
		listen, health := freeAddr(t), freeAddr(t)
		return start(t, program(t, "index"), "--nats", nats, "--http", health, "--index", "bleve:"+dir, "--listen", listen),
			"http://" + listen + "/api/v1/search", "http://" + health + "/readyz"
	}
	status := func(url string) int {
		resp, err := http.Get(url)
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	first, search1, ready1 := worker()
	eventually(t, 30*time.Second, "the first index worker serves", func() bool {
		return status(search1) == http.StatusOK && status(ready1) == http.StatusOK
	})
	second, search2, ready2 := worker()
	eventually(t, 30*time.Second, "the second one says that it stands by", func() bool {
		return status(search2) == http.StatusServiceUnavailable && status(ready2) == http.StatusServiceUnavailable
	})
	first.kill()
	eventually(t, 15*time.Second, "the second one takes over", func() bool {
		return status(search2) == http.StatusOK && status(ready2) == http.StatusOK
	})
	if out := second.output.String(); strings.Contains(out, "panic") || !strings.Contains(out, "writing the index") {
		t.Errorf("the second worker logged %s", out)
	}
}
