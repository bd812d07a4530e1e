package quality

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// invented are scores as the scorer writes them, for two sets.
func invented() map[string]any {
	return map[string]any{
		"scrapinghub": map[string]any{"shingle": map[string]any{"f1": 0.98299, "accuracy": 0.5}},
		"fundus_meta": map[string]any{
			"shingle":   map[string]any{"mean_f1": 0.96},
			"published": map[string]any{"same_day": 0.99, "same_instant": nil},
		},
	}
}

func TestKeysAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Measures {
		if seen[m.Key] || m.Key == "" || m.Scale != 1 && m.Scale != 100 {
			t.Errorf("row %+v", m)
		}
		seen[m.Key] = true
	}
}

func TestReadScores(t *testing.T) {
	got := Figures{}
	got.read(invented())
	want := Figures{"scrapinghub.f1": 0.98299, "scrapinghub.exact": 0.5, "fundus_meta.text": 0.96, "fundus_meta.day": 0.99}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTable(t *testing.T) {
	now := Figures{"scrapinghub.f1": 0.98299, "scrapinghub.exact": 0.49999, "fundus_eval.rouge": 97.5, "fundus_meta.day": 0.99, "readability.text": 0.5}
	was := Record{Date: "2024-05-01", Figures: Figures{"scrapinghub.f1": 0.98, "scrapinghub.exact": 0.5, "fundus_eval.rouge": 97.5, "trafilatura.day": 0.9}}
	var b bytes.Buffer
	if err := now.print(&b, was); err != nil {
		t.Fatal(err)
	}
	for row, want := range map[string]string{
		"scrapinghub F1":            ">= 0.982 0.9800 0.9829 +0.0030 met",
		"scrapinghub exact match":   ">= 0.5 0.5000 0.4999 = short by 0.",
		"fundus_eval ROUGE-LSum F1": ">= 97.5 97.50 97.50 = met",
		"fundus_meta same day":      ">= 0.99 - 0.9900 - met",
		"trafilatura same day":      ">= 0.92 0.9000 - - -",
		"readability mean F1":       "of the text - - 0.5000 - -",
	} {
		found := ""
		for line := range strings.Lines(b.String()) {
			if line = strings.Join(strings.Fields(line), " "); strings.HasPrefix(line, row) {
				found = line
			}
		}
		if !strings.Contains(found, want) {
			t.Errorf("row %q is %q, want %q in it", row, found, want)
		}
	}
}

func TestWorse(t *testing.T) {
	committed := Figures{"scrapinghub.f1": 0.98, "scrapinghub.exact": 0.5, "fundus_eval.rouge": 97.5, "trafilatura.day": 0.9}
	for name, test := range map[string]struct {
		now  Figures
		want string // the measures, in order
	}{
		"equal":             {committed, ""},
		"better":            {Figures{"scrapinghub.f1": 0.99, "scrapinghub.exact": 0.6, "fundus_eval.rouge": 98, "trafilatura.day": 1}, ""},
		"within tolerance":  {Figures{"scrapinghub.f1": 0.9775, "scrapinghub.exact": 0.498, "fundus_eval.rouge": 97.25, "trafilatura.day": 0.9}, ""},
		"beyond":            {Figures{"scrapinghub.f1": 0.9765, "scrapinghub.exact": 0.5, "fundus_eval.rouge": 97.1, "trafilatura.day": 0.9}, "scrapinghub F1, fundus_eval ROUGE-LSum F1"},
		"gone":              {Figures{"scrapinghub.f1": 0.98, "scrapinghub.exact": 0.5, "fundus_eval.rouge": 97.5}, "trafilatura same day"},
		"new ones are fine": {Figures{"scrapinghub.f1": 0.98, "scrapinghub.exact": 0.5, "fundus_eval.rouge": 97.5, "trafilatura.day": 0.9, "seeds.words": 0}, ""},
	} {
		var got []string
		for _, w := range Worse(test.now, committed) {
			name, _, _ := strings.Cut(w, ":")
			got = append(got, name)
		}
		if g := strings.Join(got, ", "); g != test.want {
			t.Errorf("%s: got %q, want %q", name, g, test.want)
		}
	}
}

func TestRecordRoundTrip(t *testing.T) {
	dir := t.TempDir()
	file, doc := filepath.Join(dir, "quality.json"), filepath.Join(dir, "quality.md")
	if r, err := ReadRecord(file); err != nil || len(r.Figures) > 0 {
		t.Fatalf("no file: %v, %v", r, err)
	}
	r := Record{"2024-05-01", "v1", Figures{"scrapinghub.f1": 0.9829912345, "fundus_eval.rouge": 95.123456789}}
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecord(file)
	if err != nil || got.Date != r.Date || got.Version != r.Version || got.Figures["scrapinghub.f1"] != 0.982991 || got.Figures["fundus_eval.rouge"] != 95.123457 {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := os.WriteFile(doc, []byte("# Before\n\n"+markBegin+"\nold\n"+markEnd+"\n\nAfter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // writing again changes nothing
		if err := got.WriteDoc(doc); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	want := "| scrapinghub | F1 | 0.972 AutoExtract (commercial), 0.966 rs_trafilatura | >= 0.982 | 0.9829 | met |\n"
	if s := string(text); strings.Count(s, want) != 1 || strings.Contains(s, "old") || !strings.HasPrefix(s, "# Before\n\n") || !strings.HasSuffix(s, "\n\nAfter\n") {
		t.Errorf("document is %s", s)
	}
	if err := got.WriteDoc(file); err == nil {
		t.Error("a file without the marks was written")
	}
}

// TestCommittedTable holds the table of the documentation to the figures beside
// it: both change together.
func TestCommittedTable(t *testing.T) {
	dir := filepath.Join("..", "..", "docs")
	r, err := ReadRecord(filepath.Join(dir, "quality.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(dir, "quality.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Figures) == 0 || !strings.Contains(string(doc), r.markdown()) {
		t.Error("docs/quality.md does not show the figures of docs/quality.json; make eval UPDATE=1")
	}
}
