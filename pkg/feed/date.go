package feed

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// dateReader reads the dates of one feed.
type dateReader struct {
	language string // of the feed; decides what 3/4/2025 means
}

// first returns the date of the first value that is one, else zero.
func (d *dateReader) first(values ...string) time.Time {
	for _, v := range values {
		if t, ok := d.parse(v); ok {
			return t
		}
	}
	return time.Time{}
}

// parse reads a date in any of the shapes that feeds have: RFC 822, ISO 8601,
// seconds since 1970, months in thirty languages. The result is in UTC; without
// a zone the text is taken for UTC. Dates before 1990 or after 2100 are mistakes.
func (d *dateReader) parse(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 200 {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC1123Z, time.RFC3339} { // nine in ten
		if t, err := time.Parse(layout, s); err == nil {
			return sane(t)
		}
	}
	if t, ok := numericDate(s); ok {
		return sane(t)
	}
	s = plain(s)
	clock, tokens, ok := takeClock(lexDate(s))
	if !ok {
		return time.Time{}, false
	}
	year, month, day, ok := d.calendar(tokens)
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day || t.Month() != month {
		return time.Time{}, false // the 31st of February
	}
	return sane(t.Add(clock))
}

func sane(t time.Time) (time.Time, bool) {
	if t.Year() < 1990 || t.Year() > 2100 {
		return time.Time{}, false
	}
	return t.UTC(), true
}

// numericDate reads seconds or milliseconds since 1970, and 20250301 with or
// without 123000.
func numericDate(s string) (time.Time, bool) {
	whole, _, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, false
	}
	switch len(whole) {
	case 8, 14:
		if t, err := time.Parse("20060102150405"[:len(whole)], whole); err == nil {
			return t, true
		}
	case 9, 10:
		return time.Unix(n, 0), true
	case 13:
		return time.UnixMilli(n), true
	case 16:
		return time.UnixMicro(n), true
	}
	return time.Time{}, false
}

// dateToken is a number, a word or one other character.
type dateToken struct {
	text  string // lower-case
	num   int    // its value if it is a number, else -1
	glued bool   // no space before it
}

// lexDate splits a date into tokens. Digits of other scripts become ours.
func lexDate(s string) []dateToken {
	var tokens []dateToken
	glued := false
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case unicode.IsSpace(r):
			glued = false
			s = s[size:]
			continue
		case unicode.IsDigit(r):
			end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
			if end < 0 {
				end = len(s)
			}
			digits := asciiDigits(s[:end])
			num, err := strconv.Atoi(digits)
			if err != nil {
				num = -1
			}
			tokens = append(tokens, dateToken{digits, num, glued})
			s = s[end:]
		case isWordRune(r):
			end := strings.IndexFunc(s, func(r rune) bool { return !isWordRune(r) })
			if end < 0 {
				end = len(s)
			}
			tokens = append(tokens, dateToken{strings.ToLower(s[:end]), -1, glued})
			s = s[end:]
		default:
			tokens = append(tokens, dateToken{string(r), -1, glued})
			s = s[size:]
		}
		glued = true
	}
	return tokens
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// asciiDigits writes decimal digits of any script as 0 to 9. The digits of a
// script are consecutive, and a zero is where a run of them begins.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		zero := r
		for range 9 {
			if !unicode.IsDigit(zero-1) || zero%10 == zeroOf(r) {
				break
			}
			zero--
		}
		return '0' + (r - zero)
	}, s)
}

// zeroOf returns the code point, modulo ten, of the zero of the digits of r:
// blocks of digits that touch each other start at the same one.
func zeroOf(r rune) rune {
	for _, zero := range []rune{'٠', '۰', '०', '০', '๐', '၀', '០', '０'} {
		if zero <= r && r < zero+10 {
			return zero % 10
		}
	}
	return -1
}

// takeClock finds the time of day and the zone behind it, and returns them as
// what has to be added to midnight UTC, with the tokens that are left. ok is
// false if the time cannot be one.
func takeClock(tokens []dateToken) (clock time.Duration, rest []dateToken, ok bool) {
	for i := 0; i+2 < len(tokens); i++ {
		h, m := tokens[i], tokens[i+2]
		if h.num < 0 || m.num < 0 || len(h.text) > 2 || len(m.text) > 2 || !isColon(tokens[i+1].text) {
			continue
		}
		end := i + 3
		second := 0
		if end+1 < len(tokens) && tokens[end].text == ":" && tokens[end+1].num >= 0 {
			second = min(tokens[end+1].num, 59) // a leap second
			end += 2
			if end+1 < len(tokens) && (tokens[end].text == "." || tokens[end].text == ",") && tokens[end+1].num >= 0 && tokens[end+1].glued {
				end += 2 // fractions
			}
		}
		hour, end := halfDay(tokens, end, h.num)
		if hour > 24 || m.num > 59 || hour == 24 && (m.num > 0 || second > 0) {
			return 0, nil, false
		}
		offset, end := zone(tokens, end)
		clock = time.Duration(hour)*time.Hour + time.Duration(m.num)*time.Minute + time.Duration(second)*time.Second - offset
		rest = append(append(rest, tokens[:i]...), tokens[end:]...)
		return clock, rest, true
	}
	return 0, tokens, true
}

// isColon reports whether s stands between hours and minutes.
func isColon(s string) bool { return s == ":" || s == "h" || s == "：" }

// halfDay applies am or pm, if that is what follows.
func halfDay(tokens []dateToken, i, hour int) (int, int) {
	if i >= len(tokens) || hour > 12 {
		return hour, i
	}
	var pm bool
	switch tokens[i].text {
	case "am", "a":
	case "pm", "p":
		pm = true
	default:
		return hour, i
	}
	// p.m.
	for i < len(tokens) && (tokens[i].text == "." || tokens[i].text == "m" || tokens[i].text == "p" || tokens[i].text == "a" ||
		tokens[i].text == "am" || tokens[i].text == "pm") {
		i++
	}
	hour %= 12
	if pm {
		hour += 12
	}
	return hour, i
}

// zone reads a zone: Z, a name, an offset, or a name and an offset.
func zone(tokens []dateToken, i int) (time.Duration, int) {
	var offset time.Duration
	if i < len(tokens) && tokens[i].text == "(" {
		i++
	}
	if i < len(tokens) {
		if hours, ok := zoneOffset(tokens[i].text); ok {
			offset = time.Duration(hours * float64(time.Hour))
			i++
		}
	}
	if i+1 >= len(tokens) || tokens[i+1].num < 0 {
		return offset, i
	}
	sign := time.Duration(1)
	switch tokens[i].text {
	case "+":
	case "-", "−", "–":
		sign = -1
	default:
		return offset, i
	}
	digits := tokens[i+1]
	hours, minutes := digits.num, 0
	i += 2
	switch {
	case len(digits.text) >= 3:
		hours, minutes = digits.num/100, digits.num%100
	case i+1 < len(tokens) && tokens[i].text == ":" && tokens[i+1].num >= 0:
		minutes = tokens[i+1].num
		i += 2
	}
	if hours > 14 || minutes > 59 {
		return 0, i
	}
	return sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute), i
}

// calendar finds year, month and day.
func (d *dateReader) calendar(tokens []dateToken) (year int, month time.Month, day int, ok bool) {
	var nums []dateToken
	separator := ""
	for i, t := range tokens {
		switch {
		case t.num >= 0:
			nums = append(nums, t)
			if len(nums) == 1 && i+1 < len(tokens) {
				separator = tokens[i+1].text
			}
		case isWordRune(firstRune(t.text)):
			// The last name of a month wins: the names of some days of the week
			// are those of months elsewhere.
			if m := monthOf(t.text); m != 0 {
				month = m
			}
		}
	}
	switch {
	case month != 0 && len(nums) >= 2:
		year, day, ok = yearAndDay(nums[0], nums[1])
		return year, month, day, ok
	case len(nums) == 1 && len(nums[0].text) == 8:
		n := nums[0].num
		return n / 10000, time.Month(n / 100 % 100), n % 100, true
	case len(nums) < 3:
		return 0, 0, 0, false
	}
	a, b, c := nums[0], nums[1], nums[2]
	if len(a.text) == 4 {
		return a.num, time.Month(b.num), c.num, b.num >= 1 && b.num <= 12
	}
	dayFirst, known := d.dayFirst(a.num, b.num, separator)
	if !known {
		return 0, 0, 0, false
	}
	if !dayFirst {
		a, b = b, a
	}
	return fullYear(c), time.Month(b.num), a.num, b.num >= 1 && b.num <= 12
}

// dayFirst decides between 31/12 and 12/31; where both are possible it goes by
// the separator and the language of the feed.
func (d *dateReader) dayFirst(a, b int, separator string) (first, known bool) {
	switch {
	case a > 12, a == b, separator == ".":
		return true, true
	case b > 12:
		return false, true
	case d.language == "en-US":
		return false, true
	}
	return true, d.language != "" && d.language != "en"
}

// yearAndDay tells the year from the day beside the name of a month.
func yearAndDay(a, b dateToken) (year, day int, ok bool) {
	if len(a.text) == 4 {
		a, b = b, a
	}
	return fullYear(b), a.num, len(a.text) <= 2 && a.num >= 1
}

// fullYear returns a year; two digits are of this century.
func fullYear(t dateToken) int {
	if len(t.text) <= 2 {
		return 2000 + t.num
	}
	return t.num
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
