package warc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Suffix ends the names of whole files, Suffix+OpenSuffix those that are being
// written.
const (
	Suffix     = ".warc.gz"
	OpenSuffix = ".open"
)

const (
	// DefaultMaxFile is the size beyond which a file is not written on, in bytes.
	DefaultMaxFile = 1 << 30

	writeQueue = 1024     // calls that wait to be written
	writeBatch = 64 << 20 // bytes that are written before they are synced
)

// WriterOptions configure a [Writer].
type WriterOptions struct {
	Prefix  string        // of file names; empty: "copydesk"
	Host    string        // of file names: who writes
	MaxFile int64         // bytes; zero: DefaultMaxFile
	MaxAge  time.Duration // a file is whole after it; zero: no such bound
	Info    []Field       // what the warcinfo record says beside its file name
	// Whole, if there is one, is called after a file got its final name.
	Whole func(path string)
}

// Writer writes records to files of one directory, one after the other. It is
// safe for concurrent use, and several writers, also of several processes, can
// share a directory.
type Writer struct {
	dir   string
	o     WriterOptions
	gzips *gzips
	calls chan *writeCall
	stop  chan struct{}
	done  chan struct{}

	// What follows belongs to the goroutine that writes.
	file    *os.File
	path    string // final
	size    int64  // of what is on the disk for good
	since   time.Time
	serial  int
	nonce   string
	closing error
}

type writeCall struct {
	data []byte
	done chan error
}

// ErrWriterClosed says that a writer was closed.
var ErrWriterClosed = errors.New("warc: the writer is closed")

// NewWriter makes the directory, closes what a crash left open there, and
// returns a writer. A file is made with the first record.
func NewWriter(dir string, o WriterOptions) (*Writer, error) {
	if o.Prefix == "" {
		o.Prefix = "copydesk"
	}
	if o.MaxFile <= 0 {
		o.MaxFile = DefaultMaxFile
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("warc: %w", err)
	}
	if _, err := Repair(dir); err != nil {
		return nil, err
	}
	w := &Writer{
		dir: dir, o: o, gzips: newGzips(), calls: make(chan *writeCall, writeQueue),
		stop: make(chan struct{}), done: make(chan struct{}), nonce: strings.ToLower(rand.Text()[:6]),
	}
	go w.loop()
	return w, nil
}

// Write writes records one after the other to one file. When it returns without
// an error they are on the disk for good; with one, none of them is.
func (w *Writer) Write(drafts ...*Draft) error {
	data, err := w.gzips.encode(drafts)
	if err != nil {
		return err
	}
	call := &writeCall{data, make(chan error, 1)}
	select {
	case w.calls <- call:
	case <-w.stop:
		return ErrWriterClosed
	}
	select {
	case err := <-call.done:
		return err
	case <-w.done:
		select {
		case err := <-call.done:
			return err
		default:
			return ErrWriterClosed
		}
	}
}

// Close finishes the file that is being written. Calls of Write that have not
// returned may fail.
func (w *Writer) Close() error {
	close(w.stop)
	<-w.done
	return w.closing
}

// loop writes what comes together with one sync.
func (w *Writer) loop() {
	defer close(w.done)
	for {
		var old <-chan time.Time
		if w.file != nil && w.o.MaxAge > 0 {
			old = time.After(time.Until(w.since.Add(w.o.MaxAge)))
		}
		select {
		case <-w.stop:
			w.closing = w.finish()
			return
		case <-old:
			if err := w.finish(); err != nil {
				w.abandon()
			}
		case first := <-w.calls:
			calls := w.gather(first)
			err := w.store(calls)
			for _, c := range calls {
				c.done <- err
			}
		}
	}
}

// gather returns a call and those that wait behind it.
func (w *Writer) gather(first *writeCall) []*writeCall {
	calls, size := []*writeCall{first}, len(first.data)
	for size < writeBatch {
		select {
		case c := <-w.calls:
			calls, size = append(calls, c), size+len(c.data)
		default:
			return calls
		}
	}
	return calls
}

// store writes and syncs the records of some calls, all of them or none.
func (w *Writer) store(calls []*writeCall) error {
	if w.file != nil && w.size >= w.o.MaxFile {
		if err := w.finish(); err != nil {
			w.abandon()
			return err
		}
	}
	if w.file == nil {
		if err := w.begin(); err != nil {
			w.discard()
			return err
		}
	}
	end := w.size
	err := func() error {
		for _, c := range calls {
			n, err := w.file.WriteAt(c.data, end)
			end += int64(n)
			if err != nil {
				return err
			}
		}
		return w.file.Sync()
	}()
	if err == nil {
		w.size = end
		return nil
	}
	// What may be half on the disk is cut off. If even that fails the file is left
	// as a crash would leave it, and a new one is begun.
	if cut := errors.Join(w.file.Truncate(w.size), w.file.Sync()); cut != nil {
		w.abandon()
	}
	return fmt.Errorf("warc: %w", err)
}

// begin makes a file, with its warcinfo record.
func (w *Writer) begin() error {
	now := time.Now().UTC()
	w.serial++
	stamp := strings.Replace(now.Format("20060102150405.000"), ".", "", 1)
	name := fmt.Sprintf("%s-%s-%05d-%s-%d-%s%s", w.o.Prefix, stamp, w.serial, fileToken(w.o.Host), os.Getpid(), w.nonce, Suffix)
	w.path, w.size, w.since = filepath.Join(w.dir, name), 0, now
	f, err := os.OpenFile(w.path+OpenSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("warc: %w", err)
	}
	w.file = f
	if err := lockFile(f); err != nil {
		return fmt.Errorf("warc: lock %s: %w", f.Name(), err)
	}
	fields := append([]Field{{"format", "WARC File Format 1.1"}}, w.o.Info...)
	data, err := w.gzips.encode([]*Draft{{
		Type: TypeWarcinfo, ID: NewID(), Date: now, Media: MediaFields, Payload: -1,
		Fields: []Field{{FieldFilename, name}}, Content: Fields(fields...),
	}})
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return fmt.Errorf("warc: %w", err)
	}
	w.size = int64(len(data))
	return syncDir(w.dir)
}

// discard takes a file back that could not be begun.
func (w *Writer) discard() {
	if w.file != nil {
		_ = os.Remove(w.file.Name())
		w.abandon()
	}
}

// abandon leaves a file as it is, for [Repair].
func (w *Writer) abandon() {
	if w.file != nil {
		_ = w.file.Close()
		w.file = nil
	}
}

// finish gives the file its final name. All of it is synced before.
func (w *Writer) finish() error {
	if w.file == nil {
		return nil
	}
	if err := os.Rename(w.path+OpenSuffix, w.path); err != nil {
		return fmt.Errorf("warc: %w", err)
	}
	w.abandon()
	if err := syncDir(w.dir); err != nil {
		return err
	}
	if w.o.Whole != nil {
		w.o.Whole(w.path)
	}
	return nil
}

// fileToken makes a host name fit a file name.
func fileToken(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '_'
	}, s)
	if s == "" {
		return "localhost"
	}
	return s[:min(len(s), 64)]
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("warc: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("warc: sync %s: %w", dir, err)
	}
	return nil
}
