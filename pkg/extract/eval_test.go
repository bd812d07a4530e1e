package extract

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/internal/evaldata"
)

type evalPage struct {
	ID   string `json:"id"`
	URL  string `json:"url"`
	HTML string `json:"html_b64"`
	body []byte
}

func readEvalPages(t testing.TB, file string) []evalPage {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var pages []evalPage
	r := bufio.NewReaderSize(z, 1<<20)
	dec := json.NewDecoder(r)
	for dec.More() {
		var p evalPage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.body, err = base64.StdEncoding.DecodeString(p.HTML); err != nil {
			t.Fatal(err)
		}
		p.HTML = ""
		pages = append(pages, p)
	}
	return pages
}

// TestEvalPredictions writes what Extract makes of the evaluation pages to the
// file named by COPYDESK_EVAL_OUT, for the scoring program that comes with them.
// COPYDESK_EVAL_SETS narrows the sets, COPYDESK_EVAL_TRACE adds the trace.
func TestEvalPredictions(t *testing.T) {
	out := os.Getenv("COPYDESK_EVAL_OUT")
	if out == "" {
		t.Skip("COPYDESK_EVAL_OUT is not set")
	}
	dir := evaldata.Dir(t, "eval")
	sets := strings.Fields(os.Getenv("COPYDESK_EVAL_SETS"))
	if len(sets) == 0 {
		sets = []string{"scrapinghub", "fundus_eval", "fundus_meta", "trafilatura", "readability"}
	}
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	defer w.Flush()
	enc := json.NewEncoder(w)
	for _, set := range sets {
		pages := readEvalPages(t, filepath.Join(dir, "data", set, "pages.jsonl.gz"))
		lines := make([]map[string]any, len(pages))
		var wg sync.WaitGroup
		next := make(chan int, len(pages))
		for i := range pages {
			next <- i
		}
		close(next)
		for range 2 {
			wg.Go(func() {
				for i := range next {
					lines[i] = predict(&pages[i])
				}
			})
		}
		wg.Wait()
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func predict(p *evalPage) map[string]any {
	page := &article.Page{URL: p.URL, FinalURL: p.URL, Status: 200, Body: p.body, FetchedAt: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
	line := map[string]any{"id": p.ID, "text": ""}
	r, err := Extract(page, Options{Explain: os.Getenv("COPYDESK_EVAL_TRACE") != "", AsPrinted: true})
	if err != nil {
		line["error"] = err.Error()
		return line
	}
	a := &r.Article
	line["text"], line["title"], line["language"] = a.Text, a.Title, a.Language
	names := []string{}
	for _, au := range a.Authors {
		names = append(names, au.Name)
	}
	line["authors"] = names
	line["standfirst"], line["access"], line["kind"], line["url"] = a.Standfirst, a.Access, a.Kind, p.URL
	if a.Published != nil {
		line["published"] = a.Published.Time.Format(time.RFC3339)
		if a.Published.Precision == article.Day {
			line["published"] = a.Published.Time.Format(time.DateOnly)
		}
		line["published_from"] = a.Published.From
	}
	if r.Trace != nil {
		line["trace"] = r.Trace
	}
	return line
}
