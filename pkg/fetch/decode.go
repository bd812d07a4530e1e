package fetch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// acceptEncoding is what decode can undo, the cheapest to undo first.
const acceptEncoding = "zstd, br, gzip, deflate"

const (
	// maxLayers bounds Content-Encoding lists: one is the rule, two an accident.
	maxLayers = 2
	// zstdWindow is the largest window that zstd may ask for on the web (RFC 9659).
	zstdWindow = 8 << 20
	// minZstdWindow is what further frames of a stream may have at least; the
	// first one was asked for its own.
	minZstdWindow = 1 << 20
)

// bodyLimits bounds one body.
type bodyLimits struct {
	max        int64 // decoded bytes
	cut        bool  // at max, return what is there instead of failing
	ratio      int64 // decoded bytes for one on the wire
	ratioFloor int64 // decoded bytes below which the ratio does not matter
	announced  int64 // Content-Length, -1 if there is none
	memory     *memory
}

// wire counts what a body takes on the wire and remembers how it ended, which
// tells a broken connection from a broken encoding.
type wire struct {
	r   io.Reader
	n   int64
	err error
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += int64(n)
	if err != nil {
		w.err = err
	}
	return n, err
}

// readBody reads and decodes a body. It returns the bytes on the wire as well,
// also with an error. Memory is bounded by twice the limit plus the windows of
// the decoders.
func readBody(body io.Reader, contentEncoding []string, l bodyLimits) (data []byte, onWire int64, err error) {
	w := &wire{r: body}
	encodings, err := layers(contentEncoding)
	if err != nil {
		return nil, 0, err
	}
	acc := &account{memory: l.memory}
	defer acc.close()
	r, closeAll, err := decoders(w, encodings, acc)
	defer closeAll()
	if err == nil {
		data, err = readBounded(r, w, l, acc)
	}
	if err != nil {
		return nil, w.n, bodyError(err, w, len(encodings) > 0)
	}
	return data, w.n, nil
}

// Decode undoes the Content-Encoding of a body that was received earlier, within
// the bounds of a page that is fetched now. Its error is always an [*Error].
func Decode(body []byte, contentEncoding []string) ([]byte, error) {
	d := DefaultLimits()
	data, _, err := readBody(bytes.NewReader(body), contentEncoding, bodyLimits{max: d.PageBytes, ratio: d.Ratio, ratioFloor: d.RatioFloor})
	if err != nil {
		return nil, asError(err)
	}
	return data, nil
}

// layers returns the codings of a Content-Encoding in the order to undo them.
func layers(headers []string) ([]string, error) {
	var out []string
	for _, coding := range strings.Split(strings.Join(headers, ","), ",") {
		switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
		case "", "identity", "none":
		case "gzip", "x-gzip", "deflate", "br", "zstd":
			if len(out) == maxLayers {
				return nil, errf(ClassEncoding, "Content-Encoding has more than %d layers", maxLayers)
			}
			out = append([]string{coding}, out...)
		default:
			return nil, errf(ClassEncoding, "Content-Encoding %q is not known", clip(coding, 40))
		}
	}
	return out, nil
}

// decoders stacks the decoders on r. An empty body is left alone: servers put
// a Content-Encoding on those too.
func decoders(r io.Reader, encodings []string, acc *account) (io.Reader, func(), error) {
	var closers []func()
	closeAll := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	for _, e := range encodings {
		in := bufio.NewReader(r)
		head, err := in.Peek(zstd.HeaderMaxSize)
		if len(head) == 0 {
			if errors.Is(err, io.EOF) {
				return bytes.NewReader(nil), closeAll, nil
			}
			return nil, closeAll, err
		}
		switch e {
		case "gzip", "x-gzip":
			r, err = gzip.NewReader(in)
		case "deflate":
			// The name means zlib; a few servers send the bare stream.
			if len(head) >= 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
				r, err = zlib.NewReader(in)
			} else {
				r, err = flate.NewReader(in), nil
			}
		case "br":
			r, err = brotli.NewReader(in), acc.decode(brotliWindowOf(head[0]))
		case "zstd":
			window := zstdWindowOf(head)
			if err := acc.decode(window); err != nil {
				return nil, closeAll, err
			}
			var d *zstd.Decoder
			d, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(max(window, minZstdWindow))))
			if err == nil {
				closers = append(closers, d.Close)
				r = d
			}
		}
		if err != nil {
			return nil, closeAll, err
		}
	}
	return r, closeAll, nil
}

// readBounded reads r to its end or to a limit.
func readBounded(r io.Reader, w *wire, l bodyLimits, acc *account) ([]byte, error) {
	buf := make([]byte, 0, firstBuffer(l))
	for {
		if len(buf) == cap(buf) {
			size := grown(buf, l.max)
			if err := acc.grow(size); err != nil {
				return nil, err
			}
			buf = slices.Grow(buf, int(size)-len(buf))
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		size := int64(len(buf))
		if size > l.max {
			if l.cut {
				return buf[:l.max], nil
			}
			return nil, errf(ClassTooLarge, "body is larger than %s", bytesText(l.max))
		}
		if size > l.ratioFloor && size > l.ratio*w.n {
			return nil, errf(ClassTooLarge, "body decodes to more than %d times its size", l.ratio)
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// firstBuffer returns how large a buffer to begin with: what is announced, if
// that is little, so that most pages are read without moving them.
func firstBuffer(l bodyLimits) int64 {
	if l.announced <= 0 {
		return 16 << 10
	}
	return min(l.announced+1, 128<<10) // one more, to meet the end
}

// grown returns the next size of a buffer: the double, but never far beyond
// limit.
func grown(buf []byte, limit int64) int64 {
	return min(int64(2*cap(buf)), max(limit+1, int64(len(buf))+1))
}

// bodyError tells why a body could not be read.
func bodyError(err error, w *wire, encoded bool) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case w.err != nil && !errors.Is(w.err, io.EOF): // the connection is to blame
		if isTruncated(w.err) {
			return tempf(ClassTruncated, "body ends before its announced length: %w", w.err)
		}
		return fmt.Errorf("read body: %w", w.err)
	case isTruncated(err), encoded && errors.Is(err, io.EOF):
		return tempf(ClassTruncated, "encoded body ends too soon: %w", err)
	}
	return errf(ClassEncoding, "decode body: %w", err)
}

// bytesText writes a limit the way people do.
func bytesText(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// clip cuts what is quoted in an error.
func clip(s string, limit int) string {
	if len(s) > limit {
		return s[:limit] + "..."
	}
	return s
}
