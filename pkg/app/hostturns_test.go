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

// TestArchivesAreNotLookedAtAgain: old pages that a sitemap names are fetched
// once; those of feeds and of an operator's list are followed.
func TestArchivesAreNotLookedAtAgain(t *testing.T) {
	plan, err := newRevisitPlan([]string{"15m", "1h"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p := &pageFetcher{revisits: &revisits{plan: plan}}
	now := time.Date(2026, time.May, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		m    urlMessage
		want bool
	}{
		{urlMessage{Feed: "https://news.example/feed"}, true},
		{urlMessage{Backfill: true}, true},
		{urlMessage{Backfill: true, Feed: "https://news.example/sitemap.xml"}, false},
	} {
		state := &pageState{PageID: "p", FinalURL: "https://news.example/story", FirstFetch: now}
		if p.plan(state, c.m, now); state.NextRevisit.IsZero() == c.want {
			t.Errorf("%+v: next look %s", c.m, state.NextRevisit)
		}
	}
}
