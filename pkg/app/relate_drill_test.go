package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/ops"
)

// This drill kills the worker that writes the index, again and again, while
// another stands by for it. What the two make of the articles must be what one
// worker makes of them that nobody disturbs.

// relateArticles is how many messages the drill sends through.
func relateArticles() int {
	if os.Getenv("COPYDESK_DRILL") != "" {
		return 20000
	}
	return 1500
}

const (
	// ownerLife is how long a worker writes before it is killed.
	ownerLife = 3 * time.Second
	// backlog bounds the messages that wait in the stream.
	backlog = 2000
	// shortAckWait is when a message of a killed worker comes again; workers set
	// 30 s. The broker lets 512 be out at a time, so those of three that were
	// killed would keep the next one waiting.
	shortAckWait = 3 * time.Second
)

// forgetfulCommand is the index worker with the mistake.
type forgetfulCommand struct{ IndexCommand }

// Run shadows that of the right worker.
func (c *forgetfulCommand) Run(ctx context.Context, env Env) error {
	dir, err := indexDir(c.Index)
	if err != nil {
		return err
	}
	listener, err := ops.Bind(ctx, c.Listen, "--listen")
	if err != nil {
		return err
	}
	defer listener.Close()
	return c.serve(ctx, env, "index", c.HTTP, func(d deps) (runner, error) {
		d.skipRebuild = true
		return newSearchWorker(ctx, d, sharedIndexIn(dir, d.log, d.reg), c.SearchFlags, c.RelateFlags, listener)
	})
}

func TestDrillKilledOwnersOfTheIndex(t *testing.T) {
	t.Parallel() // it waits more than it works
	n := relateArticles()
	traffic := newTraffic(t, testNewsroom(t, n*3/4), n)
	t.Logf("messages: %v", traffic.kinds)
	calm := newRelay(t, 1)
	calm.run(traffic, nil)
	want := calm.result(traffic)
	calm.c.broker.kill()
	checkTraffic(t, want)

	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, 2)
		r.run(traffic, relateKilling(n))
		if r.kills < 2 {
			t.Errorf("%d owners were killed; the drill shows nothing", r.kills)
		}
		got := compareRuns(want, r.result(traffic))
		got.log(t)
		for field, n := range got.fields {
			// Whether two texts that share very little are compared at all can depend
			// on which came first: the table knows the sketch of the earlier one only
			// roughly.
			if field != "links" || n > len(want)/500 {
				t.Errorf("%s: %d of %d articles are not what an undisturbed worker makes of them", field, n, len(want))
			}
		}
		// Which story an article is in depends on what came before it, and the
		// articles of a worker that was killed come later: in a long drill, more
		// than half of all. So stories are no invariant; a worker that forgets what
		// it knew would fall far below this.
		if got.stories < .85 {
			t.Errorf("stories agree by %.4f with those of an undisturbed worker, want .85", got.stories)
		}
	})
	t.Run("caught", func(t *testing.T) {
		t.Parallel()
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		r := newRelay(t, 2)
		r.program, r.env = self, []string{mutantEnv + "=forgetful"}
		r.run(traffic, &killing{every: ownerLife, after: n / 6, most: 3})
		got := compareRuns(want, r.result(traffic))
		got.log(t)
		if got.fields["cluster"] == 0 {
			t.Error("workers that forget what was before found the same copies; the drill could not have caught them")
		}
	})
}

// killing says when owners are killed: after a time or so many messages, and how
// often at most.
type killing struct {
	every time.Duration
	after int
	most  int
}

// relateKilling kills every three seconds, in a short drill a few times.
func relateKilling(messages int) *killing {
	if os.Getenv("COPYDESK_DRILL") != "" {
		return &killing{every: ownerLife, after: messages, most: messages}
	}
	return &killing{every: ownerLife, after: messages / 6, most: 3}
}

// relay is index workers over one directory, of which one at a time works.
type relay struct {
	t       *testing.T
	c       *cluster
	dir     string
	program string
	env     []string
	workers []*relayWorker

	published  int
	owner      int       // -1 while nobody writes
	since      time.Time // when the owner began to write, or the last one was killed
	began      int       // messages done when the owner began
	kills      int
	takeOvers  []time.Duration
	rebuilding []time.Duration
}

// relayWorker is one place in a relay; who is killed comes back to it.
type relayWorker struct {
	http, listen string
	p            *process
}

func newRelay(t *testing.T, workers int) *relay {
	t.Helper()
	r := &relay{t: t, owner: -1, program: program(t, "index")}
	r.c = &cluster{t: t, dir: t.TempDir(), brokerAddr: freeAddr(t)}
	r.c.nats, r.dir = "nats://"+r.c.brokerAddr, filepath.Join(r.c.dir, "index")
	r.c.broker = startBroker(t, r.c.dir, r.c.brokerAddr)
	for range workers {
		r.workers = append(r.workers, &relayWorker{http: freeAddr(t), listen: freeAddr(t)})
	}
	return r
}

// start starts a worker. A worker insists on its own AckWait when it starts, and
// not later.
func (r *relay) start(i int) {
	r.t.Helper()
	r.setAckWait(30 * time.Second)
	w := r.workers[i]
	w.p = startEnv(r.t, r.env, r.program, "--nats", r.c.nats, "--http", w.http, "--listen", w.listen, "--index", "bleve:"+r.dir)
	eventually(r.t, time.Minute, "an index worker has started", func() bool { return strings.Contains(w.p.output.String(), `"index started"`) })
	r.setAckWait(shortAckWait)
}

func (r *relay) setAckWait(d time.Duration) {
	r.t.Helper()
	cons := r.consumer()
	if cons == nil {
		return
	}
	config := cons.CachedInfo().Config
	config.AckWait = d
	if _, err := r.c.js.UpdateConsumer(r.t.Context(), bus.StreamArticles, config); err != nil {
		r.t.Fatal(err)
	}
}

// consumer is the workers' consumer, nil before the first of them has started.
func (r *relay) consumer() jetstream.Consumer {
	r.t.Helper()
	r.c.messages(r.t, bus.StreamArticles) // connects
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	cons, err := r.c.js.Consumer(ctx, bus.StreamArticles, bus.ConsumerIndex)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound) {
		r.t.Fatal(err)
	}
	return cons
}

// run sends all traffic through, and kills owners as k says.
func (r *relay) run(tr *traffic, k *killing) {
	r.t.Helper()
	for i := range r.workers {
		r.start(i)
	}
	r.since = time.Now()
	start := time.Now()
	deadline := start.Add(15 * time.Minute)
	for wave := range tr.waves {
		left := tr.waves[wave]
		for waiting := 1; len(left) > 0 || waiting > 0; {
			waiting = r.c.messages(r.t, bus.StreamArticles)
			n := min(len(left), max(0, backlog-waiting))
			r.publish(tr, left[:n])
			left = left[n:]
			waiting += n
			r.watch(k, waiting)
			if time.Now().After(deadline) {
				r.t.Fatalf("not done in time: %d messages wait, %d are still to be sent", waiting, len(left))
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	took := time.Since(start)
	for _, w := range r.workers {
		w.p.stop(r.t, 30*time.Second)
		r.readRebuilds(w)
	}
	slices.Sort(r.takeOvers)
	slices.Sort(r.rebuilding)
	r.t.Logf("%d messages in %s, %.0f a second", r.published, took.Round(10*time.Millisecond), float64(r.published)/took.Seconds())
	if n := len(r.takeOvers); n > 0 {
		r.t.Logf("%d owners killed; the next wrote after %s (median), %s at most", r.kills,
			r.takeOvers[n/2].Round(time.Millisecond), r.takeOvers[n-1].Round(time.Millisecond))
	}
	if n := len(r.rebuilding); n > 0 {
		r.t.Logf("rebuilt %d times, in %s (median), %s at most", n, r.rebuilding[n/2].Round(time.Millisecond), r.rebuilding[n-1].Round(time.Millisecond))
	}
}

// publish sends messages and waits until the broker has them.
func (r *relay) publish(tr *traffic, spans []span) {
	r.t.Helper()
	var sent []jetstream.PubAckFuture
	for _, s := range spans {
		msg, err := tr.message(s)
		if err != nil {
			r.t.Fatal(err)
		}
		ack, err := r.c.js.PublishMsgAsync(msg)
		if err != nil {
			r.t.Fatal(err)
		}
		sent = append(sent, ack)
	}
	for _, ack := range sent {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			r.t.Fatal(err)
		case <-time.After(time.Minute):
			r.t.Fatal("the broker does not take a message")
		}
	}
	r.published += len(spans)
}

// watch looks who is the owner, and kills it when its time has come. When so
// little waits that the owner has all of it, the rest would come again and again.
func (r *relay) watch(k *killing, waiting int) {
	r.t.Helper()
	done := r.published - waiting
	if r.owner < 0 {
		for i, w := range r.workers {
			if !w.writes() {
				continue
			}
			if r.kills > 0 {
				r.takeOvers = append(r.takeOvers, time.Since(r.since))
			}
			r.owner, r.since, r.began = i, time.Now(), done
			return
		}
		return
	}
	if k == nil || r.kills == k.most || waiting <= 2*indexBatch || done <= r.began || time.Since(r.since) < k.every && done-r.began < k.after {
		return
	}
	i := r.owner
	w := r.workers[i]
	w.p.kill()
	r.owner, r.since = -1, time.Now()
	r.kills++
	r.readRebuilds(w)
	r.start(i)
}

// writes reports whether a worker has become the owner and knows all that the one
// before it knew. Being ready says less: who waits for its turn may have the index
// open for a moment.
func (w *relayWorker) writes() bool {
	return strings.Contains(w.p.output.String(), `"writing the index"`)
}

// readRebuilds reads from the log of a worker that has ended how long it took to
// rebuild what it knows.
func (r *relay) readRebuilds(w *relayWorker) {
	for s := bufio.NewScanner(strings.NewReader(w.p.output.String())); s.Scan(); {
		var line struct {
			Msg  string
			Took time.Duration
		}
		if json.Unmarshal(s.Bytes(), &line) == nil && strings.HasPrefix(line.Msg, "rebuilt from the index") {
			r.rebuilding = append(r.rebuilding, line.Took)
		}
	}
}

// checkTraffic makes sure that the drill compares something.
func checkTraffic(t *testing.T, placed map[string]placing) {
	t.Helper()
	copies, links, versions, withdrawn := 0, 0, 0, 0
	stories := map[string]bool{}
	for id, p := range placed {
		if p.cluster != id {
			copies++
		}
		if p.links != "" {
			links++
		}
		if p.version > 1 {
			versions++
		}
		if p.withdrawn {
			withdrawn++
		}
		stories[p.story] = true
	}
	summary := fmt.Sprintf("%d articles: %d copies, %d with links, %d of several versions, %d withdrawn, %d stories",
		len(placed), copies, links, versions, withdrawn, len(stories))
	t.Log(summary)
	if least := len(placed) / 200; min(copies, links, versions, withdrawn, len(stories)) < least {
		t.Errorf("too little of something to compare: %s", summary)
	}
}
