package extract

import "bytes"

// scanned is a page without what no reader sees.
type scanned struct {
	html     []byte   // for html.Parse
	jsonLD   [][]byte // contents of the JSON-LD scripts, in order
	state    [][]byte // contents of the scripts that carry the page as data, in order
	elements int      // opening tags left in html

	stateLen int             // bytes in state
	unclosed map[string]bool // elements without a closing tag: searched for once
}

// rawElements are the elements that scan cuts out with all they hold.
var rawElements = []struct {
	name string
	// raw elements end at their closing tag or the end of the page and do not
	// nest; the others nest, and without a closing tag only the tag is cut.
	raw bool
}{
	{"script", true},
	{"style", true},
	{"svg", false},
	{"noscript", false},
	{"template", false},
	{"iframe", false},
}

// opaqueElements hold text in which a "<" opens nothing; scan copies them.
var opaqueElements = []string{"title", "textarea", "xmp"}

// maxJSONLD bounds the JSON-LD scripts of a page that are read.
const maxJSONLD = 40

const (
	// minState is from how many bytes on a script may carry an article.
	minState = 1 << 10
	// maxState and maxStateBytes bound the scripts with data that are kept.
	maxState      = 256
	maxStateBytes = 8 << 20
)

// scan copies src without scripts, style sheets, drawings and comments, which
// are half to three quarters of the bytes of a news page, and keeps the JSON-LD
// scripts aside. One pass; what it returns is never longer than src.
func scan(src []byte) scanned {
	s := scanned{html: make([]byte, 0, len(src)/2), unclosed: map[string]bool{}}
	copied := 0 // src[:copied] is dealt with
	for i := 0; i < len(src); {
		j := bytes.IndexByte(src[i:], '<')
		if j < 0 {
			break
		}
		i += j
		if i+1 >= len(src) {
			break
		}
		cut := i // src[i:cut] is to be dropped
		switch c := src[i+1] | 0x20; {
		case bytes.HasPrefix(src[i:], []byte("<!--")):
			cut = commentEnd(src, i)
		case c >= 'a' && c <= 'z':
			s.elements++
			cut = s.element(src, i)
			if cut == i {
				i = s.skipTag(src, i)
				continue
			}
		}
		if cut > i {
			s.html = append(s.html, src[copied:i]...)
			copied, i = cut, cut
			continue
		}
		i++
	}
	s.html = append(s.html, src[copied:]...)
	return s
}

// element returns the end of what is to be dropped at the opening tag at i, or
// i when the tag stays.
func (s *scanned) element(src []byte, i int) int {
	for _, e := range rawElements {
		if !isTag(src, i+1, e.name) {
			continue
		}
		open := tagEnd(src, i)
		tag := src[i:open]
		if e.name == "template" && bytes.Contains(tag, []byte("shadowroot")) {
			return open // rendered by browsers: the tag goes, the content stays
		}
		if bytes.HasSuffix(tag, []byte("/>")) && e.name == "svg" {
			return open
		}
		end, found := s.closing(src, open, e.name, !e.raw)
		if e.name == "script" {
			body := src[open:end]
			if k := bytes.LastIndex(body, []byte("</")); k >= 0 && found {
				body = body[:k]
			}
			s.keepScript(tag, body)
		}
		if !found && !e.raw {
			return open
		}
		return end
	}
	return i
}

// keepScript puts the content of a script aside that says something of the page.
func (s *scanned) keepScript(tag, body []byte) {
	switch {
	case bytes.Contains(tag, []byte("ld+json")):
		if len(s.jsonLD) < maxJSONLD {
			s.jsonLD = append(s.jsonLD, body)
		}
	case len(s.state) < maxState && s.stateLen+len(body) <= maxStateBytes && isState(tag, body):
		s.state = append(s.state, body)
		s.stateLen += len(body)
	}
}

// isState recognises a script that hands the content of the page to a program
// as data: JSON, or an assignment or call that wraps it.
func isState(tag, body []byte) bool {
	if len(body) < minState {
		return false
	}
	if bytes.Contains(tag, []byte("application/json")) {
		return true
	}
	head := bytes.TrimLeft(body[:min(len(body), 64)], " \t\r\n;(")
	for _, prefix := range []string{"window.", "window[", "self.", "globalThis.", "__"} {
		if bytes.HasPrefix(head, []byte(prefix)) {
			// Beyond "X.y = ..." and "X.y.push([...])" a program begins.
			head = body[:min(len(body), 256)]
			eq := bytes.IndexAny(head, "={[")
			return eq >= 0 && bytes.ContainsAny(head[eq:], "{[\"'")
		}
	}
	return false
}

// skipTag returns where to go on after the opening tag at i, which stays.
func (s *scanned) skipTag(src []byte, i int) int {
	for _, name := range opaqueElements {
		if isTag(src, i+1, name) {
			if end, found := s.closing(src, i+1+len(name), name, false); found {
				return end
			}
		}
	}
	gt := bytes.IndexByte(src[i:], '>')
	if gt < 0 {
		return len(src)
	}
	if lt := bytes.IndexByte(src[i+1:i+gt], '<'); lt >= 0 {
		// A "<" inside a tag: in a quoted value, or the tag was never closed.
		return tagEnd(src, i)
	}
	return i + gt + 1
}

// isTag reports whether the tag name at i is name (lower case), ignoring case.
func isTag(src []byte, i int, name string) bool {
	if i+len(name) > len(src) {
		return false
	}
	for k := range len(name) {
		if src[i+k]|0x20 != name[k] {
			return false
		}
	}
	if i+len(name) == len(src) {
		return true
	}
	switch src[i+len(name)] {
	case ' ', '\t', '\n', '\r', '\f', '>', '/':
		return true
	}
	return false
}

// maxTag bounds how far the end of a tag is looked for, in bytes. Pictures
// written into attributes are longer, but hold no "<".
const maxTag = 1 << 20

// tagEnd returns the position after the ">" of the tag at i, minding quotes.
func tagEnd(src []byte, i int) int {
	var quote byte
	end := min(len(src), i+maxTag)
	for k := i + 1; k < end; k++ {
		switch c := src[k]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && src[k-1] == '=':
			quote = c
		case c == '>':
			return k + 1
		}
	}
	return end
}

// closing returns the position after the closing tag of name, counting opening
// tags of the same name where they nest; found is false at the end of the page.
func (s *scanned) closing(src []byte, i int, name string, nests bool) (end int, found bool) {
	if s.unclosed[name] {
		return len(src), false
	}
	depth := 1
	for i < len(src) {
		j := bytes.IndexByte(src[i:], '<')
		if j < 0 {
			break
		}
		i += j + 1
		switch {
		case i < len(src) && src[i] == '/' && isTag(src, i+1, name):
			if depth--; depth == 0 {
				return tagEnd(src, i), true
			}
		case nests && isTag(src, i, name):
			depth++
		}
	}
	s.unclosed[name] = true
	return len(src), false
}

func commentEnd(src []byte, i int) int {
	rest := src[i+4:]
	if bytes.HasPrefix(rest, []byte(">")) {
		return i + 5
	}
	if bytes.HasPrefix(rest, []byte("->")) {
		return i + 6
	}
	if k := bytes.Index(rest, []byte("-->")); k >= 0 {
		return i + 4 + k + 3
	}
	return len(src)
}
