package article

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestIDs(t *testing.T) {
	id := ID("https://example.com/a")
	if !ValidID(id) || len(id) != IDLen {
		t.Errorf("ID gives %q", id)
	}
	// Ids are stored; how they are made must never change.
	if got, want := ID("https://example.com/"), "b4iv3mdcw7an2aylc2dyzgo6uu"; got != want {
		t.Errorf("ID gives %q, want %q", got, want)
	}
	for _, bad := range []string{"", "short", id[:25] + "1", id[:25] + "A", id + "a"} {
		if ValidID(bad) {
			t.Errorf("%q passes for an id", bad)
		}
	}
	if ContentHash("a", "b") == ContentHash("ab", "") {
		t.Error("title and text run into each other")
	}
}

func TestPageTravelsInHeaders(t *testing.T) {
	page := &Page{
		ID: ID("https://example.com/a"), URL: "https://example.com/a?x", FinalURL: "https://example.com/a", Status: 200,
		ContentType: "text/html; charset=utf-8", FetchedAt: time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC), Feed: "https://example.com/feed",
		Entry: Entry{Title: "Ü\nline", Authors: []string{"A", "B"}, Published: time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)},
		Body:  []byte("body"),
	}
	h, err := page.Headers("zstd")
	if err != nil {
		t.Fatal(err)
	}
	h["Copydesk-From-A-Later-Version"] = []string{"x"}
	back, err := PageFromHeaders(h, page.Body)
	if err != nil || !reflect.DeepEqual(back, page) {
		t.Errorf("page came back as %+v, %v; want %+v", back, err, page)
	}
	for _, key := range []string{HeaderID, HeaderFinalURL, HeaderStatus, HeaderFetchedAt} {
		value := h[key]
		h[key] = []string{""}
		if _, err := PageFromHeaders(h, nil); !errors.Is(err, ErrBadPage) {
			t.Errorf("without %s: %v, want ErrBadPage", key, err)
		}
		h[key] = value
	}
	h[HeaderEntry] = []string{"{"}
	if _, err := PageFromHeaders(h, nil); !errors.Is(err, ErrBadPage) {
		t.Errorf("with a broken entry: %v, want ErrBadPage", err)
	}
}

// TestNewerIsATotalOrder: whatever the order of arrival, one and the same
// version is left.
func TestNewerIsATotalOrder(t *testing.T) {
	now := time.Now()
	// From the oldest to the newest.
	var all []*Article
	for _, kind := range []Kind{KindListing, KindArticle} {
		for _, at := range []time.Time{now.Add(-time.Second), now, now.Add(time.Second)} {
			for _, normalizer := range []string{"", "-5", "devel", "0", "00", "2", "9", "10"} {
				for _, hash := range []string{"a", "b"} {
					all = append(all, &Article{Kind: kind, FetchedAt: at, Normalizer: normalizer, ContentHash: hash})
				}
			}
		}
	}
	// All kinds but listings are equal.
	if a, b := (&Article{Kind: KindLive, FetchedAt: now}), (&Article{Kind: KindArticle, FetchedAt: now.Add(time.Second)}); Newer(a, b) || !Newer(b, a) {
		t.Error("an earlier live blog is newer than a later article")
	}
	for i, a := range all {
		for j, b := range all {
			if got := Newer(a, b); got != (i > j) {
				t.Errorf("%s of %v by %q with %q is newer than %s of %v by %q with %q: %v", a.Kind, a.FetchedAt, a.Normalizer, a.ContentHash, b.Kind, b.FetchedAt, b.Normalizer, b.ContentHash, got)
			}
		}
	}
}

func TestJoinText(t *testing.T) {
	if got := JoinText([]Block{{Paragraph, "One."}, {Heading, "Two"}}); got != "One.\n\nTwo" {
		t.Errorf("JoinText = %q", got)
	}
	if JoinText(nil) != "" {
		t.Error("text out of nothing")
	}
}
