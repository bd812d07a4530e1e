package bus

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// longTTL is so long that a waiter that only asks from time to time comes too
// late for these tests.
const longTTL = 5 * time.Minute

// waiter waits for a lease in the background; the channel yields once it has it.
func waiter(t *testing.T, b *Bus, key string) <-chan *Lease {
	t.Helper()
	got := make(chan *Lease, 1)
	go func() {
		if l, err := b.waitLease(t.Context(), key, "waiter"); err == nil {
			got <- l
		}
		close(got)
	}()
	return got
}

// has waits until a waiter has its lease, and gives it back.
func has(t *testing.T, got <-chan *Lease) {
	t.Helper()
	select {
	case l := <-got:
		if l == nil {
			t.Fatal("the waiter ended without the lease")
		}
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the waiter does not get the lease")
	}
}

// occupy writes a lease as a process would, and returns how to give it back.
func occupy(t *testing.T, b *Bus, key string, who processID) func() {
	t.Helper()
	kv, err := b.Bucket(t.Context(), BucketLeases)
	if err != nil {
		t.Fatal(err)
	}
	value, err := json.Marshal(leaseValue{Owner: "holder", Nonce: "n", Process: who})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := kv.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReleasedLeaseIsTakenAtOnce(t *testing.T) {
	var log logs
	b := ensured(t, Options{LeaseTTL: longTTL, Logger: log.logger()})
	held, err := b.AcquireLease(t.Context(), "index", "holder")
	if err != nil {
		t.Fatal(err)
	}
	// Every try of a waiter is a message under the key.
	var asks atomic.Int32
	sub, err := b.Conn().Subscribe("$KV."+BucketLeases+".index", func(*nats.Msg) { asks.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	got := waiter(t, b, "index")
	eventually(t, "the waiter waits", func() bool { return strings.Contains(log.String(), "holder=holder") })
	time.Sleep(8 * leaseLook)
	if n := asks.Load(); n != 1 {
		t.Errorf("the waiter asked %d times of a lease that did not change, want once", n)
	}
	if owner, held, err := b.LeaseHolder(t.Context(), "index"); owner != "holder" || !held || err != nil {
		t.Errorf("holder: %q, %v, %v", owner, held, err)
	}
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	has(t, got)
	if owner, held, err := b.LeaseHolder(t.Context(), "index"); owner != "" || held || err != nil {
		t.Errorf("holder of a free lease: %q, %v, %v", owner, held, err)
	}
}

// TestLeaseIsTakenWhenItsHolderDies lets the process of the holder end while
// another waits.
func TestLeaseIsTakenWhenItsHolderDies(t *testing.T) {
	who := thisProcess()
	if who.PID == 0 {
		t.Skip("this system does not tell processes apart")
	}
	process := exec.Command("sleep", "600")
	if err := process.Start(); err != nil {
		t.Skip(err)
	}
	who.PID = process.Process.Pid
	var log logs
	b := ensured(t, Options{LeaseTTL: longTTL, Logger: log.logger()})
	occupy(t, b, "index", who)
	got := waiter(t, b, "index")
	eventually(t, "the waiter waits", func() bool { return strings.Contains(log.String(), "holder=holder") })
	select {
	case <-got:
		t.Error("the waiter took the lease of a process that is alive")
	case <-time.After(4 * leaseLook):
	}
	_ = process.Process.Kill()
	_ = process.Wait()
	has(t, got)
	if !strings.Contains(log.String(), "took over the lease") {
		t.Errorf("log: %s", &log)
	}
}

// TestWaitingOutlivesTheBroker stops and starts the broker under a waiter, twice.
func TestWaitingOutlivesTheBroker(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "broker")
	s := testServer(t, ServerOptions{Dir: dir, Listen: "127.0.0.1:0"})
	addr := strings.TrimPrefix(s.ClientURL(), "nats://")
	var log logs
	b := ensured(t, Options{URL: s.ClientURL(), LeaseTTL: longTTL, Logger: log.logger()})
	release := occupy(t, b, "index", processID{})
	got := waiter(t, b, "index")
	eventually(t, "the waiter waits", func() bool { return strings.Contains(log.String(), "holder=holder") })
	for range 2 {
		before := log.String()
		s.Shutdown()
		eventually(t, "the waiter misses the broker", func() bool {
			return strings.Contains(strings.TrimPrefix(log.String(), before), "cannot ask for a lease")
		})
		s = testServer(t, ServerOptions{Dir: dir, Listen: addr})
		eventually(t, "the waiter waits again", func() bool {
			return strings.Contains(strings.TrimPrefix(log.String(), before), "holder=holder")
		})
	}
	release()
	has(t, got)
}

// TestWaiterFindsWhatItTook tries anew after an answer was lost.
func TestWaiterFindsWhatItTook(t *testing.T) {
	b := ensured(t, Options{LeaseTTL: longTTL})
	first, err := b.acquireLease(t.Context(), "index", "me", "one")
	if err != nil {
		t.Fatal(err)
	}
	first.cancel(context.Canceled) // as if the answer had not come
	<-first.done
	if _, err := b.acquireLease(t.Context(), "index", "me", "two"); err == nil {
		t.Error("another hold of this process took the lease")
	}
	again, err := b.acquireLease(t.Context(), "index", "me", "one")
	if err != nil {
		t.Fatal(err)
	}
	if again.Fence <= first.Fence {
		t.Errorf("fence %d after %d", again.Fence, first.Fence)
	}
	if err := again.Release(t.Context()); err != nil {
		t.Error(err)
	}
}
