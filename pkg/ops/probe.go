package ops

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

const (
	// probeTimeout leaves /readyz the time to say what is silent.
	probeTimeout = 2 * DefaultReadyTimeout
	probeBytes   = 4 << 10
)

// Probe asks url (see [ProbeURL]) and returns nil if it answers 200, else an
// error that quotes the answer. It is the health check of images that have no
// shell. It waits at most 4 seconds and uses no proxy.
func Probe(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("probe %s: %w", url, err)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeaderBytes},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("probe: %w", err) // the client's error names the URL
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, probeBytes))
	if err != nil {
		return fmt.Errorf("probe %s: read answer: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("probe %s: %s: %s", url, resp.Status, strings.Join(strings.Fields(string(body)), " "))
	}
	return nil
}

// ProbeURL returns the URL of a path of the server that listens on addr, as the
// same machine reaches it: ":9101" and "0.0.0.0:9101" become
// "http://127.0.0.1:9101".
func ProbeURL(addr, path string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("address %q: %w", addr, err)
	}
	ip := net.ParseIP(host)
	switch {
	case host == "", ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port) + path, nil
}
