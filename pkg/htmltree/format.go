package htmltree

import (
	"slices"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// format is a formatting element that goes on until its closing tag, whatever
// blocks begin and end meanwhile; one without a node is a marker, and hides
// those before it.
type format struct {
	node *html.Node
	tag  *tag
}

const (
	// maxFormats bounds the formatting elements that go on.
	maxFormats = 48
	// maxMoves bounds how many nodes wrong nesting makes us move.
	maxMoves = 1 << 20
	// sameFormats is how many equal formatting elements go on at a time.
	sameFormats = 3
	// adoptions and innerFormats are how often the rules for wrong nesting are
	// repeated, and how many formatting elements are split by each.
	adoptions    = 8
	innerFormats = 3
)

// clearFormats forgets the formatting elements up to the last marker.
func (p *parser) clearFormats() {
	for n := len(p.formats); n > 0; n-- {
		if p.formats[n-1].node == nil {
			p.formats = p.formats[:n-1]
			return
		}
	}
	p.formats = p.formats[:0]
}

// lastFormat returns the index of the last formatting element with that tag
// after the last marker, or -1.
func (p *parser) lastFormat(a atom.Atom) int {
	for i := len(p.formats) - 1; i >= 0 && p.formats[i].node != nil; i-- {
		if p.formats[i].tag.atom == a {
			return i
		}
	}
	return -1
}

func (p *parser) formatOf(n *html.Node) int {
	return slices.IndexFunc(p.formats, func(f format) bool { return f.node == n })
}

func (p *parser) startFormatting(t *tag, attrs []html.Attribute) {
	switch t.atom {
	case atom.A:
		if i := p.lastFormat(atom.A); i >= 0 {
			n := p.formats[i].node
			p.endFormatting(t)
			if k := p.formatOf(n); k >= 0 {
				p.formats = slices.Delete(p.formats, k, k+1)
			}
			if k := p.indexOf(n); k >= 0 {
				p.remove(k)
			}
		}
	case atom.Nobr:
		if p.find(atom.Nobr, isScope) >= 0 {
			p.endFormatting(t)
		}
	}
	p.reopenFormats()
	n := p.element(t, attrs)
	p.insert(n)
	if p.push(n, t) {
		p.addFormat(n, t)
	}
}

func (p *parser) addFormat(n *html.Node, t *tag) {
	same, first, count := 0, -1, 0
	for i := len(p.formats) - 1; i >= 0 && p.formats[i].node != nil; i-- {
		count++
		if p.formats[i].tag.atom == t.atom && slices.Equal(p.formats[i].node.Attr, n.Attr) {
			same, first = same+1, i
		}
	}
	switch {
	case same >= sameFormats:
		p.formats = slices.Delete(p.formats, first, first+1)
	case count >= maxFormats:
		return
	}
	p.formats = append(p.formats, format{n, t})
}

// reopenFormats opens again the formatting elements that go on.
func (p *parser) reopenFormats() {
	i := len(p.formats)
	for i > 0 && p.formats[i-1].node != nil && p.indexOf(p.formats[i-1].node) < 0 {
		i--
	}
	for ; i < len(p.formats); i++ {
		f := &p.formats[i]
		n := p.element(f.tag, f.node.Attr)
		p.insert(n)
		if !p.push(n, f.tag) {
			p.overflow--
			return
		}
		f.node = n
	}
}

// endFormatting closes a formatting element. Blocks that began inside it and
// have not ended are moved out, and go on with a copy of it inside.
func (p *parser) endFormatting(t *tag) {
	for range adoptions {
		fi := p.lastFormat(t.atom)
		if fi < 0 {
			p.endOther(t)
			return
		}
		f := p.formats[fi]
		si := p.indexOf(f.node)
		if si < 0 {
			p.formats = slices.Delete(p.formats, fi, fi+1)
			return
		}
		block := -1
		for k := len(p.stack) - 1; k > si; k-- {
			if p.stack[k].tag.flags&isScope != 0 {
				return
			}
			if p.stack[k].tag.flags&isSpecial != 0 {
				block = k
			}
		}
		if block < 0 || p.moves > maxMoves {
			p.popTo(si)
			if k := p.formatOf(f.node); k >= 0 {
				p.formats = slices.Delete(p.formats, k, k+1)
			}
			return
		}
		p.adopt(f, si, block)
	}
}

// adopt moves the block at index block of the stack out of the formatting
// element at index si, and gives it a copy of the element for what it holds.
func (p *parser) adopt(f format, si, block int) {
	above, inner := p.stack[si-1], p.stack[block]
	mark := -1 // where the copy goes among the formats
	last := inner.node
	for k, steps := block-1, 1; k > si; k, steps = k-1, steps+1 {
		o := p.stack[k]
		at := p.formatOf(o.node)
		if at >= 0 && steps > innerFormats {
			p.formats = slices.Delete(p.formats, at, at+1)
			at = -1
		}
		if at < 0 {
			p.remove(k)
			continue
		}
		n := p.element(o.tag, o.node.Attr)
		p.formats[at].node, p.stack[k].node = n, n
		if last == inner.node {
			mark = at + 1
		}
		detach(last)
		appendChild(n, last)
		last = n
	}
	detach(last)
	if above.tag.flags&isTabular != 0 {
		p.insertAt(last, above.node)
	} else {
		appendChild(above.node, last)
	}
	n := p.element(f.tag, f.node.Attr)
	for c := inner.node.FirstChild; c != nil; c = inner.node.FirstChild {
		inner.node.RemoveChild(c)
		appendChild(n, c)
		p.moves++
	}
	appendChild(inner.node, n)
	fi := p.formatOf(f.node)
	if fi >= 0 {
		p.formats = slices.Delete(p.formats, fi, fi+1)
		if mark > fi {
			mark--
		}
	}
	if mark < 0 {
		mark = max(fi, 0)
	}
	p.formats = slices.Insert(p.formats, min(mark, len(p.formats)), format{n, f.tag})
	p.remove(p.indexOf(f.node))
	p.stack = slices.Insert(p.stack, p.indexOf(inner.node)+1, open{n, f.tag})
}

// insertAt is insert for a place that is not the innermost element: before the
// table that it is part of.
func (p *parser) insertAt(n, part *html.Node) {
	for t := part; t != nil; t = t.Parent {
		if t.DataAtom == atom.Table && t.Parent != nil {
			insertBefore(n, t)
			return
		}
	}
	appendChild(part, n)
}
