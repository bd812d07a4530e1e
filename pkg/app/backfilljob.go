package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/feed"
)

// The states of a backfill.
const (
	backfillWaiting   = "waiting"   // not begun
	backfillRunning   = "running"   // begun; goes on wherever its partition goes
	backfillDone      = "done"      // all was handed over
	backfillFailed    = "failed"    // nothing could be read
	backfillCancelled = "cancelled" // by the operator
)

// backfillStates lists them, in the order in which a backfill of several parts
// takes the first that one of them is in.
func backfillStates() []string {
	return []string{backfillRunning, backfillWaiting, backfillFailed, backfillCancelled, backfillDone}
}

// backfillKept is for how long a backfill that has ended can be looked at.
const backfillKept = 30 * 24 * time.Hour

// backfillJob is what bucket copydesk_backfill holds of a backfill: what was asked
// for, how far it is, and what came of it. Only the worker that owns the partition
// of its host works on it, and only that worker and `copydesk backfill cancel`
// change it, by compare-and-set.
type backfillJob struct {
	URL     string    `json:"url"`  // a robots.txt or a sitemap
	Site    string    `json:"site"` // registrable domain that pages must be of
	From    time.Time `json:"from"` // the first moment
	To      time.Time `json:"to"`   // the first moment after
	Undated bool      `json:"undated,omitempty"`

	// Of a part of another backfill, for sitemaps on hosts of another partition.
	Root     string            `json:"root,omitempty"`  // key of the backfill that it is a part of
	Run      int64             `json:"run,omitempty"`   // and when that was added
	Index    string            `json:"index,omitempty"` // what names its sitemaps
	Level    int               `json:"level,omitempty"` // parts that it is a part of
	Depth    int               `json:"depth,omitempty"` // indexes above its sitemaps
	Sitemaps []feed.SitemapRef `json:"sitemaps,omitempty"`

	State   string        `json:"state"`
	Error   string        `json:"error,omitempty"` // the last one
	Added   time.Time     `json:"added"`
	Updated time.Time     `json:"updated,omitzero"`
	Ended   time.Time     `json:"ended,omitzero"`
	Active  time.Duration `json:"active,omitempty"` // time that was worked on it

	// Cursor is the way to what was done last, an address a level: sitemaps, and a
	// page where not all of a sitemap is done. Each level is worked off in falling
	// order of the addresses, so it means the same when a sitemap has changed.
	Cursor   []string `json:"cursor,omitempty"`
	Progress float64  `json:"progress,omitempty"` // 0 to 1, by the places of the cursor in its levels

	Read    int `json:"read,omitempty"`    // sitemaps
	Skipped int `json:"skipped,omitempty"` // that cannot hold anything of the range
	Broken  int `json:"broken,omitempty"`  // that cannot be read
	Pauses  int `json:"pauses,omitempty"`  // in a row, while the site did not answer
	Parts   int `json:"parts,omitempty"`   // other backfills that are a part of this one
	InRange int `json:"in_range,omitempty"`
	Queued  int `json:"queued,omitempty"` // pages handed to the broker
	Known   int `json:"known,omitempty"`  // pages that were fetched before

	revision uint64
}

func (j *backfillJob) active() bool { return j.State == backfillWaiting || j.State == backfillRunning }

func (j *backfillJob) partition() int { return partitionOf(j.URL) }

// key is what a backfill is stored under. The same one is stored once, and so is
// what one run of it finds of a partition in an index.
func (j *backfillJob) key() string {
	id := fmt.Sprint(j.URL, "\x00", j.From.Unix(), " ", j.To.Unix(), j.Undated)
	if j.Root != "" {
		id = fmt.Sprint(j.Root, "\x00", j.Run, "\x00", j.Index)
	}
	return strconv.Itoa(j.partition()) + "." + article.ID(id)
}

// keyPartition returns the partition of a key, -1 for none.
func keyPartition(key string) int {
	part, _, _ := strings.Cut(key, ".")
	n, err := strconv.Atoi(part)
	if err != nil {
		return -1
	}
	return n
}

// span writes the range as a person would give it.
func (j *backfillJob) span() string {
	return j.From.Format(time.DateOnly) + " to " + j.To.Add(-time.Second).Format(time.DateOnly)
}

// backfillStore keeps backfills.
type backfillStore struct{ bucket }

// load returns the backfill under a key, nil if there is none.
func (s backfillStore) load(ctx context.Context, key string) (*backfillJob, error) {
	job := &backfillJob{}
	revision, err := s.getJSON(ctx, key, job)
	if err != nil || revision == 0 {
		return nil, err
	}
	job.revision = revision
	return job, nil
}

func (s backfillStore) save(ctx context.Context, job *backfillJob) error {
	job.Updated = time.Now().UTC()
	data, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("encode backfill of %s: %w", job.URL, err)
	}
	revision, err := s.swap(ctx, job.key(), data, job.revision)
	if err != nil {
		return fmt.Errorf("save backfill of %s: %w", job.URL, err)
	}
	job.revision = revision
	return nil
}

// add stores a new backfill. It reports false if that one is there and has not
// ended; one that has ended is begun anew.
func (s backfillStore) add(ctx context.Context, job *backfillJob) (bool, error) {
	old, err := s.load(ctx, job.key())
	if err != nil {
		return false, err
	}
	if old != nil {
		if old.active() || job.Root != "" {
			return false, nil
		}
		job.revision = old.revision
	}
	job.State, job.Added = backfillWaiting, time.Now().UTC()
	if job.Root == "" {
		job.Run = job.Added.UnixNano()
	}
	err = s.save(ctx, job)
	if errors.Is(err, errConflict) {
		return false, nil // another was faster
	}
	return err == nil, err
}

// cancel ends a backfill that has not ended, and reports whether it did.
func (s backfillStore) cancel(ctx context.Context, key string) (bool, error) {
	for try := 0; ; try++ {
		job, err := s.load(ctx, key)
		if err != nil || job == nil || !job.active() {
			return false, err
		}
		job.State, job.Ended = backfillCancelled, time.Now().UTC()
		// Its worker may save at the same time.
		if err := s.save(ctx, job); !errors.Is(err, errConflict) || try == 5 {
			return err == nil, err
		}
	}
}

// all returns every backfill by its key.
func (s backfillStore) all(ctx context.Context) (map[string]*backfillJob, error) {
	jobs := map[string]*backfillJob{}
	err := s.each(ctx, func(entry jetstream.KeyValueEntry) error {
		job := &backfillJob{}
		if err := json.Unmarshal(entry.Value(), job); err != nil {
			return fmt.Errorf("list backfills: decode %s: %w", entry.Key(), err)
		}
		jobs[entry.Key()] = job
		return nil
	})
	return jobs, err
}
