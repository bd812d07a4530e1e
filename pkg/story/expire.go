package story

import (
	"time"
	"unsafe"
)

// post numbers a unit, and makes it one that its terms find.
func (t *Tracker) post(u *unit, terms []weighed, arrived int64) {
	if len(t.slots) == 0 && t.first == 0 {
		t.first = 1 // 0 means none
	}
	u.number = t.first + uint32(len(t.slots))
	posted := min(len(terms), maxPosted)
	for _, x := range terms[:posted] {
		t.postings.add(x.key, u.number)
	}
	t.slots = append(t.slots, slot{u, arrived, uint8(posted)})
	t.live++
}

// unit returns the unit of a number, nil if it is gone.
func (t *Tracker) unit(number uint32) *unit {
	if i := number - t.first; i < uint32(len(t.slots)) {
		return t.slots[i].unit
	}
	return nil
}

// Expire forgets the articles that arrived longer than the window before now.
// Add does so by itself; this is for hours in which nothing arrives.
func (t *Tracker) Expire(now time.Time) {
	t.clock = max(t.clock, now.Unix())
	t.expire(t.clock)
}

func (t *Tracker) expire(clock int64) {
	limit := clock - int64(t.opts.Window/time.Second)
	for len(t.slots) > 0 && t.slots[0].arrived < limit {
		t.dropOldest()
	}
}

// dropOldest forgets the unit that came first, with its copies.
func (t *Tracker) dropOldest() {
	s := &t.slots[0]
	t.postings.drop(int(s.posted))
	if u := s.unit; u != nil {
		for _, id := range u.docs {
			delete(t.articles, id)
		}
		t.forget(u)
	}
	t.slots = t.slots[1:]
	t.first++
}

// Stats returns the size of the tracker. Bytes is an estimate: what the structures
// hold, with the usual overhead of maps, without the text of ids.
func (t *Tracker) Stats() Stats {
	const (
		mapEntry  = 16 // beside key and value: control bytes, free places
		stringLen = 16
		pointer   = 8
	)
	unitSize := int(unsafe.Sizeof(unit{})) + stringLen + 8 + int(unsafe.Sizeof(slot{})) +
		pointer + mapEntry + stringLen
	storySize := int(unsafe.Sizeof(group{})) + pointer + pointer + mapEntry + stringLen
	bytes := t.live*unitSize +
		len(t.articles)*(stringLen+pointer+mapEntry) +
		len(t.stories)*storySize +
		len(t.postings.nodes)*int(unsafe.Sizeof(node{})) +
		len(t.vectors.terms.entries)*int(unsafe.Sizeof(termEntry{}))
	return Stats{Articles: len(t.articles), Units: t.live, Stories: len(t.stories), Bytes: bytes}
}
