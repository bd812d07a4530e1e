package app

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/websub"
)

const anyAddr = "127.0.0.1:0"

// pushesOf returns how many pushes of a worker had an outcome.
func pushesOf(w *ingestWorker, outcome string) int {
	return int(testutil.ToFloat64(w.webSub.callbacks.metrics.pushes.WithLabelValues(outcome)))
}

func TestPushBringsPagesWithoutAPoll(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	b := testBus(t)
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}})
	topic := site.feed()
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(topic) != "" })
	callback := hub.callback(topic)
	eventually(t, 10*time.Second, "the feed's state shows it", func() bool {
		return strings.HasPrefix(feedStateOf(t, w, topic).Push.String(), "push since ")
	})

	if status := hub.push(topic, site.rss("fresh", "old")); status != http.StatusAccepted {
		t.Fatalf("a push is answered %d", status)
	}
	eventually(t, 20*time.Second, "the page is fetched", func() bool { return messagesOf(t, b, bus.StreamPages) == 2 })
	if n := site.polled(); n != 1 {
		t.Errorf("the feed was polled %d times, want once, for its hub", n)
	}
	state := feedStateOf(t, w, topic)
	if len(state.Push.Brought) != 1 || state.LastNew.Before(state.LastPoll) || state.Cadence.At.Before(state.LastPoll) {
		t.Errorf("the state of the feed does not show the push: %+v", state.Push)
	}

	// What a hub repeats is taken and changes nothing.
	if status := hub.push(topic, site.rss("fresh", "old")); status != http.StatusAccepted || pushesOf(w, pushKnown) != 1 {
		t.Errorf("a repeated push is answered %d, %d of them known", status, pushesOf(w, pushKnown))
	}
	// Forged ones are answered alike and ignored.
	for _, forge := range []func() int{
		func() int { return hub.post(callback, "another secret", site.rss("forged1")) },
		func() int { return hub.push(topic, site.rss("forged2"), "X-Hub-Signature", "") },
		func() int { return hub.push(topic, site.rss("forged3"), "X-Hub-Signature", "md5=00") },
	} {
		if status := forge(); status != http.StatusAccepted {
			t.Errorf("a forged push is answered %d", status)
		}
	}
	if n := pushesOf(w, pushForged); n != 3 {
		t.Errorf("%d pushes count as forged, want 3", n)
	}
	for what, c := range map[string]string{"another token": callback[:len(callback)-1] + "x", "another key": strings.Replace(callback, "/websub/", "/websub/1", 1)} {
		if status := hub.push(topic, "x"); status != http.StatusAccepted {
			t.Fatal(status)
		}
		status := hub.post(c, "secret", site.rss("stranger"))
		if what == "another token" && status != http.StatusGone || status/100 == 2 {
			t.Errorf("%s is answered %d", what, status)
		}
	}
	// Nobody is subscribed, or left, who did not ask for it.
	for _, q := range []string{
		"?hub.mode=subscribe&hub.topic=https://other.example/&hub.challenge=c&hub.lease_seconds=100",
		"?hub.mode=unsubscribe&hub.topic=" + topic + "&hub.challenge=c", "", "?hub.mode=publish&hub.topic=" + topic,
	} {
		if status, body := hub.get(callback + q); status != http.StatusNotFound || strings.Contains(body, "c\n") {
			t.Errorf("%s is answered %d %q", q, status, body)
		}
	}
	for _, path := range []string{"/", "/metrics", "/debug/pprof/", "/websub", "/websub/"} {
		if status, _ := hub.get("http://" + w.flags.WebSubListen + path); status != http.StatusNotFound {
			t.Errorf("the listener answers %s with %d", path, status)
		}
	}
	if n := messagesOf(t, b, bus.StreamPages) + messagesOf(t, b, bus.StreamURLs); n != 2 {
		t.Errorf("%d pages, want the old one and the fresh one", n)
	}
	if hub.count(websub.ModeSubscribe) != 1 {
		t.Errorf("the hub was asked %d times", hub.count(websub.ModeSubscribe))
	}
}

// A push that tells nothing, or that is of something else, makes the feed due.
func TestThinPushMakesTheFeedDue(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	b := testBus(t)
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}}, func(w *ingestWorker) {
		w.webSub.callbacks.pusher.poll = 3 * time.Second
	})
	topic := site.feed()
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(topic) != "" })
	for i, push := range []func() int{
		func() int { return hub.push(topic, "") },
		func() int { return hub.push(topic, "<html>not a feed</html>") },
		func() int {
			return hub.push(topic, site.rss("foreign"), "Link", `<https://other.example/feed>; rel="self"`)
		},
	} {
		site.set(func() { site.entries = append(site.entries, "entry"+string(rune('a'+i))) })
		if status := push(); status != http.StatusAccepted {
			t.Errorf("push %d is answered %d", i, status)
		}
		eventually(t, 20*time.Second, "the feed is polled", func() bool { return site.polled() == i+2 })
		eventually(t, 20*time.Second, "the page is fetched", func() bool { return messagesOf(t, b, bus.StreamPages) == i+2 })
	}
	if pushesOf(w, pushPing) != 3 || site.hits.of("/page/foreign") != 0 {
		t.Errorf("%d pings; the page of another topic was fetched %d times", pushesOf(w, pushPing), site.hits.of("/page/foreign"))
	}
}

func TestLeaseIsRenewedAndEnded(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	hub.lease = "6"
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	b := testBus(t)
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}}, impatient)
	topic := site.feed()
	eventually(t, 30*time.Second, "the lease is renewed twice", func() bool { return hub.count(websub.ModeSubscribe) >= 3 })
	state := feedStateOf(t, w, topic)
	if hub.callback(topic) == "" || !state.Push.active(time.Now()) {
		t.Errorf("there is no subscription after renewals: %s", state.Push)
	}
	hub.mu.Lock()
	for _, f := range hub.asked[1:] {
		if f.Get("hub.callback") != hub.asked[0].Get("hub.callback") || f.Get("hub.secret") != hub.asked[0].Get("hub.secret") {
			t.Error("a renewal changes callback or secret; what is pushed meanwhile is lost")
		}
	}
	hub.mu.Unlock()
	if since := state.Push.Since; time.Since(since) < 5*time.Second {
		t.Errorf("a renewal begins anew, at %s", since)
	}

	// The hub fails: the lease ends, the feed is polled, and the hub asked again.
	hub.set(func() { hub.status = http.StatusServiceUnavailable })
	eventually(t, 40*time.Second, "the state shows that pushes ended", func() bool {
		return strings.HasPrefix(feedStateOf(t, w, topic).Push.String(), "push ended ")
	})
	if err := w.feeds.update(t.Context(), topic, func(s *feedState) bool { return s.hasten(time.Now(), 0) }); err != nil {
		t.Fatal(err)
	}
	site.set(func() { site.entries = append(site.entries, "later") })
	eventually(t, 20*time.Second, "polling goes on", func() bool { return site.hits.of("/page/later") == 1 })

	// The feed names no hub any more: nobody is subscribed.
	hub.set(func() { hub.status, hub.lease = 0, "3600" })
	eventually(t, 3*time.Minute, "the hub is found again", func() bool { return feedStateOf(t, w, topic).Push.active(time.Now()) })
	site.set(func() { site.hub = "" })
	if err := w.feeds.update(t.Context(), topic, func(s *feedState) bool { return s.hasten(time.Now(), 0) }); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the subscription is ended", func() bool {
		hub.mu.Lock()
		defer hub.mu.Unlock()
		return len(hub.ended) == 1 && len(hub.subs) == 0
	})
	if s := feedStateOf(t, w, topic); s.Push != nil {
		t.Errorf("the state still names a hub: %+v", s.Push)
	}
	eventually(t, 10*time.Second, "the record is gone", func() bool { return w.webSub.asker.states()[pushLeaving] == 0 })
}

func TestDeniedSubscriptionIsPolledAndAnotherHubTried(t *testing.T) {
	t.Parallel() // it waits more than it works
	deny, good := newTestHub(t, anyAddr), newTestHub(t, anyAddr)
	deny.deny = "not for you"
	site := newPushedSite(t, anyAddr, deny.server.URL+"/hub")
	b := testBus(t)
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}}, func(w *ingestWorker) {
		impatient(w)
		w.webSub.callbacks.pusher.poll = time.Second
	})
	topic := site.feed()
	eventually(t, 30*time.Second, "the state says why", func() bool {
		return feedStateOf(t, w, topic).Push.String() == "push denied: not for you"
	})
	site.set(func() { site.hub = deny.server.URL + "/hub>; rel=hub, <" + good.server.URL + "/hub" })
	eventually(t, 20*time.Second, "the feed is polled at once", func() bool { return site.polled() > 1 })
	if err := w.feeds.update(t.Context(), topic, func(s *feedState) bool { return s.hasten(time.Now(), 0) }); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the other hub is taken", func() bool { return good.callback(topic) != "" })
	if n := deny.count(websub.ModeSubscribe); n != 1 {
		t.Errorf("the hub that denies was asked %d times", n)
	}
}

func TestRetiredFeedIsLeft(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	b := testBus(t)
	list := writeFile(t, "feeds.txt", site.feed()+"\n")
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{list}}, func(w *ingestWorker) { w.webSub.asker.poll = time.Second })
	topic := site.feed()
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(topic) != "" })
	callback := hub.callback(topic)
	if err := os.WriteFile(list, []byte("# none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the feed is retired", func() bool { return feedStateOf(t, w, topic).State == feedRetired })
	if status := hub.push(topic, site.rss("late")); status != http.StatusGone {
		t.Errorf("a push of a retired feed is answered %d", status)
	}
	eventually(t, 30*time.Second, "the hub is told", func() bool {
		hub.mu.Lock()
		defer hub.mu.Unlock()
		return len(hub.ended) == 1 && hub.ended[0] == callback
	})
	if s := feedStateOf(t, w, topic); s.Push != nil {
		t.Errorf("the feed still counts on its hub: %s", s.Push)
	}
	if err := os.WriteFile(list, []byte(topic+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "a feed that comes back is subscribed to again", func() bool {
		return hub.callback(topic) != "" && feedStateOf(t, w, topic).Push.active(time.Now())
	})
}

// Turned off, WebSub leaves nothing behind that would keep feeds from being
// polled.
func TestWebSubTurnedOff(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	b := testBus(t)
	feeds := writeFile(t, "feeds.txt", site.feed()+"\n")
	w, stop := runPushed(t, b, IngestFlags{Feeds: []string{feeds}})
	topic := site.feed()
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return feedStateOf(t, w, topic).Push.active(time.Now()) })
	stop()
	w, _ = runIngest(t, b, IngestFlags{Feeds: []string{feeds}})
	eventually(t, 20*time.Second, "the feed has no hub", func() bool { return feedStateOf(t, w, topic).Push == nil })
	eventually(t, 20*time.Second, "there is no subscription", func() bool {
		keys, err := w.webSub.asker.subs.kv.Keys(t.Context())
		return err != nil && len(keys) == 0
	})
	if w.webSub.listener != nil {
		t.Error("callbacks are answered although nobody is subscribed")
	}
}

func TestRefusingHubIsFollowedByTheNext(t *testing.T) {
	t.Parallel() // it waits more than it works
	refuse, good := newTestHub(t, anyAddr), newTestHub(t, anyAddr)
	refuse.status = http.StatusForbidden
	site := newPushedSite(t, anyAddr, refuse.server.URL+"/hub>; rel=hub, <"+good.server.URL+"/hub")
	b := testBus(t)
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}})
	topic := site.feed()
	eventually(t, 30*time.Second, "the state says why", func() bool {
		return strings.HasPrefix(feedStateOf(t, w, topic).Push.String(), "push failing: ") && strings.Contains(feedStateOf(t, w, topic).Push.String(), "403")
	})
	if n := w.webSub.asker.states()[pushFailing]; n != 1 {
		t.Errorf("%d subscriptions count as failing", n)
	}
	if err := w.feeds.update(t.Context(), topic, func(s *feedState) bool { return s.hasten(time.Now(), 0) }); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the other hub is taken", func() bool { return good.callback(topic) != "" })
	if refuse.count(websub.ModeSubscribe) != 1 || refuse.count(websub.ModeUnsubscribe) != 0 {
		t.Errorf("the hub that refuses was asked %d times, and %d times to end what never was", refuse.count(websub.ModeSubscribe), refuse.count(websub.ModeUnsubscribe))
	}
}

// A new public address is told to the hubs at once, not when leases end.
func TestNewCallbackAddressIsToldToHubs(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	b := testBus(t)
	feeds := writeFile(t, "feeds.txt", site.feed()+"\n")
	_, stop := runPushed(t, b, IngestFlags{Feeds: []string{feeds}})
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(site.feed()) != "" })
	stop()
	hub.set(func() { clear(hub.subs) })
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{feeds}})
	eventually(t, 30*time.Second, "the hub knows the new address", func() bool {
		return strings.HasPrefix(hub.callback(site.feed()), w.flags.WebSubCallback+"/")
	})
	if n := hub.count(websub.ModeSubscribe); n != 2 || site.polled() != 1 {
		t.Errorf("the hub was asked %d times, the feed polled %d times", n, site.polled())
	}
}

// Two polls that agree make a busy feed be polled seldom; a poll that finds what
// its hub did not bring gives it its rhythm back.
func TestTrustThroughRealPolls(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	add := func(name string, age time.Duration) {
		site.set(func() {
			site.entries, site.dates[name] = append(site.entries, name), time.Now().Add(-age)
		})
	}
	for i := range 20 {
		add("busy"+string(rune('a'+i)), time.Duration(i)*10*time.Minute)
	}
	w, _ := runPushed(t, testBus(t), IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}})
	topic := site.feed()
	eventually(t, 30*time.Second, "the subscription stands on both sides", func() bool {
		return hub.callback(topic) != "" && feedStateOf(t, w, topic).Push.active(time.Now())
	})
	poll := func() *feedState {
		t.Helper()
		before := feedStateOf(t, w, topic).LastPoll
		err := w.feeds.update(t.Context(), topic, func(s *feedState) bool {
			s.Push.Since = time.Now().Add(-2 * time.Hour)
			return s.hasten(time.Now(), 0)
		})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, "the feed is polled", func() bool { return feedStateOf(t, w, topic).LastPoll.After(before) })
		return feedStateOf(t, w, topic)
	}
	for i, name := range []string{"pushed1", "pushed2"} {
		if s := feedStateOf(t, w, topic); s.Push.Trust.Trusted() || time.Until(s.NextPoll) > time.Hour {
			t.Errorf("after %d polls: %+v, polled in %s", i, s.Push, time.Until(s.NextPoll))
		}
		add(name, 20*time.Minute)
		if status := hub.push(topic, site.rss(name)); status != http.StatusAccepted {
			t.Fatalf("a push is answered %d", status)
		}
		poll()
	}
	if s := feedStateOf(t, w, topic); !s.Push.trusted(time.Now()) || time.Until(s.NextPoll) < seldomLeast-time.Minute || len(s.Push.Brought) != 0 {
		t.Errorf("a hub that two polls agree with: %+v, polled in %s", s.Push, time.Until(s.NextPoll))
	}
	add("missed", 20*time.Minute)
	s := poll()
	if misses := testutil.ToFloat64(w.webSub.callbacks.metrics.misses); s.Push.Trust.Trusted() || time.Until(s.NextPoll) > time.Hour || misses != 1 {
		t.Errorf("a hub that missed %v: %+v, polled in %s", misses, s.Push, time.Until(s.NextPoll))
	}
}
