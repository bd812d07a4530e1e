package extract

import (
	"math/bits"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
)

const (
	// maxSample bounds the text that the language is told by, in bytes, and
	// longSample that of a second look where the first left doubts.
	maxSample  = 1000
	longSample = 6000
	// minLetters is from how many letters on a script says something, and
	// minWords from how many words on their choice does.
	minLetters = 20
	minWords   = 8
	// minHan is from how many signs on a text without any Japanese syllable is not
	// Japanese, whatever it is declared to be.
	minHan = 200
)

// Language returns the language of a text as a two-letter code, "" where it
// cannot be told: the declared one, a language tag or "", unless the text says
// clearly that it is another.
func Language(declared, text string) string { return detectLanguage(declared, "", text) }

// detectLanguage returns the language as a two-letter code: the one that the
// page declares, unless the text says clearly that it is another. The text is
// told by its script, by its small words and by its letters.
func detectLanguage(declared, feed, sample string) string {
	code := languageCode(declared)
	if code == "" {
		code = languageCode(feed)
	}
	guess, sure := tellLanguage(sample, code, maxSample)
	if !sure && (guess == "" || guess != code) && len(sample) > maxSample {
		guess, sure = tellLanguage(sample, code, longSample)
	}
	switch {
	case guess == "" || guess == code || code != "" && (!sure || guess == "la"):
		return code // Latin is what designers fill a page with
	}
	return guess
}

// tellLanguage returns the language of the first bytes of a text, and whether
// there is no doubt that it is that and not the declared one.
func tellLanguage(sample, declared string, most int) (code string, sure bool) {
	if len(sample) > most {
		sample = sample[:cutRune(sample, most)]
	}
	var c languageCount
	c.read(sample)
	script, letters := c.script()
	if letters < minLetters {
		return "", false
	}
	if code := scriptLanguage(script); code != "" {
		return code, code != declared && (code != "zh" || declared != "ja" || letters >= minHan)
	}
	if c.words < minWords {
		return "", false
	}
	return c.choose(script, declared)
}

// writing is a script, or several that one language is written in.
type writing uint8

const (
	otherScript writing = iota
	latin
	cyrillic
	arabic
	devanagari
	han
	kana
	hangul
	firstOwn // scripts from here on are those of ownScripts
)

// ownScripts are the scripts that news in one language only is written in.
var ownScripts = []struct {
	from, to rune
	code     string
}{
	{0x370, 0x3FF, "el"}, {0x1F00, 0x1FFF, "el"}, {0x530, 0x58F, "hy"}, {0x590, 0x5FF, "he"}, {0x980, 0x9FF, "bn"}, {0xA00, 0xA7F, "pa"}, {0xA80, 0xAFF, "gu"}, {0xB00, 0xB7F, "or"}, {0xB80, 0xBFF, "ta"}, {0xC00, 0xC7F, "te"}, {0xC80, 0xCFF, "kn"}, {0xD00, 0xD7F, "ml"}, {0xD80, 0xDFF, "si"}, {0xE00, 0xE7F, "th"}, {0xE80, 0xEFF, "lo"}, {0xF00, 0xFFF, "bo"}, {0x1000, 0x109F, "my"}, {0x10A0, 0x10FF, "ka"}, {0x1200, 0x137F, "am"}, {0x1780, 0x17FF, "km"},
}

const numWritings = int(firstOwn) + 20

func writingOf(r rune) writing {
	switch {
	case r < 0x250, r >= 0x1E00 && r < 0x1F00:
		return latin
	case r >= 0x400 && r < 0x530:
		return cyrillic
	case r >= 0x600 && r < 0x780, r >= 0xFB50 && r < 0xFE00, r >= 0xFE70 && r < 0xFEFF:
		return arabic
	case r >= 0x900 && r < 0x980:
		return devanagari
	case r >= 0x3040 && r < 0x3100:
		return kana
	case r >= 0xAC00 && r < 0xD7B0, r >= 0x1100 && r < 0x1200:
		return hangul
	case r >= 0x3400 && r < 0xA000:
		return han
	}
	for i := range ownScripts {
		if s := &ownScripts[i]; r >= s.from && r <= s.to {
			return firstOwn + writing(i) //nolint:gosec // twenty rows
		}
	}
	return otherScript
}

// unit is what a word counts that is of one language only; one that several
// share counts a part of it for each.
const unit = 60

// languageIndex has, for words and letters, the set of the rows of languageTable
// that they stand in, one bit each.
type languageIndex struct {
	words   map[string]uint64
	letters map[rune]uint64
	rows    map[string]int
}

// languages is built when the first text is looked at.
var languages = sync.OnceValue(func() *languageIndex {
	x := &languageIndex{words: make(map[string]uint64, 3000), letters: make(map[rune]uint64, 200), rows: make(map[string]int, len(languageTable))}
	for i, l := range languageTable {
		x.rows[l.code] = i
		for w := range strings.FieldsSeq(l.words) {
			x.words[w] |= 1 << i
		}
		for _, r := range l.letters {
			x.letters[r] |= 1 << i
		}
	}
	return x
})

// languageCount is what a text has of each script and language.
type languageCount struct {
	letters [numWritings]int
	words   int
	score   [64]int
	rh      int // words with an "rh" or "ty" in them: Xhosa beside Zulu
}

// read counts the letters and words of a text.
func (c *languageCount) read(s string) {
	x := languages()
	var word [64]byte
	n := 0
	long := false
	end := func() {
		if n > 0 {
			c.words++
			if !long {
				c.add(x.words[string(word[:n])], 1)
			}
		}
		n, long = 0, false
	}
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			i++
			if lower := b | 0x20; lower < 'a' || lower > 'z' {
				end()
				continue
			} else if n < len(word) {
				if n > 0 && (lower == 'h' && word[n-1] == 'r' || lower == 'y' && word[n-1] == 't') {
					c.rh++
				}
				word[n] = lower
				n++
			} else {
				long = true
			}
			c.letters[latin]++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			end()
			continue
		}
		r = unicode.ToLower(r)
		c.letters[writingOf(r)]++
		c.add(x.letters[r], 3)
		if n+utf8.UTFMax > len(word) {
			long = true
			continue
		}
		n += utf8.EncodeRune(word[n:], r)
	}
	end()
}

// add counts a word or letter for the languages of the set.
func (c *languageCount) add(set uint64, part int) {
	if set == 0 {
		return
	}
	weight := unit / part / bits.OnesCount64(set)
	for ; set != 0; set &= set - 1 {
		c.score[bits.TrailingZeros64(set)] += weight
	}
}

// script returns the script that most letters are of, and how many are.
func (c *languageCount) script() (w writing, letters int) {
	for i, n := range c.letters {
		if n > letters {
			w, letters = writing(i), n //nolint:gosec // few scripts
		}
	}
	if cjk := c.letters[han] + c.letters[kana]; c.letters[kana]*ownShare >= cjk && cjk >= letters && cjk > 0 {
		return kana, cjk
	}
	return w, letters
}

// ownShare is how many of the letters, as a divisor, Japanese text has in its
// own syllables.
const ownShare = 20

// scriptLanguage returns the language of a script that only one has.
func scriptLanguage(w writing) string {
	switch {
	case w == kana:
		return "ja"
	case w == hangul:
		return "ko"
	case w == han:
		return "zh"
	case w >= firstOwn:
		return ownScripts[w-firstOwn].code
	}
	return ""
}

// choose returns the row with the highest score, and whether it is so far ahead
// of the declared language that this one cannot be meant.
func (c *languageCount) choose(script writing, declared string) (code string, sure bool) {
	x := languages()
	if z, h := x.rows["zu"], x.rows["xh"]; c.score[z] > 0 && c.score[h] > 0 {
		c.score[h] += c.rh * unit / 2
	}
	best, second := 0, 0 // rows, and the score of the next
	for i, n := range c.score {
		if n > c.score[best] {
			best, second = i, c.score[best]
		} else if i != best && n > second {
			second = n
		}
	}
	top, all := c.score[best], c.words*unit
	if top*clearShare < all && (top*leastShare < all || top*4 < second*5) {
		return "", false
	}
	code = languageTable[best].code
	if code == declared || code == "no" && declared == "nn" {
		return declared, true
	}
	if k, ok := x.rows[declared]; ok {
		// Neighbours share most words: the declared one stays where it is close.
		return code, c.score[k]*4 < top*3
	}
	if declared != "" && script != latin {
		return code, false // a language that this cannot tell, in the same script
	}
	return code, top*sureShare >= all
}

const (
	// How much of a text, as a divisor, its small words must be worth for it to
	// be in a language; with a lead over the next; and for it not to be in one
	// that has no row here.
	clearShare = 8
	leastShare = 22
	sureShare  = 5
)

// languageCode returns the first subtag of a language tag, or "".
func languageCode(tag string) string {
	tag = strings.ToLower(strings.TrimSpace(tag))
	code, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if n := len(code); n < 2 || n > 3 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz") != "" || code == "und" || code == "mul" || code == "xx" {
		return ""
	}
	switch code {
	case "iw":
		return "he"
	case "in":
		return "id"
	case "gb", "us":
		return "en"
	case "cz":
		return "cs"
	case "nb":
		return "no"
	case "fil":
		return "tl"
	}
	return code
}

func languageSample(a *article.Article) string {
	if len(a.Text) > 200 {
		return a.Text
	}
	return a.Title + ". " + a.Standfirst + " " + a.Text
}
