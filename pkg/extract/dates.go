package extract

import (
	"strings"
	"time"

	"github.com/markusmobius/go-dateparser"
	"github.com/markusmobius/go-htmldate"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
)

const (
	// zoneSlack is how far past the fetch a time may lie that names no zone.
	zoneSlack = 14 * time.Hour
	// clockSlack is the same where the zone is known: clocks differ.
	clockSlack = 5 * time.Minute
)

// foundDate is a date as one source gives it.
type foundDate struct {
	article.Date
	zoned bool // the source names the zone
}

// publishedMeta and modifiedMeta name the meta elements that carry dates, the
// most trusted first.
var (
	publishedMeta = []string{
		"article:published_time", "og:article:published_time", "article:published", "og:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "publishdate", "publish-date", "publish_date", "pubdate", "publication_date", "published_at", "dc.date.issued", "dcterms.created", "dcterms.issued", "dc.date", "dcterms.date", "dc.date.created", "date.created", "cxenseparse:recs:publishtime", "article.published", "published", "rnews:datepublished", "citation_date", "citation_publication_date", "bt:pubdate", "ptime", "displaydate", "originalpublicationdate", "date", "og:pubdate", "iso-8601-publish-date", "datecreated", "article.created", "created", "gsa-date", "last_updated_date",
	}
	modifiedMeta = []string{"article:modified_time", "og:updated_time", "datemodified", "og:article:modified_time", "article:updated_time", "last-modified", "dcterms.modified", "dc.date.modified", "revised", "modified", "lastmod", "article.updated"}
)

// setDates finds when the article was published and last changed.
func setDates(a *article.Article, pg *page, m *meta, root *html.Node, p *article.Page) {
	fetched := p.FetchedAt
	marked := []*foundDate{
		dated(m.ld.Published, article.FromJSONLD), dated(m.first(publishedMeta...), article.FromMeta), markedDate(m), fromFeed(p.Entry.Published),
	}
	a.Published = firstDate(fetched, marked...)
	if a.Published == nil || a.Published.Precision == article.Day {
		refine(a, fetched, marked[1:]...)
	}
	a.Modified = firstDate(fetched, dated(m.ld.Modified, article.FromJSONLD), dated(m.first(modifiedMeta...), article.FromMeta), fromFeed(p.Entry.Updated))
	if a.Published == nil {
		a.Published = firstDate(fetched, lineDate(a, pg), urlDate(p.FinalURL))
	}
	if a.Published == nil {
		if d := firstDate(fetched, textDate(root, p)); d != nil {
			a.Published = d
		}
	}
	datelineDate(a)
	if a.Published == nil && a.Modified != nil {
		d := *a.Modified
		a.Published = &d
	}
	if a.Modified != nil && a.Published != nil && a.Modified.Time.Before(a.Published.Time) {
		a.Modified = nil
	}
}

// datelineDate takes the date of the dateline where nothing else gave one and
// it says the year.
func datelineDate(a *article.Article) {
	if a.Published != nil || a.Dateline == nil {
		return
	}
	if d := dated(a.Dateline.Date, article.FromText); d != nil {
		a.Published = firstDate(a.FetchedAt, d)
	}
}

// refine replaces a date by one of the same day that is known more exactly.
func refine(a *article.Article, fetched time.Time, more ...*foundDate) {
	d := firstDate(fetched, more...)
	if a.Published == nil || d == nil || d.Precision == article.Day {
		return
	}
	if diff := d.Time.Sub(a.Published.Time); diff > -24*time.Hour && diff < 24*time.Hour {
		a.Published = d
	}
}

func firstDate(fetched time.Time, dates ...*foundDate) *article.Date {
	for _, d := range dates {
		if d != nil && d.plausible(fetched) {
			return &d.Date
		}
	}
	return nil
}

// plausible refuses dates before newspapers went online and after the fetch.
func (d *foundDate) plausible(fetched time.Time) bool {
	slack := zoneSlack
	if d.zoned {
		slack = clockSlack
	}
	year := d.Time.Year()
	return year >= 1990 && year < 2100 && (fetched.IsZero() || d.Time.Before(fetched.Add(slack)))
}

func dated(s string, from article.DateSource) *foundDate {
	t, precision, zoned, ok := parseDate(s)
	if !ok {
		return nil
	}
	return &foundDate{article.Date{Time: t, Precision: precision, From: from}, zoned}
}

func fromFeed(t time.Time) *foundDate {
	if t.IsZero() {
		return nil
	}
	return &foundDate{article.Date{Time: t, Precision: article.Second, From: article.FromFeed}, true}
}

// dateLayouts are the forms in which machines write dates, besides ISO 8601.
var dateLayouts = []string{
	time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 2006 15:04:05", "January 2, 2006 15:04:05", "January 2, 2006 3:04 PM", "January 2, 2006 3:04 pm", "Jan 2, 2006 3:04 PM", "January 2, 2006", "Jan 2, 2006", "2 January 2006 15:04", "2 January 2006", "2 Jan 2006", "02 Jan 2006 15:04:05", "Monday, January 2, 2006", "Monday, January 2, 2006 - 15:04", "02.01.2006 15:04:05", "02.01.2006 15:04", "02.01.2006, 15:04", "2.1.2006", "02-01-2006", "02/01/2006 15:04", "01/02/2006 15:04:05",
}

// parseDate reads a date as machines write it. zoned says that it names the
// zone; without one it is UTC.
func parseDate(s string) (t time.Time, precision article.Precision, zoned, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 6 || len(s) > 64 {
		return time.Time{}, "", false, false
	}
	if t, precision, zoned, ok := parseISO(s); ok {
		return t, precision, zoned, true
	}
	if t, ok := parseEpoch(s); ok {
		return t, article.Second, true, true
	}
	if i := strings.Index(s, " ("); i > 0 { // "GMT+0100 (CET)"
		s = s[:i]
	}
	for _, layout := range dateLayouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		precision = article.Day
		switch {
		case strings.Contains(layout, ":05"):
			precision = article.Second
		case strings.Contains(layout, ":04"):
			precision = article.Minute
		}
		return t, precision, strings.Contains(layout, "MST") || strings.Contains(layout, "0700"), true
	}
	return time.Time{}, "", false, false
}

// parseISO reads ISO 8601 in the many shapes it takes: a space or "T", with and
// without seconds, fractions, colons in the zone, and a space before it.
func parseISO(s string) (t time.Time, precision article.Precision, zoned, ok bool) {
	if len(s) == 8 && digitsOnly(s) {
		t, err := time.Parse("20060102", s)
		return t, article.Day, false, err == nil
	}
	if len(s) < 10 || !digitsOnly(s[:4]) || s[4] != '-' && s[4] != '/' {
		return time.Time{}, "", false, false
	}
	sep := s[4:5]
	day, rest := s, ""
	if i := strings.IndexAny(s, "Tt "); i > 0 {
		day, rest = s[:i], strings.TrimSpace(s[i+1:])
	}
	d, err := time.Parse("2006"+sep+"1"+sep+"2", day)
	if err != nil {
		return time.Time{}, "", false, false
	}
	if rest == "" {
		return d, article.Day, false, true
	}
	clock, zone := rest, ""
	if i := strings.IndexAny(rest, "Zz+-"); i > 0 {
		clock, zone = rest[:i], rest[i:]
	} else if i := strings.IndexByte(rest, ' '); i > 0 {
		clock, zone = rest[:i], rest[i+1:]
	}
	precision = article.Second
	layout := "15:04:05"
	clock = strings.TrimSpace(clock)
	if strings.Count(clock, ":") == 1 {
		layout, precision = "15:04", article.Minute
	}
	if i := strings.IndexByte(clock, ','); i > 0 {
		clock = clock[:i] + "." + clock[i+1:]
	}
	at, err := time.Parse(layout, clock)
	if err != nil {
		return d, article.Day, false, true
	}
	loc := zoneOf(strings.TrimSpace(zone))
	out := time.Date(d.Year(), d.Month(), d.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), loc)
	if at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 {
		precision = article.Day // midnight sharp is how a day without a time is written
	}
	return out, precision, zone != "", true
}

func zoneOf(z string) *time.Location {
	for _, layout := range []string{"-07:00", "-0700", "-07", "Z07:00"} {
		if t, err := time.Parse(layout, strings.ToUpper(z)); err == nil {
			_, offset := t.Zone()
			if offset == 0 {
				return time.UTC
			}
			return time.FixedZone("", offset)
		}
	}
	return time.UTC
}

func parseEpoch(s string) (time.Time, bool) {
	if !digitsOnly(s) || len(s) != 10 && len(s) != 13 {
		return time.Time{}, false
	}
	var n int64
	for _, c := range s {
		n = n*10 + int64(c-'0')
	}
	if len(s) == 13 {
		return time.UnixMilli(n).UTC(), true
	}
	return time.Unix(n, 0).UTC(), true
}

func digitsOnly(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// markedDate reads the machine-readable dates of the text: the one that is
// marked as published, else the first outside furniture.
func markedDate(m *meta) *foundDate {
	var plain *foundDate
	for _, n := range m.times {
		value := attr(n, "datetime")
		if value == "" {
			value = attr(n, "content")
		}
		if value == "" && n.DataAtom == atom.Time {
			value = textOf(n)
		}
		d := dated(value, article.FromTime)
		if d == nil || inComments(n) {
			continue
		}
		if marksPublished(n) {
			return d
		}
		if plain == nil {
			plain = d
		}
	}
	return plain
}

func marksPublished(n *html.Node) bool {
	if strings.Contains(attr(n, "itemprop"), "datePublished") || hasAttr(n, "pubdate") {
		return true
	}
	class := strings.ToLower(attr(n, "class"))
	return strings.Contains(class, "publish") || strings.Contains(class, "entry-date") && !strings.Contains(class, "updated")
}

// urlDate reads /2019/10/21/ and the like.
func urlDate(u string) *foundDate {
	for i := 0; i+10 < len(u); i++ {
		c := u[i]
		if c != '/' && c != '-' && c != '_' {
			continue
		}
		if seg := u[i+1 : i+11]; (seg[4] == '/' || seg[4] == '-') && seg[7] == seg[4] && digitsOnly(seg[:4]+seg[5:7]+seg[8:]) && (seg[:2] == "19" || seg[:2] == "20") {
			if t, err := time.Parse("2006-01-02", strings.ReplaceAll(seg, "/", "-")); err == nil {
				return &foundDate{Date: article.Date{Time: t, Precision: article.Day, From: article.FromURL}}
			}
		}
		if seg := u[i+1 : i+9]; digitsOnly(seg) && (seg[:2] == "20" || seg[:3] == "199") && (i+9 == len(u) || u[i+9] < '0' || u[i+9] > '9') {
			if t, err := time.Parse("20060102", seg); err == nil {
				return &foundDate{Date: article.Date{Time: t, Precision: article.Day, From: article.FromURL}}
			}
		}
	}
	return nil
}

// textDate searches the page for a date in words. It costs more than all else
// together and runs only when nothing cheaper found one.
func textDate(root *html.Node, p *article.Page) *foundDate {
	now := p.FetchedAt
	if now.IsZero() {
		now = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	r, err := htmldate.FromDocument(root, htmldate.Options{
		ExtractTime: true, UseOriginalDate: true, URL: p.FinalURL, DeferUrlExtractor: true,
		MinDate: time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC), MaxDate: now.Add(zoneSlack),
		SkipExtensiveSearch: len(p.Body) > 2<<20,
		DateParserConfig:    &dateparser.Configuration{CurrentTime: now},
	})
	if err != nil || r.IsZero() {
		return nil
	}
	d := &foundDate{Date: article.Date{Time: r.DateTime, Precision: article.Day, From: article.FromText}, zoned: r.HasTimezone}
	if r.HasTime {
		d.Precision = article.Minute
	}
	return d
}
