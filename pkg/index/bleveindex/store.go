package bleveindex

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/util"
	indexapi "github.com/blevesearch/bleve_index_api"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/copydesk/copydesk/pkg/index"
)

// lockTimeout is how long bolt waits for a lock before it gives up. Without a
// limit a second process would wait for good.
const lockTimeout = 300 * time.Millisecond

// Values that the store keeps beside its documents. Scorch holds all of them in
// memory and writes them with every batch: only a few small ones belong here.
const (
	// internalFormat is written first. A store without it has lost its data:
	// scorch opens as empty what it cannot read.
	internalFormat = "copydesk-format"
	// internalBatch counts the batches. Scorch goes back to an older state when
	// it cannot read the newest; the number gives that away.
	internalBatch  = "copydesk-batch"
	internalNewest = "copydesk-newest" // indexed_at of the last change
)

// store is scorch with two of its traps closed. Readers see only what is
// durable: scorch shows a batch before it is on disk, and when writing it fails
// it frees the segment that readers then stumble over. For the same reason a
// store whose batch failed is of no use for writing and must be opened again.
type store struct {
	dir     string
	queue   *indexapi.AnalysisQueue
	scorch  *scorch.Scorch
	batches uint64 // written so far
	mu      sync.Mutex
	durable *scorch.IndexSnapshot // while a batch is under way, what readers get
}

// openStore opens the store of the index in dir. created says that it may be
// empty. It returns a plain error that names the directory.
func openStore(dir string, created bool) (*store, error) {
	s := &store{dir: filepath.Join(dir, storeDir)}
	last, err := s.lastBatch()
	if err == nil {
		err = s.open()
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("open index %s: %w", dir, index.ErrLocked)
	case errors.Is(err, errDamaged):
		return nil, s.damaged(dir)
	case err != nil:
		return nil, fmt.Errorf("open index %s: %w", dir, err)
	}
	if err := s.check(dir, created, last); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

var errDamaged = errors.New("damaged")

// damaged is the error for a store that has lost data.
func (s *store) damaged(dir string) error {
	return fmt.Errorf("open index %s: %s is damaged or gone: move the directory away, then fill a new index from the archive or the broker",
		dir, s.dir)
}

// lastBatch returns the number of the last batch that was written according to
// the file that scorch keeps its states in; 0 if there is none. It looks for the
// files of that state, because scorch, opening an older one, deletes the rest.
func (s *store) lastBatch() (n uint64, err error) {
	path := filepath.Join(s.dir, "root.bolt")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		states := tx.Bucket(util.BoltSnapshotsBucket)
		if states == nil {
			return nil
		}
		newest, _ := states.Cursor().Last()
		state := states.Bucket(newest)
		if state == nil {
			return nil
		}
		if values := state.Bucket(util.BoltInternalKey); values != nil {
			n = number(string(values.Get([]byte(internalBatch))))
		}
		return state.ForEachBucket(func(k []byte) error {
			name := state.Bucket(k).Get(util.BoltPathKey)
			if name == nil {
				return nil // not a segment
			}
			if info, err := os.Stat(filepath.Join(s.dir, string(name))); err != nil || info.Size() == 0 {
				return errDamaged
			}
			return nil
		})
	})
	return n, err
}

// number reads a number of the store; anything else counts as none.
func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (s *store) open() error {
	queue := indexapi.NewAnalysisQueue(runtime.GOMAXPROCS(0))
	opened, err := scorch.NewScorch(scorch.Name, map[string]any{
		"path":         s.dir,
		"bolt_timeout": lockTimeout.String(),
	}, queue)
	if err == nil {
		err = opened.Open()
	}
	if err != nil {
		queue.Close()
		return err
	}
	s.queue, s.scorch = queue, opened.(*scorch.Scorch)
	return nil
}

// check writes the mark of a new store, or looks for that of an old one and
// whether it is in its newest state.
func (s *store) check(dir string, created bool, last uint64) error {
	mark, err := s.internal(internalFormat)
	if err != nil {
		return fmt.Errorf("open index %s: %w", dir, err)
	}
	batches, err := s.internal(internalBatch)
	if err != nil {
		return fmt.Errorf("open index %s: %w", dir, err)
	}
	s.batches = number(batches)
	if mark == "" && !created || s.batches < last {
		return s.damaged(dir)
	}
	if mark == "" {
		b := indexapi.NewBatch()
		b.SetInternal([]byte(internalFormat), fmt.Append(nil, formatVersion))
		if err := s.batch(b); err != nil {
			return fmt.Errorf("create index %s: %w", dir, err)
		}
	}
	if created {
		return writeFormat(dir)
	}
	return syncDir(s.dir) // of what a failed write may have left half done
}

// reader returns a snapshot of what is durable.
func (s *store) reader() (indexapi.IndexReader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.durable != nil {
		s.durable.AddRef()
		return s.durable, nil
	}
	return s.scorch.Reader()
}

// batch writes a batch. It returns after scorch has written and synced the
// segment and the root that names it, which scorch waits for unless it is told
// "unsafe_batch", and after the directory that names the files is synced too.
// After an error the store must be closed.
func (s *store) batch(b *indexapi.Batch) error {
	r, err := s.scorch.Reader()
	if err != nil {
		return err
	}
	s.batches++
	b.SetInternal([]byte(internalBatch), strconv.AppendUint(nil, s.batches, 10))
	s.mu.Lock()
	s.durable = r.(*scorch.IndexSnapshot)
	s.mu.Unlock()
	if err := s.scorch.Batch(b); err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	s.mu.Lock()
	s.durable = nil
	s.mu.Unlock()
	return r.Close()
}

// internal returns a value that is kept beside the documents.
func (s *store) internal(name string) (string, error) {
	r, err := s.reader()
	if err != nil {
		return "", err
	}
	defer r.Close()
	v, err := r.GetInternal([]byte(name))
	return string(v), err
}

// newest returns when the last change was indexed.
func (s *store) newest() (time.Time, error) {
	v, err := s.internal(internalNewest)
	if err != nil || v == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, v)
}

// close closes the store; nobody may be reading.
func (s *store) close() error {
	var err error
	if s.durable != nil { // a batch failed
		err = s.durable.Close()
	}
	err = errors.Join(err, s.scorch.Close())
	s.queue.Close()
	return err
}
