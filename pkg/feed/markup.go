package feed

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// nameLen returns the length of the element or attribute name at the start of
// s, 0 if there is none. Names beyond ASCII occur in no feed format.
func nameLen(s []byte) int {
	for i, c := range s {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.' || c == ':'):
		default:
			return i
		}
	}
	return len(s)
}

type attribute struct{ name, value string }

// readAttributes reads the rest of a start tag, from behind the name to behind
// the >, which may be missing. Values are as written, entities and all.
func readAttributes(s []byte) (attrs []attribute, size int, selfClosing bool) {
	const maxAttributes = 64
	i := 0
	for i < len(s) {
		switch s[i] {
		case '>':
			return attrs, i + 1, selfClosing
		case '<': // the > is missing
			return attrs, i, selfClosing
		case '/':
			selfClosing = true
			i++
			continue
		}
		n := nameLen(s[i:])
		if n == 0 {
			i++
			continue
		}
		selfClosing = false
		name := string(s[i : i+n])
		i += n
		value, n := readValue(s[i:])
		i += n
		if len(attrs) < maxAttributes && len(value) <= maxAttribute {
			attrs = append(attrs, attribute{name, string(value)})
		}
	}
	return attrs, i, selfClosing
}

// readValue reads = and an attribute value, quoted or not.
func readValue(s []byte) (value []byte, size int) {
	trimmed := bytes.TrimLeft(s, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '=' {
		return nil, 0
	}
	trimmed = bytes.TrimLeft(trimmed[1:], " \t\r\n")
	size = len(s) - len(trimmed)
	if len(trimmed) == 0 {
		return nil, size
	}
	if q := trimmed[0]; q == '"' || q == '\'' {
		if end := bytes.IndexByte(trimmed[1:], q); end >= 0 {
			return trimmed[1 : 1+end], size + end + 2
		}
		trimmed, size = trimmed[1:], size+1
	}
	end := bytes.IndexAny(trimmed, " \t\r\n<>\"'")
	if end < 0 {
		end = len(trimmed)
	}
	return trimmed[:end], size + end
}

// appendText appends character data or an attribute value so that a parser
// accepts it: markup is escaped, forbidden characters are left out, whether they
// stand there or are spelled as references. In literal text & starts no
// reference.
func appendText(dst, s []byte, literal bool) []byte {
	for len(s) > 0 {
		i := bytes.IndexAny(s, "&<>\"")
		if i < 0 {
			return appendValid(dst, s)
		}
		dst = appendValid(dst, s[:i])
		c := s[i]
		s = s[i+1:]
		switch c {
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&#34;"...)
		case '&':
			if literal {
				dst = append(dst, "&amp;"...)
			} else if n := badReference(s); n > 0 {
				s = s[n:]
			} else {
				dst = append(dst, '&')
			}
		}
	}
	return dst
}

// badReference returns the length of a numeric character reference at the start
// of s (behind the &) to a character that XML forbids, 0 if there is none.
func badReference(s []byte) int {
	if len(s) < 3 || s[0] != '#' {
		return 0
	}
	end := bytes.IndexByte(s[:min(len(s), 16)], ';')
	if end < 0 {
		return 0
	}
	digits, base := string(s[1:end]), 10
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n <= utf8.MaxRune && validXML(rune(n)) {
		return 0
	}
	return end + 1
}

// appendValid appends s without the characters that XML forbids.
func appendValid(dst, s []byte) []byte {
	for len(s) > 0 {
		bad, size := firstInvalid(s)
		dst = append(dst, s[:bad]...)
		s = s[bad+size:]
	}
	return dst
}

// firstInvalid returns where the first character of s lies that XML forbids,
// and its size; len(s), 0 if there is none.
func firstInvalid(s []byte) (at, size int) {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if !validXML(rune(c)) {
				return i, 1
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n == 1 || !validXML(r) {
			return i, n
		}
		i += n
	}
	return len(s), 0
}
