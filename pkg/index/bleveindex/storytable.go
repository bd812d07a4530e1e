package bleveindex

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/copydesk/copydesk/pkg/index"
)

// storyTable is what one pass over articles finds out about their stories:
// about 16 bytes an article and 80 a story. What takes more, which is counting
// clusters and sites, is done for the stories that are shown.
type storyTable struct {
	seed    maphash.Seed
	byKey   map[uint64]uint32 // hash of an id, to stories
	stories []storySum
	ids     []byte // one after the other
	rows    []storyRow
}

// storySum is a story; its id starts at id in ids and ends where the next starts.
type storySum struct {
	articles    int
	first, last int64 // dates
	id          int
}

// storyRow is an article, by the number of its document.
type storyRow struct {
	doc   uint64
	story uint32
}

// storyPosition is the place after a story, as a cursor holds it.
type storyPosition struct {
	Articles int    `json:"n,omitempty"`
	Last     int64  `json:"d"`
	ID       string `json:"i"`
}

func newStoryTable() *storyTable {
	return &storyTable{seed: maphash.MakeSeed(), byKey: map[uint64]uint32{}}
}

// add counts an article.
func (t *storyTable) add(story []byte, doc uint64, date int64) {
	k := maphash.Bytes(t.seed, story)
	n, ok := t.byKey[k]
	if !ok {
		n = uint32(len(t.stories))
		t.byKey[k] = n
		t.stories = append(t.stories, storySum{first: date, last: date, id: len(t.ids)})
		t.ids = append(t.ids, story...)
	}
	s := &t.stories[n]
	s.articles++
	s.first, s.last = min(s.first, date), max(s.last, date)
	t.rows = append(t.rows, storyRow{doc: doc, story: n})
}

func (t *storyTable) idBytes(n uint32) []byte {
	end := len(t.ids)
	if int(n)+1 < len(t.stories) {
		end = t.stories[n+1].id
	}
	return t.ids[t.stories[n].id:end]
}

func (t *storyTable) id(n uint32) string { return string(t.idBytes(n)) }

func (t *storyTable) position(n uint32) storyPosition {
	s := &t.stories[n]
	return storyPosition{Articles: s.articles, Last: s.last, ID: t.id(n)}
}

// page returns how many stories there are, and in order those after a position:
// one more than the page holds, if there are.
func (t *storyTable) page(q index.StoriesQuery, after *storyPosition) (total uint64, page []uint32) {
	order := func(articles int, last int64, id []byte, b uint32) int {
		o := &t.stories[b]
		size := 0
		if q.Sort == index.StoriesBySize {
			size = cmp.Compare(o.articles, articles)
		}
		if k := cmp.Or(size, cmp.Compare(o.last, last)); k != 0 {
			return k
		}
		return bytes.Compare(id, t.idBytes(b))
	}
	for i := range t.stories {
		s, n := &t.stories[i], uint32(i)
		if s.articles < q.MinArticles {
			continue
		}
		total++
		if after != nil && order(after.Articles, after.Last, []byte(after.ID), n) >= 0 {
			continue
		}
		before := func(a, _ uint32) int { return -order(s.articles, s.last, t.idBytes(n), a) }
		if len(page) > q.Size {
			if before(page[q.Size], n) <= 0 {
				continue
			}
			page = page[:q.Size]
		}
		at, _ := slices.BinarySearchFunc(page, n, before)
		page = slices.Insert(page, at, n)
	}
	return total, page
}
