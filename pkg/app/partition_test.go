package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/weburl"
)

func TestPartitionsAreOfOneNumber(t *testing.T) {
	if bus.Partitions != weburl.Partitions {
		t.Errorf("the broker has %d partitions, hosts %d", bus.Partitions, weburl.Partitions)
	}
	if n := subjectPartition(bus.URLSubject(37)); n != 37 {
		t.Errorf("partition %d, want 37", n)
	}
	if n := subjectPartition("copydesk.url.x"); n != -1 {
		t.Errorf("partition %d, want none", n)
	}
}

func TestKeptLists(t *testing.T) {
	for _, c := range []struct {
		name            string
		had, now, known []string
		alone           bool
		want            string
	}{
		{"new", nil, []string{"a"}, []string{"a"}, false, "a"},
		{"gone from a list that was read", []string{"a"}, nil, []string{"a"}, false, ""},
		{"in the list of another worker", []string{"b"}, nil, []string{"a"}, false, "b"},
		{"in the list of nobody", []string{"b"}, nil, []string{"a"}, true, ""},
		{"in both", []string{"b"}, []string{"a"}, []string{"a"}, false, "a b"},
		{"in both, gone from one", []string{"a", "b"}, nil, []string{"a"}, false, "b"},
	} {
		if got := strings.Join(keptLists(c.had, c.now, c.known, c.alone), " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// loopbackSites starts servers on addresses of their own, which are hosts of
// their own.
func loopbackSites(t *testing.T, n int, h func(i int, base func(i int) string) http.Handler) (base func(i int) string) {
	t.Helper()
	servers := make([]*httptest.Server, n)
	base = func(i int) string { return "http://" + servers[i%n].Listener.Addr().String() }
	for i := range servers {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.4.%d:0", i+1))
		if err != nil {
			t.Skip("this system has one loopback address:", err)
		}
		servers[i] = &httptest.Server{Listener: l, Config: &http.Server{}}
	}
	for i, s := range servers {
		s.Config.Handler = h(i, base)
		s.Start()
		t.Cleanup(s.Close)
	}
	return base
}

// TestRedirectsToHostsOfOtherWorkers: what a redirect leads to is fetched by the
// worker that owns its host, pages and feeds alike, and nothing is lost.
func TestRedirectsToHostsOfOtherWorkers(t *testing.T) {
	t.Parallel() // it waits more than it works
	const sites = 12
	base := loopbackSites(t, sites, func(i int, base func(int) string) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("/moved-feed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, base(i+1)+"/feed", http.StatusFound)
		})
		mux.HandleFunc("/feed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/rss+xml")
			fmt.Fprintf(w, `<rss version="2.0"><channel><title>T</title><item><title>E</title><link>%s/away</link></item></channel></rss>`, base(i))
		})
		mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, base(i+1)+"/page", http.StatusFound)
		})
		mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "<html><body><p>The page of %d.</p></body></html>", i)
		})
		mux.HandleFunc("/circle", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, base(i+1)+"/circle", http.StatusFound)
		})
		return mux
	})
	var list strings.Builder
	for i := range sites {
		fmt.Fprintf(&list, "%s/moved-feed\n", base(i))
	}
	b := testBus(t)
	feeds := []string{writeFile(t, "feeds.txt", list.String())}
	first, _ := runIngest(t, b, IngestFlags{})
	second, _ := runIngest(t, b, IngestFlags{})
	eventually(t, 20*time.Second, "both own half of the partitions", func() bool {
		return first.parts.count() == bus.Partitions/2 && second.parts.count() == bus.Partitions/2
	})
	runIngest(t, b, IngestFlags{Feeds: feeds, URLs: []string{writeFile(t, "urls.txt", base(0)+"/circle\n")}})
	crossed := 0
	for i := range sites {
		if first.parts.has(partitionOf(base(i))) != first.parts.has(partitionOf(base(i+1))) {
			crossed++
		}
	}
	if crossed == 0 {
		t.Fatal("no redirect crosses workers; choose other addresses")
	}
	finals := func() map[string]bool {
		s, err := b.JetStream().Stream(t.Context(), bus.StreamPages)
		if err != nil {
			t.Fatal(err)
		}
		pages := map[string]bool{}
		for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
			if m, err := s.GetMsg(t.Context(), seq); err == nil {
				pages[m.Header.Get(article.HeaderFinalURL)] = true
			}
		}
		return pages
	}
	eventually(t, time.Minute, "every page is fetched", func() bool { return len(finals()) == sites })
	for i := range sites {
		if !finals()[base(i)+"/page"] {
			t.Errorf("%s/page was not fetched", base(i))
		}
	}
	eventually(t, time.Minute, "the circle is a dead letter", func() bool {
		letters, _, err := b.ListDead(t.Context(), bus.DeadQuery{})
		return err == nil && len(letters) == 1 && letters[0].Reason == "fetch_redirect"
	})
	via := 0
	for i := range sites {
		// A poll during which another worker announced its list is done again.
		eventually(t, time.Minute, fmt.Sprintf("feed %d is polled", i), func() bool {
			return feedStateOf(t, first, base(i)+"/moved-feed").State == feedOK
		})
		state := feedStateOf(t, first, base(i)+"/moved-feed")
		if state.State != feedOK || !slices.Equal(state.Lists, feeds) {
			t.Errorf("feed %d is %s (%s), in the lists %v", i, state.State, state.LastError, state.Lists)
		}
		if state.Via != "" {
			via++
		}
	}
	t.Logf("%d of %d redirects crossed workers at first, %d feeds are asked for where they led", crossed, sites, via)
}

// TestFeedsOfDifferentLists: workers poll what others list, and retire only what
// has gone from a list that they read.
func TestFeedsOfDifferentLists(t *testing.T) {
	t.Parallel() // it waits more than it works
	base := loopbackSites(t, 4, func(int, func(int) string) http.Handler { return http.NotFoundHandler() })
	b := testBus(t)
	mine := writeFile(t, "mine.txt", base(0)+"/f\n"+base(1)+"/f\n")
	theirs := writeFile(t, "theirs.txt", base(1)+"/f\n"+base(2)+"/f\n")
	first, stopFirst := runIngest(t, b, IngestFlags{Feeds: []string{mine}})
	second, stopSecond := runIngest(t, b, IngestFlags{Feeds: []string{theirs}})
	states := func() string {
		text := ""
		for i := range 3 {
			s, err := first.feeds.load(context.Background(), base(i)+"/f")
			if err != nil {
				t.Fatal(err)
			}
			text += fmt.Sprint(s.State, len(s.Lists), " ")
		}
		return text
	}
	eventually(t, 30*time.Second, "the feeds of both lists are polled", func() bool {
		return states() == "failing1 failing2 failing1 " && first.parts.count() == 32 && second.parts.count() == 32
	})
	stopSecond()
	eventually(t, 30*time.Second, "the other worker is alone", func() bool { return first.parts.count() == bus.Partitions })
	first.plans.wake()
	eventually(t, 30*time.Second, "the list of nobody is forgotten", func() bool { return strings.HasSuffix(states(), "retired0 ") })
	stopFirst()
}
