package extract

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// minStateString is from how many bytes on a string of the page's data may be a
	// paragraph, and minStateText how much text makes an article.
	minStateString = 60
	minStateText   = 600
	// maxStateDepth is how deep JSON is looked for inside strings of JSON.
	maxStateDepth = 2
	// maxStateKeys bounds the names under which paragraphs are gathered.
	maxStateKeys = 64
)

// stateText gathers the texts of the scripts that carry a page as data.
type stateText struct {
	markup string // the longest text with markup
	size   int    // of the text in it
	keys   []stateKey
}

// stateKey is what stands under one name, paragraph by paragraph.
type stateKey struct {
	name string
	size int
	text []byte // HTML
}

// articleInState returns the article that a page carries as data for a program
// to show, as HTML, or "": the longest string with paragraphs in it, or all
// the paragraphs that have the same name.
func articleInState(scripts [][]byte) string {
	var s stateText
	for _, script := range scripts {
		s.read(script, 0)
	}
	best, size := s.markup, s.size
	for i := range s.keys {
		if k := &s.keys[i]; k.size > size {
			best, size = string(k.text), k.size
		}
	}
	if size < minStateText {
		return ""
	}
	return best
}

// read looks at the strings of JSON or of a program.
func (s *stateText) read(src []byte, depth int) {
	key, last := "", "" // the last string was a key when a colon follows it
	for i := 0; i < len(src); {
		j := bytes.IndexByte(src[i:], '"')
		if j < 0 {
			return
		}
		if between := bytes.TrimSpace(src[i : i+j]); len(between) == 1 && between[0] == ':' {
			key = last
		}
		start := i + j + 1
		end := stringEnd(src, start)
		raw := src[start:end]
		i = end + 1
		last = ""
		if len(raw) < minStateString {
			last = string(raw)
			continue
		}
		text := unquoteJSON(raw)
		if depth < maxStateDepth && (strings.Contains(text, `":"`) || strings.Contains(text, `":[`) || strings.Contains(text, `":{`)) {
			s.read([]byte(text), depth+1)
			continue
		}
		s.add(key, text)
	}
}

// add takes a string that may be the article or a paragraph of it.
func (s *stateText) add(key, text string) {
	if strings.Contains(text, "<p") || strings.Contains(text, "<br") {
		if n := textSize(text); n > s.size {
			s.markup, s.size = text, n
		}
		return
	}
	if !endsSentence(text) || strings.HasPrefix(text, "http") || strings.ContainsAny(text[:minStateString/2], "{}<>=") {
		return
	}
	for i := range s.keys {
		if k := &s.keys[i]; k.name == key {
			k.add(text)
			return
		}
	}
	if len(s.keys) < maxStateKeys {
		s.keys = append(s.keys, stateKey{name: key})
		s.keys[len(s.keys)-1].add(text)
	}
}

func (k *stateKey) add(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) != "" {
			k.text = append(k.text, "<p>"+html.EscapeString(line)+"</p>"...)
			k.size += len(line)
		}
	}
}

// textSize is how many bytes of a piece of HTML stand outside its tags.
func textSize(s string) int {
	n, inTag := 0, false
	for i := range len(s) {
		switch s[i] {
		case '<':
			inTag = true
		case '>':
			inTag = false
		default:
			if !inTag {
				n++
			}
		}
	}
	return n
}

// stringEnd returns the position of the quote that ends the string at i.
func stringEnd(src []byte, i int) int {
	for ; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(src)
}

// unquoteJSON resolves the escapes of a string of JSON.
func unquoteJSON(raw []byte) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			b.WriteByte(c)
			continue
		}
		i++
		switch raw[i] {
		case 'n', 'r':
			b.WriteByte('\n')
		case 't', 'b', 'f':
			b.WriteByte(' ')
		case 'u':
			r, ok := hexRune(raw, i+1)
			if !ok {
				continue
			}
			i += 4
			if low, ok := hexRune(raw, i+3); utf16.IsSurrogate(r) && ok && bytes.HasPrefix(raw[i+1:], []byte(`\u`)) {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			b.WriteRune(r)
		default:
			b.WriteByte(raw[i])
		}
	}
	return b.String()
}

// hexRune reads four hexadecimal digits at i.
func hexRune(raw []byte, i int) (rune, bool) {
	if i+4 > len(raw) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[i:i+4]), 16, 32)
	return rune(n), err == nil
}
