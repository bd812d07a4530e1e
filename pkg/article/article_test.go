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
	type version struct {
		at   time.Time
		hash string
	}
	now := time.Now()
	all := []version{{now, "a"}, {now, "b"}, {now.Add(time.Second), "a"}, {now.Add(-time.Second), "z"}}
	for _, a := range all {
		for _, b := range all {
			ab, ba := Newer(a.at, a.hash, b.at, b.hash), Newer(b.at, b.hash, a.at, a.hash)
			if a == b && (ab || ba) {
				t.Errorf("%v is newer than itself", a)
			}
			if a != b && ab == ba {
				t.Errorf("%v and %v have no order", a, b)
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
