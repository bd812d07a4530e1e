package clean

import (
	"strings"
	"unicode/utf8"
)

// phraseIndex finds the phrases of all rules in one pass over a line: phrases
// are looked up by their first word, so a line costs one map access a word.
type phraseIndex struct {
	equals  map[string]uint64 // bit i: rules[i]
	phrases map[string][]phraseRef
	first   [1 << 13]bool // by wordHash: a phrase begins with such a word
}

// wordHash tells most words apart from those that begin a phrase.
func wordHash(w string) uint32 {
	n := len(w)
	return (uint32(w[0])*131 + uint32(w[n/2])*31 + uint32(w[n-1])*7 + uint32(n)*577) % (1 << 13)
}

type phraseRef struct {
	phrase string
	lead   int // bytes of punctuation before its first word
	start  bool
	rule   uint64
}

// compiled never changes; it is computed from the tables alone.
var compiled = compile(rules)

// maxPhraseWords is the longest line in which phrases are looked for: no rule
// admits a longer one.
const maxPhraseWords = 120

func compile(rules []Rule) *phraseIndex {
	x := &phraseIndex{equals: map[string]uint64{}, phrases: map[string][]phraseRef{}}
	for i := range rules {
		bit := uint64(1) << i
		for _, p := range rules[i].Equals {
			x.equals[p] |= bit
		}
		x.add(rules[i].Starts, bit, true)
		x.add(rules[i].Contains, bit, false)
	}
	return x
}

func (x *phraseIndex) add(phrases []string, bit uint64, start bool) {
	for _, p := range phrases {
		s, e := nextWord(p, 0)
		if s < e {
			x.first[wordHash(p[s:e])] = true
		}
		x.phrases[p[s:e]] = append(x.phrases[p[s:e]], phraseRef{p, s, start, bit})
	}
}

// hits returns the rules whose phrases occur in the line.
func (x *phraseIndex) hits(l *Line) (found uint64) {
	if l.Words > maxPhraseWords {
		return 0
	}
	if l.Words <= 12 {
		found = x.equals[trimPunct(l.Lower)]
	}
	first := true
	for s, e := nextWord(l.Lower, 0); s < e; s, e = nextWord(l.Lower, e) {
		if !x.first[wordHash(l.Lower[s:e])] {
			first = false
			continue
		}
		for _, ref := range x.phrases[l.Lower[s:e]] {
			at := s - ref.lead
			if at >= 0 && (first || !ref.start) && strings.HasPrefix(l.Lower[at:], ref.phrase) &&
				wordEnd(l.Lower, at+len(ref.phrase), ref.phrase) {
				found |= ref.rule
			}
		}
		first = false
	}
	return found
}

// nextWord returns the bounds of the first word of s at or after i; both are
// len(s) when there is none.
func nextWord(s string, i int) (start, end int) {
	start = len(s)
	for i < len(s) {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case isWord(r):
			start = min(start, i)
		case start < len(s):
			return start, i
		}
		i += n
	}
	return start, len(s)
}

// startsWith reports whether lower begins with the phrase, at a word's end.
func startsWith(lower, phrase string) bool {
	return strings.HasPrefix(lower, phrase) && wordEnd(lower, len(phrase), phrase)
}

// startsWithAny is startsWith for several phrases.
func startsWithAny(lower string, phrases ...string) bool {
	for _, p := range phrases {
		if startsWith(lower, p) {
			return true
		}
	}
	return false
}

// wordEnd reports whether a phrase that ends at byte i of s ends there as a
// word; a phrase that ends in punctuation always does.
func wordEnd(s string, i int, phrase string) bool {
	last, _ := utf8.DecodeLastRuneInString(phrase)
	next, _ := utf8.DecodeRuneInString(s[i:])
	return i == len(s) || !isWord(last) || !isWord(next)
}
