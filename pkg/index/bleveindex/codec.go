package bleveindex

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"

	"github.com/copydesk/copydesk/pkg/article"
)

// maxStored bounds the bytes of one decompressed document.
const maxStored = 128 << 20

// dictionary primes the compression of records with what most of them share:
// the names of their fields. Stored data cannot be read without it, so changing
// a byte of it means raising formatVersion.
const dictionary = `","caption":"","credit":"","kind":"person"},{"name":"","kind":"organisation"}],"kind":"agency"}],"dateline":{"raw":"","place":"","date":"","agency":""},"attributions":[""],` +
	`"images":[{"url":"https://"section":"","tags":["","removed":[{"kind":"related","text":"","rule":"{"kind":"caption","text":"{"kind":"photo_credit","text":"","rule":"","warnings":[""],"links":[{"id":"","share":0.` +
	`"text":"{"kind":"heading","text":""},{"kind":"quote","text":""},{"kind":"list_item","text":""},{"kind":"paragraph","text":"` +
	`{"id":"","url":"https://www.","canonical_url":"https://www.","site":".com","publisher":"","title":"","standfirst":"","authors":[{"name":"","kind":"person"}],` +
	`"published":{"time":"2026-01-01T00:00:00Z","precision":"second","from":"json-ld"},"modified":{"time":"2026-01-01T00:00:00Z","precision":"minute","from":"meta"},"language":"en",` +
	`"access":"full","kind":"article","body":[{"kind":"paragraph","text":""}],"text":"","words":0,"content_hash":"","sketch":"1:","fetched_at":"2026-01-01T00:00:00Z",` +
	`"feed":"https://","normalizer":"1","version":1,"first_seen":"2026-01-01T00:00:00Z","indexed_at":"2026-01-01T00:00:00Z","cluster":"","original":"","since":"2026-01-01T00:00:00Z"}`

const dictionaryID = 1

// codec turns records and versions into what is stored. Safe for concurrent use.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderDictRaw(dictionaryID, []byte(dictionary)),
		zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("start compression: %w", err)
	}
	dec, err := zstd.NewReader(nil,
		zstd.WithDecoderDictRaw(dictionaryID, []byte(dictionary)),
		zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithDecoderMaxMemory(maxStored))
	if err != nil {
		return nil, fmt.Errorf("start decompression: %w", err)
	}
	return &codec{enc: enc, dec: dec}, nil
}

func (c *codec) close() {
	_ = c.enc.Close() // writes nothing: only EncodeAll was used
	c.dec.Close()
}

// encode returns the compressed JSON of v.
func (c *codec) encode(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return c.enc.EncodeAll(text, nil), nil
}

// encodeRecord leaves out of a record what the rest of it gives: Text where it
// is the joined body, and Copies, which is counted when asked for.
func (c *codec) encodeRecord(s *stored) ([]byte, error) {
	lean := *s
	lean.Copies = 0
	if lean.Text == article.JoinText(lean.Body) {
		lean.Text = ""
	}
	return c.encode(&lean)
}

func (c *codec) decodeRecord(blob []byte) (*stored, error) {
	text, err := c.dec.DecodeAll(blob, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress stored article: %w", err)
	}
	return parseRecord(text)
}

// scratch is memory that decodings use one after the other.
type scratch struct{ text []byte }

// maxScratch bounds what a scratch keeps.
const maxScratch = 1 << 20

// decodeLean decodes a record without what was removed from its page. Nothing
// of the result lies in space.
func (c *codec) decodeLean(blob []byte, space *scratch) (*stored, error) {
	text, err := c.dec.DecodeAll(blob, space.text[:0])
	if err != nil {
		return nil, fmt.Errorf("decompress stored article: %w", err)
	}
	if cap(text) <= maxScratch {
		space.text = text
	}
	s, err := parseRecord(dropRemoved(text))
	if err != nil {
		return nil, err
	}
	s.Removed = nil
	return s, nil
}

// parseRecord decodes the JSON of a record, which it changes.
func parseRecord(text []byte) (*stored, error) {
	rest, body, joined, ok := takeBody(text)
	var s stored
	if err := unmarshal("article", rest, &s); err != nil {
		return nil, err
	}
	if !ok {
		joined = article.JoinText(s.Body)
	} else {
		s.Body = body
	}
	if s.Text == "" {
		s.Text = joined
	}
	return &s, nil
}

func (c *codec) decodeVersion(blob []byte) (article.Version, error) {
	var v article.Version
	text, err := c.dec.DecodeAll(blob, nil)
	if err != nil {
		return v, fmt.Errorf("decompress stored version: %w", err)
	}
	return v, unmarshal("version", text, &v)
}
