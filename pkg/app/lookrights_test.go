package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
)

func TestReservedRights(t *testing.T) {
	all := article.Rights{NoArchive: true, NoIndex: true, NoSnippet: true, NoAI: true, NoImageAI: true, TDMReserved: true}
	for _, c := range []struct {
		before        string
		now           article.Rights
		changed, more bool
	}{
		{"", article.Rights{NoIndex: true}, false, false}, // written by a version that did not know
		{"nothing", article.Rights{}, false, false},
		{"nothing", article.Rights{NoIndex: true}, true, true},
		{"noindex", article.Rights{NoIndex: true, Sources: []string{"elsewhere"}}, false, false},
		{"noindex", article.Rights{}, true, false},
		{"noindex,noai", article.Rights{NoAI: true}, true, false},
		{"noindex", article.Rights{NoAI: true}, true, true},
		{"noarchive,noindex,nosnippet,noai,noimageai,tdm", all, false, false},
		{"noarchive,noindex,nosnippet,noai,noimageai", all, true, true},
	} {
		if changed, more := rightsChanged(c.before, reservedBy(c.now)), reservesMore(c.before, c.now); changed != c.changed || more != c.more {
			t.Errorf("%q, then %+v: changed %v, more %v, want %v, %v", c.before, c.now, changed, more, c.changed, c.more)
		}
	}
}

// TestNoIndexInAHeaderAlone: the bytes of a page stay what they were, and the
// server begins to send noindex with them, or with its 304.
func TestNoIndexInAHeaderAlone(t *testing.T) {
	for _, c := range []struct{ name, etag string }{{"same bytes", ""}, {"304", `"one"`}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			var reserved atomic.Bool
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/robots.txt" {
					http.NotFound(w, r)
					return
				}
				if reserved.Load() {
					w.Header().Set("X-Robots-Tag", "noindex")
				}
				if c.etag != "" {
					w.Header().Set("ETag", c.etag)
				}
				http.ServeContent(w, r, "page.html", time.Time{}, strings.NewReader(shortReport))
			}))
			defer site.Close()
			b := testBus(t)
			w, _ := runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", site.URL+"/report\n")}, Revisits: manySteps(), TakedownAfter: time.Second})
			eventually(t, 20*time.Second, "a look finds nothing new", func() bool { return looked(w, lookUnchanged) > 0 })
			reserved.Store(true)
			eventually(t, time.Minute, "the page goes downstream with what is reserved", func() bool { return looked(w, lookChanged) > 0 })
			found := looked(w, lookUnchanged)
			eventually(t, time.Minute, "after that nothing is new", func() bool { return looked(w, lookUnchanged) > found })
			messages := pageMessages(t, b)
			if len(messages) != 2 || looked(w, lookChanged) != 1 {
				t.Fatalf("%d messages, %d looks that brought something, want 2 and 1", len(messages), looked(w, lookChanged))
			}
			body, err := bus.Decompress(messages[1].Data, maxPage)
			if err != nil {
				t.Fatal(err)
			}
			page, err := article.PageFromHeaders(messages[1].Header, body)
			if err != nil || !page.Rights.NoIndex || string(page.Body) != shortReport {
				t.Errorf("the page came with %+v and %d bytes, %v", page.Rights, len(page.Body), err)
			}
		})
	}
}
