package extract

import (
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
)

func TestFindDateline(t *testing.T) {
	for text, want := range map[string]article.Dateline{
		"NORTHPORT (Reuters) - The bridge fell.":                   {Raw: "NORTHPORT (Reuters) -", Place: "Northport", Agency: "Reuters"},
		"NORTHPORT, May 3 (Reuters) - The bridge fell.":            {Raw: "NORTHPORT, May 3 (Reuters) -", Place: "Northport", Date: "May 3", Agency: "Reuters"},
		"NORTHPORT, Maine (AP) — The bridge fell.":                 {Raw: "NORTHPORT, Maine (AP) —", Place: "Northport, Maine", Agency: "AP"},
		"Northport, Freedonia (NBN)-The bridge fell.":              {Raw: "Northport, Freedonia (NBN)-", Place: "Northport, Freedonia", Agency: "NBN"},
		"NORDHAFEN, 3. Mai (dpa) - Die Brücke fiel.":               {Raw: "NORDHAFEN, 3. Mai (dpa) -", Place: "Nordhafen", Date: "3. Mai", Agency: "dpa"},
		"Nordhafen (dpa/lno) - Die Brücke fiel.":                   {Raw: "Nordhafen (dpa/lno) -", Place: "Nordhafen", Agency: "dpa/lno"},
		"(CNN) -- The bridge fell.":                                {Raw: "(CNN) --", Agency: "CNN"},
		"(EFE).- El puente cayó.":                                  {Raw: "(EFE).-", Agency: "EFE"},
		"Puerto Norte, 3 may (EFE).- El puente cayó.":              {Raw: "Puerto Norte, 3 may (EFE).-", Place: "Puerto Norte", Date: "3 may", Agency: "EFE"},
		"PUERTO NORTE, 3 May. (EUROPA PRESS) - El puente cayó.":    {Raw: "PUERTO NORTE, 3 May. (EUROPA PRESS) -", Place: "Puerto Norte", Date: "3 May", Agency: "EUROPA PRESS"},
		"(ANSA) - PORTO NORD, 03 MAG - Il ponte cade.":             {Raw: "(ANSA) - PORTO NORD, 03 MAG -", Place: "Porto Nord", Date: "03 MAG", Agency: "ANSA"},
		"PORT-AU-NORD, N.F. (AP) — The bridge fell.":               {Raw: "PORT-AU-NORD, N.F. (AP) —", Place: "Port-Au-Nord, N.F.", Agency: "AP"},
		"ST. ROE, Freed. (AP) — The bridge fell.":                  {Raw: "ST. ROE, Freed. (AP) —", Place: "St. Roe, Freed.", Agency: "AP"},
		"NORTHPORT — The bridge fell on Monday.":                   {Raw: "NORTHPORT —", Place: "Northport"},
		"NORTHPORT, Nov 22 — The bridge fell.":                     {Raw: "NORTHPORT, Nov 22 —", Place: "Northport", Date: "Nov 22"},
		"NORTHPORT. NEWSWIRE The bridge fell.":                     {Raw: "NORTHPORT. NEWSWIRE", Place: "Northport", Agency: "NEWSWIRE"},
		"date 2026-05-12 NORTHPORT. NEWSWIRE - The bridge fell.":   {Raw: "date 2026-05-12 NORTHPORT. NEWSWIRE -", Place: "Northport", Date: "2026-05-12", Agency: "NEWSWIRE"},
		"JAKARTA: The bridge fell.":                                {Raw: "JAKARTA:", Place: "Jakarta"},
		"МОСКВА, 3 мая. /ТАСС/. Мост рухнул.":                      {Raw: "МОСКВА, 3 мая. /ТАСС/.", Place: "Москва", Date: "3 мая", Agency: "ТАСС"},
		"МОСКВА, 3 мая — РИА Новости. Мост рухнул.":                {Raw: "МОСКВА, 3 мая — РИА Новости.", Place: "Москва", Date: "3 мая", Agency: "РИА Новости"},
		"(서울=연합뉴스) 홍길동 기자 = 다리가 무너졌다.":                             {Raw: "(서울=연합뉴스) 홍길동 기자 =", Place: "서울", Agency: "연합뉴스"},
		"[東京 3日 ロイター] - 橋が落ちた。":                                    {Raw: "[東京 3日 ロイター] -", Place: "東京", Date: "3日", Agency: "ロイター"},
		"新华社北京5月3日电（记者某某）一座桥塌了。":                                   {Raw: "新华社北京5月3日电（记者某某）", Place: "北京", Date: "5月3日", Agency: "新华社"},
		"بيروت (رويترز) - سقط الجسر.":                              {Raw: "بيروت (رويترز) -", Place: "بيروت", Agency: "رويترز"},
		"The bridge (built in 1950) - a dull one - fell.":          {},
		"Northport (51) - the oldest of the bridges - fell.":       {},
		"The union (NUB) said that the bridge - a dull one - fell": {},
		"CLAIM: The bridge fell.":                                  {},
		"DEAR JANE: My bridge fell.":                               {},
		"BREAKING NEWS: The bridge fell.":                          {},
		"NASA. The agency said so.":                                {},
		"(다리) 무너졌다.":                                               {},
	} {
		d, n := findDateline(text)
		switch {
		case d == nil && want != article.Dateline{}:
			t.Errorf("%q has no dateline", text)
		case d != nil && *d != want:
			t.Errorf("%q: %+v, want %+v", text, *d, want)
		case d != nil && n <= len(want.Raw) && text[n:] != text[len(want.Raw):]:
			t.Errorf("%q leaves %q", text, text[n:])
		}
	}
}

// TestAsPrinted checks that the text differs with the option and nothing else.
func TestAsPrinted(t *testing.T) {
	page := pageOf(`<html><head><title>Bridge falls</title></head><body><h1>Bridge falls</h1>
<p>NORTHPORT, May 3 (NBN) - The bridge at Northport fell on Monday night, an hour after the last tram had crossed it, reports NBN.</p>` + filler + `</body></html>`)
	bare, err := Extract(page, Options{})
	if err != nil {
		t.Fatal(err)
	}
	printed, err := Extract(page, Options{AsPrinted: true})
	if err != nil {
		t.Fatal(err)
	}
	a, b := &bare.Article, &printed.Article
	if want := "The bridge at Northport fell on Monday night, an hour after the last tram had crossed it."; a.Body[0].Text != want || !strings.HasPrefix(a.Text, want) {
		t.Errorf("text begins %.120q", a.Text)
	}
	if want := "NORTHPORT, May 3 (NBN) - The bridge"; !strings.HasPrefix(b.Text, want) || !strings.HasPrefix(b.Body[0].Text, want) {
		t.Errorf("as printed, text begins %.120q", b.Text)
	}
	if a.Dateline == nil || a.Dateline.Agency != "NBN" || len(a.Attributions) != 1 || a.Attributions[0] != "NBN" {
		t.Errorf("dateline %+v, attributions %q", a.Dateline, a.Attributions)
	}
	if a.ContentHash != b.ContentHash || a.Words != b.Words || b.Dateline == nil || *a.Dateline != *b.Dateline {
		t.Errorf("hash %s and %s, words %d and %d", a.ContentHash, b.ContentHash, a.Words, b.Words)
	}
}
