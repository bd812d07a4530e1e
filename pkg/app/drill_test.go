package app

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// The drills kill workers of a running pipeline and count what is left. A drill
// must be able to fail, so each also runs against a worker that is wrong on
// purpose, the mutant, and must catch it.

// mutantEnv makes this test program a worker that is wrong: a normalize worker
// that acknowledges a page before its article is published, or an index worker
// that does not learn what the one before it knew.
const mutantEnv = "COPYDESK_TEST_MUTANT"

func TestMain(m *testing.M) {
	env := Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	switch os.Getenv(mutantEnv) {
	case "ack-first":
		os.Exit(Main("normalize", "A normalize worker that acknowledges first.", &ackFirstCommand{}, os.Args[1:], env))
	case "forgetful":
		os.Exit(Main("index", "An index worker that knows nothing of what was before.", &forgetfulCommand{}, os.Args[1:], env))
	}
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(playRole(role, os.Args[1:], env))
	}
	status := m.Run()
	if builtBinaries.Load() {
		if dir, err := binaries(); err == nil {
			_ = os.RemoveAll(dir)
		}
	}
	os.Exit(status)
}

// ackFirstCommand is the normalize worker with the mistake.
type ackFirstCommand struct{ NormalizeCommand }

// Run shadows that of the right worker.
func (c *ackFirstCommand) Run(ctx context.Context, env Env) error {
	return c.serve(ctx, env, "normalize", c.HTTP, func(d deps) (runner, error) {
		d.ackFirst = true
		return newNormalize(d)
	})
}

// drillPages is how many generated pages a drill sends through: enough for many
// kills, or a few for every test run.
func drillPages() int {
	if os.Getenv("COPYDESK_DRILL") != "" {
		return 2000
	}
	return 120
}

const killEvery = 2 * time.Second

func TestDrillKilledWorkersLoseNothing(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := testNewsroom(t, drillPages())
	want := expected(site)
	c := newCluster(t, site)
	c.startAll()
	began := time.Now()
	kills := c.killUntil(t, func() bool { return c.api().total() >= len(want) }, 10*time.Minute, c.restarts())
	c.drained(t, 2*time.Minute)
	lost, twice, extra := c.count(t, want)
	dead := c.messages(t, bus.StreamDead)
	t.Logf("%d pages, %d workers killed in %s: %d lost, %d twice, %d unexpected, %d dead letters",
		len(want), kills, time.Since(began).Round(time.Second), lost, twice, extra, dead)
	if lost != 0 || twice != 0 || extra != 0 || dead != 0 {
		t.Error("the invariant fetched - indexed - dead = 0 does not hold")
	}
	if kills == 0 {
		t.Error("nothing was killed; the drill shows nothing")
	}
}

func TestDrillCatchesWorkerThatAcknowledgesFirst(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := testNewsroom(t, drillPages())
	want := expected(site)
	c := newCluster(t, site)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.normalizeProgram, c.normalizeEnv = self, []string{mutantEnv + "=ack-first"}
	c.startIngest()
	c.startIndex()
	kills := c.killBusy(t, 5)
	c.startNormalize()
	done := func() bool { return c.api().total() >= len(want) || c.idle(t, len(want)) }
	kills += c.killUntil(t, done, 10*time.Minute, []func(){func() { c.normalize.kill(); c.startNormalize() }})
	c.drained(t, 2*time.Minute)
	lost, _, _ := c.count(t, want)
	t.Logf("%d pages, mutant killed %d times: %d lost", len(want), kills, lost)
	if lost == 0 {
		t.Error("a worker that acknowledges first lost nothing; the drill could not have caught it")
	}
}

// restarts are what the drill does at each turn: kill a worker, start another.
func (c *cluster) restarts() []func() {
	return []func(){
		func() { c.ingest.kill(); c.startIngest() },
		func() { c.normalize.kill(); c.startNormalize() },
		func() { c.idx.kill(); c.startIndex() },
	}
}

// killUntil kills a worker every two seconds until done, and returns how many.
func (c *cluster) killUntil(t *testing.T, done func() bool, within time.Duration, acts []func()) int {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	deadline := time.Now().Add(within)
	next := time.Now().Add(killEvery)
	kills := 0
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("not done within %s: %d of the articles are searchable", within, c.api().total())
		}
		if time.Now().After(next) {
			acts[random.IntN(len(acts))]()
			kills++
			next = time.Now().Add(killEvery)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return kills
}

// killBusy kills the normalize worker in the middle of its work, whatever the
// speed of the machine: it begins when pages are waiting and ends it when some
// of them are taken.
func (c *cluster) killBusy(t *testing.T, times int) int {
	t.Helper()
	eventually(t, 2*time.Minute, "pages are waiting", func() bool { return c.messages(t, bus.StreamPages) >= 50 })
	kills := 0
	for kills < times && c.messages(t, bus.StreamPages) >= 10 {
		waiting := c.messages(t, bus.StreamPages)
		c.startNormalize()
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && c.messages(t, bus.StreamPages) >= waiting; {
			time.Sleep(5 * time.Millisecond)
		}
		c.normalize.kill()
		kills++
	}
	return kills
}

// idle reports whether every page has been fetched and nothing is under way any
// more: what is missing then is lost.
func (c *cluster) idle(t *testing.T, pages int) bool {
	t.Helper()
	return c.fetched(t) >= pages && c.underWay(t) == 0
}

// drained waits until nothing is under way, twice in a row.
func (c *cluster) drained(t *testing.T, within time.Duration) {
	t.Helper()
	calm := 0
	eventually(t, within, "the streams are empty", func() bool {
		if c.underWay(t) != 0 {
			calm = 0
			return false
		}
		calm++
		return calm >= 15
	})
}

func (c *cluster) underWay(t *testing.T) int {
	t.Helper()
	return c.messages(t, bus.StreamURLs) + c.messages(t, bus.StreamBackfill) + c.messages(t, bus.StreamPages) + c.messages(t, bus.StreamArticles)
}

// fetched counts the pages that ingest has noted as done.
func (c *cluster) fetched(t *testing.T) int {
	t.Helper()
	return c.messages(t, "KV_"+bus.BucketPages)
}

// messages asks the broker how many messages a stream holds.
func (c *cluster) messages(t *testing.T, stream string) int {
	t.Helper()
	if c.js == nil {
		conn, err := nats.Connect(c.nats, nats.MaxReconnects(-1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		if c.js, err = jetstream.New(conn); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return -1
	}
	return int(s.CachedInfo().State.Msgs)
}

// count compares the index with what the newsroom published.
func (c *cluster) count(t *testing.T, want map[string]newsroom.Known) (lost, twice, extra int) {
	t.Helper()
	ids, double, err := c.api().all()
	if err != nil {
		t.Fatal(err)
	}
	for url := range want {
		if ids[url] == "" {
			lost++
			if lost <= 3 {
				t.Logf("lost: %s", url)
			}
		}
	}
	for url := range ids {
		if _, ok := want[url]; !ok {
			extra++
		}
	}
	return lost, len(double), extra
}
