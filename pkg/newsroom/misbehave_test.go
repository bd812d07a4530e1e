package newsroom

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve runs a site on the loopback and returns a function that asks it.
func serve(t *testing.T, n *Newsroom) func(ctx context.Context, host, path string) (*http.Response, error) {
	t.Helper()
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	return func(ctx context.Context, host, path string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		if err != nil {
			return nil, err
		}
		r.Host = host + ".localhost"
		return server.Client().Do(r)
	}
}

func TestMisbehaviour(t *testing.T) {
	n := siteAt(t, 0, 0)
	ask := serve(t, n)
	ctx := context.Background()

	n.Misbehave("lantern", "/feed.json", Behaviour{Status: 503, RetryAfter: 2 * time.Minute, Times: 1})
	res, err := ask(ctx, "lantern", "/feed.json")
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") != "120" {
		t.Errorf("503: %v, %v", res, err)
	}
	if res, err = ask(ctx, "lantern", "/feed.json"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("after its one time: %v, %v", res, err)
	}

	n.Misbehave("lantern", "/", Behaviour{Truncate: 100})
	res, err = ask(ctx, "lantern", "/")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) || len(data) != 100 {
		t.Errorf("truncated: %d bytes, %v", len(data), err)
	}

	n.Misbehave("lantern", "/", Behaviour{ExtraLength: 10})
	if res, err = ask(ctx, "lantern", "/"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("wrong length: %v", err)
	}

	n.Misbehave("lantern", "/", Behaviour{RedirectLoop: true})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "lantern.localhost:8090"
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	if w.Code != 302 || w.Header().Get("Location") != "http://lantern.localhost:8090/?hop=1" {
		t.Errorf("redirect loop: %d to %s", w.Code, w.Header().Get("Location"))
	}

	n.Misbehave("lantern", "/", Behaviour{Encoding: "gzip"})
	if _, err = ask(ctx, "lantern", "/"); err == nil || !strings.Contains(err.Error(), "gzip") {
		// The client may also fail on the first read.
		res, err2 := ask(ctx, "lantern", "/")
		if err2 == nil {
			_, err2 = io.ReadAll(res.Body)
		}
		if err2 == nil {
			t.Error("a body that is no gzip was read as gzip")
		}
	}

	n.Misbehave("lantern", "*", Behaviour{Status: 500})
	n.Misbehave("lantern", "/robots.txt", Behaviour{Body: []byte("User-agent: *\nDisallow: /\n"), ContentType: "text/plain"})
	n.Misbehave("lantern", "/", Behaviour{})
	for path, want := range map[string]int{"/": 500, "/robots.txt": 200, "/style.css": 500} {
		if res, err = ask(ctx, "lantern", path); err != nil || res.StatusCode != want {
			t.Errorf("%s: %v, %v, want %d", path, res, err, want)
		}
	}
	if res, err = ask(ctx, "pebble", "/"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("another host: %v, %v", res, err)
	}
}

func TestSlownessEndsWithTheClient(t *testing.T) {
	n := siteAt(t, 0, 0)
	ask := serve(t, n)
	n.Misbehave("pebble", "/", Behaviour{Delay: time.Hour})
	n.Misbehave("pebble", "/style.css", Behaviour{ByteEvery: time.Hour})
	for _, path := range []string{"/", "/style.css"} {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		res, err := ask(ctx, "pebble", path)
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", path, err)
		}
		cancel()
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(n.Requests("pebble")) < 2 {
		if time.Now().After(deadline) {
			t.Fatal("the handlers outlive their clients")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestLogOfRequests(t *testing.T) {
	n, err := New(Options{LogSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/1", "/2", "/3", "/story.asp?id=4", "/story.asp?id=4"} {
		get(n, "http://courier.localhost"+path, "User-Agent", "probe")
	}
	list := n.Requests("courier")
	if len(list) != 3 || list[0].Path != "/3" || list[2].Path != "/story.asp?id=4" {
		t.Fatalf("log: %+v", list)
	}
	if list[0].UserAgent != "probe" || list[0].Status != 404 || list[1].Time.Before(list[0].Time) {
		t.Errorf("entry: %+v", list[0])
	}
	if n.Hits("courier")["/story.asp?id=4"] != 2 || len(n.Requests("mirror")) != 0 {
		t.Errorf("hits: %v", n.Hits("courier"))
	}
}
