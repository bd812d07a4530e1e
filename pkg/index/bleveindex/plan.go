package bleveindex

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/searcher"
	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/index"
)

// maxTokens bounds the terms of a query once its text is analysed; a long run
// of Chinese is one word to the user and many terms here.
const maxTokens = 256

// unit is one word or phrase of a query. A word has one token and may match by
// its stems; a phrase has several, which must stand at their distances.
type unit struct {
	tokens []token  // pos counts from 0
	stems  []string // of a word, by the languages asked for
	weight float64  // how rare it is; set when the ranking needs it
}

func (u *unit) isWord() bool { return len(u.tokens) == 1 }

// plan is an analysed query.
type plan struct {
	must, not []*unit
	stories   []string // if any: only these stories
	// nothing: the text has no word that could be found.
	nothing bool
}

// analyse turns the text of a query into units. Errors wrap [index.ErrBadQuery].
func analyse(q index.Query) (*plan, error) {
	terms, err := index.ParseText(q.Text)
	if err != nil {
		return nil, err
	}
	p := &plan{nothing: len(terms) == 0 && strings.TrimSpace(q.Text) != ""}
	languages := queryStemmers(q.Lang)
	total := 0
	for _, t := range terms {
		u := newUnit(t, languages)
		if u == nil {
			continue
		}
		if total += len(u.tokens); total > maxTokens {
			return nil, fmt.Errorf("%w: text has more than %d words", index.ErrBadQuery, maxTokens)
		}
		if t.Exclude {
			p.not = append(p.not, u)
		} else {
			p.must = append(p.must, u)
		}
	}
	return p, nil
}

// queryStemmers returns the stemmers that a query needs: those of the languages
// it is limited to, or all.
func queryStemmers(langs []string) []stemmer {
	if len(langs) == 0 {
		return stemmers()
	}
	var out []stemmer
	for _, l := range langs {
		if s, ok := stemmerOf(l); ok {
			out = append(out, s)
		}
	}
	return out
}

// newUnit analyses one term as the index analyses text. It returns nil where no
// token is left.
func newUnit(t index.Term, languages []stemmer) *unit {
	var tokens []token
	tokenize(t.Text, func(t token) { tokens = append(tokens, t) })
	tokens = thin(tokens)
	if len(tokens) == 0 {
		return nil
	}
	first := tokens[0].pos
	for i := range tokens {
		tokens[i].pos -= first
	}
	u := &unit{tokens: tokens, weight: 1}
	if u.isWord() && !t.Phrase && tokens[0].gram == noGram {
		for _, s := range languages {
			if stem := s.term(tokens[0].lower); !slices.Contains(u.stems, stem) {
				u.stems = append(u.stems, stem)
			}
		}
	}
	return u
}

// thin drops the tokens that others cover: in a run of characters every second
// pair is enough, and a single character only where it stands alone.
func thin(tokens []token) []token {
	slices.SortStableFunc(tokens, func(a, b token) int { return a.pos - b.pos })
	var out []token
	covered := -1 // last position that a kept pair covers
	for i, t := range tokens {
		switch t.gram {
		case noGram:
			out = append(out, t)
		case bigram:
			last := !slices.ContainsFunc(tokens[i+1:], func(o token) bool {
				return o.gram == bigram && o.pos == t.pos+1
			})
			if t.pos > covered || last && t.pos+1 > covered {
				out = append(out, t)
				covered = t.pos + 1
			}
		case unigram:
			paired := slices.ContainsFunc(tokens, func(o token) bool {
				return o.gram == bigram && (o.pos == t.pos || o.pos == t.pos-1)
			})
			if !paired {
				out = append(out, t)
			}
		}
	}
	return out
}

// builder makes bleve searchers over one snapshot and closes what it made when
// something fails.
type builder struct {
	ctx    context.Context
	reader indexapi.IndexReader
	err    error
}

// plain asks for document numbers only: scores are computed in rank.go.
var plain = search.SearcherOptions{Score: "none"}

func (b *builder) term(field, term string) search.Searcher {
	return b.made(searcher.NewTermSearcherBytes(b.ctx, b.reader, []byte(term), field, 1, plain))
}

// any matches documents that have any of the terms in the field.
func (b *builder) any(field string, terms []string) search.Searcher {
	list := make([]search.Searcher, len(terms))
	for i, t := range terms {
		list[i] = b.term(field, key(t))
	}
	return b.or(list)
}

func (b *builder) or(list []search.Searcher) search.Searcher {
	if len(list) == 1 || b.err != nil {
		return list[0]
	}
	return b.made(searcher.NewDisjunctionSearcher(b.ctx, b.reader, list, 1, plain))
}

func (b *builder) and(list []search.Searcher) search.Searcher {
	if len(list) == 1 || b.err != nil {
		return list[0]
	}
	return b.made(searcher.NewConjunctionSearcher(b.ctx, b.reader, list, plain))
}

func (b *builder) made(s search.Searcher, err error) search.Searcher {
	if err != nil && b.err == nil {
		b.err = err
	}
	return s
}

// unit matches the documents that have the word, or all words of the phrase in
// one field; whether they stand together is checked later.
func (b *builder) unit(u *unit) search.Searcher {
	if !u.isWord() {
		list := make([]search.Searcher, 0, 2)
		for _, field := range positional {
			words := make([]search.Searcher, len(u.tokens))
			for i, t := range u.tokens {
				words[i] = b.term(field, t.term)
			}
			list = append(list, b.and(words))
		}
		return b.or(list)
	}
	var list []search.Searcher
	for _, field := range positional {
		list = append(list, b.term(field, u.tokens[0].term))
	}
	for _, stem := range u.stems {
		list = append(list, b.term(fieldTitle, stem), b.term(fieldStem, stem))
	}
	return b.or(list)
}

// positional are the fields that phrases are looked for in.
var positional = [...]string{fieldTitle, fieldText}

// searcher returns what finds the candidates of a query.
func (p *plan) searcher(ctx context.Context, reader indexapi.IndexReader, q index.Query) (search.Searcher, error) {
	b := &builder{ctx: ctx, reader: reader}
	kinds := []string{kindLive}
	if q.IncludeWithdrawn {
		kinds = append(kinds, kindWithdrawn)
	}
	must := []search.Searcher{b.any(fieldKind, kinds)}
	if len(q.Lang) > 0 {
		languages := make([]string, len(q.Lang))
		for i, l := range q.Lang {
			languages[i] = baseLanguage(l)
		}
		must = append(must, b.any(fieldLang, languages))
	}
	if len(q.Site) > 0 {
		must = append(must, b.any(fieldSite, q.Site))
	}
	if q.Cluster != "" {
		must = append(must, b.term(fieldCluster, key(q.Cluster)))
	}
	if q.Story != "" {
		must = append(must, b.term(fieldStory, key(q.Story)))
	}
	if len(p.stories) > 0 {
		must = append(must, b.any(fieldStory, p.stories))
	}
	for _, u := range p.must {
		must = append(must, b.unit(u))
	}
	all := b.and(must)
	var not []search.Searcher
	for _, u := range p.not {
		if u.isWord() {
			not = append(not, b.unit(u))
		}
	}
	if len(not) > 0 && b.err == nil {
		s, err := searcher.NewBooleanSearcher(ctx, reader, all, nil, b.or(not), plain)
		if err != nil {
			return nil, err
		}
		return s, b.err
	}
	return all, b.err
}
