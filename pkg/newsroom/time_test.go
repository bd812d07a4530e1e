package newsroom

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// clocked is a site whose clock a test moves.
func clocked(t *testing.T) (*Newsroom, *time.Time) {
	t.Helper()
	now := testEpoch.Add(BeforeOpening)
	n, err := New(Options{Port: 8090, Seed: 7, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return n, &now
}

func TestEpochDefaultsToThreeDaysBeforeNow(t *testing.T) {
	n, now := clocked(t)
	if want := now.Add(-BeforeOpening); !n.Epoch().Equal(want) {
		t.Errorf("epoch %s, want %s", n.Epoch(), want)
	}
	*now = now.Add(24 * time.Hour)
	again, err := New(Options{Port: 8090, Seed: 7, Epoch: n.Epoch(), Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(slices.Collect(n.URLs()), slices.Collect(again.URLs())) {
		t.Error("a second start with the same epoch shows another site")
	}
}

func TestArticlesAppear(t *testing.T) {
	n, now := clocked(t)
	start := *now
	count := func() (pages int) {
		for _, it := range n.items {
			if it.out(*now) {
				pages++
			}
		}
		return pages
	}
	before := count()
	if before < 30 {
		t.Errorf("%d pages at the opening, want 30 or more", before)
	}
	seen := before
	quiet := 0
	for minute := range 60 {
		*now = start.Add(time.Duration(minute+1) * time.Minute)
		got := count()
		if got < seen {
			t.Fatalf("minute %d: %d pages, %d before", minute+1, got, seen)
		}
		if got == seen {
			quiet++
		} else {
			quiet = 0
		}
		if quiet > 3 {
			t.Errorf("nothing new in the four minutes up to %d", minute+1)
		}
		seen = got
	}
	if seen-before < 30 {
		t.Errorf("%d pages in the first hour, want 30 or more", seen-before)
	}
}

func TestPagesAreNotThereBeforeTheirTime(t *testing.T) {
	n, now := clocked(t)
	start := *now
	*now = start.Add(3 * time.Hour)
	late := n.Known()
	*now = start
	for _, k := range late {
		want := http.StatusOK
		if k.Published.After(start) {
			want = http.StatusNotFound
		}
		if got := get(n, k.URL).StatusCode; got != want {
			t.Errorf("%s at the opening: status %d, want %d", k.URL, got, want)
		}
	}
}

func TestEditsChangePageAndFeed(t *testing.T) {
	n, now := clocked(t)
	start := *now
	edits := 0
	for _, it := range slices.Clone(n.items) {
		for _, at := range it.edited {
			edits++
			*now = at.Add(-time.Second)
			was, _ := n.KnownOf(n.url(it))
			tag := get(n, n.url(it)).Header.Get("ETag")
			*now = at
			is, _ := n.KnownOf(n.url(it))
			if was.Title == is.Title && was.Text == is.Text {
				t.Errorf("%s: the edit changes neither title nor text", is.URL)
			}
			if !is.Updated.Equal(at) || !is.Published.Equal(was.Published) || is.URL != was.URL {
				t.Errorf("%s: updated %s, want %s", is.URL, is.Updated, at)
			}
			if got := get(n, n.url(it), "If-None-Match", tag); got.StatusCode != http.StatusOK {
				t.Errorf("%s: the old validator still holds: status %d", is.URL, got.StatusCode)
			}
		}
	}
	if edits < 5 {
		t.Errorf("%d edits, want 5 or more", edits)
	}
	*now = start.Add(5 * time.Minute)
	feed := "http://meridian.localhost:8090/all.atom"
	if strings.Contains(string(bodyOf(t, get(n, feed))), "Storm cuts power") {
		t.Error("the feed has the title of an edit too early")
	}
	*now = start.Add(6 * time.Minute)
	text := string(bodyOf(t, get(n, feed)))
	if !strings.Contains(text, "Storm cuts power") || !strings.Contains(text, "<updated>"+now.Format(time.RFC3339)) {
		t.Error("the feed lacks the edit's title or time")
	}
}

func TestWithdrawals(t *testing.T) {
	n, now := clocked(t)
	withdrawn := 0
	for _, it := range n.items {
		if it.withdrawn.IsZero() {
			continue
		}
		withdrawn++
		*now = it.withdrawn.Add(-time.Second)
		feed := n.base(it.host) + it.outlet.feeds[0].path
		if get(n, n.url(it)).StatusCode != http.StatusOK || !strings.Contains(string(bodyOf(t, get(n, feed))), n.url(it)) {
			t.Errorf("%s is not there before its withdrawal", n.url(it))
		}
		*now = it.withdrawn
		if got := get(n, n.url(it)).StatusCode; got != http.StatusGone {
			t.Errorf("%s: status %d, want 410", n.url(it), got)
		}
		if strings.Contains(string(bodyOf(t, get(n, feed))), n.url(it)+"<") {
			t.Errorf("%s is still in %s", n.url(it), feed)
		}
		if k, ok := n.KnownOf(n.url(it)); !ok || !k.Withdrawn || k.Text == "" {
			t.Errorf("known of %s: %t, withdrawn %t", n.url(it), ok, k.Withdrawn)
		}
	}
	if withdrawn < 3 {
		t.Errorf("%d withdrawals, want 3 or more", withdrawn)
	}
}

func TestCopies(t *testing.T) {
	n := siteAt(t, 10*time.Minute, 0)
	same, family, originals := map[string][]Known{}, map[string][]Known{}, map[string]int{}
	for _, k := range n.Known() {
		same[k.SameText] = append(same[k.SameText], k)
		family[k.Family] = append(family[k.Family], k)
		if k.Original {
			originals[k.Family]++
		}
	}
	groups, edited := 0, 0
	for key, list := range same {
		for _, k := range list {
			if k.Text != list[0].Text || k.Family != list[0].Family {
				t.Errorf("%s: %s and %s differ", key, k.URL, list[0].URL)
			}
		}
		if len(list) > 1 {
			groups++
		}
	}
	texts := map[string]string{}
	for _, k := range n.Known() {
		if other, ok := texts[k.Text]; ok && other != k.SameText {
			t.Errorf("%s has the text of group %s", k.URL, other)
		}
		texts[k.Text] = k.SameText
	}
	for key, list := range family {
		if originals[key] != 1 {
			t.Errorf("%s: %d originals", key, originals[key])
		}
		for _, k := range list[1:] {
			if k.SameText != list[0].SameText {
				edited++
			}
		}
	}
	if groups < 8 || edited < 8 {
		t.Errorf("%d groups of exact copies and %d edited copies, want 8 of each", groups, edited)
	}
}
