package newsroom

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var testEpoch = time.Date(2026, 3, 10, 8, 30, 0, 0, time.UTC)

// siteAt builds a site whose clock stands at a time after the opening.
func siteAt(t *testing.T, after time.Duration, generated int) *Newsroom {
	t.Helper()
	n, err := New(Options{
		Epoch: testEpoch, Port: 8090, Seed: 7, Generated: generated,
		Now: func() time.Time { return testEpoch.Add(BeforeOpening + after) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// get asks for a URL; headers are pairs of name and value.
func get(n *Newsroom, rawURL string, headers ...string) *http.Response {
	u, err := url.Parse(rawURL)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodGet, u.RequestURI(), nil)
	r.Host = u.Host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t *testing.T, res *http.Response) []byte {
	t.Helper()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode undoes windows-1252 where the page is in it.
func decode(o *outlet, data []byte) string {
	if o == nil || o.charset == "" {
		return string(data)
	}
	var b strings.Builder
	for _, c := range data {
		switch {
		case c >= 0x80 && c < 0xA0:
			b.WriteRune(windows1252High[c-0x80])
		default:
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

var (
	inlineTag = regexp.MustCompile(`(?i)</?(a|span|b|i|em|strong|font|small|time)(\s[^>]*)?>`)
	anyTag    = regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>|<[^>]+>`)
)

// visible is the text of a page on one line, with straight quotes.
func visible(page string) string {
	page = inlineTag.ReplaceAllString(page, "")
	page = html.UnescapeString(anyTag.ReplaceAllString(page, " "))
	page = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "’", "'", "\u00a0", " ", "\u00ad", "").Replace(page)
	return strings.Join(strings.Fields(page), " ")
}

func TestKnownTextIsOnThePage(t *testing.T) {
	n := siteAt(t, 2*time.Hour, 125)
	pages := n.Known()
	for i := range 125 {
		k, ok := n.KnownOf(n.base(hostKey(i/pagesPerHost)) + generatedPath(i))
		if !ok {
			t.Fatalf("generated page %d is not there", i)
		}
		pages = append(pages, k)
	}
	for _, k := range pages {
		res := get(n, k.URL)
		if want := map[bool]int{false: 200, true: 410}[k.Withdrawn]; res.StatusCode != want {
			t.Errorf("%s: status %d, want %d", k.URL, res.StatusCode, want)
		}
		if k.Withdrawn {
			continue
		}
		o := n.byKey[k.Outlet]
		if h, ok := n.gen.hostNumber(k.Outlet); ok {
			o = n.gen.outlet(h)
		}
		raw := decode(o, bodyOf(t, res))
		text := visible(raw)
		rest := text
		for para := range strings.SplitSeq(k.Text, "\n\n") {
			_, after, ok := strings.Cut(rest, strings.TrimSuffix(para, "."))
			if !ok {
				t.Errorf("%s: paragraph is not on the page, or out of order: %q", k.URL, para)
				break
			}
			rest = after
		}
		for _, f := range k.Furniture {
			if strings.Contains(k.Text, f) {
				t.Errorf("%s: furniture is part of the text: %q", k.URL, f)
			}
			if !strings.Contains(text, f) {
				t.Errorf("%s: furniture is not on the page: %q", k.URL, f)
			}
		}
		if !strings.Contains(text, k.Title) {
			t.Errorf("%s: title is not on the page: %q", k.URL, k.Title)
		}
		if strings.ContainsAny(k.Text+k.Title, "“”„’\u00a0\u00ad\t") || strings.Contains(k.Text, "  ") {
			t.Errorf("%s: known text is not normalised", k.URL)
		}
		if strings.ContainsAny(k.Text+strings.Join(k.Furniture, ""), "{}") {
			t.Errorf("%s: a mark was not replaced", k.URL)
		}
		if k.Standfirst != "" && strings.Contains(k.Text, k.Standfirst) {
			t.Errorf("%s: standfirst is part of the text", k.URL)
		}
	}
}

func TestSiteIsTheSameTwice(t *testing.T) {
	a, b := siteAt(t, time.Hour, 60), siteAt(t, time.Hour, 60)
	ua, ub := slices.Collect(a.URLs()), slices.Collect(b.URLs())
	if !slices.Equal(ua, ub) {
		t.Fatal("two sites of one epoch and seed have different URLs")
	}
	for _, u := range append(ua, a.Feeds()...) {
		if !bytes.Equal(bodyOf(t, get(a, u)), bodyOf(t, get(b, u))) {
			t.Errorf("%s differs between two sites of one epoch and seed", u)
		}
	}
	other, err := New(Options{Epoch: testEpoch, Port: 8090, Seed: 8, Generated: 60})
	if err != nil {
		t.Fatal(err)
	}
	last := ua[len(ua)-1]
	if bytes.Equal(bodyOf(t, get(a, last)), bodyOf(t, get(other, last))) {
		t.Error("another seed gave the same generated page")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{Domain: "Bad Domain"}, {Port: -1}, {Port: 70000}, {Generated: -1}, {LogSize: -1}} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "newsroom: options: ") {
			t.Errorf("New(%+v) gave %v", o, err)
		}
	}
}

func TestIndexOfOtherHosts(t *testing.T) {
	n := siteAt(t, 0, 0)
	res := get(n, "http://localhost:8090/")
	text := string(bodyOf(t, res))
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
	for _, o := range n.Outlets() {
		if !strings.Contains(text, fmt.Sprintf("href=%q", o.Home)) {
			t.Errorf("the index does not link %s", o.Home)
		}
	}
	if got := get(n, "http://127.0.0.1:8090/elsewhere").StatusCode; got != http.StatusNotFound {
		t.Errorf("unknown path of an unknown host: status %d, want 404", got)
	}
}
