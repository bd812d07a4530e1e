package textnorm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
	"golang.org/x/text/unicode/norm"
)

// String returns s as one line in the spelling of the archive: NFC, straight
// quotes and apostrophes, ordinary spaces in single runs with none at the ends,
// no soft hyphens and no invisible characters. Dashes and ellipses stay as
// written. The zero-width joiner and non-joiner stay where a script needs them:
// between two letters of Arabic or of the scripts of India and Ceylon.
func String(s string) string {
	if isClean(s) {
		return s
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	var last rune
	for i, r := range s {
		if isSpace(r) {
			space = true
			continue
		}
		r, keep := spell(r, last, s[i:])
		if !keep {
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
		last = r
	}
	out := b.String()
	if !norm.NFC.IsNormalString(out) {
		out = norm.NFC.String(out)
	}
	return out
}

// isClean reports whether s is printable ASCII with single inner spaces.
func isClean(s string) bool {
	prev := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= 0x7F || c == ' ' && prev == ' ' {
			return false
		}
		prev = c
	}
	return prev != ' ' || s == ""
}

// spell maps one character; keep is false for those that are dropped.
func spell(r, last rune, rest string) (_ rune, keep bool) {
	switch {
	case r < utf8.RuneSelf:
		return r, r >= ' ' && r != 0x7F
	case r < 0xA0: // C1 controls
		return r, false
	}
	switch r {
	case '‘', '’', '‚', '‛', '`', '´':
		return '\'', true
	case '“', '”', '„', '‟':
		return '"', true
	case '\u00AD', '\u200B', '\u200E', '\u200F', '\u2060', '\uFEFF', '\u061C',
		'\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069', '\uFFFC':
		return r, false
	case '\u200C', '\u200D':
		next, _ := utf8.DecodeRuneInString(rest[utf8.RuneLen(r):])
		return r, joins(last) && (joins(next) || r == '\u200D')
	}
	return r, true
}

// joins reports whether r belongs to a script in which zero-width joiners are
// spelling.
func joins(r rune) bool {
	return r >= 0x0600 && r <= 0x08FF || r >= 0x0900 && r <= 0x0DFF || r >= 0xFB50 && r <= 0xFEFC ||
		r >= 0x1F000 && r <= 0x1FAFF // emoji sequences
}

func isSpace(r rune) bool {
	switch {
	case r <= ' ':
		return r == ' ' || r >= '\t' && r <= '\r'
	case r < 0xA0:
		return r == 0x85
	}
	return r == 0xA0 || r == 0x2028 || r == 0x2029 || r == 0x180E || r >= 0x2000 && r <= 0x200A ||
		r == 0x202F || r == 0x205F || r == 0x3000 || r == 0x2800
}

// Words counts the words of s: runs that hold a letter or a digit. Scripts
// without spaces are segmented by the rules of Unicode Annex 29.
func Words(s string) int {
	n, in := 0, false
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return unicodeWords(s)
		}
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			if !in {
				n++
				in = true
			}
		case c == ' ' || c == '\n' || c == '\t':
			in = false
		}
	}
	return n
}

func unicodeWords(s string) int {
	n := 0
	for _, field := range strings.Fields(s) {
		if !spaceless(field) {
			if strings.IndexFunc(field, alnum) >= 0 {
				n++
			}
			continue
		}
		tokens := words.FromString(field)
		for tokens.Next() {
			if strings.IndexFunc(tokens.Value(), alnum) >= 0 {
				n++
			}
		}
	}
	return n
}

// spaceless reports whether field holds characters of a script that is written
// without spaces between words.
func spaceless(field string) bool {
	for _, r := range field {
		if r >= 0x0E00 && (r <= 0x0EFF || r >= 0x1780 && r <= 0x17FF || r >= 0x3040 && r <= 0x30FF ||
			r >= 0x3400 && r <= 0x9FFF || r >= 0x1000 && r <= 0x109F || r >= 0x20000) {
			return true
		}
	}
	return false
}

func alnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
