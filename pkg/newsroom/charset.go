package newsroom

import (
	"strconv"
	"unicode/utf8"
)

// windows1252High are the characters of the bytes 0x80 to 0x9F; 0 where the
// character set has none.
var windows1252High = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// toWindows1252 encodes a page; characters that the set lacks become numeric
// references.
func toWindows1252(s string) []byte {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf || r >= 0xA0 && r <= 0xFF:
			out = append(out, byte(r))
			continue
		}
		if i := indexRune(r); i >= 0 {
			out = append(out, byte(0x80+i))
			continue
		}
		out = append(out, "&#"+strconv.Itoa(int(r))+";"...)
	}
	return out
}

func indexRune(r rune) int {
	for i, c := range windows1252High {
		if c == r {
			return i
		}
	}
	return -1
}
