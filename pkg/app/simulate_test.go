package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
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

// TestSimulatedWeb lets the real poller, fetcher and feed parser poll a web of
// hosts that watch their manners, on a clock of its own. COPYDESK_SIMULATE makes
// it 500 hosts for a day.
func TestSimulatedWeb(t *testing.T) {
	hosts, length := 40, 6*time.Hour
	if os.Getenv("COPYDESK_SIMULATE") != "" {
		hosts, length = 500, 24*time.Hour
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
				return nil
			},
		}
		polls := newPoller(p.log, p.poll)
		var sources []feed.Source
		for _, url := range web.Feeds() {
			sources = append(sources, feed.Source{URL: url})
		}
		polls.set(sources, nil, func(string) time.Time { return time.Time{} })
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { polls.run(ctx) })
		time.Sleep(length)
		stop()
		running.Wait()
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
