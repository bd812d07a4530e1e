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
// attribution tails off all.
func splitLeadDateline(a *article.Article, blocks []block) {
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
	for i := range blocks {
		if blocks[i].Dropped() {
			continue
		}
		if who, rest := cutAttribution(blocks[i].text); who != "" {
			a.Attributions = appendNew(a.Attributions, who)
			blocks[i].text = rest
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

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return list
		}
	}
	return append(list, s)
}
