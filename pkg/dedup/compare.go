package dedup

import "time"

// Doc is what verification looks at.
type Doc struct {
	ID, Title, Text string
	Published       time.Time // zero if unknown
}

// Kind is how two texts relate.
type Kind int

// The kinds of relation.
const (
	KindNone     Kind = iota // nothing of note in common
	KindCopy                 // one text, perhaps cut, retouched or a version later
	KindLink                 // one reuses part of the other beside text of its own
	KindTemplate             // the same form filled with other facts
)

// Relation is how a text a relates to a text b.
type Relation struct {
	Kind  Kind
	Share float64 // of a's words that b has
	Back  float64 // of b's words that a has
}

// Compare tells how two texts relate, from nothing but the two. The kind is the
// same both ways round.
func Compare(a, b *Doc) Relation { return Relation{} }
