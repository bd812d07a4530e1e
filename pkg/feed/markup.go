package feed

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// nameLen returns the length of the element or attribute name at the start of
// s, 0 if there is none. It has one colon at most. Names beyond ASCII occur in no
// feed format.
func nameLen(s []byte) int {
	colon := false
	for i, c := range s {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
		case i > 0 && c == ':' && !colon:
			colon = true
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
// accepts it: markup is escaped, as is an & that starts no reference, and
// references to forbidden characters are left out. In literal text no & starts a
// reference.
func appendText(dst, s []byte, literal bool) []byte {
	for len(s) > 0 {
		i := bytes.IndexAny(s, "&<>\"")
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
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
			n, valid := reference(s)
			switch {
			case literal || n == 0:
				dst = append(dst, "&amp;"...)
			case valid:
				dst = append(dst, '&')
			default:
				s = s[n:]
			}
		}
	}
	return dst
}

// reference returns the length of a character or entity reference at the start of
// s (behind the &), 0 if there is none, and whether XML allows the character.
func reference(s []byte) (size int, valid bool) {
	const longest = 34 // of the names of HTML, with the semicolon
	end := bytes.IndexByte(s[:min(len(s), longest)], ';')
	if end < 1 {
		return 0, false
	}
	if s[0] != '#' {
		for _, c := range s[:end] {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
				return 0, false
			}
		}
		return end + 1, true
	}
	digits, base := string(s[1:end]), 10
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return 0, false
	}
	return end + 1, n <= utf8.MaxRune && validXML(rune(n))
}

// dropInvalid returns s without the characters that XML forbids; s itself if it
// has none.
func dropInvalid(s []byte) []byte {
	at, size := firstInvalid(s)
	if at == len(s) {
		return s
	}
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		out = append(out, s[:at]...)
		s = s[at+size:]
		at, size = firstInvalid(s)
	}
	return out
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
