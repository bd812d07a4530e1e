package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// bodyWords are words of a class or id that say "the article's text is here".
var bodyWords = map[string]bool{
	"articlebody": true, "article-body": true, "articletext": true, "article-text": true, "entry-content": true, "entrycontent": true, "post-content": true, "postcontent": true, "post-body": true, "postbody": true,
	"story-body": true, "storybody": true, "story-content": true, "storytext": true, "story-text": true, "article-content": true, "articlecontent": true, "article__body": true, "article__content": true, "body-content": true, "bodycontent": true, "main-text": true, "maintext": true,
	"content-body": true, "contentbody": true, "news-content": true, "news-text": true, "newstext": true, "news-body": true, "td-post-content": true, "article-copy": true, "body-copy": true, "bodycopy": true, "body-text": true, "bodytext": true, "rich-text": true, "richtext": true, "single-content": true, "text-content": true, "page-content": true, "paywall-content": true,
}

// chooseBody returns the element that holds the article. Furniture that the
// markup gives away is marked on the way.
func (p *page) chooseBody(witness string) int {
	if len(p.els) == 0 {
		return 0
	}
	p.markFurniture()
	p.markOtherArticles()
	witness = foldWitness(witness)
	weights := p.weigh(witness)
	wide := p.widen(p.descend(0, descendShare, weights), weights)
	core := p.descend(wide, coreShare, weights)
	for core > wide && isText(p.els[core].node.DataAtom) {
		core = p.els[core].parent
	}
	p.dropAround(wide, core, witness)
	return wide
}

const (
	// descendShare is how much of the article a child must hold for the search to
	// go on inside it: nearly all, so that an article in several pieces stays whole.
	descendShare = 0.94
	// coreShare is the same for the search for the piece that holds most of it.
	coreShare = 0.6
)

// descend follows the heaviest child from element i as long as it holds a given
// share of its parent.
func (p *page) descend(i int, share float64, weights []float64) int {
	for {
		next := p.heaviestChild(i, weights)
		if next < 0 || weights[next] < share*weights[i] {
			break
		}
		i = next
	}
	for i > 0 && isText(p.els[i].node.DataAtom) {
		i = p.els[i].parent
	}
	return i
}

// dropAround looks at what stands in the wide element beside its core, the
// piece that holds most of the article, and drops what is not like it.
func (p *page) dropAround(wide, core int, witness string) {
	headline := p.headline()
	for e := core; e != wide; e = p.els[e].parent {
		parent := p.els[e].parent
		for k := parent + 1; k < p.els[parent].end; k = p.els[k].end {
			if k == e || p.els[k].hidden || p.belongs(k, e, core, headline, witness) {
				continue
			}
			for i := p.els[k].first; i < p.els[k].last; i++ {
				if b := &p.blocks[i]; !b.Dropped() {
					b.Verdict = clean.Verdict{Kind: clean.Sidebar, Rule: "beside-body"}
				}
			}
		}
	}
}

// headed reports whether text that is no link stands below a main headline in
// element k.
func (p *page) headed(k int) bool {
	text, below := 0, false
	for i := p.els[k].first; i < p.els[k].last; i++ {
		b := &p.blocks[i]
		below = below || b.level == 1
		if below && b.level == 0 && !b.Dropped() {
			text += len(b.text) - b.links
		}
	}
	return text >= minHeaded
}

// minHeaded is how much text, in bytes, below the headline makes an article.
const minHeaded = 300

// belongs reports whether element k, which stands beside the piece e of the
// article, is a piece of it too. headline is the block of the main headline.
func (p *page) belongs(k, e, core, headline int, witness string) bool {
	el := &p.els[k]
	if k < e && el.last <= headline && headline < p.els[e].last {
		return false // it ends above the headline
	}
	if sameForm(el.node, p.els[core].node) || sameForm(el.node, p.els[e].node) {
		return true
	}
	blocks, items, text, prose, links := 0, 0, 0, 0, 0
	for i := el.first; i < el.last; i++ {
		b := &p.blocks[i]
		if b.Dropped() {
			continue
		}
		if witness != "" && len(b.text) > 60 && strings.Contains(witness, clean.Fold(b.text[:cutRune(b.text, 60)])) {
			return true
		}
		blocks++
		text += len(b.text)
		links += b.links
		if b.prose {
			prose += len(b.text)
		}
		if b.kind == article.ListItem {
			items++
		}
	}
	if blocks == 0 || items >= minItems && items*10 >= blocks*7 && links*20 < text {
		return true
	}
	if k < e && p.headed(k) {
		return true
	}
	if k < e { // a lead that stands apart, a list of key points, a heading
		return prose*10 >= text*7 || links*10 < text*2 && text/blocks >= 50 || isText(el.node.DataAtom) || headingLevel(el.node.DataAtom) > 1
	}
	return prose*10 >= text*8 && text/blocks >= 90 && links*10 < text && el.node.DataAtom != atom.Footer || isText(el.node.DataAtom)
}

// minItems is how many items make a list of facts, such as the ingredients of a
// recipe.
const minItems = 4

// headline returns the first block that is a main headline, -1 if there is none
// near the top of the page.
func (p *page) headline() int {
	for i := range min(len(p.blocks), maxHeadBlocks) {
		if p.blocks[i].level == 1 {
			return i
		}
	}
	return -1
}

// maxHeadBlocks bounds how far down the headline of a page is looked for, in
// blocks.
const maxHeadBlocks = 1000

// sameForm reports whether two elements have the same tag and class, and a
// class at all.
func sameForm(a, b *html.Node) bool {
	class := attr(a, "class")
	return a.DataAtom == b.DataAtom && class != "" && class == attr(b, "class")
}

func isText(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Li, atom.Ul, atom.Ol, atom.Blockquote, atom.Span, atom.A, atom.B, atom.Strong, atom.I, atom.Em, atom.Font, atom.Dd, atom.Dl, atom.Tr, atom.Tbody, atom.Pre, atom.U, atom.Small, atom.Big:
		return true
	}
	return false
}

// weigh returns for every element how much of the article it seems to hold.
func (p *page) weigh(witness string) []float64 {
	weights := make([]float64, len(p.els))
	for i := range p.blocks {
		b := &p.blocks[i]
		if b.Dropped() {
			continue
		}
		b.score = blockWeight(b)
		if witness != "" && b.score > 0 && len(b.text) > 40 {
			if strings.Contains(witness, clean.Fold(b.text[:cutRune(b.text, 60)])) {
				b.score *= 3
			}
		}
		for e := b.el; e >= 0; e = p.els[e].parent {
			weights[e] += b.score
		}
	}
	return weights
}

// blockWeight is how much a block looks like part of an article: its length,
// where it reads like prose.
func blockWeight(b *block) float64 {
	n := float64(len(b.text))
	switch {
	case b.level > 0:
		return 0
	case b.prose && b.cell && b.words < 15:
		return n / 4
	case b.prose:
		return n
	case b.links*2 > len(b.text):
		return 0
	}
	return n / 10
}

// cutRune returns the largest i <= n at which s may be cut.
func cutRune(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return n
}

func (p *page) heaviestChild(i int, weights []float64) int {
	best := -1
	for c := i + 1; c < p.els[i].end; c = p.els[c].end {
		if best < 0 || weights[c] > weights[best] {
			best = c
		}
	}
	if best >= 0 && weights[best] <= 0 {
		return -1
	}
	return best
}

// widen climbs from the heaviest element to the one that says it is the
// article's body, where there is one not far above.
func (p *page) widen(cur int, weights []float64) int {
	for e, steps := cur, 0; e >= 0 && steps < 4; e, steps = p.els[e].parent, steps+1 {
		if isBodyElement(p.els[e].node) && weights[e] <= 1.6*weights[cur] {
			return e
		}
	}
	return cur
}
