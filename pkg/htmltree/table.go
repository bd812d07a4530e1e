package htmltree

import "golang.org/x/net/html/atom"

// startTablePart makes place for a part of a table: it closes what the part
// ends and opens what it implies. It reports whether the part goes into the tree.
func (p *parser) startTablePart(t *tag) bool {
	ctx := p.findFlag(isTabular|isCell, 0)
	if t.atom == atom.Table {
		if ctx >= 0 && p.stack[ctx].tag.flags&isTabular != 0 {
			p.popTo(p.find(atom.Table, 0)) // a table that was not closed
		}
		if !p.quirks {
			p.closeParagraph()
		}
		return true
	}
	if ctx < 0 {
		return false // a part of no table
	}
	table := p.find(atom.Table, 0)
	if table < 0 {
		return false
	}
	switch t.atom {
	case atom.Td, atom.Th:
		row := max(p.find(atom.Tr, 0), table)
		if row == table {
			p.startTablePart(tagTr)
			p.imply(tagTr)
			return true
		}
		p.popTo(row + 1)
	case atom.Tr:
		k := p.findFlag(isSection, 0)
		if k > table {
			p.popTo(k + 1)
			return true
		}
		p.popTo(table + 1)
		p.imply(tagTbody)
	case atom.Col, atom.Colgroup:
		p.popTo(table + 1)
		appendChild(p.top().node, p.element(t, nil))
		return false
	default:
		p.popTo(table + 1)
	}
	return true
}

// imply opens an element that the page left out.
func (p *parser) imply(t *tag) {
	n := p.element(t, nil)
	appendChild(p.top().node, n)
	p.push(n, t)
}

// endTablePart closes a part of the innermost table with all that is in it.
func (p *parser) endTablePart(t *tag) {
	table := p.find(atom.Table, 0)
	if table < 0 {
		return
	}
	if k := p.find(t.atom, 0); k >= table {
		p.popTo(k)
	}
}
