package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkFetch fetches pages of 20 KB from many hosts on loopback, without
// delay between requests, as one ingest worker does. The servers run in the
// same process and cost about as much as the fetcher; "small" servers that
// write prepared bytes show what is left of that.
func BenchmarkFetch(b *testing.B) {
	page := newsPage(20 << 10)
	for _, hosts := range []int{16, 256} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			port := serveHosts(b, hosts, page)
			benchFetch(b, hosts, port, func(*Options) {})
		})
		b.Run(fmt.Sprintf("hosts=%d/no_robots", hosts), func(b *testing.B) {
			port := serveHosts(b, hosts, page)
			benchFetch(b, hosts, port, func(o *Options) { o.IgnoreRobots = true })
		})
	}
}

// newsPage is a page of about that many bytes.
func newsPage(size int) string {
	const p = "<p>The ferry to the island will sail twice a day from Monday on, the harbour master told those who asked him.</p>\n"
	return `<!doctype html><html lang="en"><head><title>Ferry</title><meta name="robots" content="max-image-preview:large"></head><body><article><h1>Ferry</h1>` +
		strings.Repeat(p, size/len(p)) + "</article></body></html>"
}

// serveHosts serves a page on 127.0.0.1 and the addresses after it, all on the
// same port, by connections that answer with prepared bytes.
func serveHosts(b *testing.B, hosts int, page string) (port string) {
	b.Helper()
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
	missing := []byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
	port = "0"
	for i := range hosts {
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.%d.%d:%s", i/250, 1+i%250, port))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { l.Close() })
		_, port, _ = net.SplitHostPort(l.Addr().String())
		go func() {
			for {
				c, err := l.Accept()
				if errors.Is(err, net.ErrClosed) {
					return
				}
				go answerAll(c, answer, missing)
			}
		}()
	}
	return port
}

func answerAll(c net.Conn, answer, missing []byte) {
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		out := answer
		if strings.HasPrefix(string(buf[:min(n, 20)]), "GET /robots.txt") {
			out = missing
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

func benchFetch(b *testing.B, hosts int, port string, change func(*Options)) {
	o := Options{AllowPrivate: true, NoDelay: true}
	change(&o)
	f, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var next atomic.Int64
	b.ReportAllocs()
	b.SetBytes(20 << 10)
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(next.Add(1))
			h := i % hosts
			url := fmt.Sprintf("http://127.0.%d.%d:%s/news/%d", h/250, 1+h%250, port, i)
			resp, err := f.Fetch(context.Background(), Request{URL: url})
			if err != nil || resp.Status != http.StatusOK {
				b.Errorf("%s: %v", url, err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}
