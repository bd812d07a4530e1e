package feed

import (
	"bytes"
	"strings"

	"github.com/copydesk/copydesk/pkg/weburl"
)

// The limits of an XML document. Real feeds stay far below them; they bound
// what the parsers behind the repair have to hold.
const (
	maxDepth      = 48  // open elements; deeper tags are dropped, their text stays
	maxElements   = 400 // kept elements of one entry
	maxNamespaces = 32  // namespace declarations in force
	maxAttribute  = 8 << 10
)

// document is a repaired XML document: well-formed UTF-8, without declaration,
// comments and entities of its own, holding only the elements that are read.
type document struct {
	root      string  // local name of the root element, lower-case
	format    *format // of that root; nil if it is none of a feed
	bytes     []byte
	truncated bool // the source ended too early; an unfinished entry was dropped
	capped    bool // there were more than maxEntries entries
}

// frame is an open element.
type frame struct {
	name    string // as written
	local   string // lower-case, without prefix
	role    role
	base    string // URL that relative links in it refer to
	spaces  int    // namespace declarations on it
	dropped bool   // not written, nor anything in it
}

// role is the place of an element in a feed.
type role int

const (
	leaf      role = iota // something of an entry or container, or inside of that
	container             // holds entries: rss, channel, feed, urlset, ...
	entry                 // item, entry, url, sitemap
)

// repairer copies an XML document, mending what would make a parser refuse it:
// missing and stray end tags, bare < and ]]>, forbidden characters, attributes
// without quotes, everything after a cut. It works in one pass and its memory
// is bounded by the size of the source.
type repairer struct {
	src      []byte
	pos      int
	out      []byte
	stack    []frame
	doc      *document
	entries  int  // complete ones
	full     bool // there are maxEntries of them
	entryAt  int  // index of the open entry in stack, or -1
	entryOut int  // length of out before the open entry
	elements int  // elements of the open entry
	spaces   int  // namespace declarations in force
}

// repair returns text as a document that the format parsers accept.
func (p *parser) repair(text []byte) (*document, error) {
	doc := mend(text, p.base)
	if doc.format == nil {
		// A message of the server's in front of the document.
		if i := bytes.Index(text[:min(len(text), 16<<10)], []byte("<?xml")); i > 0 {
			if second := mend(text[i:], p.base); second.format != nil {
				p.warn("something stands in front of the document")
				doc = second
			}
		}
	}
	if doc.format == nil {
		return nil, notFeed(describe(text, doc.root))
	}
	if doc.truncated {
		p.warn("the document is cut off; its complete entries were read")
	}
	if doc.capped {
		p.warn("only the first 50000 entries were read")
	}
	return doc, nil
}

// mend repairs one document; base is the URL it came from.
func mend(src []byte, base string) *document {
	r := &repairer{src: src, doc: &document{}, entryAt: -1, out: make([]byte, 0, min(len(src), 1<<20))}
	r.stack = append(r.stack, frame{role: container, base: base}) // the document itself
	for r.pos < len(r.src) && !r.done() {
		r.step()
	}
	r.finish()
	return r.doc
}

// done reports whether nothing more has to be read: the root element is closed,
// is not that of a feed, or there are enough entries.
func (r *repairer) done() bool {
	if r.doc.root == "" {
		return false
	}
	if r.entries >= maxEntries && r.entryAt < 0 {
		r.full = true
		r.doc.capped = bytes.Contains(r.src[r.pos:], []byte("<"+r.doc.format.entry))
	}
	return r.full || r.doc.format == nil || len(r.stack) == 1
}

// finish closes what is open and drops an entry that is not complete.
func (r *repairer) finish() {
	r.doc.truncated = len(r.stack) > 1 && !r.full
	if r.entryAt >= 0 {
		r.out = r.out[:r.entryOut]
		r.stack = r.stack[:r.entryAt]
	}
	for len(r.stack) > 1 {
		r.pop()
	}
	r.doc.bytes = r.out
}

func (r *repairer) top() *frame { return &r.stack[len(r.stack)-1] }

// step reads the text up to the next tag, or one piece of markup.
func (r *repairer) step() {
	rest := r.src[r.pos:]
	open := bytes.IndexByte(rest, '<')
	if open != 0 {
		if open < 0 {
			open = len(rest)
		}
		r.text(rest[:open])
		r.pos += open
		return
	}
	switch {
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		r.cdata(rest)
	case bytes.HasPrefix(rest, []byte("<!--")):
		r.skipTo(4, "-->")
	case bytes.HasPrefix(rest, []byte("<?")):
		r.skipTo(2, ">") // ends in ?>, if it is well-formed
	case bytes.HasPrefix(rest, []byte("<!")):
		r.declaration(rest)
	case len(rest) > 2 && rest[1] == '/' && nameLen(rest[2:]) > 0:
		r.endTag(rest)
	case len(rest) > 1 && nameLen(rest[1:]) > 0:
		r.startTag(rest)
	default:
		r.text([]byte("&lt;"))
		r.pos++
	}
}

// skipTo moves behind the next occurrence of end, or to the end of the source.
func (r *repairer) skipTo(from int, end string) {
	from = min(r.pos+from, len(r.src))
	if i := bytes.Index(r.src[from:], []byte(end)); i >= 0 {
		r.pos = from + i + len(end)
		return
	}
	r.pos = len(r.src)
}

// declaration skips a document type with the entities it declares: they are
// never expanded.
func (r *repairer) declaration(rest []byte) {
	end := bytes.IndexByte(rest, '>')
	if subset := bytes.IndexByte(rest, '['); subset >= 0 && (end < 0 || subset < end) {
		r.skipTo(subset, "]")
	}
	r.skipTo(0, ">")
}

// text writes character data of an element that is kept.
func (r *repairer) text(s []byte) {
	if top := r.top(); top.role == leaf && !top.dropped {
		r.out = appendText(r.out, s, false)
	}
}

// cdata copies a CDATA section.
func (r *repairer) cdata(rest []byte) {
	const start, end = "<![CDATA[", "]]>"
	i := bytes.Index(rest, []byte(end))
	if i < 0 {
		r.pos = len(r.src)
		return
	}
	r.pos += i + len(end)
	if top := r.top(); top.role == leaf && !top.dropped {
		r.out = append(r.out, start...)
		r.out = appendValid(r.out, rest[len(start):i])
		r.out = append(r.out, end...)
	}
}

// endTag closes the innermost open element of that name, and with it all that
// are open inside. Without such an element it is a stray and ignored. Only the
// end tags of entries and of what holds them reach across an entry.
func (r *repairer) endTag(rest []byte) {
	name := string(rest[2 : 2+nameLen(rest[2:])])
	r.skipTo(2+len(name), ">")
	lowest := 1
	if r.entryAt >= 0 && !strings.EqualFold(name, r.stack[r.entryAt].name) && r.roleOf(localName(name)) == leaf {
		lowest = r.entryAt + 1
	}
	for i := len(r.stack) - 1; i >= lowest; i-- {
		if strings.EqualFold(r.stack[i].name, name) {
			for len(r.stack) > i {
				r.pop()
			}
			return
		}
	}
}

// pop closes the innermost element.
func (r *repairer) pop() {
	f := *r.top()
	r.stack = r.stack[:len(r.stack)-1]
	r.spaces -= f.spaces
	if !f.dropped {
		r.out = append(r.out, "</"...)
		r.out = append(r.out, f.name...)
		r.out = append(r.out, '>')
	}
	if len(r.stack) == r.entryAt {
		r.entryAt = -1
		r.entries++
	}
}

// startTag opens an element.
func (r *repairer) startTag(rest []byte) {
	name := string(rest[1 : 1+nameLen(rest[1:])])
	attrs, size, selfClosing := readAttributes(rest[1+len(name):])
	r.pos += 1 + len(name) + size

	f := frame{name: name, local: localName(name)}
	if r.entryAt >= 0 && strings.EqualFold(name, r.stack[r.entryAt].name) {
		// The end tag of the entry before is missing.
		for len(r.stack) > r.entryAt && r.entryAt >= 0 {
			r.pop()
		}
	}
	if len(r.stack) == 1 {
		r.doc.root, r.doc.format = f.local, formatOf(f.local)
		if r.doc.format == nil {
			return
		}
	}
	if len(r.stack) > maxDepth {
		return
	}
	parent := r.top()
	f.base = parent.base
	f.dropped = parent.dropped
	if parent.role == container {
		f.role = r.roleOf(f.local)
	}
	f.dropped = f.dropped || !r.keeps(parent, f)
	if f.role == entry && !f.dropped {
		r.entryAt, r.entryOut, r.elements = len(r.stack), len(r.out), 0
	}
	if !f.dropped {
		r.elements++
		r.writeStart(&f, attrs)
	}
	r.stack = append(r.stack, f)
	if selfClosing {
		r.pop()
	}
}

// keeps reports whether the element f is one that is read.
func (r *repairer) keeps(parent *frame, f frame) bool {
	switch {
	case len(r.stack) == 1:
		return true
	case r.entryAt >= 0 && r.elements >= maxElements:
		return false
	case parent.role == container:
		return f.role != leaf || keptInContainer(f.local)
	case parent.role == entry:
		return keptInEntry(f.local)
	}
	return true
}

// writeStart writes a start tag with the attributes that are read.
func (r *repairer) writeStart(f *frame, attrs []attribute) {
	r.out = append(r.out, '<')
	r.out = append(r.out, f.name...)
	for _, a := range attrs {
		name, value := a.name, a.value
		switch lower := strings.ToLower(name); {
		case lower == "xmlns", strings.HasPrefix(lower, "xmlns:"):
			if r.spaces+f.spaces >= maxNamespaces {
				continue
			}
			f.spaces++
			if value = r.mendNamespace(f, name, value); value == "" {
				continue
			}
		case lower == "xml:base":
			if value = directory(f.base, value); value == "" {
				continue
			}
			f.base = value
		case lower == "ispermalink":
			name = "isPermaLink"
		case !keptAttribute(lower):
			continue
		}
		r.out = append(r.out, ' ')
		r.out = append(r.out, name...)
		r.out = append(r.out, '=', '"')
		r.out = appendText(r.out, []byte(value), true)
		r.out = append(r.out, '"')
	}
	r.spaces += f.spaces
	r.out = append(r.out, '>')
}

// roleOf returns the role of an element of that name.
func (r *repairer) roleOf(local string) role {
	switch local {
	case r.doc.format.entry:
		return entry
	case "channel", r.doc.root:
		return container
	}
	return leaf
}

// directory resolves an xml:base and cuts it behind the last slash: the format
// parsers take every base for a directory.
func directory(base, ref string) string {
	abs, err := weburl.Resolve(base, ref)
	if err != nil {
		return ""
	}
	if i := strings.IndexAny(abs, "?#"); i >= 0 {
		abs = abs[:i]
	}
	return abs[:strings.LastIndexByte(abs, '/')+1]
}
