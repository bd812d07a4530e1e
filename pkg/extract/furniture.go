package extract

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/clean"
)

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
