package htmltree

import (
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	slabNodes = 512 // nodes of one slab
	slabAttrs = 512 // attributes of one slab
	// slabText is how many bytes of text are allocated at once; a string keeps
	// no more than that alive.
	slabText = 8 << 10
	// longText is from how many bytes on a string gets memory of its own.
	longText = 1 << 10
	// keptSlabs bounds what one page hands on to the next.
	keptSlabs = 100
	// seenStrings is the size of the table of strings that were met before: classes
	// repeat. It is a power of two.
	seenStrings = 256
	// longSeen is up to how many bytes a string is looked up there.
	longSeen = 160
)

// slabs is the memory of one tree.
type slabs struct {
	nodes  [][]html.Node
	used   int // nodes in use, over all slabs
	attrs  [][]html.Attribute
	filled int // slabs of attributes in use; the last may have room
	text   strings.Builder
	seen   [seenStrings]string
}

// pool hands slabs from page to page. It holds no state: a page that finds it
// empty gets new memory.
var pool = sync.Pool{New: func() any { return new(slabs) }}

func newSlabs() *slabs { return pool.Get().(*slabs) }

func (s *slabs) release() {
	for i := 0; i < len(s.nodes) && i*slabNodes < s.used; i++ {
		clear(s.nodes[i][:min(slabNodes, s.used-i*slabNodes)])
	}
	for i := range s.filled {
		clear(s.attrs[i])
		s.attrs[i] = s.attrs[i][:0]
	}
	if len(s.nodes) > keptSlabs {
		clear(s.nodes[keptSlabs:])
		s.nodes = s.nodes[:keptSlabs]
	}
	if len(s.attrs) > keptSlabs {
		clear(s.attrs[keptSlabs:])
		s.attrs = s.attrs[:keptSlabs]
	}
	s.used, s.filled = 0, 0
	s.text = strings.Builder{}
	clear(s.seen[:])
	pool.Put(s)
}

func (s *slabs) node(kind html.NodeType, a atom.Atom, data string) *html.Node {
	slab, i := s.used/slabNodes, s.used%slabNodes
	if slab == len(s.nodes) {
		s.nodes = append(s.nodes, make([]html.Node, slabNodes))
	}
	s.used++
	n := &s.nodes[slab][i]
	n.Type, n.DataAtom, n.Data = kind, a, data
	return n
}

// keep copies attributes into a slab.
func (s *slabs) keep(list []html.Attribute) []html.Attribute {
	if len(list) == 0 {
		return nil
	}
	if s.filled == 0 || cap(s.attrs[s.filled-1])-len(s.attrs[s.filled-1]) < len(list) {
		if s.filled == len(s.attrs) {
			s.attrs = append(s.attrs, make([]html.Attribute, 0, slabAttrs))
		}
		s.filled++
	}
	slab := &s.attrs[s.filled-1]
	from := len(*slab)
	*slab = append(*slab, list...)
	return (*slab)[from:len(*slab):len(*slab)]
}

// string copies b.
func (s *slabs) string(b []byte) string {
	if len(b) >= longText {
		return string(b)
	}
	if s.text.Cap()-s.text.Len() < len(b) {
		s.text = strings.Builder{} // those who hold strings of the old one keep it
		s.text.Grow(slabText)
	}
	from := s.text.Len()
	s.text.Write(b)
	return s.text.String()[from:]
}

// shared is string for values that are likely to come again.
func (s *slabs) shared(b []byte) string {
	n := len(b)
	switch {
	case n == 0:
		return ""
	case n > longSeen:
		return s.string(b)
	}
	h := uint32(n)
	for i := 0; i < n; i += 1 + n/24 {
		h = (h ^ uint32(b[i])) * 16777619
	}
	slot := &s.seen[(h^h>>15)%seenStrings]
	if *slot != string(b) {
		*slot = s.string(b)
	}
	return *slot
}
