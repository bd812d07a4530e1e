package fetch

import (
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
)

// freeMemory is what each body may take without asking. Small pages get
// through however many large ones are on their way.
const freeMemory = 256 << 10

// memoryPause is for how long a fetch is given back for which there is no
// memory.
const memoryPause = 15 * time.Second

// memory bounds what all bodies that are being read may take together: a
// thousand hosts that each send ten megabytes, a byte a second, must not cost
// ten gigabytes.
type memory struct{ left atomic.Int64 }

func newMemory(size int64) *memory {
	m := &memory{}
	m.left.Store(size)
	return m
}

// account is what one body has taken.
type account struct {
	memory *memory // nil: unbounded
	held   int64
	body   int64
	window int64
}

// grow says how large the buffer of the body is to be.
func (a *account) grow(body int64) error {
	a.body = body
	return a.settle()
}

// decode says that a decoder needs to remember so much.
func (a *account) decode(window int64) error {
	a.window += window
	return a.settle()
}

func (a *account) settle() error {
	if a.memory == nil {
		return nil
	}
	more := max(a.body+a.window-freeMemory, 0) - a.held
	if more <= 0 {
		return nil
	}
	if a.memory.left.Add(-more) < 0 {
		a.memory.left.Add(more)
		e := tempf(ClassThrottled, "no memory for one more large body; %s of it are needed", bytesText(a.body+a.window))
		e.RetryAfter = memoryPause
		return e
	}
	a.held += more
	return nil
}

// close gives everything back.
func (a *account) close() {
	if a.memory != nil {
		a.memory.left.Add(a.held)
		a.held = 0
	}
}

// zstdWindowOf returns what a decoder must remember for the frame with that
// head, at most zstdWindow: more is refused.
func zstdWindowOf(head []byte) int64 {
	var h zstd.Header
	if h.Decode(head) != nil {
		return 0 // the decoder will say what is wrong
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	return int64(min(window, zstdWindow))
}

// brotliWindowOf returns the window that the first byte of a brotli stream asks
// for.
func brotliWindowOf(first byte) int64 {
	switch {
	case first&1 == 0:
		return 1 << 16
	case first>>1&7 != 0:
		return 1 << (17 + first>>1&7)
	case first>>4&7 != 0:
		return 1 << (8 + first>>4&7)
	}
	return 1 << 17
}
