package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// sum fills in the totals of every element from its blocks.
func (p *page) sum() {
	for i := range p.blocks {
		b := &p.blocks[i]
		n := len(b.text)
		b.prose = readsLikeProse(b)
		for e := b.el; e >= 0; e = p.els[e].parent {
			p.els[e].text += n
			p.els[e].link += b.links
			if b.prose {
				p.els[e].prose += n
			}
		}
	}
}

// readsLikeProse tells a paragraph from labels, links and teasers by its length,
// its links and its sentences.
func readsLikeProse(b *block) bool {
	if b.level > 0 || b.words < 8 && len(b.text) < 60 {
		return false
	}
	if b.links*3 > len(b.text) {
		return false
	}
	return endsSentence(b.text) || b.words >= 20 || strings.ContainsAny(b.text, ".。،।") && b.words >= 12
}

func findFirst(n *html.Node, a atom.Atom) *html.Node {
	if n.Type == html.ElementNode && n.DataAtom == a {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if a == atom.Body && n.DataAtom == atom.Head {
			return nil
		}
		if f := findFirst(c, a); f != nil {
			return f
		}
	}
	return nil
}

func hasAttr(n *html.Node, key string) bool {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			return true
		}
	}
	return false
}

func attr(n *html.Node, key string) string {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			return n.Attr[i].Val
		}
	}
	return ""
}
