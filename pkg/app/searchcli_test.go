package app

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
	"github.com/copydesk/copydesk/pkg/search"
)

// TestSearchCommand searches a real server from the terminal: copies are shown
// once, and who asks for changes is told of withdrawals.
func TestSearchCommand(t *testing.T) {
	ix, err := bleveindex.Open(t.TempDir(), bleveindex.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	now := time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC)
	var as []article.Article
	for _, path := range []string{"one/otters", "two/otters", "one/ice"} {
		url := "https://paper-" + strings.Replace(path, "/", ".example/", 1)
		text := "The otters are back in the mill pond, the warden of the pond said."
		if strings.HasSuffix(path, "ice") {
			text = "The ice on the mill pond has gone, and so has the hut that stood on it."
		}
		as = append(as, article.Article{
			ID: article.ID(url), URL: url, Site: strings.Split(url, "/")[2], Title: "News of \x1b[31mthe pond", Language: "en",
			Access: article.Full, Kind: article.KindArticle, Text: text, ContentHash: article.ContentHash("", text), FetchedAt: now,
			Body: []article.Block{{Kind: article.Paragraph, Text: text}}, Normalizer: "1",
		})
	}
	ctx := context.Background()
	if _, err := ix.Upsert(ctx, as, now, nil); err != nil {
		t.Fatal(err)
	}
	cluster := min(as[0].ID, as[1].ID)
	err = ix.Place(ctx, []index.Placement{
		{ID: as[0].ID, Cluster: cluster, Original: as[0].ID, Story: as[0].ID},
		{ID: as[1].ID, Cluster: cluster, Original: as[0].ID, Story: as[0].ID},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ix.Withdraw(ctx, []string{as[2].ID}, now, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	h, err := search.New(search.Options{Index: ix})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	for name, tt := range map[string]struct {
		args []string
		want []string
		hits int
	}{
		"copies once":   {[]string{"otters"}, []string{"2 copies", "1 of 2"}, 1},
		"every copy":    {[]string{"--all", "otters"}, []string{"paper-one.example", "paper-two.example", "2 of 2"}, 2},
		"of a story":    {[]string{"--all", "--story", as[0].ID}, []string{"2 of 2"}, 2},
		"withdrawn":     {[]string{"hut"}, []string{"0 of 0"}, 0},
		"what changed":  {[]string{"--changed-since", "2026-04-02T12:30:00Z"}, []string{" - withdrawn", "/ice", "1 of 1"}, 1},
		"no such story": {[]string{"--story", "none"}, []string{"0 of 0"}, 0},
	} {
		status, out, errs := command("copydesk", &Tool{}, append([]string{"search", "--server", srv.URL}, tt.args...)...)
		if status != 0 || strings.Count(out, "https://paper-") != tt.hits {
			t.Errorf("%s: status %d\n%s%s", name, status, out, errs)
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", name, want, out)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: a page steers the terminal: %q", name, out)
		}
	}
	status, _, errs := command("copydesk", &Tool{}, "search", "--server", srv.URL, "--changed-since", "soon")
	if status != 1 || !strings.Contains(errs, "changed_since") {
		t.Errorf("a bad time: status %d: %s", status, errs)
	}
}
