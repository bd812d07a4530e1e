package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// standfirstWords are words of a class that name the standfirst.
var standfirstWords = []string{"standfirst", "dek", "subtitle", "sub-title", "subheadline", "sub-headline", "subheading", "deck", "chapo", "vorspann", "bajada", "copete", "entradilla", "sommario", "occhiello", "article-summary", "article-lead-in", "kicker-text", "headline-sub", "excerpt", "description", "p-summary"}

// setApart reports whether block i is set in its own way all through and also
// called the lead, or stands below the headline: many pages do one of the two to
// the first paragraph.
func (p *page) setApart(a *article.Article, i int) bool {
	b := &p.blocks[i]
	return (b.bold || b.italic) && (hasClassWord(p.els[b.el].node, leadWords) || i > 0 && clean.Fold(p.blocks[i-1].text) == clean.Fold(a.Title))
}

// leadWords are words of a class that name the standfirst or else the first
// paragraph.
var leadWords = []string{"lead", "lede", "intro", "summary", "p-summary", "teaser", "preamble", "ingress", "anlauf", "anleser"}

// takeStandfirst finds the standfirst: the text between the headline and the
// body that the page calls so, or that its description repeats.
func (p *page) takeStandfirst(a *article.Article, first, last int, m *meta) {
	described := clean.Fold(m.description())
	for i := max(0, first-12); i < min(last, first+8) && i < len(p.blocks); i++ {
		b := &p.blocks[i]
		if b.words < 5 || b.words > 90 || b.figure || b.Kind == clean.Caption || clean.Fold(b.text) == clean.Fold(a.Title) {
			continue
		}
		named := hasClassWord(p.els[b.el].node, standfirstWords) || p.els[b.el].parent >= 0 && hasClassWord(p.els[p.els[b.el].parent].node, standfirstWords)
		same := described != "" && sameStart(clean.Fold(b.text), described)
		if named || same && (b.level > 1 && i < first+4 || i < first) || i < first+4 && p.setApart(a, i) && clean.Fold(b.text) == described {
			a.Standfirst = b.text
			b.Verdict = clean.Verdict{Kind: clean.Standfirst, Rule: "standfirst"}
			return
		}
		if b.prose && !b.Dropped() && i >= first {
			break
		}
	}
	if p.takeBelowHeadline(a, first, last) {
		return
	}
	if d := m.description(); d != "" && a.Standfirst == "" {
		a.Standfirst = d
	}
}

// headlineAbove is how many blocks above the body its headline may stand.
const headlineAbove = 30

// takeBelowHeadline finds the standfirst of a page whose markup does not name
// it: the first prose below the headline, outside the body or the piece that
// holds most of it.
func (p *page) takeBelowHeadline(a *article.Article, first, last int) bool {
	title, below := clean.Fold(a.Title), false
	for i := max(0, first-headlineAbove); i < min(last, first+standfirstReach); i++ {
		b := &p.blocks[i]
		if b.level == 1 || title != "" && len(b.text) < 2*len(a.Title) && clean.Fold(b.text) == title {
			below = true
			continue
		}
		if !below || !b.prose || b.words < standfirstWordsMin || b.figure || b.Dropped() && b.Rule != "beside-body" {
			continue
		}
		if i >= first && !b.Dropped() || b.words > maxStandfirst || b.links > 0 {
			return false
		}
		a.Standfirst = b.text
		b.Verdict = clean.Verdict{Kind: clean.Standfirst, Rule: "standfirst"}
		return true
	}
	return false
}

// standfirstWordsMin is how many words a standfirst has at least that nothing
// but its place gives away.
const standfirstWordsMin = 10

// maxAboveByline is how many blocks may stand between the headline and the
// byline.
const maxAboveByline = 2

// takeLineBelowTitle finds the standfirst of a page whose markup says nothing:
// what stands between the headline and a line with the date or the author.
func (p *page) takeLineBelowTitle(a *article.Article, first, last int) {
	title := clean.Fold(a.Title)
	for i := max(0, first-8); i < min(last, first+6) && title != ""; i++ {
		if clean.Fold(p.blocks[i].text) != title {
			continue
		}
		for j := i + 1; j < min(last, i+2+maxAboveByline); j++ {
			l := clean.NewLine(p.blocks[j].text)
			l.Head = true
			if v := clean.Match(&l); v.Rule != "dated-byline" {
				if l.Words > maxStandfirst {
					break
				}
				continue
			}
			for k := i + 1; k < j; k++ {
				if b := &p.blocks[k]; !b.Dropped() {
					b.Verdict = clean.Verdict{Kind: clean.Standfirst, Rule: "between-title-and-byline"}
					a.Standfirst = b.text
				}
			}
			return
		}
	}
}

// maxStandfirst is how many words a standfirst has at most.
const maxStandfirst = 60

const (
	// standfirstWordsKept is from how many words on a standfirst is a paragraph that
	// says something, and not a second headline.
	standfirstWordsKept = 20
	// newWordsKept is how many of its words must stand nowhere in the body for it to
	// say what the body does not.
	newWordsKept = 2
	// minNewWord is how long such a word is, in characters.
	minNewWord = 4
)

// keepStandfirst puts the standfirst back at the head of the body
// blocks[first:last] where it is more than a restatement: facts that stand
// nowhere else in the text.
func (p *page) keepStandfirst(first, last int) {
	folded := ""
	for i := max(0, first-standfirstReach); i < min(last, first+standfirstReach); i++ {
		b := &p.blocks[i]
		if b.Kind != clean.Standfirst || b.Rule != "standfirst" || b.words < standfirstWordsKept {
			continue
		}
		if folded == "" {
			folded = p.foldKept(first, last)
		}
		if newWords(b.text, folded) >= newWordsKept {
			b.Verdict, b.kept = clean.Verdict{}, true
		}
	}
}

// standfirstReach is how many blocks from the beginning of the body the
// standfirst may be.
const standfirstReach = 12

// foldKept returns the kept text of a range of blocks, reduced for comparison,
// with a space before and after each word.
func (p *page) foldKept(first, last int) string {
	var b strings.Builder
	b.WriteByte(' ')
	for i := first; i < last; i++ {
		if p.blocks[i].kept {
			b.WriteString(clean.Fold(p.blocks[i].text))
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// newWords counts the words of text that a folded text does not hold.
func newWords(text, folded string) int {
	n := 0
	for w := range strings.FieldsSeq(clean.Fold(text)) {
		if utf8.RuneCountInString(w) >= minNewWord && !strings.Contains(folded, " "+w+" ") {
			n++
		}
	}
	return n
}
