package fetch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
)

// Agent is the product token that robots.txt files address this program by.
const Agent = article.Agent

// DefaultContact is where a site's owner finds out who fetches.
const DefaultContact = "https://github.com/copydesk/copydesk"

// Options configures a [Fetcher]. The zero value is usable: polite, public
// addresses only, robots.txt kept in memory.
type Options struct {
	// UserAgent is sent with every request. It must begin with the product
	// token copydesk, which robots.txt is searched for, and hold a contact: a
	// web or mail address. Empty: UserAgent("dev", DefaultContact).
	UserAgent string

	// AllowPrivate lets requests go to addresses and ports that are not of the
	// public web: loopback, private and link-local networks, and ports other
	// than 80 and 443. "localhost" and the names below it resolve to 127.0.0.1
	// without DNS, and only with this.
	AllowPrivate bool

	// HostDelay is the time between the end of one request to a host and the
	// start of the next. Zero: DefaultHostDelay. NoDelay: none at all, for
	// load runs against one's own servers; a host still gets one request at a
	// time.
	HostDelay time.Duration
	NoDelay   bool

	// Robots keeps robots.txt beyond this process. Nil: memory only.
	Robots RobotsStore

	// Pauses keeps beyond this process which hosts are left alone. Nil: memory only.
	Pauses PauseStore

	// IgnoreRobots fetches without asking for robots.txt.
	IgnoreRobots bool

	// Admit, if set, is asked before each request, by the name of its host, also
	// before one that a redirect leads to. Its error makes the fetch fail with
	// ClassElsewhere.
	Admit func(host string) (*Admission, error)

	// Report, if set, is told how each fetch ended, by the goroutine that fetched:
	// a response, or an error.
	Report func(Request, *Response, *Error)

	// Limits bounds what a server can cost. Zero fields: DefaultLimits.
	Limits Limits

	// Resolver looks host names up. Nil: the system's resolver.
	Resolver *net.Resolver

	Logger     *slog.Logger          // nil: discard
	Registerer prometheus.Registerer // nil: metrics are not exported
}

// DefaultHostDelay is the time that a host is left alone between requests.
const DefaultHostDelay = time.Second

// Limits bounds what one fetch may cost. A zero field takes its default.
type Limits struct {
	Total     time.Duration // network time of a fetch, redirects included, waiting for the host's turn not
	FirstByte time.Duration // from the request sent to the response headers
	Connect   time.Duration // to connect, and again for the TLS handshake
	Wait      time.Duration // longest wait for a host's turn; more is ClassThrottled at once

	HeaderBytes int64 // response headers
	PageBytes   int64 // decoded body of a page
	FeedBytes   int64 // decoded body of a feed
	RobotsBytes int64 // what is read of a robots.txt; the rest is cut off

	Ratio      int64 // decoded bytes for one byte on the wire
	RatioFloor int64 // decoded bytes below which the ratio does not matter

	Memory int64 // of all bodies that are being read at once; small ones do not count

	Redirects   int   // redirects followed
	Hosts       int   // hosts whose state is remembered
	RobotsCache int64 // bytes of parsed robots.txt kept in memory
}

// DefaultLimits returns the bounds that hold unless told otherwise.
func DefaultLimits() Limits {
	return Limits{
		Total:       30 * time.Second,
		FirstByte:   10 * time.Second,
		Connect:     10 * time.Second,
		Wait:        30 * time.Second,
		HeaderBytes: 64 << 10,
		PageBytes:   10 << 20,
		FeedBytes:   10 << 20,
		RobotsBytes: 500 << 10,
		Ratio:       100,
		RatioFloor:  1 << 20,
		Memory:      256 << 20,
		Redirects:   5,
		Hosts:       65536,
		RobotsCache: 32 << 20,
	}
}

// withDefaults fills the zero fields in.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ v, d *time.Duration }{
		{&l.Total, &d.Total},
		{&l.FirstByte, &d.FirstByte},
		{&l.Connect, &d.Connect},
		{&l.Wait, &d.Wait},
	} {
		if *f.v == 0 {
			*f.v = *f.d
		}
	}
	for _, f := range []struct{ v, d *int64 }{
		{&l.HeaderBytes, &d.HeaderBytes},
		{&l.PageBytes, &d.PageBytes},
		{&l.FeedBytes, &d.FeedBytes},
		{&l.RobotsBytes, &d.RobotsBytes},
		{&l.Ratio, &d.Ratio},
		{&l.RatioFloor, &d.RatioFloor},
		{&l.Memory, &d.Memory},
		{&l.RobotsCache, &d.RobotsCache},
	} {
		if *f.v == 0 {
			*f.v = *f.d
		}
	}
	if l.Redirects == 0 {
		l.Redirects = d.Redirects
	}
	if l.Hosts == 0 {
		l.Hosts = d.Hosts
	}
	return l
}

// check names the first limit that cannot be meant.
func (l Limits) check() error {
	for _, f := range []struct {
		name string
		v    int64
	}{
		{"Total", int64(l.Total)},
		{"FirstByte", int64(l.FirstByte)},
		{"Connect", int64(l.Connect)},
		{"Wait", int64(l.Wait)},
		{"HeaderBytes", l.HeaderBytes},
		{"PageBytes", l.PageBytes},
		{"FeedBytes", l.FeedBytes},
		{"RobotsBytes", l.RobotsBytes},
		{"Ratio", l.Ratio},
		{"RatioFloor", l.RatioFloor},
		{"Memory", l.Memory},
		{"Redirects", int64(l.Redirects)},
		{"Hosts", int64(l.Hosts)},
		{"RobotsCache", l.RobotsCache},
	} {
		if f.v < 0 {
			return fmt.Errorf("limit %s is negative", f.name)
		}
	}
	return nil
}

// prepare fills defaults in and checks what was given.
func (o Options) prepare() (Options, error) {
	if o.UserAgent == "" {
		o.UserAgent = UserAgent("dev", DefaultContact)
	}
	if err := checkUserAgent(o.UserAgent); err != nil {
		return o, err
	}
	if o.HostDelay < 0 {
		return o, errors.New("fetch: HostDelay is negative")
	}
	if o.HostDelay == 0 {
		o.HostDelay = DefaultHostDelay
	}
	if o.NoDelay {
		o.HostDelay = 0
	}
	if err := o.Limits.check(); err != nil {
		return o, fmt.Errorf("fetch: %w", err)
	}
	o.Limits = o.Limits.withDefaults()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "fetch")
	return o, nil
}

// UserAgent returns the User-Agent of a version of this program, with the
// address (web or mail) at which its operator is reached.
func UserAgent(version, contact string) string {
	if contact == "" {
		contact = DefaultContact
	}
	if strings.Contains(contact, "://") {
		contact = "+" + contact
	}
	return fmt.Sprintf("%s/%s (%s)", Agent, version, contact)
}

// checkUserAgent refuses a User-Agent that does not say who asks.
func checkUserAgent(ua string) error {
	for i := range len(ua) {
		if ua[i] < ' ' || ua[i] > '~' {
			return fmt.Errorf("fetch: user agent %q: character %d is not printable ASCII", ua, i+1)
		}
	}
	product, rest := ua, ""
	if i := strings.IndexAny(ua, "/ "); i >= 0 {
		product, rest = ua[:i], ua[i:]
	}
	if !strings.EqualFold(product, Agent) {
		return fmt.Errorf("fetch: user agent %q: must begin with %q, the name that robots.txt files know", ua, Agent)
	}
	if !strings.Contains(rest, "://") && !strings.Contains(rest, "@") {
		return fmt.Errorf("fetch: user agent %q: must hold a contact, as in %q", ua, UserAgent("1.0", DefaultContact))
	}
	return nil
}

// RobotsStore keeps robots.txt files beyond one process. A key is the origin
// they are of (scheme://host, with the port where it is not the default one);
// the data is opaque. Entries may vanish at any time. Errors are logged and
// otherwise treated as a miss.
type RobotsStore interface {
	Get(ctx context.Context, host string) (data []byte, ok bool, err error)
	Put(ctx context.Context, host string, data []byte) error
}
