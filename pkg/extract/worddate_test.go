package extract

import (
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
