package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/weburl"
)

// The classes of failure. The set is bounded, so a class may be a metric label
// or the reason of a dead letter.
const (
	ClassURL               = "url"                // malformed, too long, not http or https
	ClassRobots            = "robots"             // robots.txt forbids it
	ClassRobotsUnreachable = "robots_unreachable" // the server cannot say what is allowed, so nothing is
	ClassAddress           = "address"            // address or port is not of the public web
	ClassDNS               = "dns"                // the name does not resolve
	ClassConnect           = "connect"            // no connection, or it broke
	ClassTLS               = "tls"                // handshake or certificate
	ClassTimeout           = "timeout"            // slower than Limits
	ClassCanceled          = "canceled"           // the caller's context ended, or the Fetcher closed
	ClassProtocol          = "protocol"           // not HTTP, or a status that makes no sense
	ClassTooLarge          = "too_large"          // headers, body or ratio above Limits
	ClassTruncated         = "truncated"          // ended before its announced or encoded end
	ClassEncoding          = "encoding"           // Content-Encoding unknown or broken
	ClassRedirect          = "redirect"           // loop, too many, or nowhere
	ClassHTTP4xx           = "http_4xx"           // the server refuses
	ClassHTTP5xx           = "http_5xx"           // the server fails
	ClassChallenge         = "challenge"          // a page that wants proof of a human reader came instead
	ClassGone              = "gone"               // 410: withdrawn for good
	ClassThrottled         = "throttled"          // the host is left alone for RetryAfter
	ClassElsewhere         = "elsewhere"          // the host is not this program's to ask, see Options.Admit
)

// classes lists every label that the metrics may carry.
var classes = []string{
	classOK, classNotModified,
	ClassURL, ClassRobots, ClassRobotsUnreachable, ClassAddress, ClassDNS, ClassConnect, ClassTLS, ClassTimeout, ClassCanceled,
	ClassProtocol, ClassTooLarge, ClassTruncated, ClassEncoding, ClassRedirect, ClassHTTP4xx, ClassHTTP5xx, ClassGone, ClassThrottled,
	ClassElsewhere,
}

// Error is why a fetch gave no response. Its text is one line without control
// characters, whatever the server sent; that of Err need not be.
type Error struct {
	Class      string        // one of the Class constants
	URL        string        // as asked for
	Status     int           // HTTP status, 0 if there was none
	RetryAfter time.Duration // when to come back at the earliest, 0 if the server and the host's state say nothing
	Temporary  bool          // the same request may succeed later
	Elsewhere  string        // of ClassElsewhere: the URL that is another's to ask for, which a redirect may have led to
	Err        error
}

// Error returns "fetch URL: cause".
func (e *Error) Error() string {
	cause := "failed"
	if e.Err != nil {
		cause = e.Err.Error()
	}
	return "fetch " + printable(redact(e.URL), 300) + ": " + printable(cause, 500)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// errf makes an Error that trying again does not mend.
func errf(class, format string, args ...any) *Error {
	return &Error{Class: class, Err: fmt.Errorf(format, args...)}
}

// tempf makes an Error that may pass.
func tempf(class, format string, args ...any) *Error {
	return &Error{Class: class, Temporary: true, Err: fmt.Errorf(format, args...)}
}

// asError returns err as an *Error; whatever is none is a fault of transport.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return classify(err)
}

// redact hides the password of a URL.
func redact(raw string) string {
	if !strings.Contains(raw, "@") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw
	}
	return u.Redacted()
}

// printable returns s as one line of at most limit bytes: control and format
// characters (which could rewrite a terminal or a log) are escaped.
func printable(s string, limit int) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
		if b.Len() > limit && i < len(s) {
			return b.String() + "..."
		}
	}
	return b.String()
}

// classify turns an error of the transport or of reading a body into an Error.
// Time limits come first: a timeout may look like anything else.
func classify(err error) *Error {
	var (
		address *addressError
		dns     *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.As(err, &address):
		return &Error{Class: ClassAddress, Err: address}
	case errors.As(err, &dns):
		return &Error{Class: ClassDNS, Temporary: !dns.IsNotFound, Err: err}
	case errors.Is(err, context.Canceled):
		return &Error{Class: ClassCanceled, Temporary: true, Err: err}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Class: ClassTimeout, Temporary: true, Err: err}
	case isTLS(err):
		return &Error{Class: ClassTLS, Temporary: true, Err: err}
	case isHeaderSize(err):
		return &Error{Class: ClassTooLarge, Err: err}
	case isProtocol(err):
		return &Error{Class: ClassProtocol, Temporary: true, Err: err}
	}
	return &Error{Class: ClassConnect, Temporary: true, Err: err}
}

// isTLS reports whether the handshake or the certificate failed.
func isTLS(err error) bool {
	var (
		record    tls.RecordHeaderError
		alert     tls.AlertError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify) || errors.As(err, &authority) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) || errors.Is(err, http.ErrSchemeMismatch) ||
		strings.Contains(err.Error(), "tls: ")
}

// isHeaderSize reports whether the response headers were too large. net/http
// has no type for it; the tests hold these texts.
func isHeaderSize(err error) bool {
	s := err.Error()
	return strings.Contains(s, "response headers exceeded") || strings.Contains(s, "header list larger than")
}

// isProtocol reports whether what came back was no proper HTTP. net/http has
// no type for that either.
func isProtocol(err error) bool {
	s := err.Error()
	for _, sign := range []string{"malformed", "Content-Length", "chunk", "line too long", "Transfer-Encoding", "transfer encoding", "stream error", "PROTOCOL_ERROR", "http2: ", "invalid header"} {
		if strings.Contains(s, sign) {
			return true
		}
	}
	return false
}

// badURL wraps what the URL rules refuse.
func badURL(err error) *Error {
	if !errors.Is(err, weburl.ErrInvalid) {
		err = fmt.Errorf("%w: %w", weburl.ErrInvalid, err)
	}
	return &Error{Class: ClassURL, Err: err}
}

// isTruncated reports whether a stream ended too soon.
func isTruncated(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
