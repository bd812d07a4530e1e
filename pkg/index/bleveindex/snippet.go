package bleveindex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/index"
)

const (
	snippetWidth = 240     // columns of a snippet; a wide character takes two
	leadWidth    = 60      // columns before the first mark, at most
	maxMarked    = 1 << 17 // bytes of a text that are looked through for words
	maxMarks     = 1000    // marks that are weighed against each other
	ellipsis     = "…"
)

// marker finds the words of a query in what is shown of the hits.
type marker struct {
	units []*unit
	memos map[string]*memo // by language
}

func newMarker(p *plan) *marker { return &marker{units: p.must, memos: map[string]*memo{}} }

// found is a place where a unit stands.
type found struct {
	index.Span
	unit int
}

// mark fills in the snippet and the marks of a hit.
func (m *marker) mark(h *index.Hit) {
	r := &h.Record
	memo := m.memo(r.Language)
	for _, f := range m.find(r.Title, memo) {
		h.TitleMarks = append(h.TitleMarks, f.Span)
	}
	h.TitleMarks = merge(h.TitleMarks)
	text := r.Text
	marks := m.find(text, memo)
	if r.Standfirst != "" {
		if lead := m.find(r.Standfirst, memo); text == "" || distinct(lead) > distinct(marks) {
			text, marks = r.Standfirst, lead
		}
	}
	h.Snippet, h.Marks = snippet(text, marks)
}

func (m *marker) memo(language string) *memo {
	s, ok := stemmerOf(language)
	if !ok {
		return nil
	}
	if m.memos[s.lang] == nil {
		m.memos[s.lang] = newMemo(s)
	}
	return m.memos[s.lang]
}

// find returns where the units stand in a text, in order.
func (m *marker) find(text string, memo *memo) []found {
	if len(m.units) == 0 || text == "" {
		return nil
	}
	if len(text) > maxMarked {
		text = text[:maxMarked]
	}
	var out []found
	byPos := map[int][]token{}
	tokenize(text, func(t token) {
		for i, u := range m.units {
			if u.isWord() {
				if u.is(t, memo) {
					out = append(out, found{index.Span{Start: t.start, End: t.end}, i})
				}
			} else if u.tokens[0].term == t.term || u.inside(t.term) {
				byPos[t.pos] = append(byPos[t.pos], t)
			}
		}
	})
	for i, u := range m.units {
		if !u.isWord() {
			out = append(out, u.places(byPos, i)...)
		}
	}
	sortFound(out)
	return out[:min(len(out), maxMarks)]
}

// is reports whether a token of a text is the word.
func (u *unit) is(t token, memo *memo) bool {
	if u.tokens[0].term == t.term {
		return true
	}
	if memo == nil || t.gram != noGram || len(u.stems) == 0 {
		return false
	}
	stem := memo.term(t.lower)
	for _, s := range u.stems {
		if s == stem {
			return true
		}
	}
	return false
}

// inside reports whether a term is one of the phrase.
func (u *unit) inside(term string) bool {
	for _, t := range u.tokens {
		if t.term == term {
			return true
		}
	}
	return false
}

// places returns where the phrase stands, given the tokens of a text by position.
func (u *unit) places(byPos map[int][]token, number int) []found {
	var out []found
	for pos := range byPos {
		span := index.Span{Start: -1}
		for _, want := range u.tokens {
			t, ok := at(byPos[pos+want.pos], want.term)
			if !ok {
				span.Start = -1
				break
			}
			if span.Start < 0 {
				span.Start = t.start
			}
			span.End = max(span.End, t.end)
		}
		if span.Start >= 0 {
			out = append(out, found{span, number})
		}
	}
	return out
}

func at(tokens []token, term string) (token, bool) {
	for _, t := range tokens {
		if t.term == term {
			return t, true
		}
	}
	return token{}, false
}

// snippet cuts the best passage out of a text, with spaces for line breaks, and
// moves the marks into it.
func snippet(text string, marks []found) (string, []index.Span) {
	from, to := bestPassage(text, marks)
	var b strings.Builder
	if from > 0 {
		b.WriteString(ellipsis)
	}
	offsets := make(map[int]int, 2*len(marks)) // of the text to the snippet
	for _, m := range marks {
		offsets[m.Start], offsets[m.End] = -1, -1
	}
	space := true
	for i, r := range text[from:to] {
		if unicode.IsSpace(r) {
			if _, ok := offsets[from+i]; ok {
				offsets[from+i] = b.Len()
			}
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		if _, ok := offsets[from+i]; ok {
			offsets[from+i] = b.Len()
		}
		b.WriteRune(r)
	}
	if _, ok := offsets[to]; ok {
		offsets[to] = b.Len()
	}
	out := strings.TrimRight(b.String(), " ")
	var spans []index.Span
	for _, m := range marks {
		if m.Start >= from && m.End <= to {
			spans = append(spans, index.Span{Start: offsets[m.Start], End: min(offsets[m.End], len(out))})
		}
	}
	if to < len(text) {
		out += ellipsis
	}
	return out, merge(spans)
}

// bestPassage returns the bytes of the passage with the most different units,
// then the most marks, then the earliest.
func bestPassage(text string, marks []found) (from, to int) {
	best, bestScore := 0, -1
	for i := range marks {
		end := forward(text, marks[i].Start, snippetWidth-leadWidth)
		var in []found
		for _, m := range marks[i:min(len(marks), i+50)] {
			if m.End <= end {
				in = append(in, m)
			}
		}
		if score := 100*distinct(in) + len(in); score > bestScore {
			best, bestScore = i, score
		}
	}
	if len(marks) > 0 {
		from = lead(text, marks[best].Start)
	}
	to = forward(text, from, snippetWidth)
	if to == len(text) { // room left: begin earlier
		if begin := backward(text, to, snippetWidth); begin < from {
			from = wordStart(text, begin)
		}
		return from, to
	}
	return from, wordEnd(text, from, to)
}

// lead returns where a passage begins that shows the byte at mark: at the start
// of its paragraph or sentence if that is near, else at a word.
func lead(text string, mark int) int {
	far := backward(text, mark, leadWidth)
	if far == 0 {
		return 0
	}
	if i := strings.LastIndex(text[far:mark], "\n"); i >= 0 {
		return far + i + 1
	}
	if i := strings.LastIndex(text[far:mark], ". "); i >= 0 {
		return far + i + 2
	}
	return wordStart(text[:mark], far)
}

// wordStart returns the first start of a word at or after i.
func wordStart(text string, i int) int {
	if i == 0 {
		return 0
	}
	if j := strings.IndexFunc(text[i:], unicode.IsSpace); j >= 0 && j < 40 {
		rest := strings.TrimLeftFunc(text[i+j:], unicode.IsSpace)
		return len(text) - len(rest)
	}
	return i
}

// wordEnd returns the last end of a word between from and to. Where there are no
// spaces near, any character will do.
func wordEnd(text string, from, to int) int {
	if r, _ := utf8.DecodeRuneInString(text[to:]); unicode.IsSpace(r) {
		return to
	}
	if j := strings.LastIndexFunc(text[from:to], unicode.IsSpace); j > 0 && to-from-j < 40 {
		return from + j
	}
	return to
}

// bytesPerColumn bounds the bytes of a column: marks take no room, and a text
// may consist of them.
const bytesPerColumn = 6

// forward returns the byte that lies width columns after i.
func forward(text string, i, width int) int {
	for stop := i + width*bytesPerColumn; i < min(len(text), stop) && width > 0; {
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		width -= columns(r)
	}
	return i
}

// backward returns the byte that lies width columns before i.
func backward(text string, i, width int) int {
	for stop := i - width*bytesPerColumn; i > max(0, stop) && width > 0; {
		r, n := utf8.DecodeLastRuneInString(text[:i])
		i -= n
		width -= columns(r)
	}
	return i
}

// columns is the rough width of a character in a terminal.
func columns(r rune) int {
	switch {
	case unicode.IsMark(r):
		return 0
	case r >= 0x1100 && (r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 ||
		r >= 0xF900 && r <= 0xFAFF || r >= 0xFF00 && r <= 0xFF60):
		return 2
	}
	return 1
}
