package extract

import (
	"bytes"
	"html"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/htmltree"
)

const (
	// hardlyAny is up to how many bytes of text a page shows hardly any.
	hardlyAny = 400
	// rescueFactor is how many times as long a text must be to stand in for the one
	// that the page shows.
	rescueFactor = 3
)

// rescue looks for the article where the page does not show it: in its JSON-LD,
// below noscript, in the data of its programs. It is tried on pages that show
// hardly any text, and appends what it finds to the page's blocks. It returns
// the element that holds the article.
func (p *page) rescue(a *article.Article, body int, m *meta, doc *htmltree.Document, source []byte) int {
	shown := 0
	for i := range p.blocks {
		if p.blocks[i].kept {
			shown += len(p.blocks[i].text)
		}
	}
	enough := max(hardlyAny, rescueFactor*shown)
	free := m.ld.Free == nil || *m.ld.Free
	if free && len(m.ld.Body) >= enough {
		if i := p.adopt(a, m, paragraphs(m.ld.Body), enough); i >= 0 {
			return i
		}
	}
	if shown >= hardlyAny || !free {
		return body
	}
	if bytes.Contains(source, []byte("<noscript")) {
		source = bytes.ReplaceAll(bytes.ReplaceAll(source, []byte("<noscript"), []byte("<div")), []byte("</noscript"), []byte("</div"))
		if i := p.adopt(a, m, string(source), enough); i >= 0 {
			return i
		}
	}
	if text := articleInState(doc.State); text != "" {
		if i := p.adopt(a, m, text, enough); i >= 0 {
			return i
		}
	}
	return body
}

// paragraphs makes HTML of plain text, line by line; what has markup stays.
func paragraphs(text string) string {
	if strings.Contains(text, "<p") || strings.Contains(text, "<br") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("<p>" + html.EscapeString(line) + "</p>")
	}
	return b.String()
}

// adopt takes the text of another source in place of the page's own, where it
// makes at least enough bytes, and returns the element that holds it; -1 where
// it does not.
func (p *page) adopt(a *article.Article, m *meta, source string, enough int) int {
	other := buildPage(htmltree.Parse([]byte(source)).Root)
	standfirst, dateline := a.Standfirst, a.Dateline
	body := other.chooseBody("")
	other.label(a, body, m)
	size := 0
	for i := range other.blocks {
		if other.blocks[i].kept {
			size += len(other.blocks[i].text)
		}
	}
	if size < enough {
		a.Standfirst, a.Dateline = standfirst, dateline
		return -1
	}
	for i := range p.blocks {
		if b := &p.blocks[i]; b.kept {
			b.kept, b.Verdict = false, clean.Verdict{Kind: clean.Notice, Rule: "shown-instead-of-text"}
		}
	}
	els, blocks := len(p.els), len(p.blocks)
	for _, e := range other.els {
		if e.parent >= 0 {
			e.parent += els
		}
		e.end, e.first, e.last = e.end+els, e.first+blocks, e.last+blocks
		p.els = append(p.els, e)
	}
	for _, b := range other.blocks {
		b.el += els
		p.blocks = append(p.blocks, b)
	}
	return els + body
}
