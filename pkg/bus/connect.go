package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// check fills in defaults and refuses what cannot work.
func (o *Options) check() error {
	if (o.URL == "") == (o.InProcess == nil) {
		return errors.New("connect to broker: set either a URL or an embedded server")
	}
	if (o.Cert == "") != (o.Key == "") {
		return errors.New("connect to broker: a client certificate needs both a certificate file and a key file")
	}
	if o.Creds != "" && (o.User != "" || o.Token != "") || o.User != "" && o.Token != "" {
		return errors.New("connect to broker: give a credentials file, a user or a token, only one of them")
	}
	if o.Password != "" && o.User == "" {
		return errors.New("connect to broker: a password needs a user")
	}
	if o.Creds != "" {
		if _, err := os.Stat(o.Creds); err != nil {
			return fmt.Errorf("read broker credentials: %w", err)
		}
	}
	if o.Name == "" {
		o.Name = "copydesk"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = defaultConnectTimeout
	}
	if o.AckWait <= 0 {
		o.AckWait = defaultAckWait
	}
	if o.LeaseTTL <= 0 {
		o.LeaseTTL = defaultLeaseTTL
	}
	return nil
}

// address names the broker in messages, without passwords.
func (o *Options) address() string {
	if o.InProcess != nil {
		return "in this process"
	}
	parts := strings.Split(o.URL, ",")
	for i, p := range parts {
		p = strings.TrimSpace(p)
		switch u, err := url.Parse(p); {
		case err == nil && u.User != nil:
			parts[i] = u.Scheme + "://***@" + u.Host
		case err != nil && strings.Contains(p, "@"):
			parts[i] = "***" + p[strings.LastIndexByte(p, '@'):]
		default:
			parts[i] = p
		}
	}
	return strings.Join(parts, ",")
}

// dial tries to connect until it succeeds, ConnectTimeout passes, or an error
// comes that waiting does not mend.
func (b *Bus) dial(ctx context.Context) (*nats.Conn, error) {
	opts, err := b.connOptions()
	if err != nil {
		return nil, err
	}
	address := b.opts.address()
	ctx, cancel := context.WithTimeout(ctx, b.opts.ConnectTimeout)
	defer cancel()
	for attempt := 0; ; attempt++ {
		conn, err := nats.Connect(b.opts.URL, opts...)
		if err == nil {
			b.log.Info("connected to broker", "address", address, "version", conn.ConnectedServerVersion())
			return conn, nil
		}
		if hint, final := hopeless(err); final {
			return nil, fmt.Errorf("connect to broker %s: %w: %s", address, err, hint)
		}
		if attempt == 0 {
			b.log.Warn("broker does not answer, trying again", "address", address, "for", b.opts.ConnectTimeout.String(), "error", err)
		}
		select {
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, fmt.Errorf("connect to broker %s: %w", address, ctx.Err())
			}
			return nil, fmt.Errorf("connect to broker %s: no answer in %s: %w: start the broker (nats-server -js) or correct the address", address, b.opts.ConnectTimeout, err)
		case <-time.After(min(time.Second, 100*time.Millisecond<<min(attempt, 4))):
		}
	}
}

// hopeless says what to do about an error that trying again does not mend.
func hopeless(err error) (hint string, final bool) {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return "check the credentials file, user and password, or token", true
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &verify):
		return "check the CA file and the host name in the address", true
	case errors.Is(err, nats.ErrSecureConnWanted), errors.Is(err, nats.ErrSecureConnRequired):
		return "the broker and the address must agree on TLS (tls:// or nats://)", true
	case strings.Contains(err.Error(), "tls: "), strings.Contains(err.Error(), "missing port"), strings.Contains(err.Error(), "invalid port"):
		return "check the address and the certificate files", true
	}
	return "", false
}

// connOptions translates Options for the client library.
func (b *Bus) connOptions() ([]nats.Option, error) {
	o := b.opts
	opts := []nats.Option{
		nats.Name(o.Name),
		nats.Timeout(5 * time.Second),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectJitter(500*time.Millisecond, time.Second),
		// A changed password must not end a worker for ever.
		nats.IgnoreAuthErrorAbort(),
		// What is published while the broker is away fails at once instead of
		// waiting in a buffer: whoever publishes decides when to try again.
		nats.ReconnectBufSize(-1),
		// A dead network is noticed within 20 s, before AckWait has passed.
		nats.PingInterval(10 * time.Second),
		nats.MaxPingsOutstanding(1),
		nats.DrainTimeout(30 * time.Second),
		nats.DisconnectErrHandler(func(c *nats.Conn, err error) {
			b.session.Swap(newSession()).lose(nats.ErrDisconnected)
			if !c.IsClosed() && err != nil {
				b.log.Warn("lost the broker, reconnecting", "address", o.address(), "error", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) {
			b.log.Info("reconnected to broker", "address", o.address(), "version", c.ConnectedServerVersion())
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			args := []any{"error", err}
			if s != nil {
				args = append(args, "subject", s.Subject)
			}
			b.log.Warn("broker connection", args...)
		}),
	}
	if o.InProcess != nil {
		opts = append(opts, nats.InProcessServer(o.InProcess.server))
		if o.Token == "" && o.User == "" && o.Creds == "" {
			o.Token, o.User, o.Password = o.InProcess.opts.Token, o.InProcess.opts.User, o.InProcess.opts.Password
		}
	}
	switch {
	case o.Creds != "":
		opts = append(opts, nats.UserCredentials(o.Creds))
	case o.User != "":
		opts = append(opts, nats.UserInfo(o.User, o.Password))
	case o.Token != "":
		opts = append(opts, nats.Token(o.Token))
	}
	if o.CA != "" || o.Cert != "" {
		config, err := o.tlsConfig()
		if err != nil {
			return nil, err
		}
		opts = append(opts, nats.Secure(config))
	}
	return opts, nil
}

func (o *Options) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("read broker CA: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read broker CA %s: no PEM certificate in it", o.CA)
		}
	}
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("read broker client certificate %s: %w", o.Cert, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
