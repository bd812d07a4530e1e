package simulate

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A visitor without manners must be noticed, or the absence of breaches shows
// nothing.
func TestHostsNoticeBadManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		web := NewWeb(Newsroom(), 3, 60, time.Second, start, start.Add(time.Hour))
		defer web.Close()
		client := &http.Client{Transport: &http.Transport{DialContext: web.Dial}}
		defer client.CloseIdleConnections()
		get := func(url string) {
			resp, err := client.Get(url)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		}
		for _, url := range web.Feeds() {
			get(url)
			get(url)
		}
		done := make(chan struct{})
		go func() { get("http://host0.example/robots.txt"); close(done) }()
		get("http://host0.example/robots.txt")
		<-done
		ill := web.sites["host1.example"]
		ill.feed.Dead, ill.feed.retry = false, time.Minute
		ill.feed.ill = []span{{start, start.Add(time.Hour)}}
		for range 2 {
			time.Sleep(30 * time.Second)
			get("http://host1.example/feed.xml")
		}
		_, refusals, violations := web.Seen()
		all := strings.Join(violations, "\n")
		for _, sign := range []string{"after the last one ended", "while another is under way", "against robots.txt", "before its Retry-After"} {
			if !strings.Contains(all, sign) {
				t.Errorf("nobody noticed a request %s", sign)
			}
		}
		if refusals == 0 {
			t.Error("nobody was refused")
		}
	})
}

func TestWebServesItsEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		web := NewWeb(Newsroom(), 3, 20, time.Second, start, start.Add(time.Hour))
		defer web.Close()
		for host, s := range web.sites {
			for i, e := range s.feed.Entries {
				if got, ok := web.Entry(fmt.Sprintf("http://%s/story/%d", host, i)); !ok || got != e {
					t.Fatalf("entry %d of %s is %v, %t", i, host, got, ok)
				}
			}
		}
		for _, url := range []string{"http://host0.example/story/-1", "http://host0.example/story/99999999", "http://nowhere.example/story/1", "x"} {
			if _, ok := web.Entry(url); ok {
				t.Errorf("%s is an entry", url)
			}
		}
		if web.Expected(start, start.Add(time.Hour)) == 0 {
			t.Error("nothing is published")
		}
	})
}
