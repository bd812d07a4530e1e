package bus

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func page(id string) *nats.Msg {
	return &nats.Msg{Subject: PageSubject(id), Data: []byte("body of " + id), Header: nats.Header{
		HeaderID: {id}, "Copydesk-Url": {"http://localhost/" + id}, "X-Unknown": {"kept"}, "traceparent": {"00-a-b-01"},
		jetstream.MsgIDHeader: {id + ":hash"}, jetstream.ExpectedStreamHeader: {StreamPages},
	}}
}

func bury(t *testing.T, b *Bus, m *nats.Msg, stage, reason, key string) {
	t.Helper()
	letter := NewDead(m, DeadLetter{
		Stage: stage, Reason: reason, Error: "line one\nline two \xff end", Deliveries: 6, Worker: "w-1", At: time.Unix(1700000000, 5),
	}, key)
	if _, err := b.JetStream().PublishMsg(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
}

func TestDeadLetterKeepsAndReplays(t *testing.T) {
	b := ensured(t, Options{})
	ctx := t.Context()
	bury(t, b, page("p1"), "normalize", "poison", "PAGES:1:x")
	bury(t, b, page("p1"), "normalize", "poison", "PAGES:1:x") // the worker was not sure that the first was stored
	letters, more, err := b.ListDead(ctx, DeadQuery{})
	if err != nil || more || len(letters) != 1 {
		t.Fatalf("list: %v, %v, %v", letters, more, err)
	}
	d := letters[0]
	if d.Stage != "normalize" || d.Reason != "poison" || d.Error != "line one line two   end" || d.Subject != "copydesk.page.p1" ||
		d.Deliveries != 6 || d.Replays != 0 || d.Worker != "w-1" || !d.At.Equal(time.Unix(1700000000, 5)) || d.ID != "p1" ||
		d.URL != "http://localhost/p1" || d.MsgID != "p1:hash" || d.Size != len("body of p1") || d.Data != nil {
		t.Errorf("letter: %+v", d)
	}
	if d.Header.Get("X-Unknown") != "kept" || d.Header["traceparent"][0] != "00-a-b-01" {
		t.Errorf("headers: %v", d.Header)
	}
	full, err := b.GetDead(ctx, d.Sequence)
	if err != nil || string(full.Data) != "body of p1" {
		t.Fatalf("get: %+v, %v", full, err)
	}
	if err := b.ReplayDead(ctx, d.Sequence); err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetDead(ctx, d.Sequence); !errors.Is(err, ErrNoDeadLetter) {
		t.Errorf("get after replay: %v", err)
	}
	if err := b.ReplayDead(ctx, d.Sequence); !errors.Is(err, ErrNoDeadLetter) {
		t.Errorf("second replay: %v", err)
	}
	pages, err := b.JetStream().Stream(ctx, StreamPages)
	if err != nil {
		t.Fatal(err)
	}
	m, err := pages.GetMsg(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "copydesk.page.p1" || string(m.Data) != "body of p1" || m.Header.Get("X-Unknown") != "kept" || m.Header.Get(HeaderID) != "p1" {
		t.Errorf("replayed: %+v", m)
	}
	if id := m.Header.Get(jetstream.MsgIDHeader); id == "p1:hash" || !strings.HasPrefix(id, "p1:hash:replay:") {
		t.Errorf("message id of the replay: %s", id)
	}
	if m.Header.Get(HeaderDeadReason) != "" || m.Header.Get(HeaderDeadReplays) != "1" {
		t.Errorf("headers of the replay: %v", m.Header)
	}
	// It dies again: one letter more, which knows of the replay.
	bury(t, b, &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Data}, "normalize", "poison", "PAGES:2:x")
	letters, _, err = b.ListDead(ctx, DeadQuery{})
	if err != nil || len(letters) != 1 || letters[0].Replays != 1 || letters[0].MsgID != "p1:hash" {
		t.Fatalf("second death: %+v, %v", letters, err)
	}
	if err := b.DropDead(ctx, letters[0].Sequence); err != nil {
		t.Fatal(err)
	}
	if err := b.DropDead(ctx, letters[0].Sequence); !errors.Is(err, ErrNoDeadLetter) {
		t.Errorf("second drop: %v", err)
	}
}

func TestListDeadPagesAndFilters(t *testing.T) {
	b := ensured(t, Options{})
	for i := range 7 {
		bury(t, b, page(fmt.Sprint("a", i)), "normalize", "poison", fmt.Sprint("a", i))
		bury(t, b, page(fmt.Sprint("b", i)), "index", "not_html", fmt.Sprint("b", i))
	}
	var ids []string
	q := DeadQuery{Stage: "normalize", Limit: 3}
	for range 3 {
		letters, more, err := b.ListDead(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range letters {
			ids = append(ids, d.ID)
			q.After = d.Sequence
		}
		if more != (len(ids) < 7) {
			t.Errorf("more is %v after %d", more, len(ids))
		}
	}
	if got := strings.Join(ids, " "); got != "a0 a1 a2 a3 a4 a5 a6" {
		t.Errorf("listed %s", got)
	}
	letters, _, err := b.ListDead(t.Context(), DeadQuery{Reason: "not_html"})
	if err != nil || len(letters) != 7 || letters[0].ID != "b0" {
		t.Errorf("by reason: %d, %v", len(letters), err)
	}
}

func TestReplayRefusesWhatIsNotThere(t *testing.T) {
	b := ensured(t, Options{})
	letter := NewDead(page("big"), DeadLetter{Stage: "normalize", Reason: "poison"}, "k")
	letter.Header.Set(HeaderDeadDropped, "5000000")
	letter.Data = nil
	if _, err := b.JetStream().PublishMsg(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if err := b.ReplayDead(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "too large to keep") {
		t.Errorf("got %v", err)
	}
}

func TestHeaderTextIsBounded(t *testing.T) {
	got := headerText(strings.Repeat("é", 2000))
	if len(got) > maxErrorText+3 || !strings.HasSuffix(got, "é...") {
		t.Errorf("%d bytes, ends %q", len(got), got[len(got)-6:])
	}
}

func TestCompress(t *testing.T) {
	text := bytes.Repeat([]byte("The mayor opened the bridge. "), 20000)
	packed := Compress(text)
	if len(packed) > len(text)/20 {
		t.Errorf("%d bytes became %d", len(text), len(packed))
	}
	got, err := Decompress(packed, len(text))
	if err != nil || !bytes.Equal(got, text) {
		t.Fatalf("round trip: %d bytes, %v", len(got), err)
	}
	if _, err := Decompress(packed, len(text)-1); !errors.Is(err, ErrTooLong) {
		t.Errorf("one byte too long: %v", err)
	}
	if _, err := Decompress([]byte("no zstd at all"), 100); err == nil || errors.Is(err, ErrTooLong) {
		t.Errorf("not zstd: %v", err)
	}
	if _, err := Decompress(packed[:len(packed)-3], len(text)); err == nil {
		t.Error("truncated: no error")
	}
	if got, err := Decompress(Compress(nil), 0); err != nil || len(got) != 0 {
		t.Errorf("empty: %q, %v", got, err)
	}
}

func TestSubjects(t *testing.T) {
	for got, want := range map[string]string{
		URLSubject(63):                         "copydesk.url.63",
		PageSubject("abc"):                     "copydesk.page.abc",
		WireSubject("", "bbc.co.uk", "x"):      "copydesk.wire.und.bbc_co_uk.x",
		WireSubject("pt-BR", "Ü.example", "x"): "copydesk.wire.pt-br.__example.x",
		DeadSubject("normalize", "bad > * ."):  "copydesk.dead.normalize.bad______",
		ArticleSubject(""):                     "copydesk.article._",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
