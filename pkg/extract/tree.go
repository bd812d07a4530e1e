package extract

import (
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// element is one element of the page's visible tree, in document order.
type element struct {
	node   *html.Node
	parent int // index, -1 for the root
	end    int // index after its last descendant
	first  int // its blocks are blocks[first:last]
	last   int
	depth  int

	text, link int // characters of visible text in it, and of those in links
	prose      int // characters of it in paragraphs that read like prose
	rule       *clean.DOMRule
	hidden     bool
}

// block is one run of text that the page shows as a block of its own.
type block struct {
	text   string
	kind   article.BlockKind
	el     int // the innermost block element
	links  int // characters inside links
	nlinks int
	linked bool // it begins with a link of several words
	words  int
	level  int  // of a heading, 1..6
	bold   bool // all of it is emphasised
	italic bool // all of it is in italics
	cell   bool // a cell of a table
	figure bool // inside a figure
	start  bool // text begins the page element (not after a <br>)
	prose  bool // reads like a paragraph of prose
	clean.Verdict
	kept  bool
	score float64
}

// maxBlocks bounds the blocks of a page that are looked at.
const maxBlocks = 20_000

// page is a parsed page as the finders see it.
type page struct {
	root   *html.Node
	els    []element
	blocks []block

	// The block that is being gathered.
	buf      []byte
	whole    string // the text that is buf, where one node holds all of it
	paras    []paragraph
	rules    clean.Matcher
	lines    []lineInfo // those that a <br> ended
	line     lineInfo   // the one that is being gathered
	leadLink int        // characters of the link that the block begins with
	inLead   bool
	lastText string // the text that was gathered last
	boundary bool   // an inline element began or ended after it
	inline   inlineState
}

type inlineState struct {
	link, bold, italic, pre, quote, item, cell, figure int
	heading                                            int
	row                                                bool // in a row of data
}

// pages hands the memory of one page to the next.
var pages = sync.Pool{New: func() any { return new(page) }}

// keptElements and keptBlocks bound what one page hands on to the next.
const (
	keptElements = 20_000
	keptBlocks   = 5_000
)

// release hands the memory of the page on: neither it nor its elements and
// blocks may be used any more.
func (p *page) release() {
	clear(p.els)
	clear(p.blocks)
	clear(p.paras[:cap(p.paras)])
	next := page{els: p.els[:0], blocks: p.blocks[:0], buf: p.buf[:0], lines: p.lines[:0], paras: p.paras[:0]}
	if cap(next.els) > keptElements {
		next.els = nil
	}
	if cap(next.blocks) > keptBlocks || cap(next.paras) > keptBlocks || cap(next.lines) > keptBlocks || cap(next.buf) > 1<<20 {
		next = page{els: next.els}
	}
	*p = next
	pages.Put(p)
}

// buildPage walks the tree once.
func buildPage(root *html.Node) *page {
	p := pages.Get().(*page)
	p.root, p.line = root, lineInfo{el: -1}
	body := findFirst(root, atom.Body)
	if body == nil {
		body = root
	}
	p.walk(body, -1, 0)
	p.flush(0)
	if len(p.els) > 0 {
		p.els[0].last = len(p.blocks)
	}
	p.sum()
	return p
}

// isBlock reports whether an element starts and ends a block of text.
func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Button, atom.Canvas, atom.Caption, atom.Center, //nolint:misspell // the element
		atom.Dd, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption,
		atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header,
		atom.Hgroup, atom.Hr, atom.Html, atom.Iframe, atom.Legend, atom.Li, atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.P,
		atom.Option, atom.Pre, atom.Search, atom.Section, atom.Select, atom.Summary, atom.Table, atom.Tbody, atom.Td, atom.Textarea, atom.Tfoot,
		atom.Th, atom.Thead, atom.Tr, atom.Ul, atom.Video, atom.Audio, atom.Object:
		return true
	}
	return false
}

func headingLevel(a atom.Atom) int {
	switch a {
	case atom.H1:
		return 1
	case atom.H2:
		return 2
	case atom.H3:
		return 3
	case atom.H4:
		return 4
	case atom.H5:
		return 5
	case atom.H6:
		return 6
	}
	return 0
}

// invisible are elements whose text is no text of the page.
func invisible(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Head, atom.Select, atom.Textarea, atom.Object,
		atom.Svg, atom.Math, atom.Video, atom.Audio, atom.Canvas, atom.Iframe, atom.Datalist, atom.Rp, atom.Rt, atom.Input:
		return true
	}
	return false
}

func (p *page) walk(n *html.Node, parent, depth int) {
	if n.Type == html.TextNode {
		p.addText(n.Data, parent)
		return
	}
	if n.Type != html.ElementNode || invisible(n.DataAtom) {
		return
	}
	if n.DataAtom == atom.Br {
		p.lineBreak()
		return
	}
	saved := p.inline
	isBlk := isBlock(n.DataAtom)
	if (n.DataAtom == atom.Td || n.DataAtom == atom.Th) && p.inline.row {
		p.pad(' ') // the cells of a row of data make one line
		isBlk = false
	}
	if isBlk {
		p.flush(parent)
	}
	rule := p.rules.MatchElement(n)
	if rule != nil && rule.Kind == clean.Hidden && !isBlk {
		return // a box that opens inside a sentence is no part of it
	}
	me := len(p.els)
	p.els = append(p.els, element{node: n, parent: parent, first: len(p.blocks), depth: depth})
	p.els[me].rule = rule
	p.boundary = p.boundary || !isBlk && separates(n.DataAtom)
	p.enter(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.walk(c, me, depth+1) // inline elements own the blocks that end inside them
	}
	if isBlk {
		p.flush(me)
	} else if n.DataAtom == atom.A && p.inline.link == 1 {
		p.line.nlinks++
		p.inLead = false
	}
	p.boundary = p.boundary || !isBlk && separates(n.DataAtom)
	p.inline = saved
	p.els[me].end = len(p.els)
	p.els[me].last = len(p.blocks)
}

// enter notes what kind of text is inside n.
func (p *page) enter(n *html.Node) {
	switch n.DataAtom {
	case atom.A:
		if hasAttr(n, "href") {
			p.inline.link++
			p.inLead = blank(p.buf)
		}
	case atom.B, atom.Strong:
		p.inline.bold++
	case atom.I, atom.Em:
		p.inline.italic++
	case atom.Pre:
		p.inline.pre++
	case atom.Blockquote:
		p.inline.quote++
	case atom.Li:
		p.inline.item++
	case atom.Tr:
		p.inline.row = isDataRow(n)
	case atom.Td, atom.Th:
		p.inline.cell++
		p.inline.item = 0
	case atom.Figure:
		p.inline.figure++
	}
	if l := headingLevel(n.DataAtom); l > 0 {
		p.inline.heading = l
	}
}

// isDataRow tells a row of a table of facts from one that serves the layout: its
// cells are several, and hold nothing but short text.
func isDataRow(tr *html.Node) bool {
	cells := 0
	for c := tr.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		cells++
		if n, ok := cellText(c, 0); !ok || n > 120 {
			return false
		}
	}
	return cells >= 2
}

// cellText returns how much text a cell holds, and false where it holds more
// than text.
func cellText(n *html.Node, depth int) (int, bool) {
	total := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			total += len(c.Data)
		case html.ElementNode:
			if depth > 6 || isBlock(c.DataAtom) && c.DataAtom != atom.P && c.DataAtom != atom.Div {
				return total, false
			}
			sub, ok := cellText(c, depth+1)
			if total += sub; !ok || total > 400 {
				return total, false
			}
		}
	}
	return total, true
}

// addText adds text that stands in element el.
func (p *page) addText(s string, el int) {
	if p.inline.pre == 0 {
		// A line break of the source is only a space.
		if strings.ContainsAny(s, "\n\r") {
			s = strings.Map(func(r rune) rune {
				if r == '\n' || r == '\r' {
					return ' '
				}
				return r
			}, s)
		}
	}
	if p.boundary && seam(p.lastText, s) {
		p.pad(' ') // parts that only a style sheet sets apart
	}
	p.boundary, p.lastText = false, s
	if p.whole = ""; len(p.buf) == 0 {
		p.whole = s
	}
	p.buf = append(p.buf, s...)
	n := visibleLen(s)
	if n == 0 {
		return
	}
	p.line.text += n
	p.line.el = p.common(p.line.el, el)
	if p.inline.link > 0 {
		p.line.links += n
		if p.inLead {
			p.leadLink += n
		}
	}
	if p.inline.bold > 0 {
		p.line.bold += n
	}
	if p.inline.italic > 0 {
		p.line.italic += n
	}
}

// blank reports whether s has nothing but spaces; it looks no further than it has
// to, for it is asked at every link.
func blank(s []byte) bool {
	for i := range min(len(s), 1024) {
		if s[i] > ' ' {
			return false
		}
	}
	return len(s) <= 1024
}

// visibleLen counts the bytes of s without spaces.
func visibleLen(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] > ' ' {
			n++
		}
	}
	return n
}

// pad adds white space to the block that is being gathered.
func (p *page) pad(c byte) {
	p.buf, p.whole = append(p.buf, c), ""
}

func (p *page) lineBreak() {
	p.pad('\n')
	p.lines = append(p.lines, p.line)
	p.line = lineInfo{el: -1}
	p.lastText, p.boundary = "", false
}

// separates reports whether the edges of an inline element may part two words:
// not those that stand inside a word, or change its look only.
func separates(a atom.Atom) bool {
	switch a {
	case atom.Span, atom.A, atom.Time, atom.Strong, atom.Cite, atom.Label, atom.Small:
		return true
	}
	return false
}

// flush ends the block that is being gathered; el is the element it stood in.
func (p *page) flush(el int) {
	if len(p.buf) == 0 {
		return
	}
	lines, lead := append(p.lines, p.line), p.leadLink
	total, links, nlinks := 0, 0, 0
	for i := range lines {
		total += lines[i].text
		links += lines[i].links
		nlinks += lines[i].nlinks
	}
	raw := p.whole
	if raw == "" && total > 0 {
		raw = string(p.buf)
	}
	p.buf, p.whole = p.buf[:0], ""
	p.lastText, p.boundary = "", false
	p.lines, p.line, p.leadLink = lines[:0], lineInfo{el: -1}, 0
	if total == 0 || len(p.blocks) >= maxBlocks {
		return
	}
	for i, para := range p.splitBreaks(raw, lines) {
		if len(p.blocks) >= maxBlocks {
			break
		}
		l := &para.info
		share := 0 // a list of links is one as a whole, so that its lines share them
		if links > 0 {
			share = (links*visibleLen(para.text) + total/2) / total
		}
		p.blocks = append(p.blocks, block{
			text: para.text, el: max(el, 0), kind: p.blockKind(), level: p.inline.heading, start: i == 0,
			cell: p.inline.cell > 0, figure: p.inline.figure > 0, words: textnorm.Words(para.text),
			links: share, nlinks: nlinks, linked: i == 0 && lead >= 15,
			bold: l.text > 0 && l.bold*10 >= l.text*9, italic: l.text > 0 && l.italic*10 >= l.text*9,
		})
	}
}

func (p *page) blockKind() article.BlockKind {
	switch s := p.inline; {
	case s.heading > 0:
		return article.Heading
	case s.pre > 0:
		return article.Preformatted
	case s.quote > 0:
		return article.Quote
	case s.item > 0:
		return article.ListItem
	}
	return article.Paragraph
}
