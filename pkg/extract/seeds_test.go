package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/copydesk/copydesk/pkg/textnorm"
)

// TestFromTextAgainstSeeds compares what is kept of the seed texts, word by
// word, with what a perfect cleaner keeps.
func TestFromTextAgainstSeeds(t *testing.T) {
	dir := sharedDir(t, "seeds")
	for _, id := range []string{"000", "001", "002", "003", "004"} {
		t.Run(id, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, id+".raw.txt"))
			if err != nil {
				t.Skip(err)
			}
			gold, err := os.ReadFile(filepath.Join(dir, id+".gold.txt"))
			if err != nil {
				t.Skip(err)
			}
			r, err := FromText(id, string(raw), Options{Explain: true})
			if err != nil {
				t.Fatal(err)
			}
			f1 := wordsF1(foldWords(textnorm.String(string(gold))), foldWords(r.Article.Text))
			t.Logf("words kept: F1 %.4f, title %q, dateline %+v, attributions %v", f1, r.Article.Title, r.Article.Dateline, r.Article.Attributions)
			if f1 < 0.98 {
				t.Errorf("words kept: F1 %.4f, want at least 0.98", f1)
			}
			if testing.Verbose() {
				for _, b := range r.Trace {
					if !b.Kept || f1 < 0.98 {
						t.Logf("kept=%v %s %s: %.70q", b.Kept, b.Kind, b.Rule, b.Text)
					}
				}
			}
		})
	}
}

func foldWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// wordsF1 is the F1 of two bags of words.
func wordsF1(want, got []string) float64 {
	count := map[string]int{}
	for _, w := range want {
		count[w]++
	}
	hit := 0
	for _, w := range got {
		if count[w] > 0 {
			count[w]--
			hit++
		}
	}
	if len(want)+len(got) == 0 {
		return 1
	}
	return 2 * float64(hit) / float64(len(want)+len(got))
}
