package search

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/atom"
	jsonfeed "github.com/mmcdole/gofeed/json"
)

func TestAtomFeed(t *testing.T) {
	h := newHandler(t, nil)
	w := get(t, h, "/feed.atom?q=harbour&lang=en&size=5")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	f, err := (&atom.Parser{}).Parse(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if f.Title != "copydesk: harbour" || f.ID == "" || len(f.Entries) != 5 {
		t.Errorf("title %q, id %q, %d entries", f.Title, f.ID, len(f.Entries))
	}
	rels := map[string]string{}
	for _, l := range f.Links {
		rels[l.Rel] = l.Href
	}
	if rels["self"] != "https://desk.example/feed.atom?lang=en&q=harbour&size=5" ||
		rels["alternate"] != "https://desk.example/?lang=en&q=harbour&size=5" {
		t.Errorf("links: %v", rels)
	}
	var newest time.Time
	for _, e := range f.Entries {
		if e.ID == "" || e.Title == "" || e.UpdatedParsed == nil || len(e.Authors) == 0 || len(e.Links) == 0 {
			t.Errorf("incomplete entry: %+v", e)
			continue
		}
		if e.UpdatedParsed.After(newest) {
			newest = *e.UpdatedParsed
		}
	}
	if f.UpdatedParsed == nil || !f.UpdatedParsed.Equal(newest) {
		t.Errorf("updated %v, want that of the newest entry, %v", f.UpdatedParsed, newest)
	}
	// The next page is a feed as well and repeats nothing.
	next := strings.TrimPrefix(rels["next"], "https://desk.example")
	g, err := (&atom.Parser{}).Parse(get(t, h, next).Body)
	if err != nil || len(g.Entries) != 5 || g.Entries[0].ID == f.Entries[0].ID {
		t.Errorf("next page %s: %v", next, err)
	}
}

func TestFeedEntry(t *testing.T) {
	h := newHandler(t, nil)
	for _, path := range []string{"/feed.atom", "/feed.json"} {
		f, err := gofeed.NewParser().Parse(get(t, h, path+"?site=harbour-post.example").Body)
		if err != nil {
			t.Fatal(path, err)
		}
		if len(f.Items) != 2 {
			t.Fatalf("%s: %d items", path, len(f.Items))
		}
		// Newest first: the one without a date was found after the other.
		item := f.Items[1]
		a := harbour(3)
		if item.Title != a.Title || item.GUID != "urn:copydesk:article:"+harbourID {
			t.Errorf("%s: title %q, id %q", path, item.Title, item.GUID)
		}
		if item.PublishedParsed == nil || !item.PublishedParsed.Equal(a.Published.Time) {
			t.Errorf("%s: published %v", path, item.Published)
		}
		if item.UpdatedParsed == nil || !item.UpdatedParsed.Equal(a.Modified.Time) {
			t.Errorf("%s: updated %v", path, item.Updated)
		}
		if len(item.Authors) != 3 || item.Authors[0].Name != "Nora Kettleby" {
			t.Errorf("%s: authors %+v", path, item.Authors)
		}
		if f.Items[0].Title != "Untitled" || f.Items[0].UpdatedParsed == nil {
			t.Errorf("%s: item without title and date: %+v", path, f.Items[0])
		}
	}
}

func TestJSONFeed(t *testing.T) {
	h := newHandler(t, nil)
	w := get(t, h, "/feed.json?q=harbour&size=3")
	if ct := w.Header().Get("Content-Type"); ct != "application/feed+json; charset=utf-8" {
		t.Errorf("content type %q", ct)
	}
	f, err := (&jsonfeed.Parser{}).Parse(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if f.Version != "https://jsonfeed.org/version/1.1" || len(f.Items) != 3 || f.NextURL == "" ||
		f.FeedURL != "https://desk.example/feed.json?q=harbour&size=3" {
		t.Errorf("%+v", f)
	}
	for _, i := range f.Items {
		if i.ID == "" || i.ContentText == "" || !strings.HasPrefix(i.URL, "https://desk.example/article/") {
			t.Errorf("item %+v", i)
		}
	}
}

func TestFeedsOfHostileArticles(t *testing.T) {
	h := newHandler(t, nil)
	w := get(t, h, "/feed.atom?site=hostile.example")
	if bytes.Contains(w.Body.Bytes(), []byte("<script")) {
		t.Error("a script stands in the feed")
	}
	f, err := (&atom.Parser{}).Parse(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Entries) != 1 || !strings.Contains(f.Entries[0].Title, "script") {
		t.Errorf("%+v", f.Entries)
	}
}

func TestEmptyFeedIsValid(t *testing.T) {
	h := newHandler(t, func(o *Options) { o.Index = emptyIndex(t) })
	f, err := (&atom.Parser{}).Parse(get(t, h, "/feed.atom?q=nothing").Body)
	if err != nil || f.UpdatedParsed == nil || f.ID == "" {
		t.Errorf("%v: %+v", err, f)
	}
	if _, err := (&jsonfeed.Parser{}).Parse(get(t, h, "/feed.json?q=nothing").Body); err != nil {
		t.Error(err)
	}
}

func TestFeedIsCached(t *testing.T) {
	h := newHandler(t, nil)
	w := get(t, h, "/feed.atom")
	tag := w.Header().Get("ETag")
	if tag == "" || w.Header().Get("Cache-Control") != feedCache {
		t.Fatalf("ETag %q, Cache-Control %q", tag, w.Header().Get("Cache-Control"))
	}
	r := httptest.NewRequest(http.MethodGet, "/feed.atom", nil)
	r.Header.Set("If-None-Match", tag)
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("%d with %d bytes", again.Code, again.Body.Len())
	}
}

func TestBaseURL(t *testing.T) {
	h := newHandler(t, func(o *Options) { o.BaseURL, o.Index = "", emptyIndex(t) })
	if body := get(t, h, "http://news.test:8080/feed.json").Body.String(); !strings.Contains(body, `"http://news.test:8080/feed.json"`) {
		t.Error(body)
	}
	for _, bad := range []string{"news.example", "ftp://news.example", "https://news.example/path", "https://", "https://u:p@news.example"} {
		if _, err := New(Options{Index: emptyIndex(t), BaseURL: bad}); err == nil || !strings.Contains(err.Error(), "BaseURL") {
			t.Errorf("base URL %q: %v", bad, err)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("no index is no error")
	}
}
