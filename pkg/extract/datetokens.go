package extract

import (
	"unicode"
	"unicode/utf8"
)

// dateToken is a number, a word or a mark of a line.
type dateToken struct {
	kind     byte // 'n' number, 'w' word, else the mark itself
	class    dateWord
	digits   uint8
	spaced   bool // white space before it
	value    int32
	pos, end int32
}

const (
	// maxDateTokens and maxDateText bound how much of a line is looked at.
	maxDateTokens = 96
	maxDateText   = 400
)

// dateTokens is a line cut into tokens.
type dateTokens struct {
	text  string
	list  [maxDateTokens]dateToken
	n     int
	times [maxTimes]clockTime
	nt    int
}

// cut fills in the tokens of s.
func (t *dateTokens) cut(s string) {
	if len(s) > maxDateText {
		s = s[:cutRune(s, maxDateText)]
	}
	t.text, t.n, t.nt = s, 0, 0
	spaced := false
	for i := 0; i < len(s) && t.n < maxDateTokens; {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		tok := dateToken{spaced: spaced, pos: int32(i)} //nolint:gosec // at most maxDateText
		spaced = false
		switch {
		case r <= ' ' || r == 0xA0 || r >= 0x2000 && r <= 0x200F || r == 0x202F || r == 0x3000:
			i += size
			spaced = true
			continue
		case digitValue(r) >= 0:
			i = tok.number(s, i)
		case wordRune(r):
			i = tok.word(s, i)
		default:
			tok.kind = mark(r)
			i += size
		}
		tok.end = int32(i) //nolint:gosec // at most maxDateText
		t.list[t.n] = tok
		t.n++
	}
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || r == 'º' || r == 'ª'
}

// mark returns one byte for a mark; those of one use are one.
func mark(r rune) byte {
	switch {
	case r == '–' || r == '—' || r == '‑' || r == '−':
		return '-'
	case r == '：':
		return ':'
	case r == '，' || r == '،' || r == '、':
		return ','
	case r == '／':
		return '/'
	case r == '•' || r == '·' || r == '∙' || r == '●':
		return '|'
	case r == '©':
		return 'c'
	case r == '’' || r == '`':
		return '\''
	case r < utf8.RuneSelf:
		return byte(r)
	}
	return '*'
}

// digitValue returns the value of a decimal digit of the scripts that news is
// written in, or -1.
func digitValue(r rune) int {
	switch {
	case '0' <= r && r <= '9':
		return int(r - '0')
	case r < 0x660:
	case r <= 0x669:
		return int(r - 0x660)
	case 0x6F0 <= r && r <= 0x6F9:
		return int(r - 0x6F0)
	case 0x966 <= r && r <= 0x96F:
		return int(r - 0x966)
	case 0x9E6 <= r && r <= 0x9EF:
		return int(r - 0x9E6)
	case 0xFF10 <= r && r <= 0xFF19:
		return int(r - 0xFF10)
	}
	return -1
}

// number reads the digits at i and returns their end.
func (t *dateToken) number(s string, i int) int {
	t.kind = 'n'
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		d := digitValue(r)
		if d < 0 {
			break
		}
		if t.digits < 9 {
			t.value = t.value*10 + int32(d) //nolint:gosec // nine digits at most
		}
		t.digits = min(t.digits, 200) + 1
		i += size
	}
	return i
}

// word reads the letters at i and returns their end. A letter of Chinese or
// Japanese that stands in dates is a word of its own.
func (t *dateToken) word(s string, i int) int {
	t.kind = 'w'
	start := i
	for i < len(s) {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if r >= 0x2E80 && (isDateSign(r) || i > start && isDateSign(lastRune(s[start:i]))) {
			if i == start {
				i += size
			}
			break
		}
		if !wordRune(r) {
			break
		}
		i += size
	}
	class, offset := dateWordOf(s[start:i])
	t.class, t.value = class, int32(offset) //nolint:gosec // minutes of a day
	return i
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// isDateSign reports the signs for year, month, day and the parts of the time.
func isDateSign(r rune) bool {
	switch r {
	case '年', '月', '日', '時', '时', '分', '点', '點', '秒', '년', '월', '일', '시', '분', '초':
		return true
	}
	return false
}

// is reports whether token i is the mark or kind.
func (t *dateTokens) is(i int, kind byte) bool {
	return i >= 0 && i < t.n && t.list[i].kind == kind
}

// class returns what the word at i means; wordNone for anything else.
func (t *dateTokens) class(i int) dateWord {
	if i < 0 || i >= t.n || t.list[i].kind != 'w' {
		return wordNone
	}
	return t.list[i].class
}

// num returns the value of the number at i, of at most two digits, or -1.
func (t *dateTokens) num(i int) int {
	if !t.is(i, 'n') || t.list[i].digits > 2 {
		return -1
	}
	return int(t.list[i].value)
}

// year returns the year at i, of four digits, or -1. Years of the Buddhist era
// are turned into those of the common one.
func (t *dateTokens) year(i int) int {
	if !t.is(i, 'n') || t.list[i].digits != 4 {
		return -1
	}
	switch y := int(t.list[i].value); {
	case y >= 1990 && y < 2100:
		return y
	case y >= 2540 && y < 2640:
		return y - 543
	}
	return -1
}
