// Package weburl holds the rules for web addresses: how they are parsed (the
// WHATWG way, as browsers do), which of many spellings is the canonical one,
// and which host, site and partition they belong to.
//
// Canonical URLs are what ids are made of, so a change of [Canonical] changes
// the identity of articles: it needs an entry in DECISIONS.md.
package weburl

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"

	"github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/publicsuffix"
)

// MaxLength is the longest URL that is accepted, in bytes.
const MaxLength = 4096

// Partitions is the number of parts that hosts are divided into.
const Partitions = 64

// ErrInvalid marks a URL that cannot be fetched: malformed, too long, or of a
// scheme other than http and https.
var ErrInvalid = errors.New("invalid URL")

// URL is a parsed http or https URL.
type URL struct{ href, scheme, host, port, hostPort, path, query string }

// Parse parses an absolute http or https URL. Errors wrap [ErrInvalid].
func Parse(raw string) (*URL, error) {
	if u, ok := parsePlain(raw); ok {
		return u, nil
	}
	return parse(raw)
}

// parse is Parse for every spelling.
func parse(raw string) (*URL, error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > MaxLength {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrInvalid, MaxLength)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w %q: %w", ErrInvalid, clip(raw), err)
	}
	return check(raw, u)
}

func check(raw string, u *url.Url) (*URL, error) {
	if s := u.Scheme(); s != "http" && s != "https" {
		return nil, fmt.Errorf("%w %q: scheme %q is neither http nor https", ErrInvalid, clip(raw), s)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("%w %q: no host", ErrInvalid, clip(raw))
	}
	href := u.Href(true)
	// Percent-encoding can make a URL three times as long as it was.
	if len(href) > MaxLength {
		return nil, fmt.Errorf("%w: longer than %d bytes when encoded", ErrInvalid, MaxLength)
	}
	return &URL{
		href: href, scheme: u.Scheme(), host: u.Hostname(), port: u.Port(), hostPort: u.Host(), path: u.Pathname(), query: u.Query(),
	}, nil
}

// clip keeps error lines readable.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}

// String returns the URL as a browser would send it, without its fragment.
func (u *URL) String() string { return u.href }

// Scheme returns "http" or "https".
func (u *URL) Scheme() string { return u.scheme }

// Host returns the host name, lower case, international names as punycode,
// without port.
func (u *URL) Host() string { return u.host }

// HostPort returns the host name with its port where that is not the default
// one of the scheme.
func (u *URL) HostPort() string { return u.hostPort }

// Path returns the path, percent-encoded.
func (u *URL) Path() string { return u.path }

// PathQuery returns path and query as a request sends them.
func (u *URL) PathQuery() string {
	if u.query == "" {
		return u.path
	}
	return u.path + "?" + u.query
}

// Resolve returns ref made absolute against base, without fragment. Errors
// wrap [ErrInvalid].
func Resolve(base, ref string) (string, error) {
	ref = strings.TrimSpace(ref)
	if len(ref) > MaxLength {
		return "", fmt.Errorf("%w: longer than %d bytes", ErrInvalid, MaxLength)
	}
	u, err := url.ParseRef(base, ref)
	if err != nil {
		return "", fmt.Errorf("%w %q: %w", ErrInvalid, clip(ref), err)
	}
	c, err := check(ref, u)
	if err != nil {
		return "", err
	}
	return c.String(), nil
}

// Canonical returns the canonical form of an absolute URL: parsed and printed
// as browsers do (dot segments, default port and IDN settled), with fragment,
// user name, password, the dot behind the host name, session ids and tracking
// parameters gone and percent-encoding in normal form. The order of the other
// parameters stays: some sites give it a meaning. The canonical form of a
// canonical form is itself.
func Canonical(raw string) (string, error) {
	u, err := Parse(raw)
	if err != nil {
		return "", err
	}
	// What is taken out can leave a dot segment behind, and so on.
	for range maxRounds {
		plainer := u.plainer()
		if plainer == u.String() {
			return plainer, nil
		}
		if u, err = Parse(plainer); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("%w %q: parts nest deeper than %d", ErrInvalid, clip(raw), maxRounds)
}

// maxRounds bounds how often a URL is made plainer; real ones need two rounds.
const maxRounds = 16

// plainer returns the URL without what does not belong to its canonical form.
func (u *URL) plainer() string {
	host := strings.TrimRight(u.Host(), ".")
	if host == "" {
		host = u.Host()
	}
	if port := u.port; port != "" {
		host += ":" + port
	}
	s := u.Scheme() + "://" + host + normalEscapes(keepSegments(u.Path()))
	if query := normalEscapes(keepParams(u.query)); query != "" {
		s += "?" + query
	}
	return s
}

// Host returns the host name of a URL without its port, or "" for no URL.
func Host(raw string) string {
	u, err := Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host()
}

// HostPort returns the host of a URL with its port where that is not the
// default, or "" for no URL.
func HostPort(raw string) string {
	u, err := Parse(raw)
	if err != nil {
		return ""
	}
	return u.HostPort()
}

// Site returns the registrable domain of a URL by the public suffix list
// ("www.example.co.uk" is of "example.co.uk"); an address, or a name that has
// none, is its own site. It returns "" for no URL.
func Site(raw string) string { return siteOf(Host(raw)) }

func siteOf(host string) string {
	if host == "" {
		return ""
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return host
	}
	site, err := publicsuffix.EffectiveTLDPlusOne(strings.TrimSuffix(host, "."))
	if err != nil {
		return host
	}
	return site
}

// SameSite reports whether two URLs are of one registrable domain.
func SameSite(a, b string) bool {
	s := Site(a)
	return s != "" && s == Site(b)
}

// SubjectToken returns a site as one token of a message subject: every
// character outside a-z, 0-9 and - becomes _. An empty site is "_".
func SubjectToken(site string) string {
	if site == "" {
		return "_"
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, strings.ToLower(site))
}

// Partition returns the part, 0 to 63, that a host belongs to, with or without
// its port: politeness is owed to a host. Everything of a host is fetched by the
// worker that owns its partition.
func Partition(host string) int {
	if i := strings.LastIndexByte(host, ':'); i > 0 && (host[i-1] == ']' || strings.Count(host, ":") == 1) {
		host = host[:i]
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	h := fnv.New32a()
	_, _ = h.Write([]byte(host))
	return int(h.Sum32() % Partitions)
}
