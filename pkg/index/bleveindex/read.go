package bleveindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/blevesearch/bleve/v2/document"
	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// blob returns the stored bytes of a document, or nil if there is none.
func blob(reader indexapi.IndexReader, id string) ([]byte, error) {
	d, err := reader.Document(id)
	if err != nil || d == nil {
		return nil, err
	}
	var value []byte
	d.VisitFields(func(f indexapi.Field) {
		if t, ok := f.(*document.TextField); ok && f.Name() == fieldStored {
			value = t.Value()
		}
	})
	return value, nil
}

// load returns the stored article, or nil if there is none.
func (x *Index) load(reader indexapi.IndexReader, id string) (*stored, error) {
	if !validID(id) {
		return nil, nil
	}
	b, err := blob(reader, id)
	if err != nil {
		return nil, fmt.Errorf("read article %s: %w", id, err)
	}
	if b == nil {
		return nil, nil
	}
	s, err := x.codec.decodeRecord(b)
	if err != nil {
		return nil, fmt.Errorf("read article %s: %w", id, err)
	}
	return s, nil
}

// read runs fn on a snapshot of the index.
func (x *Index) read(ctx context.Context, op string, fn func(indexapi.IndexReader) error) error {
	leave, err := x.enter(ctx)
	if err != nil {
		return wrap(op, err)
	}
	defer leave()
	reader, err := x.store.reader()
	if err != nil {
		return wrap(op, err)
	}
	defer reader.Close()
	return wrap(op, fn(reader))
}

// wrap says in an error what was done, unless the error says it all.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{index.ErrNotFound, index.ErrBadQuery, index.ErrBadArticle, index.ErrClosed} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("index: %s: %w", op, err)
}

// Get implements [index.Reader].
func (x *Index) Get(ctx context.Context, id string) (article.Record, error) {
	var record article.Record
	err := x.read(ctx, "get", func(reader indexapi.IndexReader) error {
		s, err := x.load(reader, id)
		if err != nil {
			return err
		}
		if s == nil {
			return fmt.Errorf("%w: %q", index.ErrNotFound, id)
		}
		record = s.Record
		record.Copies, err = copies(ctx, reader, &record)
		return err
	})
	return record, err
}

// copies counts the articles in the cluster of an article, itself included.
func copies(ctx context.Context, reader indexapi.IndexReader, r *article.Record) (int, error) {
	if r.Cluster == "" {
		return 1, nil
	}
	n, err := count(ctx, reader, fieldCluster, key(r.Cluster))
	return max(1, int(n)), err
}

// count returns how many documents have a term.
func count(ctx context.Context, reader indexapi.IndexReader, field, term string) (uint64, error) {
	r, err := reader.TermFieldReader(ctx, []byte(term), field, false, false, false)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return r.Count(), nil
}

// Versions implements [index.Reader].
func (x *Index) Versions(ctx context.Context, id string) ([]article.Version, error) {
	var versions []article.Version
	err := x.read(ctx, "versions", func(reader indexapi.IndexReader) error {
		s, err := x.load(reader, id)
		if err != nil {
			return err
		}
		if s == nil {
			return fmt.Errorf("%w: %q", index.ErrNotFound, id)
		}
		for n := 1; n < s.Version; n++ {
			if n == 2 {
				n = max(n, s.Version-index.KeptVersions)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			b, err := blob(reader, versionID(id, n))
			if err != nil {
				return fmt.Errorf("version %d of %s: %w", n, id, err)
			}
			if b == nil {
				continue
			}
			v, err := x.codec.decodeVersion(b)
			if err != nil {
				return fmt.Errorf("version %d of %s: %w", n, id, err)
			}
			versions = append(versions, v)
		}
		versions = append(versions, versionOf(s))
		return nil
	})
	return versions, err
}

// Stats implements [index.Reader].
func (x *Index) Stats(ctx context.Context) (index.Stats, error) {
	var stats index.Stats
	err := x.read(ctx, "stats", func(reader indexapi.IndexReader) error {
		for kind, n := range map[string]*uint64{
			kindLive: &stats.Documents, kindWithdrawn: &stats.Documents, kindVersion: &stats.Versions,
		} {
			c, err := count(ctx, reader, fieldKind, kind)
			if err != nil {
				return err
			}
			*n += c
		}
		var err error
		if stats.Newest, err = x.store.newest(); err != nil {
			return err
		}
		stats.Bytes, err = size(x.dir)
		return err
	})
	return stats, err
}

// size returns the bytes of the files under dir. Files come and go meanwhile.
func size(dir string) (uint64, error) {
	var n uint64
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return ignoreGone(err)
		}
		info, err := e.Info()
		if err != nil {
			return ignoreGone(err)
		}
		n += uint64(info.Size())
		return nil
	})
	return n, err
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// documents counts the articles for the metric; an index that is closing has
// none.
func (x *Index) documents() float64 {
	var n uint64
	err := x.read(context.Background(), "count", func(reader indexapi.IndexReader) error {
		for _, kind := range []string{kindLive, kindWithdrawn} {
			c, err := count(context.Background(), reader, fieldKind, kind)
			if err != nil {
				return err
			}
			n += c
		}
		return nil
	})
	if err != nil {
		return 0
	}
	return float64(n)
}
