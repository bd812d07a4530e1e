package extract

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

const (
	// maxSignup is how much text, in bytes, a box around a form may hold.
	maxSignup = 500
	// maxCaption is the same for a box around a picture.
	maxCaption = 400
	// captionShare is the largest part of the prose of a page that such a box may
	// hold, as a divisor.
	captionShare = 5
	// minPicture is how wide and high a picture is, in pixels, that has a caption.
	minPicture = 40
	// maxInside bounds how many nodes of a box are looked at.
	maxInside = 60
)

// signupRule is the verdict on boxes that ask for the reader's address.
var signupRule = clean.DOMRule{Kind: clean.Newsletter, Name: "asks-for-address", Most: 0.3}

// markSignups recognises boxes in which a little text stands beside a form with
// a field for a mail address, and nothing else: no name gives them away.
func (p *page) markSignups() {
	for i := range p.els {
		form := &p.els[i]
		if form.node.DataAtom != atom.Form || form.parent < 0 || !asksForAddress(form.node) {
			continue
		}
		if box := &p.els[form.parent]; box.text <= maxSignup && box.rule == nil && !isRoot(box.node.DataAtom) {
			box.rule = &signupRule
		}
	}
}

func isRoot(a atom.Atom) bool {
	return a == atom.Body || a == atom.Main || a == atom.Article || a == atom.Html
}

func asksForAddress(form *html.Node) bool {
	found := false
	inside(form, func(n *html.Node) {
		found = found || n.DataAtom == atom.Input && strings.EqualFold(attr(n, "type"), "email")
	})
	return found
}

// inside calls f for the first elements that n holds.
func inside(n *html.Node, f func(*html.Node)) {
	left := maxInside
	for d := range n.Descendants() {
		if left--; left < 0 {
			return
		}
		if d.Type == html.ElementNode {
			f(d)
		}
	}
}

// stepsShare is how much of the prose of a page may stand in boxes with
// pictures, as a divisor: more are the steps of a recipe.
const stepsShare = 4

// markPictures recognises the caption of a picture by their box alone: an
// element that holds a picture and a few words, which are no paragraph of their
// own. total is the prose of the page.
func (p *page) markPictures(total int) {
	var boxes []*element
	prose := 0
	for i := range p.els {
		e := &p.els[i]
		switch e.node.DataAtom {
		case atom.Td, atom.Div, atom.Span, atom.Center: //nolint:misspell // the element
		default:
			continue
		}
		if e.text == 0 || e.text > maxCaption || e.text*captionShare > total || e.link*3 > e.text || e.last-e.first > 4 || !holdsPicture(e.node) || p.holdsParagraph(e) {
			continue
		}
		if n := len(boxes); n == 0 || boxes[n-1].last <= e.first { // an inner box holds the same text
			prose += e.prose
		}
		boxes = append(boxes, e)
	}
	for _, e := range boxes {
		for k := e.first; k < e.last; k++ {
			if b := &p.blocks[k]; !b.Dropped() && (!b.prose || prose*stepsShare <= total) {
				b.Verdict = clean.Verdict{Kind: clean.Caption, Rule: "beside-picture"}
			}
		}
	}
}

// holdsParagraph reports whether a text of e is marked up as one, or as a
// heading, an item or a quotation.
func (p *page) holdsParagraph(e *element) bool {
	for k := e.first; k < e.last; k++ {
		b := &p.blocks[k]
		if b.level > 0 || p.els[b.el].node.DataAtom == atom.P || b.kind != article.Paragraph {
			return true
		}
	}
	return false
}

// holdsPicture reports whether an element holds one picture that is no ornament.
func holdsPicture(n *html.Node) bool {
	pictures := 0
	inside(n, func(d *html.Node) {
		if d.DataAtom == atom.Img && atLeast(attr(d, "width"), minPicture) && atLeast(attr(d, "height"), minPicture) {
			pictures++
		}
	})
	return pictures == 1
}

// atLeast reports whether a size in pixels is at least n, or not known.
func atLeast(size string, n int) bool {
	have, err := strconv.Atoi(strings.TrimSuffix(size, "px"))
	return err != nil || have >= n
}

// holdsImage reports whether an element holds any picture.
func holdsImage(n *html.Node) bool {
	found := false
	inside(n, func(d *html.Node) {
		found = found || d.DataAtom == atom.Img || d.DataAtom == atom.Picture || d.DataAtom == atom.Figure || d.DataAtom == atom.Video
	})
	return found
}

// minArticle is from how much prose on, in bytes, an element with a headline is
// an article.
const minArticle = 400

// markOtherArticles drops the articles that follow the page's own, for readers
// who scroll on: each stands in an article element with a main headline.
func (p *page) markOtherArticles() {
	own := false
	for i := 0; i < len(p.els); i++ {
		e := &p.els[i]
		if e.node.DataAtom != atom.Article || e.prose < minArticle || e.hidden || !p.startsWithHeadline(e) {
			continue
		}
		if own {
			for k := e.first; k < e.last; k++ {
				if b := &p.blocks[k]; !b.Dropped() {
					b.Verdict = clean.Verdict{Kind: clean.Related, Rule: "another-article"}
				}
			}
		}
		own = true
		i = e.end - 1
	}
}

// headlineReach is how many blocks may stand above the headline of an article.
const headlineReach = 6

func (p *page) startsWithHeadline(e *element) bool {
	for k := e.first; k < min(e.last, e.first+headlineReach); k++ {
		if p.blocks[k].level == 1 {
			return true
		}
	}
	return false
}
