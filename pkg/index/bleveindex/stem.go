package bleveindex

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/turkish"
)

// A stemmer brings the inflected forms of a word of one language together.
// Adding a language to this table changes what is stored: raise formatVersion.
type stemmer struct {
	lang string
	stem func(*snowballstem.Env) bool
}

func stemmers() []stemmer {
	return []stemmer{
		{"ar", arabic.Stem},
		{"da", danish.Stem},
		{"de", german.Stem},
		{"en", english.Stem},
		{"es", spanish.Stem},
		{"fi", finnish.Stem},
		{"fr", french.Stem},
		{"hu", hungarian.Stem},
		{"it", italian.Stem},
		{"nl", dutch.Stem},
		{"no", norwegian.Stem},
		{"pt", portuguese.Stem},
		{"ro", romanian.Stem},
		{"ru", russian.Stem},
		{"sv", swedish.Stem},
		{"tr", turkish.Stem},
	}
}

// stemmerOf returns the stemmer of a language tag, if there is one.
func stemmerOf(tag string) (stemmer, bool) {
	lang := baseLanguage(tag)
	if lang == "nb" || lang == "nn" {
		lang = "no"
	}
	for _, s := range stemmers() {
		if s.lang == lang {
			return s, true
		}
	}
	return stemmer{}, false
}

// baseLanguage returns the language of a tag: "en" of "en-GB".
func baseLanguage(tag string) string {
	lang, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return strings.ToLower(lang)
}

// term returns the stem of a word in lower case as an index term. The language
// is part of it, so that a word is never found by the stem of another language.
func (s stemmer) term(lower string) string {
	stem := lower
	if n := utf8.RuneCountInString(lower); n > 2 && n <= 40 {
		env := snowballstem.NewEnv(lower)
		s.stem(env)
		stem = env.Current()
	}
	return s.lang + "/" + clip(fold(stem))
}

// memo is a stemmer that remembers the words of one text or request.
type memo struct {
	stemmer
	terms map[string]string
}

func newMemo(s stemmer) *memo { return &memo{stemmer: s, terms: map[string]string{}} }

func (m *memo) term(lower string) string {
	t, ok := m.terms[lower]
	if !ok {
		t = m.stemmer.term(lower)
		m.terms[lower] = t
	}
	return t
}
