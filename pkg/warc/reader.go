package warc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	// DefaultMaxHeader bounds the fields of a record, in bytes.
	DefaultMaxHeader = 64 << 10
	// DefaultMaxRecord is the longest block that is handed out, in bytes.
	DefaultMaxRecord = 32 << 20
	maxFields        = 256
	version          = "WARC/1." // what a record begins with
)

// ReaderOptions bound a [Reader]. The zero value is usable.
type ReaderOptions struct {
	// Start is where to begin: the position of a record that was read before.
	Start Position
	// MaxRecord is the longest block that is handed out, in bytes; longer records
	// are skipped. Zero: DefaultMaxRecord.
	MaxRecord int64
	// Damage, if there is one, is told of every record that cannot be read.
	Damage func(at Position, err error)
}

// Stats are what a [Reader] met.
type Stats struct {
	Records   int  // handed out
	Damaged   int  // skipped because they cannot be read
	TooLarge  int  // skipped because of their length
	Truncated bool // the last record is cut off
}

// Reader reads the records of a file, compressed or not. It is not safe for
// concurrent use.
type Reader struct {
	src   *source
	o     ReaderOptions
	cur   *Record
	stats Stats
	whole int64 // offset behind the last record that was read whole
	alone bool  // each record is a gzip member of its own, by the first one
	ended bool
}

// Record is one record. Its block is read from it, until the next one is asked
// for; the last read returns an error other than io.EOF if the record turns out
// to be damaged.
type Record struct {
	Header   Header
	Type     string
	Position Position
	Length   int64 // of the block, in bytes

	r    *Reader
	left int64
	err  error // io.EOF once the block is read
}

// NewReader returns a reader of r, which begins at the beginning of the file. If r
// can seek, o.Start is reached by seeking, and less is lost to damage.
func NewReader(r io.Reader, o ReaderOptions) (*Reader, error) {
	if o.MaxRecord <= 0 {
		o.MaxRecord = DefaultMaxRecord
	}
	src, err := newSource(r, o.Start)
	if err != nil {
		return nil, fmt.Errorf("warc: %w", err)
	}
	return &Reader{src: src, o: o, whole: o.Start.Offset}, nil
}

// Stats returns what was met so far.
func (r *Reader) Stats() Stats { return r.stats }

// Offset returns how far into the file the reader is, in bytes; for progress.
func (r *Reader) Offset() int64 { return r.src.here() }

// Next returns the next record that can be read, io.EOF at the end of the file.
// Any other error ends the file as well.
func (r *Reader) Next() (*Record, error) {
	if r.ended {
		return nil, io.EOF
	}
	rec, err := r.next()
	if err != nil {
		r.ended = true
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("warc: %s: %w", r.src.position(), err)
	}
	r.stats.Records++
	return rec, nil
}

func (r *Reader) next() (*Record, error) {
	if cur := r.cur; cur != nil {
		r.cur = nil
		if err := cur.finish(); err != nil {
			if err := r.damaged(cur.Position, err); err != nil {
				return nil, err
			}
		}
	}
	for {
		rec, at, err := r.head()
		if err == nil && rec.Length > r.o.MaxRecord {
			r.stats.TooLarge++
			rec.r = r
			err = rec.finish()
			if err == nil {
				continue
			}
		}
		switch {
		case err == nil:
			rec.r, r.cur = r, rec
			return rec, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		}
		if err := r.damaged(at, err); err != nil {
			return nil, err
		}
	}
}

// damaged counts a record that cannot be read and goes to where the next one
// may begin.
func (r *Reader) damaged(at Position, cause error) error {
	if !errors.Is(cause, ErrDamaged) && !errors.Is(cause, ErrTruncated) {
		return cause // the file cannot be read at all
	}
	truncated := errors.Is(cause, ErrTruncated)
	err := r.goOn(at, cause)
	if errors.Is(err, io.EOF) && truncated {
		r.stats.Truncated = true
	} else {
		r.stats.Damaged++
	}
	if r.o.Damage != nil {
		r.o.Damage(at, cause)
	}
	return err
}

// goOn finds the next gzip member, or the next line, that begins a record. If the
// file can seek, what was read behind the beginning of the damaged record is
// looked at again: a wrong length must not cost the records after it.
func (r *Reader) goOn(at Position, cause error) error {
	s := r.src
	if s.zipped {
		switch {
		case s.member > at.Offset: // the record went on into other members
			s.rewind(at.Offset + 1)
			return s.resync()
		case isZipError(cause):
			s.rewind(max(s.member+1, s.here()-lookBack))
			return s.resync()
		}
	} else {
		s.rewind(at.Offset + int64(len("WARC/")))
	}
	for {
		err := s.fill()
		if err == nil {
			if s.zipped && s.member > at.Offset || s.inside > 0 && string(s.peek(len(version))) == version {
				return nil
			}
			_, _, err = s.line(plainBuffer, true)
		}
		switch {
		case err == nil:
		case isZipError(err):
			s.rewind(max(s.member+1, s.here()-lookBack))
			return s.resync()
		default:
			return err
		}
	}
}

// isZipError reports whether the decoder has lost the thread.
func isZipError(err error) bool {
	var z *zipFault
	return errors.As(err, &z)
}

// head reads the fields of a record.
func (r *Reader) head() (*Record, Position, error) {
	s := r.src
	if err := r.skipBlank(); err != nil {
		return nil, s.position(), err
	}
	rec := &Record{Position: s.position()}
	at := rec.Position
	left := DefaultMaxHeader
	line, cut, err := s.line(left, false)
	if err != nil {
		return nil, at, cutOff(err)
	}
	if cut || string(line) != version+"0" && string(line) != version+"1" {
		return nil, at, fmt.Errorf("%w: %q is no version that is known", ErrDamaged, line[:min(len(line), 40)])
	}
	for {
		left -= len(line) + 2
		if left <= 0 || len(rec.Header) > maxFields {
			return nil, at, fmt.Errorf("%w: more than %d bytes or %d fields", ErrDamaged, DefaultMaxHeader, maxFields)
		}
		if line, cut, err = s.line(left, false); err != nil {
			return nil, at, cutOff(err)
		}
		if len(line) == 0 && !cut {
			break
		}
		if err := rec.field(line); err != nil {
			return nil, at, err
		}
	}
	rec.Type = strings.ToLower(rec.Header.Get(FieldType))
	length := rec.Header.Get(FieldLength)
	if rec.Length, err = strconv.ParseInt(length, 10, 64); err != nil || rec.Length < 0 {
		return nil, at, fmt.Errorf("%w: Content-Length %q", ErrDamaged, length[:min(len(length), 40)])
	}
	rec.left = rec.Length
	return rec, at, nil
}

// skipBlank takes empty lines between records.
func (r *Reader) skipBlank() error {
	for {
		if err := r.src.fill(); err != nil {
			return err
		}
		if c := r.src.buf[r.src.r]; c != '\r' && c != '\n' {
			return nil
		}
		r.src.take(1)
	}
}

// cutOff makes the end of a file within a record an error.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrTruncated
	}
	return err
}

// field takes one line of the fields; one that begins with a blank continues the
// line before.
func (rec *Record) field(line []byte) error {
	if line[0] == ' ' || line[0] == '\t' {
		if n := len(rec.Header); n > 0 {
			rec.Header[n-1].Value += " " + string(bytes.TrimSpace(line))
			return nil
		}
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if name = bytes.TrimSpace(name); !ok || bytes.ContainsAny(name, " \t") {
		return fmt.Errorf("%w: %q is no field", ErrDamaged, line[:min(len(line), 40)])
	}
	rec.Header = append(rec.Header, Field{string(name), string(bytes.TrimSpace(value))})
	return nil
}

// Read reads the block.
func (rec *Record) Read(p []byte) (int, error) {
	if rec.err == nil && rec.left == 0 {
		rec.err = rec.end()
		if rec.err == nil {
			rec.err = io.EOF
		}
	}
	if rec.err != nil || len(p) == 0 {
		return 0, rec.err
	}
	if rec.err = rec.fill(); rec.err != nil {
		return 0, rec.err
	}
	n := copy(p, rec.r.src.take(min(int64(len(p)), rec.left)))
	rec.left -= int64(n)
	return n, nil
}

// fill makes sure that there is a byte of the block to take.
func (rec *Record) fill() error {
	s := rec.r.src
	if rec.r.alone {
		over, err := s.atMemberEnd()
		if over {
			err = fmt.Errorf("%w: less is there than its Content-Length of %d", ErrDamaged, rec.Length)
		}
		if err != nil {
			return err
		}
	}
	return cutOff(s.fill())
}

// finish takes what is left of the record and returns what is wrong with it.
func (rec *Record) finish() error {
	for rec.err == nil {
		if rec.left > 0 {
			if rec.err = rec.fill(); rec.err != nil {
				break
			}
			rec.left -= int64(len(rec.r.src.take(rec.left)))
			continue
		}
		_, _ = rec.Read(nil)
	}
	if errors.Is(rec.err, io.EOF) {
		return nil
	}
	return rec.err
}

// end takes the two empty lines after a block, and the end of the gzip member if
// it is there, whose checksum then holds.
func (rec *Record) end() error {
	s := rec.r.src
	for n := 0; n < 4; {
		over, err := s.atMemberEnd()
		if err != nil {
			return err
		}
		if over {
			break
		}
		if err := s.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				break // the last empty lines are missing; nothing is lost
			}
			return err
		}
		if c := s.buf[s.r]; c != '\r' && c != '\n' {
			if n == 0 {
				return fmt.Errorf("%w: more follows than its Content-Length of %d", ErrDamaged, rec.Length)
			}
			break
		}
		s.take(1)
		n++
	}
	over, err := s.atMemberEnd()
	if err != nil {
		return err
	}
	if rec.r.stats.Records == 1 {
		rec.r.alone = over && rec.Position.Skip == 0
	}
	rec.r.whole = s.position().Offset
	if s.zipped {
		rec.r.whole = s.fullEnd
	}
	return nil
}
