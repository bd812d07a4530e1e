package bleveindex

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/index"
)

func TestTokenize(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"The old bridge.":                  "the@1 old@2 bridge@3",
		"One.\n\nTwo.\nThree":              "one@1 two@18 three@19",
		"One.\r\n\r\nTwo":                  "one@1 two@18",
		"O'Brien's":                        "o@1 brien@2",
		"Trump’s economy":                  "trump@1 economy@2",
		"the 1990's and S":                 "the@1 1990@2 s@3 and@4 s@5",
		"115,000 1.234.567 3.5 3,14":       "115000@1 1234567@2 3@3 5@4 3@5 14@6",
		"U.S. e.g. a.b.cd":                 "us@1 eg@2 a@3 b@4 cd@5",
		"bbc.co.uk foo_bar x@y":            "bbc@1 co@2 uk@3 foo@4 bar@5 x@6 y@7",
		"Covid-19":                         "covid@1 19@2",
		"STRASSE Straße ẞ":                 "strasse@1 strasse@2 ss@3",
		"Łódź Ærø Œuvre þing":              "lodz@1 aero@2 oeuvre@3 thing@4",
		"ΟΔΟΣ οδός":                        "οδοσ@1 οδοσ@2",
		"йод ёж":                           "йод@1 еж@2",
		"新桥 a":                             "新@1 桥@2 新桥@1 a@3",
		"新":                                "新@1",
		"新。桥":                              "新@1 桥@2",
		"iPhone手机5月":                       "iphone@1 手@2 机@3 手机@2 5@4 月@5",
		"서울에서":                             "서@1 울@2 서울@1 에@3 울에@2 서@4 에서@3",
		"एक की":                            "एक@1 की@2",
		"soft\u00adhyphen zero\u200bwidth": "softhyphen@1 zero@2 width@3",
		"🙂 — …":                            "",
	} {
		var got []string
		tokenize(text, func(t token) { got = append(got, fmt.Sprintf("%s@%d", t.term, t.pos)) })
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q gave %q, want %q", text, s, want)
		}
	}
}

// FuzzTokenize checks what search relies on: a word of a text, typed as a query,
// gives the term that the text has, and the whole text, typed as a phrase,
// stands in the text at one place.
func FuzzTokenize(f *testing.F) {
	for _, s := range []string{
		"The old bridge of Müllerstadt, O'Brien's U.S. 115,000.\n\nNext", "市长出席了仪式 iPhone手机",
		"서울에서 열린 ﾃﾚﾋﾞ สะพานใหม่", "قالَ رئيس الجســر ٢٠٢٦", "İstanbul ışık ΟΔΟΣ ẞ", "a\u0301\u0301 '\u0301s x.'y",
		"ก\u0e33\u0e31", "\u1100\u1161 가", "ǅ ﬁ ½ Ⅷ ㎏", "י\u05b4 ﷺ", "x\u200dy\u00adz",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || len(s) > 2000 {
			return
		}
		var all []token
		at := map[string]bool{}
		tokenize(s, func(k token) {
			if k.start < 0 || k.end > len(s) || k.start >= k.end || k.term == "" || len(k.term) > 2*maxTerm ||
				strings.IndexByte(k.term, 0xff) >= 0 || !utf8.ValidString(s[k.start:k.end]) {
				t.Fatalf("token %+v of %q", k, s)
			}
			all = append(all, k)
			at[fmt.Sprint(k.pos, k.term)] = true
		})
		stems := stemmers()
		for _, k := range all {
			if k.gram == noGram {
				for _, m := range stems {
					m.term(k.lower)
				}
			}
			u := newUnit(index.Term{Text: s[k.start:k.end]}, nil)
			if u == nil {
				t.Fatalf("%q of %q gives no word", s[k.start:k.end], s)
			}
			if u.isWord() && k.gram != unigram && u.tokens[0].term != k.term {
				t.Fatalf("%q is %q as a query and %q in %q", s[k.start:k.end], u.tokens[0].term, k.term, s)
			}
		}
		u := newUnit(index.Term{Text: s, Phrase: true}, nil)
		if (u == nil) != (len(all) == 0) {
			t.Fatalf("%q has %d tokens and is the query %+v", s, len(all), u)
		}
		if u == nil {
			return
		}
		first := slices.MinFunc(all, func(a, b token) int { return a.pos - b.pos }).pos
		for _, k := range u.tokens {
			if !at[fmt.Sprint(k.pos+first, k.term)] {
				t.Fatalf("the phrase %q wants %q at %d, where it is not", s, k.term, k.pos+first)
			}
		}
	})
}

func TestThin(t *testing.T) {
	for text, want := range map[string]string{
		"新":          "新@0",
		"新桥":         "新桥@0",
		"新桥通":        "新桥@0 桥通@1",
		"新桥通车":       "新桥@0 通车@2",
		"新桥通车了":      "新桥@0 通车@2 车了@3",
		"新桥 a 通":     "新桥@0 a@2 通@3",
		"old 桥":      "old@0 桥@1",
		"新 桥":        "新@0 桥@1",
		"old bridge": "old@0 bridge@1",
	} {
		u := newUnit(index.Term{Text: text}, nil)
		var got []string
		for _, k := range u.tokens {
			got = append(got, fmt.Sprintf("%s@%d", k.term, k.pos))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q gave %q, want %q", text, s, want)
		}
	}
}

func TestWhen(t *testing.T) {
	for _, c := range []struct {
		date  time.Time
		words int
	}{
		{time.Date(2026, 3, 10, 12, 0, 0, 1, time.UTC), 400},
		{time.Date(1969, 12, 31, 23, 59, 59, 999, time.UTC), 0},
		{time.Unix(0, -1), 1},
		{time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), 1 << 30},
	} {
		b := encodeWhen(c.date, c.date.Add(1), c.words)
		w, ok := decodeWhen(b)
		if !ok || w.date != c.date.UnixNano() || w.indexed != w.date+1 {
			t.Errorf("%v became %+v, %v", c.date, w, ok)
		}
		if c.words == 400 && (w.words < 280 || w.words > 570) {
			t.Errorf("400 words became %v", w.words)
		}
		if slices.Contains(b, 0xff) {
			t.Errorf("%v is stored with the separator of columns", c.date)
		}
	}
	early := encodeWhen(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, 1)
	late := encodeWhen(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, 1)
	a, _ := decodeWhen(early)
	z, _ := decodeWhen(late)
	if a.date >= time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano() || z.date <= time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano() {
		t.Errorf("years 1 and 9999 became %d and %d", a.date, z.date)
	}
	if _, ok := decodeWhen([]byte("short")); ok {
		t.Error("garbage was decoded")
	}
}
