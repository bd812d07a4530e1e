package fetch

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// encode compresses a body; a bomb is made the same way.
func encode(t testing.TB, coding string, body io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "deflate-raw":
		w, _ = flate.NewWriter(&b, 6)
	case "br":
		w = brotli.NewWriterLevel(&b, 3)
	case "zstd":
		w, _ = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	}
	if _, err := io.Copy(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zeros is a reader of n zero bytes.
type zeros int64

func (z *zeros) Read(p []byte) (int, error) {
	if *z <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), int64(*z))
	clear(p[:n])
	*z -= zeros(n)
	return int(n), nil
}

// encoded serves bytes under a Content-Encoding.
func encoded(t *testing.T, coding string, body []byte) *httptest.Server {
	return newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Encoding", coding)
		_, _ = w.Write(body)
	})
}

func TestEncodings(t *testing.T) {
	text := strings.Repeat("The harbour master counted nineteen ships before noon. ", 300)
	f := newTestFetcher(t)
	for _, c := range []struct{ header, coding string }{
		{"gzip", "gzip"},
		{"x-gzip", "gzip"},
		{"GZip", "gzip"},
		{"deflate", "deflate"},
		{"deflate", "deflate-raw"},
		{"br", "br"},
		{"zstd", "zstd"},
		{"identity, gzip", "gzip"},
	} {
		s := encoded(t, c.header, encode(t, c.coding, strings.NewReader(text)))
		if resp := get(t, f, s.URL+"/"); string(resp.Body) != text {
			t.Errorf("%s (%s): got %d bytes, want %d", c.header, c.coding, len(resp.Body), len(text))
		}
	}
	twice := encode(t, "br", bytes.NewReader(encode(t, "gzip", strings.NewReader(text))))
	if resp := get(t, f, encoded(t, "gzip, br", twice).URL); string(resp.Body) != text {
		t.Error("two layers are not undone in order")
	}
	if resp := get(t, f, encoded(t, "gzip", nil).URL); len(resp.Body) != 0 {
		t.Error("an empty body is not empty")
	}
}

func TestBadEncodings(t *testing.T) {
	text := strings.Repeat("Nineteen ships. ", 5000) + fmt.Sprint(time.Now().UnixNano())
	f := newTestFetcher(t)
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		whole := encode(t, coding, strings.NewReader(text))
		e := fail(t, f, encoded(t, coding, whole[:len(whole)*2/3]).URL, ClassTruncated)
		if !e.Temporary {
			t.Errorf("%s: a truncated body is not tried again", coding)
		}
		fail(t, f, encoded(t, coding, []byte("<!doctype html><p>not compressed at all")).URL, ClassEncoding)
	}
	fail(t, f, encoded(t, "compress", []byte("x")).URL, ClassEncoding)
	fail(t, f, encoded(t, "gzip, gzip, gzip", []byte("x")).URL, ClassEncoding)
	if e := fail(t, f, encoded(t, "rot13 \u202e\u2066", []byte("x")).URL, ClassEncoding); strings.Contains(e.Error(), "\u202e") {
		t.Errorf("got %q", e.Error())
	}
}

// bomb returns bytes that decode to far more than a page may have: 256 MB where
// the coding allows that one stream follows another, else 16 MB.
func bomb(t *testing.T, coding string) []byte {
	z := zeros(16 << 20)
	one := encode(t, coding, &z)
	if coding == "gzip" || coding == "zstd" {
		return bytes.Repeat(one, 16)
	}
	return one
}

// TestBombs: a bomb costs little more than the limit allows.
func TestBombs(t *testing.T) {
	f := newTestFetcher(t)
	loose := newTestFetcher(t, func(o *Options) { o.Limits.Ratio = 1 << 30 })
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		s := encoded(t, coding, bomb(t, coding))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if e := fail(t, f, s.URL, ClassTooLarge); e.Temporary || !strings.Contains(e.Error(), "more than 100 times its size") {
			t.Errorf("%s: got %v", coding, e)
		}
		if e := fail(t, loose, s.URL, ClassTooLarge); !strings.Contains(e.Error(), "larger than 10 MB") {
			t.Errorf("%s: got %v", coding, e)
		}
		runtime.ReadMemStats(&after)
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 100 {
			t.Errorf("%s: two bombs cost %d MB", coding, mb)
		}
	}
	// A bomb in a bomb.
	inner := encode(t, "zstd", bytes.NewReader(bomb(t, "gzip")))
	fail(t, f, encoded(t, "gzip, zstd", inner).URL, ClassTooLarge)
	// Small pages may compress as well as they like.
	z := zeros(1 << 19)
	if resp := get(t, f, encoded(t, "gzip", encode(t, "gzip", &z)).URL); len(resp.Body) != 1<<19 {
		t.Errorf("got %d bytes", len(resp.Body))
	}
}

// TestZstdWindow: a frame that asks for a huge window is refused before any
// memory is set aside for it.
func TestZstdWindow(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(64<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	z := zeros(1 << 20)
	_, _ = io.Copy(w, &z)
	w.Close()
	fail(t, newTestFetcher(t), encoded(t, "zstd", b.Bytes()).URL, ClassEncoding)
}

func TestBodyLimits(t *testing.T) {
	small := func(o *Options) {
		o.IgnoreRobots = true
		o.Limits.PageBytes, o.Limits.FeedBytes = 1000, 2000
	}
	f := newTestFetcher(t, small)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		if r.URL.RawQuery == "announced" {
			w.Header().Set("Content-Length", fmt.Sprint(n))
		} else {
			w.(http.Flusher).Flush() // chunked
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), n))
	})
	for _, suffix := range []string{"", "?announced"} {
		if resp := get(t, f, s.URL+"/1000"+suffix); len(resp.Body) != 1000 {
			t.Errorf("got %d bytes", len(resp.Body))
		}
		if e := fail(t, f, s.URL+"/1001"+suffix, ClassTooLarge); e.Temporary {
			t.Errorf("got %+v", e)
		}
		if _, err := f.Fetch(context.Background(), Request{URL: s.URL + "/2000" + suffix, Kind: KindFeed}); err != nil {
			t.Error(err)
		}
		_, err := f.Fetch(context.Background(), Request{URL: s.URL + "/2001" + suffix, Kind: KindFeed})
		wantClass(t, err, ClassTooLarge)
	}
}

func TestHostileServers(t *testing.T) {
	forever := func(c net.Conn, part string) {
		for {
			if _, err := io.WriteString(c, part); err != nil {
				return
			}
		}
	}
	drip := func(c net.Conn, head, part string) {
		_, _ = io.WriteString(c, head)
		for range time.Tick(10 * time.Millisecond) {
			if _, err := io.WriteString(c, part); err != nil {
				return
			}
		}
	}
	for _, test := range []struct {
		name   string
		class  string
		answer func(c net.Conn)
	}{
		{"endless body", ClassTooLarge, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			forever(c, strings.Repeat("news ", 1000))
		}},
		{"endless headers", ClassTooLarge, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			forever(c, "X-News: "+strings.Repeat("a", 100)+"\r\n")
		}},
		{"endless header line", ClassTooLarge, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-News: ")
			forever(c, strings.Repeat("a", 1000))
		}},
		{"endless status line", ClassTooLarge, func(c net.Conn) { forever(c, strings.Repeat("a", 1000)) }},
		{"endless 1xx", ClassTooLarge, func(c net.Conn) { forever(c, "HTTP/1.1 103 Early Hints\r\nX-A: "+strings.Repeat("b", 500)+"\r\n\r\n") }},
		{"a byte at a time", ClassTimeout, func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\n\r\n", "n") }},
		{"a header byte at a time", ClassTimeout, func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\nX-A: ", "n") }},
		{"a chunk at a time", ClassTimeout, func(c net.Conn) {
			drip(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nn\r\n")
		}},
		{"silence", ClassTimeout, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }},
		{"hangs up", ClassConnect, func(net.Conn) {}},
		{"no HTTP", ClassProtocol, func(c net.Conn) { _, _ = io.WriteString(c, "220 \x1b[2Jmail.example.org ESMTP\r\n\r\n") }},
		{"bad header", ClassProtocol, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\x1b[2J\x00\r\n\r\n") }},
		{"bad chunk", ClassProtocol, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnews\r\n")
		}},
		{"bad Content-Length", ClassProtocol, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nnews")
		}},
		{"two Content-Lengths", ClassProtocol, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nnews")
		}},
		{"Content-Length too large", ClassTruncated, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nnews")
		}},
		{"chunked body cut off", ClassTruncated, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nnews")
		}},
		{"announces too much", ClassTooLarge, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nnews")
		}},
		{"control characters in Location", ClassProtocol, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: http://exa\x1b[2Jmple.org\x07/\r\nContent-Length: 0\r\n\r\n")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newTestFetcher(t, func(o *Options) {
				o.IgnoreRobots = true
				o.Limits = Limits{Total: 300 * time.Millisecond, PageBytes: 100_000, HeaderBytes: 8 << 10}
			})
			s := newRawServer(t, func(c net.Conn, _ string) { test.answer(c) })
			e := fail(t, f, s+"/", test.class)
			if hasControl(e.Error()) {
				t.Errorf("error text has control characters: %q", e.Error())
			}
		})
	}
}

// TestShortContentLength: bytes after the announced end belong to no response.
func TestShortContentLength(t *testing.T) {
	s := newRawServer(t, func(c net.Conn, request string) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnews and more")
		_ = request
	})
	f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots = true })
	for range 2 {
		if resp := get(t, f, s+"/"); string(resp.Body) != "news" {
			t.Errorf("got %q", resp.Body)
		}
	}
}

func TestFirstByteLimit(t *testing.T) {
	s := newRawServer(t, func(c net.Conn, _ string) { _, _ = io.Copy(io.Discard, c) })
	f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots, o.Limits.FirstByte = true, 50*time.Millisecond })
	if e := fail(t, f, s+"/", ClassTimeout); !e.Temporary || !strings.Contains(e.Error(), "awaiting response headers") {
		t.Errorf("got %v", e)
	}
}

func TestHeaderValuesAreCleaned(t *testing.T) {
	s := newRawServer(t, func(c net.Conn, _ string) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\t; charset=\xff"+strings.Repeat("x", 999)+
			"\r\nETag: \""+strings.Repeat("e", 2000)+"\"\r\nContent-Length: 0\r\n\r\n")
	})
	f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots = true })
	resp := get(t, f, s+"/")
	if hasControl(resp.ContentType) || len(resp.ContentType) > 300 || !strings.HasPrefix(resp.ContentType, "text/html") {
		t.Errorf("got Content-Type %q", resp.ContentType)
	}
	if resp.ETag != "" {
		t.Errorf("got ETag %q", resp.ETag)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	s.Config.ErrorLog = discardLog()
	defer s.Close()
	f := newTestFetcher(t)
	fail(t, f, s.URL+"/", ClassTLS) // nobody vouches for the test server
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // plain HTTP where TLS is expected
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
	}()
	fail(t, f, strings.Replace("https://"+l.Addr().String()+"/", "127.0.0.1", "plain.localhost", 1), ClassTLS)
	fail(t, f, "http://refused.localhost:1/", ClassConnect)
}

// TestHostileRefusals: what comes with a refusal may be as hostile as a page.
func TestHostileRefusals(t *testing.T) {
	z := zeros(64 << 20)
	gzipBomb := string(encode(t, "gzip", &z))
	for name, answer := range map[string]func(c net.Conn){
		"endless": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 403 Forbidden\r\n\r\n")
			for {
				if _, err := io.WriteString(c, strings.Repeat("no ", 1000)); err != nil {
					return
				}
			}
		},
		"a bomb": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"+gzipBomb)
		},
		"silence after the headers": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		},
		"many cookies": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 403 Forbidden\r\n"+strings.Repeat("Set-Cookie: a=b\r\n", 400)+"Content-Length: 0\r\n\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots = true })
			s := newRawServer(t, func(c net.Conn, _ string) { answer(c) })
			if e := fail(t, f, s+"/", ClassHTTP4xx); e.Status != 403 {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// TestHostileTails: what follows a whole body must not cost anything.
func TestHostileTails(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n"
	for _, test := range []struct {
		name, class string
		answer      func(c net.Conn)
	}{
		{"trailers", "", func(c net.Conn) {
			_, _ = io.WriteString(c, head+"4\r\nnews\r\n0\r\nX-A: "+strings.Repeat("a", 100)+"\r\n\r\n")
		}},
		{"endless trailers", ClassProtocol, func(c net.Conn) {
			_, _ = io.WriteString(c, head+"4\r\nnews\r\n0\r\n")
			for {
				if _, err := io.WriteString(c, "X-A: "+strings.Repeat("a", 1000)+"\r\n"); err != nil {
					return
				}
			}
		}},
		{"endless chunk extensions", ClassProtocol, func(c net.Conn) {
			_, _ = io.WriteString(c, head+"4;")
			for {
				if _, err := io.WriteString(c, strings.Repeat("a=b;", 300)); err != nil {
					return
				}
			}
		}},
		{"chunks of one byte with extensions", ClassProtocol, func(c net.Conn) {
			_, _ = io.WriteString(c, head)
			for {
				if _, err := io.WriteString(c, strings.Repeat("1;"+strings.Repeat("e", 1000)+"\r\nn\r\n", 50)); err != nil {
					return
				}
			}
		}},
		{"a second answer nobody asked for", "", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnewsHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
		}},
		{"more cookies than headers may have bytes", ClassTooLarge, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("Set-Cookie: a=b\r\n", 5000)+"Content-Length: 4\r\n\r\nnews")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots, o.Limits.Total = true, 5*time.Second })
			s := newRawServer(t, func(c net.Conn, _ string) { test.answer(c) })
			for range 2 {
				resp, err := f.Fetch(t.Context(), Request{URL: s + "/"})
				if test.class != "" {
					wantClass(t, err, test.class)
					return
				}
				if err != nil || string(resp.Body) != "news" {
					t.Errorf("got %+v, %v", resp, err)
				}
			}
		})
	}
}

// TestHostileNames: host names that could write into logs or fool a resolver
// are refused before anything is looked up.
func TestHostileNames(t *testing.T) {
	f := newTestFetcher(t, func(o *Options) {
		o.Resolver = newDNS(t, func(name string) [4]byte {
			t.Errorf("%q was looked up", name)
			return [4]byte{127, 0, 0, 1}
		})
	})
	for _, name := range []string{
		"news\x00.example", "news\x1b[2J.example", "news%00.example", "news%0d%0aHost:x.example", "news .example", "news%20.example", "news^.example", "news|.example",
		"news<b>.example", "[::1", "[fe80::1%25eth0]", "news.example:99999", "news.example:-1", "999.1.1.1.1", "256.256.256.256", "",
	} {
		_, err := f.Fetch(t.Context(), Request{URL: "http://" + name + "/"})
		if e := asError(err); e.Class != ClassURL && e.Class != ClassAddress || hasControl(e.Error()) {
			t.Errorf("%q: got %s, %q", name, e.Class, e.Error())
		}
	}
}
