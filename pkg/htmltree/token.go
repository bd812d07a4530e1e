package htmltree

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"golang.org/x/net/html"
)

func isSpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r' && c != '\v'
}

// name returns the end of the tag name at i.
func (p *parser) name(i int) int {
	src := p.src
	for i < len(src) {
		if c := src[i]; c == '>' || c == '/' || isSpace(c) {
			break
		}
		i++
	}
	return i
}

// startTag reads the opening tag at i and puts its element into the tree. A tag
// that the end of the page cuts short is left out.
func (p *parser) startTag(i int) int {
	end := p.name(i + 1)
	t := p.tag(p.src[i+1 : end])
	p.attrs = p.attrs[:0]
	end, selfClosing := p.attributes(end, t)
	if end < 0 {
		return len(p.src)
	}
	p.start(t, p.slabs.keep(p.attrs), selfClosing)
	if t.flags&isText != 0 {
		return p.rawText(end, t)
	}
	return end
}

// endTag reads the closing tag at i.
func (p *parser) endTag(i int) int {
	end := p.name(i + 2)
	p.end(p.tag(p.src[i+2 : end]))
	if end < len(p.src) && p.src[end] == '>' {
		return end + 1
	}
	return p.tagEnd(end - 1)
}

// rawText reads the content of an element that holds text only, up to its
// closing tag; where that is missing, up to the next tag.
func (p *parser) rawText(i int, t *tag) int {
	end, next := p.closingText(i, t)
	if end < 0 {
		end = len(p.src)
		if j := bytes.IndexByte(p.src[i:], '<'); j >= 0 {
			end = i + j
		}
		next = end
	}
	if end > i {
		p.text(p.src[i:end])
	}
	if p.top().tag == t {
		p.popTo(len(p.stack) - 1)
	}
	if t.flags&isQuiet != 0 {
		p.gap = true
	}
	return next
}

// closingText finds the closing tag of such an element: where the tag begins and
// ends, or -1.
func (p *parser) closingText(i int, t *tag) (from, to int) {
	if slices.Contains(p.openText, t) {
		return -1, -1
	}
	for i < len(p.src) {
		j := bytes.IndexByte(p.src[i:], '<')
		if j < 0 {
			break
		}
		i += j
		if i+1 < len(p.src) && p.src[i+1] == '/' && isTag(p.src, i+2, t.name) {
			return i, p.bogus(i)
		}
		i++
	}
	p.openText = append(p.openText, t)
	return -1, -1
}

// attributes reads the attributes from i on and keeps those of t that are read.
// It returns the position after the tag, -1 at the end of the page.
func (p *parser) attributes(i int, t *tag) (end int, selfClosing bool) {
	src := p.src
	for i < len(src) {
		c := src[i]
		switch {
		case c == '>':
			return i + 1, selfClosing
		case c == '/' || isSpace(c):
			selfClosing = c == '/' && i+1 < len(src) && src[i+1] == '>'
			i++
			continue
		}
		from := i
		for i++; i < len(src); i++ {
			if c = src[i]; c == '=' || c == '>' || c == '/' || isSpace(c) {
				break
			}
		}
		key := p.keyOf(src[from:i], t)
		for i < len(src) && isSpace(src[i]) {
			i++
		}
		var value []byte
		if i < len(src) && src[i] == '=' {
			value, i = p.value(i + 1)
		}
		if key != "" && len(p.attrs) < maxAttrs {
			p.attrs = append(p.attrs, html.Attribute{Key: key, Val: p.attrValue(value)})
		}
	}
	return -1, false
}

// maxAttrs bounds the attributes of an element that are kept.
const maxAttrs = 32

// value reads the value of an attribute from i on and returns where it ends. A
// quote that is never closed is part of a value without quotes.
func (p *parser) value(i int) ([]byte, int) {
	src := p.src
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) {
		return nil, i
	}
	if src[i] == '"' || src[i] == '\'' {
		if end := p.quoted(i); end >= 0 {
			return src[i+1 : end], end + 1
		}
	}
	from := i
	for i < len(src) && src[i] != '>' && !isSpace(src[i]) {
		i++
	}
	return src[from:i], i
}

// maxValue bounds the values of attributes, in bytes.
const maxValue = 16 << 10

func (p *parser) attrValue(v []byte) string {
	switch {
	case len(v) == 0:
		return ""
	case bytes.HasPrefix(v, []byte("data:")):
		return "data:" // a picture in itself
	case len(v) > maxValue:
		for v = v[:maxValue]; len(v) > 0 && !utf8.RuneStart(v[len(v)-1]); {
			v = v[:len(v)-1]
		}
		v = v[:len(v)-1]
	}
	if bytes.IndexByte(v, '&') >= 0 {
		p.buf = unescapeAll(p.buf[:0], v, true)
		v = p.buf
	}
	return p.slabs.shared(v)
}

// text adds text to the tree. Outside pre, runs of white space become one space,
// and white space where none is seen is left out.
func (p *parser) text(s []byte) {
	if p.verbatim > 0 {
		p.buf = verbatim(unescapeAll(p.buf[:0], s, false))
		p.addText(p.slabs.string(p.buf))
		return
	}
	plain, clean := 0, true // s[:plain] is as it should be
	for prev := byte('x'); plain < len(s); plain++ {
		c := s[plain]
		if c < '\'' && (c == '&' || c < ' ' || c == ' ' && prev == ' ') {
			clean = false
			break
		}
		prev = c
	}
	if clean {
		if len(s) == 1 && s[0] == ' ' {
			p.space()
			return
		}
		p.addText(p.slabs.string(s))
		return
	}
	p.buf = p.squeeze(append(p.buf[:0], s[:plain]...), s[plain:])
	if len(p.buf) == 0 {
		return
	}
	if len(p.buf) == 1 && p.buf[0] == ' ' {
		p.space()
		return
	}
	p.addText(p.slabs.string(p.buf))
}

// verbatim makes all ends of lines alike, in place.
func verbatim(s []byte) []byte {
	out := s[:0]
	for i, c := range s {
		switch {
		case c == '\r' && i+1 < len(s) && s[i+1] == '\n', c == 0:
			continue
		case c == '\r':
			c = '\n'
		}
		out = append(out, c)
	}
	return out
}

// squeeze appends s to dst with its character references resolved and its white
// space in single spaces.
func (p *parser) squeeze(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c > '&':
			from := i
			for i++; i < len(s) && s[i] > '&'; i++ {
			}
			dst = append(dst, s[from:i]...)
			continue
		case c == '&':
			var n int
			dst, n = unescape(dst, s[i:], false)
			i += n
			continue
		case isSpace(c):
			if len(dst) == 0 || dst[len(dst)-1] != ' ' {
				dst = append(dst, ' ')
			}
		case c != 0:
			dst = append(dst, c)
		}
		i++
	}
	return dst
}

// unescape appends the character that the reference at the beginning of s stands
// for and returns its length.
func unescape(dst, s []byte, inAttr bool) ([]byte, int) {
	end := 1
	for end < len(s) && end < maxReference && (s[end] == '#' && end == 1 || isAlnum(s[end])) {
		end++
	}
	closed := end < len(s) && s[end] == ';'
	if end == 1 || inAttr && !closed {
		return append(dst, '&'), 1
	}
	if closed {
		end++
		switch string(s[1 : end-1]) {
		case "amp":
			return append(dst, '&'), end
		case "nbsp", "#160", "#xa0":
			return append(dst, "\u00A0"...), end
		case "quot", "#34":
			return append(dst, '"'), end
		case "lt":
			return append(dst, '<'), end
		case "gt":
			return append(dst, '>'), end
		case "#39", "apos", "#039", "#x27":
			return append(dst, '\''), end
		}
	}
	return append(dst, html.UnescapeString(string(s[:end]))...), end
}

// maxReference bounds the length of a character reference, in bytes.
const maxReference = 40

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func unescapeAll(dst, s []byte, inAttr bool) []byte {
	for {
		i := bytes.IndexByte(s, '&')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		var n int
		dst, n = unescape(dst, s[i:], inAttr)
		s = s[i+n:]
	}
}
