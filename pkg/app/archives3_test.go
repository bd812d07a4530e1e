package app

import (
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/fetch"
)

// objects is an object storage for tests: real HTTP, one bucket, no signatures
// checked.
type objects struct {
	bucket string
	mu     sync.Mutex
	data   map[string][]byte
	down   bool
}

func (o *objects) keys() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return sortedKeys(o.data)
}

func (o *objects) setDown(down bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down = down
}

// ServeHTTP answers what minio-go asks.
func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case o.down:
		http.Error(w, "", http.StatusServiceUnavailable)
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=tester/"):
		o.fail(w, http.StatusForbidden, "AccessDenied")
	case bucket != o.bucket:
		o.fail(w, http.StatusNotFound, "NoSuchBucket")
	case key == "" && r.Method == http.MethodHead:
	case key == "" && r.Method == http.MethodGet:
		o.list(w, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodPut:
		var body io.Reader = r.Body
		if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
			body = httputil.NewChunkedReader(r.Body) // a chunk's signature is an extension of its length
		}
		data, err := io.ReadAll(body)
		if err != nil {
			o.fail(w, http.StatusBadRequest, "IncompleteBody")
			return
		}
		o.data[key] = data
		w.Header().Set("ETag", `"0"`)
	default:
		data, ok := o.data[key]
		if !ok {
			o.fail(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", `"0"`)
		http.ServeContent(w, r, "", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), strings.NewReader(string(data)))
	}
}

func (o *objects) fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
}

func (o *objects) list(w http.ResponseWriter, prefix string) {
	type object struct {
		Key          string
		Size         int
		LastModified string
		ETag         string
	}
	answer := struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []object
	}{}
	for _, key := range sortedKeys(o.data) {
		if strings.HasPrefix(key, prefix) {
			answer.Contents = append(answer.Contents, object{key, len(o.data[key]), "2026-01-01T00:00:00.000Z", `"0"`})
		}
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(answer)
}

// startObjects serves a bucket, and puts keys to it into the environment.
func startObjects(t *testing.T) (*objects, string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "tester")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	o := &objects{bucket: "desk", data: map[string][]byte{}}
	srv := httptest.NewServer(o)
	t.Cleanup(srv.Close)
	return o, srv.URL
}

// TestArchiveOnObjectStorage: files are uploaded and removed; those that could
// not be are uploaded at the next start.
func TestArchiveOnObjectStorage(t *testing.T) {
	store, endpoint := startObjects(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<p>Page %s.</p>", r.URL.Path)
	}))
	defer site.Close()
	spool := t.TempDir()
	flags := IngestFlags{Archive: "s3://desk/news//a/", ArchiveEndpoint: endpoint, ArchiveSpool: spool}
	fetcher, err := fetch.New(fetch.Options{AllowPrivate: true, NoDelay: true})
	if err != nil {
		t.Fatal(err)
	}
	defer fetcher.Close()
	run := func(path string) {
		t.Helper()
		a, err := openArchive(t.Context(), flags, deps{log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry()})
		if err != nil {
			t.Fatal(err)
		}
		p := &pageFetcher{fetcher: fetcher, archive: a}
		m := urlMessage{URL: site.URL + path}
		if _, err := p.get(t.Context(), &pageState{}, m, fetch.Request{URL: m.URL}); err != nil {
			t.Error(err)
		}
		store.setDown(path == "/first") // too late to be noticed at the start
		a.close()
		store.setDown(false)
	}
	run("/first")
	left, err := filepath.Glob(filepath.Join(spool, "*.warc.gz"))
	if err != nil || len(left) != 1 || len(store.keys()) != 0 {
		t.Fatalf("left %v, uploaded %v; want the file to wait", left, store.keys())
	}
	size, err := os.Stat(left[0])
	if err != nil {
		t.Fatal(err)
	}
	run("/second")
	keys := store.keys()
	if len(keys) != 2 || keys[0] != "news/a/"+filepath.Base(left[0]) || int64(len(store.data[keys[0]])) != size.Size() {
		t.Fatalf("uploaded %v, want %s first", keys, left[0])
	}
	if rest, _ := os.ReadDir(spool); len(rest) != 0 {
		t.Errorf("%v is left", rest)
	}
	out := t.TempDir()
	for _, key := range keys {
		if err := os.WriteFile(filepath.Join(out, filepath.Base(key)), store.data[key], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := readArchive(t, out)
	if got := kinds(all); !slices.Equal(got, []string{"warcinfo", "request", "metadata", "response", "warcinfo", "request", "metadata", "response"}) {
		t.Errorf("records %v", got)
	}
}

func TestBadArchives(t *testing.T) {
	_, endpoint := startObjects(t)
	file := writeFile(t, "file", "")
	for _, c := range []struct {
		flags IngestFlags
		want  string
	}{
		{IngestFlags{Archive: file}, "--archive " + file},
		{IngestFlags{Archive: "s3://"}, "give s3://BUCKET"},
		{IngestFlags{Archive: "s3://desk", ArchiveEndpoint: "store"}, "give the address of the object storage"},
		{IngestFlags{Archive: "s3://nobody", ArchiveEndpoint: endpoint}, "bucket nobody does not exist"},
	} {
		_, err := openArchive(t.Context(), c.flags, deps{log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry()})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.flags.Archive, err, c.want)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "somebody")
	_, err := openArchive(t.Context(), IngestFlags{Archive: "s3://desk", ArchiveEndpoint: endpoint}, deps{log: slog.New(slog.DiscardHandler), reg: prometheus.NewRegistry()})
	if err == nil || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
		t.Errorf("a wrong key: %v", err)
	}
}
