package fetch

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPostFormSendsTheFormAndAsksNoRobots(t *testing.T) {
	var paths []string
	var got url.Values
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.Method+" "+r.URL.Path)
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/hub", http.StatusPermanentRedirect)
			return
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		got = r.PostForm
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, strings.Repeat("thank you ", 10_000))
	})
	reported := 0
	f := newTestFetcher(t, func(o *Options) { o.Report = func(Request, *Response, *Error) { reported++ } })
	resp, err := f.PostForm(t.Context(), srv.URL+"/old", url.Values{"hub.topic": {"https://a.example/?a=1&b=ü"}})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != http.StatusAccepted || len(resp.Body) != hubBytes || resp.PermanentURL != srv.URL+"/hub" {
		t.Errorf("status %d, %d bytes kept, moved to %q", resp.Status, len(resp.Body), resp.PermanentURL)
	}
	if got.Get("hub.topic") != "https://a.example/?a=1&b=ü" {
		t.Errorf("the hub got %v", got)
	}
	if want := "POST /old, POST /hub"; strings.Join(paths, ", ") != want || reported != 0 {
		t.Errorf("requests %q, want %q; %d of them told to Report", paths, want, reported)
	}
}

func TestPostFormIsNotTurnedIntoAGet(t *testing.T) {
	for _, status := range []int{301, 302, 303} {
		requests := 0
		srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			http.Redirect(w, r, "/elsewhere", status)
		})
		_, err := newTestFetcher(t).PostForm(t.Context(), srv.URL+"/hub", url.Values{"a": {"b"}})
		if e := wantClass(t, err, ClassRedirect); e.Status != status || requests != 1 {
			t.Errorf("%d: status %d after %d requests", status, e.Status, requests)
		}
	}
}

func TestPostFormKeepsTheRulesOfAFetch(t *testing.T) {
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) })
	_, err := newTestFetcher(t).PostForm(t.Context(), srv.URL, url.Values{})
	wantClass(t, err, ClassHTTP4xx)

	public := newTestFetcher(t, func(o *Options) { o.AllowPrivate = false })
	_, err = public.PostForm(t.Context(), srv.URL, url.Values{})
	wantClass(t, err, ClassAddress)

	other := newTestFetcher(t, func(o *Options) { o.Admit = func(string) (*Admission, error) { return nil, io.EOF } })
	_, err = other.PostForm(t.Context(), srv.URL+"/hub", url.Values{})
	if e := wantClass(t, err, ClassElsewhere); e.Elsewhere != srv.URL+"/hub" {
		t.Errorf("another's to ask for: %q", e.Elsewhere)
	}
}

func TestPostFormWaitsForTheTurnOfItsHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{}, func(http.ResponseWriter, *http.Request) { time.Sleep(100 * time.Millisecond) })
		defer stop()
		done := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := f.PostForm(context.Background(), "http://hub.example.org/", url.Values{"a": {"b"}})
				done <- err
			}()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if len(n.visits()) != 3 {
			t.Errorf("%d requests, want 3 and none for robots.txt", len(n.visits()))
		}
		wantGaps(t, n.visits(), time.Second)
	})
}
