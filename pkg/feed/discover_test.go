package feed

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestDiscover(t *testing.T) {
	tests := []struct {
		name, page string
		want       []string
	}{
		{"nothing", "<p>Hello</p>", nil},
		{"declared before hinted before comments", `<html><head>
<link rel="alternate" type="application/rss+xml" title="Comments on Ferry" href="/ferry/comments/feed">
<link rel="alternate" type="application/rss+xml; charset=utf-8" title="News" href="/feed">
<LINK REL="ALTERNATE" TYPE="application/atom+xml" HREF="atom.xml" />
<link rel=alternate type=application/feed+json href=//cdn.example/feed.json>
</head><body><a href="/about">About</a> <a href="/sport/rss.xml">Sport</a> <a href="/feed">again</a></body>`, []string{
			"https://site.example/feed", "https://site.example/news/atom.xml", "https://cdn.example/feed.json",
			"https://site.example/sport/rss.xml", "https://site.example/ferry/comments/feed",
		}},
		{"base", `<base href="https://other.example/x/"><base href="https://no.example/"><link rel="alternate" type="application/rss+xml" href="rss">`, []string{"https://other.example/x/rss"}},
		{"what is no feed", `<link rel="stylesheet" href="/feed.css"><link rel="alternate" hreflang="de" href="/de/">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/7"><link rel="alternate" type="application/json+oembed" href="/oembed?format=json">
<link rel="preload" type="application/rss+xml" href="/preload"><link rel="alternate" type="application/rss+xml"><link rel="alternate" type="application/rss+xml" href="javascript:x">
<a href="/feedback">Feedback</a><a href="/news/feeding-time">x</a><a href="mailto:feed@site.example">x</a>`, nil},
		{"weak types", `<link rel="alternate" type="application/json" href="/feed.json"><link rel="feed" href="/all"><link rel="alternate" type="text/xml" href="/rss.php?c=1"><a href="/?feed=rss2">f</a>`, []string{
			"https://site.example/feed.json", "https://site.example/all", "https://site.example/rss.php?c=1", "https://site.example/?feed=rss2",
		}},
		{"entities and comments", `<!-- <link rel="alternate" type="application/rss+xml" href="/old"> --><link rel="alternate" type="application/rss+xml" href="/rss?a=1&amp;b=2"><script>"<link rel='alternate' type='application/rss+xml' href='/script'>"</script>`, []string{"https://site.example/rss?a=1&b=2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Discover([]byte(tt.page), "https://site.example/news/"); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Discover = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDiscoverIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `<a href="/%d.rss">x</a>`, i)
	}
	b.WriteString(`<link rel="alternate" type="application/rss+xml" href="/late">`)
	got := Discover([]byte(b.String()), "https://site.example/")
	if len(got) != maxDiscovered || got[0] != "https://site.example/late" {
		t.Errorf("%d feeds, the first %q", len(got), got[0])
	}
	Discover([]byte(strings.Repeat("<a ", 3<<20)), "https://site.example/")
	Discover([]byte("<a href='"+strings.Repeat("x", 9<<20)), "https://site.example/")
}

func TestIsHTML(t *testing.T) {
	page, err := os.ReadFile("testdata/parse/page.html")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(page, testBase, "text/html")
	if !errors.Is(err, ErrNotFeed) || !IsHTML(err) || !IsHTML(fmt.Errorf("poll: %w", err)) {
		t.Errorf("error = %v, want ErrNotFeed that is HTML", err)
	}
	if _, err = Parse([]byte("<x/>"), testBase, ""); IsHTML(err) {
		t.Errorf("%v is HTML", err)
	}
}
