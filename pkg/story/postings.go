package story

const (
	maxChain = 48 // the latest documents of a term that are looked at
	noNode   = ^uint32(0)
)

// postings finds units by term. The nodes of all terms lie in one ring in the
// order of arrival, each pointing to the one before it of its term; a unit
// expires with the end of the ring, so nothing is ever searched for to be
// deleted: a pointer behind the end of the ring is the end of the chain.
type postings struct {
	heads map[uint32]uint64 // term to the number of its latest node, plus one
	nodes []node            // ring, a power of two
	first uint64            // number of the oldest node
	next  uint64            // number of the next one
}

type node struct {
	unit   uint32
	before uint32 // how many nodes back the one before it is; 0: none
	key    uint32
}

func newPostings() *postings {
	return &postings{heads: map[uint32]uint64{}, nodes: make([]node, 1024)}
}

// add posts a unit under a term.
func (p *postings) add(key, unit uint32) {
	if p.next-p.first == uint64(len(p.nodes)) {
		p.grow()
	}
	n := node{unit: unit, key: key}
	if h := p.heads[key]; h > p.first {
		if back := p.next - (h - 1); back < uint64(noNode) {
			n.before = uint32(back)
		}
	}
	p.nodes[p.next&uint64(len(p.nodes)-1)] = n
	p.next++
	p.heads[key] = p.next
}

func (p *postings) grow() {
	nodes := make([]node, 2*len(p.nodes))
	for i := p.first; i < p.next; i++ {
		nodes[i&uint64(len(nodes)-1)] = p.nodes[i&uint64(len(p.nodes)-1)]
	}
	p.nodes = nodes
}

// drop forgets the n oldest nodes. A term that lost its last one is
// forgotten with it.
func (p *postings) drop(n int) {
	for ; n > 0 && p.first < p.next; n-- {
		old := p.nodes[p.first&uint64(len(p.nodes)-1)]
		p.first++
		if p.heads[old.key] == p.first {
			delete(p.heads, old.key)
		}
	}
}

// each calls f with the latest units of a term, newest first.
func (p *postings) each(key uint32, f func(unit uint32)) {
	h := p.heads[key]
	if h == 0 {
		return
	}
	at := h - 1
	for range maxChain {
		if at < p.first {
			return
		}
		n := &p.nodes[at&uint64(len(p.nodes)-1)]
		f(n.unit)
		if n.before == 0 || uint64(n.before) > at {
			return
		}
		at -= uint64(n.before)
	}
}
