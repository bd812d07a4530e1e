package dedup

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// minRun is the shortest run of units that counts as shared: 7 words or 14
// characters. Shorter ones are idiom, and the frame of a form.
const minRun = 7 * wordWeight

// What is known of a unit.
const (
	hasDigit = 1 << iota
	furniture
	longWord
)

// prose is a text made ready to be compared.
type prose struct {
	units
	flags     []uint8
	weighed   int      // weight of what is not furniture
	grams     []uint64 // hash of the run of minRun at each unit that has one
	ends      []int32  // where that run ends
	numbers   []uint64 // of the text, sorted, without repeats
	title     []uint64 // words of the title, sorted, without repeats
	published time.Time
	digest    uint64 // orders texts that are equal in all else
}

// Lines of fewer words that end like no sentence are furniture: menus, captions,
// headings. They say nothing about whose text it is.
const sentenceWords = 14

// minProse is how many words of sentences a text needs for its other lines to be
// left out; a table of results has none.
const minProse = 40 * wordWeight

// proseOf makes a text ready.
func proseOf(d *Doc) *prose {
	n := len(d.Text)/6 + 1
	p := &prose{published: d.Published, flags: make([]uint8, 0, n)}
	p.hash, p.weight = make([]uint64, 0, n), make([]uint8, 0, n)
	var words []byte
	note := func(unit []byte) { p.flags = append(p.flags, flagsOf(unit)) }
	for line := range strings.Lines(d.Text) {
		start, before := len(p.hash), p.total
		words = appendWords(words[:0], line)
		p.split(words, note)
		if p.total-before < sentenceWords*wordWeight && !endsSentence(line) {
			for i := range p.flags[start:] {
				p.flags[start+i] |= furniture
			}
		}
		if len(p.hash) >= maxUnits {
			break
		}
	}
	for i, f := range p.flags {
		if f&furniture == 0 {
			p.weighed += int(p.weight[i])
		}
	}
	if p.weighed < minProse || 2*p.weighed < p.total {
		for i := range p.flags {
			p.flags[i] &^= furniture
		}
		p.weighed = p.total
	}
	p.setGrams()
	p.digest = hashPrime
	for i, h := range p.hash {
		if p.flags[i]&hasDigit != 0 {
			p.numbers = append(p.numbers, h)
		}
		p.digest = mix(bits.RotateLeft64(p.digest, 7), h+uint64(p.flags[i]))
	}
	p.numbers = sortedSet(p.numbers)
	p.title = unitsOf(wordsOf(d.Title), nil).hash
	for _, h := range p.title {
		p.digest = mix(bits.RotateLeft64(p.digest, 7), h)
	}
	p.title = sortedSet(p.title)
	return p
}

// endsSentence reports whether a line ends in what ends a sentence, quotation
// marks and brackets behind it left aside.
func endsSentence(line string) bool {
	line = strings.TrimRight(line, " \t\r\n\u00a0\"'”’»)」』")
	r, _ := utf8.DecodeLastRuneInString(line)
	return strings.ContainsRune(".!?…。！？｡؟۔।", r)
}

// flagsOf looks at one unit. Long words are those that say what a text is about.
func flagsOf(unit []byte) uint8 {
	var flags uint8
	n := 0
	for i := 0; i < len(unit); {
		c := unit[i]
		if c < utf8.RuneSelf {
			if '0' <= c && c <= '9' {
				flags |= hasDigit
			}
			n++
			i++
			continue
		}
		r, size := utf8.DecodeRune(unit[i:])
		if unicode.IsDigit(r) {
			flags |= hasDigit
		}
		n++
		i += size
	}
	if n >= 6 {
		flags |= longWord
	}
	return flags
}

// setGrams hashes the runs of minRun with a polynomial that rolls along.
func (p *prose) setGrams() {
	p.grams = make([]uint64, 0, len(p.hash))
	p.ends = make([]int32, 0, len(p.hash))
	var power [minRun + 1]uint64
	power[0] = 1
	for i := range minRun {
		power[i+1] = power[i] * hashPrime
	}
	end, weight := 0, 0
	var h uint64
	for i := range p.hash {
		for end < len(p.hash) && weight < minRun {
			h = h*hashPrime + p.hash[end]
			weight += int(p.weight[end])
			end++
		}
		if weight < minRun {
			break
		}
		p.grams = append(p.grams, h)
		p.ends = append(p.ends, int32(end))
		h -= p.hash[i] * power[end-i-1]
		weight -= int(p.weight[i])
	}
}

func sortedSet(hashes []uint64) []uint64 {
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// common counts what two sorted sets share.
func common(a, b []uint64) int {
	n := 0
	for len(a) > 0 && len(b) > 0 {
		switch c := cmp.Compare(a[0], b[0]); {
		case c < 0:
			a = a[1:]
		case c > 0:
			b = b[1:]
		default:
			a, b, n = a[1:], b[1:], n+1
		}
	}
	return n
}

// cover marks, in each of two texts, the units that lie in runs of minRun and
// more that the other has as well.
func cover(a, b *prose) (inA, inB []bool) {
	inA, inB = make([]bool, len(a.hash)), make([]bool, len(b.hash))
	if slices.Equal(a.hash, b.hash) {
		mark(inA, 0, len(inA), 0)
		mark(inB, 0, len(inB), 0)
		return inA, inB
	}
	if len(a.grams) == 0 || len(b.grams) == 0 {
		return inA, inB
	}
	t := make(gramTable, 1<<bits.Len(uint(2*len(a.grams))))
	for _, h := range a.grams {
		t[t.find(h)].hash = max(h, 1)
	}
	upTo := 0
	for i, h := range b.grams {
		if e := &t[t.find(h)]; e.hash != 0 {
			e.shared = true
			upTo = mark(inB, i, int(b.ends[i]), upTo)
		}
	}
	upTo = 0
	for i, h := range a.grams {
		if t[t.find(h)].shared {
			upTo = mark(inA, i, int(a.ends[i]), upTo)
		}
	}
	return inA, inB
}

// mark marks [from, to); what lies before done is marked already.
func mark(units []bool, from, to, done int) int {
	for i := max(from, done); i < to; i++ {
		units[i] = true
	}
	return to
}

// gramTable is a set of hashes by open addressing.
type gramTable []struct {
	hash   uint64 // 0: empty
	shared bool
}

// find returns the place of a hash, or the empty one where it would go.
func (t gramTable) find(h uint64) int {
	h = max(h, 1)
	mask := len(t) - 1
	i := int(h>>20) & mask
	for t[i].hash != 0 && t[i].hash != h {
		i = (i + 1) & mask
	}
	return i
}
