package bus

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// shareWatch sees who works on which part, and whether two ever do.
type shareWatch struct {
	t *testing.T

	mu     sync.Mutex
	worker map[int]string
	moves  int
}

func (w *shareWatch) begin(part int, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if other := w.worker[part]; other != "" {
		w.t.Errorf("%s works on part %d while %s does", name, part, other)
	}
	w.worker[part] = name
	w.moves++
}

func (w *shareWatch) end(part int, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.worker[part] == name {
		delete(w.worker, part)
	}
}

func (w *shareWatch) counts() (n map[string]int, all int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n = map[string]int{}
	for _, name := range w.worker {
		n[name]++
	}
	return n, len(w.worker)
}

// worker takes part under a name until stopped. Its work on a part ends when it
// is told to, or when its lease ends.
type testSharer struct {
	watch *shareWatch
	name  string
	stop  func()

	mu   sync.Mutex
	used int
	ends map[int]context.CancelFunc
	work sync.WaitGroup
}

func (w *shareWatch) join(b *Bus, name string) *testSharer {
	s := &testSharer{watch: w, name: name, ends: map[int]context.CancelFunc{}}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.HoldShare(ctx, Share{
			Group: "g", Parts: 64, Owner: name, Gain: s.gain,
			Release: func(part int) {
				s.mu.Lock()
				end := s.ends[part]
				s.mu.Unlock()
				end()
				for s.works(part) {
					time.Sleep(time.Millisecond)
				}
			},
			Lost: s.work.Wait,
		})
	}()
	s.stop = sync.OnceFunc(func() { cancel(); <-done })
	w.t.Cleanup(s.stop)
	return s
}

func (s *testSharer) works(part int) bool {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return s.watch.worker[part] == s.name
}

func (s *testSharer) gain(l *Lease, parts []Part) {
	for _, p := range parts {
		ctx, end := context.WithCancel(l.Context())
		s.mu.Lock()
		s.ends[p.Index] = end
		if p.Used {
			s.used++
		}
		s.mu.Unlock()
		s.watch.begin(p.Index, s.name)
		s.work.Go(func() {
			<-ctx.Done()
			time.Sleep(20 * time.Millisecond) // what is under way takes a moment
			s.watch.end(p.Index, s.name)
		})
	}
}

// await waits until the workers have so many parts each.
func (w *shareWatch) await(want map[string]int) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		n, _ := w.counts()
		if fmt.Sprint(n) == fmt.Sprint(want) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the workers have %v, want %v", n, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func shareBus(t *testing.T, s *Server) *Bus {
	t.Helper()
	return ensured(t, Options{InProcess: s, LeaseTTL: 2 * time.Second})
}

func newShareWatch(t *testing.T) *shareWatch { return &shareWatch{t: t, worker: map[int]string{}} }

func TestShareIsEvenAndMovesLittle(t *testing.T) {
	t.Parallel()
	b := shareBus(t, testServer(t, ServerOptions{}))
	w := newShareWatch(t)
	one := w.join(b, "one")
	w.await(map[string]int{"one": 64})
	if one.used != 0 {
		t.Errorf("%d parts count as used on a new broker", one.used)
	}
	two := w.join(b, "two")
	w.await(map[string]int{"one": 32, "two": 32})
	three := w.join(b, "three")
	w.await(map[string]int{"one": 22, "two": 21, "three": 21})
	if w.moves != 64+32+21 {
		t.Errorf("%d parts were begun, want 117: some moved without need", w.moves)
	}
	owners, err := b.ShareOwners(t.Context(), "g")
	if err != nil || len(owners) != 64 || owners[63] == "" {
		t.Errorf("%d parts have owners, %v", len(owners), err)
	}
	two.stop()
	w.await(map[string]int{"one": 32, "three": 32})
	one.stop()
	three.stop()
	if _, all := w.counts(); all != 0 {
		t.Errorf("%d parts are worked on by nobody", all)
	}
	if owners, err = b.ShareOwners(t.Context(), "g"); err != nil || len(owners) != 0 {
		t.Errorf("%d parts have owners that left, %v", len(owners), err)
	}
	four := w.join(b, "four")
	w.await(map[string]int{"four": 64})
	if four.used != 64 {
		t.Errorf("%d parts count as used, want all", four.used)
	}
}

func TestShareOfASilentWorkerIsTakenOver(t *testing.T) {
	t.Parallel()
	s := testServer(t, ServerOptions{})
	b, cut := shareBus(t, s), shareBus(t, s)
	w := newShareWatch(t)
	w.join(cut, "silent")
	w.await(map[string]int{"silent": 64})
	w.join(b, "other")
	w.await(map[string]int{"silent": 32, "other": 32})
	cut.Conn().Close()
	begin := time.Now()
	w.await(map[string]int{"other": 64})
	if took := time.Since(begin); took > 3*b.opts.LeaseTTL {
		t.Errorf("the other took over after %s with a TTL of %s", took, b.opts.LeaseTTL)
	}
}

// TestBuriedWorkerCannotRenew: the tombstone is what makes death a fact.
func TestBuriedWorkerCannotRenew(t *testing.T) {
	t.Parallel()
	b := shareBus(t, testServer(t, ServerOptions{}))
	l, err := b.AcquireLease(t.Context(), "g.worker.x", "x")
	if err != nil {
		t.Fatal(err)
	}
	h := &sharing{bus: b, s: Share{Group: "g"}, log: b.log, id: "me", view: newShareView(b, "g")}
	if err := h.bury(t.Context(), "x"); err == nil {
		t.Fatal("a worker was buried whose lease nobody looked at")
	}
	h.look(t.Context(), "x")
	if h.view.dead("x") {
		t.Error("a worker counts as dead that was just heard of")
	}
	if err := l.renewOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.bury(t.Context(), "x"); err == nil {
		t.Fatal("a worker was buried that had renewed meanwhile")
	}
	h.look(t.Context(), "x")
	if err := h.bury(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if err := l.renewOnce(t.Context()); !errors.Is(err, errLeaseLost) {
		t.Errorf("a buried worker renewed: %v", err)
	}
	select {
	case <-l.Context().Done():
	case <-time.After(10 * time.Second):
		t.Error("a buried worker goes on")
	}
	if l.Valid() {
		t.Error("the lease of a buried worker is valid")
	}
}

// TestShareOfAnEndedProcessIsTakenAtOnce: nobody waits for a TTL.
func TestShareOfAnEndedProcessIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	s := testServer(t, ServerOptions{})
	b := ensured(t, Options{InProcess: s, LeaseTTL: longTTL})
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	who := thisProcess()
	if who.PID == 0 {
		t.Skip("this system does not tell processes apart")
	}
	who.PID = cmd.Process.Pid
	occupy(t, b, "g.worker.old", who)
	h := &sharing{bus: b, s: Share{Group: "g", Parts: 64}, log: b.log, view: newShareView(b, "g")}
	if !h.swap(t.Context(), shareTable{}.of(64).give([]int{0, 1, 2, 63}, "old")) {
		t.Fatal("cannot write the table")
	}
	w := newShareWatch(t)
	n := w.join(b, "new")
	w.await(map[string]int{"new": 64})
	if n.used != 4 {
		t.Errorf("%d parts count as used, want 4", n.used)
	}
}

// TestShareIsJoinedAgain: whoever lost its lease ends its work and begins anew.
func TestShareIsJoinedAgain(t *testing.T) {
	t.Parallel()
	s := testServer(t, ServerOptions{})
	b, other := shareBus(t, s), shareBus(t, s)
	w := newShareWatch(t)
	w.join(b, "one")
	w.join(other, "two")
	w.await(map[string]int{"one": 32, "two": 32})
	for range 2 {
		kv, err := b.Bucket(t.Context(), BucketLeases)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := kv.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			_ = kv.Delete(t.Context(), k)
		}
		time.Sleep(3 * time.Second)
	}
	w.await(map[string]int{"one": 32, "two": 32})
}

func TestShareTargets(t *testing.T) {
	for n := 1; n <= 70; n++ {
		var workers []string
		for i := range n {
			workers = append(workers, fmt.Sprintf("w%02d", i))
		}
		table := shareTable{}.of(64)
		for round := range 2 {
			sum := 0
			next := table
			for _, id := range workers {
				target := table.target(id, workers)
				if target < 64/n || target > (64+n-1)/n {
					t.Fatalf("%d workers: %d parts for one", n, target)
				}
				if have := len(table.owned(id)); round > 0 && have != target {
					t.Errorf("%d workers: %d parts should become %d although all is even", n, have, target)
				}
				sum += target
				free := next.free(func(string) bool { return true })
				next = next.give(free[:min(target, len(free))], id)
			}
			if sum != 64 {
				t.Fatalf("%d workers: %d parts in all", n, sum)
			}
			table = next
		}
	}
	if n := (shareTable{}).of(64).target("x", []string{"y"}); n != 0 {
		t.Errorf("a worker that is not there should own %d parts", n)
	}
}
