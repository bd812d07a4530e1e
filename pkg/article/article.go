// Package article holds the types that travel through copydesk: the [Page] that
// a URL returned, the [Article] that the page says, and the [Record] that the
// index keeps of it.
//
// Stored format: articles and records are JSON objects, one schema version
// ([Schema]) for all. Readers ignore fields that they do not know, so workers
// of two versions can run side by side; a field is never given a new meaning.
package article

import (
	"strings"
	"time"
)

// Schema is the version of the JSON that this package writes.
const Schema = 1

// Article is one page, cleaned. Breadcrumb is the path of sections above the
// headline, from the home page down, and KeyPoints is the list that sums the
// article up; neither is part of the body.
type Article struct {
	ID           string    `json:"id"`
	URL          string    `json:"url"`
	CanonicalURL string    `json:"canonical_url,omitempty"`
	Site         string    `json:"site"`
	Publisher    string    `json:"publisher,omitempty"`
	Title        string    `json:"title"`
	Standfirst   string    `json:"standfirst,omitempty"`
	Authors      []Author  `json:"authors,omitempty"`
	Dateline     *Dateline `json:"dateline,omitempty"`
	Attributions []string  `json:"attributions,omitempty"`
	Published    *Date     `json:"published,omitempty"`
	Modified     *Date     `json:"modified,omitempty"`
	Language     string    `json:"language,omitempty"`
	Section      string    `json:"section,omitempty"`
	Breadcrumb   []string  `json:"breadcrumb,omitempty"`
	KeyPoints    []string  `json:"key_points,omitempty"`
	Tags         []string  `json:"tags,omitempty"`
	Images       []Image   `json:"images,omitempty"`
	Access       Access    `json:"access"`
	Kind         Kind      `json:"kind"`
	Rights       *Rights   `json:"rights,omitempty"` // nil: nothing is reserved
	Body         []Block   `json:"body"`
	Text         string    `json:"text"`
	Words        int       `json:"words"`
	Removed      []Removed `json:"removed,omitempty"`
	ContentHash  string    `json:"content_hash"`
	Sketch       string    `json:"sketch,omitempty"`
	FetchedAt    time.Time `json:"fetched_at"`
	Feed         string    `json:"feed,omitempty"`
	Normalizer   string    `json:"normalizer"`
	Warnings     []string  `json:"warnings,omitempty"`
}

// Author is one name of a byline. Bio is the portrait that the page gives of
// them.
type Author struct {
	Name string     `json:"name"`
	Kind AuthorKind `json:"kind"`
	Bio  string     `json:"bio,omitempty"`
}

// AuthorKind tells people from those who publish without a name.
type AuthorKind string

// The kinds of author.
const (
	Person       AuthorKind = "person"
	Agency       AuthorKind = "agency"
	Organisation AuthorKind = "organisation"
)

// Dateline is the place, date and agency that open a report, as in
// "GENEVA (Reuters) -". Raw is the text as it stood on the page.
type Dateline struct {
	Raw    string `json:"raw"`
	Place  string `json:"place,omitempty"`
	Date   string `json:"date,omitempty"`
	Agency string `json:"agency,omitempty"`
}

// Date is an instant with how exactly it is known and where it was read.
// A Date of day precision carries midnight in the zone of the source.
type Date struct {
	Time      time.Time  `json:"time"`
	Precision Precision  `json:"precision"`
	From      DateSource `json:"from"`
}

// Precision is how exactly a date is known.
type Precision string

// The precisions.
const (
	Second Precision = "second"
	Minute Precision = "minute"
	Day    Precision = "day"
)

// DateSource is where a date was read.
type DateSource string

// The sources of dates, the most trusted first.
const (
	FromJSONLD DateSource = "json-ld"
	FromMeta   DateSource = "meta"
	FromTime   DateSource = "time"
	FromFeed   DateSource = "feed"
	FromText   DateSource = "text"
	FromURL    DateSource = "url"
)

// Image is a picture of the article; caption and credit are as printed, the
// credit without its label. URL is empty where plain text names a picture.
type Image struct {
	URL     string `json:"url"`
	Caption string `json:"caption,omitempty"`
	Credit  string `json:"credit,omitempty"`
}

// Access says how much of the article the page gave.
type Access string

// The kinds of access.
const (
	Full      Access = "full"
	Teaser    Access = "teaser"
	Paywall   Access = "paywall"
	Challenge Access = "challenge"
	Consent   Access = "consent"
	Soft404   Access = "soft404"
)

// Kind says what sort of page it is.
type Kind string

// The kinds of page.
const (
	KindArticle Kind = "article"
	KindLive    Kind = "live"
	KindVideo   Kind = "video"
	KindGallery Kind = "gallery"
	KindListing Kind = "listing"
)

// Block is one paragraph, heading, quotation or list item of the body.
type Block struct {
	Kind BlockKind `json:"kind"`
	Text string    `json:"text"`
}

// BlockKind is the role of a block.
type BlockKind string

// The kinds of block.
const (
	Paragraph    BlockKind = "paragraph"
	Heading      BlockKind = "heading"
	Quote        BlockKind = "quote"
	ListItem     BlockKind = "list_item"
	Preformatted BlockKind = "preformatted"
)

// Removed is a block that reads like content and was dropped: what it was
// (caption, photo_credit, author_bio, ...) and the rule that dropped it.
type Removed struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	Rule string `json:"rule"`
}

// Record is an article as the index keeps it.
type Record struct {
	Article
	Version   int       `json:"version"`
	FirstSeen time.Time `json:"first_seen"`
	IndexedAt time.Time `json:"indexed_at"`
	Cluster   string    `json:"cluster,omitempty"`
	Original  string    `json:"original,omitempty"`
	// OriginalBy is what decided that Original is the original: canonical,
	// attribution, published, fetched, id; only where there is no other copy.
	OriginalBy string `json:"original_by,omitempty"`
	Copies     int    `json:"copies,omitempty"`
	Links      []Link `json:"links,omitempty"`
	Story      string `json:"story,omitempty"`
	// Related are the stories on something close, the nearest first.
	Related   []string `json:"related,omitempty"`
	Withdrawn bool     `json:"withdrawn,omitempty"`
}

// Link is another article that shares part of this one's text.
type Link struct {
	ID    string  `json:"id"`
	Share float64 `json:"share"`
}

// Version is one state of an article's content.
type Version struct {
	Version     int       `json:"version"`
	ContentHash string    `json:"content_hash"`
	Title       string    `json:"title"`
	FetchedAt   time.Time `json:"fetched_at"`
	Body        []Block   `json:"body"`
}

// JoinText returns the plain text of a body: its blocks joined by blank lines.
func JoinText(body []Block) string {
	size := 0
	for i := range body {
		size += len(body[i].Text) + len("\n\n")
	}
	var b strings.Builder
	b.Grow(size)
	for i, block := range body {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(block.Text)
	}
	return b.String()
}
