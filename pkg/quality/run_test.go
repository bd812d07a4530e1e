package quality

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain is also the program that the tests measure: it answers each line with
// what the invented cleaner makes of it.
func TestMain(m *testing.M) {
	if os.Getenv("QUALITY_STUB") == "" {
		os.Exit(m.Run())
	}
	if len(os.Args) > 1 && os.Args[1] == "cluster" {
		fmt.Print("{\"id\":\"x\",\"cluster\":\"c\",\"story\":\"s\",\"links\":[]}\n")
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var in struct {
			ID   string `json:"id"`
			Text string `json:"text"`
		}
		if err := json.Unmarshal(lines.Bytes(), &in); err != nil {
			fmt.Fprintln(os.Stderr, "no JSON")
			os.Exit(1)
		}
		if in.Text == "" {
			fmt.Printf("{\"id\":%q,\"normalizer\":\"7\"}\n", in.ID)
			continue
		}
		fmt.Println(strings.ReplaceAll(bridgeCleaned, "\n", " "))
	}
}

// stubScorer says how many predictions it was given.
const stubScorer = `import json, sys
n = len(open(sys.argv[sys.argv.index("--pred") + 1]).readlines())
print(json.dumps({"scrapinghub": {"shingle": {"f1": n / 4, "accuracy": 1.0}}}))
`

// stubGroupScorer answers for copies, and repeats what group it was given.
const stubGroupScorer = `import json, sys
group = json.loads(open(sys.argv[sys.argv.index("--pred") + 1]).readline())["cluster"]
print(json.dumps({"near_duplicate": {"ari": 0.5 if group == "c" else 0, "b3_f1": 0.25 if group == "s" else 0},
  "labelled_pairs": {"template_merged": 1}, "partial_reuse_links": {"links": 4, "recall": 0.75, "merged": 1}}))
`

// stubOptions sets up a folder with pages, a scorer, and one seed.
func stubOptions(t *testing.T, stdout *bytes.Buffer) Options {
	t.Helper()
	t.Setenv("QUALITY_STUB", "1")
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var pages bytes.Buffer
	z := gzip.NewWriter(&pages)
	fmt.Fprint(z, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write("eval/score.py", stubScorer)
	write("eval/data/scrapinghub/pages.jsonl.gz", pages.String())
	write("eval/score_neardup.py", stubGroupScorer)
	write("eval/data/neardup_synth/docs.jsonl", "{}\n")
	write("eval/data/neardup_synth/pairs.jsonl", "{\"relation\":\"template\"}\n{\"relation\":\"syndicated\"}\n{\"relation\":\"template\"}\n")
	write("eval/data/neardup_basil/docs.jsonl", "{}\n")
	var labels bytes.Buffer
	for _, s := range bridgeSpans {
		if err := json.NewEncoder(&labels).Encode(map[string]any{"line": s.Line, "text": s.Text, "label": s.Label, "keep": s.Keep, "optional": s.Optional}); err != nil {
			t.Fatal(err)
		}
	}
	write("seeds/bridge.labels.jsonl", labels.String())
	write("seeds/bridge.meta.json", bridgeFacts)
	write("seeds/bridge.raw.txt", "The bridge fell")
	return Options{
		Data: filepath.Join(dir, "eval"), Seeds: filepath.Join(dir, "seeds"), Program: os.Args[0], Work: filepath.Join(dir, "work"),
		Record: filepath.Join(dir, "quality.json"), Doc: write("quality.md", markBegin+markEnd), Stdout: stdout, Stderr: &bytes.Buffer{},
		Now: func() time.Time { return time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC) },
	}
}

func TestRun(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is missing: apt-get install python3")
		}
		t.Skip("the scorer needs python3")
	}
	var stdout bytes.Buffer
	o := stubOptions(t, &stdout)
	o.Update = true
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r, err := ReadRecord(o.Record)
	if err != nil || r.Date != "2024-05-01" || r.Version != "7" || len(r.Figures) != 10 || r.Figures["scrapinghub.f1"] != 0.75 || r.Figures[seedKinds] != 1 {
		t.Fatalf("recorded %+v, %v", r, err)
	}
	for key, want := range map[string]float64{"synth.copies": 0.5, "synth.links": 0.75, "synth.apart": 0.75, "synth.templates": 0.5, "basil.stories": 0.25} {
		if got, ok := r.Figures[key]; !ok || got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
	o.Update = false
	if err := Run(t.Context(), o); err != nil {
		t.Errorf("the same again: %v", err)
	}
	r.Figures["scrapinghub.f1"] = 0.76
	if err := r.Write(o.Record); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), o); !errors.Is(err, ErrWorse) || !strings.Contains(err.Error(), "scrapinghub F1: 0.7500, was 0.7600") {
		t.Errorf("worse: %v", err)
	}
}

func TestRunSkips(t *testing.T) {
	var stdout bytes.Buffer
	o := stubOptions(t, &stdout)
	o.Data = filepath.Join(o.Data, "none")
	if err := Run(t.Context(), o); err != nil || !strings.HasPrefix(stdout.String(), "skipped: ") || !strings.Contains(stdout.String(), o.Data) {
		t.Errorf("printed %q, error %v", stdout.String(), err)
	}
}

func TestRunSaysWhatIsMissing(t *testing.T) {
	var stdout bytes.Buffer
	o := stubOptions(t, &stdout)
	t.Setenv("PATH", t.TempDir())
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "apt-get install python3") {
		t.Errorf("without python3: %v", err)
	}
}

func TestRunNamesTheProgramThatFails(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is missing: apt-get install python3")
		}
		t.Skip("the scorer needs python3")
	}
	var stdout bytes.Buffer
	o := stubOptions(t, &stdout)
	if err := os.WriteFile(filepath.Join(o.Data, "data", "scrapinghub", "pages.jsonl.gz"), []byte("no gzip"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "pages.jsonl.gz") {
		t.Errorf("broken pages: %v", err)
	}
	o.Program = filepath.Join(o.Work, "none")
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), o.Program) {
		t.Errorf("no program: %v", err)
	}
}
