package weburl

import (
	"errors"
	"testing"
)

func TestPageURL(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"https://news.aggregator.example/link?url=https%3A%2F%2Fwww.herald.example%2Fa%3Fid%3D3&utm_source=rss", "https://www.herald.example/a?id=3"},
		{"https://www.google.com/url?rct=j&sa=t&url=https://www.herald.example/a%3Futm_source%3Dx&ct=ga", "https://www.herald.example/a"},
		{"https://l.social.example/l.php?u=http%3A%2F%2Fherald.example%2Fa&h=AT0", "http://herald.example/a"},
		{"https://r.example/redirect?to=https://o.other.example/out?url=https%3A%2F%2Fherald.example%2Fa", "https://herald.example/a"},
		{"https://www-herald-example.cdn.ampproject.org/c/s/www.herald.example/a/amp?id=1", "https://www.herald.example/a/amp?id=1"},
		{"https://www.google.co.uk/amp/s/www.herald.example/a", "https://www.herald.example/a"},
		// The target is not in the URL: only a fetch knows it.
		{"http://feedproxy.example/~r/herald/news/~3/Qk2x9/", "http://feedproxy.example/~r/herald/news/~3/Qk2x9/"},
		// Not redirectors: they show something of their own, or lead to their own site.
		{"https://herald.example/login?url=https://other.example/a", "https://herald.example/login?url=https://other.example/a"},
		{"https://translate.example/translate?u=https://herald.example/a", "https://translate.example/translate?u=https://herald.example/a"},
		{"https://www.herald.example/link?url=https://herald.example/a", "https://www.herald.example/link?url=https://herald.example/a"},
		{"https://web.archive.example/web/2020/https://herald.example/a", "https://web.archive.example/web/2020/https://herald.example/a"},
		{"https://herald.example/go?url=javascript:alert(1)", "https://herald.example/go?url=javascript:alert(1)"},
		{"https://herald.example/go?url=/a/b", "https://herald.example/go?url=/a/b"},
		{"https://herald.example/link?id=4", "https://herald.example/link?id=4"},
	} {
		if got, err := PageURL(c.in); err != nil || got != c.want {
			t.Errorf("PageURL(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	if _, err := PageURL("mailto:a@b.example"); !errors.Is(err, ErrInvalid) {
		t.Errorf("PageURL of a mail address: %v", err)
	}
}

func TestConfirmed(t *testing.T) {
	const a = "https://www.herald.example/news/harbour-opens-at-last"
	for _, c := range []struct{ name, final, named, want string }{
		{"itself", a + "?utm_source=x", a, a},
		{"none", a, "", a},
		{"another article", a, "https://www.herald.example/2025/harbour", "https://www.herald.example/2025/harbour"},
		{"AMP to desktop", a + "/amp", a, a},
		{"AMP to desktop with a slash", a + "/amp/", a + "/", a + "/"},
		{"AMP of a short address", "https://www.herald.example/harbour/amp", "https://www.herald.example/harbour", "https://www.herald.example/harbour"},
		{"AMP host", "https://amp.herald.example/news/harbour", "https://www.herald.example/news/harbour", "https://www.herald.example/news/harbour"},
		{"mobile to desktop", "https://m.herald.example/x", "https://www.herald.example/x", "https://www.herald.example/x"},
		{"desktop to mobile", "https://www.herald.example/x", "https://m.herald.example/x", "https://www.herald.example/x"},
		{"desktop to AMP", a, a + "?outputType=amp", a},
		{"desktop to AMP path", a, a + "/amp/", a},
		{"front page", a, "https://www.herald.example/", "https://www.herald.example/news/harbour-opens-at-last"},
		{"section", a, "https://www.herald.example/news/", a},
		{"section of a numbered article", "https://herald.example/news/123456", "https://herald.example/news", "https://herald.example/news/123456"},
		{"second page", a + "/2", a, a},
		{"page of a section", "https://herald.example/news/2", "https://herald.example/news", "https://herald.example/news"},
		{"article with a name behind", "https://herald.example/a/81723/harbour-opens", "https://herald.example/a/81723", "https://herald.example/a/81723"},
		{"article id with a name behind", "https://herald.example/p/BxQz/harbour-opens", "https://herald.example/p/BxQz", "https://herald.example/p/BxQz"},
		{"query kept", "https://herald.example/news/a?id=3", "https://herald.example/news?id=3", "https://herald.example/news?id=3"},
		{"front page itself", "https://herald.example/", "https://herald.example/", "https://herald.example/"},
	} {
		if got := Confirmed(c.final, c.named); got != c.want {
			t.Errorf("%s: Confirmed(%q, %q) = %q, want %q", c.name, c.final, c.named, got, c.want)
		}
	}
}

func TestVariantsAreGuessesOnly(t *testing.T) {
	for _, in := range []string{"https://herald.example/amplifier", "https://herald.example/a?id=1", "https://m.example/", "nonsense"} {
		if got := Variants(in); len(got) != 0 {
			t.Errorf("Variants(%q) = %q", in, got)
		}
	}
	// The canonical form never drops what may select another page.
	for _, in := range []string{"https://m.herald.example/a", "https://herald.example/a/amp", "https://herald.example/a?amp=1"} {
		if got, _ := Canonical(in); got != in {
			t.Errorf("Canonical(%q) = %q", in, got)
		}
	}
}
