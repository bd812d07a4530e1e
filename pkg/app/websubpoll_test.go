package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/websub"
)

func testWishes() *hubWishes {
	return &hubWishes{metrics: newWebSubMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
}

func TestChooseTakesTheHubThatWorks(t *testing.T) {
	const topic, one, two = "https://a.example/feed", "https://one.example/", "https://two.example/"
	now := time.Now()
	offer := func(hubs ...string) *websub.Links { return &websub.Links{Hubs: hubs, Self: topic} }
	with := func(hub string, change func(*pushState)) *pushState {
		p := &pushState{Key: "k", Hub: hub, Topic: topic}
		if change != nil {
			change(p)
		}
		return p
	}
	denied := func(p *pushState) { p.Denied = true }
	failing := func(p *pushState) { p.Failing = true }
	for _, c := range []struct {
		name string
		had  *pushState
		got  *websub.Links
		hub  string // "" for none
		kept bool
	}{
		{"the first", nil, offer(one, two), one, false},
		{"none is offered", with(one, nil), offer(), "", false},
		{"not read", with(one, nil), nil, one, true},
		{"still offered", with(two, nil), offer(one, two), two, true},
		{"not offered any more", with(one, nil), offer(two), two, false},
		{"another topic", with(one, func(p *pushState) { p.Topic = "https://a.example/other" }), offer(one), one, false},
		{"denied, there is another", with(one, denied), offer(one, two), two, false},
		{"denied, there is none", with(one, denied), offer(one), one, true},
		{"the last one fails", with(two, failing), offer(one, two), one, false},
		{"fails, but pushes", with(one, func(p *pushState) { p.Failing, p.Until = true, now.Add(time.Hour) }), offer(one, two), one, true},
	} {
		got := testWishes().choose(&feedState{URL: topic, Push: c.had}, c.got, now)
		if c.hub == "" {
			if got != nil {
				t.Errorf("%s: %+v", c.name, got)
			}
			continue
		}
		if got == nil || got.Hub != c.hub || got.Topic != topic || (got == c.had) != c.kept {
			t.Errorf("%s: %+v, want hub %s, kept %t", c.name, got, c.hub, c.kept)
			continue
		}
		if !c.kept && (got.Key != subscriptionKey(c.hub, topic, c.hub, topic) || partOfSubscription(got.Key) != partitionOf(c.hub)) {
			t.Errorf("%s: key %s", c.name, got.Key)
		}
	}
	if off := (*hubWishes)(nil).choose(&feedState{Push: with(one, nil)}, offer(one), now); off != nil {
		t.Errorf("with WebSub off: %+v", off)
	}
}

// settled returns the wait until the next poll of a busy feed whose hub is as
// told.
func settled(t *testing.T, h *hubWishes, interval time.Duration, change func(*pushState)) (wait time.Duration, state *feedState) {
	t.Helper()
	now := time.Now()
	p := &feedPoller{policy: cadence.Default(), hubs: h}
	state = &feedState{URL: "https://a.example/feed", Push: &pushState{
		Key: "k", Hub: "https://h.example/", Topic: "t", Since: now.Add(-time.Hour), Until: now.Add(100 * time.Hour), Trust: websub.Trust{Agreed: 2},
	}}
	change(state.Push)
	poll := cadence.Poll{Entries: 20}
	for i := range 20 {
		poll.New = append(poll.New, now.Add(-time.Duration(i)*10*time.Minute))
	}
	p.settle(state, feed.Source{}, interval, found{poll: poll}, nil)
	return state.NextPoll.Sub(now), state
}

func TestATrustedHubIsPolledSeldom(t *testing.T) {
	for _, c := range []struct {
		name     string
		off      bool
		interval time.Duration
		change   func(*pushState)
		at, end  time.Duration
	}{
		{"trusted", false, 0, func(*pushState) {}, seldomLeast, seldomMost},
		{"not proven", false, 0, func(p *pushState) { p.Trust.Agreed = 1 }, 0, 30 * time.Minute},
		{"needs more proof after a loss", false, 0, func(p *pushState) { p.Trust.Losses = 1 }, 0, 30 * time.Minute},
		{"lease over", false, 0, func(p *pushState) { p.Until = time.Now() }, 0, 30 * time.Minute},
		{"lease ends soon", false, 0, func(p *pushState) { p.Until = time.Now().Add(time.Hour) }, 59 * time.Minute, 61 * time.Minute},
		{"denied", false, 0, func(p *pushState) { p.refused("no") }, 0, 30 * time.Minute},
		{"fixed interval", false, 10 * time.Minute, func(*pushState) {}, 9 * time.Minute, 11 * time.Minute},
		{"WebSub is off", true, 0, func(*pushState) {}, 0, 30 * time.Minute},
	} {
		h := testWishes()
		if c.off {
			h = nil
		}
		wait, state := settled(t, h, c.interval, c.change)
		if wait < c.at || wait > c.end {
			t.Errorf("%s: polled again after %s, want %s to %s", c.name, wait, c.at, c.end)
		}
		if (state.Push == nil) != c.off {
			t.Errorf("%s: %+v", c.name, state.Push)
		}
	}
	quiet := &feedState{URL: "https://a.example/feed", LastPoll: time.Now(), Push: &pushState{Until: time.Now().Add(100 * time.Hour), Trust: websub.Trust{Agreed: 2}}}
	if due := time.Now().Add(20 * time.Hour); testWishes().settle(quiet, false, found{}, due) != due {
		t.Error("a quiet feed is polled more often because it is pushed")
	}
}

func TestPollsAuditTheHub(t *testing.T) {
	now := time.Now()
	entry := func(title string, age time.Duration) *feed.Entry {
		e := &feed.Entry{URL: "https://a.example/" + title}
		e.Entry = article.Entry{Title: title}
		if age >= 0 {
			e.Published = now.Add(-age)
		}
		return e
	}
	brought := entry("brought", time.Hour)
	state := &feedState{LastPoll: now.Add(-3 * time.Hour), Push: &pushState{
		Since: now.Add(-5 * time.Hour), Until: now.Add(time.Hour), Brought: []string{brought.Hash()[:entryHashLen]},
	}}
	audit := func(last time.Duration, e *feed.Entry, seen bool) (confirmed, missed int) {
		s := *state
		s.LastPoll = now.Add(-last)
		a := newPushAudit(&s, now)
		a.note(e, seen)
		return a.confirmed, a.missed
	}
	for _, c := range []struct {
		name              string
		last              time.Duration
		entry             *feed.Entry
		seen              bool
		confirmed, missed int
	}{
		{"brought by a push", time.Hour, brought, true, 1, 0},
		{"known from before", time.Hour, entry("other", time.Hour), true, 0, 0},
		{"missed", time.Hour, entry("late", 20*time.Minute), false, 0, 1},
		{"may still come", time.Hour, entry("new", 2*time.Minute), false, 0, 0},
		{"from before the subscription", time.Hour, entry("old", 6*time.Hour), false, 0, 0},
		{"without date, long not polled", time.Hour, entry("undated", -1), false, 0, 1},
		{"without date, just polled", 6 * time.Minute, entry("undated", -1), false, 0, 0},
	} {
		if confirmed, missed := audit(c.last, c.entry, c.seen); confirmed != c.confirmed || missed != c.missed {
			t.Errorf("%s: %d confirmed, %d missed", c.name, confirmed, missed)
		}
	}
	if newPushAudit(&feedState{}, now) != nil {
		t.Error("a feed without hub is audited")
	}
	(*pushAudit)(nil).note(brought, false)

	// A miss ends the trust, and the feed's own rhythm returns.
	h := testWishes()
	wait, s := settled(t, h, 0, func(*pushState) {})
	if wait < seldomLeast {
		t.Fatalf("trusted, and polled after %s", wait)
	}
	due := time.Now().Add(time.Minute)
	got := found{audit: &pushAudit{missed: 2}}
	if next := h.settle(s, false, got, due); next != due || !got.audit.lost || s.Push.Trust.Trusted() {
		t.Errorf("after a miss polled at %s, lost %t", next, got.audit.lost)
	}
}

// A subscription may be taken out of the state while the feed is polled; what the
// poll thought of it before then does not count.
func TestAuditOfAHubThatIsGone(t *testing.T) {
	h := testWishes()
	_, s := settled(t, h, 0, func(*pushState) {})
	got := found{audit: &pushAudit{missed: 1}}
	h.settle(s, false, got, time.Now())
	if !got.audit.lost {
		t.Fatal("trust was not lost")
	}
	s.Push = nil
	h.settle(s, false, got, time.Now())
	h.keep(t.Context(), s, "", got.audit) // names no hub
	if got.audit.lost {
		t.Error("the trust in no hub was lost")
	}
}

// memoryFeeds keeps feed states in memory, by compare-and-set.
type memoryFeeds struct {
	data     []byte
	revision uint64
	before   func(*memoryFeeds) // called once in front of the next save
}

func (m *memoryFeeds) load(_ context.Context, url string) (*feedState, error) {
	s := &feedState{URL: url}
	if m.revision > 0 {
		if err := json.Unmarshal(m.data, s); err != nil {
			return nil, err
		}
	}
	s.revision = m.revision
	return s, nil
}

func (m *memoryFeeds) save(_ context.Context, s *feedState) error {
	if f := m.before; f != nil {
		m.before = nil
		f(m)
	}
	if s.revision != m.revision {
		return errConflict
	}
	m.data, _ = json.Marshal(s)
	m.revision++
	s.revision = m.revision
	return nil
}

// A push that is saved while a poll is under way is not lost, and neither is
// what the poll found.
func TestAPollAndAPushAtTheSameTime(t *testing.T) {
	const url = "https://a.example/feed"
	store := &memoryFeeds{}
	began := time.Now()
	ping := began.Add(3 * time.Second)
	pushed := &pushState{Key: "k", Until: began.Add(time.Hour)}
	if err := store.save(t.Context(), &feedState{URL: url, Seen: []string{"a"}, Push: pushed}); err != nil {
		t.Fatal(err)
	}
	p := &feedPoller{feeds: store, policy: cadence.Default(), hubs: testWishes(), log: slog.New(slog.DiscardHandler)}
	polled, err := store.load(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	polled.Seen, polled.ETag = []string{"b", "a"}, "v2"
	settle := func(s *feedState) { p.settle(s, feed.Source{}, 0, found{poll: cadence.Poll{Entries: 2}}, nil) }
	settle(polled)
	store.before = func(m *memoryFeeds) {
		s, _ := m.load(t.Context(), url)
		s.Seen, s.Push.Brought, s.NextPoll = []string{"pushed", "a"}, []string{"pushed"}, ping
		s.Tags = []string{"changed"}
		if err := m.save(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if err := p.saveSettled(t.Context(), polled, began, settle); err != nil {
		t.Fatal(err)
	}
	got, err := store.load(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Seen, []string{"b", "a", "pushed"}) || got.ETag != "v2" || got.State != feedOK || len(got.Push.Brought) != 1 || len(got.Tags) != 1 {
		t.Errorf("saved %+v with push %+v", got, got.Push)
	}
	if !got.NextPoll.Equal(ping) || !polled.NextPoll.Equal(ping) {
		t.Errorf("polled again at %s, its hub called for %s", got.NextPoll, ping)
	}

	// A feed that was retired meanwhile stays so.
	store.before = func(m *memoryFeeds) {
		s, _ := m.load(t.Context(), url)
		s.State = feedRetired
		if err := m.save(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if err := p.saveSettled(t.Context(), polled, began, settle); err != nil {
		t.Fatal(err)
	}
	if got, _ := store.load(t.Context(), url); got.State != feedRetired {
		t.Errorf("a poll revived a retired feed: %s", got.State)
	}
}

func TestAdvanceMakesAFeedDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen polls
		p := newPoller(slog.New(slog.DiscardHandler), func(_ context.Context, s feed.Source) time.Time {
			seen.add(s.URL)
			time.Sleep(10 * time.Second)
			return time.Now().Add(time.Hour)
		})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { p.run(ctx) })
		const url = "https://a.example/feed"
		p.set([]feed.Source{{URL: url}}, nil, func(string) time.Time { return time.Now().Add(time.Hour) })
		wait := func(d time.Duration, want int) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if n := seen.of(url); n != want {
				t.Errorf("polled %d times, want %d", n, want)
			}
		}
		wait(time.Minute, 0)
		p.advance(url, time.Now().Add(2*time.Hour)) // later is nothing
		p.advance("https://other.example/", time.Now())
		p.advance(url, time.Now().Add(time.Minute))
		wait(59*time.Second, 0)
		wait(2*time.Second, 1)
		p.advance(url, time.Now().Add(5*time.Second)) // while it is being polled
		wait(10*time.Second, 2)
		wait(59*time.Minute, 2)
		wait(2*time.Minute, 3)
		stop()
		running.Wait()
	})
}

func TestWebSubFlags(t *testing.T) {
	for _, c := range []struct {
		f    WebSubFlags
		want string // part of the error; "" for none
	}{
		{WebSubFlags{}, ""},
		{WebSubFlags{"https://news.example.org/websub", ":9105"}, ""},
		{WebSubFlags{"https://news.example.org", ":9105"}, ""},
		{WebSubFlags{"", ":9105"}, "--websub-listen :9105: give --websub-callback URL too"},
		{WebSubFlags{"https://news.example.org", ""}, "give --websub-listen ADDR too"},
		{WebSubFlags{"news.example.org", ":9105"}, "give an address such as https://"},
		{WebSubFlags{"ftp://news.example.org", ":9105"}, "give an address such as https://"},
		{WebSubFlags{"https://news.example.org/?a=b", ":9105"}, "without query"},
	} {
		err := IngestFlags{FetchWorkers: 1, WebSubFlags: c.f, Revisits: []string{"none"}}.check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.f, err, c.want)
		}
	}
}

func TestPushStateTellsPeople(t *testing.T) {
	now := time.Now()
	for want, p := range map[string]*pushState{
		"":                      nil,
		"push asked for":        {},
		"push failing: no name": {Reason: "no name"},
		"push denied":           {Denied: true},
		"push denied: closed":   {Denied: true, Reason: "closed"},
		"push since 2026-01-02 03:04 UTC, polled as before until polls agree": {Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Until: now.Add(time.Hour)},
		"push since 2026-01-02 03:04 UTC":                                     {Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Until: now.Add(time.Hour), Trust: websub.Trust{Agreed: 2}},
		"push ended 2026-01-02 03:04 UTC: 503":                                {Until: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Reason: "503"},
	} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
