package bleveindex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// token is one findable unit of a text: a word, or one character or pair of
// neighbouring characters of a script that puts no spaces between words.
type token struct {
	term       string // folded
	lower      string // lower case with its accents, for the stemmer; "" for grams
	start, end int    // bytes of the text
	pos        int    // in words; a pair has the position of its first character
	gram       gramKind
}

type gramKind uint8

const (
	noGram gramKind = iota
	unigram
	bigram
)

const (
	// paragraphGap separates the positions of paragraphs, so that no phrase
	// reaches across them.
	paragraphGap = 16
	// maxTerm bounds the bytes of a term; longer ones are cut. No word is that
	// long, but the open web has lines of a megabyte without a space.
	maxTerm = 120
)

// tokenizer walks a text word by word. The rules are those of UAX #29, and
// then: a word is cut at every mark inside it ("bbc.co.uk", "O'Brien"), except
// in grouped numbers (115,000 is 115000) and abbreviations (U.S. is us); a
// possessive 's is dropped; scripts without spaces, and Korean, whose particles
// stick to the words, become characters and pairs of characters.
type tokenizer struct {
	emit func(token)
	pos  int
	prev token // last character of a running sequence of grams
}

// tokenize calls emit for every token of s, in order of position but for pairs,
// which come after their second character. s must be valid UTF-8.
func tokenize(s string, emit func(token)) {
	z := tokenizer{emit: emit, pos: 1}
	lines := 0
	for it := words.FromString(s); it.Next(); {
		w := it.Value()
		switch w {
		case " ":
		case "\n", "\r\n":
			if lines++; lines == 2 {
				z.pos += paragraphGap
			}
		default:
			if z.word(w, it.Start()) {
				lines = 0
			}
		}
	}
}

// word takes one segment of UAX #29 that begins at byte start; it reports
// whether there was a word in it.
func (z *tokenizer) word(w string, start int) bool {
	if isASCIIWord(w) {
		z.plain(w, start)
		return true
	}
	found := false
	for i := 0; i < len(w); {
		r, n := utf8.DecodeRuneInString(w[i:])
		switch {
		case isGramScript(r):
			n = z.character(w[i:], start+i)
			found = true
		case wordRune(r):
			n = strings.IndexFunc(w[i:], isGramScript)
			if n < 0 {
				n = len(w) - i
			}
			z.mixed(w[i:i+n], start+i)
			found = true
		}
		i += n
	}
	return found
}

// character emits the character at the start of w, with the marks that belong
// to it, and the pair that it makes with the one before.
func (z *tokenizer) character(w string, start int) int {
	_, n := utf8.DecodeRuneInString(w)
	for n < len(w) {
		r, size := utf8.DecodeRuneInString(w[n:])
		if !unicode.IsMark(r) && r != 'ﾞ' && r != 'ﾟ' { // voicing of half-width kana
			break
		}
		n += size
	}
	t := token{term: fold(w[:n]), start: start, end: start + n, pos: z.pos, gram: unigram}
	z.pos++
	z.emit(t)
	if z.prev.gram == unigram && z.prev.end == start {
		z.emit(token{
			term: z.prev.term + t.term, start: z.prev.start, end: t.end,
			pos: z.prev.pos, gram: bigram,
		})
	}
	z.prev = t
	return n
}

// mixed emits the words of a segment that may have marks inside.
func (z *tokenizer) mixed(w string, start int) {
	parts := splitParts(w)
	if len(parts) > 1 && (isGrouped(w, parts) || isAbbreviation(w, parts)) {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(w[p.start:p.end])
		}
		z.span(b.String(), start+parts[0].start, start+parts[len(parts)-1].end)
		return
	}
	for i, p := range parts {
		part := w[p.start:p.end]
		if i > 0 && i == len(parts)-1 && (part == "s" || part == "S") && isApostrophe(w[:p.start]) {
			continue
		}
		z.span(part, start+p.start, start+p.end)
	}
}

func (z *tokenizer) plain(w string, start int) { z.span(w, start, start+len(w)) }

// span emits one word.
func (z *tokenizer) span(w string, start, end int) {
	z.prev = token{}
	lower := lowerCase(w)
	term := fold(lower)
	if term == "" {
		return
	}
	z.emit(token{term: clip(term), lower: lower, start: start, end: end, pos: z.pos})
	z.pos++
}

type part struct{ start, end int }

// splitParts returns the runs of letters, digits and their marks in w.
func splitParts(w string) []part {
	var parts []part
	from := -1
	for i, r := range w {
		if wordRune(r) || from >= 0 && (unicode.IsMark(r) || unicode.Is(unicode.Cf, r)) {
			if from < 0 {
				from = i
			}
		} else if from >= 0 {
			parts, from = append(parts, part{from, i}), -1
		}
	}
	if from >= 0 {
		parts = append(parts, part{from, len(w)})
	}
	return parts
}

// isGrouped reports whether w is a number with separated thousands.
func isGrouped(w string, parts []part) bool {
	for i, p := range parts {
		if i > 0 && utf8.RuneCountInString(w[p.start:p.end]) != 3 ||
			strings.IndexFunc(w[p.start:p.end], func(r rune) bool { return !unicode.IsDigit(r) }) >= 0 {
			return false
		}
	}
	return true
}

// isAbbreviation reports whether w is single letters with full stops between.
func isAbbreviation(w string, parts []part) bool {
	for i, p := range parts {
		r, n := utf8.DecodeRuneInString(w[p.start:])
		if n != p.end-p.start || !unicode.IsLetter(r) || i > 0 && w[parts[i-1].end:p.start] != "." {
			return false
		}
	}
	return true
}

// isApostrophe reports whether head ends in an apostrophe.
func isApostrophe(head string) bool {
	return strings.HasSuffix(head, "'") || strings.HasSuffix(head, "’")
}

func isASCIIWord(w string) bool {
	for i := range len(w) {
		c := w[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return w != ""
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// isGramScript reports whether r belongs to a script that is searched by
// character: no spaces between words, or particles that stick to them.
func isGramScript(r rune) bool {
	if r < 0x0E00 {
		return false
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan) && wordRune(r) ||
		r == 'ー' || r >= 0xFF66 && r <= 0xFF9F
}

// clip cuts a term to maxTerm bytes at a character.
func clip(term string) string {
	if len(term) <= maxTerm {
		return term
	}
	end := maxTerm
	for !utf8.RuneStart(term[end]) {
		end--
	}
	return term[:end]
}
