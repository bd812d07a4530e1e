package weburl

import (
	"testing"
	"time"
)

// period writes a period as the day or month that it is.
func period(p Period, ok bool) string {
	switch {
	case !ok:
		return ""
	case p.To.Equal(p.From.AddDate(0, 0, 1)):
		return p.From.Format("2006-01-02")
	case p.To.Equal(p.From.AddDate(0, 1, 0)):
		return p.From.Format("2006-01")
	}
	return "neither day nor month"
}

func TestPageDate(t *testing.T) {
	for path, want := range map[string]string{
		"/2024/05/17/ferry":                    "2024-05-17",
		"/2024/5/7/ferry.html":                 "2024-05-07",
		"/news/2024/may/17/ferry":              "2024-05-17",
		"/2024/September/1/x":                  "2024-09-01",
		"/news/ferry-2024-05-17":               "2024-05-17",
		"/2024-05-17-ferry":                    "2024-05-17",
		"/ferry_20240517.html":                 "2024-05-17",
		"/20240517/ferry":                      "2024-05-17",
		"/2024/05/17.html":                     "2024-05-17",
		"/2024/05/17":                          "2024-05-17",
		"/2024/05/ferry":                       "2024-05",
		"/2024/05/17-things-to-do":             "2024-05", // the name of a page
		"/2024/05/":                            "2024-05",
		"/2024/02/30/x":                        "2024-02",
		"/2024/06/31":                          "2024-06",
		"/2024/05/17/from-2011-03-11-to-today": "2024-05-17",
		"/2024/ferry":                          "",
		"/budget-2024-05-report":               "", // may be anything
		"/article-202405":                      "",
		"/2024/13/01/x":                        "",
		"/1024/05/17/x":                        "",
		"/ferry%2020240517":                    "",
		"/ferry%20240517":                      "", // a blank and 240517
		"/v20240517":                           "",
		"/120240517":                           "",
		"/20240517a":                           "",
		"/2024x05x17":                          "",
		"/?p=2024/05/17":                       "",
		"/2024/maybe/17":                       "",
		"/":                                    "",
	} {
		if got := period(PageDate("https://example.org" + path)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if _, ok := PageDate("not an address"); ok {
		t.Error("no address has a date")
	}
}

func TestSitemapDate(t *testing.T) {
	for path, want := range map[string]string{
		"/sitemap-2024-05.xml":                "2024-05",
		"/sitemap_2024_5.xml.gz":              "2024-05",
		"/sitemap202405.xml":                  "2024-05",
		"/sitemap-2024-05-17.xml":             "2024-05-17",
		"/sitemap-pt-post-2024-05.xml":        "2024-05",
		"/sitemaps/2024/05/articles.xml":      "2024-05",
		"/sitemap.xml?yyyy=2024&mm=05&dd=17":  "2024-05-17",
		"/sitemap.xml?yyyy=2024&mm=5":         "2024-05",
		"/sitemap.xml?year=2024&month=12":     "2024-12",
		"/2024/05/sitemap-2024-05.xml":        "2024-05",
		"/sitemap-2024.xml":                   "", // not the month
		"/sitemap-2024-05-to-2024-07.xml":     "",
		"/2023/12/sitemap-2024-05.xml":        "",
		"/sitemap-2024-05.xml?yyyy=2023&mm=1": "",
		"/sitemap-200013.xml":                 "",
		"/sitemap-17.xml":                     "",
		"/sitemap.xml?yyyy=2024":              "",
		"/sitemap.xml?page=202405":            "",
	} {
		if got := period(SitemapDate("https://example.org" + path)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestPeriodOverlaps(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2024, 5, d, 0, 0, 0, 0, time.UTC) }
	p := Period{day(10), day(11)}
	for _, c := range []struct {
		from, to int
		want     bool
	}{{10, 11, true}, {1, 10, false}, {1, 11, true}, {11, 12, false}, {9, 20, true}} {
		if got := p.Overlaps(day(c.from), day(c.to)); got != c.want {
			t.Errorf("%d to %d: %t", c.from, c.to, got)
		}
	}
}

// FuzzDated checks that what an address says is a day or a month in bounds,
// whatever it is.
func FuzzDated(f *testing.F) {
	f.Add("/2024/05/17/x?yyyy=2024&mm=05")
	f.Add("/sitemap-202405.xml")
	f.Add("/2024/sept/1%2020240517")
	f.Fuzz(func(t *testing.T, path string) {
		for _, read := range []func(string) (Period, bool){PageDate, SitemapDate} {
			p, ok := read("https://example.org/" + path)
			if got := period(p, ok); ok && (len(got) > len("2006-01-02") || p.From.Year() < firstYear || p.From.Year() > lastYear) {
				t.Errorf("%q: %s to %s", path, p.From, p.To)
			}
		}
	})
}
