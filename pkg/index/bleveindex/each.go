package bleveindex

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2/numeric"
	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/index"
)

// eachChunk is how many articles are decoded at once ahead of who reads them.
const eachChunk = 256

// arrivedDoc is an article by its arrival.
type arrivedDoc struct {
	at  int64
	doc uint64
}

// Each implements [index.Reader].
func (x *Index) Each(ctx context.Context, since time.Time, fn func(*index.Entry) error) error {
	return x.read(ctx, "each", func(reader indexapi.IndexReader) error {
		docs, err := arrivals(ctx, reader, since)
		if err != nil {
			return err
		}
		chunk, err := x.decodeChunk(ctx, reader, docs[:min(len(docs), eachChunk)])
		for done := 0; err == nil && len(chunk) > 0; {
			done += len(chunk)
			var next []index.Entry
			ahead := make(chan error, 1)
			go func() {
				var err error
				next, err = x.decodeChunk(ctx, reader, docs[done:min(len(docs), done+eachChunk)])
				ahead <- err
			}()
			for i := range chunk {
				if err = fn(&chunk[i]); err != nil {
					break
				}
			}
			if aheadErr := <-ahead; err == nil {
				err = aheadErr
			}
			chunk = next
		}
		return err
	})
}

// arrivals lists the articles that arrived since a time, in order.
func arrivals(ctx context.Context, reader indexapi.IndexReader, since time.Time) ([]arrivedDoc, error) {
	columns, err := reader.DocValueReader([]string{fieldArrived, fieldWhen})
	if err != nil {
		return nil, err
	}
	from := int64(math.MinInt64)
	if !since.IsZero() {
		from = nanoseconds(since)
	}
	var docs []arrivedDoc
	for _, kind := range []string{kindLive, kindWithdrawn} {
		docs, err = arrivalsOf(ctx, reader, columns, kind, from, docs)
		if err != nil {
			return nil, err
		}
	}
	var idErr error
	id := func(doc uint64) string {
		id, err := reader.ExternalID(indexapi.NewIndexInternalID(nil, doc))
		idErr = cmp.Or(idErr, err)
		return id
	}
	slices.SortFunc(docs, func(a, b arrivedDoc) int {
		if c := cmp.Compare(a.at, b.at); c != 0 || a.doc == b.doc {
			return c
		}
		return cmp.Compare(id(a.doc), id(b.doc))
	})
	return docs, idErr
}

func arrivalsOf(ctx context.Context, reader indexapi.IndexReader, columns indexapi.DocValueReader, kind string, from int64, docs []arrivedDoc) ([]arrivedDoc, error) {
	r, err := reader.TermFieldReader(ctx, []byte(kind), fieldKind, false, false, false)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var arrived, dates []byte
	visit := func(field string, value []byte) {
		if field == fieldArrived {
			arrived = append(arrived, value...)
		} else {
			dates = append(dates, value...)
		}
	}
	var doc indexapi.TermFieldDoc
	for i := 0; ; i++ {
		if i%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		d, err := r.Next(doc.Reset())
		if err != nil || d == nil {
			return docs, err
		}
		arrived, dates = arrived[:0], dates[:0]
		if err := columns.VisitDocValues(d.ID, visit); err != nil {
			return nil, err
		}
		at, err := numeric.PrefixCoded(arrived).Int64()
		if len(arrived) == 0 || err != nil {
			w, ok := decodeWhen(dates) // of a version that did not keep the arrival
			if !ok {
				return nil, fmt.Errorf("document %d has no dates", d.ID.Value())
			}
			at = w.indexed
		}
		if at >= from {
			docs = append(docs, arrivedDoc{at: at, doc: d.ID.Value()})
		}
	}
}

// decodeChunk reads articles on all cores.
func (x *Index) decodeChunk(ctx context.Context, reader indexapi.IndexReader, docs []arrivedDoc) ([]index.Entry, error) {
	entries := make([]index.Entry, len(docs))
	workers := min(runtime.GOMAXPROCS(0), len(docs))
	errs := make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < len(docs) && errs[w] == nil; i += workers {
				errs[w] = x.decodeEntry(ctx, reader, docs[i].doc, &entries[i])
			}
		})
	}
	group.Wait()
	return entries, cmp.Or(errs...)
}

func (x *Index) decodeEntry(ctx context.Context, reader indexapi.IndexReader, doc uint64, e *index.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	id, err := reader.ExternalID(indexapi.NewIndexInternalID(nil, doc))
	if err != nil {
		return err
	}
	s, err := x.load(reader, id)
	if err != nil {
		return err
	}
	if s == nil {
		return fmt.Errorf("article %s is in no snapshot", id)
	}
	e.Record, e.Arrived, e.Placed = s.Record, s.arrival(), s.isPlaced()
	e.Record.Removed = nil
	return nil
}
