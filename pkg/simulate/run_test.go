package simulate

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
)

func wednesday() time.Time { return time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC) }

// Feeds are few here, so the goal is a little wider than that of make simulate.
func TestAdaptiveIsFastAndCheap(t *testing.T) {
	if testing.Short() {
		t.Skip("polls a million times")
	}
	o := Options{Mix: Newsroom(), Seed: 77, Feeds: 400, Warm: 5 * 24 * time.Hour, Start: wednesday()}
	results := Run(o, Rules(cadence.Default()))
	ours, ten, hour := results[0], results[1], results[2]
	if ours.Polls*4 > ten.Polls {
		t.Errorf("%d polls, more than a quarter of the %d of the 10-minute rule", ours.Polls, ten.Polls)
	}
	if ours.Quantile(0.5) > ten.Quantile(0.5) || ours.Quantile(0.9) > ten.Quantile(0.95) {
		t.Errorf("p50 %s, p90 %s; the 10-minute rule has p50 %s, p95 %s", ours.Quantile(0.5), ours.Quantile(0.9), ten.Quantile(0.5), ten.Quantile(0.95))
	}
	if d := ten.Quantile(0.95); d < 9*time.Minute || d > 10*time.Minute {
		t.Errorf("p95 of the 10-minute rule is %s: the simulation is wrong", d)
	}
	if d := hour.Quantile(0.5); d < 27*time.Minute || d > 33*time.Minute {
		t.Errorf("p50 of the hourly rule is %s: the simulation is wrong", d)
	}
	if ours.Lost > ten.Lost || len(ours.Delays)+ours.Lost != len(ten.Delays)+ten.Lost {
		t.Errorf("ours found %d and lost %d, the 10-minute rule found %d and lost %d", len(ours.Delays), ours.Lost, len(ten.Delays), ten.Lost)
	}
}

func TestOneSeedIsOneWeb(t *testing.T) {
	o := Options{Mix: LongTail(), Seed: 5, Feeds: 40, Warm: 24 * time.Hour, Start: wednesday()}
	rules := Rules(cadence.Default())
	a, b := Run(o, rules), Run(o, rules)
	for i := range a {
		if a[i].Polls != b[i].Polls || !slices.Equal(a[i].Delays, b[i].Delays) {
			t.Errorf("rule %q: %d polls, then %d", a[i].Rule, a[i].Polls, b[i].Polls)
		}
	}
	o.Seed++
	if c := Run(o, rules); slices.Equal(a[1].Delays, c[1].Delays) {
		t.Error("another seed is the same web")
	}
}

func TestGoalCanBeMissed(t *testing.T) {
	delays := slices.Repeat([]time.Duration{time.Minute}, 2000)
	late := slices.Repeat([]time.Duration{time.Hour}, 2000)
	base := &Result{Polls: 1000, Delays: delays}
	for name, c := range map[string]struct {
		ours *Result
		ok   bool
	}{
		"reached":        {&Result{Polls: 200, Delays: delays}, true},
		"too many polls": {&Result{Polls: 201, Delays: delays}, false},
		"too late":       {&Result{Polls: 200, Delays: late}, false},
		"entries lost":   {&Result{Polls: 200, Delays: delays, Lost: 5}, false},
	} {
		if err := Goal([]*Result{c.ours, base}); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	lucky, unlucky := &Result{Polls: 200, Delays: delays}, &Result{Polls: 200, Delays: delays, Lost: 9}
	baseUnlucky := &Result{Polls: 1000, Delays: delays, Lost: 8}
	if err := Goal([]*Result{unlucky, base}, []*Result{lucky, baseUnlucky}); err != nil {
		t.Errorf("hardly more lost on both days together: %v", err)
	}
	if err := Goal([]*Result{unlucky, base}, []*Result{unlucky, base}); err == nil {
		t.Error("more lost on both days together")
	}
	if err := Goal([]*Result{lucky, base}, []*Result{{Polls: 201, Delays: delays}, base}); err == nil {
		t.Error("too many polls on the second day")
	}
	if q := (&Result{Delays: delays, Lost: 500}).Quantile(0.95); q != math.MaxInt64 {
		t.Errorf("a fifth of the entries lost, and p95 is %s", q)
	}
	var out bytes.Buffer
	if err := WriteTable(&out, []*Result{base, base}); err != nil || !bytes.Contains(out.Bytes(), []byte("1.0 min")) {
		t.Errorf("table %q, %v", out.String(), err)
	}
}
