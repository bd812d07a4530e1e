package dedup

import (
	"encoding/base64"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
)

// The versions of sketches: the one that this package writes, and an older one
// that holds the exact hash alone.
const (
	sketchVersion = "2"
	exactVersion  = "1"
)

// hashBytes is how much of a hash a sketch stores: the upper bits, which are
// enough to tell the shingles of some million articles apart.
const hashBytes = 6

// maxSketch bounds the sketches that Parse reads.
const maxSketch = 64 << 10

// Fingerprint is what a sketch says of a text.
type Fingerprint struct {
	Exact  string   // see [Exact]
	Words  int      // length of the text; in scripts without spaces two characters count as one
	Hashes []uint64 // the shingles that were kept, sorted, without repeats
}

// Sketch returns what an article carries of its text so that its copies can be
// found: the value of [article.Article.Sketch]. It is "" for a text without
// words, which is a copy of nothing. The title is no part of it.
func Sketch(text string) string {
	f := Take(text)
	if f.Exact == "" {
		return ""
	}
	return f.String()
}

// Take returns the fingerprint of a text; without words it is the zero value.
func Take(text string) Fingerprint {
	words := wordsOf(text)
	if len(words) == 0 {
		return Fingerprint{}
	}
	u := unitsOf(words, nil)
	return Fingerprint{Exact: article.BytesHash(words), Words: u.words(), Hashes: selectHashes(u)}
}

// String returns the stored form of a fingerprint.
func (f Fingerprint) String() string {
	raw := make([]byte, 0, 4+hashBytes*len(f.Hashes))
	raw = append(raw, byte(f.Words>>24), byte(f.Words>>16), byte(f.Words>>8), byte(f.Words))
	for _, h := range f.Hashes {
		for shift := 56; shift > 64-8-8*hashBytes; shift -= 8 {
			raw = append(raw, byte(h>>shift))
		}
	}
	return sketchVersion + ":" + f.Exact + ":" + base64.RawURLEncoding.EncodeToString(raw)
}

// Parse reads a sketch of version 2. It is false for all else.
func Parse(sketch string) (Fingerprint, bool) {
	exact := ExactOf(sketch)
	if exact == "" || len(sketch) > maxSketch || !strings.HasPrefix(sketch, sketchVersion+":") {
		return Fingerprint{}, false
	}
	_, field, _ := strings.Cut(sketch[len(sketchVersion)+1:], ":")
	field, _, _ = strings.Cut(field, ":")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(field)
	if err != nil || strings.ContainsAny(field, "\r\n") || len(raw) < 4 || (len(raw)-4)%hashBytes != 0 {
		return Fingerprint{}, false
	}
	words := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
	if words > 1<<31-1 {
		return Fingerprint{}, false
	}
	f := Fingerprint{Exact: exact, Words: int(words), Hashes: make([]uint64, 0, (len(raw)-4)/hashBytes)}
	for raw = raw[4:]; len(raw) > 0; raw = raw[hashBytes:] {
		var h uint64
		for i := range hashBytes {
			h = h<<8 | uint64(raw[i])
		}
		h <<= 64 - 8*hashBytes
		if n := len(f.Hashes); n > 0 && h <= f.Hashes[n-1] {
			return Fingerprint{}, false
		}
		f.Hashes = append(f.Hashes, h)
	}
	return f, true
}

// ExactOf returns the exact hash that a sketch holds, or "" if the sketch is
// empty, malformed or of a version that this package does not know. All
// versions hold the same hash, so copies whose sketches are of two versions
// are found by it.
func ExactOf(sketch string) string {
	version, fields, ok := strings.Cut(sketch, ":")
	if !ok || version != sketchVersion && version != exactVersion {
		return ""
	}
	exact, _, _ := strings.Cut(fields, ":")
	if !article.ValidID(exact) {
		return ""
	}
	return exact
}
