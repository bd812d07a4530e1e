package fetch

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newTestFetcher returns a fetcher that may talk to loopback without pauses.
func newTestFetcher(t *testing.T, change ...func(*Options)) *Fetcher {
	t.Helper()
	o := Options{AllowPrivate: true, NoDelay: true}
	for _, c := range change {
		c(&o)
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// newServer serves h; a robots.txt that h does not know is a 404.
func newServer(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// pages serves bodies by path and 404 for everything else.
func pages(bodies map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(body))
	}
}

// newRawServer answers every connection with bytes instead of HTTP: once the
// request's headers are read, answer writes what it likes.
func newRawServer(t *testing.T, answer func(c net.Conn, request string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				if request, ok := readRequest(c); ok {
					answer(c, request)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return "http://" + l.Addr().String()
}

func readRequest(c net.Conn) (string, bool) {
	var request strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(request.String(), "\r\n\r\n") {
		n, err := c.Read(buf)
		if err != nil {
			return "", false
		}
		request.Write(buf[:n])
	}
	return request.String(), true
}

// wantClass fails the test unless err is an *Error of the class.
func wantClass(t *testing.T, err error, class string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an *Error of class %s", err, err, class)
	}
	if e.Class != class {
		t.Fatalf("got class %s (%v), want %s", e.Class, err, class)
	}
	return e
}

// get fetches a URL that must succeed.
func get(t *testing.T, f *Fetcher, url string) *Response {
	t.Helper()
	resp, err := f.Fetch(context.Background(), Request{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// fail fetches a URL that must fail with the class.
func fail(t *testing.T, f *Fetcher, url, class string) *Error {
	t.Helper()
	_, err := f.Fetch(context.Background(), Request{URL: url})
	return wantClass(t, err, class)
}

// memoryStore is a RobotsStore.
type memoryStore struct {
	mu   sync.Mutex
	data map[string][]byte
	gets int
}

func (s *memoryStore) Get(_ context.Context, host string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets++
	d, ok := s.data[host]
	return d, ok, nil
}

func (s *memoryStore) Put(_ context.Context, host string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data == nil {
		s.data = make(map[string][]byte)
	}
	s.data[host] = data
	return nil
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
