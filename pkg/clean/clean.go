// Package clean says what is dropped from a page: its furniture. Three tables
// hold all of it.
//
//   - [Rules] (rules.go): furniture that a line of text gives away by itself, such as
//     "Photo Reuters". Each row names what it drops, how it recognises it, and
//     examples that go and that stay; the tests run the examples.
//   - [DOMRules] (domrules.go): furniture that the page's markup gives away, by element,
//     role, class or id.
//   - [Context] (context.go): furniture that only its neighbours give away, such as the
//     title of a video above "Duration 2:02".
//
// To add a rule, add a row to one of them. Nothing here knows a site.
package clean

import (
	"strings"

	"github.com/copydesk/copydesk/pkg/textnorm"
)

// The kinds of furniture. They are what article.Removed carries as Kind.
const (
	Advertisement = "advertisement"
	Attribution   = "attribution"
	AuthorBio     = "author_bio"
	Banner        = "banner"
	Breadcrumb    = "breadcrumb"
	Byline        = "byline"
	Caption       = "caption"
	Clock         = "clock"
	Comments      = "comments"
	Contact       = "contact"
	Cookie        = "cookie"
	DateLine      = "dateline"
	DateStamp     = "date"
	Footer        = "footer"
	Gallery       = "gallery"
	Hidden        = "hidden"
	KeyPoints     = "key_points"
	Navigation    = "navigation"
	Newsletter    = "newsletter"
	Notice        = "notice"
	Paywall       = "paywall"
	PhotoCredit   = "photo_credit"
	PullQuote     = "pull_quote"
	Related       = "related"
	RepeatedTitle = "repeated_title"
	SectionLabel  = "section_label"
	Share         = "share"
	Sidebar       = "sidebar"
	Standfirst    = "standfirst"
	Table         = "table"
	Tags          = "tags"
	Video         = "video"
	Weather       = "weather"
)

// Verdict is the kind of furniture that a block was found to be and the name of
// the rule that found it; the zero Verdict says that it is content.
type Verdict struct{ Kind, Rule string }

// Dropped reports whether the verdict is that the block goes.
func (v Verdict) Dropped() bool { return v.Kind != "" }

// Line is one block of text as the rules see it.
type Line struct {
	Text  string // as normalised by textnorm.String
	Lower string // Text in lower case, for the matchers
	Words int
	// Tail: no paragraph of prose follows. Head: none came before.
	Head, Tail bool
	// Linked: all or nearly all of it is a link. Bold: all of it is emphasised.
	// Links: some of it is a link.
	Linked, Links, Bold bool
	// Heading, Quote: the page marks it up as one. Item: it is an item of a list.
	Heading, Quote, Item bool
}

// NewLine prepares a line for the rules. text is normalised already.
func NewLine(text string) Line {
	return Line{Text: text, Lower: lowerOf(text), Words: textnorm.Words(text)}
}

// maxLine is how long a line may be, in bytes, for the rules to look at it:
// furniture is shorter, and the open web has lines of megabytes.
const maxLine = 16 << 10

// Match returns what the first rule that recognises the line says of it.
func Match(l *Line) Verdict {
	if len(l.Text) > maxLine {
		return Verdict{}
	}
	hits := compiled.hits(l)
	for i := range rules {
		if r := &rules[i]; r.recognises(l, hits&(1<<i) != 0) {
			return Verdict{r.Kind, r.Name}
		}
	}
	return Verdict{}
}

// Is reports whether [Match] finds the line to be of that kind; it asks the rules
// of the kind first, and the others only where one of them recognises the line.
func Is(l *Line, kind string) bool {
	if len(l.Text) > maxLine {
		return false
	}
	hits := compiled.hits(l)
	for i := range rules {
		if r := &rules[i]; r.Kind == kind && r.recognises(l, hits&(1<<i) != 0) {
			return Match(l).Kind == kind
		}
	}
	return false
}

func (r *Rule) recognises(l *Line, hit bool) bool {
	if r.MaxWords > 0 && l.Words > r.MaxWords || !r.Where.meets(l) {
		return false
	}
	return (hit || r.Func != nil && r.Func(l)) && (r.Unless == nil || !r.Unless(l))
}

// Rule is one row of the table of line rules. A line is recognised when it has
// at most MaxWords words (0: no limit), meets Where, does not meet Unless, and
// meets one of Equals, Starts, Contains or Func. Phrases are lower case and match whole words.
type Rule struct {
	Kind, Name string
	MaxWords   int
	Where      Where
	Equals     []string // the whole line, without punctuation at its ends
	Starts     []string // its beginning
	Contains   []string // any part of it
	Func       func(*Line) bool
	Unless     func(*Line) bool

	Goes  []string // examples that the rule drops
	Stays []string // examples that no rule drops
}

// Where restricts a rule to a place on the page.
type Where uint8

// The places; Anywhere is the default.
const (
	Anywhere Where = iota
	AtHead         // before the first paragraph of prose
	AtTail         // after the last one
	AtEnds         // either
	InLink         // the line is a link
)

func (w Where) meets(l *Line) bool {
	switch w {
	case AtHead:
		return l.Head
	case AtTail:
		return l.Tail
	case AtEnds:
		return l.Head || l.Tail
	case InLink:
		return l.Linked
	}
	return true
}

func trimPunct(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !isWord(r) })
}
