package htmltree

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// space adds white space between words.
func (p *parser) space() {
	if p.gap || p.body == nil {
		return
	}
	p.insert(p.slabs.node(html.TextNode, 0, " "))
	p.gap = true // one space is enough
}

// addText adds text that is not white space alone.
func (p *parser) addText(s string) {
	if p.top().tag.atom != atom.Title {
		p.needBody(nil)
		p.reopenFormats()
	}
	p.insert(p.slabs.node(html.TextNode, 0, s))
	p.gap = false
}

// start puts the element of an opening tag into the tree.
func (p *parser) start(t *tag, attrs []html.Attribute, selfClosing bool) {
	switch t.atom {
	case atom.Html:
		mergeAttrs(p.html, attrs)
		return
	case atom.Head:
		return
	case atom.Body:
		if p.body != nil {
			mergeAttrs(p.body, attrs)
		}
		p.needBody(attrs)
		return
	}
	if p.body == nil {
		if t.flags&isHead != 0 {
			p.startInHead(t, attrs)
			return
		}
		p.needBody(nil)
	}
	if t.flags&isIgnored != 0 || p.top().tag.flags&isSelect != 0 && !p.startInSelect(t) {
		return
	}
	if t.flags&isTablePart != 0 && !p.startTablePart(t) {
		return
	}
	p.startInBody(t, attrs, selfClosing)
	if t.flags&isQuiet != 0 {
		p.gap = true
	}
}

func mergeAttrs(n *html.Node, attrs []html.Attribute) {
next:
	for _, a := range attrs {
		for i := range n.Attr {
			if n.Attr[i].Key == a.Key {
				continue next
			}
		}
		if len(n.Attr) < maxAttrs {
			n.Attr = append(n.Attr, a)
		}
	}
}

func (p *parser) startInHead(t *tag, attrs []html.Attribute) {
	n := p.element(t, attrs)
	appendChild(p.head, n)
	if t.atom == atom.Title {
		p.push(n, t)
	}
}

// startInBody opens an element after it closed what must end before it.
func (p *parser) startInBody(t *tag, attrs []html.Attribute, selfClosing bool) {
	if t.flags&isBlock != 0 {
		p.closeParagraph()
	}
	switch {
	case t.flags&isHeading != 0:
		if p.top().tag.flags&isHeading != 0 {
			p.popTo(len(p.stack) - 1)
		}
	case t.flags&isFormatting != 0:
		p.startFormatting(t, attrs)
		return
	case t.flags&isVoid != 0:
		if t.flags&isBlock == 0 && t.flags&isHead == 0 {
			p.reopenFormats()
		}
		p.insert(p.element(t, attrs))
		return
	case t.flags&(isBlock|isTablePart) == 0 && !p.startOther(t, attrs):
		return
	}
	n := p.element(t, attrs)
	if t.flags&isTablePart != 0 && t.atom != atom.Table {
		appendChild(p.top().node, n)
	} else {
		p.insert(n)
	}
	switch {
	case t.atom == atom.Form:
		p.form = n
	case selfClosing && t.atom == atom.Math:
		return
	}
	if p.push(n, t) && t.flags&isMarker != 0 {
		p.formats = append(p.formats, format{})
	}
}

// startOther does what elements that are neither blocks nor formatting need
// before they open, and reports whether they do.
func (p *parser) startOther(t *tag, attrs []html.Attribute) bool {
	switch t.atom {
	case atom.Li, atom.Dd, atom.Dt:
		p.closeItem(t.atom)
		p.closeParagraph()
		return true
	case atom.Form:
		if p.form != nil {
			return false
		}
		p.closeParagraph()
		if p.top().tag.flags&isTabular != 0 { // it holds nothing then
			p.form = p.element(t, attrs)
			appendChild(p.top().node, p.form)
			return false
		}
		return true
	case atom.Button:
		if k := p.find(atom.Button, isScope); k >= 0 {
			p.popTo(k)
		}
	case atom.Option, atom.Optgroup:
		if p.top().tag.atom == atom.Option {
			p.popTo(len(p.stack) - 1)
		}
		if t.atom == atom.Optgroup && p.top().tag.atom == atom.Optgroup {
			p.popTo(len(p.stack) - 1)
		}
	case atom.Rb, atom.Rp, atom.Rt, atom.Rtc:
		if p.find(atom.Ruby, isScope) >= 0 {
			p.closeImplied(t.atom)
		}
		return true
	case atom.Title:
		return true
	}
	p.reopenFormats()
	return true
}

// closeItem ends an open item of a list where the next begins.
func (p *parser) closeItem(a atom.Atom) {
	for k := len(p.stack) - 1; k > 0; k-- {
		t := p.stack[k].tag
		if t.atom == a || a != atom.Li && (t.atom == atom.Dd || t.atom == atom.Dt) {
			p.popTo(k)
			return
		}
		if t.flags&isSpecial != 0 && t.atom != atom.Address && t.atom != atom.Div && t.atom != atom.P {
			return
		}
	}
}

func (p *parser) closeImplied(except atom.Atom) {
	for t := p.top().tag; t.flags&isImplied != 0 && t.atom != except; t = p.top().tag {
		p.popTo(len(p.stack) - 1)
	}
}

// startInSelect closes what the tag ends in a list of options, and reports
// whether the tag counts there.
func (p *parser) startInSelect(t *tag) bool {
	switch t.atom {
	case atom.Option, atom.Optgroup:
		return true
	case atom.Select, atom.Input, atom.Keygen, atom.Textarea:
		p.popTo(p.find(atom.Select, 0))
		return t.atom != atom.Select
	}
	if t.flags&isTablePart != 0 && p.findFlag(isTabular, 0) >= 0 {
		p.popTo(p.find(atom.Select, 0))
		return true
	}
	return false
}

// end closes the element of a closing tag.
func (p *parser) end(t *tag) {
	if p.overflow > 0 && t.flags&(isVoid|isText) == 0 {
		p.overflow--
		return
	}
	if p.body == nil && t.atom != atom.Br {
		return
	}
	if t.flags&isQuiet != 0 {
		p.gap = true
	}
	if p.top().tag.flags&isSelect != 0 && t.flags&(isSelect|isTablePart) == 0 {
		return
	}
	switch {
	case t.atom == atom.Html || t.atom == atom.Body || t.atom == atom.Head:
	case t.flags&isTablePart != 0:
		p.endTablePart(t)
	case t.flags&isHeading != 0:
		if k := p.findFlag(isHeading, isScope); k >= 0 {
			p.popTo(k)
		}
	case t.flags&isFormatting != 0:
		p.endFormatting(t)
	case t.atom == atom.Form:
		p.endForm()
	case t.atom == atom.Br:
		p.start(tagBr, nil, false)
	case t.flags&isScoped != 0:
		p.endScoped(t)
	default:
		p.endOther(t)
	}
}

func (p *parser) endScoped(t *tag) {
	var k int
	switch t.atom {
	case atom.P:
		if k = p.find(atom.P, isScope|isButton); k < 0 {
			p.start(tagP, nil, false)
			k = len(p.stack) - 1
		}
	case atom.Li:
		k = p.find(atom.Li, isScope)
		if l := max(p.find(atom.Ul, isScope), p.find(atom.Ol, isScope)); l > k {
			return
		}
	default:
		k = p.find(t.atom, isScope)
	}
	if k >= 0 {
		p.popTo(k)
	}
}

// endForm takes the form off the stack and leaves what is open inside it.
func (p *parser) endForm() {
	n := p.form
	p.form = nil
	if n == nil {
		return
	}
	if k := p.indexOf(n); k >= 0 {
		p.closeImplied(0)
		if k = p.indexOf(n); k >= 0 {
			p.remove(k)
		}
	}
}

// endOther closes the innermost element of that name, unless a special one is
// open inside it.
func (p *parser) endOther(t *tag) {
	for k := len(p.stack) - 1; k > 0; k-- {
		o := p.stack[k].tag
		if o.atom == t.atom && o.name == t.name {
			p.popTo(k)
			return
		}
		if o.flags&isSpecial != 0 {
			return
		}
	}
}
