package search

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// standingBy is the index of a worker while another has it open.
type standingBy struct{}

func (standingBy) err() error { return fmt.Errorf("%w: desk-2 has it", index.ErrLocked) }

func (s standingBy) Get(context.Context, string) (article.Record, error) {
	return article.Record{}, s.err()
}

func (s standingBy) Versions(context.Context, string) ([]article.Version, error) {
	return nil, s.err()
}

func (s standingBy) Search(context.Context, index.Query) (index.Result, error) {
	return index.Result{}, s.err()
}

func (s standingBy) Stories(context.Context, index.StoriesQuery) (index.StoriesResult, error) {
	return index.StoriesResult{}, s.err()
}

func (s standingBy) Each(context.Context, time.Time, func(*index.Entry) error) error { return s.err() }

func (s standingBy) Stats(context.Context) (index.Stats, error) { return index.Stats{}, s.err() }

func TestStandingBy(t *testing.T) {
	h := newHandler(t, func(o *Options) { o.Index = standingBy{} })
	for _, target := range []string{
		"/", "/?q=tide", "/article/" + harbourID, "/article/" + harbourID + "/diff", "/story/" + testStory,
		"/api/v1/search", "/api/v1/articles/" + harbourID, "/api/v1/articles/" + harbourID + "/versions",
		"/api/v1/articles/" + harbourID + "/diff", "/api/v1/clusters/" + harbourID, "/api/v1/stories", "/api/v1/stories/" + testStory, "/stories",
		"/feed.atom", "/feed.json",
	} {
		w := get(t, h, target)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" {
			t.Errorf("%s: %d, Retry-After %q", target, w.Code, w.Header().Get("Retry-After"))
			continue
		}
		if !isAPI(target) {
			if got := text(page(t, h, target, http.StatusServiceUnavailable), ".error-page h1"); got != "This worker stands by" {
				t.Errorf("%s: %q", target, got)
			}
			continue
		}
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if want := (standingBy{}).err().Error(); p.Title != "This worker stands by" || p.Detail != want {
			t.Errorf("%s: %+v, want the detail %q", target, p, want)
		}
	}
	if w := get(t, h, "/openapi.json"); w.Code != http.StatusOK {
		t.Errorf("what needs no index: %d", w.Code)
	}
}
