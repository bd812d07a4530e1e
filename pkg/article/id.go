package article

import (
	"crypto/sha256"
	"encoding/base32"
)

// IDLen is the length of every id and hash that this package makes: 16 bytes
// in lower-case base32 without padding.
const IDLen = 26

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ID returns the id of a canonical URL: the first 16 bytes of its SHA-256 in
// lower-case base32. Page ids and article ids are made by it; which URL is the
// canonical one is decided by package weburl.
func ID(canonicalURL string) string {
	sum := sha256.Sum256([]byte(canonicalURL))
	return idEncoding.EncodeToString(sum[:16])
}

// BytesHash returns the hash of the bytes that a URL returned, in the alphabet
// of [ID]. It tells whether a page has changed at all.
func BytesHash(body []byte) string {
	sum := sha256.Sum256(body)
	return idEncoding.EncodeToString(sum[:16])
}

// ContentHash returns the hash that tells versions of an article apart: it
// changes when the normalised title or body does, and with nothing else.
func ContentHash(title, text string) string {
	h := sha256.New()
	h.Write([]byte(title))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return idEncoding.EncodeToString(h.Sum(nil)[:16])
}

// ValidID reports whether s has the form of an id.
func ValidID(s string) bool {
	if len(s) != IDLen {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
