package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// ledgerTimeout bounds one write to the record of attempts.
const ledgerTimeout = 10 * time.Second

// record is what is kept of a message that was delivered more than once, as JSON
// under "<stage>.<stream>.<sequence>.<time stored>" in the bucket
// copydesk_attempts. It is never deleted, it expires.
type record struct {
	Attempts int    `json:"attempts"`
	Open     bool   `json:"open,omitempty"` // the last attempt has not ended
	Error    string `json:"error,omitempty"`
}

// ledger is the record of attempts; see the package comment. A nil ledger counts
// nothing.
type ledger struct {
	bus   *bus.Bus
	kv    jetstream.KeyValue
	stage string
	limit int // attempts after which a message is poison
}

// key names a message for as long as its stream exists. The time stored is part of
// it because a stream that is created anew counts from 1 again.
func (l *ledger) key(m *Msg) string {
	return fmt.Sprintf("%s.%s.%d.%s", l.stage, m.Stream, m.Sequence, strconv.FormatInt(m.Published.UnixNano(), 36))
}

// look is called before the handler and says whether the message is poison, and
// whether it must be handled alone.
func (l *ledger) look(ctx context.Context, h *held) (poison, alone bool, err error) {
	if !l.counts(h) {
		return false, false, nil
	}
	r := record{Attempts: 1} // the first delivery, which is not written down
	var entry jetstream.KeyValueEntry
	err = l.bus.Call(ctx, ledgerTimeout, func(ctx context.Context) (err error) {
		entry, err = l.kv.Get(ctx, l.key(h.m))
		return err
	})
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
	case err != nil:
		return false, false, fmt.Errorf("read attempts: %w", err)
	default:
		// A value of another version that cannot be read counts as none.
		if json.Unmarshal(entry.Value(), &r) != nil {
			r = record{Attempts: 1}
		}
	}
	h.prior, h.lastError = r.Attempts, r.Error
	if r.Open {
		h.lastError = "the worker did not survive it"
	}
	return r.Attempts >= l.limit, r.Open, nil
}

// begin writes the attempt down. It is called when nothing but the handler comes
// next: a message that waits must not be charged with the end of the worker.
func (l *ledger) begin(ctx context.Context, h *held) error {
	if !l.counts(h) {
		return nil
	}
	return l.put(ctx, h, record{Attempts: h.prior + 1, Open: true, Error: h.lastError})
}

// counts reports whether attempts at the message are written down beforehand.
func (l *ledger) counts(h *held) bool { return l != nil && h.m.Deliveries > 1 }

// failed writes down that the attempt failed. open keeps the suspicion that the
// message hung the worker.
func (l *ledger) failed(ctx context.Context, h *held, cause string, open bool) error {
	if l == nil {
		return nil
	}
	return l.put(ctx, h, record{Attempts: h.prior + 1, Open: open, Error: cause[:min(len(cause), 500)]})
}

// excuse takes the attempt back.
func (l *ledger) excuse(ctx context.Context, h *held) error {
	if l == nil {
		return nil
	}
	return l.put(ctx, h, record{Attempts: h.prior, Error: h.lastError})
}

func (l *ledger) put(ctx context.Context, h *held, r record) error {
	value, err := json.Marshal(r)
	if err == nil {
		err = l.bus.Call(ctx, ledgerTimeout, func(ctx context.Context) error {
			_, err := l.kv.Put(ctx, l.key(h.m), value)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("write attempts: %w", err)
	}
	return nil
}
