package fetch

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestMaxAge(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		header []string // name, value, ...
		want   time.Duration
	}{
		{nil, 0},
		{[]string{"Cache-Control", "max-age=300"}, 5 * time.Minute},
		{[]string{"Cache-Control", `public, Max-Age="300"`}, 5 * time.Minute},
		{[]string{"Cache-Control", "public", "Cache-Control", "max-age=300"}, 5 * time.Minute},
		{[]string{"Cache-Control", "max-age=300", "Age", "100"}, 200 * time.Second},
		{[]string{"Cache-Control", "max-age=300", "Age", "1000"}, 0},
		{[]string{"Cache-Control", "max-age=300", "Expires", at(time.Hour)}, 5 * time.Minute},
		{[]string{"Cache-Control", "no-cache", "Expires", at(time.Hour)}, 0},
		{[]string{"Cache-Control", "no-store, max-age=300"}, 0},
		{[]string{"Cache-Control", "max-age=-1"}, 0},
		{[]string{"Cache-Control", "max-age=soon", "Expires", at(time.Hour)}, 0},
		{[]string{"Cache-Control", "max-age=99999999999999999999999"}, maxFresh},
		{[]string{"Cache-Control", "s-maxage=300"}, 0},
		{[]string{"Expires", at(time.Hour)}, time.Hour},
		{[]string{"Expires", at(time.Hour), "Date", at(30 * time.Minute)}, 30 * time.Minute},
		{[]string{"Expires", at(-time.Hour)}, 0},
		{[]string{"Expires", "0"}, 0},
		{[]string{"Expires", at(1000 * time.Hour)}, maxFresh},
	} {
		h := http.Header{}
		for i := 0; i < len(c.header); i += 2 {
			h.Add(c.header[i], c.header[i+1])
		}
		if got := maxAge(h, now); got != c.want {
			t.Errorf("%q: got %s, want %s", c.header, got, c.want)
		}
	}
}

func TestErrorTextIsOneLine(t *testing.T) {
	e := &Error{URL: "http://u:secret@example.org/\x00\n", Err: errors.New("bad \x1b[2J\r\nline\u2028 \u202e\xff ok é " + strings.Repeat("x", 5000))}
	got := e.Error()
	if hasControl(got) || strings.ContainsAny(got, "\u2028\u202e") || len(got) > 900 || !strings.Contains(got, `\u001b[2J\u000d\u000aline\u2028 \u202e\xff ok é`) {
		t.Errorf("got %q", got)
	}
	e = &Error{URL: "http://u:secret@example.org/a"}
	if got := e.Error(); got != "fetch http://u:xxxxx@example.org/a: failed" {
		t.Errorf("got %s", got)
	}
}

// TestHTTP2: the limits hold for the other protocol too.
func TestHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/headers":
			for range 100 {
				w.Header().Add("X-News", strings.Repeat("a", 1000))
			}
		case "/reset":
			w.Header().Set("Content-Length", "1000")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 10_000)); err != nil {
					return
				}
			}
		case "/silence":
			<-r.Context().Done()
		default:
			_, _ = w.Write([]byte(r.Proto))
		}
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = discardLog()
	s.StartTLS()
	defer s.Close()
	f := newTestFetcher(t, func(o *Options) {
		o.IgnoreRobots, o.Limits = true, Limits{FirstByte: 100 * time.Millisecond, PageBytes: 1 << 20}
	})
	f.transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	f.transport.TLSClientConfig.NextProtos = nil
	if resp := get(t, f, s.URL+"/"); string(resp.Body) != "HTTP/2.0" {
		t.Errorf("got %s", resp.Body)
	}
	fail(t, f, s.URL+"/headers", ClassTooLarge)
	fail(t, f, s.URL+"/endless", ClassTooLarge)
	fail(t, f, s.URL+"/reset", ClassProtocol)
	fail(t, f, s.URL+"/silence", ClassTimeout)
	get(t, f, s.URL+"/")
}
