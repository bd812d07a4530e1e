package app

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
)

// clockTick is the unit of the CPU times that Linux tells.
const clockTick = 10 * time.Millisecond

// cpuOf is the CPU time that a process has used.
func cpuOf(t *testing.T, p *process) time.Duration {
	t.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	if err != nil {
		t.Skip("this system does not tell:", err)
	}
	// The name, in brackets, may hold anything; times are fields 14 and 15.
	f := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("CPU time of process: %v, %v", err1, err2)
	}
	return time.Duration(user+system) * clockTick
}

// machineTimes is what all cores did since the machine started.
type machineTimes struct{ busy, idle, waits time.Duration }

func readMachine(t *testing.T) machineTimes {
	t.Helper()
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Skip("this system does not tell:", err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	var m machineTimes
	for i, text := range strings.Fields(line)[1:9] {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		switch d := time.Duration(n) * clockTick; i {
		case 3:
			m.idle += d
		case 4:
			m.waits += d
		default:
			m.busy += d
		}
	}
	return m
}

// windows are the samples between which the worker had enough to do: from the
// first that found pages done to the last that found some waiting.
func (r *loadRun) windows() []loadSample {
	first := slices.IndexFunc(r.samples, func(s loadSample) bool { return s.done > 0 })
	last := slices.IndexFunc(r.samples, func(s loadSample) bool { return s.done == r.pages })
	if last < 0 {
		last = len(r.samples)
	}
	if first < 0 || last-first < 2 {
		return nil
	}
	return r.samples[first:last]
}

// rate is the median of the windows, in pages a second.
func (r *loadRun) rate() float64 {
	rates := r.rates()
	if len(rates) == 0 {
		return 0
	}
	slices.Sort(rates)
	return rates[len(rates)/2]
}

func (r *loadRun) rates() []float64 {
	var rates []float64
	seen := r.windows()
	for i := 1; i < len(seen); i++ {
		rates = append(rates, float64(seen[i].done-seen[i-1].done)/seen[i].at.Sub(seen[i-1].at).Seconds())
	}
	return rates
}

// report prints the figures of the run.
func (r *loadRun) report(t *testing.T) {
	t.Helper()
	seen := r.windows()
	if len(seen) < 2 {
		t.Fatalf("the run was too short to tell a rate: %d pages", r.pages)
	}
	a, b := seen[0], seen[len(seen)-1]
	pages, took := float64(b.done-a.done), b.at.Sub(a.at)
	rates := r.rates()
	t.Logf("%.0f pages/s, the median of %d windows of %s between %.0f and %.0f; the goal is %.0f",
		r.rate(), len(rates), loadWindow, slices.Min(rates), slices.Max(rates), loadGoal)
	micros := func(a, b time.Duration) float64 { return float64((b - a).Microseconds()) / pages }
	t.Logf("CPU a page: ingest %.0f µs, broker %.0f µs, sites %.0f µs; allocated by ingest %.0f kB in %.0f objects",
		micros(a.ingest, b.ingest), micros(a.broker, b.broker), micros(a.site, b.site), r.allocated/float64(r.pages)/1e3, r.objects/float64(r.pages))
	c := r.cores()
	t.Logf("of %d cores %.2f worked for this run, %.2f for others, %.2f waited for the disk, %.2f had nothing to do: %s bounds the rate; a core does %.0f pages/s",
		runtime.NumCPU(), c.ours, c.others, c.waits, c.idle, c.bound(), pages/took.Seconds()/c.ours)
	t.Logf("memory in the quarters of the run: ingest %d, %d, %d, %d MB; broker %d MB at first, %d MB with %d pages",
		r.quarter(0), r.quarter(1), r.quarter(2), r.quarter(3), a.brokerMB, b.brokerMB, b.done)
	t.Logf("stored a page: %s; and its message in %s removed", strings.Join(r.writes(t), ", "), bus.StreamURLs)
}

// cores is how many cores did what while the worker had enough to do.
type cores struct{ ours, others, waits, idle float64 }

func (r *loadRun) cores() cores {
	seen := r.windows()
	a, b := seen[0], seen[len(seen)-1]
	share := func(d time.Duration) float64 { return d.Seconds() / b.at.Sub(a.at).Seconds() }
	ours := b.ingest - a.ingest + b.broker - a.broker + b.site - a.site
	return cores{
		ours: share(ours), others: max(0, share(b.machine.busy-a.machine.busy-ours)),
		waits: share(b.machine.waits - a.machine.waits), idle: share(b.machine.idle - a.machine.idle),
	}
}

// bound says what the run was waiting for. Cores that are free while there are
// pages left wait for answers, and those wait for the broker's syncs.
func (c cores) bound() string {
	if c.waits+c.idle > (c.ours+c.others)/4 {
		return "waiting for the broker to sync"
	}
	return "CPU"
}

// writes says how many messages each stream was given, a page.
func (r *loadRun) writes(t *testing.T) []string {
	t.Helper()
	var writes []string
	for stream, n := range r.everStored(t) {
		if n -= r.stored[stream]; n > 0 {
			writes = append(writes, fmt.Sprintf("%s %.3f", stream, float64(n)/float64(r.pages)))
		}
	}
	slices.Sort(writes)
	return writes
}
