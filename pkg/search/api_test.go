package search

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// into decodes an answer that must have come with status 200.
func into[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSearchAPI(t *testing.T) {
	h := newHandler(t, nil)
	tests := map[string]struct {
		query string
		total uint64
		first string // id of the first hit, "" for any
	}{
		"everything":            {"", 39, secondCopy},
		"words":                 {"q=tide+timetable", 3, ""},
		"phrase":                {"q=%22cracked+pin%22", 1, harbourID},
		"excluded":              {"q=gate+-timetable", 1, paywallID},
		"language":              {"lang=de", 1, germanID},
		"languages with commas": {"lang=de,ar", 2, germanID},
		"languages repeated":    {"lang=AR&lang=de", 2, germanID},
		"site":                  {"site=ledger.example", 1, paywallID},
		"a day":                 {"from=2026-03-11&to=2026-03-11", 1, hebrewID},
		"to a time":             {"from=2026-03-12&to=2026-03-12T16:00:00Z", 0, ""},
		"to after a time":       {"from=2026-03-12T16:00:00Z&to=2026-03-12T16:00:01%2B00:00", 1, arabicID},
		"unescaped zone":        {"from=2026-03-12T17:00:00+01:00&to=2026-03-12T20:00:00+01:00", 1, arabicID},
		"changed since":         {"changed_since=2026-03-14T10:00:01Z", 0, ""},
		"cluster":               {"cluster=" + min(harbourID, copyID, secondCopy), 3, secondCopy},
		"story":                 {"story=" + testStory, 3, copyID},
		"collapsed":             {"collapse=cluster&q=timetable", 3, ""},
		"by date":               {"q=harbour&sort=date", 34, secondCopy},
		"empty values":          {"q=&lang=&site=&from=&to=&sort=&collapse=&size=&cursor=", 39, secondCopy},
		"nothing":               {"q=xylophone", 0, ""},
		"withdrawn":             {"q=resigned", 0, ""},
		"withdrawn too":         {"q=resigned&withdrawn=true", 1, withdrawnID},
		"withdrawn left out":    {"q=resigned&withdrawn=false", 0, ""},
		"what a copy must know": {"changed_since=2026-03-14T10:00:01Z&withdrawn=true", 1, withdrawnID},
		"changed since a day":   {"changed_since=2026-03-14", 39, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := into[searchAnswer](t, get(t, h, "/api/v1/search?"+tt.query))
			if a.Total != tt.total {
				t.Errorf("total %d, want %d", a.Total, tt.total)
			}
			if a.Hits == nil || a.Facets.Site == nil || a.Facets.Language == nil || a.Facets.Day == nil {
				t.Error("a list is null")
			}
			if tt.first != "" && (len(a.Hits) == 0 || a.Hits[0].ID != tt.first) {
				t.Errorf("first hit is not %s: %+v", tt.first, a.Hits)
			}
		})
	}
	if n := len(into[searchAnswer](t, get(t, h, "/api/v1/search?collapse=cluster&q=timetable")).Hits); n != 1 {
		t.Errorf("%d hits for one cluster", n)
	}
}

func TestSearchAPIPages(t *testing.T) {
	h := newHandler(t, nil)
	seen := map[string]bool{}
	q := url.Values{"size": {"9"}, "q": {"harbour"}}
	for range 10 {
		a := into[searchAnswer](t, get(t, h, "/api/v1/search?"+q.Encode()))
		for _, hit := range a.Hits {
			if seen[hit.ID] {
				t.Errorf("%s comes twice", hit.ID)
			}
			seen[hit.ID] = true
		}
		if a.Next == "" {
			break
		}
		q.Set("cursor", a.Next)
	}
	if len(seen) != 34 {
		t.Errorf("%d hits on all pages, want 34", len(seen))
	}
}

func TestProblems(t *testing.T) {
	h := newHandler(t, nil)
	long := strings.Repeat("a", 1001)
	next := into[searchAnswer](t, get(t, h, "/api/v1/search?size=1")).Next
	tests := []struct {
		target                     string
		status                     int
		parameter, value, accepted string // accepted: a part of it
	}{
		{"/api/v1/search?shade=red", 400, "shade", "red", "changed_since"},
		{"/api/v1/search?sort=sideways", 400, "sort", "sideways", "relevance or date"},
		{"/api/v1/search?collapse=all", 400, "collapse", "all", "cluster or story"},
		{"/api/v1/search?size=0", 400, "size", "0", "1 to 100"},
		{"/api/v1/search?size=101", 400, "size", "101", "1 to 100"},
		{"/api/v1/search?size=ten", 400, "size", "ten", "1 to 100"},
		{"/api/v1/search?from=yesterday", 400, "from", "yesterday", "2006-01-02"},
		{"/api/v1/search?to=2026-02-30", 400, "to", "2026-02-30", "RFC 3339"},
		{"/api/v1/search?changed_since=1710000000", 400, "changed_since", "1710000000", "RFC 3339"},
		{"/api/v1/search?from=2026-03-02&to=2026-03-01", 400, "to", "2026-03-01", "not before from"},
		{"/api/v1/search?changed_since=2026-03-14T10:00:00", 400, "changed_since", "2026-03-14T10:00:00", "RFC 3339"},
		{"/api/v1/search?changed_since=2026-03-01&changed_since=2026-03-02", 400, "changed_since", "", "once"},
		{"/api/v1/search?withdrawn=yes", 400, "withdrawn", "yes", "true or false"},
		{"/api/v1/search?lang=english", 400, "lang", "english", "pt-br"},
		{"/api/v1/search?site=a+b", 400, "site", "a b", "example.com"},
		{"/api/v1/search?cluster=x", 400, "cluster", "x", "26 characters"},
		{"/api/v1/search?story=a/b", 400, "story", "a/b", "id of a story"},
		{"/api/v1/search?sort=date&sort=date", 400, "sort", "date, date", "once"},
		{"/api/v1/search?cursor=nonsense", 400, "cursor", "nonsense", "next"},
		{"/api/v1/search?q=other&cursor=" + next, 400, "cursor", "", "same search"},
		{"/api/v1/search?q=" + long, 400, "q", "", "1000 characters"},
		{"/api/v1/search?q=" + strings.Repeat("a+", 65), 400, "q", "", "64 words"},
		{"/api/v1/search?q=%ff", 400, "q", "", "UTF-8"},
		{"/api/v1/search?q=a%00b", 400, "q", "", "UTF-8"},
		{"/api/v1/search?lang=" + strings.Repeat("en,", 21), 400, "lang", "en", "at most 20"},
		{"/api/v1/search?q=%zz", 400, "", "", ""},
		{"/api/v1/search?q=" + strings.Repeat("a", 9000), 414, "", "", ""},
		{"/api/v1/articles/" + harbourID + "?pretty=1", 400, "pretty", "1", "no parameters"},
		{"/api/v1/articles/none", 404, "", "", ""},
		{"/api/v1/articles/aaaaaaaaaaaaaaaaaaaaaaaaaa", 404, "", "", ""},
		{"/api/v1/articles/aaaaaaaaaaaaaaaaaaaaaaaaaa/versions", 404, "", "", ""},
		{"/api/v1/articles/aaaaaaaaaaaaaaaaaaaaaaaaaa/diff", 404, "", "", ""},
		{"/api/v1/articles/" + germanID + "/diff", 404, "", "", ""},
		{"/api/v1/articles/" + harbourID + "/diff?from=0", 400, "from", "0", "1 to 3"},
		{"/api/v1/articles/" + harbourID + "/diff?to=one", 400, "to", "one", "1 to 3"},
		{"/api/v1/articles/" + harbourID + "/trace", 501, "", "", ""},
		{"/api/v1/clusters/aaaaaaaaaaaaaaaaaaaaaaaaaa", 404, "", "", ""},
		{"/api/v1/clusters/none", 404, "", "", ""},
		{"/api/v1/sources?state=broken", 400, "state", "broken", "failing"},
		{"/api/v1/live", 501, "", "", ""},
		{"/api/v1/live?lang=en,de", 400, "lang", "", "one language"},
		{"/api/v1/live?since=1", 400, "since", "1", "lang, site"},
		{"/feed.atom?sort=up", 400, "sort", "up", "relevance or date"},
		{"/feed.json?colour=red", 400, "colour", "red", "q, lang"},
		{"/api/v1/nothing", 404, "", "", ""},
		{"/api/", 404, "", "", ""},
	}
	for _, tt := range tests {
		w := get(t, h, tt.target)
		name := tt.target[:min(len(tt.target), 60)]
		if w.Code != tt.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, tt.status)
			continue
		}
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s: content type %q", name, ct)
		}
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Status != tt.status || p.Title == "" || p.Detail == "" || p.Type == "" {
			t.Errorf("%s: incomplete: %+v", name, p)
		}
		if p.Parameter != tt.parameter || (tt.value != "" && p.Value != tt.value) || !strings.Contains(p.Accepted, tt.accepted) {
			t.Errorf("%s: %+v, want parameter %q, value %q, accepted %q", name, p, tt.parameter, tt.value, tt.accepted)
		}
		if tt.parameter != "" && !strings.Contains(p.Detail, tt.parameter) {
			t.Errorf("%s: the detail does not name the parameter: %s", name, p.Detail)
		}
	}
}

// TestFollowChanges keeps a copy of the index as its documentation says.
func TestFollowChanges(t *testing.T) {
	h := newHandler(t, nil)
	kept := map[string]int{}
	sync := func(since string) (gone []string) {
		q := url.Values{"changed_since": {since}, "withdrawn": {"true"}, "size": {"15"}}
		for range 10 {
			a := into[searchAnswer](t, get(t, h, "/api/v1/search?"+q.Encode()))
			for _, hit := range a.Hits {
				if hit.IndexedAt.Format(time.RFC3339) < since {
					t.Errorf("%s was indexed at %v, before %s", hit.ID, hit.IndexedAt, since)
				}
				kept[hit.ID] = hit.Version
				if hit.Withdrawn {
					delete(kept, hit.ID)
					gone = append(gone, hit.ID)
				}
			}
			if a.Next == "" {
				return gone
			}
			q.Set("cursor", a.Next)
		}
		t.Fatal("the pages do not end")
		return nil
	}
	if gone := sync("2026-03-14T00:00:00Z"); len(kept) != 39 || kept[harbourID] != 3 || !slices.Equal(gone, []string{withdrawnID}) {
		t.Errorf("kept %d, withdrawn %v", len(kept), gone)
	}
	if gone := sync("2026-03-14T10:30:00Z"); !slices.Equal(gone, []string{withdrawnID}) {
		t.Errorf("later: withdrawn %v", gone)
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(t, func(o *Options) { o.Index = emptyIndex(t) })
	for _, target := range []string{"/api/v1/search", "/", "/sources", "/feed.atom"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			w := do(h, method, target)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", method, target, w.Code, w.Header().Get("Allow"))
			}
			if got := w.Header().Get("Content-Type") == "application/problem+json"; got != isAPI(target) {
				t.Errorf("%s %s: content type %q", method, target, w.Header().Get("Content-Type"))
			}
		}
		if w := do(h, http.MethodHead, target); w.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", target, w.Code)
		}
	}
}

func TestArticleAPI(t *testing.T) {
	h := newHandler(t, nil)
	rec := into[map[string]any](t, get(t, h, "/api/v1/articles/"+harbourID))
	if rec["id"] != harbourID || rec["version"] != 3.0 || rec["copies"] != 3.0 || rec["original"] != harbourID {
		t.Errorf("id, version, copies, original: %v, %v, %v, %v", rec["id"], rec["version"], rec["copies"], rec["original"])
	}
	if len(rec["removed"].([]any)) != 7 {
		t.Error("removed blocks are missing")
	}
	vs := into[versionsAnswer](t, get(t, h, "/api/v1/articles/"+harbourID+"/versions"))
	if vs.ID != harbourID || len(vs.Versions) != 3 || vs.Versions[0].Version != 1 || len(vs.Versions[2].Body) != len(harbourBody) {
		t.Errorf("versions: %+v", vs)
	}
}

func TestDiffAPI(t *testing.T) {
	h := newHandler(t, nil)
	target := "/api/v1/articles/" + harbourID + "/diff"
	for query, want := range map[string][2]int{"": {2, 3}, "?from=1": {1, 3}, "?to=2": {1, 2}, "?from=3&to=1": {3, 1}, "?from=2&to=2": {2, 2}} {
		c := into[comparison](t, get(t, h, target+query))
		if c.From.Version != want[0] || c.To.Version != want[1] {
			t.Errorf("%s: compares %d with %d, want %v", query, c.From.Version, c.To.Version, want)
		}
	}
	c := into[comparison](t, get(t, h, target+"?from=1&to=3"))
	ops := map[op]int{}
	for _, b := range c.Blocks {
		ops[b.Op]++
	}
	if ops[opChange] != 2 || ops[opInsert] != 2 || ops[opDelete] != 1 || ops[opEqual] != 9 {
		t.Errorf("blocks: %v", ops)
	}
	same := into[comparison](t, get(t, h, target+"?from=2&to=2"))
	if same.changed() || same.WordsAdded+same.WordsRemoved != 0 {
		t.Error("a version differs from itself")
	}
}

func TestClusterAPI(t *testing.T) {
	h := newHandler(t, nil)
	c := into[clusterAnswer](t, get(t, h, "/api/v1/clusters/"+min(harbourID, copyID, secondCopy)))
	if c.Original != harbourID || c.Total != 3 || len(c.Members) != 3 || c.OriginalBy != "attribution" || !strings.Contains(c.Reason, "name a source") {
		t.Errorf("%+v", c)
	}
}

func TestSourcesAPI(t *testing.T) {
	h := newHandler(t, nil)
	a := into[sourcesAnswer](t, get(t, h, "/api/v1/sources"))
	var states []string
	for _, s := range a.Sources {
		states = append(states, s.State)
	}
	if want := []string{"failing", "failing", "blocked", "dead", "new", "ok", "ok", "retired"}; !slices.Equal(states, want) {
		t.Errorf("order %v, want %v", states, want)
	}
	if a.Total != 8 || a.States["failing"] != 2 || a.Sources[0].Failures != 11 || a.Sources[4].LastPoll != nil {
		t.Errorf("%+v", a)
	}
	if p := a.Publishers; len(p) != 6 || p[0].State != "blocked" || p[0].Why != "robots.txt" || p[0].LastOK != nil || p[2].State != "missing" || p[4].Since != nil || a.PublisherStates["ok"] != 2 {
		t.Errorf("publishers %+v, %v", p, a.PublisherStates)
	}
	some := into[sourcesAnswer](t, get(t, h, "/api/v1/sources?state=ok&q=COAST"))
	if len(some.Publishers) != 1 || some.Publishers[0].Site != "coast-wire.example" {
		t.Errorf("filtered publishers: %+v", some.Publishers)
	}
	if len(some.Sources) != 1 || some.Total != 8 || some.Sources[0].Site != "coast-wire.example" {
		t.Errorf("filtered: %+v", some)
	}
	w := get(t, newHandler(t, func(o *Options) { o.Sources, o.Index = nil, emptyIndex(t) }), "/api/v1/sources")
	if w.Code != http.StatusNotImplemented {
		t.Errorf("without sources: %d", w.Code)
	}
}
