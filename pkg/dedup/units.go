package dedup

import (
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A text is compared as a row of units: its words, and in scripts that write no
// spaces its characters. Two characters weigh as much as a word, so every length
// below is in half words.
const (
	wordWeight = 2
	charWeight = 1
	// shingleWeight is what a shingle holds at least: 4 words or 8 characters.
	shingleWeight = 4 * wordWeight
)

// maxUnits bounds what is looked at of a text; no article is as long.
const maxUnits = 50000

// units is a text as hashes of its units.
type units struct {
	hash   []uint64
	weight []uint8
	total  int // sum of weight
}

func (u *units) words() int { return (u.total + 1) / wordWeight }

func (u *units) add(h uint64, weight uint8) {
	u.hash = append(u.hash, h)
	u.weight = append(u.weight, weight)
	u.total += int(weight)
}

// unitsOf splits words, as wordsOf returns them, into units. If each is given it
// is called with every unit's text.
func unitsOf(words []byte, each func(unit []byte)) *units {
	u := &units{hash: make([]uint64, 0, len(words)/6+1), weight: make([]uint8, 0, len(words)/6+1)}
	u.split(words, each)
	return u
}

// split appends the units of words, maxUnits at most in all.
func (u *units) split(words []byte, each func(unit []byte)) {
	emit := func(unit []byte, weight uint8) {
		u.add(hashOf(unit), weight)
		if each != nil {
			each(unit)
		}
	}
	start := 0
	for i := 0; i < len(words) && len(u.hash) < maxUnits; {
		c := words[i]
		if c == ' ' {
			if i > start {
				emit(words[start:i], wordWeight)
			}
			i++
			start = i
			continue
		}
		if c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(words[i:])
		if !spaceless(r) {
			i += size
			continue
		}
		if i > start {
			emit(words[start:i], wordWeight)
		}
		start = i
		i += size
		for i < len(words) { // marks belong to the character before them
			m, n := utf8.DecodeRune(words[i:])
			if !unicode.Is(unicode.M, m) {
				break
			}
			i += n
		}
		emit(words[start:i], charWeight)
		start = i
	}
}

// spaceless reports whether r is of a script that writes no spaces between words.
func spaceless(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case r <= 0x0eff: // Thai, Lao
		return true
	case r < 0x1000:
		return false
	case r <= 0x109f: // Myanmar
		return true
	case r < 0x1780:
		return false
	case r <= 0x17ff: // Khmer
		return true
	case r < 0x2e80:
		return false
	case r <= 0x9fff: // Han, kana
		return r < 0x3130 || r > 0x318f // Hangul writes spaces
	case r >= 0xf900 && r <= 0xfaff, r >= 0xff66 && r <= 0xff9f, r >= 0x20000 && r <= 0x3ffff:
		return true
	}
	return false
}

const hashPrime = 0x9e3779b97f4a7c15

// hashOf is a hash of one unit. It is stored by way of shingles, so it never changes.
func hashOf(unit []byte) uint64 {
	h := uint64(len(unit)) * hashPrime
	for len(unit) >= 8 {
		w := uint64(unit[0]) | uint64(unit[1])<<8 | uint64(unit[2])<<16 | uint64(unit[3])<<24 |
			uint64(unit[4])<<32 | uint64(unit[5])<<40 | uint64(unit[6])<<48 | uint64(unit[7])<<56
		h = mix(h, w)
		unit = unit[8:]
	}
	var w uint64
	for i, b := range unit {
		w |= uint64(b) << (8 * i)
	}
	return mix(h, w)
}

// mix folds w into h.
func mix(h, w uint64) uint64 {
	hi, lo := bits.Mul64(h^0xa0761d6478bd642f, w^0xe7037ed1a0b428db)
	return hi ^ lo ^ bits.RotateLeft64(w, 32)
}

// The selection of shingles: those whose hash is below a fixed bound, which picks
// the same ones of two texts that share a passage; at least minHashes, so that
// short texts can be told, and at most maxHashes, the smallest.
const (
	hashBound = 1 << 61 // one in 8
	minHashes = 16
	maxHashes = 256
	// storedBits is the part of a hash that a sketch stores.
	storedBits = 1<<64 - 1<<(64-8*hashBytes)
)

// shingles returns the hashes of all shingles of a text in order.
func shingles(u *units) []uint64 {
	if len(u.hash) == 0 {
		return nil
	}
	all := make([]uint64, 0, len(u.hash))
	end, weight := 0, 0
	for i := range u.hash {
		for end < len(u.hash) && weight < shingleWeight {
			weight += int(u.weight[end])
			end++
		}
		if weight < shingleWeight && i > 0 {
			break
		}
		h := uint64(hashPrime)
		for _, w := range u.hash[i:end] {
			h = mix(bits.RotateLeft64(h, 5), w)
		}
		all = append(all, mix(h, hashPrime))
		weight -= int(u.weight[i])
	}
	return all
}

// selectHashes returns the shingles that a sketch holds.
func selectHashes(u *units) []uint64 {
	all := shingles(u)
	for i := range all {
		all[i] &= storedBits
	}
	kept := make([]uint64, 0, len(all)/6+minHashes)
	for _, h := range all {
		if h < hashBound {
			kept = append(kept, h)
		}
	}
	slices.Sort(kept)
	if kept = slices.Compact(kept); len(kept) < minHashes {
		slices.Sort(all)
		all = slices.Compact(all)
		return slices.Clone(all[:min(len(all), minHashes)])
	}
	return slices.Clip(kept[:min(len(kept), maxHashes)])
}
