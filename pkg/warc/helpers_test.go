package warc

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// stored is a record as a test compares it.
type stored struct {
	kind, target, block string
	at                  Position
}

// record returns a record as other programs write it.
func record(kind, target, block string, fields ...string) string {
	head := fmt.Sprintf("WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: %s\r\nWARC-Date: 2024-03-05T06:07:08Z\r\n", kind, NewID())
	if target != "" {
		head += "WARC-Target-URI: " + target + "\r\n"
	}
	for _, f := range fields {
		head += f + "\r\n"
	}
	return head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s\r\n\r\n", len(block), block)
}

// zip compresses with the standard library.
func zip(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func zipEach(records []string) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteString(zip(r))
	}
	return b.String()
}

// response is a block of HTTP.
func response(n int) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>Page %d. %s</p></body></html>",
		n, strings.Repeat(fmt.Sprintf("Word %d of it. ", n*7919), 40))
}

// someRecords returns records of a small archive.
func someRecords(n int) []string {
	records := []string{record("warcinfo", "", "software: test\r\n")}
	for i := range n {
		records = append(records, record("response", fmt.Sprintf("https://site.example/%d", i), response(i)))
	}
	return records
}

// readAll reads a file from a position. Records that turn out to be damaged are
// left out.
func readAll(t testing.TB, r io.Reader, o ReaderOptions) ([]stored, Stats) {
	t.Helper()
	in, err := NewReader(r, o)
	if err != nil {
		t.Fatal(err)
	}
	var all []stored
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all, in.Stats()
		}
		if err != nil {
			t.Fatal(err)
		}
		block, err := io.ReadAll(rec)
		if err == nil {
			all = append(all, stored{rec.Type, rec.Header.Target(), string(block), rec.Position})
		}
	}
}

// streamOnly hides that a reader can seek.
type streamOnly struct{ io.Reader }

func draft(n int) *Draft {
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
	return &Draft{
		Type: TypeResponse, ID: NewID(), Date: time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC), Target: fmt.Sprintf("https://site.example/%d", n),
		Media: MediaResponse, Content: []byte(response(n)), Payload: len(head),
	}
}
