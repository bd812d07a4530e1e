package fetch

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// newRawHTTP2 serves whatever answer writes once the first request is read, and
// returns the URL and a fetcher that trusts it.
func newRawHTTP2(t *testing.T, l Limits, answer func(fr *http2.Framer, stream uint32)) (string, *Fetcher) {
	t.Helper()
	certs := httptest.NewUnstartedServer(nil)
	certs.StartTLS()
	pool := certs.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config := &tls.Config{Certificates: certs.TLS.Certificates, NextProtos: []string{"h2"}}
	certs.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serveRawHTTP2(c, answer)
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots, o.Limits = true, l })
	f.transport.TLSClientConfig = pool
	f.transport.TLSClientConfig.NextProtos = nil
	return "https://" + listener.Addr().String(), f
}

func serveRawHTTP2(c net.Conn, answer func(fr *http2.Framer, stream uint32)) {
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	fr := http2.NewFramer(c, c)
	_ = fr.WriteSettings()
	for {
		frame, err := fr.ReadFrame()
		if err != nil {
			return
		}
		if h, ok := frame.(*http2.HeadersFrame); ok {
			go func() { _, _ = io.Copy(io.Discard, c) }() // what the client says meanwhile
			answer(fr, h.StreamID)
			return
		}
	}
}

// TestHostileHTTP2: servers that break or overdo the protocol cost no more than
// the limits allow.
func TestHostileHTTP2(t *testing.T) {
	fields := func(pairs ...string) []byte {
		var b bytes.Buffer
		e := hpack.NewEncoder(&b)
		for i := 0; i < len(pairs); i += 2 {
			_ = e.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
		}
		return b.Bytes()
	}
	forever := func(write func() error) {
		for write() == nil {
		}
	}
	for _, test := range []struct {
		name, classes string
		answer        func(fr *http2.Framer, stream uint32)
	}{
		{"pings without end", "timeout", func(fr *http2.Framer, _ uint32) { forever(func() error { return fr.WritePing(false, [8]byte{1}) }) }},
		{"settings without end", "timeout protocol connect", func(fr *http2.Framer, _ uint32) {
			forever(func() error { return fr.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100}) })
		}},
		{"a header list without end", "too_large protocol", func(fr *http2.Framer, stream uint32) {
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fields(":status", "200")})
			block := fields("x-news", strings.Repeat("a", 1000))
			forever(func() error { return fr.WriteContinuation(stream, false, block) })
		}},
		{"early hints without end", "too_large protocol timeout", func(fr *http2.Framer, stream uint32) {
			block := fields(":status", "103", "x-news", strings.Repeat("a", 1000))
			forever(func() error {
				return fr.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndHeaders: true})
			})
		}},
		{"empty data without end", "timeout protocol", func(fr *http2.Framer, stream uint32) {
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fields(":status", "200"), EndHeaders: true})
			forever(func() error { return fr.WriteData(stream, false, nil) })
		}},
		{"more data than the window allows", "protocol too_large", func(fr *http2.Framer, stream uint32) {
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fields(":status", "200"), EndHeaders: true})
			forever(func() error { return fr.WriteData(stream, false, make([]byte, 16<<10)) })
		}},
		{"a window that overflows", "protocol connect", func(fr *http2.Framer, _ uint32) {
			for range 3 {
				_ = fr.WriteWindowUpdate(0, 1<<31-1)
			}
		}},
		{"a push nobody asked for", "protocol connect", func(fr *http2.Framer, stream uint32) {
			_ = fr.WritePushPromise(http2.PushPromiseParam{StreamID: stream, PromiseID: 2, BlockFragment: fields(":path", "/x"), EndHeaders: true})
		}},
		{"goes away", "protocol connect", func(fr *http2.Framer, _ uint32) {
			_ = fr.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("\x1b[2J"))
		}},
		{"another stream", "timeout protocol connect", func(fr *http2.Framer, _ uint32) {
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 99, BlockFragment: fields(":status", "200"), EndHeaders: true})
		}},
		{"a frame that is too long", "protocol connect", func(fr *http2.Framer, stream uint32) {
			fr.AllowIllegalWrites = true
			_ = fr.WriteRawFrame(http2.FrameData, 0, stream, make([]byte, 1<<20))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, f := newRawHTTP2(t, Limits{Total: 2 * time.Second, FirstByte: time.Second, PageBytes: 1 << 20, HeaderBytes: 16 << 10}, test.answer)
			before := heapInUse()
			_, err := f.Fetch(t.Context(), Request{URL: url + "/"})
			if e := asError(err); !strings.Contains(test.classes, e.Class) || hasControl(e.Error()) {
				t.Errorf("got %s (%v), want one of %s", e.Class, e, test.classes)
			}
			if cost := heapInUse() - before; cost > 20<<20 {
				t.Errorf("cost %d MB", cost>>20)
			}
		})
	}
}
