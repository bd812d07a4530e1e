package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/warc"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// The reasons for which a record of an archive becomes no page.
const (
	skipKind      = "no_response" // requests, metadata, revisits and the like
	skipStatus    = "status"      // other than 200
	skipType      = "type"        // other than HTML
	skipAddress   = "address"     // not one of the web
	skipDate      = "date"        // none, or in the future
	skipHTTP      = "http"        // no HTTP response
	skipEncoding  = "encoding"    // cannot be decoded
	skipTruncated = "truncated"   // not all of it was stored
	skipTooLarge  = "too_large"
	skipEmpty     = "empty"
	skipDamaged   = "damaged" // the record cannot be read
)

func skipReasons() []string {
	return []string{
		skipKind, skipStatus, skipType, skipAddress, skipDate, skipHTTP, skipEncoding, skipTruncated, skipTooLarge, skipEmpty, skipDamaged,
	}
}

const (
	// maxHints bounds a metadata record of ours, in bytes.
	maxHints = 1 << 20
	// maxDateAhead is how far the date of a record may be ahead of our clock. A page of
	// the future would never be replaced.
	maxDateAhead = time.Hour
)

// pageHints is what a metadata record says of the page in the record it names.
type pageHints struct {
	of     string // WARC-Record-ID
	at     warc.Position
	found  string
	feed   string
	entry  article.Entry
	rights article.Rights
}

// readHints reads a metadata record of ours; of others nothing comes.
func readHints(rec *warc.Record, block []byte) pageHints {
	h := pageHints{of: rec.Header.Get(warc.FieldConcurrent), at: rec.Position}
	fields := warc.ParseFields(block)
	h.found, h.feed = fields.Get(metaFound), fields.Get(metaFeed)
	// What does not decode is of another writer.
	_ = json.Unmarshal([]byte(fields.Get(metaEntry)), &h.entry)
	_ = json.Unmarshal([]byte(fields.Get(metaRights)), &h.rights)
	return h
}

// pageReader turns the records of a file into pages.
type pageReader struct {
	r     *warc.Reader
	hints pageHints
}

// next returns the page of the next record, or why it is none. io.EOF ends the
// file.
func (p *pageReader) next() (page *article.Page, at warc.Position, skip string, err error) {
	rec, err := p.r.Next()
	if err != nil {
		return nil, at, "", err
	}
	hints := p.hints
	if hints.of == "" || hints.of != rec.Header.Get(warc.FieldConcurrent) && hints.of != rec.Header.Get(warc.FieldID) {
		hints, p.hints = pageHints{}, pageHints{}
	}
	at = rec.Position
	if hints.of != "" {
		at = hints.at // reading that begins here begins with what is said of the page
	}
	if rec.Type == warc.TypeMetadata && rec.Length <= maxHints {
		if block, err := io.ReadAll(rec); err == nil {
			p.hints = readHints(rec, block)
		}
	}
	if rec.Type != warc.TypeResponse {
		return nil, at, skipKind, nil
	}
	page, skip = pageOf(rec, hints)
	return page, at, skip, nil
}

// pageOf returns the page of a response record as if it had been fetched at the
// time of the record, or the reason why it is none.
func pageOf(rec *warc.Record, hints pageHints) (*article.Page, string) {
	date := rec.Header.Date()
	final, err := weburl.Canonical(rec.Header.Target())
	switch {
	case err != nil:
		return nil, skipAddress
	case date.IsZero() || date.After(time.Now().Add(maxDateAhead)):
		return nil, skipDate
	case rec.Header.Get(warc.FieldTruncated) != "":
		return nil, skipTruncated
	}
	resp, err := warc.ReadResponse(rec, maxPage)
	switch {
	case errors.Is(err, warc.ErrTooLarge):
		return nil, skipTooLarge
	case errors.Is(err, warc.ErrNotHTTP):
		return nil, skipHTTP
	case err != nil:
		return nil, skipDamaged
	case resp.Status != http.StatusOK:
		return nil, skipStatus
	case !isHTML(resp.Header.Get("Content-Type")):
		return nil, skipType
	case resp.Cut:
		return nil, skipTruncated
	}
	body, skip := decodeStored(resp)
	if skip != "" {
		return nil, skip
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, skipEmpty
	}
	page := &article.Page{
		ID: article.ID(final), URL: final, FinalURL: final, Status: resp.Status, ContentType: clipText(resp.Header.Get("Content-Type"), 256),
		FetchedAt: date.UTC(), Feed: hints.feed, Entry: hints.entry, Rights: hints.rights, Body: body,
	}
	if found, err := weburl.Canonical(hints.found); err == nil {
		page.URL = found
	}
	page.Rights.Add(article.RightsOfHeader(resp.Header, date))
	page.Rights.Add(article.RightsOfPage(body, date))
	return page, ""
}

func isHTML(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return contentType == "" || media == "text/html" || media == "application/xhtml+xml" || err != nil && strings.Contains(strings.ToLower(contentType), "html")
}

// decodeStored undoes the Content-Encoding of a stored body. Many archives undo it
// and leave the head as it was, so a body that is no such encoding, but text, is
// taken as it is.
func decodeStored(resp *warc.Response) (body []byte, skip string) {
	body, err := fetch.Decode(resp.Body, resp.Header.Values("Content-Encoding"))
	if err == nil {
		return body, ""
	}
	var ferr *fetch.Error
	if errors.As(err, &ferr) && ferr.Class == fetch.ClassTooLarge {
		return nil, skipTooLarge
	}
	head := bytes.TrimLeft(resp.Body[:min(len(resp.Body), 4<<10)], "\ufeff \t\r\n")
	if bytes.HasPrefix(head, []byte("<")) && !bytes.ContainsRune(head, 0) {
		return resp.Body, ""
	}
	return nil, skipEncoding
}
