package weburl

import (
	"strings"
	"time"
)

// Period is a day or a month that an address names, from its first moment to the
// first after it, in UTC.
type Period struct{ From, To time.Time }

// Overlaps reports whether some of the period lies in [from, to).
func (p Period) Overlaps(from, to time.Time) bool { return p.From.Before(to) && p.To.After(from) }

// PageDate returns when a page appeared, as far as the path of its address says:
// /2024/05/17/, /2024/may/17/, -2024-05-17 and 20240517 are days, /2024/05/ is a
// month. The first date of the path counts.
func PageDate(rawURL string) (Period, bool) {
	u, err := Parse(rawURL)
	if err != nil {
		return Period{}, false
	}
	if found := datesIn(strings.ToLower(u.Path()), false); len(found) > 0 {
		return found[0], true
	}
	return Period{}, false
}

// SitemapDate returns the period that the name of a sitemap says its pages are
// of, if it says so beyond doubt: sitemap-2024-05.xml, /2024/05/sitemap.xml,
// sitemap_202405.xml.gz, sitemap.xml?yyyy=2024&mm=05. A name with two different
// dates says nothing.
func SitemapDate(rawURL string) (Period, bool) {
	u, err := Parse(rawURL)
	if err != nil {
		return Period{}, false
	}
	found := datesIn(strings.ToLower(u.Path()), true)
	if p, ok := queryDate(u.query); ok {
		found = append(found, p)
	}
	if len(found) == 0 {
		return Period{}, false
	}
	for _, p := range found[1:] {
		if p != found[0] {
			return Period{}, false
		}
	}
	return found[0], true
}

// maxDates bounds the dates that are read out of one address.
const maxDates = 16

// datesIn returns the dates of a lower-case path. loose takes months for dates
// wherever they stand, as the names of sitemaps have them.
func datesIn(path string, loose bool) []Period {
	var found []Period
	for i := 0; i < len(path) && len(found) < maxDates; {
		n := digits(path[i:])
		if n == 0 {
			i++
			continue
		}
		if i > 0 && path[i-1] != '%' && (loose || !isLetter(path[i-1])) {
			if p, length, ok := dateAt(path[i:], n, path[i-1], loose); ok {
				found = append(found, p)
				i += length
				continue
			}
		}
		i += n
	}
	return found
}

// dateAt reads the date that begins with the n digits at the start of s, behind
// the character before.
func dateAt(s string, n int, before byte, loose bool) (p Period, length int, ok bool) {
	ends := n == len(s) || !isLetter(s[n])
	switch {
	case n == 8 && ends:
		p, ok = dayOf(number(s[:4]), number(s[4:6]), number(s[6:8]))
		return p, n, ok
	case n == 6 && ends && loose:
		p, ok = monthOf(number(s[:4]), number(s[4:6]))
		return p, n, ok
	case n != 4 || n == len(s):
		return p, 0, false
	}
	separator := s[n]
	if separator != '/' && separator != '-' && separator != '_' {
		return p, 0, false
	}
	year, rest := number(s[:4]), s[5:]
	month, m := monthAt(rest)
	if m == 0 || m < len(rest) && (isLetter(rest[m]) || isDigit(rest[m])) {
		return p, 0, false
	}
	if m < len(rest) && rest[m] == separator {
		after := rest[m+1:]
		d := digits(after)
		// Behind a slash, 17-things is the name of a page and no day.
		if d > 0 && d <= 2 && (d == len(after) || !isLetter(after[d]) && (separator != '/' || after[d] == '/' || after[d] == '.')) {
			if p, ok = dayOf(year, month, number(after[:d])); ok {
				return p, 5 + m + 1 + d, true
			}
		}
	}
	// 2024-05 in the name of a page is as likely a part of its title.
	if !loose && (separator != '/' || before != '/' || m < len(rest) && rest[m] != '/') {
		return p, 0, false
	}
	p, ok = monthOf(year, month)
	return p, 5 + m, ok
}

// monthAt reads a month of one or two digits, or an English name of it, and
// returns how long it is, 0 for none.
func monthAt(s string) (month, length int) {
	if n := digits(s); n > 0 {
		if n > 2 {
			return 0, 0
		}
		return number(s[:n]), n
	}
	end := 0
	for end < len(s) && end <= len("september") && isLetter(s[end]) {
		end++
	}
	if end < 3 {
		return 0, 0
	}
	for m := time.January; m <= time.December; m++ {
		if name := strings.ToLower(m.String()); s[:end] == name || s[:end] == name[:3] {
			return int(m), end
		}
	}
	return 0, 0
}

// queryDate reads yyyy=2024&mm=05&dd=17, as some generators of sitemaps write.
func queryDate(query string) (Period, bool) {
	part := map[string]int{}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(strings.ToLower(pair), "=")
		if n := digits(value); n > 0 && n == len(value) && n <= 4 {
			part[key] = number(value)
		}
	}
	for _, keys := range [][3]string{{"yyyy", "mm", "dd"}, {"year", "month", "day"}} {
		year, ok := part[keys[0]]
		month, hasMonth := part[keys[1]]
		if !ok || !hasMonth {
			continue
		}
		if day, ok := part[keys[2]]; ok {
			return dayOf(year, month, day)
		}
		return monthOf(year, month)
	}
	return Period{}, false
}

// The years that an address is believed.
const (
	firstYear = 1990
	lastYear  = 2100
)

func monthOf(year, month int) (Period, bool) {
	if year < firstYear || year > lastYear || month < 1 || month > 12 {
		return Period{}, false
	}
	from := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	return Period{from, from.AddDate(0, 1, 0)}, true
}

func dayOf(year, month, day int) (Period, bool) {
	if _, ok := monthOf(year, month); !ok {
		return Period{}, false
	}
	from := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if from.Day() != day || int(from.Month()) != month {
		return Period{}, false // the 31st of June
	}
	return Period{from, from.AddDate(0, 0, 1)}, true
}

// digits returns how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// number returns the value of a few digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }
