package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
)

func TestBusyCallbacksAskHubsToComeAgain(t *testing.T) {
	t.Parallel()
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	w, _ := runPushed(t, testBus(t), IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}}, func(w *ingestWorker) {
		w.webSub.callbacks.patience = 100 * time.Millisecond
	})
	topic := site.feed()
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(topic) != "" })
	for range callbackParallel {
		w.webSub.callbacks.slots <- struct{}{}
	}
	if status := hub.push(topic, site.rss("fresh")); status != http.StatusServiceUnavailable || pushesOf(w, pushBusy) != 1 {
		t.Errorf("one push too many is answered %d, %d of them busy", status, pushesOf(w, pushBusy))
	}
	<-w.webSub.callbacks.slots
	if status := hub.push(topic, site.rss("fresh")); status != http.StatusAccepted {
		t.Errorf("the next one is answered %d", status)
	}
	if status := hub.push(topic, strings.Repeat("x", maxPush+1)); status != http.StatusRequestEntityTooLarge && status != 0 {
		t.Errorf("a push of more than 10 MB is answered %d", status)
	}
	eventually(t, 10*time.Second, "it counts as too large", func() bool { return pushesOf(w, pushTooLarge) == 1 })
}

func TestPushesOfOneFeedAtOnce(t *testing.T) {
	t.Parallel() // it waits more than it works
	hub := newTestHub(t, anyAddr)
	site := newPushedSite(t, anyAddr, hub.server.URL+"/hub")
	b := testBus(t)
	w, _ := runPushed(t, b, IngestFlags{Feeds: []string{writeFile(t, "feeds.txt", site.feed()+"\n")}}, func(w *ingestWorker) {
		w.webSub.callbacks.patience = time.Minute // the machine may be slow
	})
	topic := site.feed()
	eventually(t, 30*time.Second, "the hub has a subscriber", func() bool { return hub.callback(topic) != "" })
	const pushes = 60
	var sent sync.WaitGroup
	for i := range pushes {
		sent.Go(func() {
			if status := hub.push(topic, site.rss(fmt.Sprintf("entry-%d", i))); status != http.StatusAccepted {
				t.Errorf("push %d is answered %d", i, status)
			}
		})
	}
	sent.Wait()
	if n := pushesOf(w, pushNew); n != pushes {
		t.Errorf("%d of %d pushes brought something new", n, pushes)
	}
	if seen := len(feedStateOf(t, w, topic).Seen); seen != pushes+1 {
		t.Errorf("%d entries are remembered of %d", seen, pushes+1)
	}
	eventually(t, 60*time.Second, "every page is fetched", func() bool { return messagesOf(t, b, bus.StreamPages) == pushes+1 })
}
