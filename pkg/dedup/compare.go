package dedup

import (
	"cmp"
	"slices"
	"time"
)

// Doc is what verification looks at.
type Doc struct {
	ID, Title, Text string
	Published       time.Time // zero if unknown
	// Content is a hash of what tells versions apart, or empty: an article that
	// is added again with the same one is not looked at again.
	Content string
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

// String returns the name of the kind.
func (k Kind) String() string {
	switch k {
	case KindCopy:
		return "copy"
	case KindLink:
		return "link"
	case KindTemplate:
		return "template"
	case KindNone:
	}
	return "none"
}

// Relation is how a text a relates to a text b.
type Relation struct {
	Kind  Kind
	Share float64 // of a's words that b has
	Back  float64 // of b's words that a has
}

// The rule of copies. Shares are of words that lie in runs which both have;
// the longer text is called the host, the other one the part.
const (
	// A text is a copy if this share of it is in the other. Short texts need
	// more: what they share may be a form.
	copyShare  = 0.6
	shortShare = 0.8
	shortWords = 120
	formWords  = 250

	// The rest of the host: beyond evenShare there is little of it. A host with
	// less of the part than lowShare is a copy of it only if it starts with it
	// (headShare of its first headWords words), has its title, or comes to it
	// within nearHead words that are about the same.
	evenShare  = 0.55
	lowShare   = 0.2
	headShare  = 0.4
	headWords  = 60
	nearHead   = 80
	titleShare = 0.6
	titleWords = 3

	// Between lowShare and evenShare the host has text of its own. It is a
	// round-up, not a longer version, if it has a lead of its own (ownLead
	// words), holds the part in one block (blockShare of the words from the
	// first to the last shared one) and is about other things: fewer than
	// topicShare of the words that the part is about are in its own text, or
	// anyShare of its long words if it repeats fewer than topicWords.
	ownLead    = 40
	blockShare = 0.6
	topicShare = 0.4
	topicWords = 6
	anyShare   = 0.25

	// Forms: texts under formWords whose numbers differ. They are told from
	// links by how much both have in common, at least formShare. Of texts of one day
	// nearly all numbers must differ, for a report is corrected within hours.
	formShare     = 0.4
	sameDay       = 20 * time.Hour
	numbersShare  = 0.8
	numbersDiffer = 2
	otherNumbers  = 0.3
	mostNumbers   = 3

	// What comes days later is a copy only if it is nearly the whole.
	sameNews   = 72 * time.Hour
	wholeShare = 0.9

	// Texts that are no copies are linked from this share and this many words on,
	// or from many words on. A site's standing lines are fewer.
	linkShare = 0.25
	linkWords = 40
	manyWords = 120

	// Below this length texts are copies only if they are equal, title and all.
	tinyWords = 20
)

// Compare tells how two texts relate, from nothing but the two. The kind is the
// same both ways round.
func Compare(a, b *Doc) Relation {
	return relate(proseOf(a), proseOf(b))
}

// side is one of two texts beside what it shares with the other.
type side struct {
	*prose
	in     []bool // units that the other has
	words  float64
	share  float64 // of words
	before float64 // own words before the first shared one
	inside float64 // own words between the first and the last shared one
	head   float64 // share of the first headWords
}

func sideOf(p *prose, in []bool) side {
	s := side{prose: p, in: in}
	last := 0 // own weight since the last shared unit
	own, shared, head, headShared := 0, 0, 0, 0
	for i, shares := range in {
		if p.flags[i]&furniture != 0 {
			continue
		}
		w := int(p.weight[i])
		if head < headWords*wordWeight {
			head += w
			if shares {
				headShared += w
			}
		}
		switch {
		case !shares:
			own += w
			last += w
		case shared == 0:
			s.before = float64(own) / wordWeight
			shared, last = w, 0
		default:
			shared += w
			s.inside += float64(last) / wordWeight
			last = 0
		}
	}
	s.words = float64(own+shared) / wordWeight
	if shared > 0 {
		s.share = float64(shared) / float64(own+shared)
		s.head = float64(headShared) / float64(head)
	}
	return s
}

func relate(a, b *prose) Relation {
	inA, inB := cover(a, b)
	sa, sb := sideOf(a, inA), sideOf(b, inB)
	host, part := &sa, &sb
	if cmp.Or(cmp.Compare(a.weighed, b.weighed), cmp.Compare(a.digest, b.digest)) < 0 {
		host, part = part, host
	}
	return Relation{Kind: kindOfPair(host, part), Share: sa.share, Back: sb.share}
}

// kindOfPair is the rule. It treats its texts alike but for their length.
func kindOfPair(host, part *side) Kind {
	large, small := max(host.share, part.share), min(host.share, part.share)
	titles := titlesAgree(host.title, part.title)
	if part.words < tinyWords {
		if len(part.hash) > 0 && slices.Equal(host.hash, part.hash) && (titles || slices.Equal(host.title, part.title)) {
			return KindCopy
		}
		return KindNone
	}
	if large >= threshold(part.words) && sameText(host, part, small, titles) {
		switch {
		case otherFacts(host, part):
			return KindTemplate
		case apart(host, part) <= sameNews || small >= wholeShare:
			return KindCopy
		case part.words < formWords:
			return KindTemplate
		}
	}
	if small >= formShare && otherFacts(host, part) {
		return KindTemplate
	}
	words := max(host.share*host.words, part.share*part.words)
	if large >= linkShare && words >= linkWords || words >= manyWords {
		return KindLink
	}
	return KindNone
}

func threshold(words float64) float64 {
	if words < shortWords {
		return shortShare
	}
	return copyShare
}

// sameText reports whether a host that has most of a part is another version of
// it, not a text that contains it.
func sameText(host, part *side, small float64, titles bool) bool {
	if small >= evenShare || host.head >= headShare || titles {
		return true
	}
	if small < lowShare {
		return host.before <= nearHead && !aboutOther(host, part)
	}
	shared := host.share * host.words
	roundUp := host.before >= ownLead && shared >= blockShare*(shared+host.inside) && aboutOther(host, part)
	return !roundUp
}

// aboutOther reports whether host's own text is about other things than part:
// few of the long words that part repeats, which are names and what it is about,
// come up in it. If it repeats too few, all its long words count. In scripts
// without spaces pairs of characters stand for long words.
func aboutOther(host, part *side) bool {
	own, all := host.topics(true), part.topics(false)
	if repeated := repeats(all); len(repeated) >= topicWords {
		return float64(common(sortedSet(own), repeated)) < topicShare*float64(len(repeated))
	}
	own, all = sortedSet(own), sortedSet(all)
	return float64(common(own, all)) < anyShare*float64(min(len(own), len(all)))
}

// topics returns the long words of a text, or of what is its own, sorted.
func (s *side) topics(ownOnly bool) []uint64 {
	words := make([]uint64, 0, len(s.hash)/3)
	for i, h := range s.hash {
		if s.flags[i]&furniture != 0 || ownOnly && s.in[i] {
			continue
		}
		switch {
		case s.flags[i]&longWord != 0:
			words = append(words, h)
		case i > 0 && s.weight[i] == charWeight && s.weight[i-1] == charWeight:
			words = append(words, mix(s.hash[i-1], h))
		}
	}
	slices.Sort(words)
	return words
}

// repeats returns, once each, what a sorted list holds more than once.
func repeats(sorted []uint64) []uint64 {
	var out []uint64
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] && (len(out) == 0 || out[len(out)-1] != sorted[i]) {
			out = append(out, sorted[i])
		}
	}
	return out
}

// titlesAgree reports whether most words of the shorter title are in the longer.
func titlesAgree(a, b []uint64) bool {
	n := min(len(a), len(b))
	return n >= titleWords && float64(common(a, b)) >= titleShare*float64(n)
}

// apart is how far apart two texts were published; 0 if that is not known.
func apart(a, b *side) time.Duration {
	if a.published.IsZero() || b.published.IsZero() {
		return 0
	}
	return a.published.Sub(b.published).Abs()
}

// otherFacts reports whether the numbers of two short texts differ as those of
// two fillings of one form do.
func otherFacts(a, b *side) bool {
	if min(a.words, b.words) >= formWords {
		return false
	}
	n := min(len(a.numbers), len(b.numbers))
	same := common(a.numbers, b.numbers)
	share := float64(same)
	if n-same >= mostNumbers && share < otherNumbers*float64(n) {
		return true
	}
	unknown := a.published.IsZero() || b.published.IsZero()
	return (unknown || apart(a, b) > sameDay) && n-same >= numbersDiffer && share < numbersShare*float64(n)
}
