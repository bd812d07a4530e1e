package fetch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestObserveSeesWhatWasSent: an observer is told of every hop, with bodies as
// they came and nothing secret.
func TestObserveSeesWhatWasSent(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, strings.Repeat("<p>A paragraph.</p>", 50))
	z.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/old":
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
		case "/new":
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "text/html")
			w.Write(packed.Bytes())
		case "/robots.txt":
			fmt.Fprint(w, "User-agent: *\nAllow: /\n")
		default:
			http.Error(w, "not here", http.StatusNotFound)
		}
	}))
	defer srv.Close()
	f, err := New(Options{AllowPrivate: true, NoDelay: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var seen []*Exchange
	observe := func(e *Exchange) { seen = append(seen, e) }
	withPassword := strings.Replace(srv.URL, "http://", "http://reader:secret@", 1)
	resp, err := f.Fetch(t.Context(), Request{URL: withPassword + "/old", Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0].Status != 301 || seen[1].Status != 200 || seen[0].URL != srv.URL+"/old" || seen[1].URL != srv.URL+"/new" {
		t.Fatalf("seen %+v, want the redirect and the page", seen)
	}
	if got := seen[1]; !bytes.Equal(got.Body, packed.Bytes()) || got.StatusText != "OK" || got.Proto != "HTTP/1.1" || got.Truncated ||
		got.Address != strings.TrimPrefix(srv.URL, "http://") || !got.At.Equal(resp.FetchedAt) {
		t.Errorf("the page was told as %+v", got)
	}
	if h := seen[0].RequestHeader; h.Get("Authorization") != "" || h.Get("Host") == "" || h.Get("User-Agent") == "" {
		t.Errorf("request headers %v", h)
	}
	if body, err := Decode(seen[1].Body, seen[1].Header.Values("Content-Encoding")); err != nil || !bytes.Equal(body, resp.Body) {
		t.Errorf("Decode gives %d bytes, %v; the fetch gave %d", len(body), err, len(resp.Body))
	}
	seen = nil
	if _, err := f.Fetch(t.Context(), Request{URL: srv.URL + "/missing", Observe: observe}); err == nil {
		t.Error("404 is no error")
	}
	if len(seen) != 1 || seen[0].Status != 404 || string(seen[0].Body) != "not here\n" || seen[0].Truncated {
		t.Errorf("seen %+v, want the whole refusal", seen)
	}
}
