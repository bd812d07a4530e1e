package story

// termTable keeps what is known of every term: in how many documents it was seen,
// and where its postings start. It is a hash table of open addressing whose
// entries lie side by side, as a document looks up hundreds of terms, each of
// which costs a walk to the memory. The terms of all languages share it, as the
// language is part of a term's key.
type termTable struct {
	entries []termEntry // a power of two
	used    int
	counted int // entries that were seen in a document
	docs    map[string]float64
}

type termEntry struct {
	key  uint32
	seen uint32 // in how many documents, plus one; 0: the entry is empty
	head uint32 // lower half of the number of the latest node, plus one; 0: none
}

const (
	minTermEntries = 1 << 10
	// maxCounted bounds the table; at the bound all counts are halved, and what
	// was seen once is forgotten.
	maxCounted = 4 << 20
)

func newTermTable() *termTable {
	return &termTable{entries: make([]termEntry, minTermEntries), docs: map[string]float64{}}
}

// find returns the entry of a term, or the empty one where it would go.
func (t *termTable) find(key uint32) *termEntry {
	mask := uint32(len(t.entries) - 1)
	i := key & mask
	for {
		e := &t.entries[i]
		if e.seen == 0 || e.key == key {
			return e
		}
		i = (i + 1) & mask
	}
}

// entry returns the entry of a term, a new one if there is none. It is valid
// until the next call.
func (t *termTable) entry(key uint32) *termEntry {
	e := t.find(key)
	if e.seen != 0 {
		return e
	}
	if (t.used+1)*4 > len(t.entries)*3 {
		t.rebuild()
		e = t.find(key)
	}
	t.used++
	*e = termEntry{key: key, seen: 1}
	return e
}

// count is in how many documents a term was seen.
func (t *termTable) count(key uint32) uint32 {
	return max(t.find(key).seen, 1) - 1
}

// add counts a document, and returns in counts how often each term was seen.
func (t *termTable) add(lang string, terms []term, counts []uint32) {
	t.docs[lang]++
	for i := range terms {
		e := t.entry(terms[i].key)
		if e.seen == 1 {
			t.counted++
		}
		e.seen++
		counts[i] = e.seen - 1
	}
	if t.counted > maxCounted {
		t.halve()
		t.look(terms, counts)
	}
}

// look returns in counts in how many documents each term was seen.
func (t *termTable) look(terms []term, counts []uint32) {
	for i := range terms {
		counts[i] = t.count(terms[i].key)
	}
}

// raise counts a term at least n times.
func (t *termTable) raise(key, n uint32) {
	e := t.entry(key)
	if e.seen == 1 {
		t.counted++
	}
	e.seen = max(e.seen, n+1)
}

func (t *termTable) halve() {
	t.counted = 0
	for i := range t.entries {
		if e := &t.entries[i]; e.seen > 0 {
			if e.seen = (e.seen-1)/2 + 1; e.seen > 1 {
				t.counted++
			}
		}
	}
	for l := range t.docs {
		t.docs[l] /= 2
	}
	t.rebuild()
}

// rebuild drops the terms that nothing is known of, and makes room.
func (t *termTable) rebuild() {
	t.used = 0
	for i := range t.entries {
		if t.entries[i].matters() {
			t.used++
		}
	}
	old := t.entries
	size := minTermEntries
	for t.used*2 > size {
		size *= 2
	}
	t.entries = make([]termEntry, size)
	for _, e := range old {
		if e.matters() {
			*t.find(e.key) = e
		}
	}
}

func (e *termEntry) matters() bool { return e.seen > 1 || e.head != 0 }
