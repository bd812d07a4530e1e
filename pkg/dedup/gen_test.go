package dedup

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// writer makes texts of invented words, as frequent as words are.
type writer struct {
	r     *rand.Rand
	zipf  *rand.Zipf
	vocab []string
	names []string // what the text is about
}

func newWriter(seed uint64) *writer {
	const size = 30000
	w := &writer{r: rand.New(rand.NewPCG(seed, 7)), vocab: make([]string, size)}
	w.zipf = rand.NewZipf(w.r, 1.1, 2, size-1)
	words := rand.New(rand.NewPCG(1, 1))
	syllables := strings.Fields("ba cor den el fin gra hol ist jar kel lo mer nor os pra quin ros sta tor ul ver wen xan yor zed an be ti ma su")
	for i := range w.vocab {
		var b strings.Builder
		for range 2 + words.IntN(2) + min(i/400, 1) {
			b.WriteString(syllables[words.IntN(len(syllables))])
		}
		w.vocab[i] = b.String()
		if i < 400 { // the common words are short
			w.vocab[i] = w.vocab[i][:min(len(w.vocab[i]), 2+i/100)]
		}
	}
	return w
}

// sentence returns a sentence of n words.
func (w *writer) sentence(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = w.vocab[w.zipf.Uint64()]
		if len(w.names) > 0 && w.r.IntN(9) == 0 {
			words[i] = w.names[w.r.IntN(len(w.names))]
		}
		if w.r.IntN(40) == 0 {
			words[i] = fmt.Sprint(w.r.IntN(100000))
		}
	}
	return strings.ToUpper(words[0][:1]) + words[0][1:] + " " + strings.Join(words[1:], " ") + "."
}

// paragraphs returns paragraphs of some 50 words each, all on one thing.
func (w *writer) paragraphs(n int) []string {
	w.names = nil
	for range 12 {
		w.names = append(w.names, w.vocab[2000+w.r.IntN(len(w.vocab)-2000)])
	}
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for range 3 {
			b.WriteString(w.sentence(12 + w.r.IntN(10)))
			b.WriteString(" ")
		}
		out[i] = strings.TrimSpace(b.String())
	}
	return out
}

func text(paragraphs ...[]string) string {
	var all []string
	for _, p := range paragraphs {
		all = append(all, p...)
	}
	return strings.Join(all, "\n\n")
}

// glyphs returns n characters of a script from first on, in sentences.
func (w *writer) glyphs(n int, first rune, count int, stop string) string {
	var b strings.Builder
	for i := range n {
		b.WriteRune(first + rune(w.r.IntN(count)))
		if i%30 == 29 {
			b.WriteString(stop)
		}
		if i%120 == 119 {
			b.WriteString("\n")
		}
	}
	return b.String() + stop
}
