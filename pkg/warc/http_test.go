package warc

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestReadResponse(t *testing.T) {
	for _, c := range []struct {
		name, block, body string
		status            int
		cut               bool
	}{
		{"plain", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nbody", "body", 200, false},
		{"length too short", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbody", "body", 200, false},
		{"length too long", "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nbody", "body", 200, false},
		{"no reason, no carriage returns", "HTTP/2 404\nx: y\n\nbody", "body", 404, false},
		{"junk among the fields", "HTTP/1.0 200 OK\r\njunk\r\n: nameless\r\n folded\r\nA: b\r\n c\r\n\r\nbody", "body", 200, false},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n3;x=y\r\n, b\r\n0\r\n\r\n", "body, b", 200, false},
		{"chunks undone", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<html>body", "<html>body", 200, false},
		{"chunks cut off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n40\r\nmore", "bodymore", 200, true},
		{"a head alone", "HTTP/1.1 304 Not Modified\r\nETag: x", "", 304, false},
	} {
		resp, err := ReadResponse(strings.NewReader(c.block), 100)
		if err != nil || resp.Status != c.status || string(resp.Body) != c.body || resp.Cut != c.cut {
			t.Errorf("%s: %+v, %v", c.name, resp, err)
		}
	}
	for _, c := range []struct {
		name, block string
		want        error
	}{
		{"empty", "", ErrNotHTTP},
		{"no HTTP", "<html>", ErrNotHTTP},
		{"a bad status", "HTTP/1.1 OK\r\n\r\n", ErrNotHTTP},
		{"a long body", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 101), ErrTooLarge},
		{"a long line", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20), ErrTooLarge},
		{"many lines", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 5000), ErrTooLarge},
	} {
		if _, err := ReadResponse(strings.NewReader(c.block), 100); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestHeadIsOneMessage: no value can end the head.
func TestHeadIsOneMessage(t *testing.T) {
	head := Head("HTTP/1.1 200 OK\r\nInjected: 1", http.Header{"B": {"x\r\n\r\n<html>", "y"}, "A": {"z"}})
	if got := string(head); got != "HTTP/1.1 200 OK  Injected: 1\r\nA: z\r\nB: x    <html>\r\nB: y\r\n\r\n" {
		t.Errorf("%q", got)
	}
}

func FuzzReadResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\nA: b\n c\n\nbody"))
	f.Fuzz(func(t *testing.T, block []byte) {
		resp, err := ReadResponse(strings.NewReader(string(block)), 1000)
		if err == nil && (resp.Status < 100 || len(resp.Body) > 1000) {
			t.Fatalf("%+v", resp)
		}
	})
}
