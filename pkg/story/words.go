package story

import (
	"cmp"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxTitleWords = 60
	maxHeadline   = 160 // bytes
	maxBodyWords  = 600 // the head of an article says what happened
	leadWords     = 60  // when no standfirst is known, the first words are one
	stemRunes     = 7   // longer words are cut: endings vary, the event does not
	maxWordBytes  = 64  // what is longer is no word
	maxScan       = 64 << 10

	titleTimes = 3 // a word of the title counts as three of the body
	leadTimes  = 2
)

// where a term was seen, in the low bits of its weight.
const (
	inTitle = 1 << iota
	inLead
	isName
	flagBits = 3
)

// seen is what a document says of one term.
type seen struct {
	key       uint32
	count     uint16 // weighted by place; 0: the place in the table is empty
	flags     uint8
	caps, low uint8 // written with a capital inside a sentence, and without
}

// words counts the terms of a document. It is large, and made to lie on the stack.
type words struct {
	table [tableSize]seen // open addressing
	used  [maxSeen]uint16 // places in the table, in the order of the text
	n     int
	seed  uint64
}

const (
	tableSize = 2048 // a power of two
	maxSeen   = maxTitleWords + leadWords + maxBodyWords
)

// count reads a document.
func (w *words) count(d *Doc, lang string) {
	w.seed = hashString(fnvOffset, lang)
	w.scan(cmp.Or(d.Title, headline(d.Text)), maxTitleWords, maxTitleWords, titleTimes, inTitle)
	rest := leadWords
	if d.Lead != "" {
		rest -= w.scan(d.Lead, leadWords, leadWords, leadTimes, inLead)
	}
	w.scan(d.Text, maxBodyWords, max(0, rest), leadTimes, inLead)
}

// terms returns what was counted.
func (w *words) terms() []term {
	out := make([]term, w.n)
	for i, at := range w.used[:w.n] {
		s := &w.table[at]
		if s.caps > s.low {
			s.flags |= isName
		}
		out[i] = term{key: s.key, flags: s.flags, weight: s.weight()}
	}
	return out
}

// note counts a word. Capitals mean nothing where every word may have one.
func (w *words) note(key uint32, times uint16, flags uint8, upper, capital bool) {
	i := key & (tableSize - 1)
	for w.table[i].count != 0 && w.table[i].key != key {
		i = (i + 1) & (tableSize - 1)
	}
	s := &w.table[i]
	if s.count == 0 {
		s.key = key
		w.used[w.n] = uint16(i)
		w.n++
	}
	s.count += times
	s.flags |= flags
	switch {
	case flags&inTitle != 0:
	case !upper:
		s.low++
	case capital:
		s.caps++
	}
}

// scan reads at most limit words of a text, the first of which (head) count
// times and get the flag, and returns how many there were.
func (w *words) scan(text string, limit, head int, times uint16, flag uint8) int {
	if len(text) > maxScan {
		text = text[:maxScan]
	}
	n, start := 0, true // start: of a sentence
	for i := 0; i < len(text) && n < limit; {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !wordRune(r) {
			start = start || endsSentence(r)
			i += size
			continue
		}
		t, f := uint16(1), uint8(0)
		if n < head {
			t, f = times, flag
		}
		if withoutSpaces(r) {
			next, size2 := utf8.DecodeRuneInString(text[i+size:])
			if withoutSpaces(next) {
				w.note(w.key(text[i:i+size+size2]), t, f, false, false)
				n++
			}
			i += size
			start = false
			continue
		}
		key, end, letters := w.word(text, i)
		if letters > 1 || r < utf8.RuneSelf && r <= '9' {
			w.note(key, t, f, unicode.IsUpper(r), !start)
		}
		n++
		i = skipSuffix(text, end)
		start = false
	}
	return n
}

// word hashes the word at i, cut to its stem, and returns where it ends.
func (w *words) word(text string, i int) (key uint32, end, letters int) {
	return hashWord(w.seed, text, i)
}

func hashWord(h uint64, text string, i int) (key uint32, end, letters int) {
	number := text[i] >= '0' && text[i] <= '9'
	for end = i; end < len(text) && end-i < maxWordBytes; {
		r, size := rune(text[end]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[end:])
		}
		if !wordRune(r) || withoutSpaces(r) {
			if (r == '.' || r == ',') && number && end+1 < len(text) && text[end+1] >= '0' && text[end+1] <= '9' {
				end++ // 115,000 is 115000; 3.5 is 35, which still tells it from 3.6
				continue
			}
			if r == '.' && letters == 1 && end+1 < len(text) && text[end+1] >= 'A' && text[end+1] <= 'Z' {
				end++ // U.S. is us
				continue
			}
			break
		}
		if letters < stemRunes || number {
			h = (h ^ uint64(lower(r))) * fnvPrime
		}
		letters++
		end += size
	}
	return fold(h), end, letters
}

// key hashes a pair of characters of a script without spaces.
func (w *words) key(pair string) uint32 { return fold(hashString(w.seed, pair)) }

// skipSuffix passes over the short ending after an apostrophe: 's, 'll.
func skipSuffix(text string, i int) int {
	j := i
	switch {
	case i < len(text) && text[i] == '\'':
		j++
	case len(text) >= i+3 && text[i:i+3] == "\u2019":
		j += 3
	default:
		return i
	}
	k := j
	for k < len(text) && k-j < 3 && text[k] >= 'a' && text[k] <= 'z' {
		k++
	}
	if k == j || k-j > 2 {
		return i
	}
	return k
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func hashString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

func fold(h uint64) uint32 {
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return uint32(h >> 32)
}

func lower(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(r)
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
}

func endsSentence(r rune) bool {
	switch r {
	case '.', '!', '?', '\n', '"', '\u201c', '\u201d', '\u201e', '\u00ab', ':', ';', '\u2013', '\u2014', '\u2022', '\u2026':
		return true
	}
	return false
}

// withoutSpaces reports the scripts whose words no space separates: Thai, Lao,
// Khmer, Burmese, kana and Han. Korean has spaces.
func withoutSpaces(r rune) bool {
	return r >= 0x0E00 && (r < 0x0F00 || r >= 0x1000 && r < 0x10A0 || r >= 0x1780 && r < 0x1800 ||
		r >= 0x3040 && r < 0xA000 || r >= 0x20000 && r < 0x32000)
}

// weight is what a term counts before its rarity.
func (s *seen) weight() float64 {
	w := 1 + math.Log(float64(s.count))
	if s.flags&isName != 0 {
		w *= nameTimes
	}
	return w
}

// nameTimes is how much more a name counts than another word.
const nameTimes = 1.3

// headline is what stands for the title of a text without one: its first line,
// or of that the first sentence.
func headline(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, " \t\r\n"), "\n")
	if end := strings.Index(line, ". "); end > 0 && len(line) > maxHeadline {
		line = line[:end]
	}
	return line
}
