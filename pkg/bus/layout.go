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
			// A stream of its own, so that however many old pages wait, there is room
			// for new ones.
			Name: StreamBackfill, Subjects: []string{backfillPrefix + "*"}, Description: "old pages still to be fetched",
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: gib, Duplicates: duplicateWindow,
		},
		{
			Name: StreamPages, Subjects: []string{"copydesk.page.*"}, Description: "fetched pages",
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: 4 * gib, Duplicates: duplicateWindow,
			AllowAtomicPublish: true,
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
	batches           bool // several values can be stored with one sync
}

func buckets(leaseTTL time.Duration) []bucketLayout {
	return []bucketLayout{
		{BucketFeeds, "state of feeds", 0, 512 * mib, false},
		{BucketPages, "fetch state of pages", 7 * day, gib, true},
		{BucketRobots, "robots.txt of hosts", day, gib, false},
		// The longest pause is 6 hours; what led to it counts for as long again.
		{BucketHosts, "which hosts are left alone", 12 * time.Hour, 64 * mib, false},
		{BucketSites, "how publishers let us in", 30 * day, 64 * mib, false},
		{BucketLeases, "who owns what", leaseTTL, 16 * mib, false},
		{BucketDead, "where the dead letters of a page are", 30 * day, 64 * mib, false},
		{BucketShares, "which worker owns which part", 0, mib, false},
		{BucketBackfill, "date-ranged backfills", 0, 128 * mib, false},
		{BucketWebSub, "subscriptions at hubs", 60 * day, 64 * mib, false},
		{BucketAttempts, "attempts at redelivered messages", day, 64 * mib, false},
	}
}

// groupedStreams is where messages that come at about the same time are stored
// together, by the beginning of their subjects: what is written for each page.
// [Bus.Ensure] creates them so that they take batches.
func groupedStreams() map[string]string {
	return map[string]string{
		"copydesk.page.":           StreamPages,
		"$KV." + BucketPages + ".": "KV_" + BucketPages,
	}
}

// consumerLayout is a consumer and the stream that it reads.
type consumerLayout struct {
	stream string
	config jetstream.ConsumerConfig
}

func newConsumer(stream, name, subject string, pending int, ackWait time.Duration) consumerLayout {
	return consumerLayout{stream, jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, FilterSubject: subject,
		MaxDeliver: -1, MaxAckPending: pending, DeliverPolicy: jetstream.DeliverAllPolicy,
	}}
}

func consumers(ackWait time.Duration) []consumerLayout {
	all := []consumerLayout{
		newConsumer(StreamPages, ConsumerNormalize, "", 128, ackWait),
		newConsumer(StreamArticles, ConsumerIndex, "", 512, ackWait),
	}
	for partition := range Partitions {
		all = append(all, newConsumer(StreamURLs, ConsumerURLs(partition), URLSubject(partition), 512, ackWait))
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
