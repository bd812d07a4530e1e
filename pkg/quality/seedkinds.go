package quality

import "github.com/copydesk/copydesk/pkg/clean"

// slot is a place of an article that what is cut from the text goes to.
type slot uint8

const (
	noSlot slot = iota
	titleSlot
	publisherSlot
	standfirstSlot
	datelineSlot
	attributionSlot
	sectionSlot
	breadcrumbSlot
	creditSlot
	bioSlot
)

// accepted says what a cleaner may make of a span that bears a label: the kinds
// of furniture that fit it, and the slot that may hold it instead.
type accepted struct {
	kinds []string
	slot  slot
}

// accept maps the labels of the seeds to our kinds. A widget's own parts have
// the widget's kind; where the label is finer or coarser than our kinds, each
// that a reader would call right is there.
func accept(label string) accepted {
	switch label {
	case "headline", "headline_repeat":
		return accepted{[]string{clean.RepeatedTitle}, titleSlot}
	case "site_name":
		return accepted{[]string{clean.RepeatedTitle, clean.Navigation, clean.Banner}, publisherSlot}
	case "standfirst":
		return accepted{[]string{clean.Standfirst}, standfirstSlot}
	case "summary_heading", "summary_item":
		return accepted{[]string{clean.KeyPoints}, noSlot}
	case "dateline":
		return accepted{[]string{clean.DateLine}, datelineSlot}
	case "date":
		return accepted{[]string{clean.DateStamp, clean.DateLine}, datelineSlot}
	case "attribution":
		return accepted{[]string{clean.Attribution}, attributionSlot}
	case "caption":
		return accepted{[]string{clean.Caption}, noSlot}
	case "photo_credit":
		return accepted{[]string{clean.PhotoCredit}, creditSlot}
	case "video_title", "video_meta", "video_caption":
		return accepted{[]string{clean.Video}, noSlot}
	case "pull_quote", "pull_quote_by":
		return accepted{[]string{clean.PullQuote}, noSlot}
	case "teaser":
		return accepted{[]string{clean.Related}, noSlot}
	case "author_bio":
		return accepted{[]string{clean.AuthorBio}, bioSlot}
	case "breadcrumb":
		return accepted{[]string{clean.Breadcrumb}, breadcrumbSlot}
	case "section":
		return accepted{[]string{clean.SectionLabel, clean.Breadcrumb}, sectionSlot}
	case "nav":
		return accepted{[]string{clean.Navigation}, noSlot}
	case "clock":
		return accepted{[]string{clean.Clock, clean.DateStamp}, noSlot}
	case "weather":
		return accepted{[]string{clean.Weather}, noSlot}
	case "banner":
		return accepted{[]string{clean.Banner, clean.Notice}, noSlot}
	}
	return accepted{}
}
