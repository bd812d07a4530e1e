package bleveindex

import (
	"context"
	"math"

	indexapi "github.com/blevesearch/bleve_index_api"
)

// The weights of the ranking. A unit counts for how rare it is times how much
// the document is about it: up to 1 by how often it occurs in the text, given
// its length, and titleBoost more where the title has it.
const (
	titleBoost   = 1.0
	stemShare    = 0.7   // an inflected form against the word itself
	saturation   = 1.2   // k1 of BM25
	lengthShare  = 0.6   // b of BM25
	usualWords   = 400.0 // length at which length changes nothing
	recencyBoost = 0.3   // share added to what is brand new
	recencyHalf  = 14 * 24 * 3600 * 1e9
)

// matcher looks at one unit in each document of a pass.
type matcher struct {
	*unit
	phrases    [len(positional)]*phrase // of a phrase, by field
	title      *follower                // of a word
	text       *follower
	titleStems []*follower
	textStems  []*follower
}

// newMatcher opens the postings that the unit needs: those of a phrase to check
// it, those of a word only to rank by it.
func newMatcher(ctx context.Context, reader indexapi.IndexReader, u *unit, rank bool) (*matcher, error) {
	m := &matcher{unit: u}
	var err error
	if !u.isWord() {
		for i, field := range positional {
			if m.phrases[i], err = newPhrase(ctx, reader, field, u.tokens); err != nil {
				m.close()
				return nil, err
			}
		}
		return m, nil
	}
	if !rank {
		return m, nil
	}
	open := func(field, term string) *follower {
		if err != nil {
			return nil
		}
		var f *follower
		f, err = follow(ctx, reader, field, term, false)
		return f
	}
	m.title = open(fieldTitle, u.tokens[0].term)
	m.text = open(fieldText, u.tokens[0].term)
	for _, stem := range u.stems {
		if f := open(fieldTitle, stem); f != nil {
			m.titleStems = append(m.titleStems, f)
		}
		if f := open(fieldStem, stem); f != nil {
			m.textStems = append(m.textStems, f)
		}
	}
	if err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *matcher) close() {
	for _, p := range m.phrases {
		if p != nil {
			p.close()
		}
	}
	m.title.close()
	m.text.close()
	for _, f := range m.titleStems {
		f.close()
	}
	for _, f := range m.textStems {
		f.close()
	}
}

// rarity returns the weight of the unit in this snapshot, the usual inverse
// document frequency. The first page computes it, the cursor carries it on.
func (m *matcher) rarity(documents float64) float64 {
	var df uint64
	widest := func(f *follower) {
		if f != nil {
			df = max(df, f.reader.Count())
		}
	}
	if m.isWord() {
		widest(m.title)
		widest(m.text)
		for _, f := range m.textStems {
			widest(f)
		}
		for _, f := range m.titleStems {
			widest(f)
		}
		return idf(documents, float64(df))
	}
	sum := 0.0
	for i := range m.tokens {
		df = 0
		for _, p := range m.phrases {
			if i < len(p.words) {
				widest(p.words[i])
			}
		}
		sum = max(sum, idf(documents, float64(df)))
	}
	return sum
}

func idf(documents, df float64) float64 {
	return math.Log(1 + (max(documents, df)-df+0.5)/(df+0.5))
}

// matches reports whether a candidate has the unit. Words were checked by the
// searcher that found the candidate.
func (m *matcher) matches(id indexapi.IndexInternalID, n uint64) (bool, error) {
	if m.isWord() {
		return true, nil
	}
	for _, p := range m.phrases {
		if c, err := p.count(id, n); err != nil || c > 0 {
			return c > 0, err
		}
	}
	return false, nil
}

// aboutness returns how much a document is about the unit, from 0 to
// 1+titleBoost.
func (m *matcher) aboutness(id indexapi.IndexInternalID, n uint64, words float64) (float64, error) {
	var title, text float64
	if m.isWord() {
		var err error
		if title, err = frequency(m.title, m.titleStems, id, n); err != nil {
			return 0, err
		}
		if text, err = frequency(m.text, m.textStems, id, n); err != nil {
			return 0, err
		}
	} else {
		c, err := m.phrases[0].count(id, n)
		if err != nil {
			return 0, err
		}
		title = float64(c)
		if c, err = m.phrases[1].count(id, n); err != nil {
			return 0, err
		}
		text = float64(c)
	}
	length := 1 - lengthShare + lengthShare*words/usualWords
	return text/(text+saturation*length) + titleBoost*min(title, 1), nil
}

// frequency counts the word itself fully and its other forms in part.
func frequency(exact *follower, stems []*follower, id indexapi.IndexInternalID, n uint64) (float64, error) {
	d, err := exact.at(id, n)
	if err != nil {
		return 0, err
	}
	var same, all float64
	if d != nil {
		same = float64(d.Freq)
	}
	for _, f := range stems {
		d, err := f.at(id, n)
		if err != nil {
			return 0, err
		}
		if d != nil {
			all = max(all, 1, float64(d.Freq)) // stems of the text are not counted
		}
	}
	return same + stemShare*max(0, all-same), nil
}

// ranking scores documents. It depends on the snapshot only through the weights
// and the time, both of which a cursor carries along.
type ranking struct {
	matchers []*matcher
	now      int64
	total    float64 // of the weights
}

func (r *ranking) score(id indexapi.IndexInternalID, n uint64, w when) (float64, error) {
	if len(r.matchers) == 0 {
		return 0, nil
	}
	sum := 0.0
	for _, m := range r.matchers {
		a, err := m.aboutness(id, n, w.words)
		if err != nil {
			return 0, err
		}
		sum += m.weight * a
	}
	age := max(0, float64(r.now)-float64(w.date))
	return sum / r.total * (1 + recencyBoost*math.Exp2(-age/recencyHalf)), nil
}
