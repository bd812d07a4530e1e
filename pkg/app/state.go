package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// The states of a feed, as /sources shows them.
const (
	feedNew     = "new"     // not polled yet
	feedOK      = "ok"      // the last poll worked
	feedFailing = "failing" // the last poll failed; it is tried again, less and less often
	feedBlocked = "blocked" // robots.txt forbids it; looked at once a day
	feedGone    = "gone"    // the publisher says 410; looked at once a day
	feedDead    = "dead"    // has failed for weeks; looked at once a week
	feedRetired = "retired" // in no list any more; not polled
)

// feedState is what bucket copydesk_feeds holds of a feed.
type feedState struct {
	URL          string               `json:"url"`
	Resolved     string               `json:"resolved,omitempty"` // the feed that the page at URL named
	Title        string               `json:"title,omitempty"`
	Format       string               `json:"format,omitempty"`
	State        string               `json:"state"`
	LastError    string               `json:"last_error,omitempty"`
	ETag         string               `json:"etag,omitempty"`
	LastModified string               `json:"last_modified,omitempty"`
	LastPoll     time.Time            `json:"last_poll,omitzero"`
	NextPoll     time.Time            `json:"next_poll,omitzero"`
	LastNew      time.Time            `json:"last_new,omitzero"`
	Failures     int                  `json:"failures,omitempty"`
	Entries      int                  `json:"entries,omitempty"`
	Interval     time.Duration        `json:"interval,omitempty"` // fixed; 0: by its rhythm
	Managed      bool                 `json:"managed,omitempty"`  // imported, not from a list
	Lists        []string             `json:"lists,omitempty"`    // the lists that name it, of all workers
	Tags         []string             `json:"tags,omitempty"`     // of the list that names it
	Asked        time.Duration        `json:"asked,omitempty"`    // interval that the list asks for; 0: none
	Via          string               `json:"via,omitempty"`      // where it is asked for: a redirect led to another worker's host
	ViaSince     time.Time            `json:"via_since,omitzero"`
	Seen         []string             `json:"seen,omitempty"`     // hashes of entries, the latest first
	Sitemaps     map[string]time.Time `json:"sitemaps,omitempty"` // as versions before Children had it

	// Of a tree of sitemaps: see sitemaptree.go and sitemaphosts.go.
	Children map[string]sitemapNote `json:"children,omitempty"`
	Cold     bool                   `json:"cold,omitempty"`   // what the first poll found was not all handed over
	Note     string                 `json:"note,omitempty"`   // what was chosen, left for later or cannot be read
	Parent   string                 `json:"parent,omitempty"` // the source whose sitemaps name this one
	Depth    int                    `json:"depth,omitempty"`  // parents above this one
	Hosted   []string               `json:"hosted,omitempty"` // sitemaps of other hosts that are sources because of this one

	Cadence cadence.State `json:"cadence,omitzero"` // when it brings something
	Push    *pushState    `json:"push,omitempty"`   // how its hub does; nil: none is wanted

	revision uint64
}

func feedKey(url string) string { return article.ID(url) }

// pageState is what bucket copydesk_pages holds of a page: enough to know that
// it need not be fetched, and why not.
type pageState struct {
	URL          string       `json:"url"`
	FinalURL     string       `json:"final_url,omitempty"`
	PageID       string       `json:"page_id,omitempty"`
	FetchedAt    time.Time    `json:"fetched_at,omitzero"`
	Status       int          `json:"status,omitempty"`
	ETag         string       `json:"etag,omitempty"`
	LastModified string       `json:"last_modified,omitempty"`
	BodyHash     string       `json:"body_hash,omitempty"`
	Rights       string       `json:"rights,omitempty"`   // what was reserved of it then; see reservedBy
	Archived     *archiveMark `json:"archived,omitempty"` // where that body is archived
	Entry        string       `json:"entry,omitempty"`    // hash of the entry that was fetched
	Done         bool         `json:"done"`               // fetched, or refused for good
	Error        string       `json:"error,omitempty"`    // class of the last failure
	Attempts     int          `json:"attempts,omitempty"`

	FirstFetch  time.Time     `json:"first_fetch,omitzero"`
	NextRevisit time.Time     `json:"next_revisit,omitzero"` // zero: not looked at again
	GoneSince   time.Time     `json:"gone_since,omitzero"`   // first of the looks that found it gone
	TakenDown   time.Time     `json:"taken_down,omitzero"`   // when that was published; zero once it is back
	Feed        string        `json:"feed,omitempty"`        // that named it, while it is looked at again
	Hints       article.Entry `json:"hints,omitzero"`        // what that feed said of it, shortened

	revision uint64
}

func pageKey(url string) string {
	return strconv.Itoa(weburl.Partition(weburl.HostPort(url))) + "." + article.ID(url)
}

// stateTimeout bounds one read or write of state.
const stateTimeout = 10 * time.Second

// bucket is a key-value bucket whose calls end when the broker goes away.
type bucket struct {
	bus *bus.Bus
	kv  jetstream.KeyValue
}

func openBucket(ctx context.Context, b *bus.Bus, name string) (bucket, error) {
	kv, err := b.Bucket(ctx, name)
	return bucket{b, kv}, err
}

// get returns a value and its revision, 0 if the key is absent.
func (b bucket) get(ctx context.Context, key string) (value []byte, revision uint64, err error) {
	err = b.bus.Call(ctx, stateTimeout, func(ctx context.Context) error {
		entry, err := b.kv.Get(ctx, key)
		if err != nil {
			return err
		}
		value, revision = entry.Value(), entry.Revision()
		return nil
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read %s/%s: %w", b.kv.Bucket(), key, err)
	}
	return value, revision, nil
}

// getJSON reads a key into v and returns its revision, 0 if the key is absent.
func (b bucket) getJSON(ctx context.Context, key string, v any) (uint64, error) {
	value, revision, err := b.get(ctx, key)
	if err != nil || revision == 0 {
		return 0, err
	}
	if err := json.Unmarshal(value, v); err != nil {
		return 0, fmt.Errorf("decode %s/%s: %w", b.kv.Bucket(), key, err)
	}
	return revision, nil
}

// put writes a value and returns its revision; the last write wins.
func (b bucket) put(ctx context.Context, key string, value []byte) error {
	return b.bus.Call(ctx, stateTimeout, func(ctx context.Context) error {
		_, err := b.kv.Put(ctx, key, value)
		return err
	})
}

// swap writes a value if the key still has the given revision (0: is absent),
// and returns the new one. The error wraps [errConflict] if it has another.
func (b bucket) swap(ctx context.Context, key string, value []byte, revision uint64) (next uint64, err error) {
	err = b.bus.Call(ctx, stateTimeout, func(ctx context.Context) (err error) {
		if revision == 0 {
			next, err = b.kv.Create(ctx, key, value)
		} else {
			next, err = b.kv.Update(ctx, key, value, revision)
		}
		return err
	})
	if errors.Is(err, jetstream.ErrKeyExists) || errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return 0, errConflict
	}
	return next, err
}

// swapGrouped is swap for keys of which many are written at about the same time:
// the broker may store several with one sync.
func (b bucket) swapGrouped(ctx context.Context, key string, value []byte, revision uint64) (next uint64, err error) {
	m := &nats.Msg{Subject: "$KV." + b.kv.Bucket() + "." + key, Data: value, Header: nats.Header{}}
	m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(revision, 10))
	err = b.bus.Call(ctx, stateTimeout, func(ctx context.Context) (err error) {
		next, err = b.bus.Publish(ctx, m)
		return err
	})
	var refused *jetstream.APIError
	if errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		// The bucket knows whether that is a conflict, or a key that was deleted.
		return b.swap(ctx, key, value, revision)
	}
	return next, err
}

// feedStore keeps feed states by compare-and-set.
type feedStore struct{ bucket }

func (s feedStore) load(ctx context.Context, url string) (*feedState, error) {
	state := &feedState{URL: url, State: feedNew}
	revision, err := s.getJSON(ctx, feedKey(url), state)
	if err != nil {
		return nil, err
	}
	state.revision = revision
	return state, nil
}

// errConflict says that another worker changed the state in between.
var errConflict = errors.New("changed by another worker")

func (s feedStore) save(ctx context.Context, state *feedState) error {
	data, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode state of feed %s: %w", state.URL, err)
	}
	revision, err := s.swap(ctx, feedKey(state.URL), data, state.revision)
	if err != nil {
		return fmt.Errorf("save state of feed %s: %w", state.URL, err)
	}
	state.revision = revision
	return nil
}

// all returns every feed state, in no order, without the hashes of entries and
// the sitemaps, which are most of it: it is to be read, not to be saved.
func (s feedStore) all(ctx context.Context) ([]*feedState, error) {
	var states []*feedState
	err := s.each(ctx, func(entry jetstream.KeyValueEntry) error {
		if strings.Contains(entry.Key(), ".") {
			return nil // how far a WARC file is read
		}
		state := &feedState{}
		if err := json.Unmarshal(entry.Value(), state); err != nil {
			return fmt.Errorf("list feeds: decode %s: %w", entry.Key(), err)
		}
		state.Seen, state.Sitemaps, state.Children = nil, nil, nil
		states = append(states, state)
		return nil
	})
	return states, err
}

// pageStore keeps page states by compare-and-set: one worker owns a page's
// partition, but one that slept through the end of its lease may wake up and
// write what has been overtaken.
type pageStore struct{ bucket }

func (s pageStore) load(ctx context.Context, url string) (*pageState, error) {
	state := &pageState{URL: url}
	var err error
	state.revision, err = s.getJSON(ctx, pageKey(url), state)
	return state, err
}

// loadKey returns the state under a key; its URL is empty if there is none.
func (s pageStore) loadKey(ctx context.Context, key string) (*pageState, error) {
	state := &pageState{}
	var err error
	state.revision, err = s.getJSON(ctx, key, state)
	return state, err
}

// asideKey marks a page in which the cleaner found no article. It is a key of
// its own because the state of the page belongs to ingest.
func asideKey(url string) string { return pageKey(url) + ".aside" }

// setAside notes that a page holds no article, so that it is not looked at
// again.
func (s pageStore) setAside(ctx context.Context, url, reason string) error {
	if err := s.put(ctx, asideKey(url), []byte(reason)); err != nil {
		return fmt.Errorf("set page %s aside: %w", url, err)
	}
	return nil
}

// isAside reports whether a page was set aside.
func (s pageStore) isAside(ctx context.Context, url string) (bool, error) {
	_, revision, err := s.get(ctx, asideKey(url))
	return revision != 0, err
}

func (s pageStore) save(ctx context.Context, state *pageState) error {
	data, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode state of page %s: %w", state.URL, err)
	}
	revision, err := s.swapGrouped(ctx, pageKey(state.URL), data, state.revision)
	if err != nil {
		return fmt.Errorf("save state of page %s: %w", state.URL, err)
	}
	state.revision = revision
	return nil
}

// robotsStore keeps robots.txt files for the fetcher.
type robotsStore struct{ bucket }

// Get returns the stored robots.txt of a host.
func (s robotsStore) Get(ctx context.Context, host string) ([]byte, bool, error) {
	value, revision, err := s.get(ctx, article.ID(host))
	return value, revision != 0, err
}

// Put stores the robots.txt of a host.
func (s robotsStore) Put(ctx context.Context, host string, data []byte) error {
	if err := s.put(ctx, article.ID(host), data); err != nil {
		return fmt.Errorf("store robots.txt of %s: %w", host, err)
	}
	return nil
}

// sourceCache answers /sources without reading the bucket for every visitor.
type sourceCache struct {
	store feedStore
	mu    sync.Mutex
	at    time.Time
	list  []*feedState
}

const sourceCacheTime = 2 * time.Second

func (c *sourceCache) feeds(ctx context.Context) ([]*feedState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list != nil && time.Since(c.at) < sourceCacheTime {
		return c.list, nil
	}
	list, err := c.store.all(ctx)
	if err != nil {
		return nil, err
	}
	c.list, c.at = list, time.Now()
	return list, nil
}
