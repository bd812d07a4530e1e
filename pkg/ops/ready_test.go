package ops

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestChecksNameWhatFails(t *testing.T) {
	ok := func(context.Context) error { return nil }
	check := Checks(
		Check{"broker", func(context.Context) error { return errors.New("no connection") }},
		Check{"streams", ok},
		Check{"index", func(context.Context) error { panic("nil map") }},
	)
	err := check(t.Context())
	const want = "broker: no connection\nindex: panic: nil map"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if err := Checks(Check{"broker", ok})(t.Context()); err != nil {
		t.Errorf("all parts work, error = %v", err)
	}
	if err := Checks()(t.Context()); err != nil {
		t.Errorf("no parts, error = %v", err)
	}
}

func TestChecksDoNotWaitForASilentPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var asked atomic.Int32
		check := Checks(
			Check{"index", func(context.Context) error { // ignores its context
				asked.Add(1)
				<-release
				return nil
			}},
			Check{"broker", func(ctx context.Context) error { return nil }},
		)
		ask := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return check(ctx)
		}
		for range 3 {
			start := time.Now()
			if err := ask(); err == nil || err.Error() != "index: no answer in time" {
				t.Fatalf("error = %v", err)
			}
			if took := time.Since(start); took != time.Second {
				t.Errorf("took %s", took)
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("the silent part was asked %d times at once", n)
		}
		close(release)
		synctest.Wait()
		if err := ask(); err != nil {
			t.Errorf("after the part answered: %v", err)
		}
	})
}

// A caller that goes away must not spoil the answer that others wait for.
func TestFlightOutlivesItsFirstCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flight
		slow := func(ctx context.Context) error {
			select {
			case <-time.After(2 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		first, cancel := context.WithCancel(t.Context())
		go func() { _ = f.do(first, slow) }()
		synctest.Wait()
		second := make(chan error, 1)
		go func() { second <- f.do(t.Context(), slow) }()
		synctest.Wait()
		cancel()
		if err := <-second; err != nil {
			t.Errorf("second caller: %v", err)
		}
	})
}
