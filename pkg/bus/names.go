package bus

import (
	"strconv"
	"strings"
)

// The streams.
const (
	StreamURLs     = "URLS"     // pages still to be fetched
	StreamBackfill = "BACKFILL" // old pages still to be fetched, when nothing newer waits
	StreamPages    = "PAGES"    // fetched pages
	StreamArticles = "ARTICLES" // cleaned articles
	StreamWire     = "WIRE"     // finished articles, for anyone who subscribes
	StreamDead     = "DEAD"     // dead letters
)

// The key-value buckets.
const (
	BucketFeeds    = "copydesk_feeds"    // state of feeds, by feed hash
	BucketPages    = "copydesk_pages"    // fetch state, by partition and page id
	BucketRobots   = "copydesk_robots"   // robots.txt, by host hash
	BucketHosts    = "copydesk_hosts"    // which hosts are left alone, by host hash
	BucketSites    = "copydesk_sites"    // how publishers let us in, by site hash
	BucketLeases   = "copydesk_leases"   // who owns what
	BucketDead     = "copydesk_dead"     // where the dead letters of a page are
	BucketShares   = "copydesk_shares"   // which worker owns which part of the work
	BucketBackfill = "copydesk_backfill" // date-ranged backfills, by partition and hash
	BucketWebSub   = "copydesk_websub"   // subscriptions at hubs, by partition of the hub and subscription
	BucketAttempts = "copydesk_attempts" // how often a redelivered message was tried; see package stage
)

// Partitions is the number of parts that the stream URLS is divided into.
const Partitions = 64

// ConsumerURLs is the consumer of a partition of URLS. Each partition has its
// own, so that whoever owns it takes its messages and no others, and a busy one
// holds up none.
func ConsumerURLs(partition int) string { return "ingest-" + strconv.Itoa(partition) }

// The consumers: one for each stage, on the stream that it reads. That of ingest
// stands for those of all partitions ([ConsumerURLs]) in figures; versions that
// knew no partitions had one of this name.
const (
	ConsumerIngest    = "ingest"    // on URLS
	ConsumerBackfill  = "backfill"  // on BACKFILL, for those of its partitions in the same way
	ConsumerNormalize = "normalize" // on PAGES
	ConsumerIndex     = "index"     // on ARTICLES
)

// MaxPayload is the largest message, headers included, that the broker takes.
const MaxPayload = 4 << 20

// MaxMessage is the largest message, headers included, that a worker may
// publish: it leaves room for the headers that a dead letter adds.
const MaxMessage = MaxPayload - 64<<10

// URLSubject is where the URLs of a partition are published.
func URLSubject(partition int) string { return "copydesk.url." + strconv.Itoa(partition) }

// BackfillSubject is where the old pages of a partition are published.
func BackfillSubject(partition int) string { return backfillPrefix + strconv.Itoa(partition) }

const backfillPrefix = "copydesk.backfill."

// PageSubject is where a fetched page is published.
func PageSubject(id string) string { return "copydesk.page." + token(id) }

// ArticleSubject is where a cleaned article is published.
func ArticleSubject(id string) string { return "copydesk.article." + token(id) }

// WireSubject is where a finished article is published. An unknown language is
// "und".
func WireSubject(lang, site, id string) string {
	if lang == "" {
		lang = "und"
	}
	return "copydesk.wire." + token(lang) + "." + token(site) + "." + token(id)
}

// DeadSubject is where a dead letter is published.
func DeadSubject(stage, reason string) string {
	return "copydesk.dead." + token(stage) + "." + token(reason)
}

// token makes one subject token: lower case, every character outside a-z 0-9 -
// and _ turned into _, never empty.
func token(s string) string {
	if s == "" {
		return "_"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, s)
}
