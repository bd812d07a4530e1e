package app

import (
	"testing"
	"time"
)

// TestHostTurns: URLs of one host come back one after the other, others are not
// held up, and none is sent away for long.
func TestHostTurns(t *testing.T) {
	now := time.Date(2026, time.May, 4, 12, 0, 0, 0, time.UTC)
	turns := newHostTurns(2 * time.Second)
	last := time.Duration(0)
	for i := range 600 {
		wait := turns.next("busy.example", 16, 32*time.Second, now)
		switch {
		case i == 0 && wait != 32*time.Second:
			t.Fatalf("the first waits %s, and the host needs 32s for those in front", wait)
		case i > 0 && last < maxTurnWait && wait != min(last+2*time.Second, maxTurnWait):
			t.Fatalf("URL %d comes back after %s, the one before after %s", i, wait, last)
		case wait > maxTurnWait:
			t.Fatalf("URL %d waits %s", i, wait)
		}
		last = wait
	}
	if wait := turns.next("idle.example", 4, time.Second, now); wait != time.Second {
		t.Errorf("another host waits %s", wait)
	}
	later := now.Add(time.Hour)
	if wait := turns.next("busy.example", 16, 32*time.Second, later); wait != 32*time.Second {
		t.Errorf("an hour later the host waits %s", wait)
	}
	for i := range 3 * maxHostTurns {
		turns.next(time.Duration(i).String(), 16, time.Second, later.Add(time.Duration(i)*time.Second))
	}
	if n := len(turns.at); n > maxHostTurns+1 {
		t.Errorf("%d hosts are remembered", n)
	}
}
