package article

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

var rightsNow = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestRightsOfHeader(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		want   Rights
	}{
		{"nothing", nil, Rights{}},
		{"empty", []string{"", " , ,"}, Rights{}},
		{"one", []string{"noindex"}, Rights{NoIndex: true}},
		{"a list in any case", []string{"NoArchive , nosnippet,follow"}, Rights{NoArchive: true, NoSnippet: true}},
		{"several headers", []string{"noarchive", "noai, noimageai"}, Rights{NoArchive: true, NoAI: true, NoImageAI: true}},
		{"none is noindex", []string{"none"}, Rights{NoIndex: true}},
		{"all", []string{"all, index"}, Rights{}},
		{"for us", []string{"CopyDesk: noindex, noarchive"}, Rights{NoIndex: true, NoArchive: true}},
		{"for somebody else", []string{"otherbot: noindex, noarchive"}, Rights{}},
		{"for somebody else, then for us", []string{"otherbot: noindex, copydesk: noarchive"}, Rights{NoArchive: true}},
		{"a prefix holds for its header alone", []string{"otherbot: noindex", "noarchive"}, Rights{NoArchive: true}},
		{"no snippet of length zero", []string{"max-snippet: 0"}, Rights{NoSnippet: true}},
		{"a snippet of some length", []string{"max-snippet:20, max-image-preview:large"}, Rights{}},
		{"a value is no agent", []string{"max-image-preview: large, noindex"}, Rights{NoIndex: true}},
		{"past", []string{"unavailable_after: 2026-03-13"}, Rights{NoIndex: true}},
		{"past with a comma", []string{"unavailable_after: Fri, 13 Mar 2026 10:00:00 GMT, noarchive"}, Rights{NoIndex: true, NoArchive: true}},
		{"past, as RFC 850", []string{"copydesk: unavailable_after: Friday, 13-Mar-26 10:00:00 GMT"}, Rights{NoIndex: true}},
		{"past, short", []string{"unavailable_after: 13 Mar 2026 10:00:00 GMT"}, Rights{NoIndex: true}},
		{"still to come", []string{"unavailable_after: 2026-03-15T00:00:00Z"}, Rights{}},
		{"no date", []string{"unavailable_after: soon"}, Rights{}},
		{"nonsense", []string{":::,\x00:noindexed," + strings.Repeat("a", 1<<20)}, Rights{}},
	} {
		got := RightsOfHeader(map[string][]string{"X-Robots-Tag": c.values}, rightsNow)
		if got.IsZero() != c.want.IsZero() || got.any() != (len(got.Sources) > 0) {
			t.Errorf("%s: sources %q", c.name, got.Sources)
		}
		if got.Sources = nil; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	got := RightsOfHeader(map[string][]string{"Tdm-Reservation": {"1"}, "X-Robots-Tag": {"noarchive, noarchive"}}, rightsNow)
	if want := "X-Robots-Tag: noarchive; tdm-reservation header"; !got.TDMReserved || strings.Join(got.Sources, "; ") != want {
		t.Errorf("got %+v, want sources %s", got, want)
	}
	if got := RightsOfHeader(map[string][]string{"Tdm-Reservation": {"0"}}, rightsNow); !got.IsZero() {
		t.Errorf("a reservation of 0: got %+v", got)
	}
}

func TestRightsOfPage(t *testing.T) {
	for _, c := range []struct{ name, page, sources string }{
		{"nothing", "<html><head><title>Ferry</title></head><body>", ""},
		{"robots", `<meta name="robots" content="noarchive, max-image-preview:large">`, "meta robots: noarchive"},
		{"our own", `<META CONTENT='noindex' NAME=CopyDesk />`, "meta copydesk: noindex"},
		{"unquoted", `<meta name=robots content=noai>`, "meta robots: noai"},
		{"of another robot", `<meta name="otherbot" content="noindex">`, ""},
		{"reserved for mining", `<meta name="tdm-reservation" content="1">`, "meta tdm-reservation"},
		{"two", `<meta name="robots" content="noai"><meta charset=utf-8><meta name="robots" content="nosnippet">`, "meta robots: noai; meta robots: nosnippet"},
		{"in a comment", `<!-- <meta name="robots" content="noindex"> --><meta name="robots" content="noarchive">`, "meta robots: noarchive"},
		{"in a script", `<script>x='<meta name="robots" content="noindex">'</script>`, ""},
		{"in the title", `<title><meta name="robots" content="noindex"></title>`, ""},
		{"in the body", `<body><meta name="robots" content="noindex">`, ""},
		{"after a long script", `<script>` + strings.Repeat("a<b", 1000) + `</SCRIPT><meta name="robots" content="noindex">`, "meta robots: noindex"},
		{"cut off", `<meta name="robots" content="noindex`, "meta robots: noindex"},
		{"no tag", `<metadata name="robots" content="noindex">`, ""},
	} {
		if got := strings.Join(RightsOfPage([]byte(c.page), rightsNow).Sources, "; "); got != c.sources {
			t.Errorf("%s: got %q, want %q", c.name, got, c.sources)
		}
	}
}

func TestRightsAreBounded(t *testing.T) {
	var r Rights
	for i := range 100 {
		r.Add(Rights{NoAI: true, Sources: []string{strings.Repeat("é", i+100)}})
	}
	data, err := json.Marshal(r)
	if err != nil || len(r.Sources) != 1 || len(data) > 2000 {
		t.Errorf("got %d sources, %d bytes, %v", len(r.Sources), len(data), err)
	}
	for i := range 100 {
		r.from(strings.Repeat("a", i))
	}
	if len(r.Sources) != maxRightsSources {
		t.Errorf("got %d sources", len(r.Sources))
	}
}

func TestPageCarriesRights(t *testing.T) {
	p := &Page{ID: ID("https://herald.example/a"), URL: "https://herald.example/a", FinalURL: "https://herald.example/a", Status: 200, Body: []byte("x")}
	for _, want := range []Rights{{}, {NoArchive: true, Sources: []string{"X-Robots-Tag: noarchive"}}} {
		p.Rights = want
		h, err := p.Headers("")
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := h[HeaderRights]; ok == want.IsZero() {
			t.Errorf("header %v for %+v", h[HeaderRights], want)
		}
		back, err := PageFromHeaders(h, p.Body)
		if err != nil || !reflect.DeepEqual(back.Rights, want) {
			t.Errorf("got %+v, %v, want %+v", back.Rights, err, want)
		}
	}
}

func FuzzRightsOfPage(f *testing.F) {
	f.Add([]byte(`<!--x--><meta name=robots content="noindex, unavailable_after: Fri, 13 Mar 2026 10:00:00 GMT"/><script>`))
	f.Add([]byte(`<meta ='" <META name content=`))
	f.Fuzz(func(t *testing.T, page []byte) {
		r := RightsOfPage(page, rightsNow)
		if len(r.Sources) > maxRightsSources || r.any() != (len(r.Sources) > 0) {
			t.Errorf("got %+v", r)
		}
	})
}
