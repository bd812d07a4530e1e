package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/clean"
)

const (
	// minLiveEntries is how many entries a live blog has at least.
	minLiveEntries = 3
	// minLiveIntro is how much prose, in bytes, must stand above the entries of a
	// live blog for it to be the article and them its updates.
	minLiveIntro = 250
)

// dropLiveEntries drops the entries of a live blog below an article. It is for
// pages that say that they are both: the article is what stands above the
// entries, which are short articles of their own, newest first, each with its
// time. On a page that is a live blog and nothing else they are the text.
func (p *page) dropLiveEntries(body int) {
	entries := p.liveEntries(body)
	if len(entries) < minLiveEntries {
		return
	}
	first, last := p.els[entries[0]].first, p.els[entries[len(entries)-1]].last
	intro := 0
	for i := p.els[body].first; i < first; i++ {
		if b := &p.blocks[i]; b.prose && !b.Dropped() {
			intro += len(b.text)
		}
	}
	if intro < minLiveIntro {
		return
	}
	for i := first; i < last; i++ {
		if b := &p.blocks[i]; !b.Dropped() {
			b.Verdict = clean.Verdict{Kind: clean.Related, Rule: "live-entry"}
		}
	}
}

// liveEntries returns the largest group of children of one element in the body
// that have the same form, a time and prose, in page order.
func (p *page) liveEntries(body int) []int {
	var best []int
	for e := body; e < p.els[body].end; e++ {
		if p.els[e].prose < minLiveIntro || p.els[e].hidden {
			continue
		}
		var group []int
		for c := e + 1; c < p.els[e].end; c = p.els[c].end {
			k := &p.els[c]
			if k.prose == 0 || k.hidden || len(group) > 0 && !alike(k.node, p.els[group[0]].node) {
				continue
			}
			if stamped(k.node) {
				group = append(group, c)
			}
		}
		if len(group) > len(best) {
			best = group
		}
	}
	return best
}

// alike reports whether two elements have the same tag and class.
func alike(a, b *html.Node) bool {
	return a.DataAtom == b.DataAtom && attr(a, "class") == attr(b, "class")
}

// stamped reports whether an element says when it was published, in an
// attribute or in a time element at its head.
func stamped(n *html.Node) bool {
	for i := range n.Attr {
		if a := &n.Attr[i]; strings.HasPrefix(a.Key, "data-") && strings.Contains(a.Key, "time") && len(a.Val) >= 8 {
			return true
		}
	}
	found := false
	inside(n, func(d *html.Node) { found = found || d.DataAtom == atom.Time })
	return found
}
