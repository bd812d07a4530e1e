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

// markFurniture applies the markup rules, except to elements that hold more of
// the page's prose than the rule admits, and except rules that would take a
// large part of it piece by piece: names lie, text does not.
func (p *page) markFurniture() {
	total := p.els[0].prose
	if total < 400 {
		total = p.els[0].text/2 + 1
	}
	p.markTeasers(total)
	p.markSignups()
	taken := map[string]int{}
	p.eachFurniture(func(e *element) {
		small := float64(e.prose) <= e.rule.Most*float64(total)
		e.hidden = e.rule == &teaserRule || small && !p.mostText(e) && (!frames(e.rule) || !holdsContent(e.node, 0)) && !p.factBox(e)
		if e.rule.Kind == clean.Comments && total-e.prose < minBesideComments && e.prose > total/2 {
			e.hidden = false // a forum: the comments are the page
		}
		if e.hidden {
			taken[e.rule.Name] += e.prose
			e.hidden = !p.plainText(e)
		}
	})
	forum := p.visibleProse() < minBesideComments/2 && taken["comments"] > total/4
	p.eachFurniture(func(e *element) {
		if forum && e.rule.Kind == clean.Comments {
			e.hidden = false
		}
		if e.rule == &teaserRule && total-taken[e.rule.Name] >= minBesideTeasers {
			return
		}
		if e.hidden && e.prose > 0 && float64(taken[e.rule.Name]) > mostTaken(e.rule)*float64(total) {
			e.hidden = false
		}
	})
	for i := range p.blocks {
		b := &p.blocks[i]
		if e := &p.els[b.el]; e.hidden {
			b.Verdict = clean.Verdict{Kind: e.rule.Kind, Rule: e.rule.Name}
		}
	}
	p.markPictures(total)
}

// visibleProse is how much prose, in bytes, stands in no element that was
// recognised as furniture.
func (p *page) visibleProse() int {
	n := 0
	for i := range p.blocks {
		if b := &p.blocks[i]; b.prose && !p.els[b.el].hidden {
			n += len(b.text)
		}
	}
	return n
}

// plainText reports whether an element that a name or an attribute gives away is
// a long paragraph like those beside it, or a gallery without a picture.
func (p *page) plainText(e *element) bool {
	switch e.rule.Kind {
	case clean.Gallery:
		return e.prose*2 > e.text && !holdsImage(e.node)
	case clean.Advertisement, clean.Paywall, clean.Share, clean.Hidden, clean.Footer:
		return e.node.DataAtom == atom.P && e.prose >= minPlain && e.link*10 < e.text && p.els[e.parent].prose >= 4*e.prose
	}
	return false
}

// minPlain is from how many bytes on a paragraph is long.
const minPlain = 150

// mostText reports whether an element that is no comment or the like holds most
// of the page's text that is no link: a page of verses or lists has no prose.
func (p *page) mostText(e *element) bool {
	switch e.rule.Kind {
	case clean.Hidden, clean.Comments, clean.Cookie, clean.Navigation, clean.Footer:
		return false
	}
	return (e.text-e.link)*5 > (p.els[0].text-p.els[0].link)*3
}

// minBesideComments is how much prose, in bytes, a page must have beside its
// comments for them not to be what it is about.
const minBesideComments = 200

// minBesideTeasers is the same for lists of teasers.
const minBesideTeasers = 500

// factBox reports whether a box beside the text or between its paragraphs holds
// prose and no link: it explains, and leads nowhere. What stands twice on the
// page is about its outlet and not about the news.
func (p *page) factBox(e *element) bool {
	if e.rule.Kind != clean.Related && e.rule.Kind != clean.Sidebar || e.prose == 0 || e.link > 0 {
		return false
	}
	for k := e.parent; k >= 0; k = p.els[k].parent {
		if r := p.els[k].rule; r != nil && r.Kind == clean.Sidebar {
			return false // a box of a column that is too large to be one itself
		}
	}
	for i := e.first; i < e.last; i++ {
		if b := &p.blocks[i]; b.prose && p.standsTwice(b.text) {
			return false
		}
	}
	return true
}

func (p *page) standsTwice(text string) bool {
	n := 0
	for i := range min(len(p.blocks), 3000) {
		if p.blocks[i].text == text {
			n++
		}
	}
	return n > 1
}

// eachFurniture calls f for the outermost elements that a rule recognises, and
// hands what f decides on to what they hold.
func (p *page) eachFurniture(f func(*element)) {
	for i := 0; i < len(p.els); i++ {
		e := &p.els[i]
		if e.parent >= 0 && p.els[e.parent].hidden {
			e.hidden, e.rule = true, p.els[e.parent].rule
			continue
		}
		e.hidden = e.hidden && e.rule != nil
		if e.rule != nil {
			f(e)
		}
	}
}

// mostTaken is how much of the page's prose all elements of a rule may hold
// together.
func mostTaken(r *clean.DOMRule) float64 {
	switch r.Kind {
	case clean.Comments:
		return 0.97
	case clean.Related, clean.Sidebar:
		return 0.7
	}
	return 0.1 + 1.5*r.Most
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

// frames reports whether elements that a rule recognises may be the frame of a
// quoted post or of a table of results.
func frames(r *clean.DOMRule) bool {
	return r.Kind == clean.Share || r.Kind == clean.Sidebar || r.Kind == clean.Banner || r.Kind == clean.Video
}

// holdsContent reports whether a small element frames a quotation or a table.
func holdsContent(n *html.Node, depth int) bool {
	if n.DataAtom == atom.Table || n.DataAtom == atom.Tr {
		return true
	}
	for c := n.FirstChild; c != nil && depth < 6; c = c.NextSibling {
		if c.DataAtom == atom.Blockquote || c.Type == html.ElementNode && holdsContent(c, depth+1) {
			return true
		}
	}
	return false
}

// teaserRule is the verdict on teasers in a list, which no name gives away.
var teaserRule = clean.DOMRule{Kind: clean.Related, Name: "teaser-list"}

const (
	minTeasers   = 3
	maxTeaserLen = 700 // bytes of one teaser
)

// markTeasers recognises lists of teasers: three or more children of one
// element, each a linked headline with little text, that are most of it.
func (p *page) markTeasers(total int) {
	for i := range p.els {
		e := &p.els[i]
		if e.text < 60 || e.node.DataAtom == atom.P || e.node.DataAtom == atom.Ol && e.link*3 < e.text*2 {
			continue // a numbered list of sentences is text
		}
		teasers, others, prose := 0, 0, 0
		for c := i + 1; c < e.end; c = p.els[c].end {
			switch k := &p.els[c]; {
			case k.text == 0:
			case p.isTeaser(k):
				teasers++
				prose += k.prose
			default:
				others++
			}
		}
		if teasers < minTeasers || teasers < 3*others || float64(prose) > 0.85*float64(total) {
			continue
		}
		for c := i + 1; c < e.end; c = p.els[c].end {
			if k := &p.els[c]; k.rule == nil && (p.isTeaser(k) || k.text < 80) {
				k.rule = &teaserRule
			}
		}
	}
}

// isTeaser reports whether an element is one linked headline with a little text
// around it.
func (p *page) isTeaser(e *element) bool {
	if e.text > maxTeaserLen || e.last-e.first > 8 || e.last <= e.first || e.link < 15 {
		return false
	}
	headline, prose := 0, 0
	for i := e.first; i < e.last; i++ {
		b := &p.blocks[i]
		if b.words >= 3 && b.links*10 >= visibleLen(b.text)*9 || b.linked && b.nlinks <= 2 && b.words <= 80 && e.last-e.first <= 2 {
			headline++
		} else if b.prose {
			prose++
		}
	}
	return headline >= 1 && prose <= 2
}
