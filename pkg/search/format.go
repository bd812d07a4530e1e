package search

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// templateFuncs is what templates can call; stylesheet is the address of the
// style sheet.
func templateFuncs(stylesheet string) template.FuncMap {
	return template.FuncMap{
		"stylesheet": func() string { return stylesheet },
		"lang":       langTag,
		"dir":        direction,
		"langName":   languageName,
		"number":     number,
		"count":      count,
		"words":      func(s string) string { return strings.ReplaceAll(s, "_", " ") },
		"title":      titleOf,
		"trimEnd":    func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) },
		"endSpace":   func(s string) string { return s[len(strings.TrimRightFunc(s, unicode.IsSpace)):] },
	}
}

// langTag is a language code fit for a lang attribute, or "".
func langTag(code string) string {
	if languageCode.MatchString(strings.ToLower(code)) {
		return code
	}
	return ""
}

// rightToLeft are the languages written from right to left.
var rightToLeft = map[string]bool{
	"ar": true, "arc": true, "ckb": true, "dv": true, "fa": true, "he": true, "iw": true, "ks": true,
	"ps": true, "sd": true, "ug": true, "ur": true, "yi": true,
}

// direction is a value for a dir attribute. Where the language is not known the
// browser decides by the text.
func direction(code string) string {
	base, _, _ := strings.Cut(strings.ToLower(code), "-")
	switch {
	case rightToLeft[base]:
		return "rtl"
	case langTag(code) == "":
		return "auto"
	}
	return "ltr"
}

// languageName is the English name of a language, or its code.
func languageName(code string) string {
	if code == "" {
		return "unknown language"
	}
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	if name := display.English.Tags().Name(tag); name != "" && !strings.HasPrefix(name, "Unknown") {
		return name
	}
	return code
}

// number writes a count with commas between thousands.
func number(v any) string {
	digits := fmt.Sprint(v)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// count writes a number with its noun.
func count(v any, singular, plural string) string {
	n := number(v)
	if n == "1" {
		return "1 " + singular
	}
	return n + " " + plural
}

// httpURL returns an address only if it is one of the web: it goes into links,
// and pages name other schemes too.
func httpURL(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return u.String()
}

// titleOf names an article that has no title.
func titleOf(title string) string {
	if strings.TrimSpace(title) == "" {
		return "Untitled"
	}
	return title
}

// publisherOf is the name of who published an article.
func publisherOf(r *article.Record) string {
	if r.Publisher != "" {
		return r.Publisher
	}
	if r.Site != "" {
		return r.Site
	}
	return "Unknown publisher"
}

// stamp is an instant as a page shows it.
type stamp struct {
	ISO  string // for programs
	Text string // for people
	Full string // the exact time, where Text is short
	// Clock is the time of day alone, for lists of one day; "" where only the
	// day is known.
	Clock string
}

// stampOf shows an instant in UTC: pages are the same for everyone.
func stampOf(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &stamp{
		ISO: u.Format(time.RFC3339), Text: u.Format("2 Jan 2006, 15:04") + " UTC",
		Full: u.Format("Monday, 2 January 2006, 15:04:05") + " UTC", Clock: u.Format("15:04"),
	}
}

// dateStamp shows a date of an article as exactly as it is known. A day is that
// of the source, whatever the time zone.
func dateStamp(d *article.Date) *stamp {
	if d == nil || d.Time.IsZero() {
		return nil
	}
	if d.Precision == article.Day {
		return &stamp{
			ISO: d.Time.Format(time.DateOnly), Text: d.Time.Format("2 Jan 2006"),
			Full: d.Time.Format("Monday, 2 January 2006"),
		}
	}
	return stampOf(d.Time)
}

// recordDate is the date that a list shows: that of publication or, where none
// is known, of the first fetch.
func recordDate(r *article.Record) (s *stamp, found bool) {
	at := index.DateOf(r)
	if r.Published != nil && at.Equal(r.Published.Time) {
		return dateStamp(r.Published), false
	}
	return stampOf(at), true
}

// precisionText says how exactly a date is known, and from where.
func precisionText(d *article.Date) string {
	var parts []string
	if d.Precision != "" {
		parts = append(parts, "to the "+string(d.Precision))
	}
	from := map[article.DateSource]string{
		article.FromJSONLD: "JSON-LD", article.FromMeta: "meta data", article.FromTime: "a time element",
		article.FromFeed: "the feed", article.FromText: "the text", article.FromURL: "the address",
	}[d.From]
	if from == "" {
		from = string(d.From)
	}
	if from != "" {
		parts = append(parts, "from "+from)
	}
	return strings.Join(parts, ", ")
}

// relative says how far t lies from now: "4 min ago", "in 2 h".
func relative(t, now time.Time) *stamp {
	s := stampOf(t)
	if s == nil {
		return nil
	}
	s.Full = s.Text
	d := now.Sub(t)
	format := "%s ago"
	if d < 0 {
		d, format = -d, "in %s"
	}
	switch {
	case d < time.Minute:
		s.Text = "now"
		return s
	case d < time.Hour:
		s.Text = fmt.Sprintf(format, strconv.Itoa(int(d/time.Minute))+" min")
	case d < 48*time.Hour:
		s.Text = fmt.Sprintf(format, strconv.Itoa(int(d/time.Hour))+" h")
	default:
		s.Text = fmt.Sprintf(format, strconv.Itoa(int(d/(24*time.Hour)))+" days")
	}
	return s
}

// list joins names as English does: "A, B and C".
func list(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
