package extract

import (
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// summerTime says when clocks are put forward by an hour.
type summerTime uint8

const (
	noSummer   summerTime = iota
	europe                // last Sunday of March to last Sunday of October
	america               // second Sunday of March to first Sunday of November
	oceania               // first Sunday of October to first Sunday of April
	newZealand            // last Sunday of September to first Sunday of April
	chile                 // first Sunday of September to first Sunday of April
)

// zoneRule is the time of the place where most of a country's publishers are.
type zoneRule struct {
	offset int // in minutes, in winter
	summer summerTime
}

// countryZones has the zone of each country by its code, which is that of its
// domains, too. The program does not use the zone files of the machine it runs
// on, so that the same page gives the same dates everywhere.
var countryZones = map[string]zoneRule{
	"gb": {0, europe}, "uk": {0, europe}, "ie": {0, europe}, "pt": {0, europe}, "is": {0, noSummer},
	"de": {60, europe}, "at": {60, europe}, "ch": {60, europe}, "li": {60, europe}, "fr": {60, europe}, "be": {60, europe}, "nl": {60, europe}, "lu": {60, europe}, "it": {60, europe}, "es": {60, europe}, "cat": {60, europe}, "pl": {60, europe}, "cz": {60, europe}, "sk": {60, europe}, "hu": {60, europe}, "si": {60, europe}, "hr": {60, europe}, "ba": {60, europe}, "rs": {60, europe}, "mk": {60, europe}, "al": {60, europe}, "mt": {60, europe}, "dk": {60, europe}, "se": {60, europe}, "no": {60, europe},
	"fi": {120, europe}, "ee": {120, europe}, "lv": {120, europe}, "lt": {120, europe}, "gr": {120, europe}, "cy": {120, europe}, "bg": {120, europe}, "ro": {120, europe}, "md": {120, europe}, "ua": {120, europe}, "il": {120, europe},
	"ru": {180, noSummer}, "by": {180, noSummer}, "tr": {180, noSummer}, "sa": {180, noSummer}, "iq": {180, noSummer}, "qa": {180, noSummer}, "kw": {180, noSummer}, "jo": {180, noSummer}, "ke": {180, noSummer}, "tz": {180, noSummer}, "ug": {180, noSummer}, "et": {180, noSummer}, "ir": {210, noSummer}, "ae": {240, noSummer}, "ge": {240, noSummer}, "am": {240, noSummer}, "az": {240, noSummer}, "kz": {300, noSummer}, "pk": {300, noSummer}, "uz": {300, noSummer},
	"in": {330, noSummer}, "lk": {330, noSummer}, "np": {345, noSummer}, "bd": {360, noSummer}, "mm": {390, noSummer}, "th": {420, noSummer}, "vn": {420, noSummer}, "id": {420, noSummer}, "kh": {420, noSummer}, "cn": {480, noSummer}, "hk": {480, noSummer}, "tw": {480, noSummer}, "sg": {480, noSummer}, "my": {480, noSummer}, "ph": {480, noSummer}, "jp": {540, noSummer}, "kr": {540, noSummer}, "kp": {540, noSummer},
	"au": {600, oceania}, "nz": {720, newZealand},
	"za": {120, noSummer}, "na": {120, noSummer}, "zw": {120, noSummer}, "zm": {120, noSummer}, "bw": {120, noSummer}, "ng": {60, noSummer}, "cm": {60, noSummer}, "dz": {60, noSummer}, "tn": {60, noSummer}, "ma": {60, noSummer}, "gh": {0, noSummer}, "sn": {0, noSummer}, "ci": {0, noSummer},
	"us": {-300, america}, "edu": {-300, america}, "gov": {-300, america}, "mil": {-300, america}, "ca": {-300, america}, "cu": {-300, america}, "mx": {-360, noSummer}, "gt": {-360, noSummer}, "cr": {-360, noSummer}, "hn": {-360, noSummer}, "sv": {-360, noSummer}, "ni": {-360, noSummer}, "pa": {-300, noSummer}, "co": {-300, noSummer}, "pe": {-300, noSummer}, "ec": {-300, noSummer}, "ve": {-240, noSummer}, "bo": {-240, noSummer}, "do": {-240, noSummer}, "pr": {-240, noSummer}, "cl": {-240, chile}, "py": {-180, noSummer}, "br": {-180, noSummer}, "ar": {-180, noSummer}, "uy": {-180, noSummer},
}

// languageCountries has the country of the languages that nearly all of their
// publishers share.
var languageCountries = map[string]string{
	"de": "de", "it": "it", "pl": "pl", "nl": "nl", "sv": "se", "no": "no", "nb": "no", "nn": "no", "da": "dk", "fi": "fi", "cs": "cz", "sk": "sk", "hu": "hu", "ro": "ro", "bg": "bg", "el": "gr", "hr": "hr", "sl": "si", "sr": "rs", "uk": "ua", "ru": "ru", "tr": "tr", "he": "il", "iw": "il", "hi": "in", "mr": "in", "bn": "bd", "id": "id", "vi": "vn", "th": "th", "ja": "jp", "ko": "kr", "is": "is", "et": "ee", "lv": "lv", "lt": "lt", "ca": "es", "gl": "es", "eu": "es", "fa": "ir", "sw": "tz", "zu": "za", "xh": "za", "af": "za",
}

// sharedDomains are domains of countries that publishers of all countries use.
var sharedDomains = map[string]bool{"co": true, "io": true, "tv": true, "me": true, "ai": true, "fm": true, "ly": true, "cc": true, "to": true, "ws": true, "am": true, "la": true}

// offset returns how many minutes the zone is ahead of UTC at t.
func (z zoneRule) offsetAt(t time.Time) int {
	t = t.UTC()
	year := t.Year()
	on := false
	switch z.summer {
	case noSummer:
	case europe:
		on = !t.Before(sunday(year, time.March, -1).Add(time.Hour)) && t.Before(sunday(year, time.October, -1).Add(time.Hour))
	case america:
		on = !t.Before(z.local(sunday(year, time.March, 2), 2*60)) && t.Before(z.local(sunday(year, time.November, 1), 60))
	case oceania:
		on = t.Before(z.local(sunday(year, time.April, 1), 2*60)) || !t.Before(z.local(sunday(year, time.October, 1), 2*60))
	case newZealand:
		on = t.Before(z.local(sunday(year, time.April, 1), 2*60)) || !t.Before(z.local(sunday(year, time.September, -1), 2*60))
	case chile:
		on = t.Before(z.local(sunday(year, time.April, 1), -60)) || !t.Before(z.local(sunday(year, time.September, 1), 0))
	}
	if on {
		return z.offset + 60
	}
	return z.offset
}

// local is the instant so many minutes into a day of the zone's winter time.
func (z zoneRule) local(day time.Time, minutes int) time.Time {
	return day.Add(time.Duration(minutes-z.offset) * time.Minute)
}

// sunday returns the n-th Sunday of a month, or the last for -1.
func sunday(year int, month time.Month, n int) time.Time {
	if n < 0 {
		last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
		return last.AddDate(0, 0, -int(last.Weekday()))
	}
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, (7-int(first.Weekday()))%7+7*(n-1))
}

// country returns the country of the publisher, as far as the address and the
// language of the page tell: a domain of a country, else the region of the
// language tag or of og:locale, else the one country of the language.
func (m *meta) country() string {
	host := m.host
	if i := strings.IndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	top := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if _, ok := countryZones[top]; ok && (!sharedDomains[top] || strings.Contains(host, ".com.")) {
		return top
	}
	tags := []string{m.lang, m.first("og:locale"), m.first("content-language"), m.ld.Language}
	for _, tag := range tags {
		if r := region(tag); r != "" {
			return r
		}
	}
	for _, tag := range tags {
		if c := languageCountries[languageCode(tag)]; c != "" {
			return c
		}
	}
	return ""
}

// region returns the country of a language tag such as "es-CO", or "".
func region(tag string) string {
	i := strings.LastIndexAny(tag, "-_")
	if i < 0 || len(tag)-i != 3 {
		return ""
	}
	r := strings.ToLower(tag[i+1:])
	if _, ok := countryZones[r]; !ok || r == "uk" && i > 0 && !strings.EqualFold(tag[:i], "en") {
		return ""
	}
	return r
}

// order says which of 05/12/2026 is the month in the country or language.
func (m *meta) order(country string) dateOrder {
	switch country {
	case "us", "ph", "edu", "gov", "mil":
		return monthFirst
	case "":
		if languageCode(m.lang) == "en" {
			return monthFirst
		}
	}
	return dayFirst
}

// localise gives a time the offset of its publisher's clock: the day that a
// reader saw may be another than that of UTC. A time without a zone is that of
// the clock of the publisher, which other dates of the page or its country tell;
// else it stays UTC. A time in UTC stays the same instant; its offset is what
// tells it from the clock that the page shows for it, or that of the country,
// and the day in the address has the last word.
func (d *dater) localise(f *foundDate, others []*foundDate, seen *seenDate, url *foundDate) {
	if f.Precision == article.Day {
		return
	}
	if !f.zoned {
		d.zoneClock(f, others)
		return
	}
	if _, offset := f.Time.Zone(); offset != 0 {
		return
	}
	minutes, known := clockOffset(f.Time, others, seen)
	if !known && d.zoneKnown {
		minutes = d.zone.offsetAt(f.Time)
	}
	most := maxOffset
	if d.zoneKnown {
		most = withinCountry
	}
	switch {
	case known:
	case seen != nil && seen.clock.last == 0 && seen.score >= sureLoose:
		minutes = towards(f.Time, minutes, seen.found(article.FromText).Time, most)
	case url != nil:
		minutes = towards(f.Time, minutes, url.Time, most)
	}
	f.Time = f.Time.In(fixedZone(minutes))
}

// zoneClock gives a time without a zone the one of the other dates or of the
// country.
func (d *dater) zoneClock(f *foundDate, others []*foundDate) {
	minutes := 0
	if d.zoneKnown {
		minutes = d.zone.offsetAt(f.Time.Add(-time.Duration(d.zone.offset) * time.Minute))
	} else {
		for _, o := range others {
			if o == nil || !o.zoned || o.Precision == article.Day {
				continue
			}
			if _, offset := o.Time.Zone(); offset != 0 {
				minutes = offset / 60
				break
			}
		}
	}
	year, month, day := f.Time.Date()
	hour, minute, second := f.Time.Clock()
	f.Time = time.Date(year, month, day, hour, minute, second, f.Time.Nanosecond(), fixedZone(minutes))
}

// withinCountry is how far apart two zones of one country are taken to be, in
// minutes.
const withinCountry = 5 * 60

// maxOffset is how far a clock may be from UTC, in minutes.
const maxOffset = 14 * 60

// clockOffset returns how far from UTC the clock is that the page shows for the
// instant t: another date without a zone that differs by whole hours.
func clockOffset(t time.Time, others []*foundDate, seen *seenDate) (minutes int, known bool) {
	if seen != nil && seen.clock.last > 0 && !seen.clock.zoned && seen.score >= wantSeen {
		clock := seen.found(article.FromText).Time.Truncate(time.Minute)
		if m, ok := wholeOffset(t.Truncate(time.Minute), clock); ok {
			return m, true
		}
		for _, o := range others { // it may be the clock of the last change
			if o != nil && o.zoned && o.Precision != article.Day {
				if m, ok := wholeOffset(o.Time.Truncate(time.Minute), clock); ok {
					return m, true
				}
			}
		}
	}
	for _, o := range others {
		if o == nil || o.Precision == article.Day {
			continue
		}
		if !o.zoned {
			if m, ok := wholeOffset(t.Truncate(time.Second), o.Time.Truncate(time.Second)); ok {
				return m, true
			}
		} else if _, offset := o.Time.Zone(); offset != 0 && o.Time.Truncate(time.Second).Equal(t.Truncate(time.Second)) {
			return offset / 60, true
		}
	}
	return 0, false
}

// wholeOffset returns the minutes between an instant and what a clock shows for
// it, where that can be the offset of a zone.
func wholeOffset(t, clock time.Time) (minutes int, ok bool) {
	diff := clock.Sub(t)
	minutes = int(diff / time.Minute)
	return minutes, diff%(30*time.Minute) == 0 && minutes >= -12*60 && minutes <= maxOffset
}

// towards moves an offset by as few hours as it takes for the instant to be of
// the day, up to most minutes; it stays where that is not enough.
func towards(t time.Time, minutes int, day time.Time, most int) int {
	for shift := 0; shift <= most; shift += 60 {
		for _, m := range [2]int{minutes - shift, minutes + shift} {
			if m >= -12*60 && m <= maxOffset && sameDay(t.Add(time.Duration(m)*time.Minute), day) {
				return m
			}
		}
	}
	return minutes
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}
