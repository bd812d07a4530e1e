package fetch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// slowAnswers are beginnings of answers that never end; each is sent at once,
// and then a byte now and then.
func slowAnswers(t *testing.T) [][]byte {
	noise := make([]byte, 5<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	head := func(coding string) []byte {
		return []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: " + coding + "\r\n\r\n")
	}
	var br, zs bytes.Buffer
	b := brotli.NewWriterOptions(&br, brotli.WriterOptions{Quality: 1, LGWin: 24})
	z, err := zstd.NewWriter(&zs, zstd.WithWindowSize(zstdWindow), zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []interface {
		io.Writer
		Flush() error
	}{b, z} {
		_, _ = w.Write(noise[:300<<10])
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	gz := encode(t, "gzip", bytes.NewReader(noise[:300<<10]))
	return [][]byte{
		{},
		[]byte("HTTP/1.1 200 OK\r\nX-A: "),
		[]byte("HTTP/1.1 403 Forbidden\r\n\r\n"),
		head("identity"),
		append(head("identity"), noise...),
		append(head("gzip"), gz[:len(gz)-8]...),
		append(head("br"), br.Bytes()...),
		append(head("zstd"), zs.Bytes()...),
		append([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 10000000\r\n\r\n"), noise[:3<<20]...),
	}
}

// TestThousandSlowHosts: a thousand hosts that all send slowly cost a bounded
// memory, and a fast one beside them is not kept waiting.
func TestThousandSlowHosts(t *testing.T) {
	const hosts = 1000
	answers := slowAnswers(t)
	var hung atomic.Int32
	end := make(chan struct{})
	s := newRawServer(t, func(c net.Conn, request string) {
		if strings.Contains(request, "GET /fast") {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
			return
		}
		var n int
		_, _ = fmt.Sscanf(request, "GET /slow/%d", &n)
		_ = c.(*net.TCPConn).SetWriteBuffer(64 << 10)
		if _, err := c.Write(answers[n%len(answers)]); err != nil {
			return
		}
		hung.Add(1)
		<-end
	})
	port := s[strings.LastIndex(s, ":"):]
	f := newTestFetcher(t, func(o *Options) {
		o.IgnoreRobots = true
		o.Limits = Limits{Memory: 32 << 20, Total: time.Minute, FirstByte: time.Minute}
	})
	base := heapInUse()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var full atomic.Int32
	for i := range hosts {
		wg.Go(func() {
			_, err := f.Fetch(ctx, Request{URL: fmt.Sprintf("http://host%d.localhost%s/slow/%d", i, port, i)})
			if err == nil {
				return
			}
			if e := asError(err); e.Class == ClassThrottled && e.RetryAfter == memoryPause {
				full.Add(1)
			}
		})
	}
	// All that were not turned away hang in the middle of their answer.
	deadline := time.Now().Add(50 * time.Second)
	for hung.Load()+full.Load() < hosts && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if full.Load() == 0 {
		t.Error("nothing was turned away for want of memory")
	}
	peak := heapInUse() - base
	t.Logf("%d hosts hang, %d were turned away, %d MB", hung.Load(), full.Load(), peak>>20)
	// 32 MB of large bodies, and for each host its buffers and a small body.
	if limit := int64(32<<20 + hosts*(freeMemory+64<<10)/2); peak > limit {
		t.Errorf("%d hosts cost %d MB, more than %d", hosts, peak>>20, limit>>20)
	}
	begin := time.Now()
	get(t, f, "http://quick.localhost"+port+"/fast")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("a host that answers took %s", took)
	}
	cancel()
	close(end)
	wg.Wait()
	if left := f.memory.left.Load(); left != 32<<20 {
		t.Errorf("%d bytes were not given back", 32<<20-left)
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestWindows: what decoders must remember is read off the first bytes.
func TestWindows(t *testing.T) {
	for _, bits := range []int{10, 16, 17, 18, 22, 24} {
		var b bytes.Buffer
		w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: bits})
		_, _ = w.Write([]byte("harbour"))
		w.Close()
		if got := brotliWindowOf(b.Bytes()[0]); got != 1<<bits {
			t.Errorf("brotli, %d bits: got %d", bits, got)
		}
	}
	for _, window := range []int{1 << 10, 1 << 17, 8 << 20, 64 << 20} {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(window), zstd.WithSingleSegment(false))
		if err != nil {
			t.Fatal(err)
		}
		z := zeros(1 << 20)
		_, _ = io.Copy(w, &z)
		w.Close()
		if got := zstdWindowOf(b.Bytes()); got != int64(min(window, zstdWindow)) {
			t.Errorf("zstd, %d: got %d", window, got)
		}
	}
	if got := zstdWindowOf([]byte("no zstd")); got != 0 {
		t.Errorf("no zstd: got %d", got)
	}
}
