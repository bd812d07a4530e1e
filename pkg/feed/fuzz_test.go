package feed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/weburl"
)

// FuzzParse checks what holds for any bytes: no panic, an error that wraps
// ErrNotFeed, or entries that can be fetched and stored.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/parse/*")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && !strings.HasSuffix(file, ".golden") {
			f.Add(data)
		}
	}
	for _, shapes := range [][]shape{brokenXML(), encodings(), vocabularies(), atoms()} {
		for _, s := range shapes {
			f.Add([]byte(s.in))
		}
	}
	f.Fuzz(checkParse)
}

// FuzzSitemap does the same for what stands in sitemaps and their indexes.
func FuzzSitemap(f *testing.F) {
	for _, s := range sitemaps() {
		_, inside, _ := strings.Cut(s.in, ">")
		f.Add([]byte(inside), false)
	}
	f.Add([]byte("<sitemap><loc>/a.xml</loc><lastmod>2025-03-01</lastmod></sitemap>"), true)
	f.Fuzz(func(t *testing.T, inside []byte, list bool) {
		root := "urlset"
		if list {
			root = "sitemapindex"
		}
		checkParse(t, []byte("<"+root+">"+string(inside)+"</"+root+">"))
	})
}

// checkParse parses anything and checks what holds of every feed.
func checkParse(t *testing.T, data []byte) {
	got, err := Parse(data, testBase, "")
	if err != nil {
		if !errors.Is(err, ErrNotFeed) || strings.Contains(err.Error(), "cannot be repaired") {
			t.Errorf("error = %v", err)
		}
		return
	}
	if !clean(got.Title) || got.Format == "" {
		t.Errorf("format %q, title %q", got.Format, got.Title)
	}
	for _, e := range got.Entries {
		if u, err := weburl.Parse(e.URL); err != nil || u.String() != e.URL {
			t.Errorf("URL %q: %v", e.URL, err)
		}
		if !clean(e.Title) || !clean(e.Summary) || !clean(e.Publisher) || !clean(strings.Join(e.Authors, "")) || e.ID == "" {
			t.Errorf("entry %+v", e)
		}
		if e.Published.Year() > 2100 || e.Updated.Year() > 2100 {
			t.Errorf("dates %v, %v", e.Published, e.Updated)
		}
	}
	for _, m := range got.Sitemaps {
		if u, err := weburl.Parse(m.URL); err != nil || u.String() != m.URL || m.LastModified.Year() > 2100 {
			t.Errorf("sitemap %+v: %v", m, err)
		}
	}
}

// clean reports whether s is one line of text of bounded length.
func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsAny(s, "\n\r\t\x00") && utf8.RuneCountInString(s) <= maxText+1
}

// FuzzDate checks that no text makes the reader of dates panic or give a date
// far off.
func FuzzDate(f *testing.F) {
	f.Add("Sat, 01 Mar 2025 24:00:00 +0100")
	f.Add("١ مارس ٢٠٢٥ ١٠:٠٠")
	f.Fuzz(func(t *testing.T, s string) {
		d := dateReader{}
		if got, ok := d.parse(s); ok && (got.Year() < 1990 || got.Year() > 2100) {
			t.Errorf("parse(%q) = %v", s, got)
		}
	})
}
