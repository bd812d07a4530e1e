package bus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// EncodingZstd is the value of the content-encoding header of a payload made by
// [Compress].
const EncodingZstd = "zstd"

// ErrTooLong says that a payload decompresses to more than allowed.
var ErrTooLong = errors.New("decompressed payload is too long")

// The codecs are made once: an encoder costs megabytes. Neither holds state
// between calls, EncodeAll and Reset are all that is used of them. The fastest
// level makes a page a twentieth larger than the default one, in half the time;
// it is the largest part of what ingest does for a page.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
		if err != nil {
			panic(err) // only bad options fail, and these are constants
		}
		return e
	})
	decoders = sync.Pool{New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(16<<20))
		if err != nil {
			panic(err) // only bad options fail, and these are constants
		}
		return d
	}}
)

// Compress returns b as one zstd frame.
func Compress(b []byte) []byte {
	return encoder().EncodeAll(b, make([]byte, 0, len(b)/2+64))
}

// Decompress returns the content of zstd frames made by anyone, at most limit
// bytes of it; more is an [ErrTooLong]. Memory is bounded by the limit and by
// a window of 16 MiB, whatever the input claims.
func Decompress(b []byte, limit int) ([]byte, error) {
	d, ok := decoders.Get().(*zstd.Decoder)
	if !ok {
		return nil, errors.New("decompress payload: no decoder")
	}
	defer func() {
		_ = d.Reset(nil)
		decoders.Put(d)
	}()
	if err := d.Reset(bytes.NewReader(b)); err != nil {
		return nil, fmt.Errorf("decompress payload: %w", err)
	}
	// The decoder's own memory limit does not bound a stream; this does.
	out, err := io.ReadAll(io.LimitReader(d, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("decompress payload: %w", err)
	}
	if len(out) > limit {
		return nil, fmt.Errorf("decompress payload: %w: more than %d bytes", ErrTooLong, limit)
	}
	return out, nil
}
