package extract

import (
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

const (
	// minWitness is from how many bytes on the article's text in the page's data
	// is listened to.
	minWitness = 400
	// witnessShare is how much of the body, in percent, it must hold to be the whole
	// text and no excerpt of it.
	witnessShare = 80
	// witnessProbes is how many pieces of a paragraph are looked up in it, and
	// witnessPart how long they are, in bytes.
	witnessProbes = 5
	witnessPart   = 32
	// maxAttested bounds how many paragraphs are looked up.
	maxAttested = 2000
)

// foldWitness reduces the text of the article that the page carries as data, for
// comparison; "" where it is too short to say anything.
func foldWitness(text string) string {
	if len(text) < minWitness/2 {
		return ""
	}
	return clean.Fold(text)
}

// attested reports whether a folded text holds any of several pieces of a block.
func attested(witness, text string) bool {
	folded := clean.Fold(text)
	for k := range witnessProbes {
		at := cutRune(folded, k*max(0, len(folded)-witnessPart)/(witnessProbes-1))
		if strings.Contains(witness, folded[at:cutRune(folded, at+witnessPart)]) {
			return true
		}
	}
	return false
}

// dropUnattested drops paragraphs that the article's text in the page's data
// lacks, where it has nearly all the others. It may lack headings, lists and
// quotations.
func dropUnattested(blocks []block, witness string) {
	if len(witness) < minWitness {
		return
	}
	said, all := 0, 0
	var missing []int
	for i := range min(len(blocks), maxAttested) {
		b := &blocks[i]
		if b.Dropped() || b.kind != article.Paragraph {
			continue
		}
		all += len(b.text)
		if attested(witness, b.text) {
			said += len(b.text)
		} else if said > 0 || !b.prose { // the lead may be missing
			missing = append(missing, i)
		}
	}
	if said*100 < all*witnessShare {
		return
	}
	for _, i := range missing {
		blocks[i].Verdict = clean.Verdict{Kind: clean.Sidebar, Rule: "not-in-article-data"}
	}
}
