package app

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/copydesk/copydesk/deploy"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// Ports of the demonstration under test, so that one that runs beside it is
// left alone.
const (
	demoSearch     = "18080"
	demoPrometheus = "19090"
	demoFreeze     = 30 * time.Minute
)

// TestNewsroomThroughContainers brings the demonstration of deploy/compose.yaml
// up in containers built on this machine and compares its articles with the
// newsroom's known text, then asks every query of the dashboard. It takes
// minutes and a Docker daemon, so it runs only on request: make compose.
func TestNewsroomThroughContainers(t *testing.T) {
	if os.Getenv("COPYDESK_TEST_COMPOSE") == "" {
		t.Skip("starts containers; to run it: make compose")
	}
	c := startCompose(t)
	epoch := time.Now().Add(-10 * 24 * time.Hour).UTC().Truncate(time.Minute)
	c.env = append(c.env, "COPYDESK_EPOCH="+epoch.Format(time.RFC3339), "COPYDESK_FREEZE="+demoFreeze.String())
	site, err := newsroom.New(newsroom.Options{
		Domain: "newsroom", Port: 8000, Seed: newsroomSeed, Epoch: epoch,
		Now: func() time.Time { return epoch.Add(newsroom.BeforeOpening + demoFreeze) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := expected(site)
	c.run(t, "up", "--build", "-d")
	api := searchAPI("http://127.0.0.1:" + demoSearch)
	eventually(t, 4*time.Minute, fmt.Sprintf("%d articles are searchable", len(want)), func() bool { return api.total() >= len(want) })
	compareNewsroom(t, api, want)
	queries, err := deploy.DashboardQueries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		eventually(t, 2*time.Minute, q.Panel+" has data: "+q.Expr, func() bool {
			n, err := promQuery("127.0.0.1:"+demoPrometheus, q.Expr)
			return err == nil && n > 0
		})
	}
	// Stopped in good order means that nothing is left half done.
	c.run(t, "stop")
	for _, worker := range []string{"ingest", "normalize", "index"} {
		id := strings.TrimSpace(c.run(t, "ps", "-q", worker))
		inspect := exec.Command("docker", "inspect", "-f", "{{.State.ExitCode}}", id)
		inspect.Env = c.env
		if code, err := inspect.CombinedOutput(); err != nil || strings.TrimSpace(string(code)) != "0" {
			t.Errorf("%s ended with %s, %v", worker, code, err)
		}
	}
}

// composeProject is the demonstration in containers.
type composeProject struct {
	dir string
	env []string
}

// startCompose finds a Docker daemon, or starts one of its own, builds what the
// images hold, and takes the containers down when the test ends.
func startCompose(t *testing.T) *composeProject {
	t.Helper()
	tool(t, "docker-compose", "apt-get install docker-compose")
	dir, err := filepath.Abs("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	c := &composeProject{dir: dir, env: append(os.Environ(),
		"DOCKER_BUILDKIT=0", "COMPOSE_DOCKER_CLI_BUILD=0", "COPYDESK_TAG=test",
		"COPYDESK_PORT="+demoSearch, "PROMETHEUS_PORT="+demoPrometheus)}
	if exec.Command("docker", "info").Run() != nil {
		c.env = append(c.env, "DOCKER_HOST="+startDocker(t))
	}
	build := exec.Command(filepath.Join(dir, "standin", "build.sh"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build what the images hold: %v\n%s", err, out)
	}
	t.Cleanup(func() { c.run(t, "down", "-v", "--remove-orphans") })
	return c
}

// startDocker runs a Docker daemon with folders of its own and returns its
// address.
func startDocker(t *testing.T) string {
	t.Helper()
	path := tool(t, "dockerd", "apt-get install docker.io")
	if os.Getuid() != 0 && os.Getenv("CI") == "true" {
		t.Fatal("no Docker daemon answers and only root can start one")
	}
	if os.Getuid() != 0 {
		t.Skip("no Docker daemon answers and only root can start one; start it and set DOCKER_HOST")
	}
	// A short path: the address of a socket holds about 100 bytes.
	dir, err := os.MkdirTemp("", "dockerd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Unmount(filepath.Join(dir, "exec/netns/default"), 0)
		_ = os.RemoveAll(dir)
	})
	socket := "unix://" + filepath.Join(dir, "docker.sock")
	p := start(t, path, "--storage-driver=vfs", "--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"), "-H", socket, "--pidfile", filepath.Join(dir, "pid"))
	t.Cleanup(func() { p.stop(t, time.Minute) })
	eventually(t, time.Minute, "the Docker daemon answers", func() bool {
		info := exec.Command("docker", "info")
		info.Env = append(os.Environ(), "DOCKER_HOST="+socket)
		return info.Run() == nil
	})
	return socket
}

// run runs docker-compose and returns what it prints.
func (c *composeProject) run(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker-compose", append([]string{
		"--env-file", "demo.env", "-p", "copydesk-test", "-f", "compose.yaml", "-f", "compose.local.yaml",
	}, args...)...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var all syncBuffer
	cmd.Stderr = &all
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("docker-compose %s: %v\n%s%s", strings.Join(args, " "), err, tailOf(string(out), 2000), tailOf(all.String(), 2000))
	}
	return string(out)
}
