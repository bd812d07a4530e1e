package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// The load run has the sites and the broker in processes of their own, so that
// what each costs can be told apart. They are this test program in another role.

const (
	// roleEnv makes this test program a part of the load run.
	roleEnv = "COPYDESK_TEST_ROLE"
	// pagesEnv and hostsEnv say how large the run is.
	pagesEnv = "COPYDESK_LOAD_PAGES"
	hostsEnv = "COPYDESK_LOAD_HOSTS"

	loadPageBytes = 20 << 10
	// loadBodies is how many different texts there are; each page is one of them
	// under a title of its own.
	loadBodies = 400
	robotsText = "User-agent: *\nDisallow: /private/\n"
)

// loadHost is the loopback address of a host of the load run.
func loadHost(host int) string {
	return netip.AddrFrom4([4]byte{127, 1, byte(host / 250), byte(1 + host%250)}).String()
}

// loadURL is the address of a page of the load run.
func loadURL(port string, page, hosts int) string {
	return fmt.Sprintf("http://%s/news/%d/report", net.JoinHostPort(loadHost(page%hosts), port), page)
}

// loadSite serves the pages of the load run by connections that answer with
// prepared bytes, and counts who asks for what.
type loadSite struct {
	bodies  [][]byte
	asked   []atomic.Uint32 // by page
	robots  atomic.Int64
	refused atomic.Int64 // requests for nothing that is here
}

// loadCounts is what the site tells at /counts.
type loadCounts struct {
	Pages, Twice, Most int // pages asked for, of them more than once, and how often at most
	Robots, Refused    int64
}

// serveLoadSite is a process that prints its port and serves until it is killed.
func serveLoadSite(hosts, pages int) error {
	s := &loadSite{bodies: loadTexts(), asked: make([]atomic.Uint32, pages)}
	port := "0"
	for host := range hosts {
		l, err := net.Listen("tcp4", net.JoinHostPort(loadHost(host), port))
		if err != nil {
			return fmt.Errorf("serve host %d of %d: %w", host, hosts, err)
		}
		_, port, _ = net.SplitHostPort(l.Addr().String())
		go s.accept(l)
	}
	fmt.Println(port)
	select {}
}

func (s *loadSite) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go s.converse(c)
		}
	}
}

// converse answers the requests of one connection; each comes in one piece.
func (s *loadSite) converse(c net.Conn) {
	defer c.Close()
	in, out := make([]byte, 4096), make([]byte, 0, loadPageBytes+4096)
	for {
		n, err := c.Read(in)
		if err != nil {
			return
		}
		_, path, _ := bytes.Cut(in[:n], []byte(" "))
		path, _, _ = bytes.Cut(path, []byte(" "))
		out = s.answer(out[:0], string(path))
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// answer appends the answer to a request for a path.
func (s *loadSite) answer(out []byte, path string) []byte {
	number, isPage := strings.CutPrefix(path, "/news/")
	number, _, _ = strings.Cut(number, "/")
	page, err := strconv.Atoi(number)
	switch {
	case path == "/robots.txt":
		s.robots.Add(1)
		return appendAnswer(out, "200 OK", "text/plain", "", []byte(robotsText))
	case path == "/counts":
		counts, err := json.Marshal(s.counts())
		if err != nil {
			panic(err) // numbers can be encoded
		}
		return appendAnswer(out, "200 OK", "application/json", "", counts)
	case !isPage || err != nil || page < 0 || page >= len(s.asked):
		s.refused.Add(1)
		return appendAnswer(out, "404 Not Found", "text/plain", "", nil)
	}
	s.asked[page].Add(1)
	return appendAnswer(out, "200 OK", "text/html; charset=utf-8", fmt.Sprintf("<!-- report %d -->\n", page), s.bodies[page%len(s.bodies)])
}

// appendAnswer appends a response whose body is in two parts; the first of them
// makes it like no other.
func appendAnswer(out []byte, status, contentType, first string, body []byte) []byte {
	out = fmt.Appendf(out, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", status, contentType, len(first)+len(body))
	return append(append(out, body...), first...)
}

// counts sums up what was asked for.
func (s *loadSite) counts() loadCounts {
	c := loadCounts{Robots: s.robots.Load(), Refused: s.refused.Load()}
	for i := range s.asked {
		n := int(s.asked[i].Load())
		c.Most = max(c.Most, n)
		if n > 0 {
			c.Pages++
		}
		if n > 1 {
			c.Twice++
		}
	}
	return c
}

// loadTexts are pages of the newsroom, with more of its paragraphs up to the
// size of a page of the web.
func loadTexts() [][]byte {
	site, err := newsroom.New(newsroom.Options{Port: 8090, Seed: 7, Generated: loadBodies})
	if err != nil {
		panic(err) // the options are constants
	}
	var pages, texts []string
	for url := range expected(site) {
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, url, nil))
		k, _ := site.KnownOf(url)
		pages, texts = append(pages, rec.Body.String()), append(texts, k.Text)
	}
	var all [][]byte
	for i := range loadBodies {
		page, tail, _ := strings.Cut(pages[i%len(pages)], "</body>")
		var b strings.Builder
		b.WriteString(page)
		for n := 1; b.Len() < loadPageBytes; n++ {
			other := texts[(i+n*37)%len(texts)]
			for p := range strings.SplitSeq(other, "\n\n") {
				if b.Len() >= loadPageBytes {
					break
				}
				fmt.Fprintf(&b, "<div class=\"teaser teaser--small\" data-track=\"%x\"><a class=\"teaser__link\" href=\"/news/%s\"><p class=\"teaser__text\">%s</p></a></div>\n",
					sha256.Sum256([]byte(p)), article.ID(p), p)
			}
		}
		b.WriteString("</body>" + tail)
		all = append(all, []byte(b.String()))
	}
	return all
}

// brokerProcess runs the embedded broker in a process of its own until it is
// told to end, and prints its address.
func brokerProcess(dir, listen string) error {
	server, err := bus.StartServer(bus.ServerOptions{Dir: dir, Listen: listen, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	defer server.Shutdown()
	fmt.Println(server.ClientURL())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return nil
}

// playRole runs this program as a part of the load run and returns its exit
// status.
func playRole(role string, args []string, env Env) int {
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			panic(err) // the load run sets both
		}
		return n
	}
	var err error
	switch role {
	case "site":
		err = serveLoadSite(number(hostsEnv), number(pagesEnv))
	case "broker":
		err = brokerProcess(args[0], args[1])
	case "ingest":
		return Main("ingest", "The ingest worker.", &IngestCommand{}, args, env)
	default:
		err = fmt.Errorf("no such role: %s", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
