package warc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

const (
	rawBuffer   = 256 << 10
	plainBuffer = 64 << 10
	// lookBack is how far before a damage a compressed record may begin that is
	// to be found again: what a decoder reads too much before it notices.
	lookBack = 128 << 10
	// maxRereads bounds what is read again because of damages, in bytes. Beyond it
	// a reader only goes on, so that no file takes more than its length.
	maxRereads = 1 << 30
	// tryBytes of a supposed gzip member are decoded to see whether it is one.
	tryBytes = 4 << 10
)

// Position is where a record begins: Skip bytes into what decompresses from
// Offset of the file. In files that are compressed record by record, and in
// those that are not compressed, Skip is 0.
type Position struct {
	Offset int64 `json:"offset"`
	Skip   int64 `json:"skip,omitempty"`
}

// String returns the position as messages name it.
func (p Position) String() string {
	if p.Skip == 0 {
		return fmt.Sprintf("byte %d", p.Offset)
	}
	return fmt.Sprintf("byte %d + %d", p.Offset, p.Skip)
}

// source is the decompressed bytes of a file. It never buffers over the end of
// a gzip member, so that it always knows which member a byte is of.
type source struct {
	raw     io.Reader
	offset  int64 // of the next byte that raw gives
	in      *bufio.Reader
	zipped  bool
	gz      *gzip.Reader
	open    bool  // gz is within a member
	member  int64 // offset at which the member, or the plain part, begins
	inside  int64 // bytes taken of it
	buf     []byte
	r, w    int
	fullEnd int64 // offset behind the last member that was read to its end
	rereads int64 // bytes that may still be read twice
}

// Read counts what is read of the file.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.raw.Read(p)
	s.offset += int64(n)
	return n, err
}

// newSource begins at a position.
func newSource(raw io.Reader, start Position) (*source, error) {
	s := &source{raw: raw, buf: make([]byte, plainBuffer), rereads: maxRereads}
	if start.Offset > 0 {
		if err := s.skipTo(start.Offset); err != nil {
			return nil, err
		}
	}
	s.in = bufio.NewReaderSize(readerFunc(s.Read), rawBuffer)
	head, err := s.in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.zipped = len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b
	s.member, s.fullEnd = start.Offset, start.Offset
	if start.Skip > 0 {
		if err := s.discard(start.Skip); err != nil {
			return nil, fmt.Errorf("go to %s: %w", start, err)
		}
	}
	return s, nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func (s *source) skipTo(offset int64) error {
	if seeker, ok := s.raw.(io.Seeker); ok {
		if _, err := seeker.Seek(offset, io.SeekStart); err == nil {
			s.offset = offset
			return nil
		}
	}
	_, err := io.CopyN(io.Discard, readerFunc(s.Read), offset-s.offset)
	if errors.Is(err, io.EOF) {
		return nil // the file has become shorter: there is nothing more
	}
	return err
}

// here is the offset of the next byte of the file that will be used.
func (s *source) here() int64 { return s.offset - int64(s.in.Buffered()) }

// position is that of the next byte. It is exact after [source.fill].
func (s *source) position() Position {
	if !s.zipped {
		return Position{Offset: s.member + s.inside}
	}
	return Position{Offset: s.member, Skip: s.inside}
}

// fill makes sure that there is a byte to take. It returns io.EOF at the end of
// the file, [ErrTruncated] where a member breaks off and [ErrDamaged] where it is
// none.
func (s *source) fill() error {
	for s.r == s.w {
		n, err := s.more()
		s.r, s.w = 0, n
		if n == 0 && err != nil {
			return err
		}
	}
	return nil
}

// peek returns the next n bytes, or fewer at the end of a member or of the file.
func (s *source) peek(n int) []byte {
	for s.w-s.r < n && (s.open || !s.zipped) {
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
		m, err := s.read(s.buf[s.w:])
		s.w += m
		if m == 0 && err != nil {
			break // it comes again
		}
	}
	return s.buf[s.r:min(s.w, s.r+n)]
}

// more reads into the empty buffer; at the end of a member it returns nothing.
func (s *source) more() (int, error) { return s.read(s.buf) }

func (s *source) read(buf []byte) (int, error) {
	if !s.zipped {
		return s.in.Read(buf)
	}
	if !s.open {
		if err := s.openMember(); err != nil {
			return 0, err
		}
	}
	n, err := s.gz.Read(buf)
	switch {
	case n > 0:
		return n, nil // an error comes again
	case errors.Is(err, io.EOF):
		s.open, s.fullEnd = false, s.here()
		return 0, nil
	case err != nil:
		return 0, zipError(err)
	}
	return 0, nil
}

func (s *source) openMember() error {
	if _, err := s.in.Peek(1); err != nil {
		return err
	}
	s.member, s.inside = s.here(), 0
	var err error
	if s.gz == nil {
		s.gz, err = gzip.NewReader(s.in)
	} else {
		err = s.gz.Reset(s.in)
	}
	if err != nil {
		s.gz = nil
		return zipError(err)
	}
	s.gz.Multistream(false)
	s.open = true
	return nil
}

// zipFault is an error of the decoder, which cannot go on where it is.
type zipFault struct{ kind, cause error }

func (z *zipFault) Error() string { return z.kind.Error() + ": " + z.cause.Error() }
func (z *zipFault) Unwrap() error { return z.kind }

// zipError tells a file that breaks off from one that is spoilt.
func zipError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &zipFault{ErrTruncated, err}
	case isDecodeError(err):
		return &zipFault{ErrDamaged, err}
	}
	return err // the file cannot be read
}

func isDecodeError(err error) bool {
	var corrupt flate.CorruptInputError
	var internal flate.InternalError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) || errors.As(err, &internal)
}

// atMemberEnd reports whether nothing is left of a gzip member, and reads its
// checksum then. It is false in files that are not compressed.
func (s *source) atMemberEnd() (bool, error) {
	if !s.zipped || s.r < s.w {
		return false, nil
	}
	if !s.open {
		return true, nil
	}
	for s.open && s.r == s.w {
		n, err := s.more()
		s.r, s.w = 0, n
		if err != nil {
			return false, err
		}
	}
	return !s.open, nil
}

// take returns up to n bytes that are buffered, and counts them as taken.
func (s *source) take(n int64) []byte {
	b := s.buf[s.r:min(int64(s.w), int64(s.r)+n)]
	s.r += len(b)
	s.inside += int64(len(b))
	return b
}

func (s *source) discard(n int64) error {
	for n > 0 {
		if err := s.fill(); err != nil {
			return err
		}
		n -= int64(len(s.take(n)))
	}
	return nil
}

// line reads a line without its end. Of a line longer than limit the rest is
// taken and dropped, and cut is true. Within is whether a line ends where a gzip
// member does.
func (s *source) line(limit int, within bool) (text []byte, cut bool, err error) {
	var long []byte
	for {
		if err := s.fill(); err != nil {
			return long, cut, err
		}
		part := s.buf[s.r:s.w]
		end := bytes.IndexByte(part, '\n')
		if end >= 0 {
			part = part[:end+1]
		}
		s.take(int64(len(part)))
		room := limit - len(long)
		if len(part) > room {
			part, cut = part[:max(room, 0)], true
		}
		long = append(long, part...)
		if end >= 0 {
			return bytes.TrimRight(long, "\r\n"), cut, nil
		}
		if within {
			if over, err := s.atMemberEnd(); err != nil || over {
				return long, cut, err
			}
		}
	}
}

// rewind goes back in the file, if it can seek and was not read again too often.
func (s *source) rewind(to int64) {
	seeker, ok := s.raw.(io.Seeker)
	again := s.here() - to
	if !ok || again <= 0 || again > s.rereads {
		return
	}
	if _, err := seeker.Seek(to, io.SeekStart); err != nil {
		return
	}
	s.rereads -= again
	s.offset, s.member, s.inside, s.r, s.w = to, to, 0, 0, 0
	s.in.Reset(readerFunc(s.Read))
}

// resync goes to the next gzip member that begins like a record, after damage.
// It returns io.EOF if there is none.
func (s *source) resync() error {
	s.r, s.w, s.open, s.gz = 0, 0, false, nil
	magic := []byte{0x1f, 0x8b, 0x08}
	for {
		window, err := s.in.Peek(tryBytes)
		if len(window) < len(magic) {
			return err // io.EOF if there is no more
		}
		at := bytes.Index(window, magic)
		if at < 0 {
			_, _ = s.in.Discard(len(window) - len(magic) + 1) // it is buffered
			continue
		}
		_, _ = s.in.Discard(at)
		if window, _ = s.in.Peek(tryBytes); beginsRecord(window) {
			return nil
		}
		_, _ = s.in.Discard(1)
	}
}

// beginsRecord reports whether a gzip member begins here that holds a record.
func beginsRecord(window []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(window))
	if err != nil {
		return false
	}
	z.Multistream(false)
	head := make([]byte, len(version))
	_, err = io.ReadFull(z, head)
	return err == nil && string(head) == version
}
