package bus

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func TestConnectWithoutBroker(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "nats://someone:secret@" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var log logs
	start := time.Now()
	_, err = Connect(t.Context(), Options{URL: url, ConnectTimeout: 300 * time.Millisecond, Logger: log.logger()})
	if err == nil {
		t.Fatal("no error")
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
	for _, want := range []string{"nats://***@" + l.Addr().String(), "no answer in 300ms", "start the broker"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error()+log.String(), "secret") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error: %q\nlog: %s", err, &log)
	}
	if strings.Count(log.String(), "broker does not answer") != 1 {
		t.Errorf("log: %s", &log)
	}
}

func TestConnectEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Connect(ctx, Options{URL: "nats://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("got %v", err)
	}
}

func TestConnectWaitsForBroker(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	type result struct {
		b   *Bus
		err error
	}
	var log logs
	done := make(chan result, 1)
	go func() {
		b, err := Connect(context.Background(), Options{URL: "nats://" + addr, Logger: log.logger()})
		done <- result{b, err}
	}()
	eventually(t, "a line in the log", func() bool { return strings.Contains(log.String(), "does not answer") })
	testServer(t, ServerOptions{Listen: addr})
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	if err := r.b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConnectWithPassword(t *testing.T) {
	s := testServer(t, ServerOptions{Listen: "127.0.0.1:0", User: "desk", Password: "secret"})
	testBus(t, Options{URL: s.ClientURL(), User: "desk", Password: "secret"})
	testBus(t, Options{InProcess: s})
	_, err := Connect(t.Context(), Options{URL: s.ClientURL(), User: "desk", Password: "wrong"})
	if err == nil || !strings.Contains(err.Error(), "check the credentials") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("wrong password: %v", err)
	}
	tok := testServer(t, ServerOptions{Listen: "127.0.0.1:0", Token: "ticket"})
	testBus(t, Options{URL: tok.ClientURL(), Token: "ticket"})
	if _, err := Connect(t.Context(), Options{URL: tok.ClientURL()}); err == nil {
		t.Error("connected without the token")
	}
}

func TestConnectOptionErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"nothing", Options{}, "either a URL or an embedded server"},
		{"half a certificate", Options{URL: "nats://x", Cert: "c.pem"}, "both a certificate file and a key file"},
		{"two ways to log in", Options{URL: "nats://x", User: "a", Token: "b"}, "only one of them"},
		{"password alone", Options{URL: "nats://x", Password: "b"}, "a password needs a user"},
		{"no such credentials", Options{URL: "nats://x", Creds: "/nonexistent/desk.creds"}, "/nonexistent/desk.creds: no such file"},
		{"no such CA", Options{URL: "nats://x", CA: "/nonexistent/ca.pem"}, "/nonexistent/ca.pem: no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Connect(t.Context(), c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestConnectWithTLS(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	pair := ca.issue(t, dir, "server")
	ca.issue(t, dir, "client")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
		TLS: true, TLSVerify: true, TLSTimeout: 2,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("server is not ready")
	}
	url := "tls://" + s.Addr().String()
	file := func(name string) string { return filepath.Join(dir, name) }
	b := testBus(t, Options{URL: url, CA: file("ca.pem"), Cert: file("client.pem"), Key: file("client.key")})
	if !b.Connected() {
		t.Error("not connected")
	}
	// The default max_payload of a server is too small.
	err = b.Ensure(t.Context())
	want := "broker " + url + ": max_payload is 1 MiB, want at least 4 MiB: set max_payload: 4MB in its configuration and restart it"
	if err == nil || err.Error() != want {
		t.Errorf("Ensure: %v\nwant %s", err, want)
	}
	_, err = Connect(t.Context(), Options{URL: url})
	if err == nil || !strings.Contains(err.Error(), "check the CA file") {
		t.Errorf("without the CA: %v", err)
	}
	_, err = Connect(t.Context(), Options{URL: url, CA: file("ca.pem"), ConnectTimeout: time.Second})
	if err == nil {
		t.Error("connected without a client certificate")
	}
	_, err = Connect(t.Context(), Options{URL: url, CA: file("client.key")})
	if err == nil || !strings.Contains(err.Error(), "no PEM certificate") {
		t.Errorf("a key for a CA: %v", err)
	}
}

// authority signs certificates for 127.0.0.1.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, dir string) *authority {
	t.Helper()
	a := &authority{}
	a.key, a.cert = sign(t, dir, "ca", nil)
	return a
}

func (a *authority) issue(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	sign(t, dir, name, a)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// sign writes name.pem and name.key; without an authority it signs itself.
func sign(t *testing.T, dir, name string, a *authority) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: a == nil, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der},
		name + ".key": {Type: "PRIVATE KEY", Bytes: pkcs},
	} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func TestReconnectsAfterRestart(t *testing.T) {
	dir := t.TempDir()
	s, err := StartServer(ServerOptions{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	addr := s.ListenAddr()
	b := testBus(t, Options{URL: s.ClientURL()})
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.JetStream().Publish(t.Context(), PageSubject("x"), []byte("kept")); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	eventually(t, "Ready fails", func() bool { return b.Ready(t.Context()) != nil })
	if err := b.Ready(t.Context()); !strings.Contains(err.Error(), addr) {
		t.Errorf("Ready does not name the broker: %v", err)
	}
	_, err = b.JetStream().Publish(t.Context(), PageSubject("y"), nil)
	if !IsUnavailable(err) || IsFull(err) {
		t.Errorf("publish without broker: %v", err)
	}
	testServer(t, ServerOptions{Dir: dir, Listen: addr})
	eventually(t, "Ready", func() bool { return b.Ready(t.Context()) == nil })
	st, err := b.JetStream().Stream(t.Context(), StreamPages)
	if err != nil {
		t.Fatal(err)
	}
	if n := st.CachedInfo().State.Msgs; n != 1 {
		t.Errorf("%d messages after the restart, want 1", n)
	}
}
