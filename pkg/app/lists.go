package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
)

// listCheckEvery is how often lists are looked at for changes. Polling works
// on every file system, also on mounted configuration that is swapped by
// renaming, where change notices do not.
const listCheckEvery = 5 * time.Second

const (
	maxList     = 64 << 20 // of a list of feeds or pages, in bytes
	maxListName = 200      // of the name of a list in a feed's state, in bytes
)

// listFile is a list of feeds or of pages that is read again when it changes.
// The name "-" is standard input, read once.
type listFile struct {
	name  string
	stdin io.Reader
	last  []byte
}

// read returns the content, and whether it changed since the last call.
func (l *listFile) read() (data []byte, changed bool, err error) {
	if l.name == "-" {
		if l.stdin == nil {
			return l.last, false, nil
		}
		data, err = readBounded("standard input", l.stdin)
		l.stdin = nil
	} else {
		data, err = readListFile(l.name)
	}
	if err != nil {
		return nil, false, err
	}
	if l.last != nil && bytes.Equal(data, l.last) {
		return data, false, nil
	}
	l.last = data
	return data, true, nil
}

func readListFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list %s: no such file", name)
	}
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	defer f.Close()
	return readBounded(name, f)
}

func readBounded(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", name, err)
	}
	if len(data) > maxList {
		return nil, fmt.Errorf("list %s: larger than %d MiB; split it", name, maxList>>20)
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// lists are the feed lists and URL lists that an ingest worker reads.
type lists struct {
	feeds, urls []*listFile
	log         *slog.Logger

	mu      sync.Mutex
	sources [][]feed.Source // last good content of each feed list
	pages   [][]string      // last good content of each URL list
}

func newLists(feeds, urls []string, stdin io.Reader, log *slog.Logger) (*lists, error) {
	l := &lists{log: log}
	dashes := 0
	add := func(names []string) (files []*listFile) {
		for _, name := range names {
			if name == "-" {
				dashes++
			}
			files = append(files, &listFile{name: name, stdin: stdin})
		}
		return files
	}
	l.feeds, l.urls = add(feeds), add(urls)
	if dashes > 1 {
		return nil, usagef("standard input (-) can be only one list")
	}
	l.sources, l.pages = make([][]feed.Source, len(feeds)), make([][]string, len(urls))
	// A list that is missing or malformed at start is a mistake to mend now;
	// later it is more likely an editor in the middle of saving.
	if _, err := l.reload(true); err != nil {
		return nil, err
	}
	return l, nil
}

// reload reads every list that changed and reports whether any did. A list
// that cannot be read keeps its last good content unless strict is set.
func (l *lists) reload(strict bool) (bool, error) {
	changed := false
	load := func(f *listFile, parse func(data []byte) error) error {
		data, fresh, err := f.read()
		if err == nil && fresh {
			if err = parse(data); err == nil {
				changed = true
			}
		}
		if err != nil && !strict {
			l.log.Error("list kept as it was", "list", f.name, "err", err)
			return nil
		}
		return err
	}
	for i, f := range l.feeds {
		if err := load(f, func(data []byte) (err error) {
			sources, err := feed.ReadList(f.name, bytes.NewReader(data))
			if err == nil {
				l.mu.Lock()
				l.sources[i] = sources
				l.mu.Unlock()
			}
			return err
		}); err != nil {
			return false, err
		}
	}
	for i, f := range l.urls {
		if err := load(f, func(data []byte) (err error) {
			pages, err := feed.ReadURLs(f.name, bytes.NewReader(data))
			if err == nil {
				l.mu.Lock()
				l.pages[i] = pages
				l.mu.Unlock()
			}
			return err
		}); err != nil {
			return false, err
		}
	}
	return changed, nil
}

// watch calls changed, from one goroutine, whenever a list has new content.
func (l *lists) watch(ctx context.Context, changed func()) {
	tick := time.NewTicker(listCheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if fresh, _ := l.reload(false); fresh {
				changed()
			}
		}
	}
}

// names are the names of the feed lists.
func (l *lists) names() []string {
	var names []string
	for i := range l.sources {
		names = append(names, l.name(i))
	}
	return names
}

// name is what the bucket of feeds knows a list by: its file, as it was given,
// so that workers with the same mounted configuration have the same list.
func (l *lists) name(i int) string {
	if i < len(l.feeds) {
		return clipText(l.feeds[i].name, maxListName)
	}
	return "built-in"
}

// eachSource calls f for every feed of every list. The first list that names a
// feed decides how it is polled.
func (l *lists) eachSource(f func(list string, s feed.Source)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, sources := range l.sources {
		for _, s := range sources {
			f(l.name(i), s)
		}
	}
}

func (l *lists) allSources() []feed.Source {
	var all []feed.Source
	for _, s := range l.sources {
		all = append(all, s...)
	}
	return all
}

func (l *lists) allPages() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, p := range l.pages {
		all = append(all, p...)
	}
	return all
}

// addSources adds feeds that stand in no file.
func (l *lists) addSources(urls []string) {
	var sources []feed.Source
	for _, url := range urls {
		sources = append(sources, feed.Source{URL: url})
	}
	l.sources = append(l.sources, sources)
}
