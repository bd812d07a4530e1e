package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/stage"
)

const heraldPage = "https://www.herald.example/a"

// site plays events into a fresh record, one flush after each, and returns it.
func playSite(t *testing.T, events []string) *siteState {
	t.Helper()
	p := newPublishers(nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	s := &siteState{}
	for i, e := range events {
		kind, what, _ := strings.Cut(e, " ")
		req := fetch.Request{URL: heraldPage, Kind: fetch.Kind(kind)}
		switch {
		case kind == "text":
			p.read(heraldPage, article.Access(what), time.Unix(int64(1000+i), 0))
		case what == "ok":
			p.fetched(req, &fetch.Response{}, nil)
		case strings.Trim(what, "0123456789") == "":
			var status int
			_, _ = fmt.Sscan(what, &status)
			p.fetched(req, nil, &fetch.Error{Class: fetch.ClassHTTP4xx, Status: status})
		default:
			p.fetched(req, nil, &fetch.Error{Class: what})
		}
		for _, n := range p.sites {
			s.seen(n)
		}
		clear(p.sites)
	}
	return s
}

func TestSiteVerdict(t *testing.T) {
	for _, c := range []struct{ events, state, why string }{
		{"page ok", siteOK, ""},
		{"page robots;page robots", siteOK, ""},
		{"page robots;page robots;page robots", siteBlocked, "robots.txt"},
		{"page 403;page 403;page ok;page 403;page 403", siteOK, ""},
		{"page ok;page 403;page 401;page challenge", siteBlocked, "challenge"},
		{"page 403;page 404;page 403;page throttled;page canceled;page 403", siteBlocked, "status 403"},
		{"feed ok;page 403;feed ok;page 403;feed ok;page 403", siteBlocked, "status 403"},
		{"page ok;feed timeout;feed timeout;feed timeout", siteFailing, "timeout"},
		{"page 503;page dns;page 429", siteFailing, "status 429"},
		{"page 503;page 503;page 403;page 403;page 503", siteOK, ""},
		{"page 404;page 404;page 404;page 404", siteOK, ""},
		{"text teaser;text teaser;text teaser;text teaser", siteOK, ""},
		{"text teaser;text teaser;text paywall;text full;text teaser", siteTeasers, "teaser"},
		{"text teaser;text teaser;text full;text full;text teaser", siteOK, ""},
		{"text teaser;text teaser;text teaser;text teaser;text teaser;page 403;page 403;page 403", siteBlocked, "status 403"},
		{"page ok;text consent;page ok;text consent;page ok;text challenge", siteBlocked, "challenge"},
		{"text consent;text consent;text full;text consent", siteOK, ""},
		{"text soft404;text soft404;text soft404", siteOK, ""},
	} {
		s := playSite(t, strings.Split(c.events, ";"))
		state, since, why := s.verdict()
		if state != c.state || why != c.why || since.IsZero() != (state == siteOK) {
			t.Errorf("%s: got %s since %s because of %q, want %s because of %q", c.events, state, since, why, c.state, c.why)
		}
	}
	if _, since, _ := playSite(t, strings.Split(strings.Repeat("text teaser;", 40), ";")[:40]).verdict(); since.Unix() != 1000 {
		t.Errorf("teasers since %s, want the first of them", since)
	}
}

// TestPublishersAreBounded: however many sites and articles there are, what is
// kept and what is written at once has an end.
func TestPublishersAreBounded(t *testing.T) {
	p := newPublishers(nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	for i := range maxSites + 500 {
		p.fetched(fetch.Request{URL: fmt.Sprintf("https://site%d.example/", i)}, &fetch.Response{}, nil)
	}
	for range 1000 {
		p.read("https://site1.example/", article.Teaser, time.Now())
	}
	if n := p.sites["site1.example"]; len(p.sites) != maxSites || len(n.texts) > teaserWindow {
		t.Errorf("%d sites, %d texts", len(p.sites), len(n.texts))
	}
	now := time.Now()
	if due := p.due(now); len(due) != maxSiteWrites {
		t.Errorf("%d records are due at once", len(due))
	}
	for range maxSites / maxSiteWrites {
		p.due(now)
	}
	if due := p.due(now); len(due) != 0 {
		t.Errorf("%d records are due twice", len(due))
	}
	p.due(now.Add(2 * siteRefresh))
	if len(p.sites) != 0 {
		t.Errorf("%d sites of which nothing is heard are remembered", len(p.sites))
	}
}

// TestPublisherState: a site that answers with challenges is shown as blocked,
// its host is left alone, and it is shown as well again when it lets us in.
func TestPublisherState(t *testing.T) {
	t.Parallel() // it waits more than it works
	var closed atomic.Bool
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		if closed.Load() {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, shortReport)
	}))
	defer site.Close()
	b := testBus(t)
	p := newPublishers(b, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	sources := feedSources{&sourceCache{store: feedStore{bucket{bus: b}}}}
	f, err := fetch.New(fetch.Options{AllowPrivate: true, NoDelay: true, Report: p.fetched})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	look := func(times int) string {
		for i := range times {
			_, _ = f.Fetch(t.Context(), fetch.Request{URL: fmt.Sprintf("%s/%d", site.URL, i)})
		}
		p.flush(t.Context())
		list, err := sources.Publishers(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("got %+v, %v", list, err)
		}
		return list[0].State + " " + list[0].Why
	}
	if got := look(1); got != "ok " {
		t.Errorf("at first: %s", got)
	}
	closed.Store(true)
	if got := look(3); got != "blocked status 403" {
		t.Errorf("closed: %s", got)
	}
	closed.Store(false)
	if got := look(1); got != "ok " {
		t.Errorf("open again: %s", got)
	}
	for state, want := range map[string]float64{siteBlocked: 1, siteOK: 1, siteFailing: 0} {
		if got := testutil.ToFloat64(p.changes.WithLabelValues(state)); got != want {
			t.Errorf("%v changes to %s, want %v", got, state, want)
		}
	}
}

// TestTwoWorkersKnowOfOneSite: what two workers find adds up.
func TestTwoWorkersKnowOfOneSite(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := testBus(t)
	for i := range 3 {
		p := newPublishers(b, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		p.fetched(fetch.Request{URL: heraldPage}, nil, &fetch.Error{Class: fetch.ClassRobots})
		p.flush(t.Context())
		store, err := openBucket(t.Context(), b, bus.BucketSites)
		if err != nil {
			t.Fatal(err)
		}
		sites, err := allSites(t.Context(), store)
		if err != nil || len(sites) != 1 || sites[0].Pages.Count != i+1 {
			t.Fatalf("got %+v, %v", sites, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		wishes []string
		rights article.Rights
		want   string
	}{
		{[]string{"noindex", "noarchive"}, article.Rights{NoIndex: true}, "noindex"},
		{[]string{"noindex", "noarchive"}, article.Rights{NoAI: true, NoArchive: true, NoSnippet: true}, ""},
		{[]string{"noai"}, article.Rights{NoAI: true}, "noai"},
		{[]string{"noai"}, article.Rights{TDMReserved: true}, "noai"},
		{[]string{"noai"}, article.Rights{NoIndex: true, NoImageAI: true}, ""},
		{[]string{"none"}, article.Rights{NoIndex: true, NoAI: true}, ""},
		{nil, article.Rights{NoIndex: true}, ""},
	} {
		p, err := newPolicy(c.wishes)
		if got := p.withholds(&c.rights); err != nil || got != c.want {
			t.Errorf("%v, %+v: got %q, %v; want %q", c.wishes, c.rights, got, err, c.want)
		}
		if p.withholds(nil) != "" {
			t.Errorf("%v: a page without wishes is withheld", c.wishes)
		}
	}
	for _, bad := range [][]string{{"nofollow"}, {"none", "noai"}, {""}} {
		if _, err := newPolicy(bad); err == nil || !errors.As(err, new(usageError)) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// TestWithheldPage: a page whose publisher wants it in no index becomes no
// article, and takes back what it was before; without the policy it is one, and
// says what is reserved.
func TestWithheldPage(t *testing.T) {
	page := &article.Page{
		ID: article.ID(heraldPage), URL: heraldPage, FinalURL: heraldPage, Status: 200, ContentType: "text/html", FetchedAt: time.Now(),
		Rights: article.Rights{NoAI: true, Sources: []string{"robots.txt: gptbot"}},
		Body:   []byte(strings.Replace(shortReport, "<head>", `<head><meta name="robots" content="noindex">`, 1)),
	}
	headers, err := page.Headers("")
	if err != nil {
		t.Fatal(err)
	}
	msg := &stage.Msg{Header: nats.Header(headers), Data: page.Body}
	for _, honours := range []bool{true, false} {
		reg := prometheus.NewRegistry()
		n := &normalizer{policy: policy{noIndex: honours}, withheld: newWithheld(reg), metrics: newNormalizeMetrics(reg), log: slog.New(slog.DiscardHandler)}
		r := n.one(t.Context(), msg)
		if r.Err != nil || len(r.Out) != 1 {
			t.Fatalf("got %+v", r)
		}
		if down := r.Out[0].Header.Get(article.HeaderTakedown) != ""; down != honours {
			t.Errorf("honoured %t: takedown %t", honours, down)
		}
		if honours {
			continue
		}
		var a article.Article
		if err := json.Unmarshal(r.Out[0].Data, &a); err != nil {
			t.Fatal(err)
		}
		if want := []string{"meta robots: noindex", "robots.txt: gptbot"}; a.Rights == nil || !slices.Equal(a.Rights.Sources, want) {
			t.Errorf("got rights %+v, want those of %q", a.Rights, want)
		}
	}
}

// TestChallengeIsNoEnd: a page that gave a challenge for once is looked at
// again, and what it was before stays.
func TestChallengeIsNoEnd(t *testing.T) {
	t.Parallel() // it waits more than it works
	const challenge = `<html><head><title>Just a moment...</title></head><body><h1>herald.example</h1><p>Checking your browser before you may read on.</p></body></html>`
	b := testBus(t)
	p := newPublishers(b, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	n := &normalizer{bus: b, publishers: p, metrics: newNormalizeMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	pages, err := openBucket(t.Context(), b, bus.BucketPages)
	if err != nil {
		t.Fatal(err)
	}
	for body, aside := range map[string]bool{challenge: false, somethingElse: true} {
		page := &article.Page{ID: article.ID(heraldPage), URL: heraldPage, FinalURL: heraldPage, Status: 200, ContentType: "text/html", FetchedAt: time.Now(), Body: []byte(body)}
		headers, err := page.Headers("")
		if err != nil {
			t.Fatal(err)
		}
		for range streakOf {
			if r := n.one(t.Context(), &stage.Msg{Header: nats.Header(headers), Data: page.Body}); r.Err == nil || len(r.Out) != 0 {
				t.Errorf("got %+v, want no article", r)
			}
		}
		if got, err := (pageStore{pages}).isAside(t.Context(), heraldPage); err != nil || got != aside {
			t.Errorf("set aside: %t, %v; want %t", got, err, aside)
		}
		if !aside {
			s := &siteState{}
			s.seen(p.sites["herald.example"])
			if state, _, why := s.verdict(); state != siteBlocked || why != "challenge" {
				t.Errorf("got %s because of %q", state, why)
			}
			continue
		}
		if err := pages.kv.Delete(t.Context(), asideKey(heraldPage)); err != nil {
			t.Fatal(err)
		}
	}
}
