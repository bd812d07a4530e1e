// Package dedup finds articles that are copies of one text.
//
// An article carries a sketch of its text ([Sketch]): the hash of all its words
// and hashes of some of its shingles. A [Table] of the shingles gives the
// articles that may share text with a new one; [Compare] looks at the two texts
// and tells copies, links (one contains part of the other) and templates (one
// form, other facts); [Clusters] keeps the copies together, and [Engine] does all
// of that as articles arrive. [Original] tells which copy is the original.
//
// Stored format: a sketch is a version number, a colon, and fields separated by
// colons that the version defines. Version 1 has one field, the exact hash;
// version 2 has two, the exact hash and the fingerprint:
//
//	1:5v4t2hk7...
//	2:5v4t2hk7...:AAACWAAB...
//
// The fingerprint is base64url without padding: the number of words in four
// bytes, then the upper six bytes of each hash, smallest first, all big-endian.
// A shingle is four words, or eight characters where no spaces are written; kept
// are those whose hash is below 2^61, at least the 16 and at most the 256
// smallest.
//
// A reader ignores fields it does not know behind those it does, and takes a
// sketch of an unknown version for none. So workers of two versions can run
// side by side: what they cannot compare they do not join.
package dedup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/copydesk/copydesk/pkg/article"
)

// Exact returns the hash of the words of a text: 26 characters in the alphabet
// of [article.ID], or "" if the text has no word. Texts that differ only in
// case, punctuation, white space, invisible characters or the separators of
// thousands (115,000 and 115000) have the same hash.
//
// A word is a run of letters, marks and digits of any script. A space does not
// group digits ("in 2015 300 people" has two numbers), a no-break or thin space
// does.
func Exact(text string) string {
	words := wordsOf(text)
	if len(words) == 0 {
		return ""
	}
	return article.BytesHash(words)
}

// wordsOf returns the words of a text, lower-case, each followed by a space.
func wordsOf(text string) []byte {
	return appendWords(make([]byte, 0, len(text)+1), text)
}

// appendWords appends the words of a text to dst.
func appendWords(dst []byte, text string) []byte {
	// Composition goes wrong behind invalid bytes.
	text = norm.NFC.String(strings.ToValidUTF8(text, " "))
	inWord := false
	for i := 0; i < len(text); {
		if c := text[i]; 'a' <= c && c <= 'z' { // most of most texts
			dst = append(dst, c)
			inWord = true
			i++
			continue
		}
		if n := numberAt(text, i, inWord); n > 0 {
			dst = appendDigits(dst, text[i:i+n])
			inWord = true
			i += n
			continue
		}
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch kindOf(r) {
		case wordRune:
			dst = appendLower(dst, r)
			inWord = true
		case breakRune:
			if inWord {
				dst = append(dst, ' ')
				inWord = false
			}
		case ignoredRune:
		}
		i += size
	}
	if inWord {
		dst = append(dst, ' ')
	}
	return dst
}

// runeKind is what a character does to the word it stands in.
type runeKind int

const (
	breakRune   runeKind = iota // ends a word
	wordRune                    // is part of one
	ignoredRune                 // is as if it were not there
)

func kindOf(r rune) runeKind {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return wordRune
		}
		return breakRune
	}
	switch {
	case r == utf8.RuneError:
		return breakRune
	case unicode.In(r, unicode.L, unicode.M, unicode.N):
		return wordRune
	case unicode.Is(unicode.Cf, r): // soft hyphen, zero-width characters
		return ignoredRune
	}
	return breakRune
}

// appendLower appends the lower-case form of r. The final sigma becomes the
// usual one, which is what lower-casing a capital gives.
func appendLower(dst []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(dst, byte(r))
	}
	if r == 'ς' {
		r = 'σ'
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}
