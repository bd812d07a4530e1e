package dedup

import (
	"unicode"
	"unicode/utf8"
)

// numberAt returns the length of the grouped number that starts at text[i:]:
// one to three digits, then groups of exactly three behind one and the same
// separator. It returns 0 where none starts, which includes the inside of a word.
func numberAt(text string, i int, inWord bool) int {
	if inWord || !maybeDigit(text[i]) {
		return 0
	}
	pos, digits := digitRun(text, i)
	if digits < 1 || digits > 3 {
		return 0
	}
	var separator rune
	end := 0
	for {
		r, size := utf8.DecodeRuneInString(text[pos:])
		if !isSeparator(r) || end > 0 && r != separator {
			return end
		}
		next, digits := digitRun(text, pos+size)
		if digits != 3 {
			return end
		}
		separator, pos, end = r, next, next-i
	}
}

// maybeDigit rules out, by its first byte, most of what is no digit.
func maybeDigit(b byte) bool { return '0' <= b && b <= '9' || b >= utf8.RuneSelf }

// digitRun returns where the digits that start at text[i:] end, and how many of
// them there are; it stops counting at four, which is too many for a group.
func digitRun(text string, i int) (end, digits int) {
	for i < len(text) && digits < 4 {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsDigit(r) {
			break
		}
		i += size
		digits++
	}
	return i, digits
}

// isSeparator reports whether r groups digits: comma, full stop, no-break
// space, narrow no-break space, thin space.
func isSeparator(r rune) bool {
	switch r {
	case ',', '.', '\u00a0', '\u202f', '\u2009':
		return true
	}
	return false
}

// appendDigits appends the digits of a grouped number without its separators.
func appendDigits(dst []byte, number string) []byte {
	for _, r := range number {
		if unicode.IsDigit(r) {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
