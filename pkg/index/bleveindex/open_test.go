package bleveindex_test

import (
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
)

// TestBadDirectories opens what is no index, or one that this version cannot
// read: each is refused with a line that says what to do, and left as it is.
func TestBadDirectories(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"another format": {
			func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "copydesk-index.json"), `{"format": 99}`)
			},
			"it has format 99 and this program reads 1: move the directory away",
		},
		"no JSON": {
			func(t *testing.T, dir string) { write(t, filepath.Join(dir, "copydesk-index.json"), `garbage`) },
			"copydesk-index.json: invalid character",
		},
		"somebody's files": {
			func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "thesis.txt"), "text")
				remove(t, filepath.Join(dir, "copydesk-index.json"))
			},
			"the directory holds thesis.txt and no index; choose an empty one",
		},
		"a lost store": {
			func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "store")) },
			"is damaged or gone: move the directory away",
		},
		"lost segments": {
			func(t *testing.T, dir string) {
				segments, err := filepath.Glob(filepath.Join(dir, "store", "*.zap"))
				if err != nil || len(segments) == 0 {
					t.Fatalf("segments: %v, %v", segments, err)
				}
				for _, s := range segments {
					remove(t, s)
				}
			},
			"is damaged or gone: move the directory away",
		},
		"a damaged segment": {
			func(t *testing.T, dir string) {
				segments, err := filepath.Glob(filepath.Join(dir, "store", "*.zap"))
				if err != nil || len(segments) == 0 {
					t.Fatalf("segments: %v, %v", segments, err)
				}
				write(t, segments[len(segments)-1], "garbage that is no segment")
			},
			"is damaged or gone: move the directory away",
		},
		"a file": {
			func(t *testing.T, dir string) { remove(t, dir); write(t, dir, "text") },
			"not a directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			log.SetOutput(io.Discard) // scorch reports there what it cannot read
			t.Cleanup(func() { log.SetOutput(os.Stderr) })
			dir := filepath.Join(t.TempDir(), "index")
			x := open(t, dir)
			if _, err := x.Upsert(t.Context(), []article.Article{note("a", "A bridge.")}, time.Now(), nil); err != nil {
				t.Fatal(err)
			}
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, dir)
			x, err := bleveindex.Open(dir, bleveindex.Options{})
			if err == nil {
				x.Close()
				t.Fatal("Open succeeded")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, c.want)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// TestCreationCutShort finds a store without the file that completes it.
func TestCreationCutShort(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	remove(t, filepath.Join(dir, "copydesk-index.json"))
	for range 2 {
		if err := open(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	dir := t.TempDir()
	for round := range 2 { // a closed index leaves its names to the next
		x, err := bleveindex.Open(dir, bleveindex.Options{Registerer: reg})
		if err != nil {
			t.Fatal(err)
		}
		batch := []article.Article{note("a", "A bridge."), note(batchID(round), "A ferry.")}
		if _, err := x.Upsert(t.Context(), batch, time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		if err := x.Withdraw(t.Context(), []string{"a"}, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		want := []string{"2", "3"}[round]
		err = testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP copydesk_index_documents Articles in the index, withdrawn ones included.
# TYPE copydesk_index_documents gauge
copydesk_index_documents `+want+"\n"), "copydesk_index_documents")
		if err != nil {
			t.Error(err)
		}
		if n, err := testutil.GatherAndCount(reg, "copydesk_index_batch_seconds"); err != nil || n != 1 {
			t.Errorf("%d histograms of batches, %v", n, err)
		}
		if round == 0 {
			if _, err := bleveindex.Open(t.TempDir(), bleveindex.Options{Registerer: reg}); err == nil {
				t.Error("two indexes share the names of their metrics")
			}
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := testutil.GatherAndCount(reg); err != nil || n != 0 {
		t.Errorf("%d metrics after Close, %v", n, err)
	}
}

func TestCloseEndsEveryGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	x := open(t, t.TempDir())
	if _, err := x.Upsert(t.Context(), []article.Article{note("a", "A bridge.")}, time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Search(t.Context(), index.Query{Text: "bridge", Facets: true}); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}
