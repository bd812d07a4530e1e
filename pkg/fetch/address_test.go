package fetch

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// publicAddress stands for a server on the open web: connections to it go to
// the test server instead, everything else goes through the real dialer.
const publicAddress = "93.184.215.14:80"

// newPublicServer returns a fetcher with AllowPrivate off for which s is the
// server at publicAddress and resolver answers everything else.
func newPublicServer(t *testing.T, s *httptest.Server, resolver *net.Resolver) *Fetcher {
	t.Helper()
	o := Options{NoDelay: true, IgnoreRobots: true}
	real := newGuard(false).dialer(time.Second, resolver)
	f, err := newFetcher(o, func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == publicAddress {
			return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		}
		return real(ctx, network, address)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// hostileAddresses are not of the public web, however they are spelled.
var hostileAddresses = []string{
	"127.0.0.1", "127.8.9.10", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0.0.0.0",
	"10.0.0.1", "172.16.5.5", "192.168.1.1", "100.64.0.1", "169.254.169.254", "198.18.0.1",
	"192.0.2.1", "224.0.0.1", "255.255.255.255",
	"[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[2001:db8::1]",
	"[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]",
	"[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
	"localhost", "LOCALHOST.", "news.localhost", "a.b.localhost",
}

func TestHostileAddresses(t *testing.T) {
	f := newTestFetcher(t, func(o *Options) { o.AllowPrivate = false })
	for _, host := range hostileAddresses {
		for _, scheme := range []string{"http://", "https://"} {
			e := fail(t, f, scheme+host+"/", ClassAddress)
			if e.Temporary || !strings.HasSuffix(e.Error(), "is not public (allow with --allow-private)") {
				t.Errorf("%s: got %v", host, e)
			}
		}
	}
	e := fail(t, f, "http://10.0.0.1/a", ClassAddress)
	if got, want := e.Error(), "fetch http://10.0.0.1/a: address 10.0.0.1 is not public (allow with --allow-private)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e = fail(t, f, "http://news.example.org:8080/a", ClassAddress)
	if got, want := e.Error(), "port 8080 is not of the public web (allow with --allow-private)"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
}

// TestGuardHoldsInTheDialer: the check before the fetch is a courtesy; the one
// at the connection must hold without it.
func TestGuardHoldsInTheDialer(t *testing.T) {
	g := newGuard(false)
	for _, address := range []string{
		"127.0.0.1:80", "10.0.0.1:443", "169.254.169.254:80", "[::1]:80", "[::ffff:127.0.0.1]:80", "[64:ff9b::7f00:1]:443",
		"[fe80::1%eth0]:80", "93.184.215.14:22", "93.184.215.14:8080", "[2606:2800:21f::1]:25", "nonsense",
	} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		if err := g.control(network, address, nil); err == nil {
			t.Errorf("%s is let through", address)
		}
		if err := newGuard(true).control(network, address, nil); err != nil {
			t.Errorf("%s is refused though allowed: %v", address, err)
		}
	}
	for _, address := range []string{"93.184.215.14:80", "[2606:2800:21f::1]:443"} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		if err := g.control(network, address, nil); err != nil {
			t.Errorf("%s is refused: %v", address, err)
		}
	}
	if err := g.control("udp4", "93.184.215.14:443", nil); err == nil {
		t.Error("udp is let through")
	}
}

func TestRedirectsToHostileAddresses(t *testing.T) {
	var location string
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, location, http.StatusFound)
	})
	f := newPublicServer(t, s, nil)
	for _, host := range hostileAddresses {
		location = "http://" + host + "/latest/meta-data"
		e := fail(t, f, "http://93.184.215.14/", ClassAddress)
		if !strings.Contains(e.Error(), "redirected to http://") {
			t.Errorf("%s: got %v", host, e)
		}
	}
	location = "http://news.example.org:6379/"
	fail(t, f, "http://93.184.215.14/", ClassAddress)
}

// TestRefusalIsNoFailure: a refused address says nothing of the host's health,
// so it must not become a pause.
func TestRefusalIsNoFailure(t *testing.T) {
	f := newTestFetcher(t, func(o *Options) {
		o.AllowPrivate, o.IgnoreRobots = false, true
		o.Resolver = newDNS(t, func(string) [4]byte { return [4]byte{10, 0, 0, 1} })
	})
	for range 4 {
		fail(t, f, "http://inside.example.org/", ClassAddress)
	}
}

// TestRebinding: a name that is public at one look-up and private at the next
// does not get through, neither at first nor once it was let through.
func TestRebinding(t *testing.T) {
	var lookups atomic.Int32
	resolver := newDNS(t, func(string) [4]byte {
		lookups.Add(1)
		return [4]byte{127, 0, 0, 1}
	})
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // a new look-up for every request
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://rebind.example.org/", http.StatusFound)
		}
	})
	o := Options{NoDelay: true, IgnoreRobots: true}
	real := newGuard(false).dialer(time.Second, resolver)
	dials := 0
	f, err := newFetcher(o, func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials == 1 { // the look-up that gives the public address
			return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		}
		return real(ctx, network, address)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	get(t, f, "http://rebind.example.org/")
	e := fail(t, f, "http://rebind.example.org/", ClassAddress)
	if !strings.Contains(e.Error(), "address 127.0.0.1 is not public") {
		t.Errorf("got %v", e)
	}
	dials = 0
	fail(t, f, "http://rebind.example.org/away", ClassAddress)
	if lookups.Load() == 0 {
		t.Error("the resolver was never asked")
	}
}

func TestLocalhostNeedsNoDNS(t *testing.T) {
	resolver := newDNS(t, func(name string) [4]byte {
		t.Errorf("%s was looked up", name)
		return [4]byte{127, 0, 0, 1}
	})
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Host))
	})
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	f := newTestFetcher(t, func(o *Options) { o.Resolver, o.IgnoreRobots = resolver, true })
	for _, host := range []string{"localhost", "harbour-post.localhost", "a.b.localhost"} {
		if resp := get(t, f, "http://"+host+port+"/"); string(resp.Body) != host+port {
			t.Errorf("got Host %q, want %q", resp.Body, host+port)
		}
	}
}

func TestDNSFailure(t *testing.T) {
	f := newTestFetcher(t, func(o *Options) { o.Resolver = newDNS(t, nil) })
	e := fail(t, f, "http://nowhere.example.org/", ClassDNS)
	if e.Temporary {
		t.Errorf("a name that does not exist is temporary: %v", e)
	}
}

func TestProxyIsIgnored(t *testing.T) {
	proxy := newServer(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the proxy was asked for %s", r.URL) })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	// net/http reads the environment once a process: look at the field as well.
	if newTestFetcher(t).transport.Proxy != nil {
		t.Error("the transport has a proxy")
	}
	s := newServer(t, pages(map[string]string{"/": "direct"}))
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	f := newTestFetcher(t, func(o *Options) {
		o.IgnoreRobots = true
		o.Resolver = newDNS(t, func(string) [4]byte { return [4]byte{127, 0, 0, 1} })
	})
	if resp := get(t, f, "http://news.example.org"+port+"/"); string(resp.Body) != "direct" {
		t.Errorf("got %q", resp.Body)
	}
}

// newDNS returns a resolver that asks a name server of the test's own, on
// loopback. A nil answer means that no name exists.
func newDNS(t *testing.T, answer func(name string) [4]byte) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := dnsReply(buf[:n], answer); reply != nil {
				_, _ = c.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", c.LocalAddr().String())
	}}
}

func dnsReply(query []byte, answer func(name string) [4]byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	switch {
	case answer == nil:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: answer(q.Name.String())},
		}}
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}
