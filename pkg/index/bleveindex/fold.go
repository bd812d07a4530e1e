package bleveindex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// lowerCase returns s in lower case, composed, without invisible characters.
func lowerCase(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s))
}

// fold returns the form in which words are compared: lower case, without
// accents on Latin and Greek letters, without the points of Hebrew and Arabic,
// with variant letters and digits made one. Marks that tell words apart (those
// of Indic and Thai vowels, the breve of й) stay.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	var base rune
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			if dropMark(base, r) {
				continue
			}
		case unicode.Is(unicode.Cf, r):
			continue
		default:
			r = unicode.ToLower(r)
			base = r
		}
		if to := variant(r); to != "" {
			b.WriteString(to)
			continue
		}
		if r == tatweel {
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

const tatweel = 'ـ' // stretches Arabic words; no letter

// dropMark reports whether a mark on a base letter is left out.
func dropMark(base, mark rune) bool {
	switch {
	case unicode.In(base, unicode.Latin, unicode.Greek, unicode.Hebrew, unicode.Arabic):
		return true
	case unicode.Is(unicode.Cyrillic, base):
		return mark == 0x0301 || mark == 0x0308 && base == 'е' // stress; ё
	}
	return false
}

// variant returns what a letter or digit is compared as where that is not
// itself.
func variant(r rune) string {
	if r < 0x80 {
		return ""
	}
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'þ':
		return "th"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'ħ':
		return "h"
	case 'ı':
		return "i"
	case 'ς':
		return "σ"
	case 'ى', 'ی':
		return "ي"
	case 'ة':
		return "ه"
	case 'ک':
		return "ك"
	}
	for _, zero := range [...]rune{'٠', '۰', '०', '০'} {
		if r >= zero && r <= zero+9 {
			return string('0' + r - zero)
		}
	}
	return ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
