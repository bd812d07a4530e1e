package newsroom

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// wellFormed reads XML to its end.
func wellFormed(data []byte) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestFeedsOfEveryFormat(t *testing.T) {
	n := siteAt(t, 2*time.Hour, 40)
	seen := map[string]bool{}
	for _, o := range n.outlets {
		for _, f := range o.feeds {
			url := n.base(o.Key) + f.path
			res := get(n, url)
			data := bodyOf(t, res)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", url, res.StatusCode)
			}
			seen[f.format] = true
			if f.format == "json" {
				var doc jsonFeed
				if err := json.Unmarshal(data, &doc); err != nil || len(doc.Items) == 0 {
					t.Errorf("%s: %d items, error %v", url, len(doc.Items), err)
				}
			} else if err := wellFormed(data); err != nil {
				t.Errorf("%s: %v", url, err)
			}
			if f.format == "sitemapindex" {
				continue
			}
			for _, it := range n.itemsOf(o.Key, n.now()) {
				want := n.url(it)
				if it.private && f.format != "rss091" {
					continue
				}
				if !strings.Contains(string(data), want) {
					t.Errorf("%s does not list %s", url, want)
				}
			}
		}
	}
	for format := range feedFormats() {
		if !seen[format] {
			t.Errorf("no outlet has a feed of format %s", format)
		}
	}
	for _, u := range n.Feeds() {
		if res := get(n, u); res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", u, res.StatusCode)
		}
	}
}

func TestOneOutletIsFoundThroughItsFrontPage(t *testing.T) {
	n := siteAt(t, 0, 0)
	front := "http://pebble.localhost:8090/"
	found := false
	for _, u := range n.Feeds() {
		found = found || u == front
	}
	if !found {
		t.Fatalf("%s is not among the feeds", front)
	}
	page := html.UnescapeString(string(bodyOf(t, get(n, front))))
	m := regexp.MustCompile(`<link rel="alternate" type="application/atom\+xml" [^>]*href="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the front page names no feed")
	}
	if res := get(n, "http://pebble.localhost:8090"+m[1]); res.StatusCode != http.StatusOK {
		t.Errorf("feed %s: status %d", m[1], res.StatusCode)
	}
}

func TestSitemapIndexLeadsToSitemaps(t *testing.T) {
	n := siteAt(t, 0, 0)
	var doc sitemapIndex
	if err := xml.Unmarshal(bodyOf(t, get(n, "http://mirror.localhost:8090/sitemap.xml")), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Sitemaps) != 2 {
		t.Fatalf("%d sitemaps, want 2", len(doc.Sitemaps))
	}
	for _, s := range doc.Sitemaps {
		if res := get(n, s.Location); res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", s.Location, res.StatusCode)
		}
	}
}

func TestValidators(t *testing.T) {
	n := siteAt(t, 0, 0)
	for _, u := range []string{
		"http://meridian.localhost:8090/feed.xml", "http://lantern.localhost:8090/feed.json",
		"http://tagblatt.localhost:8090/", n.Known()[0].URL,
	} {
		res := get(n, u)
		tag, modified := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
		if tag == "" || strings.HasPrefix(tag, "W/") || modified == "" {
			t.Errorf("%s: ETag %q, Last-Modified %q", u, tag, modified)
		}
		for _, c := range []struct {
			name, value string
			want        int
		}{
			{"If-None-Match", tag, 304},
			{"If-None-Match", `"other"`, 200},
			{"If-Modified-Since", modified, 304},
			{"If-Modified-Since", testEpoch.Add(-time.Hour).Format(http.TimeFormat), 200},
		} {
			if got := get(n, u, c.name, c.value).StatusCode; got != c.want {
				t.Errorf("%s with %s %s: status %d, want %d", u, c.name, c.value, got, c.want)
			}
		}
		if got := get(n, u, "If-None-Match", `"other"`, "If-Modified-Since", modified).StatusCode; got != 200 {
			t.Errorf("%s: If-Modified-Since beat If-None-Match: status %d", u, got)
		}
		zipped := get(n, u, "Accept-Encoding", "br, gzip")
		if zipped.Header.Get("Content-Encoding") != "gzip" || zipped.Header.Get("ETag") == tag {
			t.Errorf("%s: encoding %q, tag %s", u, zipped.Header.Get("Content-Encoding"), zipped.Header.Get("ETag"))
			continue
		}
		zr, err := gzip.NewReader(bytes.NewReader(bodyOf(t, zipped)))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(zr)
		if err != nil || !bytes.Equal(plain, bodyOf(t, res)) {
			t.Errorf("%s: the compressed answer differs (%v)", u, err)
		}
	}
}

func TestRobots(t *testing.T) {
	n := siteAt(t, 0, 0)
	for host, want := range map[string]string{
		"courier": "Disallow: /private/", "mirror": "Crawl-delay: 1", "meridian": "Allow: /",
	} {
		if text := string(bodyOf(t, get(n, n.base(host)+"/robots.txt"))); !strings.Contains(text, want) {
			t.Errorf("robots.txt of %s lacks %q: %q", host, want, text)
		}
	}
	disallowed := 0
	for _, k := range n.Known() {
		if k.Disallowed {
			disallowed++
			if !strings.Contains(k.URL, "/private/") {
				t.Errorf("%s is disallowed", k.URL)
			}
		}
	}
	if disallowed != 1 {
		t.Errorf("%d disallowed pages, want 1", disallowed)
	}
}
