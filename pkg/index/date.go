package index

import (
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// futureSlack is how far after its fetch an article may claim to be published;
// zones are often wrong by hours, seldom by more than a day.
const futureSlack = 36 * time.Hour

// DateOf returns the date by which an article is sorted and filtered: that of
// publication, or that of the first fetch where none is known. A date that lies
// well after the fetch is taken as unknown, or one wrong year would stay on top
// of every list for good. A date known only by day is midnight UTC of the day as
// the source named it, so that a search from and to that day finds the article.
func DateOf(r *article.Record) time.Time {
	if !published(r) {
		return r.FirstSeen
	}
	if r.Published.Precision == article.Day {
		year, month, day := r.Published.Time.Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return r.Published.Time
}

// DayOf returns the calendar day of [DateOf] in UTC as 2006-01-02.
func DayOf(r *article.Record) string {
	return DateOf(r).UTC().Format(time.DateOnly)
}

func published(r *article.Record) bool {
	return r.Published != nil && !r.Published.Time.IsZero() &&
		!r.Published.Time.After(r.FetchedAt.Add(futureSlack))
}
