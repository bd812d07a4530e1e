package extract

import (
	"strings"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// maxDateline is how far into the lead a dateline may reach, in bytes.
const maxDateline = 110

// findDateline recognises "GENEVA (Reuters) - ", "Paris, France (BBN)-",
// "BERLIN, 3. Mai (dpa) —", "(EFE).- ", "NEW DELHI: ", "LONDON. AGENCY Text",
// "МОСКВА, 3 мая. /ТАСС/. ", "[東京　３日　ロイター] - ", "(서울=연합뉴스) ... = ",
// "新华社北京5月3日电 " and "date 2015-11-17 ...", and returns it with the
// length of what it takes off the text.
func findDateline(text string) (*article.Dateline, int) {
	for _, find := range []func(string) (*article.Dateline, int){asianDateline, bracketDateline, slashDateline, dashDateline, capitalsDateline, colonDateline} {
		if d, n := find(text); d != nil {
			d.Raw = strings.TrimSpace(text[:n])
			return d, n
		}
	}
	return nil, 0
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
	inside := text[open+1 : end]
	if !agencyLike(inside) {
		return nil, 0
	}
	rest := strings.TrimLeft(text[end+1:], " :.")
	dash := dashLen(rest)
	if dash == 0 && !clean.IsAgency(inside) {
		return nil, 0
	}
	place := strings.TrimSpace(text[:open])
	if dash == 0 && place == "" || !placeLike(place) {
		return nil, 0
	}
	d := &article.Dateline{Agency: inside}
	d.Place, d.Date = splitPlaceDate(place)
	d.Place = titleCase(d.Place)
	if place != "" || dash == 0 {
		return d, len(text) - len(strings.TrimLeft(rest[dash:], " "))
	}
	rest = strings.TrimLeft(rest[dash:], " ")
	if after, n := dashDateline(rest); after != nil { // "(AGENCY) - PLACE, 3 MAY - "
		d.Place, d.Date = after.Place, after.Date
		rest = rest[n:]
	}
	return d, len(text) - len(rest)
}

// agencyLike reports whether the words in brackets could be the name of an
// agency or outlet: letters, and no number such as a result has.
func agencyLike(s string) bool {
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			return false
		case unicode.IsLetter(r):
			letters++
		}
	}
	return letters >= 2 && strings.Count(s, " ") <= 3
}

// slashDateline: a place, perhaps with a date, then the agency between strokes:
// "МОСКВА, 3 мая. /ТАСС/. ".
func slashDateline(text string) (*article.Dateline, int) {
	head := text[:min(len(text), maxDateline)]
	open := strings.Index(head, " /")
	if open < 3 {
		return nil, 0
	}
	agency, after, ok := strings.Cut(head[open+2:], "/")
	if !ok || !clean.IsAgency(agency) {
		return nil, 0
	}
	place := strings.TrimRight(head[:open], " .,")
	first, _, _ := strings.Cut(place, ",")
	if !placeLike(first) {
		return nil, 0
	}
	d := &article.Dateline{Agency: agency}
	d.Place, d.Date = splitPlaceDate(place)
	d.Place = titleCase(d.Place)
	n := open + 2 + len(agency) + 1 + len(after) - len(strings.TrimLeft(after, " .-–—"))
	return d, n
}

// colonDateline: a city in capitals and a colon, "NEW DELHI: The ...". Only
// cities that are known as such: a label looks the same.
func colonDateline(text string) (*article.Dateline, int) {
	place, rest, ok := strings.Cut(text[:min(len(text), 40)], ": ")
	if !ok || !allCapitals(place) || !unicode.IsUpper(firstRune(rest)) {
		return nil, 0
	}
	if city, _, _ := strings.Cut(place, ","); !colonCities[city] {
		return nil, 0
	}
	return &article.Dateline{Place: titleCase(place)}, len(place) + 2
}

// colonCities are the cities that the press which writes datelines this way
// writes from most.
var colonCities = map[string]bool{
	"NEW DELHI": true, "DELHI": true, "MUMBAI": true, "KOLKATA": true, "CHENNAI": true, "HYDERABAD": true, "BENGALURU": true, "BANGALORE": true, "LUCKNOW": true, "PUNE": true, "AHMEDABAD": true, "SRINAGAR": true, "GUWAHATI": true, "PATNA": true, "BHOPAL": true, "JAIPUR": true,
	"ISLAMABAD": true, "KARACHI": true, "LAHORE": true, "PESHAWAR": true, "QUETTA": true, "RAWALPINDI": true, "KABUL": true, "DHAKA": true, "COLOMBO": true, "KATHMANDU": true,
	"KUALA LUMPUR": true, "SINGAPORE": true, "BANGKOK": true, "MANILA": true, "JAKARTA": true, "HANOI": true, "PHNOM PENH": true, "YANGON": true, "HONG KONG": true, "BEIJING": true, "SHANGHAI": true, "TAIPEI": true, "SEOUL": true, "TOKYO": true, "SYDNEY": true, "CANBERRA": true,
	"DUBAI": true, "ABU DHABI": true, "RIYADH": true, "JEDDAH": true, "DOHA": true, "KUWAIT CITY": true, "MUSCAT": true, "TEHRAN": true, "BAGHDAD": true, "DAMASCUS": true, "BEIRUT": true, "AMMAN": true, "JERUSALEM": true, "RAMALLAH": true, "CAIRO": true, "TRIPOLI": true, "TUNIS": true, "ISTANBUL": true, "ANKARA": true,
	"NAIROBI": true, "LAGOS": true, "ABUJA": true, "ACCRA": true, "KAMPALA": true, "HARARE": true, "JOHANNESBURG": true, "CAPE TOWN": true, "ADDIS ABABA": true, "KHARTOUM": true, "MOGADISHU": true,
	"LONDON": true, "PARIS": true, "BERLIN": true, "BRUSSELS": true, "GENEVA": true, "VIENNA": true, "ROME": true, "MADRID": true, "ATHENS": true, "MOSCOW": true, "KYIV": true, "KIEV": true, "WARSAW": true, "THE HAGUE": true, "WASHINGTON": true, "NEW YORK": true, "UNITED NATIONS": true, "LOS ANGELES": true, "MEXICO CITY": true,
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
		d := &article.Dateline{Place: titleCase(place), Date: date}
		agency, after, found := strings.Cut(text[n:min(len(text), n+40)], ". ") // "МОСКВА, 3 мая - РИА Новости. "
		if found && clean.IsAgency(agency) {
			d.Agency = agency
			n = n + len(agency) + 2 + len(after) - len(strings.TrimLeft(after, " "))
		}
		return d, n
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

// titleCase turns "NEW YORK, N.Y." into "New York, N.Y." and leaves mixed case
// alone.
func titleCase(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if letters := strings.Trim(w, ".,"); !allCapitals(w) || len(letters) <= 2 && !strings.HasSuffix(w, ".") || strings.Contains(letters, ".") {
			continue
		}
		lower := []rune(strings.ToLower(w))
		for k, start := 0, true; k < len(lower); k++ {
			if start {
				lower[k] = unicode.ToUpper(lower[k])
			}
			start = !unicode.IsLetter(lower[k]) && lower[k] != '\''
		}
		words[i] = string(lower)
	}
	return strings.Join(words, " ")
}
