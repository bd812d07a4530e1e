package article

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The headers of a page message. The names are part of the contract between
// workers; NATS headers are case-sensitive.
const (
	HeaderSchema          = "Copydesk-Schema"
	HeaderID              = "Copydesk-Id"
	HeaderURL             = "Copydesk-Url"
	HeaderFinalURL        = "Copydesk-Final-Url"
	HeaderStatus          = "Copydesk-Status"
	HeaderContentType     = "Copydesk-Content-Type"
	HeaderContentEncoding = "Copydesk-Content-Encoding"
	HeaderFetchedAt       = "Copydesk-Fetched-At"
	HeaderFeed            = "Copydesk-Feed"
	HeaderEntry           = "Copydesk-Entry"
	HeaderRights          = "Copydesk-Rights"
)

// ErrBadPage marks a page message that cannot be read: a header is missing or
// malformed. It is permanent; trying again gives the same.
var ErrBadPage = errors.New("article: bad page message")

// Page is the bytes that a URL returned, with the facts of the fetch.
type Page struct {
	ID          string    // id of the canonical final URL
	URL         string    // as found in the feed or list
	FinalURL    string    // after redirects
	Status      int       // HTTP status
	ContentType string    // the Content-Type header as sent
	FetchedAt   time.Time // when the response began
	Feed        string    // URL of the feed that named the page, if any
	Entry       Entry     // what that feed said of it
	Rights      Rights    // what the publisher reserves, as far as the fetch told
	Body        []byte    // decoded of any Content-Encoding
	BodyHash    string    // [BytesHash] of Body where it is known already
}

// Entry is what a feed says of a page: hints, never trusted over the page.
type Entry struct {
	Title     string    `json:"title,omitempty"`
	Summary   string    `json:"summary,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Updated   time.Time `json:"updated,omitzero"`
	Authors   []string  `json:"authors,omitempty"`
	Language  string    `json:"language,omitempty"`
	Publisher string    `json:"publisher,omitempty"`
}

// IsZero reports whether the feed said nothing.
func (e Entry) IsZero() bool {
	return e.Title == "" && e.Summary == "" && e.Published.IsZero() && e.Updated.IsZero() &&
		len(e.Authors) == 0 && e.Language == "" && e.Publisher == ""
}

// MsgID returns the message id of the page: two fetches of the same bytes have
// the same one.
func (p *Page) MsgID() string {
	if p.BodyHash != "" {
		return p.ID + ":" + p.BodyHash
	}
	return p.ID + ":" + BytesHash(p.Body)
}

// Headers returns the facts of the page as message headers; encoding names how
// the body that travels with them is compressed ("zstd", or "" for not).
func (p *Page) Headers(encoding string) (map[string][]string, error) {
	h := map[string][]string{
		HeaderSchema:      {strconv.Itoa(Schema)},
		HeaderID:          {p.ID},
		HeaderURL:         {p.URL},
		HeaderFinalURL:    {p.FinalURL},
		HeaderStatus:      {strconv.Itoa(p.Status)},
		HeaderContentType: {p.ContentType},
		HeaderFetchedAt:   {p.FetchedAt.UTC().Format(time.RFC3339Nano)},
	}
	if encoding != "" {
		h[HeaderContentEncoding] = []string{encoding}
	}
	if p.Feed != "" {
		h[HeaderFeed] = []string{p.Feed}
	}
	if !p.Entry.IsZero() {
		entry, err := json.Marshal(p.Entry)
		if err != nil {
			return nil, fmt.Errorf("article: encode entry of page %s: %w", p.ID, err)
		}
		h[HeaderEntry] = []string{string(entry)}
	}
	if !p.Rights.IsZero() {
		rights, err := json.Marshal(p.Rights)
		if err != nil {
			return nil, fmt.Errorf("article: encode rights of page %s: %w", p.ID, err)
		}
		h[HeaderRights] = []string{string(rights)}
	}
	return h, nil
}

// PageFromHeaders reads the facts of a page back; body is the decompressed
// body. Errors wrap [ErrBadPage].
func PageFromHeaders(h map[string][]string, body []byte) (*Page, error) {
	get := func(key string) string {
		if v := h[key]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	p := &Page{
		ID: get(HeaderID), URL: get(HeaderURL), FinalURL: get(HeaderFinalURL),
		ContentType: get(HeaderContentType), Feed: get(HeaderFeed), Body: body,
	}
	if !ValidID(p.ID) {
		return nil, fmt.Errorf("%w: header %s: %q is no id", ErrBadPage, HeaderID, p.ID)
	}
	if p.FinalURL == "" {
		return nil, fmt.Errorf("%w: header %s is missing", ErrBadPage, HeaderFinalURL)
	}
	var err error
	if p.Status, err = strconv.Atoi(get(HeaderStatus)); err != nil {
		return nil, fmt.Errorf("%w: header %s: %w", ErrBadPage, HeaderStatus, err)
	}
	if p.FetchedAt, err = time.Parse(time.RFC3339Nano, get(HeaderFetchedAt)); err != nil {
		return nil, fmt.Errorf("%w: header %s: %w", ErrBadPage, HeaderFetchedAt, err)
	}
	if e := get(HeaderEntry); e != "" {
		if err := json.Unmarshal([]byte(e), &p.Entry); err != nil {
			return nil, fmt.Errorf("%w: header %s: %w", ErrBadPage, HeaderEntry, err)
		}
	}
	if r := get(HeaderRights); r != "" {
		if err := json.Unmarshal([]byte(r), &p.Rights); err != nil {
			return nil, fmt.Errorf("%w: header %s: %w", ErrBadPage, HeaderRights, err)
		}
	}
	return p, nil
}
