package fetch

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestFetchPage(t *testing.T) {
	var seen http.Header
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a" {
			http.NotFound(w, r)
			return
		}
		seen = r.Header
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Last-Modified", "Mon, 05 Jan 2026 10:00:00 GMT")
		w.Header().Set("Cache-Control", "public, max-age=90")
		_, _ = w.Write([]byte("<p>The ferry is back in service."))
	})
	f := newTestFetcher(t, func(o *Options) { o.UserAgent = UserAgent("1.2", "desk@example.org") })
	before := time.Now()
	resp := get(t, f, s.URL+"/a?x=1#part")
	if string(resp.Body) != "<p>The ferry is back in service." || resp.Status != 200 || resp.NotModified {
		t.Errorf("got %d %q", resp.Status, resp.Body)
	}
	if resp.URL != s.URL+"/a?x=1#part" || resp.FinalURL != s.URL+"/a?x=1" || resp.PermanentURL != "" || resp.Redirects != nil {
		t.Errorf("got URLs %q, %q, %q, %q", resp.URL, resp.FinalURL, resp.PermanentURL, resp.Redirects)
	}
	if resp.ContentType != "text/html; charset=utf-8" || resp.ETag != `"v1"` || resp.LastModified != "Mon, 05 Jan 2026 10:00:00 GMT" {
		t.Errorf("got headers %q, %q, %q", resp.ContentType, resp.ETag, resp.LastModified)
	}
	if resp.MaxAge != 90*time.Second || resp.FetchedAt.Before(before) || resp.FetchedAt.After(time.Now()) {
		t.Errorf("got MaxAge %s, FetchedAt %s", resp.MaxAge, resp.FetchedAt)
	}
	if ua := seen.Get("User-Agent"); ua != "copydesk/1.2 (desk@example.org)" {
		t.Errorf("got User-Agent %q", ua)
	}
	if seen.Get("Accept-Encoding") != acceptEncoding || !strings.HasPrefix(seen.Get("Accept"), "text/html") {
		t.Errorf("got request headers %v", seen)
	}
}

func TestFetchConditional(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/old":
			http.Redirect(w, r, "/feed", http.StatusMovedPermanently)
		case r.URL.Path != "/feed":
			http.NotFound(w, r)
		case r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") == "yesterday":
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Cache-Control", "max-age=7")
			w.WriteHeader(http.StatusNotModified)
		default:
			_, _ = w.Write([]byte("new"))
		}
	})
	f := newTestFetcher(t)
	req := Request{URL: s.URL + "/old", Kind: KindFeed, ETag: `"v1"`, LastModified: "yesterday"}
	resp, err := f.Fetch(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	if !resp.NotModified || resp.Status != 304 || resp.Body != nil || resp.ETag != `"v1"` || resp.LastModified != "yesterday" {
		t.Errorf("got %+v", resp)
	}
	if resp.PermanentURL != s.URL+"/feed" || resp.MaxAge != 7*time.Second {
		t.Errorf("got PermanentURL %q, MaxAge %s", resp.PermanentURL, resp.MaxAge)
	}
	// Validators that cannot be sent are left out, not fatal.
	req.ETag, req.LastModified = "a\x01b", strings.Repeat("x", 5000)
	if resp, err = f.Fetch(context.Background(), req); err != nil || string(resp.Body) != "new" {
		t.Errorf("got %v, %v", resp, err)
	}
}

func TestFetchRedirects(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]struct {
			status   int
			location string
		}{
			"/perm":   {301, "/perm2?utm_source=x"},
			"/perm2":  {308, "end#frag"},
			"/mixed":  {301, "/temp"},
			"/temp":   {302, "end"},
			"/loop":   {302, "/loop2"},
			"/loop2":  {307, "/loop"},
			"/self":   {303, "/self"},
			"/none":   {302, ""},
			"/mail":   {302, "mailto:desk@example.org"},
			"/file":   {302, "file:///etc/passwd"},
			"/broken": {302, "http://[::"},
		}[r.URL.Path]
		switch {
		case to.status != 0:
			if to.location != "" {
				w.Header().Set("Location", to.location)
			}
			w.WriteHeader(to.status)
		case strings.HasPrefix(r.URL.Path, "/n"):
			http.Redirect(w, r, r.URL.Path+"n", http.StatusFound)
		case r.URL.Path == "/end":
			_, _ = w.Write([]byte("here"))
		default:
			http.NotFound(w, r)
		}
	})
	f := newTestFetcher(t)

	resp := get(t, f, s.URL+"/perm")
	if resp.PermanentURL != s.URL+"/end" || resp.FinalURL != s.URL+"/end" || string(resp.Body) != "here" {
		t.Errorf("all permanent: got %+v", resp)
	}
	if got := strings.Join(resp.Redirects, " "); got != s.URL+"/perm2?utm_source=x "+s.URL+"/end" {
		t.Errorf("got redirects %s", got)
	}
	if resp = get(t, f, s.URL+"/mixed"); resp.PermanentURL != "" || resp.FinalURL != s.URL+"/end" {
		t.Errorf("not all permanent: got %+v", resp)
	}
	for path, text := range map[string]string{
		"/loop":   "redirect loop at " + s.URL + "/loop",
		"/self":   "redirect loop at " + s.URL + "/self",
		"/nn":     "more than 5 redirects",
		"/none":   "status 302 without Location",
		"/mail":   `scheme "mailto" is neither http nor https`,
		"/file":   `scheme "file" is neither http nor https`,
		"/broken": "redirect: invalid URL",
	} {
		e := fail(t, f, s.URL+path, ClassRedirect)
		if e.Temporary || !strings.Contains(e.Error(), text) {
			t.Errorf("%s: got %v, temporary %t; want %q", path, e, e.Temporary, text)
		}
	}
}

func TestFetchStatus(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{
			"/400": 400, "/403": 403, "/404": 404, "/408": 408, "/410": 410, "/451": 451,
			"/500": 500, "/502": 502, "/503": 503, "/300": 300, "/999": 999, "/304": 304,
		}[r.URL.Path]
		if status == 0 {
			status = 404
		}
		w.WriteHeader(status)
	})
	for path, want := range map[string]Error{
		"/400": {Class: ClassHTTP4xx, Status: 400},
		"/403": {Class: ClassHTTP4xx, Status: 403},
		"/404": {Class: ClassHTTP4xx, Status: 404},
		"/408": {Class: ClassHTTP4xx, Status: 408, Temporary: true},
		"/410": {Class: ClassGone, Status: 410},
		"/451": {Class: ClassHTTP4xx, Status: 451},
		"/500": {Class: ClassHTTP5xx, Status: 500, Temporary: true},
		"/502": {Class: ClassHTTP5xx, Status: 502, Temporary: true},
		"/503": {Class: ClassHTTP5xx, Status: 503, Temporary: true},
		"/300": {Class: ClassProtocol, Status: 300},
		"/304": {Class: ClassProtocol, Status: 304},
		"/999": {Class: ClassProtocol, Status: 999},
	} {
		e := fail(t, newTestFetcher(t), s.URL+path, want.Class)
		if e.Status != want.Status || e.Temporary != want.Temporary || e.URL != s.URL+path {
			t.Errorf("%s: got %+v", path, e)
		}
	}
}

func TestFetchBadURL(t *testing.T) {
	f := newTestFetcher(t)
	for _, url := range []string{
		"", "news", "/a", "ftp://example.org/", "http://", "javascript:alert(1)",
		"http://exa\x01mple.org/", "http://exa%00mple.org/", "http://" + strings.Repeat("a", 5000) + "/",
	} {
		e := fail(t, f, url, ClassURL)
		if e.Temporary || hasControl(e.Error()) {
			t.Errorf("%q: got %q, temporary %t", url, e.Error(), e.Temporary)
		}
	}
}

func TestFetchOddURLs(t *testing.T) {
	var requestURI, auth string
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		requestURI, auth = r.RequestURI, r.Header.Get("Authorization")
	})
	f := newTestFetcher(t, func(o *Options) { o.IgnoreRobots = true })
	for in, want := range map[string]string{
		"/50%":         "/50%25",
		"/a%zzb":       "/a%25zzb",
		"//double":     "//double",
		"/a|b":         "/a%7Cb",
		"/%E3%83%84/ツ": "/%E3%83%84/%E3%83%84",
		"?q=a b":       "/?q=a%20b",
	} {
		resp := get(t, f, s.URL+in)
		if requestURI != want {
			t.Errorf("%s: got %s, want %s", in, requestURI, want)
		}
		if in == "/a|b" && resp.FinalURL != s.URL+"/a|b" {
			t.Errorf("FinalURL is spelled %s, unlike in the rest of the program", resp.FinalURL)
		}
	}
	resp := get(t, f, strings.Replace(s.URL, "http://", "http://reader:secret@", 1)+"/feed")
	if auth != "Basic cmVhZGVyOnNlY3JldA==" {
		t.Errorf("got Authorization %q", auth)
	}
	if strings.Contains(resp.FinalURL, "secret") {
		t.Errorf("FinalURL %s shows the password", resp.FinalURL)
	}
	e := fail(t, f, "http://reader:secret@localhost:1/", ClassConnect)
	if strings.Contains(e.Error(), "secret") {
		t.Errorf("error shows the password: %v", e)
	}
}

func TestFetchCallerGivesUp(t *testing.T) {
	arrived := make(chan struct{})
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-r.Context().Done()
		}
	})
	f := newTestFetcher(t)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	_, err := f.Fetch(ctx, Request{URL: s.URL + "/slow"})
	if e := wantClass(t, err, ClassCanceled); !e.Temporary {
		t.Errorf("got %+v", e)
	}
}

func TestCloseEndsFetches(t *testing.T) {
	arrived := make(chan struct{})
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			close(arrived)
			<-r.Context().Done()
		}
	})
	f := newTestFetcher(t)
	closed := make(chan time.Duration, 1)
	go func() {
		<-arrived
		begin := time.Now()
		f.Close()
		closed <- time.Since(begin)
	}()
	fail(t, f, s.URL+"/a", ClassCanceled)
	if took := <-closed; took > 10*time.Second {
		t.Errorf("Close took %s", took)
	}
	fail(t, f, s.URL+"/a", ClassCanceled)
}

func TestMetrics(t *testing.T) {
	s := newServer(t, pages(map[string]string{"/a": "12345"}))
	reg := prometheus.NewRegistry()
	f := newTestFetcher(t, func(o *Options) { o.Registerer, o.IgnoreRobots = reg, true })
	get(t, f, s.URL+"/a")
	get(t, f, s.URL+"/a")
	fail(t, f, s.URL+"/b", ClassHTTP4xx)
	if got := testutil.ToFloat64(f.metrics.responses.WithLabelValues("ok")); got != 2 {
		t.Errorf("got %v ok", got)
	}
	if got := testutil.ToFloat64(f.metrics.responses.WithLabelValues(ClassHTTP4xx)); got != 1 {
		t.Errorf("got %v http_4xx", got)
	}
	if got := testutil.ToFloat64(f.metrics.bytes); got < 10 {
		t.Errorf("got %v bytes", got)
	}
	if n, err := testutil.GatherAndCount(reg, "copydesk_fetch_responses_total", "copydesk_fetch_duration_seconds", "copydesk_fetch_bytes_total"); err != nil || n != len(classes)+2 {
		t.Errorf("got %d series, %v", n, err)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("got %v, %v", problems, err)
	}
	if _, err := New(Options{Registerer: reg}); err == nil {
		t.Error("a second registration went unnoticed")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"no name", Options{UserAgent: "bot/1.0 (+https://example.org)"}, `must begin with "copydesk"`},
		{"other name", Options{UserAgent: "copydesker/1.0 (+https://example.org)"}, `must begin with "copydesk"`},
		{"no contact", Options{UserAgent: "copydesk/1.0"}, "must hold a contact"},
		{"line break", Options{UserAgent: "copydesk/1.0 (a@example.org)\r\nX: y"}, "character 29 is not printable"},
		{"delay", Options{HostDelay: -1}, "HostDelay is negative"},
		{"limit", Options{Limits: Limits{Ratio: -1}}, "limit Ratio is negative"},
	} {
		_, err := New(c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	for _, ua := range []string{"", "copydesk (mail desk@example.org)", "Copydesk/2 (https://example.org/about)", UserAgent("1", "")} {
		f, err := New(Options{UserAgent: ua})
		if err != nil {
			t.Errorf("%q: %v", ua, err)
			continue
		}
		f.Close()
	}
}

func TestReport(t *testing.T) {
	s := newServer(t, pages(map[string]string{"/a": "a"}))
	var got []string
	f := newTestFetcher(t, func(o *Options) {
		o.Report = func(req Request, resp *Response, err *Error) {
			if (resp == nil) == (err == nil) {
				t.Errorf("%s: got both or neither of %v and %v", req.URL, resp, err)
			}
			got = append(got, req.URL)
		}
	})
	get(t, f, s.URL+"/a")
	fail(t, f, s.URL+"/b", ClassHTTP4xx)
	fail(t, f, "ftp://harbour.example/", ClassURL)
	if want := s.URL + "/a " + s.URL + "/b ftp://harbour.example/"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
