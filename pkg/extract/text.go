package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// maxTextLines bounds how many lines of plain text are looked at.
const maxTextLines = 50_000

// FromText cleans plain text that another program took from a page: it joins
// hard-wrapped lines, tells the headline from the body, and drops furniture by
// the same rules as [Extract]. Datelines and attribution tails leave the text
// whatever [Options.AsPrinted] says. Where id is a URL, the article has its address
// and the id that goes with it; else id is the article's id. Errors wrap
// [ErrEmpty].
func FromText(id, text string, o Options) (*Result, error) {
	var warnings []string
	if fixed, ok := textnorm.Repair(text); ok {
		text, warnings = fixed, []string{"charset: twice decoded text repaired"}
	}
	blocks := textBlocks(text)
	if len(blocks) == 0 {
		return nil, fail(id, ErrEmpty)
	}
	a := article.Article{ID: id, Access: article.Full, Kind: article.KindArticle, Normalizer: Version, Warnings: warnings}
	if canonical, err := weburl.Canonical(id); err == nil {
		a.URL, a.CanonicalURL, a.Site, a.ID = id, canonical, weburl.Site(canonical), article.ID(canonical)
	}
	takeHeadline(&a, blocks)
	blocks = labelText(&a, blocks)
	finishBody(&a, blocks)
	datelineDate(&a)
	a.Language = detectLanguage("", "", a.Text)
	a.ContentHash = article.ContentHash(a.Title, a.Text)
	return result(&a, blocks, o), nil
}

// textLine is one line of the text as it came.
type textLine struct {
	text   string
	item   bool
	before bool // a blank line stands before it
}

// textBlocks cuts text into lines and joins those that a paragraph was broken
// into.
func textBlocks(text string) []block {
	lines := textLines(text)
	gaps := 0
	for _, l := range lines {
		if l.before {
			gaps++
		}
	}
	spaced := gaps*2 > len(lines) // paragraphs are set apart by blank lines
	var out []block
	var parts []string // the lines of the last block
	finish := func() {
		if len(parts) > 1 {
			out[len(out)-1].text = strings.Join(parts, " ")
		}
	}
	wrapped := false // the paragraph before is hard-wrapped
	for i, l := range lines {
		if i > 0 && !l.before && !l.item {
			prev := &out[len(out)-1]
			broken := !endsSentence(parts[len(parts)-1]) && startsLower(l.text)
			if broken || wrapped && spaced && prev.words > 8 && !looksLikeFurniture(l.text) {
				parts = append(parts, l.text)
				prev.words += textnorm.Words(l.text)
				wrapped = true
				continue
			}
		}
		wrapped = false
		finish()
		parts = append(parts[:0], l.text)
		b := block{text: l.text, words: textnorm.Words(l.text), kind: article.Paragraph, start: l.before}
		if l.item {
			b.kind = article.ListItem
		}
		out = append(out, b)
	}
	finish()
	for i := range out {
		out[i].prose = readsLikeProse(&out[i])
	}
	return out
}

func textLines(text string) []textLine {
	var lines []textLine
	blank := true
	for raw := range strings.Lines(text) {
		t := textnorm.String(raw)
		if t == "" {
			blank = true
			continue
		}
		l := textLine{text: t, before: blank}
		indent := len(raw) - len(strings.TrimLeft(raw, " \t"))
		if item, ok := cutBullet(t); ok {
			l.text, l.item = item, true
		} else if indent >= 2 {
			l.item = true
		}
		lines = append(lines, l)
		blank = false
		if len(lines) == maxTextLines {
			break
		}
	}
	return lines
}

// cutBullet removes the bullet of a list item.
func cutBullet(s string) (string, bool) {
	for _, b := range []string{"• ", "· ", "▪ ", "◦ ", "* ", "- ", "– ", "‣ ", "■ ", "● "} {
		if rest, ok := strings.CutPrefix(s, b); ok {
			return rest, true
		}
	}
	return s, false
}

func looksLikeFurniture(text string) bool {
	l := clean.NewLine(text)
	return clean.Match(&l).Dropped()
}

func startsLower(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}

// takeHeadline finds the headline among the first lines: a line without a full
// stop above the first paragraph, or one that is repeated there.
func takeHeadline(a *article.Article, blocks []block) {
	for i := range blocks {
		b := &blocks[i]
		if b.prose && endsSentence(b.text) {
			return
		}
		if b.kind == article.ListItem || b.words < 3 || b.words > 25 || looksLikeFurniture(b.text) {
			continue
		}
		if repeat := repeatedBelow(blocks, i); repeat != "" {
			a.Title = repeat
			a.Publisher = siteAfter(b.text, repeat)
			return
		}
		if i == 0 && !endsSentence(b.text) || i == 0 && strings.HasSuffix(b.text, "?") {
			a.Title = b.text
			return
		}
	}
}

// siteAfter returns the name of the site that follows the headline in a title,
// "The bridge falls - The Herald", or "".
func siteAfter(text, title string) string {
	if len(text) <= len(title) || !strings.EqualFold(text[:len(title)], title) {
		return ""
	}
	rest := strings.TrimSpace(text[len(title):])
	name := strings.TrimLeft(rest, "-–—|: ")
	if name == rest || textnorm.Words(name) > 6 {
		return ""
	}
	return name
}

// repeatedBelow returns the line below line i that says the same without the
// site's name or the breadcrumb around it, or "".
func repeatedBelow(blocks []block, i int) string {
	own := clean.Fold(blocks[i].text)
	for j := i + 1; j < min(len(blocks), i+8); j++ {
		other := clean.Fold(blocks[j].text)
		if len(other) >= 12 && strings.Contains(own, other) && !endsSentence(blocks[j].text) {
			return blocks[j].text
		}
	}
	return ""
}

// labelText decides what of plain text is furniture, and cuts lines that hold
// several pieces of it.
func labelText(a *article.Article, blocks []block) []block {
	blocks = splitOrigin(a, splitHeader(a, blocks))
	lines, verdicts := matchLines(blocks)
	clean.Context(a.Title, true, lines, verdicts)
	for i := range blocks {
		blocks[i].Verdict = verdicts[i]
	}
	blocks = splitCredits(a, blocks)
	noteText(a, blocks)
	for i := range blocks {
		blocks[i].kept = !blocks[i].Dropped()
	}
	return blocks
}

// matchLines applies the line rules to blocks, from the top: what counts as
// above the lead depends on what was dropped before.
func matchLines(blocks []block) ([]clean.Line, []clean.Verdict) {
	lines, verdicts := make([]clean.Line, len(blocks)), make([]clean.Verdict, len(blocks))
	lastProse := -1
	for i := range blocks {
		if blocks[i].prose && !blocks[i].Dropped() {
			lastProse = i
		}
	}
	seen := false
	for i := range blocks {
		b := &blocks[i]
		l := clean.NewLine(b.text)
		l.Words = b.words
		l.Head, l.Tail = !seen, i >= lastProse
		l.Links = b.links > 0
		l.Linked = b.links*10 >= len(b.text)*8 && b.links > 0
		l.Bold, l.Heading, l.Quote, l.Item = b.bold, b.level > 0, b.kind == article.Quote, b.kind == article.ListItem || b.cell
		lines[i], verdicts[i] = l, b.Verdict
		switch {
		case verdicts[i].Dropped():
		case b.words == 0:
			verdicts[i] = clean.Verdict{Kind: clean.Navigation, Rule: "no-words"}
		default:
			verdicts[i] = clean.Match(&lines[i])
		}
		seen = seen || b.prose && !verdicts[i].Dropped()
	}
	matchTail(blocks, lines, verdicts, lastProse)
	return lines, verdicts
}

// maxTailSteps bounds how many paragraphs from the end on may be furniture.
const maxTailSteps = 12

// matchTail goes on where the last paragraph was furniture: the one above it is
// the last then, and what stands between them is below the text, too.
func matchTail(blocks []block, lines []clean.Line, verdicts []clean.Verdict, last int) {
	for range maxTailSteps {
		if last < 0 || !verdicts[last].Dropped() {
			return
		}
		for last--; last >= 0; last-- {
			if verdicts[last].Dropped() {
				continue
			}
			lines[last].Tail = true
			verdicts[last] = clean.Match(&lines[last])
			if blocks[last].prose {
				break
			}
		}
	}
}
