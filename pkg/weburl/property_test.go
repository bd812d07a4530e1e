package weburl

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// word returns one of n words.
func word(r *rand.Rand, n int) string { return fmt.Sprintf("w%d", r.IntN(n)) }

// content returns a URL of which every part selects what is shown.
func content(r *rand.Rand) (host, path string, params []string) {
	host = []string{"example.com", "www.example.com", "m.example.com", "xn--bcher-kva.example", "amp.example.com:8443"}[r.IntN(5)]
	for range 1 + r.IntN(4) {
		path += "/" + []string{word(r, 5), "amp", "a;v=2", "100%25", "caf%C3%A9", "news", "(S)", "index.html"}[r.IntN(8)]
	}
	path += []string{"", "/"}[r.IntN(2)]
	for range r.IntN(4) {
		name := []string{"id", "p", "sid", "ref", "source", "amp", "page", "c", "outputType", "s", "story", "q"}[r.IntN(12)]
		params = append(params, name+"="+[]string{word(r, 5), fmt.Sprint(r.IntN(100)), "0123456789", "main", "%26utm_source%3Drss"}[r.IntN(5)])
	}
	return host, path, params
}

// noise returns the same page as a feed, a mail or a server might spell it.
func noise(r *rand.Rand, host, path string, params []string) string {
	params = slices.Clone(params)
	for range r.IntN(4) {
		extra := []string{
			"utm_source=x", "UTM_Medium=rss", "fbclid=a.b", "PHPSESSID=9f", "sid=00112233445566778899aabbccddeeff", "ref=rss", "",
			"amp;utm_campaign=z", "_ga=1.2", "jsessionid=4", "gclid=",
		}[r.IntN(11)]
		params = slices.Insert(params, r.IntN(len(params)+1), extra)
	}
	if r.IntN(2) == 0 {
		host = strings.ToUpper(host)
	}
	if name, port, ok := strings.Cut(host, ":"); ok {
		host = name + []string{"", "."}[r.IntN(2)] + ":" + port
	} else {
		host += []string{"", ":443", "."}[r.IntN(3)]
	}
	if r.IntN(2) == 0 {
		path = strings.ReplaceAll(strings.ReplaceAll(path, "news", "n%65ws"), "%C3", "%c3")
	}
	if r.IntN(3) == 0 {
		path = "/x/.." + path
	}
	if r.IntN(3) == 0 {
		path += ";jsessionid=AB12"
	}
	query := strings.Join(params, "&")
	if query != "" || r.IntN(2) == 0 {
		query = "?" + query
	}
	return []string{"https", "HTTPS"}[r.IntN(2)] + "://" + host + path + query + []string{"", "#top"}[r.IntN(2)]
}

// TestCanonicalProperties: all spellings of a page have one canonical form, and
// two pages that differ in anything that selects content have two.
func TestCanonicalProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	pages := map[string]string{} // canonical to content
	for range 20_000 {
		host, path, params := content(r)
		key := host + " " + path + " " + strings.Join(params, "&")
		want := "https://" + host + path
		if len(params) > 0 {
			want += "?" + strings.Join(params, "&")
		}
		for range 3 {
			raw := noise(r, host, path, params)
			got, err := Canonical(raw)
			if err != nil || got != want {
				t.Fatalf("Canonical(%q) = %q, %v; want %q", raw, got, err, want)
			}
			if again, err := Canonical(got); err != nil || again != got {
				t.Fatalf("Canonical(%q) = %q, %v; not stable", got, again, err)
			}
		}
		if other, taken := pages[want]; taken && other != key {
			t.Fatalf("%q and %q are one page", key, other)
		}
		pages[want] = key
	}
	if len(pages) < 10_000 {
		t.Errorf("only %d different pages were made", len(pages))
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{
		"https://example.com/a?b=c&utm_source=d#e", "http://[::1]:80/", "https://ex%61mple.com/%zz?%zz", "http://1.2.3/",
		"https://a.example./..;sid=0123456789abcdef01234567/%2e%2E/(S(aaaaaaaaaaaaaaaaaaaaaaaa))/b;jsessionid=1", "http://a/%%34%31?%%34%31",
		"https://a.example/?&amp;&amp;utm_=&%73id=1&?", "https://a.example//..//;jsessionid",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Canonical(s)
		if err != nil {
			return
		}
		again, err := Canonical(c)
		if err != nil || again != c {
			t.Errorf("Canonical(%q) = %q, again %q, %v", s, c, again, err)
		}
		u, err := Parse(c)
		if err != nil || u.String() != c {
			t.Errorf("%q is printed as %q, %v", c, u, err)
		}
		// How the page is asked for is as stable, and never an error where the
		// URL is none.
		page, err := PageURL(s)
		if err != nil {
			t.Fatalf("PageURL(%q) = %v", s, err)
		}
		if twice, err := Canonical(page); err != nil || twice != page {
			t.Errorf("PageURL(%q) = %q, canonical %q, %v", s, page, twice, err)
		}
		for _, v := range Variants(s) {
			if v == c || v == "" {
				t.Errorf("%q is a variant of itself", v)
			}
		}
	})
}
