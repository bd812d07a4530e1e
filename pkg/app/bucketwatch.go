package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

var errBrokerAway = errors.New("the broker went away")

// each calls read for every value under some keys, or under all if none is given,
// in no order. The error of read ends it.
func (b bucket) each(ctx context.Context, read func(jetstream.KeyValueEntry) error, keys ...string) error {
	if len(keys) == 0 {
		keys = []string{">"}
	}
	watch, err := b.kv.WatchFiltered(ctx, keys, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("list %s: %w", b.kv.Bucket(), err)
	}
	defer func() { _ = watch.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("list %s: %w", b.kv.Bucket(), ctx.Err())
		case entry, ok := <-watch.Updates():
			if !ok {
				return fmt.Errorf("list %s: %w", b.kv.Bucket(), errBrokerAway)
			}
			if entry == nil { // the end of what was stored
				return nil
			}
			if err := read(entry); err != nil {
				return err
			}
		}
	}
}

// follow calls heard for what is stored and for every change, until ctx ends. When
// it had to begin anew it calls missed first: what changed meanwhile may not be
// told, above all what was deleted.
func (b bucket) follow(ctx context.Context, log *slog.Logger, missed func(), heard func(jetstream.KeyValueEntry), opts ...jetstream.WatchOpt) {
	for again := false; ctx.Err() == nil; again = true {
		err := b.followOnce(ctx, func() {
			if again {
				missed()
			}
		}, heard, opts...)
		if ctx.Err() == nil {
			log.Warn("changes of a bucket not seen; tried again", "bucket", b.kv.Bucket(), "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(leaseRetry):
		}
	}
}

func (b bucket) followOnce(ctx context.Context, begun func(), heard func(jetstream.KeyValueEntry), opts ...jetstream.WatchOpt) error {
	watch, err := b.kv.WatchAll(ctx, opts...)
	if err != nil {
		return err
	}
	defer func() { _ = watch.Stop() }()
	begun()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case entry, ok := <-watch.Updates():
			if !ok {
				return errBrokerAway
			}
			if entry != nil { // the end of what was stored
				heard(entry)
			}
		}
	}
}
