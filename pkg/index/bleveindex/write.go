package bleveindex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// transaction is one batch in the making: what it will leave stored, read
// through to the snapshot that it started from.
type transaction struct {
	x       *Index
	reader  indexapi.IndexReader
	batch   *indexapi.Batch
	pending map[string]*stored // nil where there is no such article
	changed map[string]bool    // ids whose document is to be written
}

// transact runs fn as the only writer and makes durable what it changed.
func (x *Index) transact(ctx context.Context, op string, fn func(*transaction) error) error {
	x.write.Lock()
	defer x.write.Unlock()
	if x.isDown() {
		if err := x.reopen(); err != nil {
			return wrap(op, err)
		}
	}
	failed, err := x.attempt(ctx, fn)
	if failed {
		err = errors.Join(err, x.reopen())
	}
	return wrap(op, err)
}

// attempt does what transact promises; failed says that the store was damaged.
func (x *Index) attempt(ctx context.Context, fn func(*transaction) error) (failed bool, err error) {
	leave, err := x.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	reader, err := x.store.reader()
	if err != nil {
		return false, err
	}
	defer reader.Close()
	t := &transaction{
		x: x, reader: reader, batch: indexapi.NewBatch(),
		pending: map[string]*stored{}, changed: map[string]bool{},
	}
	if err := fn(t); err != nil {
		return false, err
	}
	if err := t.prepare(ctx); err != nil {
		return false, err
	}
	if len(t.batch.IndexOps) == 0 {
		return false, nil // what is stored is durable already
	}
	start := time.Now()
	if err := x.store.batch(t.batch); err != nil {
		return true, fmt.Errorf("write %d articles: %w", len(t.changed), err)
	}
	x.metrics.batch.Observe(time.Since(start).Seconds())
	return false, nil
}

// isDown reports whether the store could not be opened after a failed write.
func (x *Index) isDown() bool {
	x.life.RLock()
	defer x.life.RUnlock()
	return !x.closed && x.store == nil
}

// get returns what the transaction would leave stored under id, or nil.
func (t *transaction) get(id string) (*stored, error) {
	if s, ok := t.pending[id]; ok {
		return s, nil
	}
	s, err := t.x.load(t.reader, id)
	if err != nil {
		return nil, err
	}
	t.pending[id] = s
	return s, nil
}

// put stores s.
func (t *transaction) put(s *stored) {
	t.pending[s.ID] = s
	t.changed[s.ID] = true
}

// prepare makes the documents of what was changed.
func (t *transaction) prepare(ctx context.Context) error {
	for id := range t.changed {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, err := t.x.articleDocument(t.pending[id])
		if err != nil {
			return err
		}
		t.batch.Update(d)
	}
	return nil
}

// Upsert implements [index.Writer].
func (x *Index) Upsert(ctx context.Context, articles []article.Article, now time.Time, relate index.Relate) ([]index.Outcome, error) {
	var outcomes []index.Outcome
	err := x.transact(ctx, "upsert", func(t *transaction) error {
		for i := range articles {
			if err := ctx.Err(); err != nil {
				return err
			}
			o, err := t.upsert(&articles[i], now)
			if err != nil {
				return err
			}
			outcomes = append(outcomes, o)
		}
		if relate != nil {
			if err := t.relate(ctx, relate, outcomes); err != nil {
				return err
			}
		}
		if len(t.changed) > 0 {
			t.batch.SetInternal([]byte(internalNewest), []byte(now.UTC().Format(time.RFC3339Nano)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

// upsert decides what becomes of one article.
func (t *transaction) upsert(a *article.Article, now time.Time) (index.Outcome, error) {
	if !validID(a.ID) {
		return index.Outcome{}, fmt.Errorf("%w: id %q", index.ErrBadArticle, a.ID)
	}
	old, err := t.get(a.ID)
	if err != nil {
		return index.Outcome{}, err
	}
	outcome := func(c index.Change, s *stored) (index.Outcome, error) {
		return index.Outcome{
			ID: a.ID, Change: c, Version: s.Version, Record: s.Record,
			Placed: s.isPlaced(), Arrived: s.arrival(),
		}, nil
	}
	fresh := &stored{Record: article.Record{Article: *a, IndexedAt: now}, Since: a.FetchedAt}
	if old == nil {
		fresh.Version, fresh.Arrived = 1, now
		fresh.FirstSeen = a.FetchedAt
		fresh.Cluster, fresh.Original = a.ID, a.ID
		t.put(fresh)
		return outcome(index.Created, fresh)
	}
	if !article.Newer(a, &old.Article) {
		if !article.Newer(&old.Article, a) {
			return outcome(index.Unchanged, old)
		}
		return outcome(index.Stale, old)
	}
	fresh.Version, fresh.FirstSeen = old.Version, old.FirstSeen
	fresh.Arrived, fresh.Placed = old.Arrived, old.Placed
	fresh.Cluster, fresh.Original, fresh.OriginalBy = old.Cluster, old.Original, old.OriginalBy
	fresh.Links, fresh.Story, fresh.Related = old.Links, old.Story, old.Related
	if a.ContentHash == old.ContentHash {
		fresh.Since = old.Since
		t.put(fresh)
		return outcome(index.Refreshed, fresh)
	}
	if err := t.keepVersion(old); err != nil {
		return index.Outcome{}, err
	}
	fresh.Version++
	t.put(fresh)
	return outcome(index.NewVersion, fresh)
}

// keepVersion stores the content of old as an older version, and drops the one
// that is one too many.
func (t *transaction) keepVersion(old *stored) error {
	v := versionOf(old)
	d, err := t.x.versionDocument(old.ID, &v)
	if err != nil {
		return err
	}
	t.batch.Update(d)
	if drop := old.Version - index.KeptVersions; drop > 1 {
		t.batch.Delete(versionID(old.ID, drop))
	}
	return nil
}

// versionOf returns the present version of a stored article.
func versionOf(s *stored) article.Version {
	return article.Version{
		Version: s.Version, ContentHash: s.ContentHash, Title: s.Title,
		FetchedAt: s.Since, Body: s.Body,
	}
}

// edit rewrites the articles that change says it changed. It gets a copy.
func (t *transaction) edit(id string, change func(*stored) bool) error {
	old, err := t.get(id)
	if err != nil || old == nil {
		return err
	}
	s := *old
	if change(&s) {
		t.put(&s)
	}
	return nil
}

// Place implements [index.Writer].
func (x *Index) Place(ctx context.Context, placements []index.Placement) error {
	return x.transact(ctx, "place", func(t *transaction) error {
		return t.place(placements)
	})
}

// Withdraw implements [index.Writer].
func (x *Index) Withdraw(ctx context.Context, ids []string, at, now time.Time) error {
	return x.transact(ctx, "withdraw", func(t *transaction) error {
		for _, id := range ids {
			err := t.edit(id, func(s *stored) bool {
				if s.Withdrawn || s.FetchedAt.After(at) {
					return false
				}
				s.Withdrawn, s.IndexedAt = true, now
				return true
			})
			if err != nil {
				return err
			}
		}
		if len(t.changed) > 0 {
			t.batch.SetInternal([]byte(internalNewest), []byte(now.UTC().Format(time.RFC3339Nano)))
		}
		return nil
	})
}

// idsOf returns the ids of the documents that have a term, in order.
func idsOf(ctx context.Context, reader indexapi.IndexReader, field, term string) ([]string, error) {
	r, err := reader.TermFieldReader(ctx, []byte(term), field, false, false, false)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var ids []string
	var doc indexapi.TermFieldDoc
	for {
		d, err := r.Next(doc.Reset())
		if err != nil {
			return nil, err
		}
		if d == nil {
			slices.SortFunc(ids, cmp.Compare[string])
			return ids, nil
		}
		if len(ids)%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		id, err := reader.ExternalID(d.ID)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
}
