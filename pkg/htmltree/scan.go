package htmltree

import "bytes"

// skipped are the elements that are left out with all they hold.
var skipped = []struct {
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

const (
	// maxJSONLD bounds the JSON-LD scripts of a page that are kept.
	maxJSONLD = 40
	// minState is from how many bytes on a script may carry an article.
	minState = 1 << 10
	// maxState and maxStateBytes bound the scripts with data that are kept.
	maxState      = 256
	maxStateBytes = 8 << 20
)

// run reads the page from its beginning to its end.
func (p *parser) run() {
	src := p.src
	text := 0 // src[text:i] is text that was not dealt with
	for i := 0; i < len(src) && p.slabs.used < MaxNodes; {
		j := bytes.IndexByte(src[i:], '<')
		if j < 0 || i+j+1 >= len(src) {
			break
		}
		i += j
		next := p.markup(i, text)
		if next == i {
			i++ // a "<" of the text
			continue
		}
		i, text = next, next
	}
	switch {
	case p.slabs.used >= MaxNodes:
		p.Cut = true
	case text < len(src):
		p.text(src[text:])
	}
}

// markup reads the tag or comment at i and returns where it ends, or i if there
// is none. The text from text to i comes first.
func (p *parser) markup(i, text int) int {
	src := p.src
	switch c := src[i+1]; {
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		if s := skippable(src, i+1); s >= 0 {
			p.textBefore(text, i)
			return p.skip(i, s)
		}
		p.textBefore(text, i)
		return p.startTag(i)
	case c == '/':
		if i+2 >= len(src) {
			return i
		}
		p.textBefore(text, i)
		if c := src[i+2] | 0x20; c >= 'a' && c <= 'z' {
			return p.endTag(i)
		}
		return p.bogus(i)
	case c == '!':
		p.textBefore(text, i)
		if bytes.HasPrefix(src[i:], []byte("<!--")) {
			return commentEnd(src, i)
		}
		end := p.bogus(i)
		p.doctype(src[i:end])
		return end
	case c == '?':
		p.textBefore(text, i)
		return p.bogus(i)
	}
	return i
}

func (p *parser) textBefore(from, to int) {
	if from < to {
		p.text(p.src[from:to])
	}
}

// bogus returns the end of what a browser takes for a comment.
func (p *parser) bogus(i int) int {
	if k := bytes.IndexByte(p.src[i:], '>'); k >= 0 {
		return i + k + 1
	}
	return len(p.src)
}

// doctype notes whether the page asks for the rules of old browsers, in which a
// table may stand in a paragraph.
func (p *parser) doctype(s []byte) {
	if p.body != nil || len(s) < 9 || !isTag(s, 2, "doctype") {
		return
	}
	lower := bytes.ToLower(s[:min(len(s), 200)])
	p.quirks = bytes.Contains(lower, []byte("//dtd html 3")) || bytes.Contains(lower, []byte("//dtd html 4.0")) &&
		(bytes.Contains(lower, []byte("transitional")) || bytes.Contains(lower, []byte("frameset"))) && !bytes.Contains(lower, []byte("http"))
}

// skippable returns which of the skipped elements the tag name at i is, or -1.
func skippable(src []byte, i int) int {
	switch src[i] | 0x20 {
	case 's', 'n', 't', 'i':
		for k := range skipped {
			if isTag(src, i, skipped[k].name) {
				return k
			}
		}
	}
	return -1
}

// skip returns the end of what is left out at the opening tag at i.
func (p *parser) skip(i, which int) int {
	e := &skipped[which]
	open := p.tagEnd(i)
	tag := p.src[i:open]
	if e.name == "template" && bytes.Contains(tag, []byte("shadowroot")) {
		return open // rendered by browsers: the tag goes, the content stays
	}
	if e.name == "svg" && bytes.HasSuffix(tag, []byte("/>")) {
		return open
	}
	from, to, found := p.closing(open, which)
	switch {
	case e.name == "script":
		p.keepScript(tag, p.src[open:from])
	case !found && !e.raw:
		return open
	}
	return to
}

// keepScript puts the content of a script aside that says something of the page.
func (p *parser) keepScript(tag, body []byte) {
	switch {
	case bytes.Contains(tag, []byte("ld+json")):
		if len(p.JSONLD) < maxJSONLD {
			p.JSONLD = append(p.JSONLD, body)
		}
	case len(p.State) < maxState && p.stateLen+len(body) <= maxStateBytes && isState(tag, body):
		p.State = append(p.State, body)
		p.stateLen += len(body)
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
	head := bytes.TrimLeft(body[:64], " \t\r\n;(")
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
	return i+len(name) == len(src) || isSpace(src[i+len(name)]) || src[i+len(name)] == '>' || src[i+len(name)] == '/'
}

// tagEnd returns the position after the ">" of the tag at i, minding quotes.
func (p *parser) tagEnd(i int) int {
	src := p.src
	for k := i + 1; k < len(src); k++ {
		switch c := src[k]; {
		case c == '>':
			return k + 1
		case (c == '"' || c == '\'') && src[k-1] == '=':
			if end := p.quoted(k); end >= 0 {
				k = end
			}
		}
	}
	return len(src)
}

// quoted returns the position of the quote that ends the value which the one at
// i begins, or -1 when there is none.
func (p *parser) quoted(i int) int {
	c := p.src[i]
	which := 0
	if c == '\'' {
		which = 1
	}
	if p.noQuote[which] {
		return -1
	}
	k := bytes.IndexByte(p.src[i+1:], c)
	if k < 0 {
		p.noQuote[which] = true
		return -1
	}
	return i + 1 + k
}

// closing finds the closing tag of a skipped element whose content begins at i:
// where the tag begins and ends. found is false at the end of the page.
func (p *parser) closing(i, which int) (from, to int, found bool) {
	src, e := p.src, &skipped[which]
	if p.unclosed&(1<<which) != 0 {
		return len(src), len(src), false
	}
	depth, first, comment := 1, -1, -1
	for i < len(src) {
		j := bytes.IndexByte(src[i:], '<')
		if j < 0 {
			break
		}
		i += j + 1
		switch {
		case i < len(src) && src[i] == '/' && isTag(src, i+1, e.name):
			if depth--; depth == 0 || e.raw && bytes.Contains(src[comment:i], []byte("-->")) {
				return i - 1, p.bogus(i), true
			}
			if e.raw {
				comment = max(comment, i-3)
			}
			if first < 0 {
				first = i
			}
		case e.raw && comment < 0 && bytes.HasPrefix(src[i:], []byte("!--")):
			comment = i + 1
		case isTag(src, i, e.name) && (!e.raw || depth == 1 && comment >= 0):
			// A script in a comment of a script has a closing tag of its own.
			if e.raw && bytes.Contains(src[comment:i], []byte("-->")) {
				comment = -1
				continue
			}
			comment = max(comment, i-3)
			depth++
		}
	}
	if e.raw && first >= 0 {
		return first - 1, p.bogus(first), true
	}
	p.unclosed |= 1 << which
	return len(src), len(src), false
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
