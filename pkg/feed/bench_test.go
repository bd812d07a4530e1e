package feed

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParse reads an RSS feed of 100 entries with their content, about
// 300 KB.
func BenchmarkParse(b *testing.B) {
	var in strings.Builder
	in.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Gazette</title><link>https://gazette.example/</link><language>en</language>`)
	body := strings.Repeat("<p>The ferry sails from the northern pier again, the harbour master said.</p>\n", 35)
	for i := range 100 {
		fmt.Fprintf(&in, `<item><title>Ferry &amp;amp; pier, part %d</title><link>https://gazette.example/%d</link><guid isPermaLink="false">%d</guid><pubDate>Sat, 01 Mar 2025 10:00:00 +0000</pubDate><dc:creator><![CDATA[Ada Lindqvist]]></dc:creator><description><![CDATA[<p>The ferry sails.</p>]]></description><content:encoded><![CDATA[%s]]></content:encoded></item>`, i, i, i, body)
	}
	in.WriteString(`</channel></rss>`)
	data := []byte(in.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if f, err := Parse(data, "https://gazette.example/rss", ""); err != nil || len(f.Entries) != 100 {
			b.Fatal(err)
		}
	}
}
