package search

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/weburl"
)

func tracedRecord() article.Record {
	return article.Record{
		Article: harbour(1), Version: 2, IndexedAt: testNow, FirstSeen: testNow, Cluster: "c", Original: "o", OriginalBy: "published",
		Copies: 2, Story: testStory,
	}
}

// someTraces knows one article, and of other pages nothing.
type someTraces struct{}

func (someTraces) TraceURL(_ context.Context, raw string) (*Trace, error) {
	page, err := weburl.PageURL(raw)
	if err != nil {
		return nil, err
	}
	t := &Trace{URL: page, Page: "p", State: TraceUnknown, Reason: "nothing is known of it"}
	if harbour := tracedRecord(); page == harbour.URL {
		t.State, t.Reason, t.Articles = TraceIndexed, "it is there", []TraceArticle{TraceArticleOf(&harbour)}
		t.Steps = []TraceStep{{At: &harbour.IndexedAt, What: "indexed", Text: "as version 1"}, {What: "copy", Text: "of another"}}
		t.Site = &TraceSite{Site: "harbour-post.example", State: "ok", Since: &testNow, Why: "x"}
		t.Fetch = &TraceFetch{Status: 200}
		t.Feed = &TraceSource{URL: "https://news.example/feed", State: "ok"}
		t.Dead = []TraceDead{{Number: 3, Stage: "index", Reason: "panic", Error: "x", At: testNow}}
		t.Waiting = []TraceWaiting{{Stream: "PAGES", Sequence: 9, Since: testNow}}
	}
	return t, nil
}

func TestTraceAPI(t *testing.T) {
	h := newHandler(t, func(o *Options) { o.Tracer = someTraces{} })
	harbour := tracedRecord()
	for _, c := range []struct {
		target string
		status int
		state  string
	}{
		{"/api/v1/trace?url=" + url.QueryEscape(harbour.URL+"?utm_source=x#top"), 200, TraceIndexed},
		{"/api/v1/articles/" + harbour.ID + "/trace", 200, TraceIndexed},
		{"/api/v1/trace?url=https://nowhere.example/a", 200, TraceUnknown},
		{"/api/v1/trace?url=javascript:alert(1)", 400, ""},
		{"/api/v1/trace", 400, ""},
		{"/api/v1/trace?url=https://a.example/&url=https://b.example/", 400, ""},
		{"/api/v1/articles/none/trace", 404, ""},
		{"/api/v1/articles/" + harbour.ID + "/trace?x=1", 400, ""},
	} {
		w := get(t, h, c.target)
		var got Trace
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", c.target, err)
		}
		if w.Code != c.status || c.status == http.StatusOK && got.State != c.state {
			t.Errorf("%s: %d %q, want %d %q", c.target, w.Code, got.State, c.status, c.state)
		}
		if c.status == http.StatusOK && (got.Steps == nil || got.Notes == nil || got.Dead == nil) {
			t.Errorf("%s: a list is null: %s", c.target, w.Body)
		}
	}
	if w := get(t, newHandler(t, nil), "/api/v1/trace?url=https://a.example/"); w.Code != http.StatusNotImplemented {
		t.Errorf("without a tracer: %d", w.Code)
	}
}

// TestTraceStatesAreDescribed holds the states and the OpenAPI document together.
func TestTraceStatesAreDescribed(t *testing.T) {
	var described []string
	for _, v := range openAPI(t).at("components", "schemas", "Trace", "properties", "state")["enum"].([]any) {
		described = append(described, fmt.Sprint(v))
	}
	if !slices.Equal(described, TraceStates()) {
		t.Errorf("described %v, known %v", described, TraceStates())
	}
}
