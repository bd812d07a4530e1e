package fetch

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// addressError says that an address or a port is not of the public web.
type addressError struct{ what string }

func (e *addressError) Error() string { return e.what + " (allow with --allow-private)" }

// guard decides which addresses are connected to. The decision falls in the
// dialer's Control function, on the address that the connection really goes
// to: a redirect or a name that changes its address cannot get around it.
type guard struct {
	allowPrivate bool
	public       *ssrf.Guardian
}

func newGuard(allowPrivate bool) *guard {
	return &guard{allowPrivate: allowPrivate, public: ssrf.New()}
}

// control is called with every address before it is connected to.
func (g *guard) control(network, address string, conn syscall.RawConn) error {
	if g.allowPrivate || g.public.Safe(network, address, conn) == nil {
		return nil
	}
	if host, port, err := net.SplitHostPort(address); err == nil {
		if e := checkPort(port); e != nil {
			return e
		}
		address = host
	}
	return &addressError{"address " + address + " is not public"}
}

// check refuses what needs no look-up: ports, address literals, local names.
// It spares the host's queue and the robots.txt of a refused address.
func (g *guard) check(u *url.URL) *Error {
	if g.allowPrivate {
		return nil
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if err := checkPort(port); err != nil {
		return &Error{Class: ClassAddress, Err: err}
	}
	host := u.Hostname()
	if isLocalhost(host) {
		return &Error{Class: ClassAddress, Err: &addressError{"host " + host + " is not public"}}
	}
	if ip, err := netip.ParseAddr(host); err == nil && g.public.SafeAddr(ip.Unmap()) != nil {
		return &Error{Class: ClassAddress, Err: &addressError{"address " + host + " is not public"}}
	}
	return nil
}

// checkPort refuses ports on which the web is not served.
func checkPort(port string) error {
	if port == "80" || port == "443" {
		return nil
	}
	if n, err := strconv.Atoi(port); err == nil {
		port = strconv.Itoa(n)
	}
	return &addressError{"port " + port + " is not of the public web"}
}

// isLocalhost reports whether a name is localhost or below it (RFC 6761).
func isLocalhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// dialFunc opens a connection.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialer returns the function that all connections are opened with.
func (g *guard) dialer(timeout time.Duration, resolver *net.Resolver) dialFunc {
	d := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second, Resolver: resolver, Control: g.control}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if isLocalhost(host) {
			if !g.allowPrivate {
				return nil, &addressError{"host " + host + " is not public"}
			}
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return d.DialContext(ctx, network, address)
	}
}
