package extract

import (
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// FuzzDate checks that no text makes the reader of dates panic, that what it
// reads is a day that was, and that the same text gives the same date.
func FuzzDate(f *testing.F) {
	for _, s := range []string{
		"Posted Tuesday, 12 May 2026, 10:15 UTC by Jane Roe", "2026-05-12T10:15:00.123+02:00", "1778580900", "20260512T101500Z", "12/05/26 | 3:07 p.m. EDT",
		"Publié le 12 mai 2026 à 9h05 - Mis à jour le 13 mai 2026", "2026年5月12日10時15分", "2026. 5. 12. 오후 6:40", "١٢ مايو ٢٠٢٦", "12 تشرين الثاني 2026",
		"Tue May 12 2026 10:15:00 GMT+0200 (CEST)", "ngày 12 tháng 5 năm 2026", "12 พฤษภาคม 2569", "1.2.3.4.2026.5.6", "© 2026 The Herald",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, order := range []dateOrder{dayFirst, monthFirst} {
			read := func() []textDate {
				var tokens dateTokens
				tokens.cut(s)
				return tokens.dates(order, nil)
			}
			first, second := read(), read()
			if len(first) != len(second) || len(first) > maxDates {
				t.Fatalf("%d dates, then %d", len(first), len(second))
			}
			for i := range first {
				d := &first[i]
				if *d != second[i] {
					t.Errorf("%+v, then %+v", *d, second[i])
				}
				if !validDay(d.year, d.month, d.day) || d.clock.hour > 23 || d.clock.min > 59 || d.clock.sec > 59 || d.first < 0 || d.first >= d.last {
					t.Errorf("%q gives %+v", s, *d)
				}
				if at := d.found(article.FromText).Time; at.Year() != d.year || at.Day() != d.day {
					t.Errorf("%q gives %v for %+v", s, at, *d)
				}
			}
			if m := parseDate(s, order); m != nil && m.Time.IsZero() {
				t.Errorf("%q is the time zero", s)
			}
		}
		d := dater{fetched: time.Date(2026, 5, 13, 0, 0, 0, 0, time.UTC)}
		if u := urlDate(s); u != nil && (u.Time.Year() < 1990 || u.Time.Year() >= 2100) {
			t.Errorf("%q gives %v", s, u.Time)
		}
		left := maxScriptHits
		if k := d.keyDate([]byte(s), "ublish", &left); k != nil && !d.plausible(k) {
			t.Errorf("%q gives %v", s, k.Time)
		}
	})
}
