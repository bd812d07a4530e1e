package feed

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the expected files of testdata anew")

// testBase is where the feeds of testdata are said to come from.
const testBase = "https://news.example/feeds/all.xml"

// result is what the expected files hold.
type result struct {
	Error    string       `json:"error,omitempty"`
	Format   string       `json:"format,omitempty"`
	Title    string       `json:"title,omitempty"`
	Link     string       `json:"link,omitempty"`
	Language string       `json:"language,omitempty"`
	Hubs     []string     `json:"hubs,omitempty"`
	Self     string       `json:"self,omitempty"`
	TTL      string       `json:"ttl,omitempty"`
	Entries  []Entry      `json:"entries,omitempty"`
	Sitemaps []SitemapRef `json:"sitemaps,omitempty"`
	Warnings []string     `json:"warnings,omitempty"`
}

func resultOf(f *Feed, err error) result {
	if err != nil {
		return result{Error: err.Error()}
	}
	r := result{
		Format: f.Format, Title: f.Title, Link: f.Link, Language: f.Language, Hubs: f.Hubs, Self: f.Self,
		Entries: f.Entries, Sitemaps: f.Sitemaps, Warnings: f.Warnings,
	}
	if f.TTL > 0 {
		r.TTL = f.TTL.String()
	}
	return r
}

// TestParse reads every file of testdata/parse and compares the result with the
// .golden file beside it.
func TestParse(t *testing.T) {
	contentTypes := map[string]string{
		"windows-1251-header.xml": "text/xml; charset=windows-1251",
		"sitemap-text.txt":        "text/plain",
	}
	files, err := filepath.Glob("testdata/parse/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasSuffix(name, ".golden") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, file+".golden", resultOf(Parse(data, testBase, contentTypes[name])))
		})
	}
}

// compareGolden compares v as JSON with a file, or writes the file with -update.
func compareGolden(t *testing.T, file string, v any) {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestHash(t *testing.T) {
	at := time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC)
	base := Entry{URL: "https://a.example/1", ID: "1"}
	base.Title, base.Published, base.Updated, base.Summary = "Title", at, at, "Summary"
	changes := map[string]struct {
		change func(*Entry)
		same   bool
	}{
		"url":           {func(e *Entry) { e.URL = "https://a.example/2" }, false},
		"title":         {func(e *Entry) { e.Title = "Title 2" }, false},
		"published":     {func(e *Entry) { e.Published = at.Add(time.Second) }, false},
		"updated":       {func(e *Entry) { e.Updated = time.Time{} }, false},
		"dates swapped": {func(e *Entry) { e.Published, e.Updated = at.Add(1), at }, true},
		"summary":       {func(e *Entry) { e.Summary = "Other" }, true},
		"zone":          {func(e *Entry) { e.Published = at.In(time.FixedZone("", 3600)) }, true},
	}
	for name, tt := range changes {
		t.Run(name, func(t *testing.T) {
			changed := base
			tt.change(&changed)
			if same := changed.Hash() == base.Hash(); same != tt.same {
				t.Errorf("hash is the same: %t, want %t", same, tt.same)
			}
		})
	}
}
