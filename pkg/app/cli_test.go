package app

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// livingNewsroom serves a newsroom whose clock goes on.
func livingNewsroom(t *testing.T) *newsroom.Newsroom {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site, err := newsroom.New(newsroom.Options{Port: l.Addr().(*net.TCPAddr).Port})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: site}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return site
}

// TestOperatorsTool uses each command as an operator would, against a running
// pipeline.
func TestOperatorsTool(t *testing.T) {
	t.Parallel() // it waits more than it works
	site := livingNewsroom(t)
	feeds := feedsFile(t, site)
	listen, broker := freeAddr(t), freeAddr(t)
	copydesk := program(t, "copydesk")
	urls := writeFile(t, "urls.txt", "")
	start(t, copydesk, "run", "--data", t.TempDir(), "--feeds", feeds, "--urls", urls, "--listen", listen, "--http", "127.0.0.1:0",
		"--broker-listen", broker, "--allow-private", "--host-delay", "50ms", "--poll-interval", "10s")
	server, nats := "--server=http://"+listen, "--nats=nats://"+broker
	eventually(t, 30*time.Second, "search answers", func() bool { return searchAPI("http://"+listen).total() >= 0 })
	tail := start(t, copydesk, "tail", server)

	tool := func(want string, args ...string) string {
		t.Helper()
		p := start(t, copydesk, args...)
		if status := p.wait(t, 60*time.Second); status != 0 {
			t.Errorf("copydesk %s ends with %d: %s", strings.Join(args, " "), status, p.output.String())
		}
		if out := p.output.String(); !strings.Contains(out, want) {
			t.Errorf("copydesk %s does not print %q:\n%s", strings.Join(args, " "), want, tailOf(out, 800))
		}
		return p.output.String()
	}
	eventually(t, 60*time.Second, "the articles are searchable", func() bool { return searchAPI("http://"+listen).total() >= 20 })
	eventually(t, 30*time.Second, "the tail shows articles", func() bool { return strings.Count(tail.output.String(), "\n") >= 3 })
	if !strings.Contains(tail.output.String(), ".localhost") {
		t.Errorf("the tail names no site: %s", tail.output.String())
	}
	if err := tail.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	tail.wait(t, 10*time.Second)

	tool("swing bridge", "search", server, `"swing bridge"`)
	tool(`"hits"`, "search", server, "--json", "--lang", "de")
	tool("meridian.localhost", "feeds", "list", nats)
	tool("<outline", "feeds", "export", nats)
	tool("sitemap_index", "feeds", "check", "--allow-private", feeds)
	list := writeFile(t, "more.txt", site.Outlets()[0].Home+"all.atom\n"+site.Feeds()[0]+"\n")
	tool("1 feeds added, 1 were there already", "feeds", "import", nats, list)
	eventually(t, 30*time.Second, "the imported feed is polled", func() bool {
		return !strings.Contains(tool("all.atom", "feeds", "list", nats), "new  ")
	})

	var page string
	for url := range site.URLs() {
		page = url
		break
	}
	var a article.Article
	if err := json.Unmarshal([]byte(tool(`"body"`, "clean", "--allow-private", page)), &a); err != nil || a.Words == 0 {
		t.Errorf("clean prints no article: %v", err)
	}
	tool("- ", "clean", "--allow-private", "--explain", page)

	// A dead letter is made, looked at, and replayed once its cause is gone.
	picture := servePicture(t, servePage(t, site, page).Body)
	if err := os.WriteFile(urls, []byte(picture.url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the dead letter is listed", func() bool {
		return strings.Contains(tool("NUMBER", "dead", "list", nats), "not_html")
	})
	tool("Copydesk-Dead-Reason: not_html", "dead", "show", nats, "1")
	picture.mended.Store(true)
	before := searchAPI("http://" + listen).total()
	tool("1 dead letters replayed", "dead", "replay", nats, "--reason", "not_html", "--all")
	eventually(t, 30*time.Second, "the replayed page is searchable", func() bool { return searchAPI("http://"+listen).total() > before })
	tool("0 dead letters dropped", "dead", "drop", nats, "--all")
}

// picture answers with a picture until it is mended, and then with a page.
type picture struct {
	url    string
	mended atomic.Bool
}

func servePicture(t *testing.T, page []byte) *picture {
	t.Helper()
	p := &picture{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if p.mended.Load() {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write(page)
			return
		}
		w.Header().Set("Content-Type", "image/png")
	}))
	t.Cleanup(srv.Close)
	p.url = srv.URL + "/story"
	return p
}
