package extract

import (
	"testing"

	"github.com/copydesk/copydesk/pkg/weburl"
)

// TestPlainURL holds plainURL to what it promises: resolving changes nothing.
func TestPlainURL(t *testing.T) {
	for u, want := range map[string]bool{
		"https://img.herald.example/2026/05/bridge.jpg":                true,
		"https://img.herald.example/bridge.jpg?w=800&h=450":            true,
		"https://img.herald.example/a%20b.jpg":                         false,
		"https://img.herald.example/a%41b.jpg":                         true,
		"https://img.herald.example":                                   false,
		"https://img.herald.example/":                                  true,
		"http://img.herald.example/bridge.jpg":                         true,
		"http://img.herald.example:80/bridge.jpg":                      false,
		"https://IMG.herald.example/bridge.jpg":                        false,
		"https://img.herald.example:443/bridge.jpg":                    false,
		"https://127.1/bridge.jpg":                                     false,
		"https://img.herald.0x7f/bridge.jpg":                           false,
		"https://img.herald.example/a/../b.jpg":                        false,
		"https://img.herald.example/a/%2e%2e/b.jpg":                    false,
		"https://img.herald.example/a b.jpg":                           false,
		"https://img.herald.example/br\u00fccke.jpg":                   false,
		"https://img.herald.example/a.jpg#top":                         false,
		"https://xn--brcke-lva.example/a.jpg":                          false,
		"https://img..example/a.jpg":                                   false,
		"//img.herald.example/a.jpg":                                   false,
		"/a.jpg":                                                       false,
		"https://user@img.herald.example/a.jpg":                        false,
		"https://img.herald.example/a,b;c:d/@2x/(e)!f$g*h+i=j~k_l.jpg": true,
	} {
		if got := plainURL(u); got != want {
			t.Errorf("plainURL(%q) = %v", u, got)
		}
		if !plainURL(u) {
			continue
		}
		if abs, err := weburl.Resolve("https://www.herald.example/news/1", u); err != nil || abs != u {
			t.Errorf("Resolve(%q) = %q, %v", u, abs, err)
		}
	}
}
