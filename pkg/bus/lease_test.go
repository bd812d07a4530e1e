package bus

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestLeaseHasOneHolder(t *testing.T) {
	s := testServer(t, ServerOptions{})
	var log logs
	a := ensured(t, Options{InProcess: s, LeaseTTL: 2 * time.Second})
	b := testBus(t, Options{InProcess: s, LeaseTTL: 2 * time.Second, Logger: log.logger()})
	started, release := make(chan uint64, 1), make(chan struct{})
	doneA, doneB := make(chan error, 1), make(chan error, 1)
	go func() {
		doneA <- a.HoldLease(t.Context(), "index", "first", func(_ context.Context, fence uint64) error {
			started <- fence
			<-release
			return nil
		})
	}()
	first := <-started
	var entered atomic.Bool
	go func() {
		doneB <- b.HoldLease(t.Context(), "index", "second", func(_ context.Context, fence uint64) error {
			entered.Store(true)
			started <- fence
			return errors.New("from the work")
		})
	}()
	eventually(t, "the waiter says for whom it waits", func() bool { return strings.Contains(log.String(), "holder=first") })
	// Longer than the TTL: the holder renews.
	time.Sleep(3 * time.Second)
	if entered.Load() {
		t.Fatal("two holders at a time")
	}
	holders, err := b.LeaseHolders(t.Context())
	if err != nil || holders["index"] != "first" || len(holders) != 1 {
		t.Errorf("holders: %v, %v", holders, err)
	}
	close(release)
	if err := <-doneA; err != nil {
		t.Error(err)
	}
	if second := <-started; second <= first {
		t.Errorf("fence %d after %d", second, first)
	}
	if err := <-doneB; err == nil || err.Error() != "from the work" {
		t.Errorf("error of the work: %v", err)
	}
	if n := strings.Count(log.String(), "waiting for a lease"); n != 1 {
		t.Errorf("waiting was logged %d times", n)
	}
}

func TestLeaseOfADeadHolderIsTakenOver(t *testing.T) {
	s := testServer(t, ServerOptions{})
	a := ensured(t, Options{InProcess: s, LeaseTTL: time.Second})
	b := testBus(t, Options{InProcess: s, LeaseTTL: time.Second})
	started, lost := make(chan uint64, 2), make(chan time.Time, 1)
	doneA := make(chan error, 1)
	go func() {
		doneA <- a.HoldLease(context.Background(), "ingest.7", "first", func(ctx context.Context, fence uint64) error {
			started <- fence
			<-ctx.Done()
			lost <- time.Now()
			return ctx.Err()
		})
	}()
	first := <-started
	a.Conn().Close() // dead, for the broker
	var took time.Time
	err := b.HoldLease(t.Context(), "ingest.7", "second", func(_ context.Context, fence uint64) error {
		took = time.Now()
		if fence <= first {
			t.Errorf("fence %d after %d", fence, first)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if left := <-lost; left.After(took) {
		t.Errorf("the first holder noticed %s after the second began", left.Sub(took))
	}
	if err := <-doneA; err == nil || !strings.Contains(err.Error(), "lease lost: ingest.7") {
		t.Errorf("first holder: %v", err)
	}
}

func TestLeaseEndsWithContext(t *testing.T) {
	b := ensured(t, Options{LeaseTTL: 5 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	err := b.HoldLease(ctx, "index", "me", func(ctx context.Context, _ uint64) error {
		cancel()
		<-ctx.Done()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// It was released, so it is free long before the TTL.
	l, err := b.AcquireLease(t.Context(), "index", "other")
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.AcquireLease(t.Context(), "index", "third")
	var held *HeldError
	if !errors.As(err, &held) || held.Owner != "other" || !errors.Is(err, ErrLeaseHeld) {
		t.Errorf("held lease: %v", err)
	}
	// A waiter that is told to end has nothing to report.
	wctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := b.HoldLease(wctx, "index", "fourth", func(context.Context, uint64) error { t.Error("held twice"); return nil }); err != nil {
		t.Error(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Errorf("second release: %v", err)
	}
}

func TestStolenLeaseIsNoticed(t *testing.T) {
	b := ensured(t, Options{LeaseTTL: time.Second})
	l, err := b.AcquireLease(t.Context(), "index", "me")
	if err != nil {
		t.Fatal(err)
	}
	kv, err := b.Bucket(t.Context(), BucketLeases)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(t.Context(), "index", []byte(`{"owner":"thief","nonce":"x"}`)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.Context().Done():
	case <-time.After(5 * time.Second):
		t.Fatal("not noticed")
	}
	if cause := context.Cause(l.Context()); !strings.Contains(cause.Error(), "now held by thief") {
		t.Errorf("cause: %v", cause)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if e, err := kv.Get(t.Context(), "index"); err != nil || !strings.Contains(string(e.Value()), "thief") {
		t.Errorf("the release touched a lease of somebody else: %v", err)
	}
}

// A renewal whose answer is lost was perhaps carried out.
func TestLeaseSurvivesALostAnswer(t *testing.T) {
	b := ensured(t, Options{LeaseTTL: time.Second})
	l, err := b.AcquireLease(t.Context(), "index", "me")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.kv.Put(t.Context(), "index", l.value); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	if l.Context().Err() != nil {
		t.Fatalf("lost: %v", context.Cause(l.Context()))
	}
	// The same before a release.
	if _, err := l.kv.Put(t.Context(), "index", l.value); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if holders, err := b.LeaseHolders(t.Context()); err != nil || len(holders) != 0 {
		t.Errorf("holders after release: %v, %v", holders, err)
	}
}

// TestLeaseOfAKilledProcessIsInherited lets another process take a lease and
// kills it: who comes next on this machine need not wait for the TTL.
func TestLeaseOfAKilledProcessIsInherited(t *testing.T) {
	if thisProcess().PID == 0 {
		t.Skip("this system does not tell processes apart")
	}
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	gone, alive := thisProcess(), thisProcess()
	gone.PID = dead.Process.Pid
	elsewhere := gone
	elsewhere.Boot = "another"
	inside := gone
	inside.Namespace = "pid:[1]"
	for _, c := range []struct {
		name string
		who  processID
		dead bool
	}{{"ended", gone, true}, {"alive", alive, false}, {"on another machine", elsewhere, false}, {"in another namespace", inside, false}, {"unknown", processID{}, false}} {
		if got := c.who.surelyDead(); got != c.dead {
			t.Errorf("a process %s: surely dead %v, want %v", c.name, got, c.dead)
		}
	}

	b := ensured(t, Options{InProcess: testServer(t, ServerOptions{})})
	kv, err := b.Bucket(t.Context(), BucketLeases)
	if err != nil {
		t.Fatal(err)
	}
	for key, who := range map[string]processID{"ended": gone, "alive": alive} {
		value, err := json.Marshal(leaseValue{Owner: "former", Process: who})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Create(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.AcquireLease(t.Context(), "alive", "next"); !errors.Is(err, ErrLeaseHeld) {
		t.Errorf("the lease of a process that is alive: %v, want ErrLeaseHeld", err)
	}
	l, err := b.AcquireLease(t.Context(), "ended", "next")
	if err != nil {
		t.Fatalf("the lease of a process that has ended: %v", err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
}
