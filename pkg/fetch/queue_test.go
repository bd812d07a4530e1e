package fetch

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestPriorities: fresh pages go before revisits before backfill, whichever
// came first, and within one priority the first goes first.
func TestPriorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{IgnoreRobots: true}, func(http.ResponseWriter, *http.Request) {})
		defer stop()
		var wg sync.WaitGroup
		fetch := func(path string, p Priority) {
			wg.Go(func() {
				if _, err := f.Fetch(t.Context(), Request{URL: "http://busy.example.org" + path, Priority: p}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		fetch("/first", PriorityBackfill)
		for i := range 3 {
			fetch(fmt.Sprint("/backfill", i), PriorityBackfill)
			fetch(fmt.Sprint("/revisit", i), PriorityRevisit)
			fetch(fmt.Sprint("/fresh", i), PriorityFresh)
		}
		// One that comes late overtakes those that wait only for the pause.
		time.Sleep(3500 * time.Millisecond)
		fetch("/late", PriorityFresh)
		wg.Wait()
		var got []string
		for _, v := range n.visits() {
			got = append(got, strings.TrimPrefix(v.path, "/"))
		}
		want := strings.Fields("first fresh0 fresh1 fresh2 late revisit0 revisit1 revisit2 backfill0 backfill1 backfill2")
		if !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		wantGaps(t, n.visits(), time.Second)
	})
}

// TestHostQueueIsBounded: a full queue gives back what is least urgent.
func TestHostQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n, stop := newPipeFetcher(t, Options{IgnoreRobots: true, NoDelay: true}, func(http.ResponseWriter, *http.Request) { time.Sleep(10 * time.Millisecond) })
		defer stop()
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := map[Priority]int{}
		fetch := func(p Priority) {
			wg.Go(func() {
				_, err := f.Fetch(t.Context(), Request{URL: "http://busy.example.org/", Priority: p})
				if err == nil {
					return
				}
				if e := wantClass(t, err, ClassThrottled); e.RetryAfter == 0 || !e.Temporary {
					t.Errorf("got %+v", e)
				}
				mu.Lock()
				refused[p]++
				mu.Unlock()
			})
			synctest.Wait()
		}
		for range maxHostQueue + 11 { // one of them is under way
			fetch(PriorityRevisit)
		}
		for range 20 {
			fetch(PriorityFresh)
		}
		fetch(PriorityBackfill)
		if w := f.Waiting("busy.example.org", PriorityBackfill); w != maxHostQueue+1 {
			t.Errorf("%d are under way or wait", w)
		}
		wg.Wait()
		if refused[PriorityRevisit] != 30 || refused[PriorityFresh] != 0 || refused[PriorityBackfill] != 1 || len(n.visits()) != maxHostQueue+1 {
			t.Errorf("refused %v, %d visits", refused, len(n.visits()))
		}
	})
}

// TestBackoffOnAnswers: a host that says again and again that it is too busy is
// left alone for longer and longer, and forgiven at the first good answer.
func TestBackoffOnAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		after  string // Retry-After
		want   []time.Duration
	}{
		{429, "", []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour}},
		{429, "1", []time.Duration{time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second}},
		{503, "100", []time.Duration{100 * time.Second, 100 * time.Second, 100 * time.Second, 100 * time.Second, 100 * time.Second, 160 * time.Second}},
		{503, "", []time.Duration{0, 10 * time.Second, 20 * time.Second}},
		{500, "", []time.Duration{0, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 320 * time.Second, 10 * time.Minute, 10 * time.Minute}},
		{404, "", []time.Duration{0, 0, 0}},
	} {
		t.Run(fmt.Sprint(c.status, c.after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status := c.status
				f, _, stop := newPipeFetcher(t, Options{IgnoreRobots: true, NoDelay: true}, func(w http.ResponseWriter, _ *http.Request) {
					if c.after != "" {
						w.Header().Set("Retry-After", c.after)
					}
					w.WriteHeader(status)
				})
				defer stop()
				url := "http://busy.example.org/"
				for i, want := range c.want {
					_, err := f.Fetch(t.Context(), Request{URL: url})
					if asError(err).Status != c.status {
						t.Fatalf("%d: got %v", i, err)
					}
					if d := f.Delay("busy.example.org"); d != want {
						t.Errorf("%d: left alone for %s, want %s", i, d, want)
					}
					time.Sleep(want)
				}
				status = 200
				get(t, f, url)
				status = c.status
				_, _ = f.Fetch(t.Context(), Request{URL: url})
				if d := f.Delay("busy.example.org"); d != c.want[0] {
					t.Errorf("afterwards left alone for %s, want %s", d, c.want[0])
				}
			})
		})
	}
}

// TestClockJumps: pauses are measured with a clock that only goes forward, so a
// host that names a date far off costs its own time and nobody else's.
func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var off time.Duration
		f, _, stop := newPipeFetcher(t, Options{IgnoreRobots: true}, func(w http.ResponseWriter, _ *http.Request) {
			now := time.Now().Add(off)
			w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
			w.Header().Set("Retry-After", now.Add(5*time.Minute).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusTooManyRequests)
		})
		defer stop()
		for i, d := range []time.Duration{0, -365 * 24 * time.Hour, 365 * 24 * time.Hour} {
			off = d
			// Both dates are of the server's clock, so it does not matter that it is wrong.
			if e := fail(t, f, fmt.Sprintf("http://host%d.example.org/", i), ClassThrottled); e.RetryAfter != 5*time.Minute {
				t.Errorf("clock off by %s: left alone for %s", d, e.RetryAfter)
			}
		}
	})
}

// challengePages are answers as guards of sites give them, with invented texts.
func challengePages() []struct {
	name, header, body string
	status             int
	want               bool
} {
	page := func(title, body string) string {
		return "<!DOCTYPE html><html><head><title>" + title + "</title></head><body>" + body + "</body></html>"
	}
	article := page("Ferry fares rise", "<article><h1>Ferry fares rise</h1>"+strings.Repeat("<p>The company that runs the ferry blames the price of rope, which has doubled since the harbour was dredged.</p>", 10)+"</article>")
	return []struct {
		name, header, body string
		status             int
		want               bool
	}{
		{"announced in a header", "Cf-Mitigated: challenge", page("One moment", ""), 403, true},
		{"announced in a header, no body", "X-Amzn-Waf-Action: challenge", "", 202, true},
		{"a script that checks the browser, 503", "", page("One moment", `<div id="cf-wrapper"></div><script>window._cf_chl_opt={cvId:'3'}</script>`), 503, true},
		{"the same with 200", "", page("One moment", `<script>window._cf_chl_opt={cvId:'3'}</script><noscript>Enable scripts</noscript>`), 200, true},
		{"reference number and script, 200", "", page("&nbsp;", `<div id="sec-if-cpt-container"></div><script src="/a/b?v=1"></script>`), 200, true},
		{"a frame of a service, 403", "", page("harbour.example", `<p id="cmsg">Please turn on scripts</p><script src="https://ct.captcha-delivery.com/c.js"></script>`), 403, true},
		{"press and hold, 403", "", page("Access to this page has been denied", `<div id="px-captcha"></div><p>Press &amp; Hold to confirm you are a human</p>`), 403, true},
		{"words alone, 429", "", page("Unusual traffic", "<p>We noticed unusual traffic from your network.</p>"), 429, true},
		{"words alone, 401", "", page("Are you a robot?", "<form><p>Please verify you are human.</p></form>"), 401, true},
		{"words in German, 403", "", page("Kurze Prüfung", "<p>Bitte bestätigen Sie, dass Sie ein Mensch sind.</p>"), 403, true},
		{"a refusal without more", "", page("403 Forbidden", "<h1>Forbidden</h1>"), 403, false},
		{"too busy without more", "", page("Too busy", "<h1>Come back later</h1>"), 503, false},
		{"not found, and a form guarded by a captcha", "", page("Not found", `<div class="g-recaptcha"></div>`), 404, false},
		{"an article", "", article, 200, false},
		{"an article in a page with a script of a guard", "", strings.Replace(article, "</body>", `<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script></body>`, 1), 200, false},
		{"a short page about captchas", "", page("Captchas", "<p>Are you a robot? The council asks the same of gulls.</p>"), 200, false},
		{"words in a feed", "", `<?xml version="1.0"?><rss><channel><title>Captcha news</title></channel></rss>`, 200, false},
	}
}

func TestChallenges(t *testing.T) {
	for _, c := range challengePages() {
		t.Run(c.name, func(t *testing.T) {
			f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots = true })
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if strings.HasPrefix(c.body, "<?xml") {
					w.Header().Set("Content-Type", "application/rss+xml")
				}
				if k, v, ok := strings.Cut(c.header, ": "); ok {
					w.Header().Set(k, v)
				}
				w.Header().Set("Content-Encoding", "gzip")
				w.WriteHeader(c.status)
				_, _ = w.Write(encode(t, "gzip", strings.NewReader(c.body)))
			})
			_, err := f.Fetch(t.Context(), Request{URL: s.URL + "/"})
			if got := err != nil && asError(err).Class == ClassChallenge; got != c.want {
				t.Fatalf("got %v, challenge wanted: %t", err, c.want)
			}
			if !c.want {
				return
			}
			if e := asError(err); !e.Temporary || e.RetryAfter != firstChallenge || e.Status != c.status {
				t.Errorf("got %+v", e)
			}
			if d := f.Delay("127.0.0.1"); d < firstChallenge-time.Minute {
				t.Errorf("the host is left alone for %s", d)
			}
		})
	}
}

// TestChallengeForRobots: who answers for robots.txt with a challenge has not
// said what is allowed, so nothing is.
func TestChallengeForRobots(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/robots.txt" {
			t.Errorf("%s was asked for", r.URL)
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<title>Are you a robot?</title>")
	})
	fail(t, newTestFetcher(t), s.URL+"/", ClassChallenge)
}
