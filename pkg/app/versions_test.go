package app

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// clockedNewsroom serves a newsroom whose clock a test moves, by minutes since
// the opening.
func clockedNewsroom(t testing.TB, minute *atomic.Int64) *newsroom.Newsroom {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	epoch := time.Now().Add(-10 * 24 * time.Hour).UTC().Truncate(time.Minute)
	site, err := newsroom.New(newsroom.Options{
		Port: l.Addr().(*net.TCPAddr).Port, Seed: 7, Epoch: epoch,
		Now: func() time.Time {
			return epoch.Add(newsroom.BeforeOpening + time.Duration(minute.Load())*time.Minute)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: site}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return site
}

// startRevisitingIngest polls feeds once and looks at pages again and again.
func (c *cluster) startRevisitingIngest() {
	c.ingest = start(c.t, program(c.t, "ingest"), "--nats", c.nats, "--http", c.httpIngest, "--feeds", c.feeds,
		"--allow-private", "--host-delay", "0s", "--poll-interval", "1h",
		"--revisits", strings.Join(manySteps(), ","), "--takedown-after", "1s")
}

// record reads an article by the id that it has in the index.
func (s searchAPI) record(t testing.TB, id string) (r article.Record) {
	t.Helper()
	if err := s.get("/api/v1/articles/"+id, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// diffAnswer is what the test reads of a comparison of two versions.
type diffAnswer struct {
	From, To struct{ Version int }
	Title    []struct{ Op, Text string }
	Blocks   []struct{ Op, Text string }
}

// lookedSince reports whether every page of a host was asked for since a time.
func lookedSince(site *newsroom.Newsroom, host string, paths []string, since time.Time) bool {
	asked := map[string]bool{}
	for _, r := range site.Requests(host) {
		if r.Time.After(since) {
			asked[r.Path] = true
		}
	}
	return !slices.ContainsFunc(paths, func(p string) bool { return !asked[p] })
}

func pathOf(t testing.TB, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.RequestURI()
}

// TestEditsAndTakedownsAreSeen follows pages through their lives: an edit is
// one new version, what only changes around an article is none, a takedown
// takes the article out of the search, and a page that returns brings it back.
func TestEditsAndTakedownsAreSeen(t *testing.T) {
	t.Parallel() // it waits more than it works
	var minute atomic.Int64
	minute.Store(31)
	site := clockedNewsroom(t, &minute)
	before := expected(site)
	c := newCluster(t, site)
	c.startRevisitingIngest()
	c.startNormalize()
	c.startIndex()
	eventually(t, 2*time.Minute, fmt.Sprintf("%d articles are searchable", len(before)), func() bool { return c.api().total() == len(before) })
	ids, _, err := c.api().all()
	if err != nil {
		t.Fatal(err)
	}

	c.ingest.kill() // the next one knows from the bucket what to look at
	c.startRevisitingIngest()
	minute.Store(40)
	changed := time.Now()
	after := expected(site)
	edited := map[string]bool{}
	around := map[string][]string{} // pages of unedited articles by outlet
	for u, k := range before {
		if now := after[u]; now.Text != k.Text || now.Title != k.Title {
			edited[u] = true
		} else {
			around[k.Outlet] = append(around[k.Outlet], pathOf(t, u))
		}
	}
	if len(edited) < 2 || len(around["mirror"]) == 0 {
		t.Fatalf("%d edited articles, %d beside a clock; the test shows nothing", len(edited), len(around["mirror"]))
	}
	for u := range edited {
		eventually(t, 3*time.Minute, "the edit of "+u+" is seen", func() bool { return c.api().record(t, ids[u]).Version == 2 })
		checkEdit(t, c.api(), ids[u], before[u], after[u])
	}
	for _, outlet := range slices.Sorted(maps.Keys(around)) {
		eventually(t, 3*time.Minute, "every page of "+outlet+" is looked at again", func() bool { return lookedSince(site, outlet, around[outlet], changed) })
	}
	c.settle(t)
	for u, id := range ids {
		want := 1
		if edited[u] {
			want = 2
		}
		if r := c.api().record(t, id); r.Version != want || r.Text != after[u].Text && before[u].Text == after[u].Text && wordF1(r.Text, after[u].Text) < 0.97 {
			t.Errorf("%s has version %d, want %d", u, r.Version, want)
		}
	}
	c.takeDownAndReturn(t, site, &minute, ids, len(before))
	if dead := c.messages(t, bus.StreamDead); dead != 0 {
		t.Errorf("%d dead letters", dead)
	}
}

// settle waits until what was looked at has gone through. Looks go on all the
// time, so the streams need not be empty twice in a row.
func (c *cluster) settle(t *testing.T) {
	t.Helper()
	eventually(t, time.Minute, "pages and articles are through", func() bool {
		return c.messages(t, bus.StreamPages)+c.messages(t, bus.StreamArticles) == 0
	})
}

// checkEdit compares the two versions of an edited article with what its outlet
// says that it changed.
func checkEdit(t *testing.T, api searchAPI, id string, before, after newsroom.Known) {
	t.Helper()
	var d diffAnswer
	if err := api.get("/api/v1/articles/"+id+"/diff", &d); err != nil {
		t.Error(err)
		return
	}
	if d.From.Version != 1 || d.To.Version != 2 {
		t.Errorf("%s: versions %d and %d are compared", after.URL, d.From.Version, d.To.Version)
	}
	old := map[string]bool{}
	for _, p := range strings.Split(before.Text, "\n\n") {
		old[p] = true
	}
	now := strings.Split(after.Text, "\n\n")
	var want, got []string
	for _, p := range now {
		if !old[p] {
			want = append(want, p)
		}
	}
	for _, b := range d.Blocks {
		if b.Op != "equal" && b.Op != "delete" {
			got = append(got, b.Text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: changed blocks %q, want %q", after.URL, got, want)
	}
	title := slices.ContainsFunc(d.Title, func(p struct{ Op, Text string }) bool { return p.Op != "equal" })
	if title != (before.Title != after.Title) {
		t.Errorf("%s: title changed: %v, from %q to %q", after.URL, title, before.Title, after.Title)
	}
}

// takeDownAndReturn withdraws one page for good and another for a while.
func (c *cluster) takeDownAndReturn(t *testing.T, site *newsroom.Newsroom, minute *atomic.Int64, ids map[string]string, total int) {
	t.Helper()
	held := expected(site)
	minute.Store(42) // an article is withdrawn at 41m
	var gone, back string
	for _, u := range slices.Sorted(maps.Keys(ids)) {
		if k, ok := site.KnownOf(u); ok && k.Withdrawn && !held[u].Withdrawn {
			gone = u
		} else if back == "" && k.Outlet == "courier" && k.Original {
			back = u
		}
	}
	if gone == "" || back == "" {
		t.Fatal("no page to take down")
	}
	site.Misbehave("courier", pathOf(t, back), newsroom.Behaviour{Status: http.StatusNotFound})
	eventually(t, 3*time.Minute, "two articles leave the search", func() bool { return c.api().total() == total-2 })
	for _, u := range []string{gone, back} {
		if r := c.api().record(t, ids[u]); !r.Withdrawn || r.Text == "" {
			t.Errorf("%s: withdrawn %v, %d words; want the text that was withdrawn", u, r.Withdrawn, r.Words)
		}
	}
	version := c.api().record(t, ids[back]).Version
	site.Misbehave("courier", pathOf(t, back), newsroom.Behaviour{})
	eventually(t, 4*time.Minute, "the article that came back is found", func() bool { return c.api().total() == total-1 })
	c.settle(t)
	if r := c.api().record(t, ids[back]); r.Withdrawn || r.Version != version {
		t.Errorf("%s: withdrawn %v, version %d; want it as it was, version %d", back, r.Withdrawn, r.Version, version)
	}
	if r := c.api().record(t, ids[gone]); !r.Withdrawn {
		t.Errorf("%s came back", gone)
	}
}
