package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/textnorm"
)

// lineInfo says how a line of a block is set; a line ends at a <br> or with its
// block. Counts are bytes without spaces.
type lineInfo struct {
	text, links, bold, italic int
	nlinks                    int
	el                        int // the innermost element that holds all of it, -1 if none
}

// paragraph is one or more lines that belong together.
type paragraph struct {
	text string
	info lineInfo
}

// common returns the innermost element that holds both a and b; -1 stands for
// no element at all.
func (p *page) common(a, b int) int {
	if a < 0 {
		return b
	}
	for a != b && a >= 0 && b >= 0 {
		if a > b { // elements come after those that hold them
			a = p.els[a].parent
		} else {
			b = p.els[b].parent
		}
	}
	return max(a, 0)
}

// join adds a line to the paragraph that it continues; its text comes later.
func (p *page) join(para *paragraph, l lineInfo) {
	para.info.text += l.text
	para.info.bold += l.bold
	para.info.italic += l.italic
	para.info.el = p.common(para.info.el, l.el)
}

// wrappedLine is how long a line is, in bytes, that may have been broken for
// its length alone.
const wrappedLine = 50

// continues reports whether a line after a <br> goes on with the sentence above:
// not where the two are set differently, each in an element of its own.
// tail is the line above, size the length of its paragraph.
func (p *page) continues(above *paragraph, tail string, size int, text string, l lineInfo) bool {
	switch {
	case endsSentence(tail):
		return false
	case startsLower(text):
		return true
	case size < wrappedLine:
		return false
	}
	if r, _ := utf8.DecodeRuneInString(text); !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '"' || strings.HasSuffix(tail, ":") || strings.HasSuffix(tail, ",") {
		return true
	}
	c := p.common(above.info.el, l.el)
	apart := c != above.info.el && c != l.el
	wasBold, isBold := above.info.bold*10 >= above.info.text*9, l.bold*10 >= l.text*9
	return !apart && wasBold == isBold
}

// splitBreaks cuts the text of a block at its <br>: two of them, or one after
// the end of a sentence, end a paragraph; one in the middle of a sentence is a
// space. Preformatted text keeps its lines.
func (p *page) splitBreaks(raw string, lines []lineInfo) []paragraph {
	if p.inline.pre > 0 {
		if t := strings.Trim(raw, "\n\r"); strings.TrimSpace(t) != "" {
			return []paragraph{{text: strings.TrimRight(t, " \t\n"), info: lines[0]}}
		}
		return nil
	}
	if strings.IndexByte(raw, '\n') < 0 {
		t := textnorm.String(raw)
		if t == "" {
			return nil
		}
		p.paras = append(p.paras[:0], paragraph{t, lines[0]})
		return p.paras
	}
	out := p.paras[:0]
	var parts []string // the lines of the paragraph at the end of out
	size, gap := 0, true
	finish := func() {
		if len(parts) > 1 {
			out[len(out)-1].text = strings.Join(parts, " ")
		}
	}
	for i, line := 0, ""; raw != ""; i++ {
		line, raw, _ = strings.Cut(raw, "\n")
		t := textnorm.String(line)
		if t == "" {
			gap = true
			continue
		}
		l := lines[min(i, len(lines)-1)]
		if !gap && p.continues(&out[len(out)-1], parts[len(parts)-1], size, t, l) {
			p.join(&out[len(out)-1], l)
			parts, size = append(parts, t), size+1+len(t)
		} else {
			finish()
			out = append(out, paragraph{t, l})
			parts, size = append(parts[:0], t), len(t)
		}
		gap = false
	}
	finish()
	p.paras = out
	return out
}
