package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// shareIngest is the group in which ingest workers share the partitions.
const shareIngest = "ingest"

// releaseGrace is how long what is under way may take when a partition goes to
// another worker; then it is cut off and done again there.
const releaseGrace = 5 * time.Second

// partitions are the parts of the hosts that this worker owns. Every request to
// a host passes [partitions.admit], so that it alone decides whether two workers
// may ever ask one host.
type partitions struct {
	mu    sync.Mutex
	owned [weburl.Partitions]*tenure
}

// tenure is the time for which this worker owns a partition. What is done for a
// host of it is counted in, and the partition is given back when all has ended.
type tenure struct {
	part  int
	lease *bus.Lease
	since time.Time // up to when another may have asked its hosts; zero: nobody has

	// wait ends when nothing may begin any more, run when all must be over. Both
	// end with the lease, which is before anybody else can have it.
	wait, run       context.Context
	endWait, endRun context.CancelFunc

	mu      sync.Mutex
	closing bool
	work    sync.WaitGroup
}

var errNotOwned = errors.New("its partition belongs to another worker, or is being handed over")

// partitionOf returns the partition of the host of a URL.
func partitionOf(rawURL string) int { return weburl.Partition(weburl.Host(rawURL)) }

// begin starts a tenure.
func (p *partitions) begin(l *bus.Lease, part bus.Part) *tenure {
	t := &tenure{part: part.Index, lease: l}
	if part.Used {
		t.since = time.Now()
	}
	t.run, t.endRun = context.WithCancel(l.Context())
	t.wait, t.endWait = context.WithCancel(t.run)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owned[part.Index] = t
	return t
}

// of returns the tenure of a partition, nil where it is not this worker's.
func (p *partitions) of(part int) *tenure {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.owned[part]
}

// has reports whether work for a partition may begin.
func (p *partitions) has(part int) bool {
	t := p.of(part)
	return t != nil && t.wait.Err() == nil
}

// count returns how many partitions this worker owns.
func (p *partitions) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, t := range p.owned {
		if t != nil {
			n++
		}
	}
	return n
}

// enter counts a piece of work in, or reports false where none may begin.
func (t *tenure) enter() bool {
	if t == nil || !t.lease.Valid() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing || t.wait.Err() != nil {
		return false
	}
	t.work.Add(1)
	return true
}

func (t *tenure) leave() { t.work.Done() }

// close lets nothing begin any more.
func (t *tenure) close() {
	t.mu.Lock()
	t.closing = true
	t.mu.Unlock()
	t.endWait()
}

// end waits until all work has ended, and cuts off what takes longer than grace.
func (p *partitions) end(t *tenure, grace time.Duration) {
	t.close()
	cut := time.AfterFunc(grace, t.endRun)
	t.work.Wait()
	cut.Stop()
	t.endRun()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.owned[t.part] == t {
		p.owned[t.part] = nil
	}
}

// admit lets a request to a host through, if its partition is this worker's.
func (p *partitions) admit(host string) (*fetch.Admission, error) {
	t := p.of(weburl.Partition(host))
	if !t.enter() {
		return nil, errNotOwned
	}
	return &fetch.Admission{Wait: t.wait, Run: t.run, Since: t.since, Valid: t.lease.Valid, Done: t.leave}, nil
}
