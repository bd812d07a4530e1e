package newsroom

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestOldPagesAreInWindows1252(t *testing.T) {
	n := siteAt(t, time.Hour, 0)
	quotes := false
	for _, k := range n.Known() {
		if k.Outlet != "courier" || k.Withdrawn {
			continue
		}
		res := get(n, k.URL)
		body := bodyOf(t, res)
		if got := res.Header.Get("Content-Type"); got != "text/html" {
			t.Errorf("%s: content type %q tells the character set", k.URL, got)
		}
		if !bytes.Contains(body, []byte("charset=windows-1252")) {
			t.Errorf("%s: the page does not tell its character set", k.URL)
		}
		if bytes.IndexByte(body, 0x93) >= 0 {
			quotes = true
			if utf8.Valid(body) {
				t.Errorf("%s is UTF-8", k.URL)
			}
		}
	}
	if !quotes {
		t.Error("no page has the quotes of windows-1252")
	}
}

func TestToWindows1252(t *testing.T) {
	got := toWindows1252("caf\u00e9 \u201cx\u201d \u2013 \u20ac5 \u2212 \u0634")
	want := []byte("caf\xe9 \x93x\x94 \x96 \x805 &#8722; &#1588;")
	if !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoticesAreInTheOutletsDesign(t *testing.T) {
	n := siteAt(t, 0, 0)
	for _, o := range n.Outlets() {
		res := get(n, o.Home+"nothing/here")
		if res.StatusCode != http.StatusNotFound || !strings.Contains(visible(decode(n.byKey[o.Key], bodyOf(t, res))), o.Name) {
			t.Errorf("%s: status %d, or no name on the page", o.Key, res.StatusCode)
		}
		if res := get(n, o.Home); res.StatusCode != http.StatusOK {
			t.Errorf("front page of %s: status %d", o.Key, res.StatusCode)
		}
		for _, k := range n.Known() {
			if k.Outlet == o.Key && !k.Disallowed && !strings.Contains(string(bodyOf(t, get(n, o.Home))), k.URL) {
				t.Errorf("the front page of %s does not link %s", o.Key, k.URL)
			}
		}
	}
}

func TestParseStoryErrors(t *testing.T) {
	for text, want := range map[string]string{
		"outlet: x\nsection: y\n\nBody.":                                         "missing",
		"outlet: x\nsection: y\ntitle: z\n\n":                                    "missing",
		"outlet: x\nnonsense\n\nBody.":                                           "no colon",
		"outlet: x\ncolour: red\n\nBody.":                                        "header colour: unknown",
		"outlet: x\ntime: soon\n\nBody.":                                         "header time",
		"outlet: x\nsection: y\ntitle: z\n\nBody.\n\n=== copy q\ncut: few\n":     "copy q: header cut",
		"outlet: x\nsection: y\ntitle: z\n\nBody.\n\n=== edit\nreplace x: few\n": "edit: header replace x",
		"outlet: x\nsection: y\ntitle: z\n\nBody.\n\n=== rumour\n":               "unknown part",
	} {
		if _, err := parseStory("k", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestArticlesAreOfTheRightLength(t *testing.T) {
	stories, err := loadStories()
	if err != nil {
		t.Fatal(err)
	}
	languages := map[string]int{}
	for _, s := range stories {
		words := 0
		for _, b := range s.blocks {
			words += len(strings.Fields(b.Text))
		}
		if words > 450 || words < 90 {
			t.Errorf("%s has %d words", s.key, words)
		}
		switch s.outlet {
		case "tagblatt", "almina":
			languages[s.outlet]++
		default:
			languages["english"]++
		}
	}
	if languages["english"] < 28 || languages["tagblatt"] < 8 || languages["almina"] < 6 {
		t.Errorf("articles by language: %v", languages)
	}
}
