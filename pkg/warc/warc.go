// Package warc reads and writes web archives: files of records, each a block of
// named fields and a block of bytes, as WARC 1.1 (ISO 28500:2017) describes them.
// It reads 1.0 as well.
//
// Stored format, as [Writer] writes it: files "PREFIX-TIME-SERIAL-HOST.warc.gz"
// (while written: the same with ".open" at the end), each record a gzip member of
// its own, a warcinfo record first. A record of HTTP holds head and body as they
// were sent, without any Transfer-Encoding and with any Content-Encoding. Digests
// are "sha1:" and base32.
package warc

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The types of record that this package knows by name.
const (
	TypeWarcinfo = "warcinfo"
	TypeRequest  = "request"
	TypeResponse = "response"
	TypeMetadata = "metadata"
	TypeRevisit  = "revisit"
)

// The profiles of revisit records: the server said that nothing changed, or what
// it sent has the digest of an earlier record.
const (
	ProfileNotModified = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
	ProfileIdentical   = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
)

// The media types of blocks.
const (
	MediaRequest  = "application/http; msgtype=request"
	MediaResponse = "application/http; msgtype=response"
	MediaFields   = "application/warc-fields"
)

// The names of fields.
const (
	FieldType          = "WARC-Type"
	FieldID            = "WARC-Record-ID"
	FieldDate          = "WARC-Date"
	FieldLength        = "Content-Length"
	FieldMedia         = "Content-Type"
	FieldTarget        = "WARC-Target-URI"
	FieldAddress       = "WARC-IP-Address"
	FieldBlockDigest   = "WARC-Block-Digest"
	FieldPayloadDigest = "WARC-Payload-Digest"
	FieldConcurrent    = "WARC-Concurrent-To"
	FieldTruncated     = "WARC-Truncated"
	FieldProfile       = "WARC-Profile"
	FieldRefersTo      = "WARC-Refers-To"
	FieldRefersTarget  = "WARC-Refers-To-Target-URI"
	FieldRefersDate    = "WARC-Refers-To-Date"
	FieldFilename      = "WARC-Filename"
	FieldProtocol      = "WARC-Protocol"
)

// The kinds of error.
var (
	// ErrDamaged marks a record that cannot be read whole.
	ErrDamaged = errors.New("damaged record")
	// ErrTruncated marks a record that the end of the file cuts off.
	ErrTruncated = errors.New("the file ends within a record")
	// ErrTooLarge marks what exceeds a bound.
	ErrTooLarge = errors.New("too large")
	// ErrNotHTTP marks a block that is no HTTP message.
	ErrNotHTTP = errors.New("no HTTP message")
)

// Field is one named field.
type Field struct{ Name, Value string }

// Header is the fields of a record in the order of the file. Names do not
// differ by case.
type Header []Field

// Get returns the value of the first field of a name, or "".
func (h Header) Get(name string) string {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// Date returns the WARC-Date, the zero time if there is none.
func (h Header) Date() time.Time {
	t, err := time.Parse(time.RFC3339Nano, h.Get(FieldDate))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Target returns the WARC-Target-URI. Some writers of 1.0 put it into <>.
func (h Header) Target() string {
	uri := h.Get(FieldTarget)
	if strings.HasPrefix(uri, "<") && strings.HasSuffix(uri, ">") {
		uri = uri[1 : len(uri)-1]
	}
	return uri
}

// NewID returns a new WARC-Record-ID.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("<urn:uuid:%x-%x-%x-%x-%x>", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Digest returns the digest of bytes as fields have it. SHA-1 is what archives
// agree on; it tells copies apart and protects from no forger.
func Digest(data []byte) string {
	sum := sha1.Sum(data)
	return digestText(sum[:])
}

func digestText(sum []byte) string { return "sha1:" + base32.StdEncoding.EncodeToString(sum) }
