package bus

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestDeadOf: a dead letter is found by its page, whether it died as a URL, a
// page or an article, until it is dropped or replayed.
func TestDeadOf(t *testing.T) {
	b := ensured(t, Options{})
	page, other := strings.Repeat("a", 26), strings.Repeat("b", 26)
	put := func(stage, reason, subject string, h nats.Header) uint64 {
		t.Helper()
		letter := NewDead(&nats.Msg{Subject: subject, Header: h, Data: []byte("x")}, DeadLetter{Stage: stage, Reason: reason, At: time.Now()}, reason)
		ack, err := b.JetStream().PublishMsg(t.Context(), letter)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.NoteDead(t.Context(), letter, ack.Sequence); err != nil {
			t.Fatal(err)
		}
		return ack.Sequence
	}
	// A URL carries no id but that in its message id; an article has one of its own.
	url := put("ingest", "fetch_dns", URLSubject(3), nats.Header{jetstream.MsgIDHeader: {page + ":entry"}})
	put("index", "bad_article", ArticleSubject(other), nats.Header{HeaderID: {other}, jetstream.MsgIDHeader: {page + ":hash:1"}})
	put("normalize", "empty", PageSubject(other), nats.Header{HeaderID: {other}})
	put("ingest", "nobody", URLSubject(3), nats.Header{jetstream.MsgIDHeader: {"x"}})

	reasons := func(id string) string {
		t.Helper()
		letters, err := b.DeadOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, l := range letters {
			if l.Data != nil {
				t.Error("a letter comes with its payload")
			}
			all = append(all, l.Stage+" "+l.Reason)
		}
		return strings.Join(all, ", ")
	}
	if got := reasons(page); got != "ingest fetch_dns, index bad_article" {
		t.Errorf("of the page: %q", got)
	}
	if got := reasons(other); got != "normalize empty" {
		t.Errorf("of the other: %q", got)
	}
	if err := b.DropDead(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if got := reasons(page); got != "index bad_article" {
		t.Errorf("after one was dropped: %q", got)
	}
	if got := reasons(strings.Repeat("c", 26)); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}
