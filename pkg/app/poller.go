package app

import (
	"container/heap"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// pollWorkers bounds the feeds that are polled at once; the fetcher keeps
	// those of one host apart.
	pollWorkers = 64
	minInterval = 10 * time.Second
	maxInterval = 24 * time.Hour
	// firstFailureWait is how soon a feed is tried again that failed once.
	firstFailureWait = time.Minute
)

// scheduled is a feed in the queue of polls.
type scheduled struct {
	source feed.Source
	part   int // partition of the host that is asked
	due    time.Time
	place  int       // in the heap; -1 while it is being polled
	sooner time.Time // asked for while it was being polled; zero: was not
}

// poller decides when each feed is polled. What a poll does is poll's matter;
// it returns when the feed is due again.
type poller struct {
	poll func(ctx context.Context, s feed.Source) (next time.Time)
	log  *slog.Logger

	mu    sync.Mutex
	queue pollQueue
	byURL map[string]*scheduled
	wake  chan struct{}
}

func newPoller(log *slog.Logger, poll func(context.Context, feed.Source) time.Time) *poller {
	return &poller{poll: poll, log: log, byURL: map[string]*scheduled{}, wake: make(chan struct{}, 1)}
}

// set makes sources the feeds that are polled, each in the partition that parts
// tells by its URL. due says when each is due for the first time; feeds that are
// already scheduled keep their time. It returns the URLs that are no longer
// polled.
func (p *poller) set(sources []feed.Source, parts map[string]int, due func(url string) time.Time) (dropped []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep := make(map[string]bool, len(sources))
	for _, s := range sources {
		url, err := weburl.Canonical(s.URL)
		if err != nil {
			p.log.Error("feed left out", "feed", s.URL, "err", err)
			continue
		}
		s.URL = url
		if keep[url] {
			continue
		}
		keep[url] = true
		if old, ok := p.byURL[url]; ok {
			old.source, old.part = s, parts[url]
			continue
		}
		item := &scheduled{source: s, part: parts[url], due: due(url)}
		p.byURL[url] = item
		heap.Push(&p.queue, item)
	}
	for url, item := range p.byURL {
		if !keep[url] {
			dropped = append(dropped, url)
			delete(p.byURL, url)
			if item.place >= 0 {
				heap.Remove(&p.queue, item.place)
			}
		}
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return dropped
}

// has reports whether a feed is scheduled.
func (p *poller) has(url string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byURL[url] != nil
}

// advance makes a feed due earlier than it is, if it is scheduled.
func (p *poller) advance(url string, due time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	item := p.byURL[url]
	switch {
	case item == nil:
		return
	case item.place < 0:
		item.sooner = due // what the poll decides may be older than that
		return
	case !due.Before(item.due):
		return
	}
	item.due = due
	heap.Fix(&p.queue, item.place)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// partition returns the partition in which a feed is polled, that of its own
// address if it is not scheduled.
func (p *poller) partition(url string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if item := p.byURL[url]; item != nil {
		return item.part
	}
	return partitionOf(url)
}

// overdue returns how long the feed that waits longest has been due.
func (p *poller) overdue() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return 0
	}
	return max(0, time.Since(p.queue[0].due))
}

// run polls until ctx ends and every poll has returned.
func (p *poller) run(ctx context.Context) {
	var polls sync.WaitGroup
	defer polls.Wait()
	slots := make(chan struct{}, pollWorkers)
	for {
		wait := p.untilNext()
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-p.wake:
			timer.Stop()
			continue
		case <-timer.C:
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		item := p.take()
		if item == nil {
			<-slots
			continue
		}
		polls.Go(func() {
			defer func() { <-slots }()
			p.putBack(item, p.poll(ctx, item.source))
		})
	}
}

func (p *poller) untilNext() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return time.Hour
	}
	return max(0, time.Until(p.queue[0].due))
}

func (p *poller) take() *scheduled {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 || time.Now().Before(p.queue[0].due) {
		return nil
	}
	return heap.Pop(&p.queue).(*scheduled)
}

func (p *poller) putBack(item *scheduled, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byURL[item.source.URL] != item {
		return // dropped from its list while it was polled
	}
	if !item.sooner.IsZero() && item.sooner.Before(next) {
		next = item.sooner
	}
	item.due, item.sooner = next, time.Time{}
	heap.Push(&p.queue, item)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// jitter spreads polls of one interval over a tenth of it.
func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d - d/20 + rand.N(d/10+1)
}

// failureWait returns when a feed is polled again after so many failures in a
// row: soon after the first, which is most often a passing fault, and then less
// and less often.
func failureWait(interval time.Duration, failures int) time.Duration {
	wait := min(interval, firstFailureWait)
	for range min(failures-1, 20) {
		if wait *= 2; wait >= maxInterval {
			return maxInterval
		}
	}
	return wait
}

// pollQueue is a heap of feeds by when they are due.
type pollQueue []*scheduled

func (q pollQueue) Len() int           { return len(q) }
func (q pollQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q pollQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements heap.Interface.
func (q *pollQueue) Push(x any) {
	item := x.(*scheduled)
	item.place = len(*q)
	*q = append(*q, item)
}

// Pop implements heap.Interface.
func (q *pollQueue) Pop() any {
	old := *q
	item := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	item.place = -1
	return item
}

// errNoFeedLink says that a page given as a feed names none.
var errNoFeedLink = errors.New("the address is a web page that names no feed; give the address of the feed itself")
