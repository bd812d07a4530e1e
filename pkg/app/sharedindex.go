package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

const (
	// openRetry is how often a worker that owns the index asks whether the
	// process before it has let go of the directory.
	openRetry = 100 * time.Millisecond
	// openPatience is after how long it says that it waits.
	openPatience = 3 * time.Second
)

// sharedIndex is an index that several processes use in turn. It can be read
// while it is open here; while another process has it, every call returns
// [index.ErrLocked]. Who may open it is decided by whoever calls take and yield.
type sharedIndex struct {
	open func() (index.Index, error)
	log  *slog.Logger

	mu     sync.RWMutex
	ix     index.Index // nil while another process has it
	holder string      // who, as far as is known
	closed bool
}

var _ index.Reader = (*sharedIndex)(nil)

// tryOpen opens the index if no other process has it, so that it can be searched
// before it is known who is to write it.
func (s *sharedIndex) tryOpen() error {
	_, err := s.tryTake()
	if errors.Is(err, index.ErrLocked) {
		s.log.Info("another process has the index; standing by", "err", err)
		return nil
	}
	return err
}

// take returns the index, opened. It waits while another process has it.
func (s *sharedIndex) take(ctx context.Context) (index.Index, error) {
	start, told := time.Now(), false
	for {
		ix, err := s.tryTake()
		if err == nil || !errors.Is(err, index.ErrLocked) {
			return ix, err
		}
		if !told && time.Since(start) > openPatience {
			told = true
			s.log.Warn("waiting for the process that had the index before to let go of it", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(openRetry):
		}
	}
}

func (s *sharedIndex) tryTake() (index.Index, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, index.ErrClosed
	}
	if s.ix != nil {
		return s.ix, nil
	}
	ix, err := s.open()
	if err != nil {
		return nil, err
	}
	s.ix, s.holder = ix, ""
	return ix, nil
}

// yield closes the index for the process that is to have it next.
func (s *sharedIndex) yield(holder string) error {
	s.mu.Lock()
	ix := s.ix
	s.ix, s.holder = nil, holder
	s.mu.Unlock()
	if ix == nil {
		return nil
	}
	s.log.Info("leaving the index to another worker", "holder", holder)
	return ix.Close()
}

// isOpen reports whether this process has the index.
func (s *sharedIndex) isOpen() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.ix != nil
}

// known reports whether it is known who has the index.
func (s *sharedIndex) known() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.holder != ""
}

// get returns the open index, or the error that every call returns without.
func (s *sharedIndex) get() (index.Index, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.ix != nil:
		return s.ix, nil
	case s.closed:
		return nil, index.ErrClosed
	case s.holder != "":
		return nil, fmt.Errorf("%w: %s has it and answers", index.ErrLocked, s.holder)
	}
	return nil, index.ErrLocked
}

// Close closes the index for good.
func (s *sharedIndex) Close() error {
	s.mu.Lock()
	ix := s.ix
	s.ix, s.closed = nil, true
	s.mu.Unlock()
	if ix == nil {
		return nil
	}
	return ix.Close()
}

// through calls the open index.
func through[T any](s *sharedIndex, call func(index.Index) (T, error)) (T, error) {
	ix, err := s.get()
	if err != nil {
		var none T
		return none, err
	}
	return call(ix)
}

// Get implements [index.Reader].
func (s *sharedIndex) Get(ctx context.Context, id string) (article.Record, error) {
	return through(s, func(ix index.Index) (article.Record, error) { return ix.Get(ctx, id) })
}

// Versions implements [index.Reader].
func (s *sharedIndex) Versions(ctx context.Context, id string) ([]article.Version, error) {
	return through(s, func(ix index.Index) ([]article.Version, error) { return ix.Versions(ctx, id) })
}

// Search implements [index.Reader].
func (s *sharedIndex) Search(ctx context.Context, q index.Query) (index.Result, error) {
	return through(s, func(ix index.Index) (index.Result, error) { return ix.Search(ctx, q) })
}

// Stories implements [index.Reader].
func (s *sharedIndex) Stories(ctx context.Context, q index.StoriesQuery) (index.StoriesResult, error) {
	return through(s, func(ix index.Index) (index.StoriesResult, error) { return ix.Stories(ctx, q) })
}

// Stats implements [index.Reader].
func (s *sharedIndex) Stats(ctx context.Context) (index.Stats, error) {
	return through(s, func(ix index.Index) (index.Stats, error) { return ix.Stats(ctx) })
}

// Each implements [index.Reader].
func (s *sharedIndex) Each(ctx context.Context, since time.Time, fn func(*index.Entry) error) error {
	ix, err := s.get()
	if err != nil {
		return err
	}
	return ix.Each(ctx, since, fn)
}
