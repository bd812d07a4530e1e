package warc

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Draft is a record to be written.
type Draft struct {
	Type    string
	ID      string // from [NewID]
	Date    time.Time
	Target  string // WARC-Target-URI, or ""
	Media   string // Content-Type of the block
	Fields  []Field
	Content []byte
	// Payload is where in Content the payload begins, whose digest is noted; -1 if
	// there is none.
	Payload int
}

// gzips are writers to be used again; each takes 1 MB to make.
type gzips struct{ pool sync.Pool }

func newGzips() *gzips {
	return &gzips{sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is known
		return z
	}}}
}

// encode returns records as gzip members.
func (g *gzips) encode(drafts []*Draft) ([]byte, error) {
	var out bytes.Buffer
	z := g.pool.Get().(*gzip.Writer)
	defer g.pool.Put(z)
	for _, d := range drafts {
		z.Reset(&out)
		for _, part := range [][]byte{d.head(), d.Content, []byte("\r\n\r\n")} {
			if _, err := z.Write(part); err != nil {
				return nil, fmt.Errorf("warc: compress: %w", err)
			}
		}
		if err := z.Close(); err != nil {
			return nil, fmt.Errorf("warc: compress: %w", err)
		}
	}
	return out.Bytes(), nil
}

// head returns the version and the fields of a record, with the empty line.
func (d *Draft) head() []byte {
	var b bytes.Buffer
	b.WriteString("WARC/1.1\r\n")
	clean := strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ")
	field := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + clean.Replace(value) + "\r\n")
		}
	}
	field(FieldType, d.Type)
	field(FieldID, d.ID)
	field(FieldDate, d.Date.UTC().Format(time.RFC3339Nano))
	field(FieldTarget, d.Target)
	for _, f := range d.Fields {
		field(f.Name, f.Value)
	}
	field(FieldMedia, d.Media)
	field(FieldBlockDigest, Digest(d.Content))
	if d.Payload >= 0 {
		field(FieldPayloadDigest, Digest(d.Content[d.Payload:]))
	}
	field(FieldLength, strconv.Itoa(len(d.Content)))
	b.WriteString("\r\n")
	return b.Bytes()
}

// Fields returns a block of fields.
func Fields(fields ...Field) []byte {
	var b bytes.Buffer
	clean := strings.NewReplacer("\r", " ", "\n", " ")
	for _, f := range fields {
		if f.Value != "" {
			b.WriteString(f.Name + ": " + clean.Replace(f.Value) + "\r\n")
		}
	}
	return b.Bytes()
}

// ParseFields reads a block of fields.
func ParseFields(block []byte) Header {
	rec := &Record{}
	for line := range bytes.Lines(block) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 && len(rec.Header) < maxFields {
			_ = rec.field(line) // what is no field is left out
		}
	}
	return rec.Header
}
