package app

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/websub"
)

// balancer passes requests on to a worker of the test's choice.
type balancer struct{ to atomic.Pointer[string] }

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := b.to.Load()
	if to == nil {
		http.Error(w, "no worker", http.StatusBadGateway)
		return
	}
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: *to})
	p.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	p.ServeHTTP(w, r)
}

// Any worker answers a hub, whoever owns the hosts of hub and feed.
func TestCallbackArrivesAtAWorkerThatOwnsNothingOfIt(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	front := &balancer{}
	public := serveAt(t, anyAddr, front)
	b := testBus(t)
	none := writeFile(t, "none.txt", "")
	run := func() *ingestWorker {
		w, _ := runPushed(t, b, IngestFlags{Feeds: []string{none}, WebSubFlags: WebSubFlags{WebSubCallback: public.URL + "/hubs", WebSubListen: freeAddr(t)}})
		return w
	}
	// Both join before there is a feed, so that it is clear who owns what.
	first, second := run(), run()
	eventually(t, 30*time.Second, "both own half of the hosts", func() bool {
		return first.parts.count() == bus.Partitions/2 && second.parts.count() == bus.Partitions/2
	})
	owner, other := first, second
	if !first.parts.has(partitionOf(site.URL)) {
		owner, other = second, first
	}
	front.to.Store(&other.flags.WebSubListen)
	topic := site.feed()
	err := owner.feeds.update(t.Context(), topic, func(s *feedState) bool { s.Managed = true; return true })
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(topic) != "" })
	if status := hub.push(topic, site.rss("fresh", "old")); status != http.StatusAccepted {
		t.Fatalf("a push is answered %d", status)
	}
	if pushesOf(other, pushNew) != 1 || pushesOf(owner, pushNew) != 0 {
		t.Errorf("pushes taken: %d by the worker that owns nothing, %d by the owner", pushesOf(other, pushNew), pushesOf(owner, pushNew))
	}
	eventually(t, 20*time.Second, "the page is fetched", func() bool { return site.hits.of("/page/fresh") == 1 })
	if n := hub.count(websub.ModeSubscribe); n != 1 || site.polled() != 1 {
		t.Errorf("the hub was asked %d times, the feed polled %d times", n, site.polled())
	}
	if a, o := owner.webSub.asker.states(), other.webSub.asker.states(); a[pushActive] != 1 || o[pushActive] != 0 {
		t.Errorf("active subscriptions: owner %v, other %v", a, o)
	}
	// A ping at the other one makes the owner poll.
	if err := owner.feeds.update(t.Context(), topic, func(s *feedState) bool { s.LastPoll = s.LastPoll.Add(-time.Hour); return true }); err != nil {
		t.Fatal(err)
	}
	site.set(func() { site.entries = append(site.entries, "second") })
	if status := hub.push(topic, ""); status != http.StatusAccepted {
		t.Fatalf("a ping is answered %d", status)
	}
	eventually(t, 20*time.Second, "the feed is polled", func() bool { return site.hits.of("/page/second") == 1 })
}

// A hub on a host of another worker is asked by that worker, and one that sends
// its subscribers to such a host is followed there.
func TestHubsAreAskedByTheOwnersOfTheirHosts(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := testBus(t)
	none := writeFile(t, "none.txt", "")
	front := &balancer{}
	public := serveAt(t, anyAddr, front)
	run := func() *ingestWorker {
		w, _ := runPushed(t, b, IngestFlags{Feeds: []string{none}, WebSubFlags: WebSubFlags{WebSubCallback: public.URL, WebSubListen: freeAddr(t)}})
		return w
	}
	first, second := run(), run()
	eventually(t, 30*time.Second, "both own half of the hosts", func() bool {
		return first.parts.count() == bus.Partitions/2 && second.parts.count() == bus.Partitions/2
	})
	front.to.Store(&first.flags.WebSubListen)
	// addrOf returns a loopback address that a worker owns.
	next := 0
	addrOf := func(w *ingestWorker) string {
		for next++; next < 250; next++ {
			if ip := fmt.Sprintf("127.0.4.%d", next); w.parts.has(partitionOf("http://" + ip)) {
				return ip + ":0"
			}
		}
		t.Fatal("no address is of that worker")
		return ""
	}
	hub := newTestHub(t, addrOf(first))
	moved := serveAt(t, addrOf(second), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, hub.server.URL+"/hub", http.StatusPermanentRedirect)
	}))
	near, far := newPushedSite(t, addrOf(second), hub.server.URL+"/hub"), newPushedSite(t, addrOf(first), moved.URL)
	for _, site := range []*pushedSite{near, far} {
		if err := first.feeds.update(t.Context(), site.feed(), func(s *feedState) bool { s.Managed = true; return true }); err != nil {
			t.Fatal(err)
		}
	}
	for _, site := range []*pushedSite{near, far} {
		eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(site.feed()) != "" })
		if status := hub.push(site.feed(), site.rss("fresh")); status != http.StatusAccepted {
			t.Errorf("a push is answered %d", status)
		}
		eventually(t, 20*time.Second, "the page is fetched", func() bool { return site.hits.of("/page/fresh") == 1 })
	}
	if n := first.webSub.asker.states()[pushActive]; n != 2 {
		t.Errorf("%d subscriptions belong to the worker of the hub, want both", n)
	}
}

// A worker that is killed with a push in its hands loses none of it: its hub did
// not hear that it was taken.
func TestKilledWorkerLosesNoPush(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	dir := t.TempDir()
	c := &cluster{t: t, dir: dir, brokerAddr: freeAddr(t)}
	c.nats = "nats://" + c.brokerAddr
	c.broker = startBroker(t, dir, c.brokerAddr)
	listen := freeAddr(t)
	feeds := writeFile(t, "feeds.txt", site.feed()+"\n")
	join := func() *process {
		return start(t, program(t, "ingest"), "--nats", c.nats, "--http", "127.0.0.1:0", "--feeds", feeds, "--allow-private", "--host-delay", "0s",
			"--revisits", "none", "--websub-listen", listen, "--websub-callback", "http://"+listen)
	}
	worker := join()
	topic := site.feed()
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(topic) != "" })

	const entries, kills = 1500, 3
	names := make([]string, entries)
	for i := range names {
		names[i] = fmt.Sprintf("entry-%d", i)
	}
	body := site.rss(names...)
	cutOff := 0
	for range kills {
		before := c.messages(t, bus.StreamURLs) + c.messages(t, bus.StreamPages)
		answered := make(chan int, 1)
		go func() { answered <- hub.push(topic, body) }()
		eventually(t, 30*time.Second, "the broker has some of the push", func() bool {
			return c.messages(t, bus.StreamURLs)+c.messages(t, bus.StreamPages) > before
		})
		worker.kill()
		if <-answered != http.StatusAccepted {
			cutOff++
		}
		worker = join()
		if cutOff > 0 {
			break
		}
		// It was too quick: a longer push.
		for range entries {
			names = append(names, fmt.Sprintf("entry-%d", len(names)))
		}
		body = site.rss(names...)
	}
	eventually(t, time.Minute, "the hub's next try is taken", func() bool { return hub.push(topic, body) == http.StatusAccepted })
	want := len(names) + 1
	eventually(t, 2*time.Minute, "every page is fetched", func() bool { return c.messages(t, bus.StreamPages) >= want && c.messages(t, bus.StreamURLs) == 0 })
	pages := pagesOf(t, c.nats)
	missed, twice := 0, 0
	for _, name := range names {
		switch n := pages[site.URL+"/page/"+name]; {
		case n == 0:
			missed++
		case n > 1:
			twice++
		}
	}
	t.Logf("%d entries, push cut off %d times: %d missed, %d stored twice; the feed was polled %d times", len(names), cutOff, missed, twice, site.polled())
	if missed+twice != 0 {
		t.Errorf("%d missed, %d stored twice", missed, twice)
	}
	if cutOff == 0 {
		t.Error("no push was cut off; the test shows nothing")
	}
}

// pagesOf returns the pages in stream PAGES, each with how often.
func pagesOf(t *testing.T, broker string) map[string]int {
	t.Helper()
	conn, err := nats.Connect(broker)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), bus.StreamPages)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]int{}
	info := s.CachedInfo().State
	for seq := info.FirstSeq; seq <= info.LastSeq; seq++ {
		if m, err := s.GetMsg(t.Context(), seq); err == nil {
			pages[m.Header.Get(article.HeaderURL)]++
		}
	}
	return pages
}

func TestCallbackPathNamesNoSecretButTheToken(t *testing.T) {
	t.Parallel()
	p := &pushState{Key: subscriptionKey("https://hub.example/", "https://a.example/feed", "https://hub.example/", "https://a.example/feed"), Hub: "h", Topic: "t"}
	a := &asker{callback: "https://me.example/websub/"}
	one, two := newSubscription("f", p), newSubscription("f", p)
	if one.Token == two.Token || one.Secret == two.Secret || one.Token == one.Secret || len(one.Token) < 26 {
		t.Errorf("tokens %s and %s", one.Token, two.Token)
	}
	if got, want := a.callbackOf(one), "https://me.example/websub/"+p.Key+"/"+one.Token; got != want || strings.Contains(got, one.Secret) {
		t.Errorf("callback %s", got)
	}
	if !isSubscriptionKey(p.Key) {
		t.Errorf("%s is no key", p.Key)
	}
	for _, bad := range []string{"", ".", "1", "1.", ".abcdefghijklmnopqrstuvwxyz", "100.abcdefghijklmnopqrstuvwxyz", "1.abcdefghijklmnopqrstuvwxy*", "1.abcdefghijklmnopqrstuvwxyza", "*.abcdefghijklmnopqrstuvwxyz", p.Key + ".>"} {
		if isSubscriptionKey(bad) {
			t.Errorf("%q is taken for a key", bad)
		}
	}
}
