package app

import (
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// A URL that waits for its host goes back to the broker for that long at least:
	// the way there and back costs more than the wait. Hosts that need no pause are
	// one's own, in load runs.
	minTurnWait      = time.Second
	minTurnWaitLocal = 100 * time.Millisecond
	// maxTurnWait bounds it: what it waits for may be over long before.
	maxTurnWait = 5 * time.Minute
	// minTurnGap lies between two URLs of a host that come back.
	minTurnGap = 5 * time.Millisecond
)

// hostTurns gives the URLs of a host that go back to the broker a time each, one
// after the other, so that a thousand of them come back once and not every few
// seconds.
type hostTurns struct {
	delay time.Duration // between two requests to a host, at least

	mu sync.Mutex
	at map[uint32]time.Time // when the next URL of a host may come back
}

func newHostTurns(delay time.Duration) *hostTurns {
	return &hostTurns{delay: delay, at: map[uint32]time.Time{}}
}

// next returns after how long a URL may come back whose host has so many
// requests waiting, for which it needs so long.
func (t *hostTurns) next(host string, waiting int, needs time.Duration, now time.Time) time.Duration {
	gap := max(t.delay, needs/time.Duration(max(waiting, 1)), minTurnGap)
	least := minTurnWait
	if t.delay == 0 {
		least = minTurnWaitLocal
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.at) > maxHostTurns {
		forget(t.at, now)
	}
	key := hashOf(host)
	turn := now.Add(max(needs, least))
	if last := t.at[key]; last.After(turn) {
		turn = last
	}
	if turn.Sub(now) > maxTurnWait {
		return maxTurnWait
	}
	t.at[key] = turn.Add(gap)
	return turn.Sub(now)
}

// priority is that of the request for the page.
func (m *urlMessage) priority() fetch.Priority {
	if m.Backfill {
		return fetch.PriorityBackfill
	}
	return fetch.PriorityFresh
}

// archived reports whether the page is one of the old ones that a sitemap names:
// nobody edits those by the hour, and five looks at each would keep the rest of
// them waiting for five times as long.
func (m *urlMessage) archived() bool { return m.Backfill && m.Feed != "" }

// hostFull returns for how long a URL goes back to the broker because enough
// requests of its host wait in this process; 0 if there is room.
func (p *pageFetcher) hostFull(m urlMessage) time.Duration {
	host, limit := weburl.Host(m.URL), maxHostQueue
	if m.Backfill {
		limit = maxHostBackfill
	}
	n := p.fetcher.Waiting(host, m.priority())
	if n < limit {
		return 0
	}
	wait := p.turns.next(host, n, p.fetcher.Delay(host), time.Now())
	if !m.Backfill {
		p.revisits.freshWaits(host, wait)
	}
	return wait
}
