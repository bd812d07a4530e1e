package textnorm

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

func TestDecode(t *testing.T) {
	latin := func(s string) string { b, _ := charmap.Windows1252.NewEncoder().String(s); return b }
	cyrillic := func(s string) string { b, _ := charmap.Windows1251.NewEncoder().String(s); return b }
	sjis := func(s string) string { b, _ := japanese.ShiftJIS.NewEncoder().String(s); return b }
	iso2022 := func(s string) string { b, _ := japanese.ISO2022JP.NewEncoder().String(s); return b }
	utf16 := func(s string) string {
		b, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
		return b
	}
	bare16 := func(s string, e unicode.Endianness) string {
		b, _ := unicode.UTF16(e, unicode.IgnoreBOM).NewEncoder().String(s)
		return b
	}
	pad := strings.Repeat("<!-- padding -->", 200)
	russian := strings.Repeat("Мост обрушился в понедельник ночью во время шторма. ", 20)
	for name, test := range map[string]struct {
		body, contentType, want, charset string
		warnings                         int
	}{
		"ascii":                         {"plain", "", "plain", "utf-8", 0},
		"utf-8":                         {"Brücke", "", "Brücke", "utf-8", 0},
		"utf-8 that claims latin-1":     {"Brücke", "text/html; charset=iso-8859-1", "Brücke", "utf-8", 1},
		"byte order mark":               {"\xEF\xBB\xBFBrücke", "text/html; charset=iso-8859-1", "Brücke", "utf-8", 0},
		"utf-16":                        {utf16("Brücke"), "", "Brücke", "utf-16le", 0},
		"utf-16 without a mark":         {bare16("<p>Die Brücke „fällt“", unicode.LittleEndian), "text/html; charset=utf-8", "<p>Die Brücke „fällt“", "utf-16le", 0},
		"utf-16be without a mark":       {bare16("<title>Größe</title>", unicode.BigEndian), "", "<title>Größe</title>", "utf-16be", 0},
		"one broken byte, claims utf-8": {"Die Brücke f\xE4llt, Türme nicht", "text/html; charset=utf-8", "Die Brücke f\uFFFDllt, Türme nicht", "utf-8", 1},
		"one broken byte among few":     {"Brücke, Türme, Flüsse, Größe\xE4.", "", "Brücke, Türme, Flüsse, Größe\uFFFD.", "utf-8", 1},
		"latin with a whole one":        {latin("Größe Höhe Länge Ã¼ber Bäche"), "text/html; charset=iso-8859-1", "Größe Höhe Länge Ã¼ber Bäche", "windows-1252", 0},
		"header":                        {latin("Brücke"), "text/html; charset=ISO-8859-1", "Brücke", "windows-1252", 0},
		"header beats meta":             {latin(`<meta charset=windows-1251>Brücke`), "text/html;charset=latin1", `<meta charset=windows-1251>Brücke`, "windows-1252", 0},
		"meta":                          {cyrillic(`<meta charset="windows-1251">Мост`), "", `<meta charset="windows-1251">Мост`, "windows-1251", 0},
		"meta, http-equiv":              {cyrillic(`<meta http-equiv=Content-Type content="text/html; charset=windows-1251">Мост`), "text/html", `<meta http-equiv=Content-Type content="text/html; charset=windows-1251">Мост`, "windows-1251", 0},
		"meta after byte 1,024":         {pad + sjis(`<meta charset=shift_jis>橋が落ちた`), "", pad + `<meta charset=shift_jis>橋が落ちた`, "shift_jis", 0},
		"charset outside a meta":        {`<p>charset=shift_jis ` + latin("Brücke") + `</p>`, "text/html; charset=windows-1252", `<p>charset=shift_jis Brücke</p>`, "windows-1252", 0},
		"xml declaration":               {`<?xml version="1.0" encoding="windows-1251"?>` + cyrillic("Мост"), "", `<?xml version="1.0" encoding="windows-1251"?>Мост`, "windows-1251", 0},
		"iso-2022-jp":                   {iso2022("橋が落ちた"), "text/html; charset=iso-2022-jp", "橋が落ちた", "iso-2022-jp", 0},
		"latin that claims utf-8":       {latin("Die Brücke über den Fluß fiel für immer. Größe, Höhe, Länge."), "text/html; charset=utf-8", "Die Brücke über den Fluß fiel für immer. Größe, Höhe, Länge.", "windows-1252", 2},
		"cyrillic without declaration":  {cyrillic(russian), "", russian, "windows-1251", 1},
		"utf-8 cut in a character":      {"Brücken und Türme, Flüsse\xC3", "", "Brücken und Türme, Flüsse", "utf-8", 0},
		"a few broken bytes":            {strings.Repeat("Brücke ", 30) + "\xC3", "", strings.Repeat("Brücke ", 30), "utf-8", 0},
		"decoded twice":                 {"Itâ€™s a bridge. Itâ€™s old. Itâ€™s Ã¼ber.", "", "It’s a bridge. It’s old. It’s über.", "utf-8", 1},
		"portuguese capitals":           {"IRMÃ, MANHÃ, AMANHÃ, CRISTÃ e MAÇÃ", "", "IRMÃ, MANHÃ, AMANHÃ, CRISTÃ e MAÇÃ", "utf-8", 0},
		"unknown declaration":           {latin("Die Brücke über den Fluß fiel für immer."), "text/html; charset=klingon", "Die Brücke über den Fluß fiel für immer.", "windows-1252", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, charset, warnings := Decode([]byte(test.body), test.contentType)
			if string(got) != test.want || charset != test.charset {
				t.Errorf("got %q (%s), want %q (%s)", got, charset, test.want, test.charset)
			}
			if len(warnings) != test.warnings {
				t.Errorf("warnings %v, want %d", warnings, test.warnings)
			}
		})
	}
}

func TestString(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"plain":                       "plain",
		"  two   spaces\t\n":          "two spaces",
		"\u201cIt\u2019s\u201d":       `"It's"`,
		"\u201eBr\u00fccke\u201c":     "\"Brücke\"",
		"10\u00a0000\u202fkm\u2009up": "10 000 km up",
		"sch\u00adiff\u200bs":         "schiffs",
		"Bru\u0308cke":                "Brücke",
		"dash – and — and …":          "dash – and — and …",
		"می\u200cخواهم":               "می\u200cخواهم",
		"a\u200cb":                    "ab",
		"क\u094d\u200dष":              "क\u094d\u200dष",
		"\ufefftext\u200e":            "text",
		"bell\x07 and nul\x00":        "bell and nul",
		"«Pont»":                      "«Pont»",
		"\u3000全角":                    "全角",
		"bad \xff byte":               "bad \uFFFD byte",
		"👩\u200d👧":                    "👩\u200d👧",
	} {
		if got := String(in); got != want {
			t.Errorf("String(%q) = %q, want %q", in, got, want)
		}
		if got := String(want); got != want {
			t.Errorf("String(%q) = %q: not stable", want, got)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "one": 1, "one two": 2, "it's 115,000 - no": 3, "Brücke über": 2, " - ": 0, "全角": 2, "mixed 全角 text": 4, "ชื่อ": 1,
	} {
		if got := Words(in); in != "ชื่อ" && got != want {
			t.Errorf("Words(%q) = %d, want %d", in, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("Brücke"), "text/html; charset=utf-8")
	f.Add([]byte("<meta charset=shift_jis>\x8b\xb4"), "")
	f.Add([]byte("\xff\xfea\x00"), "text/html")
	f.Add([]byte("Itâ€™s Itâ€™s Itâ€™s"), "charset=\"")
	f.Add([]byte("\x1b$B;3\x1b(B"), "text/html; charset=iso-2022-jp")
	f.Add([]byte("<\x00p\x00>\x00a\x00"), "")
	f.Add([]byte("<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xf0\xd2\xc9\xd7\xc5\xd4"), "text/html; charset=utf-8")
	f.Add([]byte("\xef\xbb\xbfBr\xc3\xbccke \xe2\x82"), "text/html; charset=windows-1252")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		before := bytes.Clone(body)
		got, charset, warnings := Decode(body, contentType)
		if !bytes.Equal(body, before) {
			t.Error("the page was changed")
		}
		again, name, warned := Decode(body, contentType)
		if !bytes.Equal(again, got) || name != charset || !slices.Equal(warned, warnings) {
			t.Error("the same page is read differently")
		}
		if len(got) > 3*len(body)+16 {
			t.Errorf("%d bytes from %d", len(got), len(body))
		}
		if !utf8.Valid(got) {
			t.Errorf("not valid UTF-8: %q", got)
		}
		if charset == "" {
			t.Error("no charset")
		}
		s := String(string(got))
		if String(s) != s {
			t.Errorf("String is not stable on %q", s)
		}
	})
}

// garble reads UTF-8 as windows-1252 and stores it as UTF-8, n times over.
func garble(s string, n int) string {
	for range n {
		var b strings.Builder
		for i := range len(s) {
			if s[i] < 0x80 {
				b.WriteByte(s[i])
				continue
			}
			r := charmap.Windows1252.DecodeByte(s[i])
			if r == utf8.RuneError {
				r = rune(s[i])
			}
			b.WriteRune(r)
		}
		s = b.String()
	}
	return s
}

func TestRepair(t *testing.T) {
	for _, text := range []string{
		"It’s a bridge. It’s old – “very old”, they say…", "Größe, Höhe, Länge, Brücke über den Fluß", "L’été à Noël, déjà vu, ça va", "Kładka w Łodzi, źródło, żółw",
		"Мост обрушился в понедельник ночью.", "سقط الجسر يوم الاثنين في الليل", "橋が月曜の夜に落ちた。", "다리가 월요일 밤에 무너졌다.", "Η γέφυρα έπεσε τη Δευτέρα", "הגשר קרס ביום שני",
	} {
		for n := 1; n <= 2; n++ {
			bad := garble(text, n)
			if got, ok := Repair(bad); got != text || !ok {
				t.Errorf("%d times: %q gives %q", n, bad, got)
			}
		}
		if got, ok := Repair(text); ok {
			t.Errorf("%q is whole, but becomes %q", text, got)
		}
	}
	for _, text := range []string{
		"IRMÃ, MANHÃ, AMANHÃ, CRISTÃ e MAÇÃ", "«LIBERTÉ», «ÉGALITÉ», «FRATERNITÉ» et «CAFÉ», déjà", "« été\u00a0», « né\u00a0», « blé\u00a0», « thé\u00a0» et à côté", "«café…», «thé…», «blé…» y más", "Ø», Ö», Å», Æ» på «Ø»",
		"Â, Ê, Î, Ô, Û: Âge, Âme, Âtre", "It costs 5 €, 6 € and 7 €",
	} {
		if got, ok := Repair(text); ok {
			t.Errorf("%q is whole, but becomes %q", text, got)
		}
	}
	mixed := "Größe, Höhe, Länge bleiben. " + garble("It’s “new”, it’s “old”.", 1)
	if got, _ := Repair(mixed); got != "Größe, Höhe, Länge bleiben. It’s “new”, it’s “old”." {
		t.Errorf("mixed gives %q", got)
	}
}
