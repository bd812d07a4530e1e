package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lowerOf is strings.ToLower, made for text of which most is in small letters
// already: what is neither a capital nor beyond Latin is copied in runs.
func lowerOf(s string) string {
	i := smallUpTo(s, 0)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	from := 0
	for i < len(s) {
		b.WriteString(s[from:i])
		switch c := s[i]; {
		case c < utf8.RuneSelf:
			b.WriteByte(c | 0x20)
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b.WriteRune(unicode.ToLower(r))
			i += n
		}
		from = i
		i = smallUpTo(s, i)
	}
	b.WriteString(s[from:])
	return b.String()
}

// smallUpTo returns the end of the run from i on that has no capital: ASCII, the
// small letters of Latin-1, and the usual punctuation.
func smallUpTo(s string, i int) int {
	for i < len(s) {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
			if c >= 'A' && c <= 'Z' {
				return i
			}
			i++
		case i+1 < len(s) && (c == 0xC2 || c == 0xC3 && s[i+1] >= 0x9F) && s[i+1]&0xC0 == 0x80:
			i += 2
		case c == 0xE2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&0xC0 == 0x80:
			i += 3
		default:
			return i
		}
	}
	return i
}

// wordBytes tells the letters and digits of ASCII.
var wordBytes = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
	}
	return t
}()

func isWord(r rune) bool {
	if r < utf8.RuneSelf && r >= 0 {
		return wordBytes[r]
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// mayHoldDigit reports whether s has a digit of ASCII or anything beyond it.
func mayHoldDigit(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' || c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// Fold reduces text to lower-case letters and digits with single spaces, for
// comparison.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		i += n
		if !isWord(r) {
			gap = gap || r != '\''
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		switch {
		case r >= utf8.RuneSelf:
			b.WriteRune(unicode.ToLower(r))
		case r >= 'A' && r <= 'Z':
			b.WriteByte(byte(r) | 0x20)
		default:
			b.WriteByte(byte(r))
		}
	}
	return b.String()
}
