package extract

import (
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/htmltree"
)

const datedText = `<p>The bridge at Northport fell on Monday night, and nobody was on it, the harbour master said in the morning.</p>
<p>The ferry runs until it is built again, which the mayor does not expect before the spring of next year.</p>
<p>People who live on the far side were told to keep their boats ready, and to share them with those who have none.</p>`

// datedPage is a page with head in its head and line below the headline.
func datedPage(lang, head, line, tail string) string {
	return `<html lang="` + lang + `"><head><title>The bridge at Northport fell</title>` + head + `</head><body><main><article><h1>The bridge at Northport fell</h1>` + line + datedText + tail + `</article></main></body></html>`
}

func extractDates(t *testing.T, url, body string) *article.Article {
	t.Helper()
	r, err := Extract(&article.Page{URL: url, FinalURL: url, Status: 200, Body: []byte(body), FetchedAt: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &r.Article
}

func stamp(d *article.Date) string {
	switch {
	case d == nil:
		return ""
	case d.Precision == article.Day:
		return d.Time.Format(time.DateOnly)
	}
	return d.Time.Format(time.RFC3339)
}

// TestChosenDate checks which of the dates of a page is taken, and in which zone.
func TestChosenDate(t *testing.T) {
	const (
		published = `<meta property="article:published_time" content="2026-05-13T02:30:00Z">`
		modified  = `<meta property="article:modified_time" content="2026-05-14T08:00:00Z">`
	)
	for name, test := range map[string]struct {
		url, lang, head, line, tail string
		published, modified         string
	}{
		"UTC in the zone of the country":  {"https://herald.example.de/a", "de", published, "", "", "2026-05-13T04:30:00+02:00", ""},
		"UTC in the zone of the language": {"https://herald.example/a", "es-CO", published, "", "", "2026-05-12T21:30:00-05:00", ""},
		"UTC by the clock that is shown":  {"https://herald.example/a", "en", published, `<p>Published May 12, 2026 7:30 p.m.</p>`, "", "2026-05-12T19:30:00-07:00", ""},
		"UTC by the day in the address":   {"https://herald.example.com/2026/05/12/a", "en-US", `<meta property="article:published_time" content="2026-05-13T05:30:00Z">`, "", "", "2026-05-12T23:30:00-06:00", ""},
		"no zone written":                 {"https://herald.example.jp/a", "ja", `<meta name="pubdate" content="2026-05-12 10:15:00">`, "", "", "2026-05-12T10:15:00+09:00", ""},
		"no zone written, and none known": {"https://herald.example/a", "en", `<meta name="pubdate" content="2026-05-12 10:15:00">`, "", "", "2026-05-12T10:15:00Z", ""},
		"another zone stays":              {"https://herald.example.de/a", "de", `<meta property="article:published_time" content="2026-05-12T10:15:00-04:00">`, "", "", "2026-05-12T10:15:00-04:00", ""},
		"only shown":                      {"https://herald.example.de/a", "de", "", `<p>Von Jana Roh, 12. Mai 2026, 10.15 Uhr</p>`, "", "2026-05-12T10:15:00+02:00", ""},
		"published and updated":           {"https://herald.example.uk/a", "en-GB", "", `<p>Updated: 14 May 2026, 09:00</p><p>Published: 12 May 2026, 10:15</p>`, "", "2026-05-12T10:15:00+01:00", "2026-05-14T09:00:00+01:00"},
		"day first":                       {"https://herald.example.uk/a", "en-GB", "", `<p class="date">05/04/2026</p>`, "", "2026-04-05", ""},
		"month first":                     {"https://herald.example.com/a", "en-US", "", `<p class="date">05/04/2026</p>`, "", "2026-05-04", ""},
		"the line at the headline":        {"https://herald.example.de/a", "de", `<meta name="date" content="2026-05-20">`, `<p class="date">12. Mai 2026</p>`, "", "2026-05-12", ""},
		"not the last change":             {"https://herald.example.de/a", "de", published + modified, `<p>Aktualisiert: 14. Mai 2026, 10.00 Uhr</p>`, "", "2026-05-13T04:30:00+02:00", "2026-05-14T10:00:00+02:00"},
		"not the event":                   {"https://herald.example.de/a", "de", published, `<p>Termin: 30. Mai 2026, 19 Uhr</p>`, "", "2026-05-13T04:30:00+02:00", ""},
		"not the copyright":               {"https://herald.example.de/a", "de", "", "", `<p>© 12.05.2026 The Herald</p>`, "", ""},
		"not the future":                  {"https://herald.example.de/a", "de", `<meta name="pubdate" content="2027-05-12T10:15:00Z">`, `<p>12. Mai 2026</p>`, "", "2026-05-12", ""},
		"not what is relative":            {"https://herald.example.de/a", "de", "", `<p>vor 3 Stunden</p>`, "", "", ""},
		"not the topic":                   {"https://herald.example.de/a", "de", "", "", `<p>The old bridge was opened on 12 May 1995 by the mayor of that time, who is ninety now and lives in the town.</p>`, "", ""},
		"below the text":                  {"https://herald.example.de/a", "de", "", "", `<p>Erschienen am 12.05.2026</p>`, "2026-05-12", ""},
		"the address":                     {"https://herald.example.de/2026/05/12/a", "de", "", "", "", "2026-05-12", ""},
		"the data of the page":            {"https://herald.example.de/a", "de", `<script type="application/ld+json">{"@type":"WebSite","hasPart":{"@type":"Thing","publishedAt":"2026-05-12T10:15:00Z"}}</script>`, "", "", "2026-05-12T12:15:00+02:00", ""},
		"one day, known more exactly":     {"https://herald.example.de/a", "de", `<meta name="pubdate" content="2026-05-12">`, `<p>12. Mai 2026, 10.15 Uhr</p>`, "", "2026-05-12T10:15:00+02:00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := extractDates(t, test.url, datedPage(test.lang, test.head, test.line, test.tail))
			if got := stamp(a.Published); got != test.published {
				t.Errorf("published %q, want %q", got, test.published)
			}
			if got := stamp(a.Modified); got != test.modified && test.modified != "" {
				t.Errorf("modified %q, want %q", got, test.modified)
			}
		})
	}
}

// TestSummerTime checks the hours at which zones change.
func TestSummerTime(t *testing.T) {
	for country, hours := range map[string]map[string]int{
		"de": {"2026-03-29T00:59:00Z": 60, "2026-03-29T01:00:00Z": 120, "2026-10-25T00:59:00Z": 120, "2026-10-25T01:00:00Z": 60},
		"us": {"2026-03-08T06:59:00Z": -300, "2026-03-08T07:00:00Z": -240, "2026-11-01T05:59:00Z": -240, "2026-11-01T06:00:00Z": -300},
		"au": {"2026-04-04T15:59:00Z": 660, "2026-04-04T16:00:00Z": 600, "2026-10-03T15:59:00Z": 600, "2026-10-03T16:00:00Z": 660},
		"nz": {"2026-04-04T13:59:00Z": 780, "2026-04-04T14:00:00Z": 720, "2026-09-26T13:59:00Z": 720, "2026-09-26T14:00:00Z": 780},
		"in": {"2026-07-01T00:00:00Z": 330},
	} {
		for at, want := range hours {
			instant, err := time.Parse(time.RFC3339, at)
			if err != nil {
				t.Fatal(err)
			}
			if got := countryZones[country].offsetAt(instant); got != want {
				t.Errorf("%s at %s: %d minutes, want %d", country, at, got, want)
			}
		}
	}
}

func BenchmarkSetDates(b *testing.B) {
	p := &article.Page{URL: "https://herald.example.de/a", FinalURL: "https://herald.example.de/a", FetchedAt: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	doc := htmltree.Parse([]byte(datedPage("de", `<meta property="article:published_time" content="2026-05-13T02:30:00Z">`, `<p>Von Jana Roh, 13. Mai 2026, 4.30 Uhr</p>`, "")))
	pg := buildPage(doc.Root)
	m := readMeta(doc.Root, doc.JSONLD, p.FinalURL)
	b.ReportAllocs()
	for b.Loop() {
		a := article.Article{Title: "The bridge at Northport fell", FetchedAt: p.FetchedAt}
		setDates(&a, pg, m, doc, p)
	}
}
