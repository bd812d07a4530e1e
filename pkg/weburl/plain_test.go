package weburl

import (
	"strings"
	"testing"
)

var plainCases = []struct {
	url   string
	plain bool
}{
	{"http://example.com/a?b=c&d=1,2", true},
	{"https://www.example.co.uk/", true},
	{"https://www.example.co.uk", false},
	{"http://example.com/a#c", false},
	{"http://example.com/a?", false},
	{"http://example.com/a?b?c", false},
	{"http://example.com/a/../b", false},
	{"http://example.com/.", false},
	{"http://example.com/a%20b", false},
	{"http://example.com/ä", false},
	{"http://example.com//a//", true},
	{"https://a-b.example:8443/x", true},
	{"http://127.1.2.3:8080/news/1", true},
	{"http://example.com?q/", false},
	{`http://example.com\a/`, false},
	{"http://localhost:1/", true},
	{"http://example.com:80/", false},
	{"https://example.com:443/", false},
	{"http://example.com:443/", true},
	{"http://example.com:0080/", false},
	{"http://example.com:/", false},
	{"http://example.com:99999/", false},
	{"http://example.com./", false},
	{"http://.example.com/", false},
	{"http://a..b/", false},
	{"http://127.1/", false},
	{"http://127.0.0.01/", false},
	{"http://0x7f.1/", false},
	{"http://-0/", false},
	{"http://1.2.3.4.5/", false},
	{"http://xn--bcher-kva.example/", false},
	{"http://a@b.example/", false},
	{"http://a:b@c.example/", false},
	{"http://[::1]/", false},
	{"http://EXAMPLE.com/", false},
	{"http://ex%61mple.com/", false},
	{"http://exa\tmple.com/", false},
	{"http:/example.com/", false},
	{"HTTP://example.com/", false},
	{"ftp://example.com/", false},
	{"http:///a", false},
	{" http://example.com/", false},
	{"http://example.com/" + strings.Repeat("\xff", MaxLength/9), false},
	{"", false},
}

// TestPlain holds the short way to the long one.
func TestPlain(t *testing.T) {
	for _, c := range plainCases {
		if _, plain := parsePlain(c.url); plain != c.plain {
			t.Errorf("parsePlain(%q) is %t, want %t", c.url, plain, c.plain)
		}
		comparePlain(t, c.url)
	}
}

func comparePlain(t *testing.T, raw string) {
	t.Helper()
	u, plain := parsePlain(raw)
	if !plain {
		return
	}
	if want, err := parse(raw); err != nil || *u != *want {
		t.Errorf("%q is parsed as %+v; want %+v, %v", raw, *u, want, err)
	}
}

func FuzzPlain(f *testing.F) {
	for _, c := range plainCases {
		f.Add(c.url)
	}
	f.Fuzz(comparePlain)
}

func BenchmarkParse(b *testing.B) {
	const url = "https://www.example.com:8443/news/2026/11/28/ferry-sails-twice-a-day?page=2"
	for name, parse := range map[string]func(string) (*URL, error){"plain": Parse, "whole": parse} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(url); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
