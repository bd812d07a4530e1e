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

// folded maps the letters and digits of ASCII to small ones, all else to 0.
var folded = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			t[c] = byte(c)
		case c >= 'A' && c <= 'Z':
			t[c] = byte(c) | 0x20
		}
	}
	return t
}()

func isWord(r rune) bool {
	if r < utf8.RuneSelf && r >= 0 {
		return folded[r] != 0
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
	var out [256]byte // what goes to b at once
	n, gap, begun := 0, false, false
	for i := 0; i < len(s); {
		if n > len(out)-2*utf8.UTFMax {
			b.Write(out[:n])
			n = 0
		}
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			f := folded[c]
			if f == 0 {
				gap = gap || c != '\''
				continue
			}
			if gap && begun {
				out[n] = ' '
				n++
			}
			out[n] = f
			n++
			gap, begun = false, true
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if !isWord(r) {
			gap = true
			continue
		}
		if gap && begun {
			out[n] = ' '
			n++
		}
		n += utf8.EncodeRune(out[n:], unicode.ToLower(r))
		gap, begun = false, true
	}
	b.Write(out[:n])
	return b.String()
}
