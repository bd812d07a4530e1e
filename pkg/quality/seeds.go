package quality

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// span is one labelled piece of a line of a seed.
type span struct {
	Line     int    `json:"line"`
	Text     string `json:"text"`
	Label    string `json:"label"`
	Keep     bool   `json:"keep"`
	Optional bool   `json:"optional"`
}

// seedFacts is the metadata that a seed's labels name.
type seedFacts struct {
	Dateline    *article.Dateline `json:"dateline"`
	Attribution []string          `json:"attribution"`
	Credits     []string          `json:"photo_credits"`
	Breadcrumb  []string          `json:"breadcrumb"`
	Bio         *struct {
		Name string `json:"name"`
	} `json:"author_bio"`
}

// cleaned is what the program says of a seed.
type cleaned struct {
	ID           string            `json:"id"`
	Error        string            `json:"error"`
	Title        string            `json:"title"`
	Publisher    string            `json:"publisher"`
	Standfirst   string            `json:"standfirst"`
	Section      string            `json:"section"`
	Dateline     *article.Dateline `json:"dateline"`
	Attributions []string          `json:"attributions"`
	Breadcrumb   []string          `json:"breadcrumb"`
	Bylines      []article.Author  `json:"bylines"`
	Images       []article.Image   `json:"images"`
	Text         string            `json:"text"`
	Trace        []struct {
		Text string `json:"text"`
		Kind string `json:"kind"`
		Kept bool   `json:"kept"`
	} `json:"trace"`
}

// share counts what is right of how many.
type share struct{ right, all int }

func (s *share) add(ok bool) {
	s.all++
	if ok {
		s.right++
	}
}

func (s share) figure() float64 { return float64(s.right) / float64(max(s.all, 1)) }

// seedScore is how well seeds were cleaned.
type seedScore struct {
	seeds  int
	words  float64 // F1 of the worst
	lines  share   // removed lines whose kind is right
	facts  share   // metadata that was captured
	misses []string
}

// add scores one seed.
func (s *seedScore) add(id string, spans []span, facts *seedFacts, got *cleaned) {
	if got.Error != "" {
		s.misses = append(s.misses, id+": "+got.Error)
	}
	f1 := wordsKept(spans, got.Text)
	if s.seeds == 0 || f1 < s.words {
		s.words = f1
	}
	s.seeds++
	s.addLines(id, spans, got)
	s.addFacts(id, facts, got)
}

// fold returns the words of a text as they are compared.
func fold(text string) []string {
	return strings.FieldsFunc(strings.ToLower(textnorm.String(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// wordsKept is the F1 of the words that should be kept and the words that were,
// aligned in order. Optional words cost nothing on either side.
func wordsKept(spans []span, text string) float64 {
	type word struct {
		text     string
		optional bool
	}
	var want []word
	needed := 0
	for _, s := range spans {
		if !s.Keep && !s.Optional {
			continue
		}
		for _, w := range fold(s.Text) {
			want = append(want, word{w, s.Optional})
			if !s.Optional {
				needed++
			}
		}
	}
	got := fold(text)
	// best[i][j] is the longest common subsequence of what is left behind i and j.
	best := make([][]int, len(want)+1)
	for i := range best {
		best[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i].text == got[j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	hits, free := 0, 0
	for i, j := 0, 0; i < len(want) && j < len(got); {
		switch {
		case want[i].text == got[j]:
			if want[i].optional {
				free++
			} else {
				hits++
			}
			i, j = i+1, j+1
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	return 2 * float64(hits) / float64(max(needed+len(got)-free, 1))
}

// addLines scores the kind of each line that has to go: all its spans must be
// gone, each with a kind that fits a label of the line, or into a slot.
func (s *seedScore) addLines(id string, spans []span, got *cleaned) {
	at := traceCursor{got: got}
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && spans[n].Line == spans[0].Line {
			n++
		}
		var kinds []string
		drop := slices.DeleteFunc(slices.Clone(spans[:n]), func(p span) bool { return p.Keep || p.Optional })
		for _, p := range drop {
			kinds = append(kinds, accept(p.Label).kinds...)
		}
		if wrong := at.line(drop, kinds); wrong != "" {
			s.misses = append(s.misses, fmt.Sprintf("%s line %d: %s", id, spans[0].Line, wrong))
			s.lines.add(false)
		} else if len(drop) > 0 {
			s.lines.add(true)
		}
		spans = spans[n:]
	}
}

// traceCursor goes along the blocks of a trace, as the spans do, so that of two
// lines with the same text each finds its own block.
type traceCursor struct {
	got         *cleaned
	block, word int
}

// line returns what is wrong with the removal of a line, "" if nothing.
func (c *traceCursor) line(drop []span, kinds []string) string {
	for _, p := range drop {
		words := fold(p.Text)
		if len(words) == 0 {
			continue
		}
		block := c.find(words)
		switch {
		case block < 0 && c.got.holds(accept(p.Label).slot, p.Text):
		case block < 0:
			return fmt.Sprintf("%s %.40q: neither removed block nor metadata", p.Label, p.Text)
		case c.got.Trace[block].Kept:
			return fmt.Sprintf("%s %.40q: kept as %s", p.Label, p.Text, c.got.Trace[block].Kind)
		case !slices.Contains(kinds, c.got.Trace[block].Kind):
			return fmt.Sprintf("%s %.40q: removed as %s", p.Label, p.Text, c.got.Trace[block].Kind)
		}
	}
	return ""
}

// find returns the next block that has the words in a row, -1 if none has.
func (c *traceCursor) find(words []string) int {
	from := c.word
	for i := c.block; i < len(c.got.Trace); i++ {
		text := fold(c.got.Trace[i].Text)
		if at := index(text, words, from); at >= 0 {
			c.block, c.word = i, at+len(words)
			return i
		}
		from = 0
	}
	return -1
}

// index returns where words stand in text in a row, from a word on; -1 if they
// do not.
func index(text, words []string, from int) int {
	for i := from; i+len(words) <= len(text); i++ {
		if slices.Equal(text[i:i+len(words)], words) {
			return i
		}
	}
	return -1
}

func contains(text, part string) bool { return index(fold(text), fold(part), 0) >= 0 }

func same(a, b string) bool { return slices.Equal(fold(a), fold(b)) }

// holds reports whether a slot of the article has a text.
func (c *cleaned) holds(in slot, text string) bool {
	switch in {
	case titleSlot:
		return same(c.Title, text)
	case publisherSlot:
		return same(c.Publisher, text)
	case standfirstSlot:
		return contains(c.Standfirst, text)
	case datelineSlot:
		return c.Dateline != nil && contains(c.Dateline.Raw, text)
	case attributionSlot:
		return slices.ContainsFunc(c.Attributions, func(who string) bool { return contains(text, who) })
	case sectionSlot:
		return same(c.Section, text)
	case breadcrumbSlot:
		return len(c.Breadcrumb) > 0 && same(strings.Join(c.Breadcrumb, " "), text)
	case creditSlot:
		return slices.ContainsFunc(c.Images, func(i article.Image) bool { return contains(i.Credit, text) })
	case bioSlot:
		return slices.ContainsFunc(c.Bylines, func(a article.Author) bool { return a.Bio != "" && contains(a.Name+" "+a.Bio, text) })
	}
	return false
}

// addFacts scores what became of the metadata: everything that is named must be
// captured, and nothing else.
func (s *seedScore) addFacts(id string, want *seedFacts, got *cleaned) {
	fact := func(ok bool, what string, v any) {
		s.facts.add(ok)
		if !ok {
			s.misses = append(s.misses, fmt.Sprintf("%s: %s %q not captured", id, what, v))
		}
	}
	if d := want.Dateline; d != nil {
		g := got.Dateline
		fact(g != nil && same(g.Raw, d.Raw) && same(g.Place, d.Place) && same(g.Date, d.Date) && same(g.Agency, d.Agency), "dateline", d.Raw)
	} else if got.Dateline != nil {
		fact(false, "absence of dateline", got.Dateline.Raw)
	}
	for _, who := range want.Attribution {
		fact(slices.ContainsFunc(got.Attributions, func(g string) bool { return same(g, who) }), "attribution", who)
	}
	for _, g := range got.Attributions {
		if !slices.ContainsFunc(want.Attribution, func(who string) bool { return same(g, who) }) {
			fact(false, "absence of attribution", g)
		}
	}
	for _, credit := range want.Credits {
		fact(got.holds(creditSlot, credit), "photo credit", credit)
	}
	if len(want.Breadcrumb) > 0 {
		fact(got.holds(breadcrumbSlot, strings.Join(want.Breadcrumb, " ")), "breadcrumb", want.Breadcrumb)
	}
	if want.Bio != nil {
		fact(got.holds(bioSlot, want.Bio.Name), "bio", want.Bio.Name)
	}
}
