package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

const (
	maxFresh        = 7 * 24 * time.Hour // a longer max-age counts as this
	maxHeaderText   = 256                // bytes kept of a Content-Type
	maxValidatorLen = 1024               // a longer validator is not kept
)

// headerText makes a header value safe to be passed on: one line, bounded.
func headerText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, clip(strings.TrimSpace(s), maxHeaderText))
	return strings.ToValidUTF8(s, "")
}

// validator returns a validator that can be sent back, or "".
func validator(s string) string {
	if len(s) > maxValidatorLen || !httpguts.ValidHeaderFieldValue(s) {
		return ""
	}
	return s
}

// maxAge returns how long a response is fresh by its Cache-Control or Expires.
func maxAge(h http.Header, now time.Time) time.Duration {
	age, _ := seconds(h.Get("Age"))
	var fresh time.Duration
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			d, ok := seconds(strings.Trim(value, `"`))
			if !ok {
				return 0
			}
			return min(max(d-age, 0), maxFresh)
		}
	}
	if expires, err := http.ParseTime(h.Get("Expires")); err == nil {
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			now = date // both clocks are the server's
		}
		fresh = expires.Sub(now)
	}
	return min(max(fresh-age, 0), maxFresh)
}

// seconds reads a number of seconds; more than a century is a century.
func seconds(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	const century = 100 * 365 * 24 * 3600
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > century {
		n = century
	}
	return time.Duration(n) * time.Second, true
}

// pauseFor returns how long an answer asks that its host be left alone: the
// Retry-After of a 429 or 503, at most six hours; 0 if it names none.
func pauseFor(a *answer) time.Duration {
	if a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
		return 0
	}
	value := a.header.Get("Retry-After")
	d, ok := seconds(value)
	if !ok {
		if at, err := http.ParseTime(value); err == nil {
			now := a.at
			if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
				now = date
			}
			d = at.Sub(now)
		}
	}
	return min(max(d, 0), maxRetryAfter)
}
