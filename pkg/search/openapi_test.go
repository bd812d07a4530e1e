package search

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// schemaDoc is the OpenAPI document, for looking things up in it.
type schemaDoc map[string]any

func openAPI(t *testing.T) schemaDoc {
	t.Helper()
	w := get(t, newHandler(t, func(o *Options) { o.Index = emptyIndex(t) }), "/openapi.json")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		t.Fatalf("status %d, content type %q", w.Code, w.Header().Get("Content-Type"))
	}
	var d schemaDoc
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at walks down the document, following references.
func (d schemaDoc) at(keys ...string) map[string]any {
	node := map[string]any(d)
	for _, k := range keys {
		next, _ := node[k].(map[string]any)
		node = d.follow(next)
	}
	return node
}

func (d schemaDoc) follow(node map[string]any) map[string]any {
	ref, ok := node["$ref"].(string)
	if !ok {
		return node
	}
	return d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// queryParams are the query parameters that the document gives a path.
func (d schemaDoc) queryParams(path string) []string {
	var out []string
	list, _ := d.at("paths", path, "get")["parameters"].([]any)
	for _, p := range list {
		if p := d.follow(p.(map[string]any)); p["in"] == "query" {
			out = append(out, p["name"].(string))
		}
	}
	slices.Sort(out)
	return out
}

// check compares a decoded JSON value with a schema: the part of JSON Schema
// that the document uses.
func (d schemaDoc) check(where string, schema map[string]any, v any) []string {
	schema = d.follow(schema)
	if options, ok := schema["anyOf"].([]any); ok {
		for _, s := range options {
			if len(d.check(where, s.(map[string]any), v)) == 0 {
				return nil
			}
		}
		return []string{where + ": fits none of anyOf"}
	}
	types := []string{}
	switch t := schema["type"].(type) {
	case string:
		types = []string{t}
	case []any:
		for _, x := range t {
			types = append(types, x.(string))
		}
	}
	if kind := jsonType(v); !slices.Contains(types, kind) && (kind != "integer" || !slices.Contains(types, "number")) {
		return []string{fmt.Sprintf("%s: is %s, want %v", where, kind, types)}
	}
	switch v := v.(type) {
	case map[string]any:
		return d.checkObject(where, schema, v)
	case []any:
		var bad []string
		items, _ := schema["items"].(map[string]any)
		for i, x := range v {
			bad = append(bad, d.check(fmt.Sprintf("%s[%d]", where, i), items, x)...)
		}
		return bad
	case string:
		return checkString(where, schema, v)
	}
	return nil
}

func (d schemaDoc) checkObject(where string, schema, v map[string]any) []string {
	var bad []string
	props, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, k := range required {
		if _, ok := v[k.(string)]; !ok {
			bad = append(bad, fmt.Sprintf("%s: %s is missing", where, k))
		}
	}
	for k, x := range v {
		p, ok := props[k].(map[string]any)
		if !ok {
			extra, isSchema := schema["additionalProperties"].(map[string]any)
			if !isSchema {
				if schema["additionalProperties"] == false {
					bad = append(bad, fmt.Sprintf("%s: %s is not described", where, k))
				}
				continue
			}
			p = extra
		}
		bad = append(bad, d.check(where+"."+k, p, x)...)
	}
	return bad
}

func checkString(where string, schema map[string]any, v string) []string {
	if list, ok := schema["enum"].([]any); ok && !slices.Contains(list, any(v)) {
		return []string{fmt.Sprintf("%s: %q is none of %v", where, v, list)}
	}
	if c, ok := schema["const"]; ok && c != v {
		return []string{fmt.Sprintf("%s: %q is not %q", where, v, c)}
	}
	if p, ok := schema["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
		return []string{fmt.Sprintf("%s: %q does not match %s", where, v, p)}
	}
	var err error
	switch schema["format"] {
	case "date-time":
		_, err = time.Parse(time.RFC3339, v)
	case "uri":
		var u *url.URL
		if u, err = url.Parse(v); err == nil && !u.IsAbs() {
			err = fmt.Errorf("%q is not absolute", v)
		}
	}
	if err != nil {
		return []string{where + ": " + err.Error()}
	}
	return nil
}

func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	d := openAPI(t)
	if d["openapi"] != "3.1.0" {
		t.Errorf("openapi is %v", d["openapi"])
	}
	described := d.at("paths")
	for _, r := range (&server{}).routes() {
		path := strings.TrimSuffix(r.pattern, "{$}")
		if described[path] == nil {
			t.Errorf("route %s is not described", path)
		}
		delete(described, path)
	}
	for path := range described {
		t.Errorf("path %s is described and not served", path)
	}
}

func TestOpenAPIDescribesEveryParameter(t *testing.T) {
	d := openAPI(t)
	var search []string
	for _, p := range searchParams {
		search = append(search, p.name)
	}
	slices.Sort(search)
	stories := slices.Sorted(slices.Values(storiesParams))
	want := map[string][]string{
		"/": search, "/api/v1/search": search, "/feed.atom": search, "/feed.json": search,
		"/article/{id}/diff": {"from", "to"}, "/api/v1/articles/{id}/diff": {"from", "to"},
		"/sources": {"q", "state"}, "/api/v1/sources": {"q", "state"},
		"/api/v1/clusters/{id}": {"cursor", "size"}, "/api/v1/stories": stories, "/stories": stories, "/api/v1/stories/{id}": {"cursor", "size"},
		"/api/v1/trace": {"url"}, "/api/v1/live": {"lang", "site"}, "/story/{id}": {"cursor", "size"}, "/static/{name}": {"v"},
	}
	for path := range d.at("paths") {
		if got := d.queryParams(path); !slices.Equal(got, want[path]) {
			t.Errorf("%s: described %v, taken %v", path, got, want[path])
		}
	}
	// Taken is what the API takes: each described parameter is known to it.
	h := newHandler(t, nil)
	for path := range d.at("paths") {
		if !isAPI(path) || path == "/openapi.json" || path == "/api/v1/live" || strings.HasSuffix(path, "/trace") {
			continue
		}
		target := strings.Replace(path, "{id}", harbourID, 1)
		if strings.Contains(path, "stories/") {
			target = strings.Replace(path, "{id}", testStory, 1)
		}
		if strings.Contains(path, "clusters") {
			target = strings.Replace(path, "{id}", min(harbourID, copyID, secondCopy), 1)
		}
		for _, p := range want[path] {
			if w := get(t, h, target+"?"+p+"="); w.Code != http.StatusOK {
				t.Errorf("%s refuses %s: %s", path, p, w.Body)
			}
		}
		if w := get(t, h, target+"?nonsense=1"); w.Code != http.StatusBadRequest {
			t.Errorf("%s takes a parameter that is not described: %d", path, w.Code)
		}
	}
}

func TestAnswersMatchOpenAPI(t *testing.T) {
	d := openAPI(t)
	ix := newIndex(t)
	addStories(t, ix)
	h := newHandler(t, func(o *Options) { o.Index, o.Tracer = ix, someTraces{} })
	cluster := min(harbourID, copyID, secondCopy)
	for _, c := range []struct{ path, target string }{
		{"/api/v1/search", "/api/v1/search?size=100"},
		{"/api/v1/search", "/api/v1/search?q=harbour&collapse=cluster"},
		{"/api/v1/search", "/api/v1/search?q=nothinglikethis"},
		{"/api/v1/articles/{id}", "/api/v1/articles/" + harbourID},
		{"/api/v1/articles/{id}", "/api/v1/articles/" + undatedID},
		{"/api/v1/articles/{id}", "/api/v1/articles/" + withdrawnID},
		{"/api/v1/articles/{id}/versions", "/api/v1/articles/" + harbourID + "/versions"},
		{"/api/v1/articles/{id}/diff", "/api/v1/articles/" + harbourID + "/diff?from=1"},
		{"/api/v1/clusters/{id}", "/api/v1/clusters/" + cluster},
		{"/api/v1/stories", "/api/v1/stories"},
		{"/api/v1/stories", "/api/v1/stories?q=nothinglikethis"},
		{"/api/v1/stories", "/api/v1/stories?min=0"},
		{"/api/v1/stories/{id}", "/api/v1/stories/" + testStory},
		{"/api/v1/stories/{id}", "/api/v1/stories/" + pilotStory},
		{"/api/v1/stories/{id}", "/api/v1/stories/" + agroundStory + "?size=2"},
		{"/api/v1/stories/{id}", "/api/v1/stories/none"},
		{"/api/v1/sources", "/api/v1/sources"},
		{"/feed.json", "/feed.json?size=50"},
		{"/api/v1/articles/{id}/trace", "/api/v1/articles/" + harbourID + "/trace"},
		{"/api/v1/articles/{id}/trace", "/api/v1/articles/none/trace"},
		{"/api/v1/trace", "/api/v1/trace?url=https://nowhere.example/a"},
		{"/api/v1/trace", "/api/v1/trace"},
		{"/api/v1/search", "/api/v1/search?sort=sideways"},
		{"/api/v1/articles/{id}", "/api/v1/articles/none"},
	} {
		w := get(t, h, c.target)
		response := d.at("paths", c.path, "get", "responses", fmt.Sprint(w.Code))
		ct, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
		content, _ := response["content"].(map[string]any)
		media, ok := content[ct].(map[string]any)
		if !ok {
			t.Errorf("%s: %d as %s is not described", c.target, w.Code, ct)
			continue
		}
		var v any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		for _, bad := range d.check(c.target, media["schema"].(map[string]any), v) {
			t.Error(bad)
		}
	}
	// An event of the live tail is described by its schema too.
	rec := &article.Record{Article: harbour(3), Version: 3, IndexedAt: testNow, FirstSeen: testNow}
	event := (&server{}).event(rec)
	_, data, _ := strings.Cut(event, "data: ")
	var v any
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatal(err)
	}
	for _, bad := range d.check("live", d.at("components", "schemas", "LiveArticle"), v) {
		t.Error(bad)
	}
}

// TestSchemaCheckFinds makes sure that the comparison above can fail.
func TestSchemaCheckFinds(t *testing.T) {
	d := openAPI(t)
	schema := d.at("components", "schemas", "Count")
	for _, v := range []any{
		map[string]any{"value": "a"},
		map[string]any{"value": "a", "count": "3"},
		map[string]any{"value": "a", "count": 3.0, "more": 1.0},
		nil,
	} {
		if len(d.check("count", schema, v)) == 0 {
			t.Errorf("%v passes", v)
		}
	}
	if bad := d.check("count", schema, map[string]any{"value": "a", "count": 3.0}); bad != nil {
		t.Error(bad)
	}
	if got := d.at("components", "parameters", "size", "schema")["maximum"]; got != float64(index.MaxSize) {
		t.Errorf("size is described up to %v, taken up to %d", got, index.MaxSize)
	}
	if got := d.at("components", "parameters", "q", "schema")["maxLength"]; got != float64(index.MaxText) {
		t.Errorf("q is described up to %v, taken up to %d", got, index.MaxText)
	}
}
