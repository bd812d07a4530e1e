package extract

import (
	"strings"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// maxDateline is how far into the lead a dateline may reach, in bytes.
const maxDateline = 110

// splitLeadDateline takes the dateline off the first paragraph and the
// attribution tails off all. known are the names of the outlets and agencies
// that the metadata give.
func splitLeadDateline(a *article.Article, blocks []block, known []string) {
	for i := range blocks {
		b := &blocks[i]
		if !b.prose || b.Dropped() || !endsSentence(b.text) && b.words < 15 {
			continue
		}
		if d, n := findDateline(b.text); d != nil {
			a.Dateline = d
			b.text = b.text[n:]
		}
		break
	}
	paragraphs := 0
	for i := range blocks {
		b := &blocks[i]
		if b.Dropped() {
			continue
		}
		who, rest := cutAttribution(b.text)
		if who == "" && b.prose && paragraphs < maxAttributed {
			who, rest = cutNamedTail(b.text, known)
		}
		if who != "" {
			a.Attributions = appendNew(a.Attributions, who)
			b.text = rest
		}
		if b.prose {
			paragraphs++
		}
	}
}

// findDateline recognises "GENEVA (Reuters) - ", "Paris, France (BBN)-",
// "BERLIN, May 3 (dpa) —", "LONDON. AGENCY Text" and "date 2015-11-17 ..." and
// returns it with the length of what it takes off the text.
func findDateline(text string) (*article.Dateline, int) {
	if d, n := bracketDateline(text); d != nil {
		return d, n
	}
	if d, n := dashDateline(text); d != nil {
		return d, n
	}
	return capitalsDateline(text)
}

// bracketDateline: place, then the agency in brackets, then a dash.
func bracketDateline(text string) (*article.Dateline, int) {
	head := text[:min(len(text), maxDateline)]
	open := strings.IndexByte(head, '(')
	if open < 0 {
		return nil, 0
	}
	end := strings.IndexByte(head[open:], ')')
	if end < 2 || end > 40 {
		return nil, 0
	}
	end += open
	rest := strings.TrimLeft(text[end+1:], " :")
	dash := dashLen(rest)
	inside := text[open+1 : end]
	if dash == 0 && !clean.IsAgency(inside) {
		return nil, 0
	}
	place := strings.TrimSpace(text[:open])
	if dash == 0 && place == "" || !placeLike(place) {
		return nil, 0
	}
	n := len(text) - len(strings.TrimLeft(rest[dash:], " "))
	d := &article.Dateline{Raw: strings.TrimSpace(text[:n]), Agency: inside}
	d.Place, d.Date = splitPlaceDate(place)
	return d, n
}

// dashDateline: a place in capitals, perhaps with a date, then a dash.
func dashDateline(text string) (*article.Dateline, int) {
	head := text[:min(len(text), maxDateline)]
	for _, dash := range []string{" — ", " – ", " - ", " -- ", "—", ".- ", ".– "} {
		i := strings.Index(head, dash)
		if i < 3 {
			continue
		}
		place, date := splitPlaceDate(strings.TrimSpace(head[:i]))
		if first, _, _ := strings.Cut(place, ","); !allCapitals(first) || strings.Count(place, " ") > 5 {
			continue
		}
		n := i + len(dash)
		return &article.Dateline{Raw: strings.TrimSpace(text[:n]), Place: titleCase(place), Date: date}, n
	}
	return nil, 0
}

// capitalsDateline: an ISO date or the word "date", a place in capitals with a
// full stop, and an agency in capitals.
func capitalsDateline(text string) (*article.Dateline, int) {
	rest := strings.TrimPrefix(text, "date ")
	d := &article.Dateline{}
	if len(rest) > 11 && rest[4] == '-' && rest[7] == '-' && rest[10] == ' ' {
		d.Date, rest = rest[:10], rest[11:]
	}
	dot := strings.Index(rest[:min(len(rest), 40)], ". ")
	if dot < 3 || !allCapitals(rest[:dot]) {
		return nil, 0
	}
	place, after := rest[:dot], rest[dot+2:]
	agency, _, _ := strings.Cut(after, " ")
	if len(agency) < 3 || !allCapitals(agency) {
		if d.Date == "" {
			return nil, 0
		}
		agency = ""
	}
	d.Place, d.Agency = titleCase(place), agency
	n := len(text) - len(strings.TrimLeft(after[len(agency):], " .-–—"))
	d.Raw = strings.TrimSpace(text[:n])
	return d, n
}

func dashLen(s string) int {
	for _, d := range []string{"--", "-", "–", "—", "―", "•"} {
		if strings.HasPrefix(s, d) {
			return len(d)
		}
	}
	return 0
}

// placeLike reports whether s could be the place (and date) of a dateline: a
// few words, each a name, a number or a comma away from one.
func placeLike(s string) bool {
	words := strings.Fields(s)
	if len(words) > 8 {
		return false
	}
	for i, w := range words {
		r := []rune(strings.Trim(w, ",./"))
		if len(r) == 0 {
			continue
		}
		if unicode.IsLower(r[0]) && (i == 0 || len(r) > 3) {
			return false
		}
	}
	return true
}

// splitPlaceDate cuts "BERLIN, May 3" into the place and the date.
func splitPlaceDate(s string) (place, date string) {
	if i := strings.IndexAny(s, "0123456789"); i > 0 {
		cut := strings.LastIndexAny(s[:i], ",/")
		if cut < 0 {
			return strings.TrimSpace(s), ""
		}
		return strings.TrimSpace(s[:cut]), strings.Trim(s[cut+1:], " ,/.")
	}
	return strings.Trim(s, " ,/"), ""
}

func allCapitals(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	return letters >= 2
}

// titleCase turns "NEW YORK" into "New York" and leaves mixed case alone.
func titleCase(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if r := []rune(w); allCapitals(w) && len(r) > 2 {
			words[i] = string(r[0]) + strings.ToLower(string(r[1:]))
		}
	}
	return strings.Join(words, " ")
}

// attributionVerbs join a sentence to the outlet that a copy names at its end.
var attributionVerbs = []string{", reports ", ", reported ", ", berichtet ", ", informa ", ", rapporte "}

// cutAttribution takes ", reports NAME" off the end of a paragraph, where NAME
// is an agency or an abbreviation in capitals; the full stop stays.
func cutAttribution(text string) (who, rest string) {
	for _, verb := range attributionVerbs {
		i := strings.LastIndex(text, verb)
		if i < 0 || len(text)-i > 40 {
			continue
		}
		name := strings.Trim(text[i+len(verb):], " .\"")
		if name == "" || !clean.IsAgency(name) && (!allCapitals(name) || strings.Contains(name, " ")) {
			continue
		}
		return name, text[:i] + "."
	}
	return "", text
}

// maxAttributed is in how many paragraphs, from the top, a tail may name an
// outlet that is no agency.
const maxAttributed = 2

// outletWords are words that end the name of an outlet or agency.
var outletWords = map[string]bool{"wire": true, "newswire": true, "news": true, "agency": true, "press": true, "presse": true, "times": true, "post": true, "herald": true, "tribune": true, "gazette": true, "journal": true, "courier": true, "chronicle": true, "radio": true, "tv": true, "zeitung": true, "nachrichten": true, "agentur": true, "agence": true, "tageblatt": true, "agencia": true, "agenzia": true, "online": true}

// tailVerbs are what stands before or after the name in a tail.
var tailVerbs = []string{"reports", "reported", "berichtet", "berichtete", "meldet", "meldete", "rapporte", "informa", "informó", "riporta"}

// maxNamedTail bounds a tail, in bytes.
const maxNamedTail = 60

// cutNamedTail takes ", reports NAME" and ", NAME reports" off the end of a
// paragraph, where NAME is that of an outlet by its words or by the metadata.
// "the" before it makes it a source that is spoken of.
func cutNamedTail(text string, known []string) (who, rest string) {
	end := strings.TrimRight(text, " .")
	i := strings.LastIndex(end, ", ")
	if i < 0 || len(end)-i > maxNamedTail || end == text || strings.Count(text[:i], "\"")%2 != 0 {
		return "", text
	}
	tail := end[i+2:]
	for _, verb := range tailVerbs {
		name, after := strings.CutPrefix(tail, verb+" ")
		if !after {
			var before bool
			if name, before = strings.CutSuffix(tail, " "+verb); !before {
				continue
			}
			name = strings.TrimPrefix(name, "wie ")
		}
		if isOutlet(name, known) {
			return name, text[:i] + "."
		}
	}
	return "", text
}

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
		if authorKind(n.Name, a) != article.Person || n.Type == "organization" { //nolint:misspell // the name that schema.org gave it
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
