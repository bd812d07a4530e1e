package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// ensureParallel is how many consumers are looked at or created at once.
const ensureParallel = 8

// Ensure creates every stream, bucket and consumer that does not exist, and
// checks those that do. Every difference is a [*SettingError]; several are
// joined, one a line. Nothing that exists is changed. Workers that start at the
// same time may call it at the same time.
func (b *Bus) Ensure(ctx context.Context) error {
	var errs []error
	if have := b.conn.MaxPayload(); have < MaxPayload {
		errs = append(errs, &SettingError{
			Object: "broker " + b.opts.address(), Setting: "max_payload", Have: bytesText(have), Want: "at least " + bytesText(MaxPayload),
			WayOut: "set max_payload: 4MB in its configuration and restart it",
		})
	}
	for _, s := range streams() {
		if n, ok := b.opts.MaxBytes[s.Name]; ok {
			s.MaxBytes = n
		}
		errs = append(errs, b.ensureStream(ctx, "stream "+s.Name, s))
	}
	for _, l := range buckets(b.opts.LeaseTTL) {
		errs = append(errs, b.ensureBucket(ctx, l))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return b.ensureConsumers(ctx)
}

// ensureConsumers looks at several consumers at a time: there are many, and
// nothing else happens until they are there.
func (b *Bus) ensureConsumers(ctx context.Context) error {
	// A work queue lets no two consumers read the same message.
	if err := b.js.DeleteConsumer(ctx, StreamURLs, ConsumerIngest); err == nil {
		b.log.Info("removed the consumer of a version that knew no partitions", "stream", StreamURLs, "consumer", ConsumerIngest)
	} else if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("remove consumer %s of stream %s: %w", ConsumerIngest, StreamURLs, err)
	}
	all := consumers(b.opts.AckWait)
	errs := make([]error, len(all))
	var group errgroup.Group
	group.SetLimit(ensureParallel)
	for i, c := range all {
		group.Go(func() error {
			errs[i] = b.ensureConsumer(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // the functions return nil
	more := 0
	for i, first := 0, true; i < len(all); i++ {
		if errs[i] == nil || all[i].stream != StreamURLs {
			continue
		}
		if !first { // what is wrong with one partition is wrong with most
			more++
			errs[i] = nil
		}
		first = false
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("%d more consumers of stream %s, of its other partitions, differ: do the same with each", more, StreamURLs))
	}
	return errors.Join(errs...)
}

func (b *Bus) ensureStream(ctx context.Context, object string, want jetstream.StreamConfig) error {
	want.Storage = jetstream.FileStorage
	s, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, want)
		if IsFull(err) {
			return fmt.Errorf("create %s of %s: %w: give the broker more storage (max_file_store)", object, bytesText(want.MaxBytes), err)
		}
	}
	if err != nil {
		return fmt.Errorf("ensure %s: %w", object, err)
	}
	return compare(object, streamSettings(want, s.CachedInfo().Config))
}

func (b *Bus) ensureBucket(ctx context.Context, l bucketLayout) error {
	if n, ok := b.opts.MaxBytes[l.name]; ok {
		l.maxBytes = n
	}
	object := "bucket " + l.name
	s, err := b.js.Stream(ctx, "KV_"+l.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: l.name, Description: l.description, TTL: l.ttl, MaxBytes: l.maxBytes, History: 1, Storage: jetstream.FileStorage,
		})
		if IsFull(err) {
			return fmt.Errorf("create %s of %s: %w: give the broker more storage (max_file_store)", object, bytesText(l.maxBytes), err)
		}
		created := err == nil
		if created || errors.Is(err, jetstream.ErrBucketExists) {
			s, err = b.js.Stream(ctx, "KV_"+l.name)
		}
		if created && err == nil && l.batches {
			config := s.CachedInfo().Config
			config.AllowAtomicPublish = true
			s, err = b.js.UpdateStream(ctx, config)
		}
	}
	if err != nil {
		return fmt.Errorf("ensure %s: %w", object, err)
	}
	have := s.CachedInfo().Config
	name := have.Name
	return compare(object, []setting{
		{"storage", have.Storage.String(), jetstream.FileStorage.String(), recreate("stream", name)},
		{"max_age", durationText(have.MaxAge), durationText(l.ttl), edit(name, "--max-age="+durationText(l.ttl))},
		{"max_bytes", bytesText(have.MaxBytes), bytesText(l.maxBytes), edit(name, "--max-bytes="+strconv.FormatInt(l.maxBytes, 10))},
		{"max_msgs_per_subject", number(have.MaxMsgsPerSubject), "1", edit(name, "--max-msgs-per-subject=1")},
	})
}

func (b *Bus) ensureConsumer(ctx context.Context, l consumerLayout) error {
	object := "consumer " + l.config.Durable + " of stream " + l.stream
	c, err := b.js.Consumer(ctx, l.stream, l.config.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		c, err = b.js.CreateConsumer(ctx, l.stream, l.config)
	}
	if err != nil {
		return fmt.Errorf("ensure %s: %w", object, err)
	}
	have, want := c.CachedInfo().Config, l.config
	again := recreate("consumer", l.stream+" "+want.Durable)
	change := func(flag string) string {
		return fmt.Sprintf("run `nats consumer edit %s %s %s`", l.stream, want.Durable, flag)
	}
	return compare(object, []setting{
		{"ack_policy", have.AckPolicy.String(), want.AckPolicy.String(), again},
		{"ack_wait", durationText(have.AckWait), durationText(want.AckWait), change("--wait=" + durationText(want.AckWait))},
		{"max_deliver", number(have.MaxDeliver), number(want.MaxDeliver), change("--max-deliver=-1")},
		{"max_ack_pending", number(have.MaxAckPending), number(want.MaxAckPending), change("--max-pending=" + number(want.MaxAckPending))},
		{"backoff", fmt.Sprint(have.BackOff), fmt.Sprint(want.BackOff), again},
		{"filter_subject", filters(have), filters(want), again},
		{"deliver_policy", have.DeliverPolicy.String(), want.DeliverPolicy.String(), again},
		{"headers_only", strconv.FormatBool(have.HeadersOnly), "false", again},
	})
}

// setting is one value on the broker beside the one that is needed.
type setting struct {
	name, have, want, wayOut string
}

func compare(object string, settings []setting) error {
	var errs []error
	for _, s := range settings {
		if s.have != s.want {
			errs = append(errs, &SettingError{Object: object, Setting: s.name, Have: s.have, Want: s.want, WayOut: s.wayOut})
		}
	}
	return errors.Join(errs...)
}

func streamSettings(want, have jetstream.StreamConfig) []setting {
	subjects := func(c jetstream.StreamConfig) string {
		return strings.Join(slices.Sorted(slices.Values(c.Subjects)), ",")
	}
	again := recreate("stream", want.Name)
	discard := map[jetstream.DiscardPolicy]string{jetstream.DiscardNew: "new", jetstream.DiscardOld: "old"}
	return []setting{
		{"subjects", subjects(have), subjects(want), edit(want.Name, "--subjects="+subjects(want))},
		{"retention", have.Retention.String(), want.Retention.String(), again},
		{"storage", have.Storage.String(), want.Storage.String(), again},
		{"discard", discard[have.Discard], discard[want.Discard], edit(want.Name, "--discard="+discard[want.Discard])},
		{"max_bytes", bytesText(have.MaxBytes), bytesText(want.MaxBytes), edit(want.Name, "--max-bytes="+strconv.FormatInt(want.MaxBytes, 10))},
		{"max_age", durationText(have.MaxAge), durationText(want.MaxAge), edit(want.Name, "--max-age="+durationText(want.MaxAge))},
		{"max_msgs", number(have.MaxMsgs), "-1", edit(want.Name, "--max-msgs=-1")},
		{"max_msg_size", number(have.MaxMsgSize), "-1", edit(want.Name, "--max-msg-size=-1")},
		{"max_msgs_per_subject", number(have.MaxMsgsPerSubject), "-1", edit(want.Name, "--max-msgs-per-subject=-1")},
		{"duplicate_window", durationText(have.Duplicates), durationText(want.Duplicates), edit(want.Name, "--dupe-window="+durationText(want.Duplicates))},
		{"deny_delete", strconv.FormatBool(have.DenyDelete), "false", again},
		{"no_ack", strconv.FormatBool(have.NoAck), "false", edit(want.Name, "--ack")},
	}
}

func edit(stream, flag string) string {
	return fmt.Sprintf("run `nats stream edit %s %s`", stream, flag)
}

// recreate is the way out where the broker cannot change a setting in place.
func recreate(kind, name string) string {
	return fmt.Sprintf("let it run empty, run `nats %s rm %s`, and start again; it is then created anew", kind, name)
}

func filters(c jetstream.ConsumerConfig) string {
	all := slices.Clone(c.FilterSubjects)
	if c.FilterSubject != "" {
		all = append(all, c.FilterSubject)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(slices.Values(all)), ",")
}

func number[T int | int32 | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// durationText writes a duration without its zero parts: 2h, not 2h0m0s.
func durationText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// bytesText writes a size with the largest unit that divides it.
func bytesText(n int64) string {
	switch {
	case n > 0 && n%gib == 0:
		return strconv.FormatInt(n/gib, 10) + " GiB"
	case n > 0 && n%mib == 0:
		return strconv.FormatInt(n/mib, 10) + " MiB"
	case n < 0:
		return "unlimited"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
