package dedup

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The defaults of [TableOptions].
const (
	defaultWindow        = 7 * 24 * time.Hour
	defaultMaxPostings   = 200
	defaultMaxCandidates = 64
)

// minHits is how many shingles two articles must share to be candidates, if the
// one asked for has as many.
const minHits = 2

// minContainment is the estimated share of the shorter text from which on an
// article is a candidate.
const minContainment = 0.1

// TableOptions are the bounds of a [Table]; zero values mean the defaults.
type TableOptions struct {
	Window        time.Duration // how far apart two articles may be; 7 days
	MaxPostings   int           // articles a shingle is remembered for, the latest; 200
	MaxCandidates int           // most candidates of one call; 64
	MaxArticles   int           // the oldest are forgotten beyond it; 0: no bound
}

func (o TableOptions) withDefaults() TableOptions {
	o.Window = cmp.Or(max(o.Window, 0), defaultWindow)
	o.MaxPostings = cmp.Or(max(o.MaxPostings, 0), defaultMaxPostings)
	o.MaxCandidates = cmp.Or(max(o.MaxCandidates, 0), defaultMaxCandidates)
	return o
}

// Candidate is an article that may share text with the one asked for.
// Containment is the estimated share of the shorter text that both have.
type Candidate struct {
	ID          string
	Containment float64
}

// TableStats says how large a table is.
type TableStats struct {
	Articles int
	Postings int   // of articles that were forgotten, too, until their place is needed
	Bytes    int64 // memory held, about
}

// Table finds the articles that may share text with a new one. It forgets what
// is older than its window. It is not safe for concurrent use.
//
// Articles are numbered in order of arrival. The postings of a shingle, the
// numbers of the articles that have it, lie in one of many small tables of open
// addressing. Forgetting an article leaves its postings; a small table drops
// them when it is full, so no call does much work at once.
type Table struct {
	opts   TableOptions
	docs   []tableDoc // in order of arrival
	first  uint32     // number of docs[0]
	byID   map[string]uint32
	shards []shard
	latest int64 // the latest time of an article, in seconds

	forget func(id string) // called for articles that leave by age, if set

	// Scratch of Candidates: shingles shared with each of docs, all 0 between
	// calls, which of them are not, and what is ranked.
	hits    []uint16
	touched []uint32
	scored  []scored
}

// tableDoc is what a table knows of an article.
type tableDoc struct {
	id      string // "": removed
	at      int64  // seconds
	content uint64 // hash of title and text; 0: not known
	limit   uint32 // upper bits of the bound below which all its shingles are kept
	count   uint16 // shingles
}

// scored is a candidate that is ranked.
type scored struct {
	doc         *tableDoc
	hits        uint16
	containment float64
}

// NewTable returns an empty table.
func NewTable(opts TableOptions) *Table {
	return &Table{opts: opts.withDefaults(), byID: map[string]uint32{}, shards: make([]shard, shardCount)}
}

// Add puts an article into the table; it replaces one of the same id. The time
// is when the article arrived, by a clock that can be trusted: what is a window
// older than the latest is forgotten.
func (t *Table) Add(id string, at time.Time, f Fingerprint) {
	t.Remove(id)
	seconds := at.Unix()
	t.latest = max(t.latest, seconds)
	t.expire()
	if id == "" || len(f.Hashes) == 0 || t.old(seconds) {
		return
	}
	number := t.first + uint32(len(t.docs))
	hashes := f.Hashes[:min(len(f.Hashes), maxHashes)]
	t.docs = append(t.docs, tableDoc{id: id, at: seconds, limit: limitOf(hashes), count: uint16(len(hashes))})
	t.byID[id] = number
	for _, h := range hashes {
		t.shardOf(h).add(keyOf(h), number, t)
	}
}

// Remove forgets an article.
func (t *Table) Remove(id string) {
	number, ok := t.byID[id]
	if !ok {
		return
	}
	delete(t.byID, id)
	t.docs[number-t.first].id = ""
}

// content returns what is known of the content of an article, 0 if nothing is.
func (t *Table) content(id string) uint64 {
	number, ok := t.byID[id]
	if !ok || t.old(t.docs[number-t.first].at) {
		return 0
	}
	return t.docs[number-t.first].content
}

func (t *Table) setContent(id string, content uint64) {
	if number, ok := t.byID[id]; ok {
		t.docs[number-t.first].content = content
	}
}

// expire forgets the articles at the head of the queue whose time is over.
func (t *Table) expire() {
	n := 0
	for ; n < len(t.docs); n++ {
		d := &t.docs[n]
		over := t.opts.MaxArticles > 0 && len(t.byID) >= t.opts.MaxArticles
		if d.id != "" && !over && !t.old(d.at) {
			break
		}
		if d.id == "" {
			continue
		}
		delete(t.byID, d.id)
		if t.forget != nil {
			t.forget(d.id)
		}
		d.id = ""
	}
	t.docs = t.docs[n:]
	t.first += uint32(n)
}

// old reports whether no article that comes can be within the window of one,
// those that are late by up to a sixteenth of the window included.
func (t *Table) old(seconds int64) bool {
	return t.latest-seconds > int64((t.opts.Window+t.opts.Window/16)/time.Second)
}

// at returns when an article arrived.
func (t *Table) at(id string) (time.Time, bool) {
	number, ok := t.byID[id]
	if !ok || t.old(t.docs[number-t.first].at) {
		return time.Time{}, false
	}
	return time.Unix(t.docs[number-t.first].at, 0), true
}

// has reports whether an article is in the window. What is not may still be in
// the queue, behind what came before it but arrived later.
func (t *Table) has(id string) bool {
	number, ok := t.byID[id]
	return ok && !t.old(t.docs[number-t.first].at)
}

// doc returns the article of a number, nil if it was forgotten.
func (t *Table) doc(number uint32) *tableDoc {
	i := number - t.first // wraps for what is older
	if uint64(i) >= uint64(len(t.docs)) || t.docs[i].id == "" {
		return nil
	}
	return &t.docs[i]
}

// Candidates returns the articles that may share text with f, within the window
// before and after at, best first, never id itself.
func (t *Table) Candidates(id string, at time.Time, f Fingerprint) []Candidate {
	if len(f.Hashes) == 0 {
		return nil
	}
	hashes := f.Hashes[:min(len(f.Hashes), maxHashes)]
	t.count(hashes)
	best := t.scored[:0]
	seconds, limit := at.Unix(), limitOf(hashes)
	need := uint16(min(minHits, len(hashes)))
	for _, i := range t.touched {
		hits := t.hits[i]
		t.hits[i] = 0
		if hits < need {
			continue
		}
		d := &t.docs[i]
		if d.id == "" || d.id == id || t.old(d.at) || max(d.at-seconds, seconds-d.at) > int64(t.opts.Window/time.Second) {
			continue
		}
		n := min(below(hashes, d.limit), d.below(limit))
		if c := min(float64(hits)/max(n, 1), 1); c >= minContainment {
			best = append(best, scored{d, hits, c})
		}
	}
	t.touched, t.scored = t.touched[:0], best[:0]
	slices.SortFunc(best, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.containment, a.containment), cmp.Compare(b.hits, a.hits), strings.Compare(a.doc.id, b.doc.id))
	})
	best = best[:min(len(best), t.opts.MaxCandidates)]
	out := make([]Candidate, len(best))
	for i, s := range best {
		out[i] = Candidate{ID: s.doc.id, Containment: s.containment}
	}
	clear(best)
	return out
}

// count counts the shingles that each article shares.
func (t *Table) count(hashes []uint64) {
	if len(t.hits) < len(t.docs) {
		t.hits = make([]uint16, cap(t.docs))
	}
	known := uint32(len(t.docs))
	for _, h := range hashes {
		key := keyOf(h)
		s := t.shardOf(h)
		if len(s.entries) == 0 {
			continue
		}
		for i := s.home(key); s.entries[i] != 0; i = s.after(i) {
			if entryKey(s.entries[i]) != key {
				continue
			}
			n := entryNumber(s.entries[i]) - t.first // wraps for what is forgotten
			if n >= known {
				continue
			}
			if t.hits[n] == 0 {
				t.touched = append(t.touched, n)
			}
			t.hits[n]++
		}
	}
}

// limitOf returns the upper half of the bound below which a sketch is complete.
func limitOf(hashes []uint64) uint32 {
	last := hashes[len(hashes)-1]
	if len(hashes) < maxHashes && last < hashBound {
		last = hashBound
	}
	return uint32(last >> 32)
}

// below counts the hashes up to a limit.
func below(hashes []uint64, limit uint32) float64 {
	n, _ := slices.BinarySearch(hashes, (uint64(limit)+1)<<32)
	return float64(n)
}

// below estimates how many of an article's shingles are up to a limit.
func (d *tableDoc) below(limit uint32) float64 {
	if limit >= d.limit {
		return float64(d.count)
	}
	return float64(d.count) * float64(limit) / float64(d.limit)
}

// Stats returns the size of the table.
func (t *Table) Stats() TableStats {
	const docSize, idSize, mapSize = 40, 32, 44
	s := TableStats{Articles: len(t.byID)}
	s.Bytes = int64(cap(t.docs))*docSize + int64(cap(t.hits))*2 + int64(len(t.byID))*(idSize+mapSize)
	for i := range t.shards {
		s.Postings += t.shards[i].used
		s.Bytes += int64(cap(t.shards[i].entries)) * 8
	}
	return s
}
