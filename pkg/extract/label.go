package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

func isBodyElement(n *html.Node) bool {
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "itemprop":
			if strings.Contains(a.Val, "articleBody") {
				return true
			}
		case "class", "id":
			for name := range strings.FieldsSeq(a.Val) {
				if bodyWords[strings.ToLower(strings.ReplaceAll(name, "_", "-"))] {
					return true
				}
			}
		}
	}
	return false
}

// label decides for every block of the body whether it is kept.
func (p *page) label(a *article.Article, body int, m *meta) {
	if len(p.els) == 0 {
		return
	}
	e := &p.els[body]
	blocks := p.blocks[e.first:e.last]
	p.takeStandfirst(a, e.first, e.last, m)
	p.takeLineBelowTitle(a, e.first, e.last)
	lines, verdicts := matchLines(blocks)
	clean.Context(a.Title, false, lines, verdicts)
	for i := range blocks {
		blocks[i].Verdict = verdicts[i]
	}
	p.dropSections(blocks)
	p.dropLinks(blocks)
	p.dropCaptions(blocks)
	keepCaptions(blocks)
	if m.ld.Live && m.ld.Type != "liveblogposting" {
		p.dropLiveEntries(body)
	}
	dropUnattested(blocks, foldWitness(m.ld.Body))
	trimEnds(blocks)
	keepDividers(blocks)
	for i := range blocks {
		blocks[i].kept = !blocks[i].Dropped()
	}
	p.keepStandfirst(e.first, e.last)
}

// dropSections drops what follows the heading of a box of links ("Related
// articles"): links and headlines up to the next paragraph of prose.
func (p *page) dropSections(blocks []block) {
	boxes := 0
	for i := range blocks {
		v := blocks[i].Verdict
		if v.Kind != clean.Related && v.Kind != clean.Newsletter || v.Rule != "related-heading" && v.Rule != "related-label" {
			continue
		}
		if boxes++; v.Rule == "related-heading" && blocks[i].level > 0 && boxes < maxBoxes {
			p.dropUnder(blocks, i)
		}
		for j := i + 1; j < len(blocks) && j < i+25; j++ {
			b := &blocks[j]
			if b.Dropped() {
				continue
			}
			if b.prose && b.links*4 < len(b.text) || b.level > 0 && b.links == 0 {
				break
			}
			if b.links*2 < len(b.text) && (b.words > 14 || endsSentence(b.text)) || b.links*5 < len(b.text)*4 && b.words > 20 && endsSentence(b.text) {
				break
			}
			b.Verdict = clean.Verdict{Kind: clean.Related, Rule: "under-related-heading"}
		}
	}
}

// maxBoxes bounds how many boxes of links are looked for below their headings.
const maxBoxes = 100

// minBeforeBox is how much prose, in bytes, must stand above a box that holds
// most of the text for it to be a box all the same.
const minBeforeBox = 300

// dropUnder drops what stands under the heading of a box of links in the same
// element, up to the next heading of its rank, unless that is most of the text.
func (p *page) dropUnder(blocks []block, i int) {
	parent := p.els[blocks[i].el].parent
	if parent < 0 {
		return
	}
	box := &p.els[parent]
	end, under, all := i+1, 0, 0
	for j := range blocks {
		if !blocks[j].Dropped() && blocks[j].prose {
			all += len(blocks[j].text)
		}
	}
	for ; end < len(blocks); end++ {
		b := &blocks[end]
		if el := b.el; el < parent || el >= box.end || b.level > 0 && b.level <= blocks[i].level && !b.Dropped() {
			break
		}
		if !b.Dropped() && b.prose {
			under += len(b.text)
		}
	}
	before := 0
	for j := range i {
		if !blocks[j].Dropped() && blocks[j].prose {
			before += len(blocks[j].text)
		}
	}
	if under*2 > all && before < minBeforeBox || !p.linky(blocks[i+1:end]) {
		return
	}
	for j := i + 1; j < end; j++ {
		if !blocks[j].Dropped() {
			blocks[j].Verdict = clean.Verdict{Kind: clean.Related, Rule: "under-related-heading"}
		}
	}
}

// linky reports whether blocks are teasers rather than prose: at least a third
// of them is a link.
func (p *page) linky(blocks []block) bool {
	links, all := 0, 0
	for i := range blocks {
		all++
		if blocks[i].links > 0 {
			links++
		}
	}
	return links*3 >= all
}

// dropLinks drops blocks that are links and nothing else: lists of them, and
// single ones that read like a headline.
func (p *page) dropLinks(blocks []block) {
	for i := range blocks {
		b := &blocks[i]
		if b.Dropped() || b.links == 0 {
			continue
		}
		linked := float64(b.links) / float64(visibleLen(b.text)+1)
		switch {
		case linked > 0.8 && b.nlinks >= 5:
			b.Verdict = clean.Verdict{Kind: clean.Tags, Rule: "many-links"}
		case linked > 0.9 && b.words >= 3 && (b.kind == article.ListItem || b.level > 0 || b.words <= 25):
			b.Verdict = clean.Verdict{Kind: clean.Related, Rule: "link-block"}
		case linked > 0.9 && b.words < 3:
			b.Verdict = clean.Verdict{Kind: clean.Tags, Rule: "link-word"}
		case linked > 0.6 && !endsSentence(b.text) && b.words <= 30:
			b.Verdict = clean.Verdict{Kind: clean.Related, Rule: "mostly-links"}
		}
	}
}

// dropCaptions drops what stands in a figure without being a quotation.
func (p *page) dropCaptions(blocks []block) {
	for i := range blocks {
		b := &blocks[i]
		if !b.Dropped() && b.figure && b.kind != article.Quote && !b.cell && b.words <= 80 && b.kind != article.Preformatted {
			b.Verdict = clean.Verdict{Kind: clean.Caption, Rule: "in-figure"}
		}
	}
}

// keepCaptions takes the verdict back where captions are the text: a series of
// pictures, each with its paragraph.
func keepCaptions(blocks []block) {
	captions, text, n := 0, 0, 0
	for i := range blocks {
		switch b := &blocks[i]; {
		case b.Kind == clean.Caption && b.prose:
			n++
			captions += len(b.text)
		case !b.Dropped() && b.prose:
			text += len(b.text)
		}
	}
	if n < minPictures || captions < captionsOverText*text {
		return
	}
	for i := range blocks {
		if b := &blocks[i]; b.Kind == clean.Caption && b.prose {
			b.Verdict = clean.Verdict{}
		}
	}
}

const (
	// minPictures is how many pictures with a paragraph make a series.
	minPictures = 5
	// captionsOverText is how many times as long as the text their paragraphs are
	// together.
	captionsOverText = 3
)

// trimEnds drops headings without text below them and the scraps before the
// first and after the last paragraph.
func trimEnds(blocks []block) {
	first, last := -1, -1
	for i := range blocks {
		if b := &blocks[i]; !b.Dropped() && b.prose {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	above := 0
	for i := 0; i < first; i++ {
		if !blocks[i].Dropped() {
			above++
		}
	}
	for i := 0; i < first && above <= maxTail; i++ {
		if b := &blocks[i]; !b.Dropped() && b.kind != article.ListItem && (b.level < 2 || i < first-1 || b.words < 2 || last-first < minSections) && (b.level > 0 || b.words <= 12 && (b.words < 4 || !endsSentence(b.text))) {
			b.Verdict = clean.Verdict{Kind: clean.Byline, Rule: "scrap-above-lead"}
		}
	}
	if last < 0 {
		return
	}
	left := 0
	for i := last + 1; i < len(blocks); i++ {
		if !blocks[i].Dropped() {
			left++
		}
	}
	for i := last + 1; i < len(blocks) && left <= maxTail; i++ {
		b := &blocks[i]
		if b.Dropped() {
			continue
		}
		if b.level > 0 || b.words < 5 && b.kind != article.ListItem && (b.words < 3 || !endsSentence(b.text)) {
			b.Verdict = clean.Verdict{Kind: clean.Navigation, Rule: "scrap-below-text"}
		}
	}
	// A heading directly above another heading, or above nothing, has lost its text.
	below := false
	for i := len(blocks) - 1; i >= 0; i-- {
		b := &blocks[i]
		if b.Dropped() {
			continue
		}
		if b.level > 0 && !below {
			b.Verdict = clean.Verdict{Kind: clean.SectionLabel, Rule: "heading-without-text"}
			continue
		}
		below = b.level == 0 || below
	}
}

// minSections is how many blocks a text has at least, below its first paragraph,
// whose first section has a heading.
const minSections = 3

// keepDividers takes back the lines of underscores that part the sections of a
// text: between two paragraphs they are neither furniture nor noise.
func keepDividers(blocks []block) {
	above, divider := false, -1
	for i := range blocks {
		b := &blocks[i]
		switch {
		case !b.Dropped():
			if above && divider >= 0 && b.level == 0 {
				blocks[divider].Verdict = clean.Verdict{}
			}
			above, divider = b.level == 0, -1
		case len(b.text) >= 3 && strings.Trim(b.text, "_") == "":
			divider = i
		}
	}
}

// maxTail is how many short lines may stand above the first paragraph or follow
// the last one and be scraps; more are a list.
const maxTail = 6

// sameStart reports whether one of two folded texts begins with the other.
func sameStart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) > 30 && strings.HasPrefix(b, a[:len(a)*9/10])
}

func hasClassWord(n *html.Node, words []string) bool {
	if n.DataAtom == atom.Body {
		return false
	}
	class := strings.ToLower(attr(n, "class"))
	if class == "" {
		return false
	}
	for _, w := range words {
		i := strings.Index(class, w)
		if i < 0 {
			continue
		}
		end := i + len(w)
		if (i == 0 || !letter(class[i-1])) && (end == len(class) || !letter(class[end])) {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }
