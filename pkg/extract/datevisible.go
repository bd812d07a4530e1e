package extract

import (
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// seenDate is a date that a reader sees, and how much speaks for its being the
// one of the article.
type seenDate struct {
	textDate
	score int
	block int
}

const (
	// aboveTitle and belowTitle are how many blocks away from the headline a line
	// with the date may stand, where prose does not end the search before.
	aboveTitle = 3
	belowTitle = 14
	// belowEnd is the same for a line below the article.
	belowEnd = 16
	// maxTitles is how often a headline is looked for: pages repeat it.
	maxTitles = 4
	// maxSeen bounds the dates of a page that are compared.
	maxSeen = 200
)

// How much speaks for a date; wantSeen is enough to take it where nothing else
// gives one, sureSeen to set it against what the metadata say, sureLoose against
// what they say loosely, and plainSeen against all that they say.
const (
	leastSeen = -30 // for a date that no other stands beside
	wantSeen  = 10
	sureLoose = 25
	sureSeen  = 40
	plainSeen = 55
	// leadScore is the most for a date that a paragraph begins with: it may be
	// that of what the paragraph is about.
	leadScore = 20
)

// dateFinder looks for the dates that a page shows.
type dateFinder struct {
	page        *page
	order       dateOrder
	tokens      dateTokens
	titles      [maxTitles]int
	nt          int
	first, last int // blocks of the text that is kept; -1: none
	prose       int // the first of them that is prose
}

func newDateFinder(a *article.Article, p *page, order dateOrder) *dateFinder {
	f := &dateFinder{page: p, order: order, first: -1, last: -1, prose: -1}
	title := clean.Fold(a.Title)
	for i := range p.blocks {
		b := &p.blocks[i]
		if b.kept {
			if f.first < 0 {
				f.first = i
			}
			if b.prose && f.prose < 0 {
				f.prose = i
			}
			f.last = i
		}
		if f.nt < maxTitles && title != "" && f.prose < 0 && sameTitle(b, a.Title, title) {
			f.titles[f.nt] = i
			f.nt++
		}
	}
	return f
}

// sameTitle reports whether a block is the headline. Folding costs, so lengths
// are compared first.
func sameTitle(b *block, title, folded string) bool {
	if b.text == title {
		return true
	}
	if d := len(b.text) - len(title); d > 8 || d < -8 {
		return false
	}
	return clean.Fold(b.text) == folded
}

// near looks at the lines around the headline and below the text.
func (f *dateFinder) near(out []seenDate) []seenDate {
	next := 0 // blocks before it were looked at
	look := func(from, to int) {
		for i := max(from, next, 0); i < to && i < len(f.page.blocks) && len(out) < maxSeen; i++ {
			out = f.look(i, out)
			next = i + 1
		}
	}
	for k := range f.nt {
		look(f.titles[k]-aboveTitle, f.titles[k]+belowTitle)
	}
	if f.first >= 0 {
		look(f.first-belowTitle/2, f.prose+2)
		look(f.last-1, f.last+1+belowEnd)
	}
	return out
}

// all looks at every line of the page.
func (f *dateFinder) all(out []seenDate) []seenDate {
	for i := range f.page.blocks {
		if len(out) >= maxSeen {
			break
		}
		out = f.look(i, out)
	}
	return out
}

// look adds the dates of a block.
func (f *dateFinder) look(i int, out []seenDate) []seenDate {
	b := &f.page.blocks[i]
	if b.words > 40 && b.text[0] != '(' && digitValue(rune(b.text[0])) < 0 || !hasDigit(b.text) {
		return out // in a long paragraph only what it begins with counts
	}
	t := &f.tokens
	var buf [maxDates]textDate
	t.cut(b.text)
	dates := t.dates(f.order, buf[:0])
	if len(dates) == 0 {
		return out
	}
	others := t.others()
	place := f.place(i)
	for k := range dates {
		d := &dates[k]
		s := seenDate{textDate: *d, block: i, score: place}
		switch d.label {
		case wordPublished:
			s.score += 25
		case wordUpdated:
			s.score -= 25
		case wordCopyright:
			continue
		case wordEvent:
			s.score -= 40
		}
		switch {
		case others <= 1:
			s.score += 20
		case b.kept && d.label != wordPublished && !t.leads(d):
			s.score -= 25 // of something that the text tells
			if b.prose {
				s.score -= 15
			}
		case d.label != wordNone && others <= 12, others <= 6:
			s.score += 12
		case t.leads(d) && t.is(d.last, '|'):
			s.score += 12
		case b.prose && t.leads(d):
			s.score = min(s.score, leadScore)
		case others <= 14 && !b.prose:
		default:
			s.score -= 40
		}
		if i > f.last && f.last >= 0 && d.label == wordNone {
			s.score = min(s.score, leadScore) // others are listed below the text
		}
		if d.clock.last > 0 {
			s.score += 3
		}
		if d.label == wordNone && f.isTitle(i) {
			s.score -= 40 // what the article is about
		} else if d.label == wordNone && b.level > 0 {
			s.score -= 15
		}
		if b.links*2 > len(b.text) {
			s.score -= 15
		}
		if k > 0 && d.label == wordNone {
			s.score -= 5
		}
		out = append(out, s)
	}
	return out
}

// leads reports a date that a paragraph begins with, set off from its text.
func (t *dateTokens) leads(d *textDate) bool {
	for i := range d.first {
		if t.list[i].kind != '(' && t.class(i) != wordWeekday && !t.is(i, ',') {
			return false
		}
	}
	if d.last >= t.n {
		return true
	}
	k := t.list[d.last].kind
	return k != 'w' && k != 'n' && k != ','
}

func hasDigit(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' {
			return true
		} else if c >= 0xD9 && c <= 0xEF && i+2 < len(s) {
			if c == 0xD9 && s[i+1] >= 0xA0 && s[i+1] <= 0xA9 || c == 0xDB && s[i+1] >= 0xB0 && s[i+1] <= 0xB9 || c == 0xE0 && s[i+1] == 0xA5 || c == 0xE0 && s[i+1] == 0xA7 || c == 0xEF && s[i+1] == 0xBC {
				return true
			}
		}
	}
	return false
}

// place is what speaks for a date by where on the page it stands.
func (f *dateFinder) place(i int) int {
	score := -20
	title := -1 // the headline above, or below, that is nearest
	for k := range f.nt {
		switch d := i - f.titles[k]; {
		case d >= 0:
			title = f.titles[k]
			if d <= belowTitle && (f.prose < 0 || i <= f.prose || d <= 3) {
				score = max(score, 32-d)
			}
		case d >= -aboveTitle:
			score = max(score, 8+3*d)
		}
	}
	limit := 24
	if f.nt == 0 {
		limit = 14
	}
	if f.first >= 0 && (title >= 0 || f.nt == 0) {
		switch {
		case i >= f.first-belowTitle/2 && i < f.first:
			score = max(score, limit-(f.first-i))
		case i >= f.first && i <= f.prose:
			score = max(score, limit)
		case i > f.last && i <= f.last+belowEnd:
			score = max(score, 14-(i-f.last)/2)
		case i > f.first && i <= f.last:
			score = max(score, 2)
		}
	}
	return score + f.context(f.page.blocks[i].el)
}

// isTitle reports a block that is the headline.
func (f *dateFinder) isTitle(i int) bool {
	return slices.Contains(f.titles[:f.nt], i)
}

// maxContext bounds how many elements around a block are looked at.
const maxContext = 60

// context is what the elements around a block say of its date.
func (f *dateFinder) context(el int) int {
	score, marked := 0, false
	for n := 0; el >= 0 && n < maxContext; n++ {
		e := &f.page.els[el]
		if e.rule != nil {
			switch e.rule.Kind {
			case clean.Comments, clean.Related, clean.Sidebar, clean.Navigation, clean.Footer, clean.Advertisement, clean.Cookie:
				return score - 25
			}
		}
		if n < 3 && !marked {
			for i := range e.node.Attr {
				a := &e.node.Attr[i]
				switch {
				case a.Key != "class" && a.Key != "id" && a.Key != "itemprop":
				case foldContains(a.Val, "comment"), foldContains(a.Val, "event"):
					score -= 20
				case foldContains(a.Val, "date"), foldContains(a.Val, "publish"), foldContains(a.Val, "posted"), foldContains(a.Val, "datum"), foldContains(a.Val, "time"), foldContains(a.Val, "byline"):
					marked = true
				}
			}
		}
		el = e.parent
	}
	if marked {
		score += 12
	}
	return score
}

// foldContains is strings.Contains for words in small letters, whatever the
// case of s.
func foldContains(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
