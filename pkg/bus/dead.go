package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The headers that a dead letter adds to those of the message. Its own headers
// stay, except those that the broker would act on (Nats-...).
const (
	HeaderDeadReason     = "Copydesk-Dead-Reason"
	HeaderDeadError      = "Copydesk-Dead-Error"
	HeaderDeadStage      = "Copydesk-Dead-Stage"
	HeaderDeadSubject    = "Copydesk-Dead-Subject"
	HeaderDeadDeliveries = "Copydesk-Dead-Deliveries"
	HeaderDeadAt         = "Copydesk-Dead-At"
	HeaderDeadWorker     = "Copydesk-Dead-Worker"
	HeaderDeadReplays    = "Copydesk-Dead-Replays"
	HeaderDeadMsgID      = "Copydesk-Dead-Msg-Id"  // the Nats-Msg-Id that the message had at first
	HeaderDeadDropped    = "Copydesk-Dead-Dropped" // bytes of a payload that was too large to keep

	// HeaderID carries the page id of every message.
	HeaderID = article.HeaderID

	headerDeadPrefix = "Copydesk-Dead-"
	headerNATSPrefix = "Nats-"

	// maxErrorText bounds the error in a dead letter, in bytes.
	maxErrorText = 1024
	// maxDeadPage bounds one page of ListDead.
	maxDeadPage = 500
)

// DeadLetter is a message that could not be processed, with the reason.
type DeadLetter struct {
	Sequence   uint64 // names it in GetDead, ReplayDead and DropDead
	Stage      string
	Reason     string
	Error      string
	Subject    string // where the message was published, and is again by a replay
	Deliveries int
	Replays    int // how often it was replayed before
	Worker     string
	At         time.Time
	ID, URL    string // of the page
	MsgID      string // message id that the message had at first
	Dropped    int    // bytes of payload that were too large to keep; such a letter cannot be replayed
	Size       int    // bytes of payload
	Header     nats.Header
	Data       []byte // nil in lists
}

// NewDead returns the message that puts a message among the dead letters. m is
// the message as it was received; of d the fields Stage, Reason, Error,
// Deliveries, Worker and At are used. key tells the deliveries of one message
// from another message and becomes part of the message id, so that the same
// message becomes one dead letter however often this is published.
func NewDead(m *nats.Msg, d DeadLetter, key string) *nats.Msg {
	h := nats.Header{}
	for k, v := range m.Header {
		if !strings.HasPrefix(k, headerNATSPrefix) {
			h[k] = v
		}
	}
	set := func(k, v string) {
		if v != "" {
			h.Set(k, headerText(v))
		}
	}
	set(HeaderDeadReason, d.Reason)
	set(HeaderDeadError, d.Error)
	set(HeaderDeadStage, d.Stage)
	set(HeaderDeadSubject, m.Subject)
	set(HeaderDeadDeliveries, strconv.Itoa(d.Deliveries))
	set(HeaderDeadAt, d.At.UTC().Format(time.RFC3339Nano))
	set(HeaderDeadWorker, d.Worker)
	if h.Get(HeaderDeadReplays) == "" {
		h.Set(HeaderDeadReplays, "0")
	}
	if h.Get(HeaderDeadMsgID) == "" {
		set(HeaderDeadMsgID, m.Header.Get(jetstream.MsgIDHeader))
	}
	h.Set(jetstream.MsgIDHeader, "dead:"+d.Stage+":"+key)
	return &nats.Msg{Subject: DeadSubject(d.Stage, d.Reason), Header: h, Data: m.Data}
}

// ShrinkDead makes a dead letter fit that the broker found too large: it drops
// the payload and long headers of the message, and notes that in
// Copydesk-Dead-Dropped. Such a letter says what was lost and cannot be replayed.
func ShrinkDead(m *nats.Msg) {
	m.Header.Set(HeaderDeadDropped, strconv.Itoa(max(1, len(m.Data))))
	m.Data = nil
	for k, values := range m.Header {
		size := 0
		for _, v := range values {
			size += len(v)
		}
		if size > maxErrorText && !strings.HasPrefix(k, headerDeadPrefix) {
			delete(m.Header, k)
		}
	}
}

// headerText makes s fit a header line: one line, valid UTF-8, bounded.
func headerText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxErrorText {
		cut := maxErrorText
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "..."
	}
	return strings.TrimSpace(s)
}

// DeadQuery selects dead letters. The zero value selects all.
type DeadQuery struct {
	Stage, Reason string // "" for any
	After         uint64 // only letters with a larger sequence number
	Limit         int    // at most 500; 0 means 100
}

// ListDead returns dead letters in order of their sequence numbers, without
// payloads, and whether there are more after the last.
func (b *Bus) ListDead(ctx context.Context, q DeadQuery) (letters []DeadLetter, more bool, err error) {
	s, err := b.js.Stream(ctx, StreamDead)
	if err != nil {
		return nil, false, fmt.Errorf("list dead letters: %w", err)
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, maxDeadPage)
	filter := func(t string) string {
		if t == "" {
			return "*"
		}
		return token(t)
	}
	subject := "copydesk.dead." + filter(q.Stage) + "." + filter(q.Reason)
	seq := q.After + 1
	for {
		raw, err := s.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return letters, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("list dead letters: %w", err)
		}
		if len(letters) == q.Limit {
			return letters, true, nil
		}
		d := readDead(raw)
		d.Data = nil
		letters = append(letters, d)
		seq = raw.Sequence + 1
	}
}

// GetDead returns one dead letter with its payload, or [ErrNoDeadLetter].
func (b *Bus) GetDead(ctx context.Context, seq uint64) (*DeadLetter, error) {
	s, err := b.js.Stream(ctx, StreamDead)
	if err != nil {
		return nil, fmt.Errorf("get dead letter %d: %w", seq, err)
	}
	raw, err := s.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("get dead letter %d: %w", seq, ErrNoDeadLetter)
	}
	if err != nil {
		return nil, fmt.Errorf("get dead letter %d: %w", seq, err)
	}
	d := readDead(raw)
	return &d, nil
}

func readDead(raw *jetstream.RawStreamMsg) DeadLetter {
	h := nats.Header{}
	for k, v := range raw.Header {
		// The broker adds some of its own to what it reads back.
		if !strings.HasPrefix(k, headerNATSPrefix) {
			h[k] = v
		}
	}
	num := func(k string) int {
		n, err := strconv.Atoi(h.Get(k))
		if err != nil {
			return 0 // written by another version, or by hand
		}
		return n
	}
	at, err := time.Parse(time.RFC3339Nano, h.Get(HeaderDeadAt))
	if err != nil {
		at = raw.Time
	}
	return DeadLetter{
		Sequence: raw.Sequence, Stage: h.Get(HeaderDeadStage), Reason: h.Get(HeaderDeadReason), Error: h.Get(HeaderDeadError),
		Subject: h.Get(HeaderDeadSubject), Deliveries: num(HeaderDeadDeliveries), Replays: num(HeaderDeadReplays),
		Worker: h.Get(HeaderDeadWorker), At: at, ID: h.Get(HeaderID), URL: h.Get(article.HeaderURL),
		MsgID: h.Get(HeaderDeadMsgID), Dropped: num(HeaderDeadDropped), Size: len(raw.Data), Header: h, Data: raw.Data,
	}
}

// ReplayDead publishes the message of a dead letter again, where it was and as
// it was but under a new message id, and then deletes the letter. When it fails
// in between, calling it again does not publish the message twice within the
// duplicate window.
func (b *Bus) ReplayDead(ctx context.Context, seq uint64) error {
	d, err := b.GetDead(ctx, seq)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if d.Subject == "" {
		return fmt.Errorf("replay dead letter %d: header %s is missing", seq, HeaderDeadSubject)
	}
	if d.Dropped > 0 {
		return fmt.Errorf("replay dead letter %d: its payload of %d bytes was too large to keep", seq, d.Dropped)
	}
	h := nats.Header{}
	for k, v := range d.Header {
		if !strings.HasPrefix(k, headerDeadPrefix) && !strings.HasPrefix(k, headerNATSPrefix) {
			h[k] = v
		}
	}
	base := d.MsgID
	if base == "" {
		base = "dead-" + strconv.FormatUint(seq, 10)
	}
	replays := strconv.Itoa(d.Replays + 1)
	h.Set(HeaderDeadReplays, replays)
	h.Set(HeaderDeadMsgID, base)
	h.Set(jetstream.MsgIDHeader, base+":replay:"+strconv.FormatInt(d.At.UnixNano(), 36)+":"+replays)
	if _, err := b.js.PublishMsg(ctx, &nats.Msg{Subject: d.Subject, Header: h, Data: d.Data}); err != nil {
		return fmt.Errorf("replay dead letter %d to %s: %w", seq, d.Subject, err)
	}
	return b.DropDead(ctx, seq)
}

// DropDead deletes a dead letter. An article that it holds is gone with it.
func (b *Bus) DropDead(ctx context.Context, seq uint64) error {
	s, err := b.js.Stream(ctx, StreamDead)
	if err != nil {
		return fmt.Errorf("delete dead letter %d: %w", seq, err)
	}
	err = s.DeleteMsg(ctx, seq)
	if err != nil {
		// The broker has several answers for a message that is not there.
		if _, getErr := s.GetMsg(ctx, seq); errors.Is(getErr, jetstream.ErrMsgNotFound) {
			err = ErrNoDeadLetter
		}
		return fmt.Errorf("delete dead letter %d: %w", seq, err)
	}
	return nil
}
