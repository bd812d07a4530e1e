package htmltree

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/copydesk/copydesk/pkg/textnorm"
)

// minSame is how many pages of a hundred must have the same lines of text as in
// the tree of the standard parser.
const minSame = 99

// TestRealPages compares with the parser of the standard on real pages, where
// there are any beside the repository.
func TestRealPages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "eval", "data", "*", "pages.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Skip("optional test data is absent")
	}
	if testing.Short() {
		files = files[:1]
	}
	pages, same := 0, 0
	for _, file := range files {
		eachPage(t, file, func(id string, body []byte) {
			text, _, _ := textnorm.Decode(body, "")
			// What is left as a line break is then the edge of a block.
			src := strings.NewReplacer("\n", " ", "\r", " ").Replace(string(text))
			want, err := html.Parse(strings.NewReader(src))
			if err != nil {
				return
			}
			d := Parse([]byte(src))
			defer d.Release()
			if pages++; lines(d.Root) == lines(want) {
				same++
			} else {
				t.Log("differs:", id)
			}
		})
	}
	t.Logf("%d pages, %d with the same lines", pages, same)
	if same*100 < pages*minSame {
		t.Errorf("%d of %d pages have the same lines", same, pages)
	}
}

func eachPage(t *testing.T, file string, visit func(id string, body []byte)) {
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
	for dec := json.NewDecoder(bufio.NewReaderSize(z, 1<<20)); dec.More(); {
		var p struct {
			ID   string `json:"id"`
			HTML []byte `json:"html_b64"`
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if len(p.HTML) > 0 {
			visit(p.ID, p.HTML)
		}
	}
}
