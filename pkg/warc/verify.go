package warc

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Findings are what [Verify] found.
type Findings struct {
	Stats
	Checked int // digests that were compared
	Wrong   int // digests that do not hold
	Unknown int // digests of another kind than SHA-1
}

// Verify reads a file and compares the digests of its records. Report, if there is
// one, is told of everything that is wrong.
func Verify(r io.Reader, report func(at Position, err error)) (Findings, error) {
	var f Findings
	if report == nil {
		report = func(Position, error) {}
	}
	in, err := NewReader(r, ReaderOptions{MaxRecord: math.MaxInt64 - 1, Damage: report})
	if err != nil {
		return f, err
	}
	for {
		rec, err := in.Next()
		f.Stats = in.Stats()
		if err == nil {
			f.verify(rec, report)
			continue
		}
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		return f, err
	}
}

// verify compares the digests of one record. Of a damaged one the reader tells, as
// it goes on behind it.
func (f *Findings) verify(rec *Record, report func(Position, error)) {
	block, payload := sha1.New(), sha1.New()
	in := bufio.NewReader(io.TeeReader(rec, block))
	err := skipHead(in, rec)
	if err == nil {
		_, err = io.Copy(payload, in)
	}
	if err != nil {
		return
	}
	want := map[string][]byte{FieldBlockDigest: block.Sum(nil)}
	if rec.Type == TypeRequest || rec.Type == TypeResponse {
		want[FieldPayloadDigest] = payload.Sum(nil)
	}
	for _, name := range []string{FieldBlockDigest, FieldPayloadDigest} {
		noted, sum := rec.Header.Get(name), want[name]
		if noted == "" || sum == nil {
			continue
		}
		if kind, _, _ := strings.Cut(noted, ":"); !strings.EqualFold(kind, "sha1") {
			f.Unknown++
			continue
		}
		f.Checked++
		if !strings.EqualFold(noted, digestText(sum)) {
			f.Wrong++
			report(rec.Position, fmt.Errorf("%s of the record is %s, but the bytes have %s", name, noted, digestText(sum)))
		}
	}
}

// skipHead reads the head of an HTTP message.
func skipHead(in *bufio.Reader, rec *Record) error {
	if rec.Type != TypeRequest && rec.Type != TypeResponse || !strings.HasPrefix(rec.Header.Get(FieldMedia), "application/http") {
		return nil
	}
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return nil
		}
	}
}
