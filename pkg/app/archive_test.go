package app

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/warc"
)

// archived is a record as a test compares it.
type archived struct {
	kind   string
	header warc.Header
	block  string
}

// readArchive reads every file of an archive, and checks its digests.
func readArchive(t testing.TB, dir string) (all []archived) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.warc.gz*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := warc.Verify(bytes.NewReader(data), nil); err != nil || f.Wrong+f.Damaged+f.Unknown > 0 || f.Truncated {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		r, err := warc.NewReader(bytes.NewReader(data), warc.ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			block, readErr := io.ReadAll(rec)
			if err := errors.Join(err, readErr); err != nil {
				t.Fatal(err)
			}
			all = append(all, archived{rec.Type, rec.Header, string(block)})
		}
	}
	return all
}

func kinds(all []archived) (k []string) {
	for _, r := range all {
		k = append(k, r.kind)
	}
	return k
}

// testArchive opens an archive and a fetcher that writes to it.
func testArchive(t *testing.T, dir string) *pageFetcher {
	t.Helper()
	d := deps{log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry()}
	a, err := openArchive(t.Context(), IngestFlags{Archive: dir, Contact: "desk@example.org", Honour: []string{honourNoArchive}}, d)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fetch.New(fetch.Options{AllowPrivate: true, NoDelay: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return &pageFetcher{fetcher: f, archive: a, log: d.log}
}

// TestArchiveOfEveryAnswer: answers as they came over the wire, redirects and
// refusals too, and revisits that point to what they repeat.
func TestArchiveOfEveryAnswer(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, "<html><body>", strings.Repeat("<p>A paragraph.</p>", 60), "</body></html>")
	z.Close()
	var version atomic.Value
	version.Store("one")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := fmt.Sprintf("%q", version.Load())
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/old":
			http.Redirect(w, r, "/packed", http.StatusFound)
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed.Bytes())
		case "/tagged":
			w.Header().Set("ETag", v)
			if r.Header.Get("If-None-Match") == v {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			fmt.Fprintf(w, "<p>%s</p>", v)
			w.(http.Flusher).Flush() // so that it comes in chunks
		case "/plain":
			fmt.Fprintf(w, "<p>%s</p>", v)
		case "/private":
			w.Header().Set("X-Robots-Tag", "noarchive")
			fmt.Fprint(w, "<p>Not to be kept.</p>")
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	dir := t.TempDir()
	p := testArchive(t, dir)
	states := map[string]*pageState{}
	get := func(path string) *fetch.Response {
		t.Helper()
		state := states[path]
		if state == nil {
			state = &pageState{URL: srv.URL + path}
			states[path] = state
		}
		m := urlMessage{URL: srv.URL + path, Feed: srv.URL + "/feed", Entry: article.Entry{Title: "A title"}}
		resp, err := p.get(t.Context(), state, m, fetch.Request{URL: m.URL, ETag: state.ETag})
		if err == nil {
			state.ETag = resp.ETag
		}
		return resp
	}
	page := get("/old")
	for _, path := range []string{"/missing", "/private", "/tagged", "/tagged", "/plain", "/plain"} {
		get(path)
	}
	version.Store("two")
	get("/tagged")
	get("/plain")
	states["/plain"].TakenDown = time.Now()
	get("/plain") // is published again, so it is kept again
	p.archive.close()

	all := readArchive(t, dir)
	want := []string{
		"warcinfo", "request", "response", "request", "metadata", "response", // the redirect and the page
		"request", "response", "request", "response", // missing, private
		"request", "metadata", "response", "request", "revisit", // 304
		"request", "metadata", "response", "request", "revisit", // the same body
		"request", "metadata", "response", "request", "metadata", "response", "request", "metadata", "response",
	}
	if got := kinds(all); !slices.Equal(got, want) {
		t.Fatalf("records %v, want %v", got, want)
	}
	if info := all[0].block; !strings.Contains(info, "operator: desk@example.org\r\n") {
		t.Errorf("warcinfo %q", info)
	}
	resp, err := warc.ReadResponse(strings.NewReader(all[5].block), 1<<20)
	if err != nil || !bytes.Equal(resp.Body, packed.Bytes()) || !all[5].header.Date().Equal(page.FetchedAt) || all[5].header.Get(warc.FieldAddress) != "127.0.0.1" {
		t.Errorf("the page is stored as %v %q, %v", all[5].header, all[5].block, err)
	}
	id := all[5].header.Get(warc.FieldID)
	if all[3].header.Get(warc.FieldConcurrent) != id || all[4].header.Get(warc.FieldConcurrent) != id || !strings.HasPrefix(all[3].block, "GET /packed HTTP/1.1\r\n") {
		t.Errorf("request %v %q and metadata %v do not belong to it", all[3].header, all[3].block, all[4].header)
	}
	if !strings.Contains(all[4].block, "found: "+srv.URL+"/old\r\n") || !strings.Contains(all[4].block, `entry: {"title":"A title"}`) {
		t.Errorf("metadata %q", all[4].block)
	}
	if private := all[9]; strings.Contains(private.block, "Not to be kept") || private.header.Get(warc.FieldTruncated) == "" {
		t.Errorf("a page that is not to be archived is: %v %q", private.header, private.block)
	}
	for i, profile := range map[int]string{14: warc.ProfileNotModified, 19: warc.ProfileIdentical} {
		first, again := all[i-2], all[i]
		if again.header.Get(warc.FieldProfile) != profile || again.header.Get(warc.FieldRefersTarget) != first.header.Target() ||
			again.header.Get(warc.FieldRefersDate) != first.header.Get(warc.FieldDate) || !strings.HasSuffix(again.block, "\r\n\r\n") {
			t.Errorf("record %d: %v %q, after %v", i, again.header, again.block, first.header)
		}
		if digest := again.header.Get(warc.FieldPayloadDigest); profile == warc.ProfileIdentical && digest != first.header.Get(warc.FieldPayloadDigest) {
			t.Errorf("the revisit has digest %s", digest)
		}
	}

	t.Run("warcio", func(t *testing.T) {
		others := readWithWarcio(t, dir)
		if len(others) != len(want) {
			t.Fatalf("%d records, want %d: %v", len(others), len(want), others)
		}
		for i, line := range others {
			if !strings.HasPrefix(line, want[i]+" ") {
				t.Errorf("record %d is %q, want %s", i, line, want[i])
			}
		}
		if want := fmt.Sprintf("response %s/packed 200 %d", srv.URL, len(page.Body)); others[5] != want {
			t.Errorf("the page is %q, want %q", others[5], want)
		}
		if want := fmt.Sprintf("revisit %s/tagged 304 0", srv.URL); others[14] != want {
			t.Errorf("the revisit is %q, want %q", others[14], want)
		}
	})
}

// TestNothingIsPublishedThatIsNotArchived: while the archive cannot be written
// nothing is fetched or published, the worker says why, and all goes on after.
func TestNothingIsPublishedThatIsNotArchived(t *testing.T) {
	t.Parallel() // it waits more than it works
	var seen hits
	broken := make(chan struct{}) // closed when the archive cannot be written
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-broken
		seen.add(r.URL.Path)
		fmt.Fprintf(w, "<html><body><p>Page %s.</p></body></html>", r.URL.Path)
	}))
	defer srv.Close()
	b := testBus(t)
	dir := filepath.Join(t.TempDir(), "archive")
	var list strings.Builder
	const pages = 5
	for i := range pages {
		fmt.Fprintf(&list, "%s/page/%d\n", srv.URL, i)
	}
	w, stop := runIngest(t, b, IngestFlags{URLs: []string{writeFile(t, "urls.txt", list.String())}, Archive: dir})
	// A file where the directory was fails every write, as a full disk does.
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	close(broken)
	eventually(t, 30*time.Second, "the worker says what is wrong", func() bool {
		err := w.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "archive "+dir+" cannot be written")
	})
	if n := messagesOf(t, b, bus.StreamPages); n > 0 {
		t.Errorf("%d pages were published without being archived", n)
	}
	if err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	eventually(t, 90*time.Second, "every page is published", func() bool { return messagesOf(t, b, bus.StreamPages) == pages })
	if n := messagesOf(t, b, bus.StreamDead); n > 0 {
		t.Errorf("%d dead letters", n)
	}
	stop()
	responses := 0
	for _, r := range readArchive(t, dir) {
		if r.kind == warc.TypeResponse {
			responses++
		}
	}
	if responses != pages {
		t.Errorf("%d responses are archived, want %d", responses, pages)
	}
	for i := range pages {
		if n := seen.of(fmt.Sprintf("/page/%d", i)); n > 2 {
			t.Errorf("page %d was fetched %d times", i, n)
		}
	}
}
