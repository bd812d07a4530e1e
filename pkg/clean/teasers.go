package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fusedStarts are words that begin a sentence, in capitals, and hardly ever
// stand inside one that way: the seam of a headline and its blurb.
var fusedStarts = map[string]bool{"The": true, "A": true, "An": true, "How": true, "What": true, "Why": true, "Who": true, "Where": true, "When": true, "Profile": true, "Details": true, "Inside": true, "Our": true, "In": true, "At": true, "It": true, "He": true, "She": true, "They": true, "We": true, "This": true, "As": true, "Is": true, "Are": true}

// fusedTeaser reports whether a line is a headline run together with its blurb:
// "Bridges of the north The towns that ...". weak is for "Who built it? Details
// of some of the ...", which is one only beside others.
func fusedTeaser(l *Line) (strong, weak bool) {
	if l.Words < 7 || l.Words > 60 {
		return false, false
	}
	fields := strings.Fields(l.Text)
	inQuote := 0
	for i, w := range fields {
		if i >= 2 && i <= 14 && i+3 < len(fields) && fusedStarts[w] && inQuote%2 == 0 {
			prev := fields[i-1]
			r, _ := utf8.DecodeLastRuneInString(prev)
			if isWord(r) && !fusedJoin[strings.ToLower(prev)] && lowerFollows(fields[i+1:]) {
				return sentences(l.Text) <= 2, false
			}
			if r == '?' && i <= 10 {
				weak = sentences(l.Text) <= 2
			}
		}
		inQuote += strings.Count(w, "\"")
	}
	return false, weak
}

// fusedJoin are words after which a title such as "The Herald" may well follow.
var fusedJoin = set("of in on at by for from with to and or as the a an called titled named via per told see is was film book novel song newspaper magazine band series show former")

// lowerFollows reports whether the next word is in lower case: the words after
// "The" of a name are not.
func lowerFollows(next []string) bool {
	for i, w := range next {
		r, _ := utf8.DecodeRuneInString(w)
		if unicode.IsLower(r) {
			return true
		}
		if i >= 1 || !unicode.IsLetter(r) {
			return false
		}
	}
	return false
}

// sentences counts full stops, question and exclamation marks at word ends.
func sentences(s string) int {
	n := 0
	for i := range len(s) {
		if c := s[i]; (c == '.' || c == '?' || c == '!') && (i+1 == len(s) || s[i+1] == ' ' || s[i+1] == '"') {
			n++
		}
	}
	return n
}

// markFusedTeasers drops runs of headlines with their blurbs in the same line.
func markFusedTeasers(d *document) {
	if !d.plain {
		return
	}
	for i := 0; i < len(d.lines); {
		strongs, end := 0, i
		for end < len(d.lines) && d.kept(end) && !d.lines[end].Item {
			strong, weak := fusedTeaser(&d.lines[end])
			if !strong && !weak && !fusedShort(&d.lines[end], end > i) {
				break
			}
			if strong {
				strongs++
			}
			end++
		}
		if strongs >= 2 || strongs == 1 && end-i >= 3 {
			for k := i; k < end; k++ {
				d.mark(k, Related)
			}
		}
		i = max(end, i+1)
	}
}

// fusedShort recognises "Who built it? Details of some who did." inside a run.
func fusedShort(l *Line, inRun bool) bool {
	i := strings.Index(l.Text, "? ")
	return (inRun || i > 0) && i > 0 && i < 60 && l.Words <= 30 && sentences(l.Text) <= 2
}

// linkTitle reports whether a headline is short and plain enough to be a link to
// another article rather than an item of a list of facts.
func linkTitle(l *Line) bool {
	return l.Words >= 2 && l.Words <= 7 && !strings.ContainsAny(l.Text, ",–—:%") && !strings.Contains(l.Text, " - ")
}

// markHeadlineRuns drops three and more headlines in a row: the links of a box.
func markHeadlineRuns(d *document) {
	if !d.plain {
		return
	}
	for i := 0; i < len(d.lines); {
		end := i
		for end < len(d.lines) && d.kept(end) && headlineLike(&d.lines[end]) && linkTitle(&d.lines[end]) {
			end++
		}
		if run := end - i; run >= 3 && !d.lines[i].Head {
			for k := i; k < end; k++ {
				d.mark(k, Related)
			}
		}
		i = max(end, i+1)
	}
}
