package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// A broker that syncs every write waits for the disk once a message, and spends
// as much CPU on that as on all else. What is published to one stream at about the
// same time it can store as one atomic batch with one sync, and nothing of it is
// acknowledged before that.
const (
	// groupWait is how long a message waits for others. It bounds what grouping
	// costs a message that has no company.
	groupWait = 15 * time.Millisecond
	// groupMin is how many make a batch worth it: the broker stages each batch in
	// files of its own, which costs as much as storing about twenty messages
	// singly.
	groupMin = 24
	groupMax = 128
	// groupFrom is how many publishers there must be at once for a message to wait
	// at all: where there are few, no batch would come of it. From 12 on it costs a
	// busy worker batches.
	groupFrom = 4
	// groupBytes is the largest message that is grouped; what is larger gains
	// little.
	groupBytes = 64 << 10
	// groupPause is for how long messages are stored singly after the broker
	// refused a batch, as it does when one of them is refused.
	groupPause = time.Second

	headerBatchID     = "Nats-Batch-Id"
	headerBatchSeq    = "Nats-Batch-Sequence"
	headerBatchCommit = "Nats-Batch-Commit"
)

// errAlone tells a publisher to store its message by itself.
var errAlone = errors.New("not grouped")

// group collects what is published to one stream.
type group struct {
	bus    *Bus
	stream string

	mu      sync.Mutex
	callers int   // publishers under way, in batches or alone
	allowed *bool // whether the stream takes batches, nil: not known yet
	resume  time.Time
	waiting []*grouped
	leading bool          // a goroutine stores what is waiting
	full    chan struct{} // signalled when there is enough for a batch
}

// grouped is a message that waits for its batch.
type grouped struct {
	m      *nats.Msg
	answer chan groupAnswer // gets one word
}

type groupAnswer struct {
	sequence uint64
	err      error
}

// Publish stores a message and returns its sequence number. It returns when the
// message is on the broker's disk. To a stream that takes much at a time,
// messages of several goroutines go together; each is answered as if it had gone
// alone.
func (b *Bus) Publish(ctx context.Context, m *nats.Msg) (sequence uint64, err error) {
	if g := b.groupOf(m); g != nil {
		g.count(1)
		defer g.count(-1)
		sequence, err = g.publish(ctx, m)
		if !errors.Is(err, errAlone) {
			return sequence, err
		}
	}
	ack, err := b.js.PublishMsg(ctx, m)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// groupOf returns the group that a message may join, nil for none.
func (b *Bus) groupOf(m *nats.Msg) *group {
	if m.Size() > groupBytes {
		return nil
	}
	for prefix, g := range b.groups {
		if strings.HasPrefix(m.Subject, prefix) {
			return g
		}
	}
	return nil
}

// newGroups returns the groups by the beginning of their subjects.
func newGroups(b *Bus) map[string]*group {
	groups := map[string]*group{}
	for prefix, stream := range groupedStreams() {
		groups[prefix] = &group{bus: b, stream: stream, full: make(chan struct{}, 1)}
	}
	return groups
}

// publish waits for the answer of the batch that a message goes with.
func (g *group) publish(ctx context.Context, m *nats.Msg) (uint64, error) {
	w := &grouped{m: m, answer: make(chan groupAnswer, 1)}
	if !g.join(w) {
		return 0, errAlone
	}
	select {
	case a := <-w.answer:
		return a.sequence, a.err
	case <-ctx.Done():
		return 0, ctx.Err() // whether it is stored is not known, as with any call
	}
}

func (g *group) count(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.callers += n
}

// join adds a message to those that wait, and sees to it that somebody stores
// them. It reports false while there are few, or the stream takes no batches.
func (g *group) join(w *grouped) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.callers < groupFrom || g.allowed != nil && !*g.allowed || time.Now().Before(g.resume) {
		return false
	}
	g.waiting = append(g.waiting, w)
	if len(g.waiting) >= groupMax {
		select {
		case g.full <- struct{}{}:
		default:
		}
	}
	if !g.leading {
		g.leading = true
		go g.lead() // whoever waits for an answer waits for it
	}
	return true
}

// lead stores what is waiting, batch after batch, until nothing is.
func (g *group) lead() {
	timer := time.NewTimer(groupWait)
	defer timer.Stop()
	for more := true; more; {
		select {
		case <-timer.C:
		case <-g.full:
		}
		g.store(g.take())
		timer.Reset(groupWait)
		g.mu.Lock()
		more = len(g.waiting) > 0
		g.leading = more
		g.mu.Unlock()
	}
}

// take returns the next batch.
func (g *group) take() []*grouped {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), groupMax)
	batch := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return batch
}

// store stores a batch and answers those who wait for it. A batch that the
// broker refuses it refuses as a whole, whatever the reason; each then goes alone
// and gets an answer of its own.
func (g *group) store(batch []*grouped) {
	last, err := uint64(0), errAlone
	if len(batch) >= groupMin && g.allows() {
		last, err = g.commit(batch)
	}
	var refused *jetstream.APIError
	if asAPIError(err, &refused) {
		g.bus.log.Debug("broker refused a batch; its messages go singly", "stream", g.stream, "messages", len(batch), "error", err)
		g.mu.Lock()
		g.resume = time.Now().Add(groupPause)
		g.mu.Unlock()
		err = errAlone
	}
	for i, w := range batch {
		w.answer <- groupAnswer{last - uint64(len(batch)-1-i), err}
	}
}

// allows asks once whether the stream takes batches. One that an earlier version
// created does not, unless somebody changed that.
func (g *group) allows() bool {
	g.mu.Lock()
	allowed := g.allowed
	g.mu.Unlock()
	if allowed != nil {
		return *allowed
	}
	yes := false
	err := g.bus.Call(context.Background(), callTimeout, func(ctx context.Context) error {
		s, err := g.bus.js.Stream(ctx, g.stream)
		if err == nil {
			yes = s.CachedInfo().Config.AllowAtomicPublish
		}
		return err
	})
	if err != nil {
		return false // asked again with the next batch
	}
	if !yes {
		g.bus.log.Info("stream takes no batches, which limits the rate: an earlier version created it; set its allow_atomic and start again", "stream", g.stream)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.allowed = &yes
	return yes
}

// commit stores a batch and returns the sequence number of its last message.
func (g *group) commit(batch []*grouped) (last uint64, err error) {
	id := nuid.Next()
	var answer struct {
		Error    *jetstream.APIError `json:"error"`
		Sequence uint64              `json:"seq"`
		Count    int                 `json:"count"`
	}
	err = g.bus.Call(context.Background(), callTimeout, func(ctx context.Context) error {
		for i, w := range batch[:len(batch)-1] {
			if err := g.bus.conn.PublishMsg(numbered(w.m, id, i+1, false)); err != nil {
				return err
			}
		}
		reply, err := g.bus.conn.RequestMsgWithContext(ctx, numbered(batch[len(batch)-1].m, id, len(batch), true))
		if err != nil {
			return err
		}
		return json.Unmarshal(reply.Data, &answer)
	})
	switch {
	case err != nil:
		return 0, fmt.Errorf("store %d messages in stream %s: %w", len(batch), g.stream, err)
	case answer.Error != nil:
		return 0, answer.Error
	case answer.Count != len(batch) || answer.Sequence < uint64(len(batch)):
		return 0, fmt.Errorf("store %d messages in stream %s: broker answers %d, up to sequence %d", len(batch), g.stream, answer.Count, answer.Sequence)
	}
	return answer.Sequence, nil
}

// numbered is a message as the part of a batch; commit ends the batch. The
// message itself stays as it is, because it may yet go alone.
func numbered(m *nats.Msg, id string, n int, commit bool) *nats.Msg {
	h := maps.Clone(m.Header)
	if h == nil {
		h = nats.Header{}
	}
	h[headerBatchID], h[headerBatchSeq] = []string{id}, []string{strconv.Itoa(n)}
	if commit {
		h[headerBatchCommit] = []string{"1"}
	}
	return &nats.Msg{Subject: m.Subject, Header: h, Data: m.Data}
}
