package bleveindex_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
	"github.com/copydesk/copydesk/pkg/index/indextest"
)

// childDir is set in the process that the kill test starts and kills.
const childDir = "COPYDESK_TEST_INDEX"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func TestReopenAfterClose(t *testing.T) {
	indextest.RunDurability(t, func(t *testing.T) (index.Index, func() index.Index) {
		dir := t.TempDir()
		x := open(t, dir)
		return x, func() index.Index {
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			x = open(t, dir)
			return x
		}
	})
}

// TestReopenAfterCrash opens copies of directories whose owner never closed
// them, as a crash leaves them.
func TestReopenAfterCrash(t *testing.T) {
	indextest.RunDurability(t, func(t *testing.T) (index.Index, func() index.Index) {
		dir := t.TempDir()
		x := open(t, dir)
		return x, func() index.Index {
			crashed := t.TempDir()
			copyQuiet(t, dir, crashed)
			t.Cleanup(func() { _ = x.Close() })
			dir, x = crashed, open(t, crashed)
			return x
		}
	})
}

// copyQuiet copies a directory, again if it was changing meanwhile: the merger
// of an open index works on for a moment.
func copyQuiet(t *testing.T, from, to string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		before := listing(t, from)
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		err := os.CopyFS(to, os.DirFS(from))
		if slices.Equal(before, listing(t, from)) {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("the index does not come to rest")
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // gone meanwhile; the next listing differs
		}
		out = append(out, fmt.Sprint(path, info.Size(), info.ModTime()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestKill kills a process that writes, at different moments: what it said was
// written is there, and every batch is there wholly or not at all.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	want := 0 // batches acknowledged by all processes so far
	for round := range 4 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 3 + 5*round {
			if !lines.Scan() {
				t.Fatalf("round %d: the writer ended by itself", round)
			}
			if _, err := fmt.Sscanf(lines.Text(), "written %d", &want); err != nil {
				t.Fatalf("round %d: the writer says %q", round, lines.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // said before the signal arrived
			if _, err := fmt.Sscanf(lines.Text(), "written %d", &want); err != nil {
				t.Fatalf("round %d: the writer says %q", round, lines.Text())
			}
		}
		_ = cmd.Wait() // killed
		checkBatches(t, dir, want)
	}
}

// checkBatches looks that at least the acknowledged batches are there, whole.
func checkBatches(t *testing.T, dir string, acknowledged int) {
	t.Helper()
	x := open(t, dir)
	defer func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := x.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Documents%batchSize != 0 || s.Documents < uint64(acknowledged)*batchSize {
		t.Fatalf("%d articles are there, %d batches of %d were acknowledged", s.Documents, acknowledged, batchSize)
	}
	for i := range acknowledged * batchSize {
		if _, err := x.Get(t.Context(), batchID(i)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := x.Search(t.Context(), index.Query{Text: "bridge"})
	if err != nil || r.Total != s.Documents {
		t.Fatalf("%d of %d articles are found, %v", r.Total, s.Documents, err)
	}
}

const batchSize = 5

func batchID(i int) string { return fmt.Sprintf("batch%05d", i) }

// writeUntilKilled writes batch after batch and says so after each.
func writeUntilKilled(dir string) {
	x, err := bleveindex.Open(dir, bleveindex.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s, err := x.Stats(context.Background())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for n := int(s.Documents); ; n += batchSize {
		var batch []article.Article
		for i := range batchSize {
			batch = append(batch, note(batchID(n+i), "A bridge."))
		}
		if _, err := x.Upsert(context.Background(), batch, time.Now(), nil); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("written", n/batchSize+1)
	}
}

// note makes a small article.
func note(id, text string) article.Article {
	return article.Article{
		ID: id, Site: "news.example", Title: "Notes", Language: "en", Text: text,
		Body:        []article.Block{{Kind: article.Paragraph, Text: text}},
		ContentHash: article.ContentHash("Notes", text), Sketch: "1:" + article.ContentHash("", text),
		FetchedAt: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC),
	}
}

// TestFailedWrite lets the disk refuse batches. Bleve keeps what it could not
// write in memory, damaged; neither readers nor the guard may see it, and the
// same call must succeed once the disk takes it.
func TestFailedWrite(t *testing.T) {
	log.SetOutput(io.Discard) // scorch reports there what stands in its way
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	dir := t.TempDir()
	x := open(t, dir)
	ctx := t.Context()
	if _, err := x.Upsert(ctx, []article.Article{note("old", "A bridge.")}, time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	batch := []article.Article{note("a", "A bridge."), note("old", "A bridge.")}
	var stop atomic.Bool
	var readers sync.WaitGroup
	readers.Go(func() {
		for !stop.Load() {
			if r, err := x.Search(ctx, index.Query{Text: "bridge"}); err != nil || r.Total != 1 {
				t.Errorf("a search while writing fails: total %d, %v", r.Total, err)
				return
			}
		}
	})
	highest := 0
	for i := range 3 {
		obstacles := obstruct(t, dir, &highest)
		if _, err := x.Upsert(ctx, batch, time.Now(), nil); err == nil {
			t.Fatalf("upsert %d on an obstructed disk succeeded", i)
		}
		for _, o := range obstacles {
			if err := os.RemoveAll(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop.Store(true)
	readers.Wait()
	out, err := x.Upsert(ctx, batch, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if out[1].Change != index.Unchanged {
		t.Errorf("what was written before the failure is %s", out[1].Change)
	}
	crashed := t.TempDir()
	copyQuiet(t, dir, crashed)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	y := open(t, crashed)
	defer y.Close()
	if _, err := y.Get(ctx, "a"); err != nil {
		t.Fatal(err)
	}
}

// obstruct puts directories where the next segments would be written, beyond the
// highest number that scorch has seen so far.
func obstruct(t *testing.T, dir string, highest *int) []string {
	t.Helper()
	used := 0
	entries, err := os.ReadDir(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "%x.zap", &n); err == nil {
			used = max(used, n)
		}
	}
	*highest = max(*highest, used) + 10
	var obstacles []string
	for i := used + 1; i < *highest; i++ {
		path := filepath.Join(dir, "store", fmt.Sprintf("%012x.zap", i))
		// Scorch removes what it takes for an old segment, if it is empty.
		for {
			err := os.MkdirAll(filepath.Join(path, "full"), 0o750)
			if err == nil {
				break
			}
			if !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
		obstacles = append(obstacles, path)
	}
	return obstacles
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	_, err := bleveindex.Open(dir, bleveindex.Options{})
	if !errors.Is(err, index.ErrLocked) {
		t.Fatalf("a second Open: %v, want %v", err, index.ErrLocked)
	}
	if !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error does not name the directory in one line: %q", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir).Close()
}
