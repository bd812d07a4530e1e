package warc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Repair closes the files of a directory that a crash left open: each is cut
// behind its last whole record and gets its final name; one without a record but
// warcinfo is removed. Files that are being written, by whatever process, are
// left alone. It returns the files that it closed.
func Repair(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(globEscape(dir), "*"+Suffix+OpenSuffix))
	if err != nil {
		return nil, fmt.Errorf("warc: %w", err)
	}
	slices.Sort(names)
	var closed []string
	for _, name := range names {
		done, err := repairFile(name)
		if err != nil {
			return closed, fmt.Errorf("warc: repair %s: %w", name, err)
		}
		if done {
			closed = append(closed, strings.TrimSuffix(name, OpenSuffix))
		}
	}
	if len(names) > 0 {
		return closed, syncDir(dir)
	}
	return closed, nil
}

// globEscape keeps a directory's name from being taken for a pattern.
func globEscape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func repairFile(name string) (closed bool, err error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // its writer has finished it meanwhile
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if err := lockFile(f); err != nil {
		return false, nil //nolint:nilerr // somebody writes it
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return false, nil // finished between opening and locking it
	}
	r, err := NewReader(f, ReaderOptions{MaxRecord: math.MaxInt64 - 1})
	if err != nil {
		return false, err
	}
	records := 0
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, err
		}
		if rec.finish() == nil && rec.Type != TypeWarcinfo {
			records++
		}
	}
	if records == 0 {
		return false, os.Remove(name)
	}
	if err := f.Truncate(r.whole); err != nil {
		return false, err
	}
	if err := f.Sync(); err != nil {
		return false, err
	}
	return true, os.Rename(name, strings.TrimSuffix(name, OpenSuffix))
}
