package bleveindex

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/numeric"
	indexapi "github.com/blevesearch/bleve_index_api"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// The fields of an indexed document.
const (
	fieldKind    = "kind"    // one of the kinds below
	fieldTitle   = "title"   // words with positions, and their stems
	fieldText    = "text"    // words of standfirst and text with positions
	fieldStem    = "stem"    // stems of standfirst and text
	fieldSite    = "site"    // keyword, column
	fieldLang    = "lang"    // keyword, column: the language without region or script
	fieldDay     = "day"     // column of index.DayOf
	fieldCluster = "cluster" // keyword, column
	fieldStory   = "story"   // keyword, column
	fieldPage    = "page"    // keyword: id of the page it was fetched from
	fieldArrived = "arrived" // column: when the id was new, as a number
	fieldWhen    = "when"    // column of dates and length, see when
	fieldStored  = "r"       // the compressed JSON, stored only
)

// The kinds of document.
const (
	kindLive      = "a" // an article
	kindWithdrawn = "w" // an article that was taken down
	kindVersion   = "v" // an older version of one
)

const (
	keyword = indexapi.IndexField | indexapi.SkipFreqNorm
	column  = keyword | indexapi.DocValues
	// maxIndexed bounds the bytes of a text that are made findable. What is
	// longer is kept whole but found only by its first part.
	maxIndexed = 1 << 20
)

// stored is what is kept of an article: the record, and when its present
// version was first fetched. Text is left out where the body gives it.
type stored struct {
	article.Record
	Since time.Time `json:"since"`
	// Arrived is when the id was new; older directories lack it.
	Arrived time.Time `json:"arrived,omitzero"`
	// Placed is the content hash that Place was called for.
	Placed string `json:"placed,omitempty"`
}

// arrival is when the id was new, as far as is known.
func (s *stored) arrival() time.Time {
	if s.Arrived.IsZero() {
		return s.FirstSeen
	}
	return s.Arrived
}

// isPlaced reports whether the present content was placed.
func (s *stored) isPlaced() bool { return s.Placed != "" && s.Placed == s.ContentHash }

// versionID is the document id of an older version; no article id has a NUL.
func versionID(id string, version int) string {
	return id + "\x00" + strconv.Itoa(version)
}

// validID reports whether an article can be stored under id.
func validID(id string) bool {
	return id != "" && len(id) <= maxTerm && !strings.Contains(id, "\x00") && utf8.ValidString(id)
}

// articleDocument makes the document of an article.
func (x *Index) articleDocument(s *stored) (*document.Document, error) {
	blob, err := x.codec.encodeRecord(s)
	if err != nil {
		return nil, fmt.Errorf("encode article %s: %w", s.ID, err)
	}
	d := document.NewDocument(s.ID)
	add := func(name, value string, options indexapi.FieldIndexingOptions) {
		if value = key(value); value != "" {
			d.AddField(document.NewTextFieldCustom(name, nil, []byte(value), options, nil))
		}
	}
	kind := kindLive
	if s.Withdrawn {
		kind = kindWithdrawn
	}
	add(fieldKind, kind, keyword)
	add(fieldSite, s.Site, column)
	add(fieldLang, baseLanguage(s.Language), column)
	add(fieldDay, index.DayOf(&s.Record), column)
	add(fieldCluster, s.Cluster, column)
	add(fieldStory, s.Story, column)
	add(fieldPage, article.ID(s.URL), keyword)
	arrived := numeric.MustNewPrefixCodedInt64(nanoseconds(s.arrival()), 0)
	d.AddField(document.NewTextFieldCustom(fieldArrived, nil, arrived, column, nil))
	when := encodeWhen(index.DateOf(&s.Record), s.IndexedAt, s.Words)
	d.AddField(document.NewTextFieldCustom(fieldWhen, nil, when, column, nil))
	addWords(d, &s.Record)
	d.AddField(document.NewTextFieldCustom(fieldStored, nil, blob, indexapi.StoreField, nil))
	return d, nil
}

// versionDocument makes the document of an older version.
func (x *Index) versionDocument(id string, v *article.Version) (*document.Document, error) {
	blob, err := x.codec.encode(v)
	if err != nil {
		return nil, fmt.Errorf("encode version %d of %s: %w", v.Version, id, err)
	}
	d := document.NewDocument(versionID(id, v.Version))
	d.AddField(document.NewTextFieldCustom(fieldKind, nil, []byte(kindVersion), keyword, nil))
	d.AddField(document.NewTextFieldCustom(fieldStored, nil, blob, indexapi.StoreField, nil))
	return d, nil
}

// key makes a string a term: valid UTF-8 of bounded length.
func key(s string) string { return clip(strings.ToValidUTF8(s, "")) }

// tokens adapts a function to the tokenizers of bleve. The fields of one text
// share one pass over it, which runs in bleve's analysis workers.
type tokens func() analysis.TokenStream

// Tokenize implements [analysis.Tokenizer].
func (f tokens) Tokenize([]byte) analysis.TokenStream { return f() }

func analyzer(f tokens) analysis.Analyzer { return &analysis.DefaultAnalyzer{Tokenizer: f} }

// addWords adds the analysed fields of an article.
func addWords(d *document.Document, r *article.Record) {
	s, stemmed := stemmerOf(r.Language)
	once := sync.OnceValues(func() (exact, stems analysis.TokenStream) {
		text := r.Text
		if r.Standfirst != "" {
			text = r.Standfirst + "\n\n" + text
		}
		var m *memo
		if stemmed {
			m = newMemo(s)
		}
		return streams(text, m)
	})
	title := func() analysis.TokenStream {
		var m *memo
		if stemmed {
			m = newMemo(s)
		}
		exact, stems := streams(r.Title, m)
		return append(exact, stems...)
	}
	body := func() analysis.TokenStream { exact, _ := once(); return exact }
	stems := func() analysis.TokenStream { _, stems := once(); return stems }

	const positions = indexapi.IndexField | indexapi.IncludeTermVectors
	d.AddField(document.NewTextFieldCustom(fieldTitle, nil, nil, positions, analyzer(title)))
	d.AddField(document.NewTextFieldCustom(fieldText, nil, nil, positions, analyzer(body)))
	if stemmed {
		d.AddField(document.NewTextFieldCustom(fieldStem, nil, nil, keyword, analyzer(stems)))
	}
}

// streams returns the words of a text and, if m is not nil, their stems. Where
// in the text a word stands is not recorded: snippets look for it again.
func streams(text string, m *memo) (exact, stems analysis.TokenStream) {
	if len(text) > maxIndexed {
		text = text[:maxIndexed]
	}
	tokenize(strings.ToValidUTF8(text, " "), func(t token) {
		exact = append(exact, &analysis.Token{Term: []byte(t.term), Position: t.pos})
		if m != nil && t.gram == noGram {
			stems = append(stems, &analysis.Token{Term: []byte(m.term(t.lower)), Position: t.pos})
		}
	})
	return exact, stems
}

// when is the column that every search reads: the date of an article, when it
// was indexed, and how long it is. Bleve separates the values of a column by
// the byte 0xff; the encoding has 7 bits a byte.
type when struct {
	date, indexed int64 // nanoseconds since 1970
	words         float64
}

const (
	whenTime   = 11 // bytes of numeric's encoding of an int64
	lengthBase = 'A'
)

func encodeWhen(date, indexed time.Time, words int) []byte {
	b := make([]byte, 0, 2*whenTime+1)
	b = append(b, numeric.MustNewPrefixCodedInt64(nanoseconds(date), 0)...)
	b = append(b, numeric.MustNewPrefixCodedInt64(nanoseconds(indexed), 0)...)
	length := 0 // in powers of the square root of two
	for n := words * words; n > 1 && length < 40; n /= 2 {
		length++
	}
	return append(b, byte(lengthBase+length))
}

func decodeWhen(b []byte) (when, bool) {
	if len(b) != 2*whenTime+1 {
		return when{}, false
	}
	date, err := numeric.PrefixCoded(b[:whenTime]).Int64()
	if err != nil {
		return when{}, false
	}
	indexed, err := numeric.PrefixCoded(b[whenTime : 2*whenTime]).Int64()
	if err != nil {
		return when{}, false
	}
	half := int(b[2*whenTime]) - lengthBase
	words := float64(uint64(1) << (half / 2))
	if half%2 == 1 {
		words *= 1.41
	}
	return when{date: date, indexed: indexed, words: words}, true
}

// nanoseconds is UnixNano for every time: out of range it is the nearest end.
func nanoseconds(t time.Time) int64 {
	switch y := t.Year(); {
	case y < 1678:
		return time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	case y > 2261:
		return time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	}
	return t.UnixNano()
}

// unmarshal is json.Unmarshal with the kind of thing in the error.
func unmarshal(what string, text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode stored %s: %w", what, err)
	}
	return nil
}
