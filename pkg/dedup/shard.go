package dedup

// shardCount is how many small tables there are; a power of two.
const shardCount = 1 << 10

// The load of a shard: it is rebuilt when it is fuller than fullShare of 256,
// for its live postings to fill freshShare.
const (
	fullShare  = 220
	freshShare = 180
	minEntries = 16
)

// shard is a small table of postings: the upper half of an entry is the key of a
// shingle, the lower half the number of an article plus one; 0 is empty.
// A shingle has an entry for each article.
type shard struct {
	entries []uint64
	used    int
}

// keyOf returns what an entry keeps of a shingle. The uppermost bits say little,
// for only small hashes are kept; those that choose the shard are not kept.
func keyOf(h uint64) uint32 {
	return uint32(h >> 26)
}

func (t *Table) shardOf(h uint64) *shard {
	return &t.shards[h>>16&(shardCount-1)]
}

func entryKey(e uint64) uint32    { return uint32(e >> 32) }
func entryNumber(e uint64) uint32 { return uint32(e) - 1 }
func entryOf(key, number uint32) uint64 {
	return uint64(key)<<32 | uint64(number+1)
}

// home is where the entries of a key start.
func (s *shard) home(key uint32) int {
	return int(uint64(key*2654435769) * uint64(len(s.entries)) >> 32)
}

func (s *shard) after(i int) int {
	if i++; i < len(s.entries) {
		return i
	}
	return 0
}

// add puts in a posting. Beyond the bound of postings it takes the place of the
// key's oldest.
func (s *shard) add(key, number uint32, t *Table) {
	if (s.used+1)*256 > len(s.entries)*fullShare {
		s.rebuild(t)
	}
	n, oldest := 0, -1
	i := s.home(key)
	for ; s.entries[i] != 0; i = s.after(i) {
		if entryKey(s.entries[i]) != key {
			continue
		}
		n++
		// Numbers grow, and wrap: the oldest is the farthest behind.
		if age := number - entryNumber(s.entries[i]); oldest < 0 || age > number-entryNumber(s.entries[oldest]) {
			oldest = i
		}
	}
	if n >= t.opts.MaxPostings {
		s.entries[oldest] = entryOf(key, number)
		return
	}
	s.entries[i] = entryOf(key, number)
	s.used++
}

// rebuild drops the postings of forgotten articles and makes room.
func (s *shard) rebuild(t *Table) {
	live := 0
	for _, e := range s.entries {
		if e != 0 && t.doc(entryNumber(e)) != nil {
			live++
		}
	}
	old := s.entries
	s.entries = make([]uint64, max(live*256/freshShare, minEntries))
	s.used = live
	for _, e := range old {
		if e == 0 || t.doc(entryNumber(e)) == nil {
			continue
		}
		i := s.home(entryKey(e))
		for s.entries[i] != 0 {
			i = s.after(i)
		}
		s.entries[i] = e
	}
}
