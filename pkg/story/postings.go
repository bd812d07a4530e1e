package story

// maxChain is how many documents of a term are looked at, the latest.
const maxChain = 48

// postings finds units by term. The nodes of all terms lie in one ring in the
// order of arrival, each pointing to the one before it of its term; a unit
// expires with the end of the ring, so nothing is ever searched for to be
// deleted: a pointer behind the end of the ring is the end of the chain. The
// table of the terms knows the latest node of each.
type postings struct {
	terms *termTable
	nodes []node // ring, a power of two
	first uint64 // number of the oldest node
	next  uint64 // number of the next one
}

type node struct {
	unit   uint32
	before uint32 // how many nodes back the one before it is; 0: none
	key    uint32
}

func newPostings(terms *termTable) *postings {
	return &postings{terms: terms, nodes: make([]node, 1024)}
}

// add posts a unit under a term.
func (p *postings) add(key, unit uint32) {
	if p.next-p.first == uint64(len(p.nodes)) {
		p.grow()
	}
	n := node{unit: unit, key: key}
	e := p.terms.entry(key)
	if e.head != 0 {
		n.before = p.back(e.head)
	}
	p.nodes[p.next&uint64(len(p.nodes)-1)] = n
	p.next++
	e.head = uint32(p.next)
}

// back is how many nodes before the next one a head is.
func (p *postings) back(head uint32) uint32 { return uint32(p.next) - (head - 1) }

func (p *postings) grow() {
	nodes := make([]node, 2*len(p.nodes))
	for i := p.first; i < p.next; i++ {
		nodes[i&uint64(len(nodes)-1)] = p.nodes[i&uint64(len(p.nodes)-1)]
	}
	p.nodes = nodes
}

// drop forgets the n oldest nodes. The head of a term that lost its last one is
// forgotten with it.
func (p *postings) drop(n int) {
	for ; n > 0 && p.first < p.next; n-- {
		old := p.nodes[p.first&uint64(len(p.nodes)-1)]
		p.first++
		if e := p.terms.find(old.key); e.seen != 0 && e.head == uint32(p.first) {
			e.head = 0
		}
	}
}

// each calls f with the latest units of a term, newest first.
func (p *postings) each(key uint32, f func(unit uint32)) {
	e := p.terms.find(key)
	if e.seen == 0 || e.head == 0 {
		return
	}
	at := p.next - uint64(p.back(e.head))
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
