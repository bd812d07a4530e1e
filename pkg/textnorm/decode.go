// Package textnorm decides how text is spelled: which character set the bytes
// of a page are in, and which of the many ways to write a quote, a space or an
// accented letter the rest of the program sees. It never changes what is said;
// what is dropped is the business of package clean.
package textnorm

import (
	"bytes"
	"encoding/binary"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

const (
	utf8Name = "utf-8"
	// detectSample bounds what the statistical detector is shown, in bytes.
	detectSample = 64 << 10
	// metaWindow bounds how far a character set declaration is looked for. The
	// HTML standard stops at 1,024 bytes; pages do not.
	metaWindow = 256 << 10
)

// Decode returns body as valid UTF-8 with the name of the character set that it
// was found to be in (the WHATWG name, lower case), and a warning for each
// thing that had to be overruled or repaired. contentType is the HTTP header,
// or empty. The result may share memory with body.
//
// The order of belief is: byte order mark; the zero bytes of UTF-16; the bytes,
// when they are valid UTF-8 beyond ASCII, or nearly (no other character set
// looks like that by accident); the HTTP header; the declaration in the page;
// statistics; windows-1252.
func Decode(body []byte, contentType string) (text []byte, charset string, warnings []string) {
	if enc, name, skip := byteOrderMark(body); enc != nil {
		return finish(decodeWith(body[skip:], enc), name, nil)
	}
	if name := utf16Shape(body); name != "" {
		enc, _ := htmlindex.Get(name)
		return finish(decodeWith(body, enc), name, nil)
	}
	declared := declaredCharset(body, contentType)
	high, valid := utf8Shape(body)
	switch {
	case valid && high:
		if declared != "" && declared != utf8Name {
			warnings = append(warnings, "charset: declared "+declared+", is utf-8")
		}
		return repaired(dropTail(body), utf8Name, warnings)
	case !high:
		if declared == "iso-2022-jp" && bytes.IndexByte(body, 0x1B) >= 0 { // it hides in ASCII bytes
			enc, _ := htmlindex.Get(declared)
			return finish(decodeWith(body, enc), declared, nil)
		}
		return body, utf8Name, nil
	}
	if mostlyUTF8(body, declared == utf8Name) {
		return finish(bytes.ToValidUTF8(body, []byte("\uFFFD")), utf8Name, []string{"charset: broken utf-8 repaired"})
	}
	if declared == utf8Name {
		warnings = append(warnings, "charset: declared utf-8, is not")
		declared = ""
	}
	if out, ok := tryDeclared(body, declared); ok {
		return finish(out, declared, warnings)
	}
	if declared != "" {
		warnings = append(warnings, "charset: declared "+declared+", is not")
	}
	name := detect(body)
	enc, err := htmlindex.Get(name)
	if err != nil {
		name = "windows-1252"
		enc, _ = htmlindex.Get(name)
	}
	return finish(decodeWith(body, enc), name, append(warnings, "charset: guessed "+name))
}

// finish makes what a decoder gave us valid.
func finish(text []byte, charset string, warnings []string) ([]byte, string, []string) {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	return repaired(text, charset, warnings)
}

// repaired repairs text that was decoded twice before it reached us.
func repaired(text []byte, charset string, warnings []string) ([]byte, string, []string) {
	if fixed, ok := repairTwiceDecoded(text); ok {
		return fixed, charset, append(warnings, "charset: twice decoded text repaired")
	}
	return text, charset, warnings
}

func byteOrderMark(b []byte) (encoding.Encoding, string, int) {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return unicode.UTF8, utf8Name, 3
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16be", 2
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le", 2
	}
	return nil, "", 0
}

// utf8Shape reports whether b has bytes beyond ASCII, and whether it is valid
// UTF-8 (a character cut off at the very end is forgiven).
func utf8Shape(b []byte) (high, valid bool) {
	i := firstHigh(b)
	if i < 0 {
		return false, true
	}
	return true, utf8.Valid(dropTail(b[i:]))
}

func firstHigh(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 { // eight bytes at a time
		if binary.NativeEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		if b[i] >= utf8.RuneSelf {
			return i
		}
	}
	return -1
}

// dropTail removes a UTF-8 sequence that the end of b cuts short.
func dropTail(b []byte) []byte {
	for i := 1; i <= 3 && i <= len(b); i++ {
		c := b[len(b)-i]
		if c < utf8.RuneSelf {
			return b
		}
		if utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

// brokenShare is how many whole characters there must be for each broken one
// where nothing says that the text is UTF-8. Of the old character sets only
// those of East Asia ever make whole ones by accident, and far fewer.
const brokenShare = 4

// mostlyUTF8 reports whether b is UTF-8 but for a few broken places, such as a
// headline cut in the middle of a character. Where the text is declared as
// UTF-8, as many whole characters as broken ones will do.
func mostlyUTF8(b []byte, declared bool) bool {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	if declared {
		return good >= bad
	}
	return good >= brokenShare*bad
}

// utf16Window is how much of a text is looked at for zero bytes.
const utf16Window = 1024

// utf16Shape recognises UTF-16 without a byte order mark by the zero bytes of
// its markup, which all stand on one side; "" if it is none.
func utf16Shape(b []byte) string {
	n := min(len(b), utf16Window) &^ 1
	if n < 8 || bytes.IndexByte(b[:n], 0) < 0 {
		return ""
	}
	even, odd := 0, 0
	for i := 0; i < n; i += 2 {
		if b[i] == 0 {
			even++
		}
		if b[i+1] == 0 {
			odd++
		}
	}
	switch {
	case odd*10 > n*3 && even*20 <= odd:
		return "utf-16le"
	case even*10 > n*3 && odd*20 <= even:
		return "utf-16be"
	}
	return ""
}

// declaredCharset returns the WHATWG name of the character set that the HTTP
// header or else the page declares, or "".
func declaredCharset(body []byte, contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		if name := canonicalName(params["charset"]); name != "" {
			return name
		}
	} else if i := indexFold([]byte(contentType), "charset="); i >= 0 {
		if name := canonicalName(contentType[i+len("charset="):]); name != "" {
			return name
		}
	}
	return metaCharset(body[:min(len(body), metaWindow)])
}

// metaCharset finds `<meta charset=x>`, the http-equiv form and the XML
// declaration. A declaration of UTF-16 in ASCII bytes means UTF-8.
func metaCharset(b []byte) string {
	for from := 0; from < len(b); {
		i := indexFold(b[from:], "charset")
		j := -1
		if from == 0 && bytes.HasPrefix(b, []byte("<?xml")) {
			j = bytes.Index(b[:min(len(b), 200)], []byte("encoding"))
		}
		if i < 0 && j < 0 {
			return ""
		}
		at, skip := from+i, len("charset")
		if j >= 0 {
			at, skip = j, len("encoding")
		}
		from = at + skip
		if j < 0 && !insideTag(b, at, "meta") {
			continue
		}
		rest := bytes.TrimLeft(b[from:min(len(b), from+64)], " \t\r\n")
		if len(rest) == 0 || rest[0] != '=' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n\"'")
		end := bytes.IndexAny(rest, "\"'; \t\r\n>/?")
		if end < 0 {
			end = len(rest)
		}
		if name := canonicalName(string(rest[:end])); name != "" {
			if strings.HasPrefix(name, "utf-16") {
				return utf8Name
			}
			return name
		}
	}
	return ""
}

// insideTag reports whether offset at lies in an opening tag of that name.
func insideTag(b []byte, at int, name string) bool {
	open := bytes.LastIndexByte(b[max(0, at-512):at], '<')
	if open < 0 {
		return false
	}
	open += max(0, at-512)
	return len(b) > open+len(name) && strings.EqualFold(string(b[open+1:open+1+len(name)]), name) &&
		bytes.IndexByte(b[open:at], '>') < 0
}

// indexFold is bytes.Index for a lower-case ASCII needle in small letters,
// capitals, or with a capital in front.
func indexFold(b []byte, needle string) int {
	at := bytes.Index(b, []byte(needle[1:])) - 1
	if at >= 0 && b[at]|0x20 != needle[0] {
		if at = bytes.Index(b, []byte(needle)); at < 0 {
			at = bytes.Index(b, []byte(strings.ToUpper(needle[:1])+needle[1:]))
		}
	}
	if at < 0 {
		at = len(b)
	}
	if upper := bytes.Index(b[:at], []byte(strings.ToUpper(needle))); upper >= 0 {
		return upper
	}
	if at == len(b) {
		return -1
	}
	return at
}

func canonicalName(label string) string {
	label = strings.Trim(strings.TrimSpace(label), `"'`)
	enc, err := htmlindex.Get(label)
	if err != nil {
		return ""
	}
	name, err := htmlindex.Name(enc)
	if err != nil || name == "replacement" {
		return ""
	}
	return name
}

// tryDeclared decodes by the declaration and rejects it when the bytes do not
// fit: more than one character in 200 beyond ASCII is unknown.
func tryDeclared(body []byte, name string) ([]byte, bool) {
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil, false
	}
	out := decodeWith(body, enc)
	bad := bytes.Count(out, []byte("\uFFFD"))
	high := 0
	for _, c := range body {
		if c >= utf8.RuneSelf {
			high++
		}
	}
	return out, bad*200 <= high
}

func decodeWith(body []byte, enc encoding.Encoding) []byte {
	out, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		return bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return out
}

// detect guesses by statistics over the text outside tags; the answer is "" or
// a WHATWG name.
func detect(body []byte) string {
	sample := make([]byte, 0, min(len(body), detectSample))
	inTag := false
	for _, c := range body {
		switch {
		case c == '<':
			inTag = true
		case c == '>':
			inTag = false
		case !inTag && len(sample) < cap(sample):
			sample = append(sample, c)
		}
	}
	found, err := chardet.NewTextDetector().DetectAll(sample)
	if err != nil || len(found) == 0 {
		return ""
	}
	best := found[0]
	for _, r := range found { // of equals the same one each time, for they come in any order
		if r.Confidence == best.Confidence && r.Charset < best.Charset {
			best = r
		}
	}
	name := canonicalName(best.Charset)
	if name == utf8Name {
		return ""
	}
	return name
}
