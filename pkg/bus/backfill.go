package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Old pages are fetched now and then, and mostly there are none. So a partition
// of BACKFILL gets its consumer when the first worker reads it, and is asked for
// only while something waits in it: 64 more consumers that find nothing would
// cost every start and every second.

// backfillInFlight is how many old pages of a partition may be delivered at once,
// those that wait for their host's turn included.
const backfillInFlight = 256

// BackfillConsumer makes the consumer of a partition of BACKFILL, if it is not
// there, and returns its name.
func (b *Bus) BackfillConsumer(ctx context.Context, partition int) (string, error) {
	name := ConsumerBackfill + "-" + strconv.Itoa(partition)
	l := newConsumer(StreamBackfill, name, BackfillSubject(partition), backfillInFlight, b.opts.AckWait)
	return name, b.ensureConsumer(ctx, l)
}

// BackfillWaiting returns how many messages each partition of BACKFILL holds,
// those in work included; partitions without any are left out.
func (b *Bus) BackfillWaiting(ctx context.Context) (map[int]uint64, error) {
	return b.backfillBySubject(ctx, backfillPrefix+">")
}

// BackfillPending returns how many messages one partition of BACKFILL holds, those
// in work included.
func (b *Bus) BackfillPending(ctx context.Context, partition int) (uint64, error) {
	waiting, err := b.backfillBySubject(ctx, BackfillSubject(partition))
	return waiting[partition], err
}

func (b *Bus) backfillBySubject(ctx context.Context, filter string) (map[int]uint64, error) {
	var info *jetstream.StreamInfo
	err := b.Call(ctx, readyTimeout, func(ctx context.Context) error {
		s, err := b.js.Stream(ctx, StreamBackfill)
		if err == nil {
			info, err = s.Info(ctx, jetstream.WithSubjectFilter(filter))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count what waits in stream %s: %w", StreamBackfill, err)
	}
	waiting := make(map[int]uint64, len(info.State.Subjects))
	for subject, n := range info.State.Subjects {
		partition, err := strconv.Atoi(strings.TrimPrefix(subject, backfillPrefix))
		if err == nil && partition >= 0 && partition < Partitions {
			waiting[partition] = n
		}
	}
	return waiting, nil
}
