package weburl

import (
	"net/netip"
	"strconv"
	"strings"
)

// parsePlain parses a URL that is spelled as it would be printed, as nearly all
// are that a page's way through the program meets: each is parsed again and
// again, and the whole parser costs more than all else that is done with it.
// Anything out of the ordinary is left to that one.
func parsePlain(raw string) (*URL, bool) {
	scheme, rest, _ := strings.Cut(raw, "://")
	slash := strings.IndexByte(rest, '/')
	if scheme != "http" && scheme != "https" || slash < 0 || len(raw) > MaxLength {
		return nil, false
	}
	u := &URL{href: raw, scheme: scheme, hostPort: rest[:slash]}
	var hasPort, hasQuery bool
	u.host, u.port, hasPort = strings.Cut(u.hostPort, ":")
	u.path, u.query, hasQuery = strings.Cut(rest[slash:], "?")
	switch {
	case !isPlainHost(u.host), hasPort && !isPlainPort(u.port, scheme), hasQuery && u.query == "":
		return nil, false
	case strings.Contains(u.path, "/."): // may be a dot segment
		return nil, false
	}
	return u, isPlainText(u.path) && isPlainText(u.query)
}

// isPlainText reports whether nothing in a path or a query needs an escape, is
// one, or ends it.
func isPlainText(s string) bool {
	for i := range len(s) {
		if !isUnreserved(s[i]) && strings.IndexByte("/,;=+&:@", s[i]) < 0 {
			return false
		}
	}
	return true
}

// isPlainPort reports whether a port is spelled as it is printed.
func isPlainPort(port, scheme string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	isDefault := n == 80 && scheme == "http" || n == 443 && scheme == "https"
	return err == nil && !isDefault && strconv.FormatUint(n, 10) == port
}

// isPlainHost reports whether a host is a name or an IPv4 address in the only
// spelling that it has.
func isPlainHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last != "" && '0' <= last[0] && last[0] <= '9' {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Is4()
	}
	// What begins with a hyphen may be read as a number, and two hyphens may be
	// punycode, which has rules of its own.
	return last != "" && last[0] != '-' && host[0] != '.' && !strings.Contains(host, "..") && !strings.Contains(host, "--")
}
