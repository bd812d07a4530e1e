package extract

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/internal/evaldata"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// eachSeed runs f on what FromText makes of every seed text.
func eachSeed(t *testing.T, f func(t *testing.T, dir, id string, r *Result)) {
	dir := evaldata.Dir(t, "seeds")
	for _, id := range []string{"000", "001", "002", "003", "004"} {
		t.Run(id, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, id+".raw.txt"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := FromText(id, string(raw), Options{Explain: true})
			if err != nil {
				t.Fatal(err)
			}
			f(t, dir, id, r)
		})
	}
}

// TestFromTextAgainstSeeds compares what is kept of the seed texts, word by
// word, with what a perfect cleaner keeps.
func TestFromTextAgainstSeeds(t *testing.T) {
	eachSeed(t, func(t *testing.T, dir, id string, r *Result) {
		gold, err := os.ReadFile(filepath.Join(dir, id+".gold.txt"))
		if err != nil {
			t.Fatal(err)
		}
		f1 := wordsF1(foldWords(textnorm.String(string(gold))), foldWords(r.Article.Text))
		t.Logf("words kept: F1 %.4f", f1)
		if f1 < 0.9995 {
			t.Errorf("words kept: F1 %.4f, want at least 0.9995", f1)
		}
	})
}

// seedKinds are the kinds that the labels of the seeds stand for.
var seedKinds = map[string]string{
	"headline": clean.RepeatedTitle, "headline_repeat": clean.RepeatedTitle, "site_name": clean.RepeatedTitle,
	"teaser": clean.Related, "nav": clean.Navigation, "section": clean.SectionLabel,
	"summary_heading": clean.KeyPoints, "summary_item": clean.KeyPoints,
	"video_title": clean.Video, "video_meta": clean.Video, "video_caption": clean.Video,
	"pull_quote_by": clean.PullQuote,
}

// TestSeedKinds compares the kind of every piece that was removed from the seed
// texts with its label.
func TestSeedKinds(t *testing.T) {
	right, all := 0, 0
	eachSeed(t, func(t *testing.T, dir, id string, r *Result) {
		f, err := os.Open(filepath.Join(dir, id+".labels.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		at := 0 // pieces stand in the order of the trace
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var span struct {
				Text, Label string
				Keep        bool
			}
			if err := json.Unmarshal(lines.Bytes(), &span); err != nil {
				t.Fatal(err)
			}
			want := seedKinds[span.Label]
			if want == "" {
				want = span.Label
			}
			text := strings.Join(foldWords(textnorm.String(span.Text)), " ")
			i := at
			for i < len(r.Trace) && !strings.Contains(strings.Join(foldWords(r.Trace[i].Text), " "), text) {
				i++
			}
			if i < len(r.Trace) {
				at = i
			}
			if span.Keep {
				continue
			}
			all++
			switch {
			case i == len(r.Trace):
				t.Errorf("%q is in no block", span.Text)
			case r.Trace[i].Kept || r.Trace[i].Kind != want:
				t.Logf("%q is %s (kept: %v), want %s", span.Text, r.Trace[i].Kind, r.Trace[i].Kept, want)
			default:
				right++
			}
		}
	})
	t.Logf("%d of %d pieces have the right kind", right, all)
	if right*100 < all*95 {
		t.Errorf("%d of %d pieces have the right kind, want 95 %%", right, all)
	}
}

// seedMeta is what the seeds say of themselves.
type seedMeta struct {
	Title, Section, Standfirst, Language, Site, Published string

	Dateline     *article.Dateline
	Attribution  []string
	PhotoCredits []string               `json:"photo_credits"`
	AuthorBio    *struct{ Name string } `json:"author_bio"`
	Breadcrumb   []string
	KeyPoints    []string `json:"key_points"`
}

// TestSeedMetadata compares what was noted of the seed texts with what they say.
func TestSeedMetadata(t *testing.T) {
	eachSeed(t, func(t *testing.T, dir, id string, r *Result) {
		data, err := os.ReadFile(filepath.Join(dir, id+".meta.json"))
		if err != nil {
			t.Fatal(err)
		}
		var want seedMeta
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		a := &r.Article
		for name, pair := range map[string][2]string{
			"title": {a.Title, want.Title}, "section": {a.Section, want.Section}, "standfirst": {a.Standfirst, want.Standfirst},
			"language": {a.Language, want.Language}, "publisher": {a.Publisher, want.Site},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s %q, want %q", name, pair[0], pair[1])
			}
		}
		if got, date := a.Published, ""; got != nil || want.Published != "" {
			if got != nil {
				date = got.Time.Format("2006-01-02")
			}
			if date != want.Published {
				t.Errorf("published %q, want %q", date, want.Published)
			}
		}
		if a.Dateline == nil != (want.Dateline == nil) || a.Dateline != nil && *a.Dateline != *want.Dateline {
			t.Errorf("dateline %+v, want %+v", a.Dateline, want.Dateline)
		}
		var credits []string
		for _, im := range a.Images {
			credits = append(credits, im.Credit)
		}
		for name, pair := range map[string][2][]string{
			"attributions": {a.Attributions, want.Attribution}, "credits": {credits, want.PhotoCredits},
			"breadcrumb": {a.Breadcrumb, want.Breadcrumb}, "key points": {a.KeyPoints, want.KeyPoints},
		} {
			if !slices.Equal(pair[0], pair[1]) {
				t.Errorf("%s %q, want %q", name, pair[0], pair[1])
			}
		}
		if bio := want.AuthorBio; bio != nil && (len(a.Authors) != 1 || a.Authors[0].Name != bio.Name || a.Authors[0].Bio == "") {
			t.Errorf("authors %+v, want %s with a portrait", a.Authors, bio.Name)
		}
	})
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
