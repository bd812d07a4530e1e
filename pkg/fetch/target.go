package fetch

import (
	"net/url"
	"strings"

	"github.com/copydesk/copydesk/pkg/weburl"
)

// target is a URL to be requested: as the rest of the program spells it, and
// as net/http sends it. The two differ where net/url escapes more than
// browsers do, and ids are made of the first.
type target struct {
	*url.URL
	href string
}

// parseTarget parses a URL the way browsers do. Errors are of ClassURL.
func parseTarget(raw string) (*target, error) {
	w, err := weburl.Parse(raw)
	if err != nil {
		return nil, badURL(err)
	}
	href := w.String()
	u, err := url.Parse(href)
	if err != nil {
		// Browsers let a lone percent sign pass; net/url does not.
		u, err = url.Parse(escapeLonePercent(href))
	}
	if err != nil {
		return nil, badURL(err)
	}
	return &target{URL: u, href: href}, nil
}

// escapeLonePercent escapes percent signs that begin no escape.
func escapeLonePercent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && (i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0) {
			b.WriteString("25")
		}
	}
	return b.String()
}

// resolve returns where a Location leads.
func (t *target) resolve(location string) (*target, error) {
	abs, err := weburl.Resolve(t.href, location)
	if err != nil {
		return nil, err
	}
	return parseTarget(abs)
}

// public returns the URL without user name and password.
func (t *target) public() string {
	if t.User == nil {
		return t.href
	}
	u := *t.URL
	u.User = nil
	return u.String()
}

// origin is the key of a robots.txt.
func (t *target) origin() string { return t.Scheme + "://" + t.Host }

// pathQuery is what robots.txt rules are matched against.
func (t *target) pathQuery() string {
	p := t.EscapedPath()
	if p == "" {
		p = "/"
	}
	if t.RawQuery != "" || t.ForceQuery {
		p += "?" + t.RawQuery
	}
	return p
}

// hostKey is the name that a host's turns are kept under.
func hostKey(host string) string {
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
