package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
)

// askedHost is a site that notes in which order its pages are asked for.
type askedHost struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
}

func newAskedHost(t *testing.T) *askedHost {
	t.Helper()
	h := &askedHost{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		h.mu.Lock()
		h.paths = append(h.paths, r.URL.Path)
		h.mu.Unlock()
		fmt.Fprintf(w, "<html><body><p>The page %s.</p></body></html>", r.URL.Path)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *askedHost) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.paths)
}

// TestOldPagesWaitForNewOnes: a list of pages is worked off in the background.
// What a feed brings meanwhile is asked for next, and a look at a page that is
// due goes before the rest of the list, too.
func TestOldPagesWaitForNewOnes(t *testing.T) {
	t.Parallel() // it waits more than it works
	h := newAskedHost(t)
	const old = 120
	var list strings.Builder
	for i := range old {
		fmt.Fprintf(&list, "%s/old/%d\n", h.URL, i)
	}
	b := testBus(t)
	w, _ := runIngest(t, b, IngestFlags{
		URLs: []string{writeFile(t, "urls.txt", list.String())}, HostDelay: 150 * time.Millisecond, Revisits: []string{"10s"},
	})
	eventually(t, 60*time.Second, "some of the list is fetched", func() bool { return len(h.asked()) >= 3 })
	// The looks at the pages of the list come due while it is worked off.
	eventually(t, 60*time.Second, "a page is looked at again", func() bool {
		return slices.ContainsFunc(twice(h.asked()), func(p string) bool { return strings.HasPrefix(p, "/old/") })
	})
	if n := len(h.asked()); n >= old {
		t.Fatalf("%d pages were asked for before the first look", n)
	}
	before := len(h.asked())
	for i := range 5 {
		if err := w.enqueue(context.Background(), urlMessage{URL: fmt.Sprintf("%s/new/%d", h.URL, i), EntryHash: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 60*time.Second, "everything is fetched", func() bool {
		return messagesOf(t, b, bus.StreamURLs) == 0 && messagesOf(t, b, bus.StreamBackfill) == 0
	})
	asked := h.asked()
	last := 0 // of the first requests for the new pages
	for i := range 5 {
		last = max(last, slices.Index(asked, fmt.Sprintf("/new/%d", i)))
	}
	// One request may be under way, and a few go by while the broker takes the
	// five in.
	if behind := last - before - 5; last == 0 || behind > 8 {
		t.Errorf("%d other requests went before the new pages: %v", behind, asked[before:last+1])
	}
	for i := range old {
		if path := fmt.Sprintf("/old/%d", i); !slices.Contains(asked, path) {
			t.Errorf("%s was never asked for", path)
		}
	}
	if n := messagesOf(t, b, bus.StreamPages); n < old+5 {
		t.Errorf("%d pages went downstream", n)
	}
}

// twice returns what occurs more than once.
func twice(list []string) []string {
	seen, again := map[string]bool{}, []string(nil)
	for _, s := range list {
		if seen[s] {
			again = append(again, s)
		}
		seen[s] = true
	}
	return again
}
