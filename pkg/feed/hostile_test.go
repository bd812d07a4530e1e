package feed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	rssHead = `<rss version="2.0"><channel><title>T</title>`
	rssTail = `</channel></rss>`
	oneItem = `<item><title>Last</title><link>https://h.example/last</link></item>`
)

// fill repeats s up to n bytes.
func fill(s string, n int) string { return strings.Repeat(s, n/len(s)) }

// TestHostile feeds what was made to exhaust a parser. Every case must end soon,
// in bounded memory, with what can be had of the feed.
func TestHostile(t *testing.T) {
	const size = hostileSize
	namespaces := ""
	for i := range 2000 {
		namespaces += fmt.Sprintf(` xmlns:n%d="urn:n%d"`, i, i)
	}
	var million strings.Builder
	for i := range maxEntries + 2000 {
		fmt.Fprintf(&million, "<item><link>https://h.example/%d</link></item>", i)
	}
	var urls strings.Builder
	for i := range maxEntries + 2000 {
		fmt.Fprintf(&urls, "<url><loc>https://h.example/%d</loc></url>", i)
	}
	tests := []struct {
		name    string
		in      string
		entries int // -1: an error
	}{
		{"a million empty items", rssHead + fill("<item/>", size) + rssTail, 0},
		{"too many items", rssHead + million.String() + rssTail, maxEntries},
		{"too many URLs", "<urlset>" + urls.String() + "</urlset>", maxEntries},
		{"open elements", rssHead + fill("<a>", size), 0},
		{"deep elements", rssHead + oneItem + strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000) + rssTail, 1},
		{"deep in an item", rssHead + "<item><link>https://h.example/1</link>" + strings.Repeat("<dc:a>", 100_000) + strings.Repeat("</dc:a>", 100_000) + "</item>" + rssTail, 1},
		{"deep in a title", rssHead + "<item><link>https://h.example/1</link><title>" + strings.Repeat("<b>", 100_000) + "x</title></item>" + rssTail, 1},
		{"extension elements", rssHead + fill("<item>"+strings.Repeat("<a:id/>", 70)+"</item>", size) + rssTail, 0},
		{"extension elements of one item", rssHead + "<item><link>https://h.example/1</link>" + fill("<a:id/>", size) + "</item>" + rssTail, 1},
		{"channel elements", rssHead + fill("<a:link/>", size) + oneItem + rssTail, 1},
		{"CDATA sections", rssHead + "<item><link>https://h.example/1</link><dc:creator>" + fill("<![CDATA[x]]>", size) + "</dc:creator></item>" + rssTail, 1},
		{"namespaces", `<rss version="2.0"` + namespaces + "><channel>" + fill("<item><title/><n1:id/><link>https://h.example/1</link></item>", size/2) + rssTail, 1},
		{"namespaces everywhere", rssHead + fill(`<item xmlns:a="urn:a"><link xmlns:b="urn:b">https://h.example/1</link></item>`, size/4) + rssTail, 1},
		{"attributes", rssHead + "<item" + fill(" a=b", size) + ">" + strings.TrimPrefix(oneItem, "<item>") + rssTail, 1},
		{"one attribute", rssHead + `<item a="` + fill("x", size) + `">` + strings.TrimPrefix(oneItem, "<item>") + rssTail, 1},
		{"open quotes", rssHead + fill(`<a b="`, size), 0},
		{"declarations", "<!x>" + fill("<!x>", size) + rssHead + oneItem + rssTail, 1},
		{"open declarations", rssHead + oneItem + fill("<!x[", size), 1},
		{"comments", fill("<!-->", size), -1},
		{"open ends", rssHead + oneItem + fill("</", size), 1},
		{"angle brackets", rssHead + "<item><link>https://h.example/1</link><title>" + fill("<", size) + "</title></item>" + rssTail, 1},
		{"open tags in a title", rssHead + fill("<item><link>https://h.example/1</link><title>"+strings.Repeat("&lt;b", 10_000)+"</title></item>", size) + rssTail, 1},
		{"scripts in a title", rssHead + fill("<item><link>https://h.example/1</link><title>"+strings.Repeat("&lt;script&gt;", 4_000)+"</title></item>", size) + rssTail, 1},
		{"ampersands", rssHead + "<item><link>https://h.example/1</link><title>" + fill("&", size) + "</title></item>" + rssTail, 1},
		{"entities of entities", rssHead + "<item><link>https://h.example/1</link><title>&" + fill("amp;", size) + "</title></item>" + rssTail, 1},
		{"dates", rssHead + fill("<item><pubDate>garbage 12 of 2024 in words</pubDate></item>", size/4) + rssTail, 0},
		{"deep JSON", `{"version":"https://jsonfeed.org/version/1","x":` + fill("[", size), -1},
		{"JSON items", `{"items":[` + fill("{},", size), 0},
		{"deep JSON items", `{"items":[{"id":"1","url":"https://h.example/1"},` + fill("[", size), 1},
		{"text", fill("https://h.example/1\n", size), 1},
		{"white space", fill(" ", size), -1},
		{"entity bomb", `<!DOCTYPE r [<!ENTITY a "` + fill("x", 1<<20) + `">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">`, 100) + `]>` + rssHead + "<item><link>https://h.example/1</link><title>" + fill("&b;", 1<<20) + "</title></item>" + rssTail, 1},
		{"too large", rssHead + oneItem + fill("<x>y</x>", maxBytes) + rssTail, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			f, err := Parse([]byte(tt.in), testBase, "")
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%d MB in, %d MB allocated, %v", len(tt.in)>>20, allocated, took)
			if took > time.Minute || allocated > 1000 {
				t.Errorf("took %v and %d MB", took, allocated)
			}
			if tt.entries < 0 {
				if !errors.Is(err, ErrNotFeed) {
					t.Fatalf("error = %v, want ErrNotFeed", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Entries) != tt.entries {
				t.Errorf("%d entries, want %d; warnings %q", len(f.Entries), tt.entries, f.Warnings)
			}
			for _, e := range f.Entries {
				if len(e.Title) > 5*maxText {
					t.Errorf("a title of %d bytes", len(e.Title))
				}
			}
		})
	}
}

func TestSitemapKeepsTheNewest(t *testing.T) {
	var in strings.Builder
	in.WriteString("<urlset>")
	for i := range maxEntries + 100 {
		day := "2024-01-01"
		if i%2 == 0 { // the newer half, and then the first of the rest
			day = "2025-01-01"
		}
		fmt.Fprintf(&in, "<url><loc>https://h.example/%d</loc><lastmod>%s</lastmod></url>", i, day)
	}
	in.WriteString("</urlset>")
	f, err := Parse([]byte(in.String()), testBase, "")
	if err != nil {
		t.Fatal(err)
	}
	newer := 0
	for _, e := range f.Entries {
		if e.Updated.Year() == 2025 {
			newer++
		}
	}
	last := f.Entries[len(f.Entries)-1].URL
	if len(f.Entries) != maxEntries || newer != maxEntries/2+50 || last != fmt.Sprintf("https://h.example/%d", maxEntries+98) {
		t.Errorf("%d entries, %d newer, last %s", len(f.Entries), newer, last)
	}
	if len(f.Warnings) != 1 {
		t.Errorf("warnings = %q", f.Warnings)
	}
}

func TestGzip(t *testing.T) {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	fmt.Fprint(zw, rssHead+oneItem+rssTail)
	zw.Close()
	whole := b.Bytes()
	f, err := Parse(whole, testBase, "")
	if err != nil || len(f.Entries) != 1 || len(f.Warnings) != 0 {
		t.Errorf("gzip: %+v, %v", f, err)
	}
	f, err = Parse(whole[:len(whole)-9], testBase, "")
	if err != nil || len(f.Warnings) == 0 {
		t.Errorf("cut gzip: %+v, %v", f, err)
	}
	for _, in := range []string{"\x1f\x8b", "\x1f\x8b\x08garbage", "\x1f\x8bgarbage"} {
		if _, err := Parse([]byte(in), testBase, ""); !errors.Is(err, ErrNotFeed) {
			t.Errorf("Parse(%q) = %v, want ErrNotFeed", in, err)
		}
	}
	b.Reset()
	zw.Reset(&b)
	zeros := bytes.Repeat([]byte(" "), 1<<20)
	fmt.Fprint(zw, rssHead+oneItem)
	for range 200 {
		zw.Write(zeros)
	}
	zw.Close()
	f, err = Parse(b.Bytes(), testBase, "")
	if err != nil || len(f.Entries) != 1 {
		t.Errorf("gzip bomb: %+v, %v", f, err)
	}
}
