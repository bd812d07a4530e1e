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
	at      uint16 // in the article
	flags   uint8
	weight  float64 // of similarity
	finding float64 // of how well it tells documents apart, for the postings
}

// term is what an article says of a term: how much it counts before its rarity.
type term struct {
	key    uint32
	flags  uint8
	weight float64
}

// vectorizer makes vectors; its buffers are reused.
type vectorizer struct {
	terms  *termTable
	counts []uint32
	all    []weighed
}

func newVectorizer() *vectorizer { return &vectorizer{terms: newTermTable()} }

// vector fills v, and returns the terms that find it, heaviest first; they are
// valid until the next call. The document is counted unless it is known.
func (z *vectorizer) vector(p *Prepared, known bool, v *vector) []weighed {
	if z.terms.docs[p.lang] == 0 {
		z.terms.seed(p.lang)
	}
	z.counts = slices.Grow(z.counts[:0], len(p.terms))[:len(p.terms)]
	if known {
		z.terms.look(p.terms, z.counts)
	} else {
		z.terms.add(p.lang, p.terms, z.counts)
	}
	docs := z.terms.docs[p.lang] + priorDocs
	all := z.all[:0]
	for i := range p.terms {
		t := &p.terms[i]
		share := float64(z.counts[i]+1) / docs
		if share >= 1 {
			continue
		}
		// Rarity beyond one in maxIDF says how large the archive is, not what
		// the article is about; it still helps to find it.
		all = append(all, weighed{t.key, uint16(i), t.flags, -t.weight * math.Log(share+1.0/maxIDF), 0})
	}
	z.all = all
	terms := heaviest(all, maxTerms)
	for i := range terms {
		x := &terms[i]
		share := float64(z.counts[x.at]+1) / docs
		x.finding = -p.terms[x.at].weight * math.Log(share)
	}
	fill(v, terms)
	slices.SortFunc(terms, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.finding, a.finding), cmp.Compare(a.key, b.key))
	})
	return terms
}

// heaviest returns the n terms of the most weight, in no order. It is quickselect:
// sorting all for the sake of some took most of the time of an article.
func heaviest(terms []weighed, n int) []weighed {
	rest, want := terms, n
	for len(rest) > want && want > 0 {
		// The pivot is the middle one of three.
		a, b, c := &rest[0], &rest[len(rest)/2], &rest[len(rest)-1]
		if heavier(b, a) {
			a, b = b, a
		}
		if heavier(c, b) {
			if b = c; heavier(b, a) {
				b = a
			}
		}
		pivot := *b
		i := 0
		for k := range rest {
			if heavier(&rest[k], &pivot) {
				rest[i], rest[k] = rest[k], rest[i]
				i++
			}
		}
		if i >= want {
			rest = rest[:i]
			continue
		}
		k := i + slices.IndexFunc(rest[i:], func(x weighed) bool { return x.key == pivot.key })
		rest[i], rest[k] = rest[k], rest[i]
		rest, want = rest[i+1:], want-i-1
	}
	return terms[:min(len(terms), n)]
}

// heavier orders terms by weight, the heaviest first; of equals, by key.
func heavier(a, b *weighed) bool {
	return a.weight > b.weight || a.weight == b.weight && a.key < b.key
}

// fill sorts terms by key.
func fill(v *vector, terms []weighed) {
	*v = vector{n: uint8(len(terms))}
	if len(terms) == 0 {
		return
	}
	most := terms[0].weight
	for i := range terms {
		most = max(most, terms[i].weight)
	}
	scale := maxWeight / most
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

// heaviest returns the terms of a vector, the heaviest first. They find it nearly
// as well as those that were posted when its text was at hand.
func (v *vector) heaviest() []weighed {
	terms := make([]weighed, v.n)
	for i := range terms {
		terms[i] = weighed{key: v.keys[i], weight: float64(v.weights[i] >> flagBits)}
	}
	slices.SortFunc(terms, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.key, b.key))
	})
	return terms
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
