package feed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// htmlError is the ErrNotFeed of an HTML page.
type htmlError struct{}

func (htmlError) Error() string { return ErrNotFeed.Error() + ": looks like an HTML page" }
func (htmlError) Unwrap() error { return ErrNotFeed }

// IsHTML reports whether err says that the bytes are an HTML page.
func IsHTML(err error) bool {
	var html htmlError
	return errors.As(err, &html)
}

func notFeed(looksLike string) error {
	if looksLike == anHTMLPage {
		return htmlError{}
	}
	return fmt.Errorf("%w: looks like %s", ErrNotFeed, looksLike)
}

const anHTMLPage = "an HTML page"

// inflate decompresses data if it is gzip, and bounds it.
func inflate(data []byte) (out []byte, warnings []string, err error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, nil, notFeed("broken gzip")
		}
		// One byte more than allowed tells a cut from an end.
		data, err = io.ReadAll(io.LimitReader(zr, maxBytes+1))
		if len(data) == 0 {
			return nil, nil, notFeed("broken gzip")
		}
		if err != nil {
			warnings = append(warnings, "gzip data is cut off")
		}
	}
	if len(data) > maxBytes {
		data = data[:maxBytes]
		warnings = append(warnings, "only the first 10 MB were read")
	}
	return data, warnings, nil
}

// trimStart removes white space, byte order marks that do not matter any more,
// and zero bytes in front of a document.
func trimStart(data []byte) []byte {
	data = bytes.TrimLeft(data, " \t\r\n")
	if rest, ok := bytes.CutPrefix(data, []byte("\ufeff")); ok {
		return bytes.TrimLeft(rest, " \t\r\n")
	}
	return data
}

// describe says what bytes that are no feed look like; root is the name of the
// first element, lower-case, or "".
func describe(text []byte, root string) string {
	head := strings.ToLower(string(text[:min(len(text), 1024)]))
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return "an empty answer"
	case strings.HasPrefix(head, "<!doctype html"), isHTMLElement(root):
		return anHTMLPage
	case root == "opml":
		return "an OPML list of feeds"
	case root != "":
		return fmt.Sprintf("XML with the root <%s>", clip(root, 40))
	case strings.HasPrefix(head, "{"), strings.HasPrefix(head, "["):
		return "JSON that is no JSON Feed"
	case strings.HasPrefix(head, "%pdf"):
		return "a PDF file"
	case strings.ContainsRune(head, 0), strings.Count(head, "\ufffd") > len(head)/20:
		return "binary data"
	}
	return "plain text"
}

// isHTMLElement reports whether a document that starts with this element is a
// page or a piece of one.
func isHTMLElement(name string) bool {
	switch name {
	case "html", "head", "body", "title", "meta", "link", "script", "style", "div", "p", "h1", "br", "b", "table", "section", "main":
		return true
	}
	return false
}

// clip returns the first n characters of s.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// validXML reports whether r may stand in an XML document.
func validXML(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < 0x20, r == 0xFFFE, r == 0xFFFF, 0xD800 <= r && r <= 0xDFFF, r > utf8.MaxRune:
		return false
	}
	return true
}
