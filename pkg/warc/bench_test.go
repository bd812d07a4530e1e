package warc

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// benchPage is 60 KB of HTML that compresses about as pages do.
func benchPage(seed uint64) string {
	rng := rand.New(rand.NewPCG(seed, 1))
	words := make([]string, 3000)
	for i := range words {
		b := make([]byte, 2+rng.IntN(9))
		for j := range b {
			b[j] = byte('a' + rng.IntN(26))
		}
		words[i] = string(b)
	}
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>")
	for b.Len() < 60_000 {
		b.WriteString(`<div class="item"><p>`)
		for range 30 {
			b.WriteString(words[int(float64(len(words))*rng.Float64()*rng.Float64())] + " ")
		}
		b.WriteString("</p></div>\n")
	}
	return b.String()
}

func BenchmarkRead(b *testing.B) {
	var records []string
	for i := range 50 {
		records = append(records, record("response", "https://site.example/", benchPage(uint64(i))))
	}
	for name, data := range shapes(records) {
		if name == "odd parts" {
			continue
		}
		b.Run(strings.ReplaceAll(name, ", ", "_"), func(b *testing.B) {
			b.SetBytes(int64(50 * len(records[0])))
			for b.Loop() {
				in, err := NewReader(bytes.NewReader([]byte(data)), ReaderOptions{})
				if err != nil {
					b.Fatal(err)
				}
				for {
					rec, err := in.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if _, err := ReadResponse(rec, 10<<20); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	w := newTestWriter(b, b.TempDir(), WriterOptions{})
	defer w.Close()
	page := benchPage(1)
	b.SetBytes(int64(len(page)))
	b.SetParallelism(32) // pages are fetched side by side; syncs are shared
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d := draft(1)
			d.Content = []byte(page)
			if err := w.Write(d); err != nil {
				b.Error(err)
			}
		}
	})
}
