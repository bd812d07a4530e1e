package app

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/copydesk/copydesk/pkg/article"
)

func testPlan(t testing.TB, takedownAfter time.Duration, steps ...string) revisitPlan {
	t.Helper()
	p, err := newRevisitPlan(steps, takedownAfter)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRevisitTimesAreChecked(t *testing.T) {
	for _, c := range []struct {
		values []string
		after  time.Duration
		want   string // part of the error, "" for none
	}{
		{[]string{"15m", "1h", " 6h ", "24h", "72h"}, time.Hour, ""},
		{[]string{"none"}, 0, ""},
		{[]string{"144h", "288h"}, time.Hour, ""},
		{[]string{"none", "1h"}, time.Hour, `"none" is no duration`},
		{[]string{"soon"}, time.Hour, `"soon" is no duration`},
		{[]string{""}, time.Hour, `"" is no duration`},
		{[]string{"-1h"}, time.Hour, "shorter than 1s"},
		{[]string{"1h", "15m"}, time.Hour, "15m does not come after 1h"},
		{[]string{"1h", "1h"}, time.Hour, "does not come after"},
		{[]string{"15m", "200h"}, time.Hour, "would be forgotten"},
		{slices.Repeat([]string{"1h"}, 17), time.Hour, "at most 16"},
		{[]string{"1h"}, -time.Second, "--takedown-after"},
		{[]string{"1h"}, 1000 * time.Hour, "--takedown-after"},
	} {
		_, err := newRevisitPlan(c.values, c.after)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, %s: %v, want %q", c.values, c.after, err, c.want)
		}
	}
}

func TestPlanOfLooks(t *testing.T) {
	first := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return first.Add(d)
	}
	day := 24 * time.Hour
	plan := testPlan(t, time.Hour, "15m", "1h", "6h", "24h", "72h")
	for _, c := range []struct {
		name      string
		plan      revisitPlan
		now       time.Duration // since the first fetch
		gone      time.Duration // 0: not
		down      time.Duration
		final     string
		from, end time.Duration // of the next look, both 0: none
	}{
		{name: "after the first fetch", plan: plan, from: 15 * time.Minute, end: 17 * time.Minute},
		{name: "after the first look", plan: plan, now: 16 * time.Minute, from: time.Hour, end: 67 * time.Minute},
		{name: "missed looks are not made up for", plan: plan, now: 20 * time.Hour, from: day, end: 27 * time.Hour},
		{name: "after the last look", plan: plan, now: 73 * time.Hour},
		{name: "off", plan: testPlan(t, time.Hour, "none")},
		{name: "front page", plan: plan, final: "https://a.example/"},
		{name: "gone once", plan: plan, now: 7 * time.Hour, gone: 7 * time.Hour, from: 8 * time.Hour, end: 8*time.Hour + 7*time.Minute},
		{name: "gone once at the last look", plan: plan, now: 73 * time.Hour, gone: 73 * time.Hour, from: 74 * time.Hour, end: 75 * time.Hour},
		{name: "gone once and then out of reach", plan: plan, now: 10 * time.Hour, gone: 7 * time.Hour, from: 13 * time.Hour, end: 14 * time.Hour},
		{name: "gone once and out of reach for long", plan: plan, now: 60 * time.Hour, gone: 7 * time.Hour, from: 72 * time.Hour, end: 80 * time.Hour},
		{name: "taken down", plan: plan, now: 8 * time.Hour, gone: 7 * time.Hour, down: 8 * time.Hour, from: day, end: 27 * time.Hour},
		{name: "taken down at the last look", plan: plan, now: 74 * time.Hour, gone: 73 * time.Hour, down: 74 * time.Hour, from: 122 * time.Hour, end: 127 * time.Hour},
		{name: "taken down and looked at once more", plan: plan, now: 124 * time.Hour, gone: 73 * time.Hour, down: 74 * time.Hour},
	} {
		final := c.final
		if final == "" {
			final = "https://a.example/page"
		}
		state := &pageState{PageID: article.ID(final), FinalURL: final, FirstFetch: first, GoneSince: at(c.gone), TakenDown: at(c.down)}
		next := c.plan.next(state, first.Add(c.now))
		if c.end == 0 {
			if !next.IsZero() {
				t.Errorf("%s: looked at %s after the first fetch, want never", c.name, next.Sub(first))
			}
			continue
		}
		if next.Before(first.Add(c.from)) || next.After(first.Add(c.end)) {
			t.Errorf("%s: looked at %s after the first fetch, want %s to %s", c.name, next.Sub(first), c.from, c.end)
		}
	}
}

// TestPlanStaysWithinTheLifeOfAState: a state lives for 7 days after it was
// saved, so no look may be planned later than that, whatever the flags.
func TestPlanStaysWithinTheLifeOfAState(t *testing.T) {
	plan := testPlan(t, maxRevisitGap, "144h", "288h")
	now := time.Now()
	fetched := &pageState{PageID: "x", FinalURL: "https://a.example/page", FirstFetch: now}
	gone := *fetched
	gone.GoneSince = now
	down := gone
	down.TakenDown = now
	for name, s := range map[string]*pageState{"fetched": fetched, "gone": &gone, "taken down": &down} {
		if wait := plan.next(s, now).Sub(now); wait > 7*24*time.Hour-time.Hour {
			t.Errorf("%s: the next look is %s away; the state is forgotten before", name, wait)
		}
	}
}

// looksOnly is a queue of looks without broker.
func looksOnly(gap time.Duration, limit int) *revisits {
	r := &revisits{owned: func(int) bool { return true }, gap: gap, limit: limit, log: slog.New(slog.DiscardHandler), wake: make(chan struct{}, 1), waiting: func(string) int { return 0 }}
	r.metrics = newRevisitMetrics(prometheus.NewRegistry(), r.count)
	r.reset()
	return r
}

func lookAt(i int, host string, at time.Time) look {
	ref, _ := refOf(pageKey(fmt.Sprintf("https://%s/%d", host, i)))
	return look{at: at.UnixNano(), host: hashOf(host), ref: ref}
}

func TestLooksAtOneHostAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := looksOnly(2*time.Second, maxRevisits)
		start := time.Now()
		for i := range 50 {
			r.push(lookAt(i, "a.example", start))
		}
		r.push(lookAt(0, "b.example", start))
		var a []time.Duration
		for len(a) < 50 {
			l, wait := r.take(time.Now())
			switch {
			case l == nil:
				time.Sleep(wait)
			case l.host == hashOf("a.example"):
				a = append(a, time.Since(start))
			case time.Since(start) > 0:
				t.Errorf("the other host waited %s", time.Since(start))
			}
		}
		for i, at := range a {
			if want := time.Duration(i) * 2 * time.Second; at != want {
				t.Fatalf("look %d at the host after %s, want %s", i, at, want)
			}
		}
	})
}

func TestQueueOfLooksIsBounded(t *testing.T) {
	r := looksOnly(0, 3)
	for i := range 5 {
		r.push(lookAt(i, "a.example", time.Now().Add(time.Hour)))
	}
	if n := r.count(); n != 3 {
		t.Errorf("%d looks queued, want 3", n)
	}
	if n := testutil.ToFloat64(r.metrics.outcomes.WithLabelValues(lookLeftOut)); n != 2 {
		t.Errorf("%v looks counted as left out, want 2", n)
	}
}

func TestLostLookIsQueuedAgainButNotForEver(t *testing.T) {
	r := looksOnly(0, 10)
	l := lookAt(1, "a.example", time.Now())
	now := time.Now()
	r.out[l.ref] = queuedLook{since: now}
	for try := 1; try < revisitTries; try++ {
		now = now.Add(revisitLost)
		again, _ := r.take(now)
		if again == nil || again.ref != l.ref || int(again.tries) != try {
			t.Fatalf("try %d: %+v", try, again)
		}
		r.out[l.ref] = queuedLook{since: now, tries: again.tries}
	}
	if again, _ := r.take(now.Add(revisitLost)); again != nil || r.count() != 0 {
		t.Error("a look that is lost again and again is queued for ever")
	}
}

func TestPageKeysAreReadBack(t *testing.T) {
	key := pageKey("https://a.example/x")
	if ref, ok := refOf(key); !ok || ref.key() != key {
		t.Errorf("%s came back as %s, %v", key, ref.key(), ok)
	}
	for _, bad := range []string{"", "5", "x.y", "300." + article.ID("x"), asideKey("https://a.example/x")} {
		if _, ok := refOf(bad); ok {
			t.Errorf("%q passes for the key of a page", bad)
		}
	}
}

func TestLookWaitsForNewPages(t *testing.T) {
	r := looksOnly(time.Second, 10)
	now := time.Now()
	if r.hostBusy("a.example", now) != 0 {
		t.Error("an idle host is busy")
	}
	r.freshWaits("a.example", time.Minute)
	if wait := r.hostBusy("a.example", now); wait < time.Minute {
		t.Errorf("a look waits %s for new pages that wait a minute", wait)
	}
	if r.hostBusy("b.example", now) != 0 {
		t.Error("another host is busy, too")
	}
	r.waiting = func(string) int { return 3 }
	if wait := r.hostBusy("b.example", now); wait < 3*time.Second {
		t.Errorf("a look waits %s for three requests", wait)
	}
}
