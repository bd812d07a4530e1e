package app

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/bus"
)

// TestKilledBrokerKeepsWhatItAcknowledged kills the broker while many pages are
// published at a time, so that batches are cut at any point: what it had
// acknowledged is there afterwards, and nothing is there twice.
func TestKilledBrokerKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel() // it waits more than it works
	dir, addr := t.TempDir(), freeAddr(t)
	broker, url := startRole(t, "broker", nil, dir, addr)
	b, err := bus.Connect(t.Context(), bus.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Conn().Close()
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := &publishing{bus: b, acknowledged: map[string]bool{}}
	ctx, stop := context.WithCancel(t.Context())
	var publishers sync.WaitGroup
	for n := range 96 {
		publishers.Go(func() { p.run(ctx, n) })
	}
	for range 3 {
		more := p.count() + 300
		eventually(t, time.Minute, fmt.Sprintf("%d pages are acknowledged", more), func() bool { return p.count() >= more })
		broker.kill()
		broker, _ = startRole(t, "broker", nil, dir, addr)
	}
	more := p.count() + 300
	eventually(t, time.Minute, "it goes on after the last kill", func() bool { return p.count() >= more })
	stop()
	publishers.Wait()

	r := &loadRun{bus: b}
	held := r.held(t, bus.StreamPages, "copydesk.page.*")
	lost, twice := 0, 0
	for id := range p.acknowledged {
		if held[bus.PageSubject(id)] == 0 {
			lost++
		}
	}
	for _, n := range held {
		twice += int(n) - 1
	}
	t.Logf("%d pages acknowledged, %d there, %d lost, %d twice", len(p.acknowledged), len(held), lost, twice)
	if lost+twice != 0 {
		t.Error("a page was lost that the broker had acknowledged, or stored twice")
	}
}

// publishing is pages that are published until each is acknowledged.
type publishing struct {
	bus          *bus.Bus
	mu           sync.Mutex
	acknowledged map[string]bool
}

func (p *publishing) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.acknowledged)
}

func (p *publishing) run(ctx context.Context, publisher int) {
	for i := 0; ctx.Err() == nil; i++ {
		id := strconv.Itoa(publisher) + "-" + strconv.Itoa(i)
		m := &nats.Msg{Subject: bus.PageSubject(id), Data: make([]byte, 4<<10), Header: nats.Header{jetstream.MsgIDHeader: {id}}}
		for ctx.Err() == nil {
			err := p.bus.Call(ctx, stateTimeout, func(ctx context.Context) error {
				_, err := p.bus.Publish(ctx, m)
				return err
			})
			if err == nil {
				p.mu.Lock()
				p.acknowledged[id] = true
				p.mu.Unlock()
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}
