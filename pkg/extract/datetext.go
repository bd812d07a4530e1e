package extract

import (
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// textDate is a date as a line of text gives it.
type textDate struct {
	year, day int
	month     time.Month
	clock     clockTime // the zero value: none
	label     dateWord  // wordPublished, wordUpdated, wordCopyright or wordNone
	turned    bool      // day and month may be the other way round
	first     int       // its tokens are [first, last)
	last      int
}

// clockTime is a time of day in a line.
type clockTime struct {
	hour, min, sec int
	seconds        bool // they were given
	zoned          bool
	offset         int // of the zone, in minutes
	first, last    int // its tokens are [first, last); none: last is 0
}

const (
	maxTimes = 6 // of day, of a line
	maxDates = 6 // of a line
)

// dateOrder says which of 05/12/2026 is the month.
type dateOrder uint8

const (
	orderUnknown dateOrder = iota
	dayFirst
	monthFirst
)

// dates returns the dates of the line, in order.
func (t *dateTokens) dates(order dateOrder, out []textDate) []textDate {
	t.findTimes()
	for i := 0; i < t.n && len(out) < maxDates; i++ {
		if t.list[i].kind != 'n' {
			continue
		}
		d, ok := t.dateAt(i, order)
		if !ok {
			continue
		}
		out = append(out, d)
		i = d.last - 1
	}
	for k := range out {
		from, to := 0, t.n
		if k > 0 {
			from = out[k-1].last
		}
		if k+1 < len(out) {
			to = out[k+1].first
		}
		t.addLabel(&out[k], from)
		t.addTime(&out[k], from, to)
	}
	return out
}

// dateAt reads the date that begins with the number at i, or with the month
// before it.
func (t *dateTokens) dateAt(i int, order dateOrder) (textDate, bool) {
	d := textDate{first: i}
	ok := false
	if t.list[i].digits == 8 {
		v := int(t.list[i].value)
		d.year, d.month, d.day, d.last = v/10000, time.Month(v/100%100), v%100, i+1
		ok = t.n == 1 && v >= 19900101 && v < 21000000
	} else if y := t.year(i); y > 0 {
		ok = t.yearFirst(&d, i, y)
	} else if n := t.num(i); n >= 1 && n <= 31 {
		ok = t.signed(&d, i, n) || t.numeric(&d, i, n, order) || t.dayMonth(&d, i, n) || t.monthDay(&d, i, n)
	}
	return d, ok && validDay(d.year, d.month, d.day)
}

func validDay(year int, month time.Month, day int) bool {
	if year < 1990 || year >= 2100 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return day <= 28 || time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Day() == day
}

// yearFirst reads 2026-05-12, 2026/5/12, "2026. 5. 12.", 2026年5月12日 and
// "2026. május 12.".
func (t *dateTokens) yearFirst(d *textDate, i, y int) bool {
	d.year = y
	if i+4 < t.n {
		sep := t.list[i+1].kind
		if (sep == '-' || sep == '/' || sep == '.') && t.list[i+3].kind == sep || t.class(i+1) == wordYear && t.class(i+3) == wordMonth {
			d.month, d.day, d.last = time.Month(t.num(i+2)), t.num(i+4), i+5
			if t.class(d.last) == wordDay || t.is(d.last, '.') {
				d.last++
			}
			return t.free(i-1) && d.month > 0 && d.day > 0
		}
	}
	k := i + 1
	for k < t.n && k < i+3 && (t.list[k].kind == '.' || t.list[k].kind == ',' || t.class(k) == wordFiller || t.is(k, '-')) {
		k++
	}
	if m := t.class(k).month(); m > 0 && t.num(t.skipMarks(k+1)) > 0 {
		k = t.skipMarks(k + 1)
		d.month, d.day, d.last = m, t.num(k), k+1
		return true
	}
	return false
}

// free reports that the token at i does not make what follows part of a longer
// number, such as that of a version.
func (t *dateTokens) free(i int) bool {
	if i < 0 || t.list[i+1].spaced {
		return true
	}
	k := t.list[i].kind
	return k != '.' && k != '-' && k != '/' && k != ':' || i == 0 || t.list[i-1].kind != 'n'
}

// signed reads "ngày 12 tháng 5 năm 2026".
func (t *dateTokens) signed(d *textDate, i, n int) bool {
	if t.class(i+1) != wordMonth || t.num(i+2) < 1 {
		return false
	}
	k := i + 3
	if t.class(k) == wordYear || t.is(k, ',') || t.is(k, '/') {
		k++
	}
	y := t.year(k)
	d.year, d.month, d.day, d.last = y, time.Month(t.num(i+2)), n, k+1
	return y > 0
}

// numeric reads 12.5.2026, 12.5.26, 12/05/2026, 12-05-2026 and 12 | 05 | 2026.
func (t *dateTokens) numeric(d *textDate, i, n int, order dateOrder) bool {
	if i+4 >= t.n {
		return false
	}
	sep := t.list[i+1].kind
	if sep != '.' && sep != '/' && sep != '-' && sep != '|' || t.list[i+3].kind != sep || !t.free(i-1) {
		return false
	}
	m, y := t.num(i+2), t.year(i+4)
	if y < 0 && (sep == '|' || sep != '.' && t.list[i+1].spaced) {
		return false
	}
	if y < 0 {
		short := &t.list[i+4]
		if short.kind != 'n' || short.digits != 2 || short.spaced || short.value > 50 || t.list[i+2].spaced || sep == '-' || t.is(i+5, sep) && !t.list[i+5].spaced && t.is(i+6, 'n') {
			return false
		}
		y = 2000 + int(short.value)
	}
	if next := i + 5; next < t.n && !t.list[next].spaced && t.list[next].kind == '_' {
		return false
	}
	d.year, d.month, d.day, d.last = y, time.Month(m), n, i+5
	switch {
	case sep == '.', sep == '|':
	case m > 12:
		d.month, d.day = time.Month(n), m
	case n <= 12 && m != n:
		d.turned = true
		if order == monthFirst {
			d.month, d.day = time.Month(n), m
		}
	}
	return m > 0
}

// skipMarks returns the next token from k on that is no full stop, comma,
// apostrophe, slash or word such as "de"; five at most.
func (t *dateTokens) skipMarks(k int) int {
	for end := k + 5; k < t.n && k < end; k++ {
		switch t.list[k].kind {
		case '.', ',', '\'', '-', '/', ')', '(':
			continue
		case 'w':
			if c := t.list[k].class; c == wordFiller || c == wordAM || c == wordClock {
				continue // "am" is a particle in German
			}
		}
		break
	}
	return k
}

// dayMonth reads "12 May 2026", "12. Mai 2026", "12 de mayo de 2026", "May 12th
// 2026" from its day on is not for it.
func (t *dateTokens) dayMonth(d *textDate, i, n int) bool {
	k := t.skipMarks(i + 1)
	m := t.monthAt(&k)
	if m == 0 {
		return false
	}
	k = t.skipMarks(k + 1)
	y := t.year(k)
	if y < 0 && k < t.n && t.num(k) >= 0 && t.list[k].digits == 2 && (t.is(k-1, '\'') || t.is(k-1, '-')) && t.list[k].value <= 50 {
		y = 2000 + int(t.list[k].value)
	}
	d.year, d.month, d.day, d.last = y, m, n, k+1
	return y > 0
}

// monthAt returns the month at *k; the Arabic ones of two words move *k on.
func (t *dateTokens) monthAt(k *int) time.Month {
	c := t.class(*k)
	if c != wordAutumn && c != wordWinter {
		return c.month()
	}
	var m time.Month
	switch next := t.class(*k + 1); {
	case c == wordAutumn && next == wordFirst:
		m = time.October
	case c == wordAutumn && next == wordSecondOf:
		m = time.November
	case next == wordFirst:
		m = time.December
	case next == wordSecondOf:
		m = time.January
	default:
		return 0
	}
	*k++
	return m
}

// monthDay reads "May 12th, 2026" at the day.
func (t *dateTokens) monthDay(d *textDate, i, n int) bool {
	k := i - 1
	if t.is(k, '.') || t.class(k) == wordFiller {
		k--
	}
	m := t.class(k).month()
	if m == 0 {
		return false
	}
	next := t.skipMarks(i + 1)
	y := t.year(next)
	if y < 0 { // "Tue May 12 10:15:00 UTC 2026", "12 May 10:15 2026"
		if c := t.timeFrom(next); c != nil {
			next = c.last
			if y = t.year(next); y < 0 {
				next++
				y = t.year(next)
			}
		}
	}
	d.year, d.month, d.day, d.first, d.last = y, m, n, k, next+1
	return y > 0
}

func (t *dateTokens) timeFrom(i int) *clockTime {
	for k := range t.nt {
		if t.times[k].first == i {
			return &t.times[k]
		}
	}
	return nil
}

// addLabel notes the word between from and the date that says what it is of.
// One that follows the date counts where none stands before it.
func (t *dateTokens) addLabel(d *textDate, from int) {
	for i := from; i < d.first; i++ {
		switch c := t.class(i); {
		case c == wordUpdated:
			d.label = c
		case c == wordPublished && d.label != wordUpdated:
			d.label = c
		case c == wordCopyright || t.is(i, 'c'):
			d.label = wordCopyright
		case c == wordEvent && d.label == wordNone:
			d.label = c
		}
	}
}

// timeGap is how many tokens may stand between a date and its time.
const timeGap = 4

// addTime gives the date the time that follows it, or the one that stands just
// before it.
func (t *dateTokens) addTime(d *textDate, from, to int) {
	before := -1
	for k := range t.nt {
		c := &t.times[k]
		switch {
		case c.first >= d.first && c.last <= d.last, c.first >= d.last && c.last <= to && c.first-d.last <= timeGap && !t.brokenBy(d.last, c.first):
			d.clock = *c
			d.last = max(d.last, c.last)
			return
		case c.last <= d.first && c.first >= from && d.first-c.last <= timeGap && !t.brokenBy(c.last, d.first):
			before = k
		}
	}
	if before >= 0 {
		d.clock = t.times[before]
		d.first = d.clock.first
	}
}

// brokenBy reports a word between two tokens that is none of a date.
func (t *dateTokens) brokenBy(from, to int) bool {
	for i := from; i < to; i++ {
		if t.list[i].kind == 'n' || t.list[i].kind == 'w' && (t.list[i].class == wordNone || t.list[i].class == wordUpdated) {
			return true
		}
	}
	return false
}

// others counts the words of the line that no date is made of.
func (t *dateTokens) others() int {
	n := 0
	for i := range t.n {
		if t.list[i].kind == 'w' && t.list[i].class == wordNone {
			n++
		}
	}
	return n
}

// found turns the date into one of the article. A time without a zone is taken
// for UTC until the zone of the publisher is known.
func (d *textDate) found(from article.DateSource) *foundDate {
	f := &foundDate{Date: article.Date{Precision: article.Day, From: from}, turned: d.turned, label: d.label}
	c := &d.clock
	loc := time.UTC
	if c.last > 0 {
		f.Precision = article.Minute
		if c.seconds {
			f.Precision = article.Second
		}
		f.zoned = c.zoned
		loc = fixedZone(c.offset)
	}
	f.Time = time.Date(d.year, d.month, d.day, c.hour, c.min, c.sec, 0, loc)
	return f
}

// fixedZone is the zone so many minutes ahead of UTC.
func fixedZone(minutes int) *time.Location {
	if minutes == 0 {
		return time.UTC
	}
	return time.FixedZone("", minutes*60)
}

// dateInWords reads the first date, and its time, of a line such as "Posted
// Friday, 13 November 2026, 10:08 UTC"; a time without a date is none.
func dateInWords(s string) *foundDate {
	var t dateTokens
	var buf [maxDates]textDate
	t.cut(s)
	for _, d := range t.dates(orderUnknown, buf[:0]) {
		if !d.turned {
			return d.found(article.FromText)
		}
	}
	return nil
}
