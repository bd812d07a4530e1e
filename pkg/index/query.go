package index

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds that every implementation keeps.
const (
	DefaultSize  = 20       // hits of a page where none is asked for
	MaxSize      = 100      // hits of a page
	MaxText      = 1000     // characters of Query.Text
	MaxTerms     = 64       // words and phrases of Query.Text
	MaxValues    = 100      // values of Query.Lang and of Query.Site
	MaxCursor    = 4096     // bytes of Query.Cursor
	MaxMembers   = 1000     // members of a group of copies
	KeptVersions = 100      // versions kept before the present one, besides the first
	maxID        = 256      // bytes of an id, cluster or story
	quotes       = `"“”„«»` // what opens and closes a phrase
)

// Term is one word or phrase of a query's text, as typed.
type Term struct {
	Text    string
	Phrase  bool // was quoted
	Exclude bool // must not occur
}

// ParseText splits what a user typed into words, "phrases" and -exclusions. A
// phrase that is not closed ends with the text; a minus sign counts only at the
// start of a word. Text without words gives no terms. Errors wrap
// [ErrBadQuery]: more than [MaxText] characters or [MaxTerms] terms.
func ParseText(text string) ([]Term, error) {
	if len(text) > MaxText && utf8.RuneCountInString(text) > MaxText {
		return nil, fmt.Errorf("%w: text has more than %d characters", ErrBadQuery, MaxText)
	}
	text = strings.ToValidUTF8(text, " ")
	var terms []Term
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return terms, nil
		}
		var t Term
		if rest := strings.TrimPrefix(text, "-"); rest != text {
			t.Exclude, text = true, rest
		}
		if r, n := utf8.DecodeRuneInString(text); n > 0 && strings.ContainsRune(quotes, r) {
			t.Phrase = true
			t.Text, text = cut(text[n:], isQuote)
			_, n = utf8.DecodeRuneInString(text)
			text = text[n:]
		} else {
			t.Text, text = cut(text, func(r rune) bool { return isQuote(r) || unicode.IsSpace(r) })
		}
		if strings.IndexFunc(t.Text, isWord) < 0 {
			continue
		}
		if len(terms) == MaxTerms {
			return nil, fmt.Errorf("%w: text has more than %d words", ErrBadQuery, MaxTerms)
		}
		terms = append(terms, t)
	}
}

// cut splits s before the first rune that stop accepts.
func cut(s string, stop func(rune) bool) (head, tail string) {
	if i := strings.IndexFunc(s, stop); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func isQuote(r rune) bool { return strings.ContainsRune(quotes, r) }

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// Checked returns the query with Size and Sort filled in, or an error that
// wraps [ErrBadQuery] and says which part is out of bounds. It does not look at
// Text beyond whether it is blank, nor into Cursor.
func (q Query) Checked() (Query, error) {
	bad := func(format string, args ...any) (Query, error) {
		return Query{}, fmt.Errorf("%w: "+format, append([]any{ErrBadQuery}, args...)...)
	}
	switch {
	case q.Size < 0 || q.Size > MaxSize:
		return bad("size %d is not between 1 and %d", q.Size, MaxSize)
	case len(q.Lang) > MaxValues:
		return bad("more than %d languages", MaxValues)
	case len(q.Site) > MaxValues:
		return bad("more than %d sites", MaxValues)
	case len(q.Cluster) > maxID:
		return bad("cluster is no id")
	case len(q.Story) > maxID:
		return bad("story is no id")
	case len(q.Cursor) > MaxCursor:
		return bad("cursor is none of this index")
	}
	switch q.Collapse {
	case CollapseNone, CollapseCluster, CollapseStory:
	default:
		return bad("cannot collapse by %q", q.Collapse)
	}
	switch q.Sort {
	case SortRelevance, SortDate:
	case "":
		q.Sort = SortDate
		if strings.TrimSpace(q.Text) != "" {
			q.Sort = SortRelevance
		}
	default:
		return bad("cannot sort by %q", q.Sort)
	}
	if q.Size == 0 {
		q.Size = DefaultSize
	}
	return q, nil
}
