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

const (
	// eachChunk is how many articles one core decodes in a go, and eachAhead how
	// many chunks a core are ready or under way ahead of who reads them: what is
	// in memory at once is bounded by both.
	eachChunk = 16
	eachAhead = 3
)

// arrivedDoc is an article by its arrival.
type arrivedDoc struct {
	at  int64
	doc uint64
}

// chunk is a few articles on their way.
type chunk struct {
	docs    []arrivedDoc
	entries []index.Entry
	err     error
	done    chan struct{} // closed when entries and err are set
}

// Each implements [index.Reader].
func (x *Index) Each(ctx context.Context, since time.Time, fn func(*index.Entry) error) error {
	return x.read(ctx, "each", func(reader indexapi.IndexReader) error {
		blobs, err := newBlobReader(reader)
		if err != nil {
			return err
		}
		docs, err := x.arrivals(ctx, reader, blobs, since)
		if err != nil {
			return err
		}
		var running sync.WaitGroup
		defer running.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for c := range x.decodeAhead(ctx, &running, blobs, docs) {
			select {
			case <-c.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if c.err != nil {
				return c.err
			}
			for i := range c.entries {
				if err := fn(&c.entries[i]); err != nil {
					return err
				}
			}
		}
		return ctx.Err()
	})
}

// decodeAhead decodes articles on all cores and gives the chunks in order; each
// is ready once it is done. The goroutines end with ctx.
func (x *Index) decodeAhead(ctx context.Context, running *sync.WaitGroup, blobs *blobReader, docs []arrivedDoc) <-chan *chunk {
	cores := runtime.GOMAXPROCS(0)
	ordered := make(chan *chunk, cores*(eachAhead-1)) // and one chunk a core in hand
	work := make(chan *chunk)
	running.Go(func() {
		defer close(ordered)
		defer close(work)
		for part := range slices.Chunk(docs, eachChunk) {
			c := &chunk{docs: part, done: make(chan struct{})}
			select {
			case ordered <- c:
			case <-ctx.Done():
				return
			}
			select {
			case work <- c:
			case <-ctx.Done():
				return
			}
		}
	})
	for range cores {
		running.Go(func() {
			var space scratch
			for c := range work {
				c.entries, c.err = x.decodeEntries(ctx, blobs, c.docs, &space)
				close(c.done)
			}
		})
	}
	return ordered
}

func (x *Index) decodeEntries(ctx context.Context, blobs *blobReader, docs []arrivedDoc, space *scratch) ([]index.Entry, error) {
	entries := make([]index.Entry, len(docs))
	for i, d := range docs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := x.decodeLean(blobs, d.doc, space)
		if err != nil {
			return nil, err
		}
		entries[i] = index.Entry{Record: s.Record, Arrived: s.arrival(), Placed: s.isPlaced()}
	}
	return entries, nil
}

// decodeLean reads an article without what was removed from its page.
func (x *Index) decodeLean(blobs *blobReader, doc uint64, space *scratch) (s *stored, err error) {
	found := blobs.visit(doc, func(blob []byte) { s, err = x.codec.decodeLean(blob, space) })
	if err = cmp.Or(found, err); err != nil {
		return nil, fmt.Errorf("document %d: %w", doc, err)
	}
	return s, nil
}

// arrivals lists the articles that arrived since a time, in order.
func (x *Index) arrivals(ctx context.Context, reader indexapi.IndexReader, blobs *blobReader, since time.Time) ([]arrivedDoc, error) {
	columns, err := reader.DocValueReader([]string{fieldArrived})
	if err != nil {
		return nil, err
	}
	l := arrivalList{from: math.MinInt64, columns: columns}
	if !since.IsZero() {
		l.from = nanoseconds(since)
	}
	for _, kind := range []string{kindLive, kindWithdrawn} {
		if err := l.add(ctx, reader, kind); err != nil {
			return nil, err
		}
	}
	if err := x.addOld(ctx, &l, blobs); err != nil {
		return nil, err
	}
	return l.docs, sortArrivals(reader, l.docs)
}

// arrivalList is what is known of the articles before they are read.
type arrivalList struct {
	from    int64
	columns indexapi.DocValueReader
	docs    []arrivedDoc
	old     []uint64 // written by a version that kept no column of arrivals
}

// add lists the articles of a kind.
func (l *arrivalList) add(ctx context.Context, reader indexapi.IndexReader, kind string) error {
	r, err := reader.TermFieldReader(ctx, []byte(kind), fieldKind, false, false, false)
	if err != nil {
		return err
	}
	defer r.Close()
	var arrived []byte
	visit := func(_ string, value []byte) { arrived = append(arrived, value...) }
	var doc indexapi.TermFieldDoc
	for i := 0; ; i++ {
		if i%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		d, err := r.Next(doc.Reset())
		if err != nil || d == nil {
			return err
		}
		arrived = arrived[:0]
		if err := l.columns.VisitDocValues(d.ID, visit); err != nil {
			return err
		}
		n := d.ID.Value()
		if len(arrived) == 0 {
			l.old = append(l.old, n)
			continue
		}
		at, err := numeric.PrefixCoded(arrived).Int64()
		if err != nil {
			return fmt.Errorf("document %d: arrival: %w", n, err)
		}
		if at >= l.from {
			l.docs = append(l.docs, arrivedDoc{at: at, doc: n})
		}
	}
}

// addOld lists the articles that must be read to know when they arrived.
func (x *Index) addOld(ctx context.Context, l *arrivalList, blobs *blobReader) error {
	parts := make([][]arrivedDoc, runtime.GOMAXPROCS(0))
	errs := make([]error, len(parts))
	var running sync.WaitGroup
	for w := range parts {
		running.Go(func() {
			var space scratch
			for i := w; i < len(l.old); i += len(parts) {
				if errs[w] = ctx.Err(); errs[w] != nil {
					return
				}
				s, err := x.decodeLean(blobs, l.old[i], &space)
				if err != nil {
					errs[w] = err
					return
				}
				if at := nanoseconds(s.arrival()); at >= l.from {
					parts[w] = append(parts[w], arrivedDoc{at: at, doc: l.old[i]})
				}
			}
		})
	}
	running.Wait()
	l.docs = slices.Concat(append(parts, l.docs)...)
	return cmp.Or(errs...)
}

// sortArrivals sorts articles by arrival, and those of one batch, which arrived
// at once, by id.
func sortArrivals(reader indexapi.IndexReader, docs []arrivedDoc) error {
	slices.SortFunc(docs, func(a, b arrivedDoc) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.doc, b.doc))
	})
	type named struct {
		id  string
		doc uint64
	}
	var batch []named
	for len(docs) > 0 {
		n := 1
		for n < len(docs) && docs[n].at == docs[0].at {
			n++
		}
		batch = batch[:0]
		for i := 0; n > 1 && i < n; i++ {
			id, err := reader.ExternalID(indexapi.NewIndexInternalID(nil, docs[i].doc))
			if err != nil {
				return err
			}
			batch = append(batch, named{id, docs[i].doc})
		}
		slices.SortFunc(batch, func(a, b named) int { return cmp.Compare(a.id, b.id) })
		for i, b := range batch {
			docs[i].doc = b.doc
		}
		docs = docs[n:]
	}
	return nil
}
