package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// together publishes messages at the same time and returns what each was told.
func together(t *testing.T, b *Bus, messages []*nats.Msg) (sequences []uint64, errs []error) {
	t.Helper()
	sequences, errs = make([]uint64, len(messages)), make([]error, len(messages))
	var all sync.WaitGroup
	for i, m := range messages {
		all.Go(func() { sequences[i], errs[i] = b.Publish(t.Context(), m) })
	}
	all.Wait()
	return sequences, errs
}

func pageMessages(n int) []*nats.Msg {
	var messages []*nats.Msg
	for i := range n {
		id := "page" + strconv.Itoa(i)
		messages = append(messages, &nats.Msg{Subject: PageSubject(id), Data: []byte(id), Header: nats.Header{jetstream.MsgIDHeader: {id}}})
	}
	return messages
}

// stateMessages are writes to keys that do not exist yet.
func stateMessages(n int) []*nats.Msg {
	var messages []*nats.Msg
	for i := range n {
		messages = append(messages, &nats.Msg{
			Subject: "$KV." + BucketPages + ".1.page" + strconv.Itoa(i), Data: []byte("state"),
			Header: nats.Header{jetstream.ExpectedLastSubjSeqHeader: {"0"}},
		})
	}
	return messages
}

// stored returns the messages of a stream by sequence number, and how many of
// them came in a batch.
func stored(t *testing.T, b *Bus, name string) (messages map[uint64]*jetstream.RawStreamMsg, batched int) {
	t.Helper()
	s, err := b.JetStream().Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	state := s.CachedInfo().State
	messages = map[uint64]*jetstream.RawStreamMsg{}
	for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		messages[seq] = m
		if m.Header.Get(headerBatchID) != "" {
			batched++
		}
	}
	return messages, batched
}

func TestGroupStoresEachMessageOnce(t *testing.T) {
	b := ensured(t, Options{})
	messages := pageMessages(300)
	for round := range 2 { // the second time the broker knows them
		sequences, errs := together(t, b, messages)
		held, batched := stored(t, b, StreamPages)
		if len(held) != len(messages) || batched < groupMin {
			t.Fatalf("round %d: %d messages stored, %d of them in batches; want %d, most of them", round, len(held), batched, len(messages))
		}
		for i, m := range messages {
			if errs[i] != nil || held[sequences[i]] == nil || held[sequences[i]].Subject != m.Subject {
				t.Errorf("round %d: %s is told sequence %d, %v", round, m.Subject, sequences[i], errs[i])
			}
			if len(m.Header) != 1 {
				t.Fatalf("the message was changed: %v", m.Header)
			}
		}
	}
	held, _ := stored(t, b, StreamPages)
	for _, m := range held {
		letter := NewDead(&nats.Msg{Subject: m.Subject, Header: m.Header}, DeadLetter{Stage: "s", Reason: "r"}, "k")
		if letter.Header.Get(headerBatchID) != "" {
			t.Fatal("a dead letter says that it is part of a batch; the broker would refuse it")
		}
		break
	}
}

func TestGroupRefusesOnlyWhatIsWrong(t *testing.T) {
	b := ensured(t, Options{})
	messages := stateMessages(100)
	messages[40].Header[jetstream.ExpectedLastSubjSeqHeader] = []string{"7"}
	sequences, errs := together(t, b, messages)
	held, _ := stored(t, b, "KV_"+BucketPages)
	for i, m := range messages {
		var refused *jetstream.APIError
		switch {
		case i == 40:
			if !errors.As(errs[i], &refused) || refused.ErrorCode != jetstream.JSErrCodeStreamWrongLastSequence {
				t.Errorf("the key has no revision 7, but the answer is %d, %v", sequences[i], errs[i])
			}
		case errs[i] != nil || held[sequences[i]] == nil || held[sequences[i]].Subject != m.Subject:
			t.Errorf("%s is told sequence %d, %v", m.Subject, sequences[i], errs[i])
		}
	}
	if len(held) != 99 {
		t.Errorf("%d keys stored, want 99", len(held))
	}
}

// TestGroupTellsThatTheStreamIsFull fills a stream: whoever is told that the
// message is stored finds it there, all others are told that it is full.
func TestGroupTellsThatTheStreamIsFull(t *testing.T) {
	b := ensured(t, Options{MaxBytes: map[string]int64{StreamPages: 10_000}})
	sequences, errs := together(t, b, pageMessages(200))
	held, _ := stored(t, b, StreamPages)
	told := 0
	for i, err := range errs {
		switch {
		case err == nil:
			told++
			if held[sequences[i]] == nil {
				t.Errorf("message %d is not there", sequences[i])
			}
		case !IsFull(err):
			t.Errorf("a full stream answers %v", err)
		}
	}
	if told != len(held) || told == 0 || told == len(errs) {
		t.Errorf("%d of %d are told that they are stored, %d are", told, len(errs), len(held))
	}
}

// TestGroupWithStreamOfEarlierVersion has a stream that takes no batches.
func TestGroupWithStreamOfEarlierVersion(t *testing.T) {
	server, log := testServer(t, ServerOptions{}), &logs{}
	b := testBus(t, Options{InProcess: server, Logger: log.logger()})
	for _, config := range streams() {
		config.Storage, config.AllowAtomicPublish = jetstream.FileStorage, false
		if _, err := b.JetStream().CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatalf("a stream of an earlier version is refused: %v", err)
	}
	for range 2 {
		if _, errs := together(t, b, pageMessages(100)); errors.Join(errs...) != nil {
			t.Fatal(errors.Join(errs...))
		}
	}
	if held, batched := stored(t, b, StreamPages); len(held) != 100 || batched != 0 {
		t.Errorf("%d messages stored, %d in batches", len(held), batched)
	}
	if n := strings.Count(log.String(), "set its allow_atomic"); n != 1 {
		t.Errorf("the log says %d times how to mend it, want once:\n%s", n, log)
	}
}

func TestGroupLetsGoWhenTheCallerDoes(t *testing.T) {
	b := ensured(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Publish(ctx, pageMessages(1)[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that is gone is told %v", err)
	}
	// What it published may be stored or not, but nobody else is held up.
	if _, errs := together(t, b, pageMessages(50)); errors.Join(errs...) != nil {
		t.Error(errors.Join(errs...))
	}
}

// TestFewPublishersDoNotWait: a message has company, or goes alone at once.
func TestFewPublishersDoNotWait(t *testing.T) {
	g := &group{full: make(chan struct{}, 1), leading: true} // nobody stores what waits
	for n := 1; n <= groupFrom+1; n++ {
		g.count(1)
		if joined := g.join(&grouped{}); joined != (n >= groupFrom) {
			t.Errorf("publisher %d: waits %t", n, joined)
		}
	}
	for range groupFrom {
		g.count(-1)
	}
	if g.join(&grouped{}) {
		t.Error("the last of many waits")
	}
	b := ensured(t, Options{})
	for _, m := range pageMessages(groupFrom) {
		if _, err := b.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.groups["copydesk.page."].callers; n != 0 {
		t.Errorf("%d publishers are counted when none is left", n)
	}
}

func TestGroupedStreamsTakeBatches(t *testing.T) {
	b := ensured(t, Options{})
	for prefix, name := range groupedStreams() {
		s, err := b.JetStream().Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if !s.CachedInfo().Config.AllowAtomicPublish {
			t.Errorf("stream %s takes no batches", name)
		}
		if g := b.groupOf(&nats.Msg{Subject: prefix + "x"}); g == nil || g.stream != name {
			t.Errorf("subject %sx is not of stream %s", prefix, name)
		}
	}
	for _, subject := range []string{URLSubject(1), ArticleSubject("x"), DeadSubject("s", "r"), "$KV." + BucketFeeds + ".x"} {
		if b.groupOf(&nats.Msg{Subject: subject}) != nil {
			t.Errorf("subject %s is grouped", subject)
		}
	}
	if b.groupOf(&nats.Msg{Subject: PageSubject("x"), Data: make([]byte, groupBytes)}) != nil {
		t.Error("a large message is grouped")
	}
}

// BenchmarkPublish says what grouping brings: messages of the size of a page,
// stored singly and together, by 128 goroutines.
func BenchmarkPublish(b *testing.B) {
	for _, subject := range []string{"copydesk.article.", "copydesk.page."} {
		b.Run(strings.Split(subject, ".")[1], func(b *testing.B) {
			server, err := StartServer(ServerOptions{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer server.Shutdown()
			bus, err := Connect(b.Context(), Options{InProcess: server})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = bus.Close(context.Background()) }()
			if err := bus.Ensure(b.Context()); err != nil {
				b.Fatal(err)
			}
			data := make([]byte, 8<<10)
			work := make(chan int)
			var all sync.WaitGroup
			b.ResetTimer()
			for range 128 {
				all.Go(func() {
					for i := range work {
						m := &nats.Msg{Subject: subject + strconv.Itoa(i), Data: data, Header: nats.Header{jetstream.MsgIDHeader: {fmt.Sprint(i)}}}
						if _, err := bus.Publish(b.Context(), m); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				work <- i
			}
			close(work)
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
