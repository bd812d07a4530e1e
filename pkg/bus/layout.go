package bus

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30

	// duplicateWindow is how long a Nats-Msg-Id is remembered.
	duplicateWindow = 2 * time.Hour
	day             = 24 * time.Hour

	defaultAckWait  = 30 * time.Second
	defaultLeaseTTL = 10 * time.Second
)

// streams is every stream, each with all the settings that matter. Sizes are
// what the broker keeps on disk, headers included.
//
// DEAD refuses new letters when full, unlike most logs: a letter that was
// pushed out by a newer one would be an article that nobody knows of. The stages
// wait, and say so, until letters are replayed or dropped.
func streams() []jetstream.StreamConfig {
	return []jetstream.StreamConfig{
		{
			Name: StreamURLs, Subjects: []string{"copydesk.url.*"}, Description: "pages still to be fetched",
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: gib, Duplicates: duplicateWindow,
		},
		{
			Name: StreamPages, Subjects: []string{"copydesk.page.*"}, Description: "fetched pages",
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: 4 * gib, Duplicates: duplicateWindow,
		},
		{
			Name: StreamArticles, Subjects: []string{"copydesk.article.*"}, Description: "cleaned articles",
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: 2 * gib, Duplicates: duplicateWindow,
		},
		{
			Name: StreamWire, Subjects: []string{"copydesk.wire.*.*.*"}, Description: "finished articles",
			Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld, MaxAge: 7 * day, MaxBytes: 2 * gib, Duplicates: duplicateWindow,
		},
		{
			Name: StreamDead, Subjects: []string{"copydesk.dead.*.*"}, Description: "dead letters",
			Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, MaxAge: 30 * day, MaxBytes: gib, Duplicates: duplicateWindow,
			AllowDirect: true,
		},
	}
}

// bucketLayout is what is set of a bucket; a bucket keeps one value a key.
type bucketLayout struct {
	name, description string
	ttl               time.Duration // 0: for ever
	maxBytes          int64
}

func buckets(leaseTTL time.Duration) []bucketLayout {
	return []bucketLayout{
		{BucketFeeds, "state of feeds", 0, 512 * mib},
		{BucketPages, "fetch state of pages", 7 * day, gib},
		{BucketRobots, "robots.txt of hosts", day, gib},
		{BucketSites, "how publishers let us in", 30 * day, 64 * mib},
		{BucketLeases, "who owns what", leaseTTL, 16 * mib},
		{BucketDead, "where the dead letters of a page are", 30 * day, 64 * mib},
		{BucketShares, "which worker owns which part", 0, mib},
		{BucketWebSub, "subscriptions at hubs", 60 * day, 64 * mib},
		{BucketAttempts, "attempts at redelivered messages", day, 64 * mib},
	}
}

// consumerLayout is a consumer and the stream that it reads.
type consumerLayout struct {
	stream string
	config jetstream.ConsumerConfig
}

func consumers(ackWait time.Duration) []consumerLayout {
	consumer := func(stream, name string, pending int) consumerLayout {
		return consumerLayout{stream, jetstream.ConsumerConfig{
			Durable: name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
			MaxDeliver: -1, MaxAckPending: pending, DeliverPolicy: jetstream.DeliverAllPolicy,
		}}
	}
	all := []consumerLayout{
		consumer(StreamPages, ConsumerNormalize, 128),
		consumer(StreamArticles, ConsumerIndex, 512),
	}
	for partition := range Partitions {
		c := consumer(StreamURLs, ConsumerURLs(partition), 512)
		c.config.FilterSubject = URLSubject(partition)
		all = append(all, c)
	}
	return all
}

// reserved is the disk space that full streams and buckets take.
func reserved() int64 {
	var n int64
	for _, s := range streams() {
		n += s.MaxBytes
	}
	for _, b := range buckets(defaultLeaseTTL) {
		n += b.maxBytes
	}
	return n
}
