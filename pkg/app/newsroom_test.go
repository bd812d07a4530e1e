package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// servePage answers one request of a newsroom without a network.
func servePage(t testing.TB, site *newsroom.Newsroom, url string) *article.Page {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, url, nil)
	rec := httptest.NewRecorder()
	site.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		t.Fatalf("%s answers %d", url, rec.Code)
	}
	return &article.Page{
		ID: article.ID(url), URL: url, FinalURL: url, Status: rec.Code, ContentType: rec.Header().Get("Content-Type"),
		FetchedAt: time.Now().UTC(), Body: rec.Body.Bytes(),
	}
}

// TestNewsroomText compares what the cleaner makes of every page of the
// newsroom, and of some generated ones, with the text that it must keep.
func TestNewsroomText(t *testing.T) {
	epoch := time.Now().Add(-10 * 24 * time.Hour).UTC().Truncate(time.Minute)
	site, err := newsroom.New(newsroom.Options{
		Port: 8090, Seed: 7, Generated: 200, Epoch: epoch,
		Now: func() time.Time { return epoch.Add(newsroom.BeforeOpening + 30*time.Minute) },
	})
	if err != nil {
		t.Fatal(err)
	}
	exact := 0
	pages := expected(site)
	for url, k := range pages {
		art, err := normalizePage(servePage(t, site, url))
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if art.Text == k.Text {
			exact++
		}
		checkArticle(t, &article.Record{Article: *art}, k)
	}
	t.Logf("%d pages, %d of them with exactly the known text", len(pages), exact)
}

func TestWarningsHaveFewKinds(t *testing.T) {
	for warning, want := range map[string]string{
		"charset: declared x-evil-7731": "charset",
		"removed_blocks_left_out":       "removed_blocks_left_out",
		"page cut: too deep":            "page_cut",
		strings.Repeat("word ", 30):     "other",
	} {
		if got := warningKind(warning); got != want {
			t.Errorf("warningKind(%q) = %q, want %q", warning, got, want)
		}
	}
}
