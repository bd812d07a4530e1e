//nolint:misspell // other languages
package extract

import (
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

func TestDateInWords(t *testing.T) {
	for text, want := range map[string]string{
		"Posted Tuesday, 12 May 2026, 10:15 UTC by Jane Roe": "2026-05-12T10:15:00Z",
		"May 12, 2026 3:07 p.m. EDT":                         "2026-05-12T15:07:00-04:00",
		"12. Mai 2026, 10.15 Uhr":                            "2026-05-12T10:15:00Z",
		"12.05.2026 10:15":                                   "2026-05-12T10:15:00Z",
		"Publié le 12 mai 2026 à 9h05":                       "2026-05-12T09:05:00Z",
		"12 de mayo de 2026":                                 "2026-05-12T00:00:00Z",
		"May 12th, 2026, 12:30 am":                           "2026-05-12T00:30:00Z",
		"Veröffentlicht: 12.05.26 | 18:40 Uhr":               "2026-05-12T18:40:00Z",
		"12 mayo 2026 - 21h30":                               "2026-05-12T21:30:00Z",
		"12 maggio 2026 alle 9:05":                           "2026-05-12T09:05:00Z",
		"12 de maio de 2026 às 7h":                           "2026-05-12T00:00:00Z",
		"12 mei 2026, 10:15 uur":                             "2026-05-12T10:15:00Z",
		"12 maja 2026, godz. 10:15":                          "2026-05-12T10:15:00Z",
		"12. května 2026 v 10:15":                            "2026-05-12T10:15:00Z",
		"12 maj 2026 kl. 10.15":                              "2026-05-12T10:15:00Z",
		"12. mai 2026 klokken 10:15":                         "2026-05-12T10:15:00Z",
		"12.5.2026 klo 10.15":                                "2026-05-12T10:15:00Z",
		"12. toukokuuta 2026":                                "2026-05-12T00:00:00Z",
		"2026. május 12. 10:15":                              "2026-05-12T10:15:00Z",
		"12 Mayıs 2026 Salı 10:15":                           "2026-05-12T10:15:00Z",
		"Selasa, 12 Mei 2026 10:15 WIB":                      "2026-05-12T10:15:00+07:00",
		"12 мая 2026 года в 10:15":                           "2026-05-12T10:15:00Z",
		"12 травня 2026, 10:15":                              "2026-05-12T10:15:00Z",
		"12 Μαΐου 2026 10:15":                                "2026-05-12T10:15:00Z",
		"12 במאי 2026":                                       "2026-05-12T00:00:00Z",
		"١٢ مايو ٢٠٢٦ ١٠:١٥":                                 "2026-05-12T10:15:00Z",
		"12 كانون الأول 2026":                                "2026-12-12T00:00:00Z",
		"12 मई 2026":                                         "2026-05-12T00:00:00Z",
		"2026年5月12日10時15分":                                   "2026-05-12T10:15:00Z",
		"2026년 5월 12일 오후 3:07":                               "2026-05-12T15:07:00Z",
		"2026. 5. 12. 10:15":                                 "2026-05-12T10:15:00Z",
		"ngày 12 tháng 5 năm 2026":                           "2026-05-12T00:00:00Z",
		"12 พฤษภาคม 2569":                                    "2026-05-12T00:00:00Z",
		"12 Mei 2026":                                        "2026-05-12T00:00:00Z",
		"10:15, 12 May 2026":                                 "2026-05-12T10:15:00Z",
		"12 de mayo 2026, 12:00 A. M.":                       "2026-05-12T00:00:00Z",
		"12-May-26":                                          "2026-05-12T00:00:00Z",
		"12 | 05 | 2026":                                     "2026-05-12T00:00:00Z",
		"Updated 12 May 2026":                                "2026-05-12T00:00:00Z",
		"Version 1.5.26.4":                                   "",
		"Call 05-12-202 for 2026":                            "",
		"High water 06:12 and 18:41":                         "",
		"31 February 2026":                                   "",
		"May 2026":                                           "",
		"05/12/2026":                                         "",
	} {
		got := ""
		if d := dateInWords(text); d != nil {
			got = d.Time.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestMachineDates reads the forms in which machines write dates.
func TestMachineDates(t *testing.T) {
	for text, want := range map[string]string{
		"2026-05-12T10:15:30+02:00":       "2026-05-12T10:15:30+02:00 second",
		"2026-05-12T10:15:30.123456Z":     "2026-05-12T10:15:30Z second",
		"2026-05-12 10:15:30 +0200":       "2026-05-12T10:15:30+02:00 second",
		"2026-5-6T12:00:00.000Z":          "2026-05-06T12:00:00Z second",
		"2026-05-12T10:15":                "2026-05-12T10:15:00Z minute",
		"2026/05/12 10:15:30":             "2026-05-12T10:15:30Z second",
		"20260512T101530Z":                "2026-05-12T10:15:30Z second",
		"20260512":                        "2026-05-12T00:00:00Z day",
		"2026-05-12T00:00:00Z":            "2026-05-12T00:00:00Z day",
		"1778580900":                      "2026-05-12T10:15:00Z second",
		"1778580900000":                   "2026-05-12T10:15:00Z second",
		"Tue, 12 May 2026 10:15:30 GMT":   "2026-05-12T10:15:30Z second",
		"Tue, 12 May 2026 10:15:30 -0400": "2026-05-12T10:15:30-04:00 second",
		"Tue May 12 10:15:30 UTC 2026":    "2026-05-12T10:15:30Z second",
		"Tue May 12 2026 10:15:30 GMT+0200 (Central European Summer Time)": "2026-05-12T10:15:30+02:00 second",
		"05/12/2026 3:07 PM": "2026-05-12T15:07:00Z minute",
		"2026-02-30":         "",
		"26-05-12":           "",
		"12345":              "",
		"The Herald":         "",
	} {
		got := ""
		if f := parseDate(text, monthFirst); f != nil {
			got = f.Time.Format(time.RFC3339) + " " + string(f.Precision)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestURLDate(t *testing.T) {
	for url, want := range map[string]string{
		"https://herald.example/2026/05/12/bridge": "2026-05-12",
		"https://herald.example/2026/5/2/bridge":   "2026-05-02",
		"https://herald.example/bridge-2026-05-12": "2026-05-12",
		"https://herald.example/20260512-bridge":   "2026-05-12",
		"https://herald.example/2026/05/bridge":    "",
		"https://herald.example/202605123/bridge":  "",
		"https://herald.example/2026/13/12/bridge": "",
		"https://herald.example/a/1234-56-78/x":    "",
	} {
		got := ""
		if f := urlDate(url); f != nil {
			got = f.Time.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}

// TestMonthTable checks that every row of the months has twelve, and that the
// forms that languages share mean the same month.
func TestMonthTable(t *testing.T) {
	month := map[string]int{}
	for row := range strings.Lines(monthNames) {
		fields := strings.Fields(row)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 12 {
			t.Errorf("%d months in %q", len(fields), row)
		}
		for i, names := range fields {
			for name := range strings.SplitSeq(names, "/") {
				if have, ok := month[name]; ok && have != i && name != "." {
					t.Errorf("%q is month %d and %d", name, have+1, i+1)
				}
				month[name] = i
			}
		}
	}
}

// TestPublishedAfterFetch checks how far past the fetch a date may lie.
func TestPublishedAfterFetch(t *testing.T) {
	d := dater{fetched: time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)}
	for value, want := range map[string]bool{
		"2026-05-12T10:03:00Z":      true,
		"2026-05-12T10:10:00Z":      false,
		"2026-05-12T12:03:00+02:00": true,
		"2026-05-12T12:30:00+02:00": false,
		"2026-05-12T20:00:00":       true, // it may be noon there
		"2026-05-13T02:00:00":       false,
		"2026-05-13":                false,
		"2026-05-12":                true,
		"1988-05-12":                false,
	} {
		if got := d.plausible(d.read(value, article.FromMeta)); got != want {
			t.Errorf("%s: believed %v, want %v", value, got, want)
		}
	}
}
