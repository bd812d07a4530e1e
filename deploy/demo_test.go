package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Ports of the demonstration under test, so that one that runs beside it is
// left alone.
const (
	demoSearch     = "18080"
	demoPrometheus = "19090"
)

// TestDemo brings the demonstration up in containers built on this machine,
// waits until its articles can be found, and asks every query of the dashboard.
// It takes minutes and a Docker daemon, so it runs only on request:
//
//	deploy/standin/build.sh && COPYDESK_TEST_COMPOSE=1 go test -run TestDemo -v -timeout 20m ./deploy
func TestDemo(t *testing.T) {
	if os.Getenv("COPYDESK_TEST_COMPOSE") == "" {
		t.Skip("set COPYDESK_TEST_COMPOSE=1 to start containers; needs deploy/standin/build.sh before")
	}
	t.Cleanup(func() { // t.Context is over by then
		if out, err := compose(context.Background(), "down", "-v", "--remove-orphans"); err != nil {
			t.Errorf("down: %v\n%s", err, out)
		}
	})
	if out, err := compose(t.Context(), "up", "--build", "-d"); err != nil {
		t.Fatalf("up: %v\n%s", err, out)
	}

	waitFor(t, 3*time.Minute, "articles in the search API", func() error {
		var found struct {
			Total int `json:"total"`
		}
		if err := getJSON(t.Context(), "http://127.0.0.1:"+demoSearch+"/api/v1/search?size=1", &found); err != nil {
			return err
		}
		if found.Total < 20 {
			return fmt.Errorf("%d articles", found.Total)
		}
		return nil
	})
	queries, err := DashboardQueries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		waitFor(t, 2*time.Minute, q.Panel+": "+q.Expr, func() error { return ask(t.Context(), q.Expr) })
	}
	if err := ask(t.Context(), `ALERTS{alertstate="firing"}`); err == nil {
		t.Error("an alert fires on a fresh demonstration")
	}
	// Stopped in good order means that nothing is left half done.
	if out, err := compose(t.Context(), "stop"); err != nil {
		t.Fatalf("stop: %v\n%s", err, out)
	}
	for _, worker := range []string{"ingest", "normalize", "index"} {
		id, err := compose(t.Context(), "ps", "-q", worker)
		if err != nil {
			t.Fatal(err)
		}
		code, err := exec.CommandContext(t.Context(), "docker", "inspect", "-f", "{{.State.ExitCode}}", strings.TrimSpace(id)).CombinedOutput()
		if err != nil || strings.TrimSpace(string(code)) != "0" {
			t.Errorf("%s ended with %s, %v", worker, code, err)
		}
	}
}

// compose runs docker-compose on the demonstration and returns what it prints.
func compose(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker-compose", append([]string{
		"--env-file", "demo.env", "-p", "copydesk-test", "-f", "compose.yaml", "-f", "compose.local.yaml",
	}, args...)...)
	cmd.Env = append(os.Environ(),
		"DOCKER_BUILDKIT=0", "COMPOSE_DOCKER_CLI_BUILD=0",
		"COPYDESK_TAG=test", "COPYDESK_PORT="+demoSearch, "PROMETHEUS_PORT="+demoPrometheus)
	if args[0] == "ps" {
		out, err := cmd.Output() // without warnings
		return string(out), err
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// waitFor tries until try succeeds.
func waitFor(t *testing.T, limit time.Duration, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: after %s: %v", what, limit, err)
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// ask returns an error unless the query has a result.
func ask(ctx context.Context, expr string) error {
	var answer struct {
		Error string `json:"error"`
		Data  struct {
			Result []json.RawMessage `json:"result"`
		} `json:"data"`
	}
	err := getJSON(ctx, "http://127.0.0.1:"+demoPrometheus+"/api/v1/query?query="+url.QueryEscape(expr), &answer)
	if err == nil && len(answer.Data.Result) == 0 {
		err = fmt.Errorf("no data %s", answer.Error)
	}
	return err
}

func getJSON(ctx context.Context, url string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}
