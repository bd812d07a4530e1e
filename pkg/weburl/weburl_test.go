package weburl

import (
	"errors"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"HTTP://Example.COM:80/a/../b#top", "http://example.com/b"},
		{"https://example.com", "https://example.com/"},
		{"https://example.com/?utm_source=x&utm_medium=y", "https://example.com/"},
		{"https://example.com/a?id=7&fbclid=z&b=%20x", "https://example.com/a?id=7&b=%20x"},
		{"https://example.com/a?z=1&a=2", "https://example.com/a?z=1&a=2"},
		{"https://user:pw@example.com/a", "https://example.com/a"},
		{" https://bücher.example/ü ", "https://xn--bcher-kva.example/%C3%BC"},
		{"http://paper.localhost:8090/a?", "http://paper.localhost:8090/a"},
		{"https://example.com/search?q=ref_src", "https://example.com/search?q=ref_src"},
		{"https://example.com/a?utm%5Fsource=x&id=3", "https://example.com/a?id=3"},
		{"https://example.com/a?id=3&amp;utm_source=x", "https://example.com/a?id=3"},
		{"https://example.com/a?&&id=3&", "https://example.com/a?id=3"},
		{"https://example.com/a?GCLID=x&FbClid=y&gad_source=1&srsltid=z", "https://example.com/a"},
		{"https://example.com/a?ref=rss", "https://example.com/a"},
		{"https://example.com/a?ref=main&source=reuters", "https://example.com/a?ref=main&source=reuters"},
		{"https://example.com./a", "https://example.com/a"},
		{"https://example.com.:8443/a", "https://example.com:8443/a"},
		{"https://example.com/%7euser/caf%c3%a9/%41", "https://example.com/~user/caf%C3%A9/A"},
		{"https://example.com/100%/a%2fb", "https://example.com/100%/a%2fb"},
		{"https://example.com/a%2fb?c=%d9%85", "https://example.com/a%2Fb?c=%D9%85"},
		{"https://example.com/a;jsessionid=0A1B?id=3", "https://example.com/a?id=3"},
		{"https://example.com/a;JSESSIONID=0A1B.node1/b;v=1", "https://example.com/a/b;v=1"},
		{"https://example.com/a/..;jsessionid=1/b", "https://example.com/b"},
		{"https://example.com/a?PHPSESSID=abc&p=2", "https://example.com/a?p=2"},
		{"https://example.com/a?sid=0123456789abcdef0123456789abcdef", "https://example.com/a"},
		{"https://example.com/a?sid=12345", "https://example.com/a?sid=12345"},
		{"https://example.com/a?id=0123456789abcdef0123456789abcdef", "https://example.com/a?id=0123456789abcdef0123456789abcdef"},
		{"https://example.com/(S(pfdpv4n2xvkbpq45qgbqoz55))/news/a.aspx", "https://example.com/news/a.aspx"},
		{"https://example.com/(S(short))/a", "https://example.com/(S(short))/a"},
		{"https://example.com/wiki/Paris_(Texas)", "https://example.com/wiki/Paris_(Texas)"},
		{"https://example.com/?p=1#!/x", "https://example.com/?p=1"},
	} {
		got, err := Canonical(c.in)
		if err != nil || got != c.want {
			t.Errorf("Canonical(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
		again, err := Canonical(got)
		if err != nil || again != got {
			t.Errorf("Canonical(%q) is not stable: %q, %v", got, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		"", "example.com/a", "ftp://example.com/", "javascript:alert(1)", "http://", "http://a b/", "http://exa\x00mple.com/",
		"https://example.com/" + strings.Repeat("a", MaxLength), "http://[::1",
		"https://example.com/" + strings.Repeat("\x80", MaxLength/2), "mailto:a@example.com",
	} {
		if u, err := Parse(in); !errors.Is(err, ErrInvalid) {
			t.Errorf("Parse(%.40q) = %v, %v; want ErrInvalid", in, u, err)
		}
	}
}

func TestSite(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"https://www.news.example.co.uk/a", "example.co.uk"},
		{"https://example.com", "example.com"},
		{"http://127.0.0.1:8090/", "127.0.0.1"},
		{"http://localhost:8090/", "localhost"},
		{"http://paper.localhost:8090/", "paper.localhost"},
		{"http://paper.newsroom/", "paper.newsroom"},
		{"nonsense", ""},
	} {
		if got := Site(c.in); got != c.want {
			t.Errorf("Site(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	if !SameSite("https://m.example.com/a", "http://www.example.com/b") || SameSite("https://a.github.io/", "https://b.github.io/") || SameSite("", "") {
		t.Error("SameSite does not follow the public suffix list")
	}
}

func TestResolve(t *testing.T) {
	got, err := Resolve("https://example.com/a/b.html", "../c?x=1#y")
	if err != nil || got != "https://example.com/c?x=1" {
		t.Errorf("Resolve = %q, %v", got, err)
	}
	if _, err := Resolve("https://example.com/", "javascript:void(0)"); !errors.Is(err, ErrInvalid) {
		t.Errorf("Resolve(javascript:) = %v, want ErrInvalid", err)
	}
}

func TestTokens(t *testing.T) {
	if got := SubjectToken("Example.co.uk"); got != "example_co_uk" {
		t.Errorf("SubjectToken = %q", got)
	}
	if got := SubjectToken(""); got != "_" {
		t.Errorf("SubjectToken of nothing = %q", got)
	}
	seen := map[int]bool{}
	for _, h := range []string{"a.example", "b.example", "c.example", "d.example", "e.example", "f.example"} {
		p := Partition(h)
		if p < 0 || p >= Partitions || p != Partition(strings.ToUpper(h)) {
			t.Errorf("Partition(%q) = %d", h, p)
		}
		seen[p] = true
	}
	if len(seen) < 3 {
		t.Errorf("six hosts fell into %d partitions", len(seen))
	}
}

func TestPartitionIsOfTheHost(t *testing.T) {
	for _, same := range [][]string{
		{"news.example.org", "NEWS.example.org", "news.example.org.", "news.example.org:8080"},
		{"[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:8080"},
		{"127.0.0.7", "127.0.0.7:81"},
	} {
		for _, h := range same {
			if Partition(h) != Partition(same[0]) {
				t.Errorf("%q and %q are in different partitions", h, same[0])
			}
		}
	}
}
