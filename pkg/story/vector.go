package story

import (
	"cmp"
	"math"
	"slices"
)

const (
	maxTerms  = 48 // of a document that are kept
	maxPosted = 16 // of these that find it again
	maxIDF    = 1000
	priorDocs = 50 // how many documents the first words of a language stand against
)

// vector is what is kept of a text: its heaviest terms by key, each with a weight
// (relative to the heaviest) over the flags of where it was seen.
type vector struct {
	keys    [maxTerms]uint32
	weights [maxTerms]uint16
	n       uint8

	norm, nameNorm, titleNorm, leadNorm float32
}

// maxWeight leaves room for the flags.
const maxWeight = 1<<(16-flagBits) - 1

// weighed is a term on its way into a vector.
type weighed struct {
	key     uint32
	flags   uint8
	weight  float64 // of similarity
	finding float64 // of how well it tells documents apart, for the postings
}

// frequencies counts in how many documents a term occurs. The counts of all
// languages share one table, as the language is part of a term's key.
type frequencies struct {
	counts map[uint32]uint32
	docs   map[string]float64
}

// maxFrequencies bounds the table; at the bound all counts are halved, and what
// was seen once is forgotten.
const maxFrequencies = 4 << 20

func newFrequencies() *frequencies {
	return &frequencies{counts: map[uint32]uint32{}, docs: map[string]float64{}}
}

func (f *frequencies) add(lang string, w *words) {
	f.docs[lang]++
	for _, i := range w.used {
		f.counts[w.table[i].key]++
	}
	if len(f.counts) <= maxFrequencies {
		return
	}
	for k, n := range f.counts {
		if n /= 2; n == 0 {
			delete(f.counts, k)
		} else {
			f.counts[k] = n
		}
	}
	for l := range f.docs {
		f.docs[l] /= 2
	}
}

// vectorizer makes vectors; its buffers are reused.
type vectorizer struct {
	words *words
	freq  *frequencies
	terms []weighed
}

func newVectorizer() *vectorizer {
	return &vectorizer{words: newWords(), freq: newFrequencies()}
}

// vector fills v, and returns the terms that find it, heaviest first; they are
// valid until the next call.
func (z *vectorizer) vector(d *Doc, lang string, known bool, v *vector) []weighed {
	if z.freq.docs[lang] == 0 {
		z.seed(lang)
	}
	z.words.count(d, lang)
	if !known {
		z.freq.add(lang, z.words)
	}
	docs := z.freq.docs[lang] + priorDocs
	terms := z.terms[:0]
	for _, i := range z.words.used {
		s := &z.words.table[i]
		if s.caps > s.low {
			s.flags |= isName
		}
		tf := s.weight()
		share := float64(z.freq.counts[s.key]+1) / docs
		if share >= 1 {
			continue
		}
		// Rarity beyond one in maxIDF says how large the archive is, not what
		// the article is about; it still helps to find it.
		terms = append(terms, weighed{s.key, s.flags, -tf * math.Log(share+1.0/maxIDF), -tf * math.Log(share)})
	}
	slices.SortFunc(terms, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.key, b.key))
	})
	z.terms = terms
	terms = terms[:min(len(terms), maxTerms)]
	fill(v, terms)
	slices.SortFunc(terms, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.finding, a.finding), cmp.Compare(a.key, b.key))
	})
	return terms
}

// fill sorts terms by key.
func fill(v *vector, terms []weighed) {
	*v = vector{n: uint8(len(terms))}
	if len(terms) == 0 {
		return
	}
	scale := maxWeight / terms[0].weight
	slices.SortFunc(terms, func(a, b weighed) int { return cmp.Compare(a.key, b.key) })
	var all, name, title, lead float64
	for i, t := range terms {
		w := max(1, uint16(t.weight*scale))
		v.keys[i] = t.key
		v.weights[i] = w<<flagBits | uint16(t.flags)
		q := float64(w) * float64(w)
		all += q
		if t.flags&isName != 0 {
			name += q
		}
		if t.flags&inTitle != 0 {
			title += q
		}
		if t.flags&(inTitle|inLead) != 0 {
			lead += q
		}
	}
	v.norm, v.nameNorm = float32(math.Sqrt(all)), float32(math.Sqrt(name))
	v.titleNorm, v.leadNorm = float32(math.Sqrt(title)), float32(math.Sqrt(lead))
}

// compare fills the features that are of the texts.
func compare(a, b *vector) features {
	var all, names, titles, leads, here, there uint64
	for i, j := 0, 0; i < int(a.n) && j < int(b.n); {
		switch x, y := a.keys[i], b.keys[j]; {
		case x < y:
			i++
		case y < x:
			j++
		default:
			wa, wb := a.weights[i], b.weights[j]
			p := uint64(wa>>flagBits) * uint64(wb>>flagBits)
			both, any := wa&wb, wa|wb
			all += p
			if any&isName != 0 {
				names += p
			}
			if both&inTitle != 0 {
				titles += p
			}
			if wa&(inTitle|inLead) != 0 && wb&(inTitle|inLead) != 0 {
				leads += p
			}
			if wa&inTitle != 0 {
				here += p
			}
			if wb&inTitle != 0 {
				there += p
			}
			i++
			j++
		}
	}
	return features{
		fAll:     over(all, a.norm, b.norm),
		fNames:   over(names, a.nameNorm, b.nameNorm),
		fTitles:  over(titles, a.titleNorm, b.titleNorm),
		fLeads:   over(leads, a.leadNorm, b.leadNorm),
		fCrossed: (over(here, a.titleNorm, b.norm) + over(there, a.norm, b.titleNorm)) / 2,
	}
}

// over is the cosine of a product of vectors with these norms.
func over(dot uint64, x, y float32) float64 {
	if dot == 0 || x == 0 || y == 0 {
		return 0
	}
	return min(1, float64(dot)/(float64(x)*float64(y)))
}
