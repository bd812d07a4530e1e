package bleveindex

import (
	"context"
	"slices"

	indexapi "github.com/blevesearch/bleve_index_api"
)

// follower reads the postings of one term alongside a pass over documents in
// ascending order.
type follower struct {
	reader indexapi.TermFieldReader
	doc    indexapi.TermFieldDoc
	cur    uint64
	has    bool // cur is a document that has the term
	done   bool
}

// follow opens the postings of a term; nil where no document has it.
func follow(ctx context.Context, reader indexapi.IndexReader, field, term string, positions bool) (*follower, error) {
	r, err := reader.TermFieldReader(ctx, []byte(term), field, true, false, positions)
	if err != nil {
		return nil, err
	}
	if r.Count() == 0 {
		return nil, r.Close()
	}
	return &follower{reader: r}, nil
}

// at returns the posting of a document, or nil if it does not have the term.
// Documents must be asked for in ascending order: bleve starts over otherwise.
func (f *follower) at(id indexapi.IndexInternalID, n uint64) (*indexapi.TermFieldDoc, error) {
	if f == nil || f.done {
		return nil, nil
	}
	if !f.has || f.cur < n {
		d, err := f.reader.Advance(id, f.doc.Reset())
		if err != nil {
			return nil, err
		}
		if d == nil {
			f.done = true
			return nil, nil
		}
		f.cur, f.has = d.ID.Value(), true
	}
	if f.cur != n {
		return nil, nil
	}
	return &f.doc, nil
}

func (f *follower) close() {
	if f != nil {
		_ = f.reader.Close() // reading; it never fails
	}
}

// phrase counts how often the tokens of a unit stand together in a field.
type phrase struct {
	tokens  []token
	words   []*follower
	missing bool // no document has one of the words
	starts  []uint64
	next    []uint64
}

func newPhrase(ctx context.Context, reader indexapi.IndexReader, field string, tokens []token) (*phrase, error) {
	p := &phrase{tokens: tokens}
	for _, t := range tokens {
		f, err := follow(ctx, reader, field, t.term, true)
		if err != nil {
			p.close()
			return nil, err
		}
		if f == nil {
			p.missing = true
			break
		}
		p.words = append(p.words, f)
	}
	return p, nil
}

// count returns how often the phrase occurs in a document. Only documents that
// may have it should be asked for.
func (p *phrase) count(id indexapi.IndexInternalID, n uint64) (int, error) {
	if p.missing {
		return 0, nil
	}
	// Look whether all words are there before their positions are compared.
	for i, w := range p.words {
		d, err := w.at(id, n)
		if err != nil || d == nil {
			return 0, err
		}
		offset := uint64(p.tokens[i].pos)
		p.next = p.next[:0]
		for _, v := range d.Vectors {
			if v.Pos < offset {
				continue
			}
			if start := v.Pos - offset; i == 0 || contains(p.starts, start) {
				p.next = append(p.next, start)
			}
		}
		slices.Sort(p.next)
		p.starts, p.next = p.next, p.starts
		if len(p.starts) == 0 {
			return 0, nil
		}
	}
	return len(p.starts), nil
}

func contains(sorted []uint64, v uint64) bool {
	_, ok := slices.BinarySearch(sorted, v)
	return ok
}

func (p *phrase) close() {
	for _, w := range p.words {
		w.close()
	}
}
