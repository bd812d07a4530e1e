// Package htmltree builds the tree of a page in one pass over its bytes. It
// makes the nodes that golang.org/x/net/html makes, by the same rules as far as
// they decide where text stands (implied and missing tags, wrongly nested
// formatting, tables), for a small part of its cost:
//
//   - what no reader sees never becomes a node: scripts, style sheets, drawings,
//     comments, and white space beside a block. Scripts that say something of
//     the page are kept aside.
//   - only attributes that somebody reads are kept; [Keeps] tells which.
//   - nodes, attributes and strings come from slabs that [Document.Release] hands
//     to the next page.
//
// Every page gives a tree. Elements deeper than [MaxDepth] become children of
// the one at that depth, and beyond [MaxNodes] nodes the page is cut off.
package htmltree

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// MaxDepth is how deep elements are nested.
	MaxDepth = 500
	// MaxNodes bounds the nodes of a tree.
	MaxNodes = 400_000
)

// Document is the tree of a page and what was kept beside it. The scripts share
// memory with the page.
type Document struct {
	Root   *html.Node
	JSONLD [][]byte // contents of the JSON-LD scripts, in order
	State  [][]byte // contents of the scripts that carry the page as data, in order
	Cut    bool     // the tree was too deep or too large for all its elements

	slabs *slabs
}

// Release hands the memory of the nodes on to other pages: none of them may be
// used any more. Strings that came from the tree stay valid.
func (d *Document) Release() {
	if d.slabs != nil {
		d.slabs.release()
	}
	*d = Document{}
}

// Parse builds the tree of a page, which must be valid UTF-8.
func Parse(src []byte) *Document {
	s := newSlabs()
	p := &parser{src: src, slabs: s, Document: Document{slabs: s}, gap: true, quirks: true}
	p.Root = s.node(html.DocumentNode, 0, "")
	p.html = p.element(tagHTML, nil)
	appendChild(p.Root, p.html)
	p.head = p.element(tagHead, nil)
	appendChild(p.html, p.head)
	p.push(p.html, tagHTML)
	p.run()
	p.needBody(nil)
	return &p.Document
}

// parser is the state of one Parse.
type parser struct {
	Document
	src     []byte
	slabs   *slabs
	html    *html.Node
	head    *html.Node
	body    *html.Node // nil until something belongs in it
	form    *html.Node
	stack   []open
	formats []format // the active formatting elements
	attrs   []html.Attribute
	buf     []byte // of the text or value that is being put together

	paragraphs int // open p elements
	verbatim   int // open elements in which white space counts
	overflow   int // open elements beyond MaxDepth
	moves      int // nodes that wrong nesting made us move
	gap        bool
	quirks     bool
	noQuote    [2]bool // no more " or ' follows
	unclosed   uint    // bit i: no more closing tag of skipped[i] follows
	openText   []*tag  // no more closing tags of these follow
	stateLen   int
}

// open is an open element.
type open struct {
	node *html.Node
	tag  *tag
}

func (p *parser) element(t *tag, attrs []html.Attribute) *html.Node {
	n := p.slabs.node(html.ElementNode, t.atom, t.name)
	n.Attr = attrs
	return n
}

func appendChild(parent, n *html.Node) {
	n.Parent, n.PrevSibling, n.NextSibling = parent, parent.LastChild, nil
	if parent.LastChild != nil {
		parent.LastChild.NextSibling = n
	} else {
		parent.FirstChild = n
	}
	parent.LastChild = n
}

func insertBefore(n, sibling *html.Node) {
	n.Parent, n.PrevSibling, n.NextSibling = sibling.Parent, sibling.PrevSibling, sibling
	if sibling.PrevSibling != nil {
		sibling.PrevSibling.NextSibling = n
	} else {
		sibling.Parent.FirstChild = n
	}
	sibling.PrevSibling = n
}

func detach(n *html.Node) {
	if n.Parent != nil {
		n.Parent.RemoveChild(n)
	}
}

// needBody begins the body, if it has not begun.
func (p *parser) needBody(attrs []html.Attribute) {
	if p.body != nil {
		return
	}
	p.body = p.element(tagBody, attrs)
	appendChild(p.html, p.body)
	p.push(p.body, tagBody)
}

func (p *parser) top() *open { return &p.stack[len(p.stack)-1] }

// insert puts a node where the parser stands; inside a table, but outside its
// cells, that is before the table.
func (p *parser) insert(n *html.Node) {
	top := p.top()
	if top.tag.flags&isTabular == 0 {
		appendChild(top.node, n)
		return
	}
	for k := len(p.stack) - 1; k > 0; k-- {
		if p.stack[k].tag.atom != atom.Table {
			continue
		}
		if t := p.stack[k].node; t.Parent != nil {
			insertBefore(n, t)
		} else {
			appendChild(p.stack[k-1].node, n)
		}
		return
	}
	appendChild(top.node, n)
}

// push opens an element that was put into the tree, and reports whether it did:
// beyond MaxDepth what it holds becomes part of the one above.
func (p *parser) push(n *html.Node, t *tag) bool {
	if len(p.stack) >= MaxDepth {
		if t.flags&isText == 0 { // those end at once
			p.overflow++
		}
		p.Cut = true
		return false
	}
	p.stack = append(p.stack, open{n, t})
	if t.flags&isVerbatim != 0 {
		p.verbatim++
	}
	if t.atom == atom.P {
		p.paragraphs++
	}
	return true
}

// popTo closes the open elements from index i on; html and body stay open.
func (p *parser) popTo(i int) {
	for len(p.stack) > max(i, 1) {
		o := p.top()
		if o.tag.atom == atom.Body {
			return
		}
		p.forget(o)
		if o.tag.flags&isMarker != 0 {
			p.clearFormats()
		}
		p.stack = p.stack[:len(p.stack)-1]
	}
}

func (p *parser) forget(o *open) {
	if o.tag.flags&isVerbatim != 0 {
		p.verbatim--
	}
	if o.tag.atom == atom.P {
		p.paragraphs--
	}
}

// remove takes an element from the middle of the stack.
func (p *parser) remove(i int) {
	p.forget(&p.stack[i])
	p.stack = append(p.stack[:i], p.stack[i+1:]...)
}

// find returns the index of the innermost open element with that tag that no
// element with one of the flags in stop hides, or -1.
func (p *parser) find(a atom.Atom, stop flags) int {
	for k := len(p.stack) - 1; k >= 0; k-- {
		t := p.stack[k].tag
		if t.atom == a {
			return k
		}
		if t.flags&stop != 0 {
			return -1
		}
	}
	return -1
}

// findFlag is find for the first element with one of the flags in want.
func (p *parser) findFlag(want, stop flags) int {
	for k := len(p.stack) - 1; k >= 0; k-- {
		f := p.stack[k].tag.flags
		if f&want != 0 {
			return k
		}
		if f&stop != 0 {
			return -1
		}
	}
	return -1
}

func (p *parser) indexOf(n *html.Node) int {
	for k := len(p.stack) - 1; k >= 0; k-- {
		if p.stack[k].node == n {
			return k
		}
	}
	return -1
}

// closeParagraph ends an open p, as the start of a block does.
func (p *parser) closeParagraph() {
	if p.paragraphs == 0 {
		return
	}
	if k := p.find(atom.P, isScope|isButton); k >= 0 {
		p.popTo(k)
	}
}
