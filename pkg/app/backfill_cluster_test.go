package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
)

// pagesIn returns the pages in stream PAGES, each with how often it is there.
func pagesIn(t *testing.T, js jetstream.JetStream) map[string]int {
	t.Helper()
	pages := map[string]int{}
	s, err := js.Stream(t.Context(), bus.StreamPages)
	if err != nil {
		return pages
	}
	info := s.CachedInfo().State
	for seq := info.FirstSeq; seq <= info.LastSeq; seq++ {
		if m, err := s.GetMsg(t.Context(), seq); err == nil {
			pages[m.Header.Get(article.HeaderURL)]++
		}
	}
	return pages
}

// spreadArchive puts an archive on several hosts: the index on the first, and on
// each a sitemap of pages of its own. It returns the pages.
func spreadArchive(web *mapHosts, hosts []string, pages int) []string {
	var all, index []string
	for _, host := range hosts {
		var list []string
		for i := range pages {
			list = append(list, web.url(host, fmt.Sprintf("/news/2024/05/%02d/%s-%d", 1+i%28, host, i)))
		}
		all = append(all, list...)
		web.site(host).put("/map.xml", urlset(append(list, web.url(host, "/news/2023/05/01/other"))...))
		index = append(index, web.url(host, "/map.xml"))
	}
	web.site(hosts[0]).put("/index.xml", sitemapIndex(index...))
	web.site(hosts[0]).put("/robots.txt", "Sitemap: "+web.url(hosts[0], "/index.xml")+"\n")
	return all
}

// TestBackfillAcrossWorkers: sitemaps on hosts of other workers are read by those,
// and the operator sees one backfill.
func TestBackfillAcrossWorkers(t *testing.T) {
	t.Parallel() // it waits more than it works
	hosts := []string{"www", "maps", "sport", "money", "city"}
	web := newMapHosts(t, hosts...)
	all := spreadArchive(web, hosts, 30)
	p := newPipeline(t)
	flags := IngestFlags{Revisits: []string{"none"}}
	first, _ := runIngest(t, p.bus, flags)
	second, _ := runIngest(t, p.bus, flags)
	eventually(t, time.Minute, "the workers share the hosts", func() bool { return first.parts.count() == 32 && second.parts.count() == 32 })
	tool := func(want string, args ...string) string {
		t.Helper()
		out, errOut, code := feedsTool(t, "", append([]string{"backfill"}, append(args, "--nats", p.broker)...)...)
		if code != exitDone || !strings.Contains(out, want) {
			t.Fatalf("backfill %s: status %d, %s%s", strings.Join(args, " "), code, out, errOut)
		}
		return out
	}
	site := web.url("www", "/")
	tool("2024-05-01 to 2024-05-31", "add", site, "--from", "2024-05", "--to", "2024-05")
	eventually(t, time.Minute, "every page is fetched", func() bool { return len(pagesIn(t, p.bus.JetStream())) >= len(all) })
	eventually(t, time.Minute, "the backfill is done", func() bool { return strings.Contains(tool("STATE", "list"), "\ndone") })
	for url, times := range pagesIn(t, p.bus.JetStream()) {
		if times != 1 || !slices.Contains(all, url) {
			t.Errorf("%s is stored %d times", url, times)
		}
	}
	list := tool("www.daily.localhost", "list")
	if fields := strings.Fields(strings.Split(list, "\n")[1]); strings.Count(list, "\n") != 2 || fields[1] != fmt.Sprint(len(hosts)+1) || fields[2] != fmt.Sprint(len(all)) || fields[3] != fmt.Sprint(len(all)) {
		t.Errorf("list shows\n%s", list)
	}
	for _, host := range hosts {
		if n := web.site(host).times("/map.xml"); n != 1 {
			t.Errorf("the sitemap of %s was read %d times", host, n)
		}
	}
	if _, errOut, code := feedsTool(t, "", "backfill", "cancel", "--nats", p.broker, site); code != exitFailed || !strings.Contains(errOut, "under way") {
		t.Errorf("status %d: %s", code, errOut)
	}
	// One that waits for a site is cancelled.
	web.site("www").serve("/slow.xml", func() (int, string) { return 503, "" })
	tool("will be fetched", "add", web.url("www", "/slow.xml"), "--from", "2024")
	eventually(t, time.Minute, "it is begun", func() bool { return web.site("www").times("/slow.xml") > 0 })
	tool("under way already", "add", web.url("www", "/slow.xml"), "--from", "2024")
	tool("1 backfills cancelled", "cancel", web.url("www", "/slow.xml"))
	if out := tool("cancelled", "list"); !strings.Contains(out, "slow.xml") {
		t.Errorf("list shows\n%s", out)
	}
	eventually(t, 30*time.Second, "nobody works on it", func() bool {
		first.backfill.mu.Lock()
		second.backfill.mu.Lock()
		defer first.backfill.mu.Unlock()
		defer second.backfill.mu.Unlock()
		return len(first.backfill.running)+len(second.backfill.running) == 0
	})
}

// TestBackfillDuringKills: processes are killed in the middle of a backfill, and
// every page is stored once.
func TestBackfillDuringKills(t *testing.T) {
	t.Parallel() // it waits more than it works
	hosts := []string{"www", "maps", "sport"}
	web := newMapHosts(t, hosts...)
	all := spreadArchive(web, hosts, 1000)
	dir, addr := t.TempDir(), freeAddr(t)
	startBroker(t, dir, addr)
	broker := "nats://" + addr
	join := func() *process {
		return start(t, program(t, "ingest"), "--nats", broker, "--http", "127.0.0.1:0", "--urls", writeFile(t, "none.txt", ""),
			"--allow-private", "--host-delay", "0s", "--revisits", "none", "--log-level", "warn")
	}
	workers := []*process{join(), join()}
	conn, err := nats.Connect(broker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the broker is laid out", func() bool {
		_, err := js.KeyValue(context.Background(), bus.BucketBackfill)
		return err == nil
	})
	if out, errOut, code := feedsTool(t, "", "backfill", "add", "--nats", broker, web.url("www", "/"), "--from", "2024-05", "--to", "2024-05"); code != exitDone {
		t.Fatalf("status %d: %s%s", code, out, errOut)
	}
	random := rand.New(rand.NewPCG(5, 6))
	kills := 0
	list := func() string {
		out, _, _ := feedsTool(t, "", "backfill", "list", "--nats", broker)
		return out
	}
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end) && !strings.Contains(list(), "\ndone"); {
		time.Sleep(time.Duration(3000+random.IntN(2000)) * time.Millisecond)
		if kills < 6 {
			i := random.IntN(len(workers))
			workers[i].kill()
			workers[i] = join()
			kills++
		}
	}
	eventually(t, 2*time.Minute, "every page is fetched", func() bool { return len(pagesIn(t, js)) >= len(all) })
	pages := pagesIn(t, js)
	missed, twice := 0, 0
	for _, url := range all {
		if pages[url] == 0 {
			missed++
		}
		twice += max(0, pages[url]-1)
	}
	out := list()
	t.Logf("%d kills: %d pages, %d missed, %d stored twice\n%s", kills, len(all), missed, twice, out)
	if missed > 0 || twice > 0 || len(pages) != len(all) || kills == 0 || !strings.Contains(out, "\ndone") {
		t.Errorf("%d missed, %d stored twice, %d in all, in %s", missed, twice, len(pages), filepath.Base(dir))
	}
}
