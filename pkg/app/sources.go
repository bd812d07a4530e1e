package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/search"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// feedSources shows the feeds of the bucket to the search pages.
type feedSources struct{ cache *sourceCache }

// Sources implements search.Sources.
func (s feedSources) Sources(ctx context.Context) ([]search.Source, error) {
	states, err := s.cache.feeds(ctx)
	if err != nil {
		return nil, err
	}
	sources := make([]search.Source, len(states))
	for i, f := range states {
		sources[i] = search.Source{
			URL: f.URL, Title: f.Title, Site: weburl.Site(f.URL), State: f.State, LastError: f.LastError,
			LastPoll: f.LastPoll, NextPoll: f.NextPoll, LastNew: f.LastNew, Failures: f.Failures, Entries: f.Entries,
			Note: f.note(), Push: f.Push.String(),
		}
	}
	return sources, nil
}

// Publishers implements search.Sources.
func (s feedSources) Publishers(ctx context.Context) ([]search.Publisher, error) {
	store, err := openBucket(ctx, s.cache.store.bus, bus.BucketSites)
	if err != nil {
		return nil, err
	}
	sites, err := allSites(ctx, store)
	if err != nil {
		return nil, err
	}
	publishers := make([]search.Publisher, len(sites))
	for i, x := range sites {
		p := search.Publisher{Site: x.Site, LastOK: x.LastOK}
		p.State, p.Since, p.Why = x.verdict()
		publishers[i] = p
	}
	return publishers, nil
}

// wireLive follows stream WIRE for the search API.
type wireLive struct{ bus *bus.Bus }

// liveIdle is how long the broker keeps the consumer of a reader that is gone.
const liveIdle = 30 * time.Second

// Live implements search.Live.
func (l wireLive) Live(ctx context.Context, lang, site string) (<-chan article.Record, error) {
	token := func(s string) string {
		if s == "" {
			return "*"
		}
		return weburl.SubjectToken(s)
	}
	consumer, err := l.bus.JetStream().OrderedConsumer(ctx, bus.StreamWire, jetstream.OrderedConsumerConfig{
		FilterSubjects:    []string{fmt.Sprintf("copydesk.wire.%s.%s.*", token(lang), token(site))},
		DeliverPolicy:     jetstream.DeliverNewPolicy,
		InactiveThreshold: liveIdle,
	})
	if err != nil {
		return nil, fmt.Errorf("follow the wire: %w", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(64))
	if err != nil {
		return nil, fmt.Errorf("follow the wire: %w", err)
	}
	records := make(chan article.Record)
	stop := context.AfterFunc(ctx, messages.Stop)
	go func() {
		defer close(records)
		defer stop()
		for {
			msg, err := messages.Next()
			if err != nil {
				return // stopped, or the broker is gone: the reader connects again
			}
			var r article.Record
			if json.Unmarshal(msg.Data(), &r) != nil {
				continue // of a schema that this version cannot read
			}
			select {
			case records <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	return records, nil
}
