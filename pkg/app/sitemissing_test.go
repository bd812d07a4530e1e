package app

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
)

func TestSiteWhosePagesAreMissing(t *testing.T) {
	for _, c := range []struct {
		looks             string // o: found, x: gone; the latest at the end
		missing, doubtful bool
	}{
		{"", false, false},
		{"x", false, false},
		{"xx", false, true},
		{"ox", false, false},
		{"oxx", false, true},
		{"xxxxxxx", false, true},
		{"xxxxxxxx", true, true},
		{"oooooooooooooooooooooxxxxxxx", false, true},
		{"oooooooooooooooooooooxxxxxxxx", true, true},
		{"ooooooooooooooooooooxxxxoxxxxx", true, true},  // one page that a cache still had
		{"ooooooooooooxxxxoxxxoxxx", true, true},        // two of them
		{"ooooooooooooxxxxoxxxoxxo", false, false},      // three: the site is coming back
		{strings.Repeat("oxx", 30), false, true},        // even a site like this is asked first
		{"xxxxxxxxxxxxxxxxxxxxxxxxxo", true, false},     // one page says little
		{"xxxxxxxxxxxxxxxxxxxxxxxxxooo", false, false},  // three say that it is back
		{strings.Repeat("ox", 50), false, false},        // a site that deletes a lot
		{strings.Repeat("o", 40) + "xxo", false, false}, // an article withdrawn
	} {
		row, at := lookRow{}, time.Unix(1000, 0)
		for _, l := range c.looks {
			at = at.Add(time.Minute)
			row.add(lookNews{gone: l == 'x', at: at})
		}
		if row.missing() != c.missing || row.doubtful() != c.doubtful {
			t.Errorf("%s: missing %v, doubtful %v, want %v, %v", c.looks, row.missing(), row.doubtful(), c.missing, c.doubtful)
		}
		s := siteState{Looks: row}
		if state, since, why := s.verdict(); (state == siteMissing) != c.missing || since.IsZero() == c.missing || (why == "") == c.missing {
			t.Errorf("%s: verdict %s since %s because of %q", c.looks, state, since, why)
		}
	}
}

// takedownsIn returns the addresses that takedowns in stream PAGES are of.
func takedownsIn(t testing.TB, b *bus.Bus) []string {
	t.Helper()
	var urls []string
	for _, m := range pageMessages(t, b) {
		if m.Header.Get(article.HeaderTakedown) == "" {
			continue
		}
		down, err := article.ReadTakedown(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		urls = append(urls, down.URL)
	}
	return urls
}

// TestBrokenSiteWithdrawsNothing: a site answers 404 for every page; the one
// that is still gone when it answers again is withdrawn, and no other.
func TestBrokenSiteWithdrawsNothing(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMutableSite(t)
	const pages = 12
	var list strings.Builder
	path := func(i int) string { return fmt.Sprintf("/%d", i) }
	for i := range pages {
		site.set(path(i), fmt.Sprintf("<html><body><p>Page %d.</p></body></html>", i), 0)
		fmt.Fprintln(&list, site.URL+path(i))
	}
	b := testBus(t)
	w, _ := runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", list.String())}, Revisits: manySteps(), TakedownAfter: 2 * time.Second})
	eventually(t, 20*time.Second, "the pages go downstream", func() bool { return messagesOf(t, b, bus.StreamPages) == pages })
	for i := range pages {
		site.set(path(i), "", http.StatusNotFound)
	}
	eventually(t, time.Minute, "takedowns are held", func() bool { return looked(w, lookHeld) >= pages })
	if n := looked(w, lookTakenDown); n != 0 {
		t.Fatalf("%d pages of a broken site are taken down: %q", n, takedownsIn(t, b))
	}
	w.sites.flush(t.Context())
	list2, err := feedSources{&sourceCache{store: w.feeds}}.Publishers(t.Context())
	if err != nil || len(list2) != 1 || list2[0].State != siteMissing {
		t.Errorf("publishers %+v, %v, want one whose pages are missing", list2, err)
	}
	for i := range pages - 1 {
		site.set(path(i), fmt.Sprintf("<html><body><p>Page %d.</p></body></html>", i), 0)
	}
	eventually(t, 2*time.Minute, "the page that stays away is taken down", func() bool { return looked(w, lookTakenDown) == 1 })
	eventually(t, time.Minute, "the takedown goes downstream", func() bool { return len(takedownsIn(t, b)) > 0 })
	if got := takedownsIn(t, b); len(got) != 1 || got[0] != site.URL+path(pages-1) {
		t.Errorf("taken down: %q", got)
	}
}

// TestSmallSiteIsAskedForItsFrontPage: where a few looks are all there is, the
// front page decides.
func TestSmallSiteIsAskedForItsFrontPage(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := newMutableSite(t)
	site.set("/a", shortReport, 0)
	site.set("/b", shortReport+"<p>b</p>", 0)
	b := testBus(t)
	w, _ := runIngest(t, b, IngestFlags{
		URLs: []string{writeFile(t, "urls.txt", site.URL+"/a\n"+site.URL+"/b\n")}, Revisits: manySteps(), TakedownAfter: 2 * time.Second,
	})
	eventually(t, 20*time.Second, "the pages go downstream", func() bool { return messagesOf(t, b, bus.StreamPages) == 2 })
	site.set("/a", "", http.StatusNotFound)
	site.set("/b", "", http.StatusGone)
	eventually(t, time.Minute, "takedowns are held", func() bool { return looked(w, lookHeld) >= 2 })
	if got := takedownsIn(t, b); len(got) != 0 || site.of("/") == 0 {
		t.Errorf("taken down: %q; the front page was asked for %d times", got, site.of("/"))
	}
	site.set("/", "<p>The front page.</p>", 0)
	eventually(t, time.Minute, "the pages are taken down", func() bool { return len(takedownsIn(t, b)) == 2 })
}
