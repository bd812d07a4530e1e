package extract

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

func pageOf(body string) *article.Page {
	return &article.Page{
		URL: "https://www.herald.example/news/1", FinalURL: "https://www.herald.example/news/1", Status: 200,
		ContentType: "text/html; charset=utf-8", FetchedAt: time.Date(2024, 5, 2, 12, 0, 0, 0, time.UTC), Body: []byte(body),
	}
}

// cost is what extracting a page took.
type cost struct {
	took time.Duration
	peak uint64 // growth of the heap, bytes
	err  error
}

// cpuTime is the CPU time that the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure extracts a page and watches the heap meanwhile.
func measure(t *testing.T, body []byte) cost {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var c cost
	done := make(chan struct{})
	go func() {
		defer close(done)
		p := pageOf("")
		p.Body = body
		start := cpuTime()
		var r *Result
		if r, c.err = Extract(p, Options{}); c.err == nil {
			c.took = cpuTime() - start
			checkArticle(t, p, &r.Article)
			return
		}
		c.took = cpuTime() - start
	}()
	tick, guard := time.NewTicker(4*time.Millisecond), time.After(hostileGuard)
	defer tick.Stop()
	for peak := before; ; {
		select {
		case <-tick.C:
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		case <-guard:
			t.Fatalf("not done after %v", hostileGuard)
		case <-done:
			if c.err != nil && !errors.Is(c.err, ErrEmpty) && !errors.Is(c.err, ErrNotHTML) {
				t.Errorf("unexpected error: %v", c.err)
			}
			runtime.ReadMemStats(&m)
			c.peak = max(peak, m.HeapAlloc) - before
			return c
		}
	}
}

const (
	// hostileCPU and hostileHeap are what a page of the largest size may cost.
	hostileCPU  = 3 * time.Second
	hostileHeap = 300 << 20
	// hostileGuard ends a test that would never end by itself.
	hostileGuard = time.Minute
)

// TestHostilePages extracts a quarter of a megabyte of each kind. None may panic, hang, or
// take much memory, and what comes out is an article like any other.
func TestHostilePages(t *testing.T) {
	n := 256 << 10
	if testing.Short() {
		n = 1 << 16
	}
	for _, h := range hostilePages {
		t.Run(h.name, func(t *testing.T) {
			c := measure(t, []byte(h.make(n)))
			if c.peak > hostileHeap {
				t.Errorf("heap grew by %d MB", c.peak>>20)
			}
		})
	}
}

// TestHostileCosts holds pages of the largest size to what they may cost, and
// prints it: CPU seconds, growth of the heap, how much more CPU it takes than a
// page of half the size. `make hostile` turns it on; other work on the machine
// does not count, but a slow machine does.
func TestHostileCosts(t *testing.T) {
	size, _ := strconv.Atoi(os.Getenv("COPYDESK_HOSTILE"))
	if size == 0 {
		t.Skip("COPYDESK_HOSTILE is not set; make hostile sets it")
	}
	fmt.Println("| page | CPU s | heap MB | of half the size |\n|---|---:|---:|---:|")
	for _, h := range hostilePages {
		t.Run(h.name, func(t *testing.T) {
			half, whole := measure(t, []byte(h.make(size<<19))), measure(t, []byte(h.make(size<<20)))
			fmt.Printf("| %s | %.2f | %d | x %.1f |\n", h.name, whole.took.Seconds(), whole.peak>>20, whole.took.Seconds()/max(half.took.Seconds(), 0.001))
			if whole.took > hostileCPU || whole.peak > hostileHeap {
				t.Errorf("%v of CPU, heap grew by %d MB", whole.took, whole.peak>>20)
			}
		})
	}
}

// TestHostileTexts does the same for texts that somebody took from a page.
func TestHostileTexts(t *testing.T) {
	for name, text := range map[string]func(int) string{
		"lines":             numbered("line %d\n"),
		"long lines":        numbered("the bridge number %d at Northport fell in the storm of monday night and\n"),
		"items":             numbered("- item %d\n"),
		"spaced lines":      numbered("The bridge number %d at Northport fell\n\n"),
		"sentences":         fill(sentence + "\n\n"),
		"one line":          fill(sentence),
		"one word":          fill("a"),
		"blank lines":       fill("\n"),
		"bars":              fill("Home | "),
		"headlines":         fill("The bridge at Northport fell\n\n"),
		"credits":           fill("Photo Reuters\n\n"),
		"widgets":           fill("A moment of silence\n\nDuration 2:02\n\n"),
		"noise":             noise,
		"combining marks":   fill("\u0301\u0327"),
		"headlines, blurbs": numbered("Who fell? Profile of bridge number %d, thought to be behind it.\n"),
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				r, err := FromText("x", text(512<<10), Options{})
				if err != nil && !errors.Is(err, ErrEmpty) {
					t.Errorf("unexpected error: %v", err)
				}
				if err == nil && len(r.Article.Text) > 2<<20 {
					t.Errorf("%d bytes of text", len(r.Article.Text))
				}
			}()
			select {
			case <-done:
			case <-time.After(hostileGuard):
				t.Fatalf("not done after %v", hostileGuard)
			}
		})
	}
}

// TestDeepPagesKeepTheirText holds the text of pages that are nested too deep for
// a tree.
func TestDeepPagesKeepTheirText(t *testing.T) {
	for _, tag := range []string{"div", "b", "section", "blockquote", "ul><li", "table><tr><td"} {
		for _, deep := range []int{400, 1000, 20_000, 100_000} {
			open := strings.Repeat("<"+tag+">", deep/(strings.Count(tag, "<")+1))
			page := "<h1>The bridge fell</h1>" + open + "<p>" + strings.Repeat(sentence, 3) + "</p>" + strings.Repeat("</div></b>", deep)
			r, err := Extract(pageOf(page), Options{})
			if err != nil || !strings.Contains(r.Article.Text, strings.TrimSpace(sentence)) {
				t.Errorf("%d elements of nested <%s>: the text is gone (%v)", deep, tag, err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		body, contentType string
		want              error
	}{
		"empty":       {"", "text/html", ErrEmpty},
		"no text":     {"<html><body></body></html>", "text/html", ErrEmpty},
		"pdf":         {"%PDF-1.4 ...", "text/html", ErrNotHTML},
		"image":       {"<html>", "image/png", ErrNotHTML},
		"binary":      {"\x7fELF\x02\x01\x01\x00\x00\x00", "", ErrNotHTML},
		"mostly junk": {string(bytes.Repeat([]byte{0, 1, 2, 0, 5, 0, 9}, 300)), "", ErrNotHTML},
	} {
		t.Run(name, func(t *testing.T) {
			p := pageOf(test.body)
			p.ContentType = test.contentType
			if _, err := Extract(p, Options{}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestSameInputSameOutput(t *testing.T) {
	body := "<title>The bridge fell - Herald</title><h1>The bridge fell</h1>" + strings.Repeat("<p>The bridge at Northport fell in the storm of Monday night, police said, and <a href=/x>nobody</a> was hurt.</p>", 3) +
		"<p>The mayor said on Tuesday that the harbour would stay open.</p>"
	want, err := Extract(pageOf(body), Options{Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		got, err := Extract(pageOf(body), Options{Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}
