//nolint:misspell // words of other languages
package extract

import (
	"strings"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// takeOrigin takes the dateline off the lead and the attribution tails off the
// paragraphs of a body, and notes both: they say where a report comes from, and
// differ between copies that are otherwise the same. It returns the body as it
// was printed. known are the names of the outlets and agencies that the
// metadata give.
func takeOrigin(a *article.Article, known []string) (printed []article.Block) {
	printed = a.Body
	own := false // a.Body is a copy
	set := func(i int, text string) {
		if !own {
			a.Body, own = append([]article.Block(nil), printed...), true
		}
		a.Words += textnorm.Words(text) - textnorm.Words(a.Body[i].Text)
		a.Body[i].Text = text
	}
	for i, leads := 0, 0; i < len(printed) && leads < maxLeads; i++ {
		if printed[i].Kind != article.Paragraph {
			continue
		}
		b := block{text: printed[i].Text, words: textnorm.Words(printed[i].Text)}
		if !isLead(&b) {
			continue
		}
		leads++
		if d, n := findDateline(b.text); d != nil && n < len(b.text) {
			a.Dateline = d
			set(i, b.text[n:])
			break
		}
	}
	paragraphs := 0
	for i := range printed {
		if printed[i].Kind == article.Heading {
			continue
		}
		if who, rest := cutTail(a.Body[i].Text, known, paragraphs); who != "" {
			a.Attributions = appendNew(a.Attributions, who)
			set(i, rest)
		}
		paragraphs++
	}
	if own {
		a.Text = article.JoinText(a.Body)
	}
	return printed
}

// maxLeads is in how many paragraphs, from the top, a dateline may stand: a
// standfirst may come before the lead.
const maxLeads = 2

// isLead reports whether a block could be the first paragraph of a report.
func isLead(b *block) bool {
	if b.words < 8 && len(b.text) < 60 {
		return false
	}
	return endsSentence(b.text) || b.words >= 15
}

// maxAttributed is in how many paragraphs, from the top, a tail may name an
// outlet that is no agency.
const maxAttributed = 2

// maxTailLen bounds an attribution tail, in bytes.
const maxTailLen = 60

// tailVerbs are what stands before or after the name in a tail.
var tailVerbs = []string{
	"reports", "reported", "berichtet", "berichtete", "meldet", "meldete", "rapporte", "informa", "informó", "riporta", "riferisce", "meldt",
	"передает", "передаёт", "сообщает", "пишет", "podaje", "informuje", "rapporterar", "melder",
}

// cutTail takes ", reports NAME" and ", NAME reports" off the end of paragraph
// n, counted from the top, where NAME is an agency, an abbreviation in capitals
// or, near the top, an outlet by its words or by the metadata. The full stop
// stays. "the" before the name makes it a source that is spoken of.
func cutTail(text string, known []string, n int) (who, rest string) {
	from := max(0, len(text)-maxTailLen-2)
	i := strings.LastIndex(text[from:], ", ")
	if i < 0 || strings.HasSuffix(text, ",") {
		return "", text
	}
	i += from
	tail := strings.TrimRight(text[i+2:], " .\"")
	for _, verb := range tailVerbs {
		name, after := strings.CutPrefix(tail, verb+" ")
		if !after {
			var before bool
			if name, before = strings.CutSuffix(tail, " "+verb); !before {
				continue
			}
			name = strings.TrimPrefix(name, "wie ")
		}
		switch {
		case after && (clean.IsAgency(name) || allCapitals(name) && !strings.Contains(name, " ")):
		case n < maxAttributed && strings.HasSuffix(text, ".") && strings.Count(text[:i], "\"")%2 == 0 && isOutlet(name, known):
		default:
			continue
		}
		return name, text[:i] + "."
	}
	return "", text
}

// outletWords are words that end the name of an outlet or agency.
var outletWords = map[string]bool{"wire": true, "newswire": true, "news": true, "agency": true, "press": true, "presse": true, "times": true, "post": true, "herald": true, "tribune": true, "gazette": true, "journal": true, "courier": true, "chronicle": true, "radio": true, "tv": true, "zeitung": true, "nachrichten": true, "agentur": true, "agence": true, "tageblatt": true, "agencia": true, "agenzia": true, "online": true}

// isOutlet reports whether name is that of an agency or outlet: known as one, or
// two to four words in capitals of which the last says so.
func isOutlet(name string, known []string) bool {
	for _, k := range known {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	if clean.IsAgency(name) {
		return true
	}
	words := strings.Fields(name)
	if len(words) < 2 || len(words) > 4 || !outletWords[strings.ToLower(words[len(words)-1])] {
		return false
	}
	for _, w := range words {
		if !unicode.IsUpper(firstRune(w)) {
			return false
		}
	}
	return true
}

// names are the outlets and authors that the metadata of a page name, but for
// people.
func (m *meta) names(a *article.Article) []string {
	out := []string{m.ld.Publisher, a.Publisher}
	for _, n := range m.ld.Authors {
		if authorKind(n.Name, a) != article.Person || n.Type == "organization" { // the name that schema.org gave it
			out = append(out, n.Name)
		}
	}
	for _, n := range m.values["author"] {
		if authorKind(n, a) != article.Person {
			out = append(out, n)
		}
	}
	return out
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return list
		}
	}
	return append(list, s)
}
