// Package bleveindex keeps the index in a directory, with the scorch index of
// Bleve. One process has it open at a time.
//
// Stored format (formatVersion): copydesk-index.json names the version; store/
// is a scorch index with one document an article, under its id, and one for
// every older version, under id NUL number. A document has the terms that make
// it findable, columns for what searches read of every match (see the field
// names in document.go), and the record as JSON, compressed by zstd with a
// dictionary (codec.go). There is no Bleve mapping: documents and queries are
// made of terms by this package.
//
// Search is one pass over the documents that have the terms of the query
// (plan.go), which checks phrases by position, filters dates, counts facets and
// keeps the best (collect.go). The score of a document depends on nothing but
// the document, the query and what the cursor carries along, so that pages stay
// stable while articles arrive.
package bleveindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/copydesk/copydesk/pkg/index"
)

// formatVersion is raised whenever older directories cannot be read, or would
// be read wrongly.
const formatVersion = 1

const (
	formatFile = "copydesk-index.json"
	storeDir   = "store"
)

// Options configure an index. The zero value is usable.
type Options struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil: no metrics
	// MaxSearches bounds the searches that run at once; the others wait. By
	// default twice the number of processors.
	MaxSearches int
}

// Index is an index in a directory. It implements [index.Index].
type Index struct {
	dir     string
	log     *slog.Logger
	codec   *codec
	metrics *metrics
	slots   *semaphore.Weighted // searches running

	write sync.Mutex // one writer at a time; taken before life

	life   sync.RWMutex // held for reading by every call
	closed bool
	store  *store // nil after a failed write until it could be opened again
	down   error  // why store is nil
}

var _ index.Index = (*Index)(nil)

// Open opens the index in dir and creates it if there is none. Errors wrap
// [index.ErrLocked] when another process has it open.
func Open(dir string, o Options) (*Index, error) {
	x := &Index{dir: dir, log: o.Logger}
	if x.log == nil {
		x.log = slog.New(slog.DiscardHandler)
	}
	if o.MaxSearches <= 0 {
		o.MaxSearches = 2 * runtime.GOMAXPROCS(0)
	}
	x.slots = semaphore.NewWeighted(int64(o.MaxSearches))
	created, err := checkFormat(dir)
	if err != nil {
		return nil, err
	}
	if x.codec, err = newCodec(); err != nil {
		return nil, fmt.Errorf("open index %s: %w", dir, err)
	}
	if x.store, err = openStore(dir, created); err != nil {
		x.codec.close()
		return nil, err
	}
	if x.metrics, err = newMetrics(o.Registerer, x.documents); err != nil {
		return nil, errors.Join(fmt.Errorf("open index %s: %w", dir, err), x.Close())
	}
	return x, nil
}

// format is the content of formatFile.
type format struct {
	Format int    `json:"format"`
	Engine string `json:"engine"`
}

// checkFormat looks whether dir holds an index of this version (false), or
// nothing yet (true).
func checkFormat(dir string) (created bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, formatFile))
	if err == nil {
		var f format
		if err := json.Unmarshal(text, &f); err != nil {
			return false, fmt.Errorf("open index %s: %s: %w", dir, formatFile, err)
		}
		if f.Format != formatVersion {
			return false, fmt.Errorf("open index %s: it has format %d and this program reads %d: move the directory away, then fill a new index from the archive or the broker",
				dir, f.Format, formatVersion)
		}
		return false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("open index: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return false, fmt.Errorf("create index: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, fmt.Errorf("open index: %w", err)
	}
	for _, e := range entries {
		// A store without the file is one whose creation was cut short.
		if e.Name() != storeDir && e.Name() != "lost+found" {
			return false, fmt.Errorf("open index %s: the directory holds %s and no index; choose an empty one", dir, e.Name())
		}
	}
	return true, nil
}

// writeFormat marks dir as complete.
func writeFormat(dir string) error {
	text, err := json.Marshal(format{Format: formatVersion, Engine: "bleve scorch"})
	if err != nil {
		return fmt.Errorf("create index %s: %w", dir, err)
	}
	temporary := filepath.Join(dir, storeDir, formatFile)
	if err := os.WriteFile(temporary, append(text, '\n'), 0o640); err != nil {
		return fmt.Errorf("create index %s: %w", dir, err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, formatFile)); err != nil {
		return fmt.Errorf("create index %s: %w", dir, err)
	}
	return syncDir(dir)
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync index: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync index %s: %w", dir, err)
	}
	return nil
}

// Close waits for the calls in progress and closes the index. Later calls of
// other methods return [index.ErrClosed], of Close nil.
func (x *Index) Close() error {
	x.life.Lock()
	defer x.life.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	if x.metrics != nil {
		x.metrics.unregister()
	}
	x.codec.close()
	if x.store == nil {
		return nil
	}
	if err := x.store.close(); err != nil {
		return fmt.Errorf("close index %s: %w", x.dir, err)
	}
	return nil
}

// enter begins a call: it fails if the index is closed or the context done,
// and otherwise returns what ends the call.
func (x *Index) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x.life.RLock()
	switch {
	case x.closed:
		err = index.ErrClosed
	case x.store == nil:
		err = fmt.Errorf("closed since a write failed: %w", x.down)
	default:
		return x.life.RUnlock, nil
	}
	x.life.RUnlock()
	return nil, err
}

// reopen opens the store anew after a failed write, or after a failed attempt
// to do so. What the write left in memory is gone then.
func (x *Index) reopen() error {
	x.life.Lock()
	defer x.life.Unlock()
	if x.closed {
		return nil
	}
	if x.store != nil {
		if err := x.store.close(); err != nil {
			x.log.Error("close index after a failed write", "dir", x.dir, "error", err)
		}
	}
	if x.store, x.down = openStore(x.dir, false); x.down != nil {
		x.store = nil
		return x.down
	}
	x.log.Warn("index opened again after a failed write", "dir", x.dir)
	return nil
}
