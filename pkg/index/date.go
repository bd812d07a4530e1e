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
// of every list for good.
func DateOf(r *article.Record) time.Time {
	if published(r) {
		return r.Published.Time
	}
	return r.FirstSeen
}

// DayOf returns the calendar day of [DateOf] as 2006-01-02: in UTC, but for a
// date known only by day the day as the source named it.
func DayOf(r *article.Record) string {
	if published(r) && r.Published.Precision == article.Day {
		return r.Published.Time.Format(time.DateOnly)
	}
	return DateOf(r).UTC().Format(time.DateOnly)
}

func published(r *article.Record) bool {
	return r.Published != nil && !r.Published.Time.IsZero() &&
		!r.Published.Time.After(r.FetchedAt.Add(futureSlack))
}
