package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/simulate"
)

// memoryStates keeps feed states as the broker does, as JSON.
type memoryStates struct {
	mu   sync.Mutex
	data map[string][]byte
}

func (m *memoryStates) load(_ context.Context, url string) (*feedState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := &feedState{URL: url, State: feedNew}
	if data := m.data[url]; data != nil {
		return state, json.Unmarshal(data, state)
	}
	return state, nil
}

func (m *memoryStates) save(_ context.Context, state *feedState) error {
	data, err := json.Marshal(state)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data[state.URL] = data
	return err
}

// visits fetches the pages that polls find: new ones at once, each a second time
// later, and some of those that are old at the first poll, so that all kinds of
// requests share their host.
type visits struct {
	fetcher *fetch.Fetcher
	running sync.WaitGroup

	mu       sync.Mutex
	outcomes map[string]int // by class, ok for an answer
}

func (v *visits) found(ctx context.Context, url string, isNew bool) {
	if !isNew && !strings.HasSuffix(url, "1") {
		return
	}
	v.running.Go(func() {
		if !isNew {
			v.fetch(ctx, url, fetch.PriorityBackfill)
			return
		}
		v.fetch(ctx, url, fetch.PriorityFresh)
		select {
		case <-ctx.Done():
		case <-time.After(time.Hour):
			v.fetch(ctx, url, fetch.PriorityRevisit)
		}
	})
}

// fetch asks again, as the stage does, when the host has no time.
func (v *visits) fetch(ctx context.Context, url string, p fetch.Priority) {
	outcome := ""
	for range 6 {
		_, err := v.fetcher.Fetch(ctx, fetch.Request{URL: url, Kind: fetch.KindPage, Priority: p})
		var ferr *fetch.Error
		if !errors.As(err, &ferr) {
			outcome = "ok"
			break
		}
		if outcome = ferr.Class; outcome != fetch.ClassThrottled {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(ferr.RetryAfter, time.Second)):
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.outcomes[outcome]++
}

// TestSimulatedWeb lets the real poller, fetcher and feed parser visit a web of
// hosts that watch their manners, on a clock of its own. COPYDESK_SIMULATE makes
// it 2,000 hosts for a day.
func TestSimulatedWeb(t *testing.T) {
	hosts, length := 40, 6*time.Hour
	if os.Getenv("COPYDESK_SIMULATE") != "" {
		hosts, length = 2000, 24*time.Hour
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		mix := simulate.Newsroom()
		mix.Ill = 0.2 // more trouble than the web has
		web := simulate.NewWeb(mix, 11, hosts, fetch.DefaultHostDelay, start, start.Add(length))
		defer web.Close()
		fetcher, err := fetch.NewOver(fetch.Options{}, web.Dial)
		if err != nil {
			t.Fatal(err)
		}
		defer fetcher.Close()
		var mu sync.Mutex
		found := map[string]time.Duration{}
		ctx, stop := context.WithCancel(t.Context())
		pages := &visits{fetcher: fetcher, outcomes: map[string]int{}}
		p := &feedPoller{
			fetcher: fetcher, feeds: &memoryStates{data: map[string][]byte{}}, policy: cadence.Default(), log: slog.New(slog.DiscardHandler),
			enqueue: func(_ context.Context, m urlMessage) error {
				entry, ok := web.Entry(m.URL)
				mu.Lock()
				defer mu.Unlock()
				if _, twice := found[m.URL]; twice || !ok {
					t.Errorf("%s was found twice (%t), or is none (%t)", m.URL, twice, !ok)
				}
				found[m.URL] = time.Since(entry.Visible)
				if entry.Visible.Before(start) {
					found[m.URL] = -1
				}
				pages.found(ctx, m.URL, found[m.URL] >= 0)
				return nil
			},
		}
		polls := newPoller(p.log, p.poll)
		var sources []feed.Source
		for _, url := range web.Feeds() {
			sources = append(sources, feed.Source{URL: url})
		}
		polls.set(sources, nil, func(string) time.Time { return time.Time{} })
		var running sync.WaitGroup
		running.Go(func() { polls.run(ctx) })
		time.Sleep(length)
		stop()
		running.Wait()
		pages.running.Wait()
		t.Logf("pages: %v", pages.outcomes)
		if pages.outcomes["ok"] == 0 || pages.outcomes[fetch.ClassRobots] == 0 {
			t.Errorf("pages: %v; want some that are got and some that robots.txt keeps", pages.outcomes)
		}
		checkWeb(t, web, found, start, length)
	})
}

// checkWeb holds what hosts and poller saw to what is promised.
func checkWeb(t *testing.T, web *simulate.Web, found map[string]time.Duration, start time.Time, length time.Duration) {
	t.Helper()
	requests, refusals, violations := web.Seen()
	for _, v := range violations[:min(len(violations), 10)] {
		t.Error(v)
	}
	var delays []time.Duration
	for _, d := range found {
		if d >= 0 {
			delays = append(delays, d)
		}
	}
	slices.Sort(delays)
	if len(delays) == 0 || refusals == 0 {
		t.Fatalf("%d entries found, %d refusals: the web shows nothing", len(delays), refusals)
	}
	expected := web.Expected(start, start.Add(length))
	p50, p90 := delays[len(delays)/2], delays[len(delays)*9/10]
	t.Logf("%d hosts, %s: %d requests (10-minute rule: %d polls), %d refusals with Retry-After, %d violations; %d of %d entries found, p50 %s, p90 %s, p95 %s",
		len(web.Feeds()), length, requests, len(web.Feeds())*int(length/(10*time.Minute)), refusals, len(violations), len(delays), expected,
		p50.Round(time.Second), p90.Round(time.Second), delays[len(delays)*95/100].Round(time.Second))
	if len(delays)*100 < expected*85 || p50 > 8*time.Minute {
		t.Errorf("%d of %d entries found, p50 %s", len(delays), expected, p50)
	}
}
