package feed

import (
	"bytes"
	"strings"

	"github.com/copydesk/copydesk/pkg/weburl"
)

// The limits of an XML document. Real feeds stay far below them; they bound
// what the parsers behind the repair have to hold.
const (
	maxDepth      = 32      // open elements; deeper tags are ignored
	maxElements   = 64      // kept elements of one entry
	maxAll        = 600_000 // kept elements of a document
	maxParts      = 500     // kept elements beside the entries
	maxNamespaces = 16      // namespace declarations in force
	maxAttribute  = 8 << 10
	maxLeaf       = 64 << 10 // of text that is kept of one element
)

// document is a repaired XML document: well-formed UTF-8, without declaration,
// comments and entities of its own, holding only the elements that are read.
// Markup inside of a title or summary has become text.
type document struct {
	root      string  // local name of the root element, lower-case
	format    *format // of that root; nil if it is none of a feed
	bytes     []byte
	fullText  int  // entries that bring the text of their page along
	truncated bool // the source ended too early; an unfinished entry was dropped
	capped    bool // there is more than may be read
}

// frame is an open element.
type frame struct {
	name   string // as the source writes it
	out    string // as it is written
	start  int    // where its start tag was written
	silent bool   // it is not written, only what is in it
	href   bool   // it has the attribute of that name
	local  string // lower-case, without prefix
	role   role
	base   string // URL that relative links in it refer to
	spaces int    // namespace declarations on it
}

// role is the place of an element in a feed.
type role int

const (
	dropped   role = iota // not read, nor anything in it
	container             // holds entries: rss, channel, feed, urlset, ...
	entry                 // item, entry, url, sitemap
	group                 // of an entry, with elements or text: author, source, news
	leaf                  // of any of these, with text
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
	full     bool // no more may be read
	entryAt  int  // index of the open entry in stack, or -1
	entryOut int  // length of out before the open entry
	elements int  // elements of the open entry
	parts    int  // elements beside the entries
	all      int  // elements of the document
	spaces   int  // namespace declarations in force
	leafLeft int  // bytes of text that the open leaf may still have
	channels int  // elements of that name
	content  int  // bytes of text in the content of the open entry
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
		p.warn("the document has too many entries; the first were read")
	}
	return doc, nil
}

// mend repairs one document; base is the URL it came from.
func mend(src []byte, base string) *document {
	src = dropInvalid(src)
	r := &repairer{src: src, doc: &document{}, entryAt: -1, out: make([]byte, 0, min(len(src), 1<<20))}
	r.stack = append(r.stack, frame{role: container, base: base}) // the document itself
	for r.pos < len(r.src) && !r.done() {
		r.step()
	}
	r.finish()
	return r.doc
}

// done reports whether nothing more has to be read: the root element is closed,
// is not that of a feed, or there is enough.
func (r *repairer) done() bool {
	if r.doc.root == "" {
		return false
	}
	if r.doc.format != nil && (r.all >= maxAll || r.entries >= r.doc.format.limit) && r.entryAt < 0 {
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
		r.text(rest[:open], false)
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
		r.text(rest[:1], true)
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
	if end < 0 {
		r.pos = len(r.src)
		return
	}
	if subset := bytes.IndexByte(rest[:end], '['); subset >= 0 {
		r.skipTo(subset, "]")
	}
	r.skipTo(0, ">")
}

// text writes character data of a leaf or group. That of a CDATA section is
// literal: its references are none.
func (r *repairer) text(s []byte, literal bool) {
	if r.entryAt >= 0 && len(r.stack) > r.entryAt+1 && isContent(r.stack[r.entryAt+1].local) {
		r.content += len(s)
	}
	if role := r.top().role; role != leaf && role != group {
		return
	}
	if len(s) > r.leafLeft {
		s = bytes.ToValidUTF8(s[:r.leafLeft], nil)
	}
	r.leafLeft -= len(s)
	r.out = appendText(r.out, s, literal)
}

// cdata writes a CDATA section as text. As sections they would reach the parsers
// in as many pieces.
func (r *repairer) cdata(rest []byte) {
	const start, end = "<![CDATA[", "]]>"
	i := bytes.Index(rest, []byte(end))
	if i < 0 {
		r.pos = len(r.src)
		return
	}
	r.text(rest[len(start):i], true)
	r.pos += i + len(end)
}

// endTag closes the innermost open element of that name, and with it all that
// are open inside. Without such an element it is a stray, or belongs to the HTML
// of a leaf. Only the end tags of entries and of what holds them reach across an
// entry.
func (r *repairer) endTag(rest []byte) {
	name := string(rest[2 : 2+nameLen(rest[2:])])
	r.skipTo(2+len(name), ">")
	lowest := 1
	if r.entryAt >= 0 && !strings.EqualFold(name, r.stack[r.entryAt].name) && !r.holdsEntries(localName(name)) {
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
	r.text([]byte("</"+localName(name)+">"), true)
}

// pop closes the innermost element.
func (r *repairer) pop() {
	f := *r.top()
	r.stack = r.stack[:len(r.stack)-1]
	r.spaces -= f.spaces
	if f.role != dropped && !f.silent {
		r.linkText(&f)
		r.out = append(r.out, "</"...)
		r.out = append(r.out, f.out...)
		r.out = append(r.out, '>')
	}
	if len(r.stack) == r.entryAt {
		r.entryAt = -1
		r.entries++
		if r.content >= fullText {
			r.doc.fullText++
		}
	}
}

// isContent reports whether an element of an entry may hold the text of the
// page. It is measured, not kept.
func isContent(local string) bool {
	switch local {
	case "encoded", "content", "description", "summary", "body":
		return true
	}
	return false
}

// startTag opens an element, or writes it as text if it is HTML in a leaf.
func (r *repairer) startTag(rest []byte) {
	name := string(rest[1 : 1+nameLen(rest[1:])])
	attrs, size, selfClosing := readAttributes(rest[1+len(name):])
	r.pos += 1 + len(name) + size
	if r.entryAt >= 0 && strings.EqualFold(name, r.stack[r.entryAt].name) {
		// The end tag of the entry before is missing.
		for r.entryAt >= 0 {
			r.pop()
		}
	}
	for r.interrupts(localName(name)) {
		r.pop()
	}
	parent := r.top()
	f := frame{name: name, out: r.spelling(name), local: localName(name), base: parent.base}
	if len(r.stack) == 1 {
		r.doc.root, r.doc.format = f.local, formatOf(f.local)
		if r.doc.format == nil {
			return
		}
	}
	switch {
	case parent.role == leaf:
		r.text([]byte("<"+f.local+">"), true)
		return
	case len(r.stack) > maxDepth:
		return
	}
	f.role = r.roleOf(f, parent)
	if f.role == entry {
		r.entryAt, r.entryOut, r.elements, r.content = len(r.stack), len(r.out), 0, 0
	}
	if f.local == "channel" {
		r.channels++
		f.silent = r.channels > 1 // the parser reads one
	}
	if f.role != dropped && !f.silent {
		r.count()
		r.leafLeft = maxLeaf
		f.start = len(r.out)
		r.writeStart(&f, attrs)
	}
	r.stack = append(r.stack, f)
	if f.role == entry {
		r.about(attrs)
	}
	if selfClosing && !r.linkFollows(&f) {
		r.pop()
	}
}

// count counts an element that is written.
func (r *repairer) count() {
	r.all++
	if r.entryAt >= 0 {
		r.elements++
	} else {
		r.parts++
	}
}

// interrupts reports whether a start tag shows that the end tag of the leaf
// around it is missing: it is that of an entry, or of something else that is read
// where the leaf stands. Summaries may hold HTML with such names.
func (r *repairer) interrupts(local string) bool {
	if f := r.top(); f.role != leaf {
		return false
	} else if local == r.doc.format.entry {
		return true
	} else if f.local == "description" || f.local == "summary" {
		return false
	}
	around := r.stack[len(r.stack)-2]
	return r.roleOf(frame{name: local, local: local}, &around) != dropped
}

// writeStart writes a start tag with the attributes that are read.
func (r *repairer) writeStart(f *frame, attrs []attribute) {
	for _, a := range attrs { // before the links that it applies to
		if strings.EqualFold(a.name, "xml:base") {
			if base, err := weburl.Resolve(f.base, a.value); err == nil {
				f.base = base
			}
		}
	}
	r.out = append(r.out, '<')
	r.out = append(r.out, f.out...)
	for _, a := range attrs {
		if name, value := r.keepAttribute(f, a); name != "" {
			f.href = f.href || name == "href" && value != ""
			r.out = append(r.out, ' ')
			r.out = append(r.out, name...)
			r.out = append(r.out, '=', '"')
			r.out = appendText(r.out, []byte(value), false)
			r.out = append(r.out, '"')
		}
	}
	r.spaces += f.spaces
	r.out = append(r.out, '>')
}
