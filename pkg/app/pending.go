package app

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/bus"
)

// backfillPending returns how many old pages of a partition wait to be fetched.
func (w *ingestWorker) backfillPending(ctx context.Context, part int) (n uint64, err error) {
	subject := bus.URLSubject(part)
	err = w.bus.Call(ctx, stateTimeout, func(ctx context.Context) error {
		s, err := w.bus.JetStream().Stream(ctx, bus.StreamURLs)
		if err != nil {
			return err
		}
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(subject))
		if err == nil {
			n = info.State.Subjects[subject]
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count the messages of %s: %w", subject, err)
	}
	return n, nil
}
