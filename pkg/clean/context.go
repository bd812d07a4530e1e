package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// contextRules is the table of rules that look at a line among its neighbours,
// in the order in which they run. Each marks the lines that it recognises and
// leaves those that an earlier rule marked.
var contextRules = []struct {
	Name string
	Mark func(*document)
}{
	{"repeated-title", markRepeatedTitle},
	{"video-group", markVideoGroups},
	{"standfirst-repeats-lead", markRepeatedLead},
	{"pull-quote-repeats-text", markPullQuotes},
	{"headline-with-blurb", markFusedTeasers},
	{"run-of-headlines", markHeadlineRuns},
}

// document is the lines of one article with what is known of them.
type document struct {
	title    string
	plain    bool // plain text: no markup says what is a link
	lines    []Line
	verdicts []Verdict
	rule     string // the name of the rule that runs
}

// Context applies the rules for furniture that only its neighbours give away.
// verdicts runs parallel to lines and is updated in place. plain says that the
// lines come without markup, so that links have to be told by their words.
func Context(title string, plain bool, lines []Line, verdicts []Verdict) {
	d := &document{title: title, plain: plain, lines: lines, verdicts: verdicts}
	for _, r := range contextRules {
		d.rule = r.Name
		r.Mark(d)
	}
}

func (d *document) mark(i int, kind string) {
	if i >= 0 && i < len(d.lines) && !d.verdicts[i].Dropped() {
		d.verdicts[i] = Verdict{kind, d.rule}
	}
}

func (d *document) kept(i int) bool {
	return i >= 0 && i < len(d.lines) && !d.verdicts[i].Dropped()
}

// markRepeatedTitle drops the headline wherever it stands as a line of its own,
// with or without the name of the site or a breadcrumb around it.
func markRepeatedTitle(d *document) {
	title := Fold(d.title)
	if len(title) < 8 {
		return
	}
	for i := range d.lines {
		l := &d.lines[i]
		if len(l.Text) > 2*len(d.title)+60 {
			continue
		}
		switch f := Fold(l.Text); {
		case f == title:
			d.mark(i, RepeatedTitle)
		case l.Head && strings.HasPrefix(f, title) && strings.ContainsAny(l.Text[min(len(l.Text), len(d.title)):], "|-–—"):
			d.mark(i, RepeatedTitle)
		case l.Head && strings.HasSuffix(f, title):
			if _, e := nextWord(l.Lower, 0); homeWords[l.Lower[:e]] {
				d.mark(i, Breadcrumb)
			}
		}
	}
}

// markVideoGroups drops what stands around a running time: the title of the
// video and its age above, its description below.
func markVideoGroups(d *document) {
	for i := range d.lines {
		if len(d.lines[i].Text) > maxDuration || !IsDuration(d.lines[i].Text) {
			continue
		}
		d.mark(i, Video)
		up := i - 1
		if up >= 0 && d.verdicts[up].Kind == Clock || d.kept(up) && isClock(&d.lines[up]) {
			d.verdicts[up] = Verdict{Video, d.rule}
			up--
		}
		if d.kept(up) && headlineLike(&d.lines[up]) {
			d.mark(up, Video)
		}
		if down := i + 1; d.kept(down) && d.lines[down].Words <= 45 {
			d.mark(down, Video)
		}
	}
}

// maxDuration is how long a line with a running time may be, in bytes.
const maxDuration = 64

// headlineLike reports whether a line could be a headline: short, and no
// sentence.
func headlineLike(l *Line) bool {
	if l.Words == 0 || l.Words > 16 || l.Item {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(l.Text, "\"') "))
	return r != '.' && r != '!' && r != ':' && r != ';' && r != ',' && r != '。' && r != '؟' && r != '।'
}

// leadWindow is how far below the first line that is not dropped the lead may
// stand that a standfirst repeats.
const leadWindow = 14

// markRepeatedLead drops lines above the lead that say what a line below says
// again, and what stands between them.
func markRepeatedLead(d *document) {
	first := 0
	for first < len(d.lines) && !d.kept(first) {
		first++
	}
	n := min(len(d.lines), first+leadWindow)
	for i := first; i < n; i++ {
		if !d.kept(i) || d.lines[i].Words < 12 {
			continue
		}
		said := words(d.lines[i].Lower)
		for j := i + 1; j < n; j++ {
			if d.kept(j) && d.lines[j].Words >= 12 && d.lines[j].Words <= 3*d.lines[i].Words && repeats(said, d.lines[j].Lower) {
				if d.scraps(i+1, j) {
					d.mark(i, Standfirst)
					d.markBetween(i+1, j)
				}
				return
			}
		}
		return // only the first paragraph can be one
	}
}

// scraps reports whether nothing between two lines is a paragraph.
func (d *document) scraps(from, to int) bool {
	for k := from; k < to; k++ {
		if d.kept(k) && d.lines[k].Words >= 25 {
			return false
		}
	}
	return true
}

// markBetween drops what stands between a standfirst and the lead: a second
// standfirst, and a box of key points with its label.
func (d *document) markBetween(from, to int) {
	for k := from; k < to; k++ {
		if d.verdicts[k].Kind == Related && d.lines[k].Words <= 3 && d.kept(k+1) && d.lines[k+1].Item {
			d.verdicts[k] = Verdict{KeyPoints, d.rule} // "Latest" above a list that stays on this page
			continue
		}
		if d.lines[k].Item || d.lines[k].Words <= 3 {
			d.mark(k, KeyPoints)
		} else {
			d.mark(k, Standfirst)
		}
	}
}

// maxMissing is how many of a hundred words may be missing in a line that says
// the same.
const maxMissing = 15

// holdsWord reports whether w is one of the words of a line.
func holdsWord(line, w string) bool {
	for from := 0; ; {
		i := strings.Index(line[from:], w)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(line[:i])
		after, n := utf8.DecodeRuneInString(line[i+len(w):])
		if (i == 0 || !inWord(before)) && (n == 0 || !inWord(after)) {
			return true
		}
		from = i + 1
	}
}

// repeats reports whether a line has nearly all of the words, whole or, when they
// are long, inside others.
func repeats(said []string, line string) bool {
	missing := 0
	for _, w := range said {
		if len(w) > 7 && strings.Contains(line, w) || holdsWord(line, w) {
			continue
		}
		if missing++; missing*100 > len(said)*maxMissing {
			return false
		}
	}
	return len(said) > 0
}

const (
	// repeatWords is from how many words on a line is looked at as a repetition.
	repeatWords = 8
	// copyWords is from how many words on a line that stands twice goes even
	// without a sign of being a pull quote.
	copyWords = 25
	// maxCompared bounds the lines that are compared with one another.
	maxCompared = 3000
)

// markPullQuotes drops lines whose words stand in another line too: quotations
// and emphasised lines that a longer line holds, and the second of two long
// lines that are the same.
func markPullQuotes(d *document) {
	folded := make([]string, len(d.lines))
	for i := range min(len(d.lines), maxCompared) {
		if d.kept(i) && d.lines[i].Words >= repeatWords && !d.lines[i].Item {
			folded[i] = Fold(d.lines[i].Text)
		}
	}
	copies, known := false, false
	seen := map[string]bool{}
	for i := range d.lines {
		l := &d.lines[i]
		if folded[i] == "" {
			continue
		}
		if seen[folded[i]] && l.Words >= copyWords {
			if !known {
				copies, known = d.copies(folded), true
			}
			if copies {
				d.mark(i, PullQuote)
				continue
			}
		}
		seen[folded[i]] = true
		said := withoutSpeaker(l.Text)
		if l.Words > 80 || len(said) == len(l.Text) && !l.Quote && !l.Bold && !l.Heading {
			continue
		}
		quote := Fold(said)
		for j, other := range folded {
			if j != i && len(other) >= len(quote) && len(quote) >= 30 && d.kept(j) && strings.Contains(other, quote) {
				d.mark(i, PullQuote)
				break
			}
		}
	}
}

// copies reports whether lines that stand twice are copies: not where lines come
// back again and again among new ones, as the dishes do in a plan for a week.
func (d *document) copies(folded []string) bool {
	first := map[string]int{} // place of a line among the long ones
	twice, again, start := 0, 0, 0
	for i, f := range folded {
		if f == "" || d.lines[i].Words < copyWords {
			continue
		}
		at, ok := first[f]
		switch {
		case !ok:
			first[f] = i
			continue
		case twice == 0:
			start = i
		case at > start:
			again++ // new after the first line that came back
		}
		twice++
	}
	return twice < manyCopies || again < minAgain
}

const (
	// manyCopies is from how many lines on that stand twice it is no accident.
	manyCopies = 5
	// minAgain is how many of them are new after the first one that came back.
	minAgain = 2
)

// withoutSpeaker cuts the signature off a pull quote: "... citizens.-Jane Roe,
// mayor".
func withoutSpeaker(s string) string {
	for _, dash := range []string{"-", "–", "—", "―"} {
		i := strings.LastIndex(s, dash)
		if i < 20 || len(s)-i > 60 {
			continue
		}
		before := strings.TrimRight(s[:i], " ")
		r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s[i+len(dash):], " "))
		if unicode.IsUpper(r) && strings.ContainsAny(before[len(before)-1:], ".?!\"'") {
			return before
		}
	}
	return s
}
