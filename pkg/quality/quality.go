// Package quality says how good the cleaner is, and how well copies and stories
// are found: it has pages whose article is known cleaned by the program as it is
// shipped, has them scored, and lays the figures beside the goals, the best public tools and the figures committed
// last. A figure that fell is an error, so that no change loses quality
// unnoticed.
//
// Stored format: the figures are a JSON object ([Record]) with the date, the
// version and one number a key; the table of docs/quality.md is generated from
// it. The pages are no part of this project; without them there is nothing to
// measure.
package quality

// Tolerance is how far a figure may fall below the committed one; measures that
// count in hundreds have it a hundredfold.
const Tolerance = 0.003

// Measure is one row of the table.
type Measure struct {
	Key  string   // in the record
	Set  string   // of pages
	Name string   // of the measure, for readers
	Path []string // where the scorer's answer has it, below the set; none: scored here
	Best string   // the best public tools: their figures on the same pages, and who they are
	Goal float64  // 0: none, the row is shown for completeness
	// Scale is what a perfect result has: 1 or 100.
	Scale float64
}

// Measures is the table, in the order in which it is shown.
var Measures = []Measure{
	{"scrapinghub.f1", "scrapinghub", "F1", []string{"shingle", "f1"}, "0.972 AutoExtract (commercial), 0.966 rs_trafilatura", 0.982, 1},
	{"scrapinghub.exact", "scrapinghub", "exact match", []string{"shingle", "accuracy"}, "0.473 AutoExtract (commercial), 0.341 readability-lxml", 0.50, 1},
	{"fundus_eval.rouge", "fundus_eval", "ROUGE-LSum F1", []string{"rouge_lsum", "f1"}, "95.1 go-trafilatura (98.7 fundus, with rules written for these publishers)", 97.5, 100},
	{"trafilatura.segments", "trafilatura", "F of the segments", []string{"segments", "f"}, "0.921 trafilatura", 0.940, 1},
	{"fundus_meta.text", "fundus_meta", "mean F1 of the text", []string{"shingle", "mean_f1"}, "0.932 trafilatura", 0.965, 1},
	{"fundus_meta.title", "fundus_meta", "title exact", []string{"title", "exact"}, "0.777 go-readability", 0.93, 1},
	{"fundus_meta.authors", "fundus_meta", "authors F1", []string{"authors", "f1"}, "0.818 go-readability v2", 0.92, 1},
	{"fundus_meta.day", "fundus_meta", "same day", []string{"published", "same_day"}, "0.969 go-trafilatura", 0.99, 1},
	{"fundus_meta.instant", "fundus_meta", "same instant", []string{"published", "same_instant"}, "0.960 Readability", 0.98, 1},
	{"fundus_meta.language", "fundus_meta", "language", []string{"language", "accuracy"}, "0.959 go-trafilatura", 0.99, 1},
	{"trafilatura.title", "trafilatura", "title exact", []string{"title", "exact"}, "0.681 defuddle", 0.80, 1},
	{"trafilatura.authors", "trafilatura", "authors F1", []string{"authors", "f1"}, "0.553 trafilatura", 0.70, 1},
	{"trafilatura.day", "trafilatura", "same day", []string{"published", "same_day"}, "0.856 go-trafilatura", 0.92, 1},
	{"readability.text", "readability", "mean F1 of the text", []string{"shingle", "mean_f1"}, "0.990 Readability (whose own output is the truth)", 0, 1},
	{seedWords, seedSet, "words kept, F1 of the worst", nil, "", 0.995, 1},
	{seedKinds, seedSet, "kind of removed lines", nil, "", 0.95, 1},
	{seedMeta, seedSet, "metadata captured", nil, "", 1, 1},
	{"wire2018.copies", "wire2018", "copies, adjusted Rand index", nil, "0.62 MinHash", 0.985, 1},
	{"synth.copies", "synth", "copies, adjusted Rand index", nil, "0.89 MinHash", 0.98, 1},
	{"synth.links", "synth", "partial reuse linked", nil, "", 0.97, 1},
	{"synth.apart", "synth", "partial reuse not joined", nil, "", 0.95, 1},
	{"reuters21578.copies", "reuters21578", "copies, adjusted Rand index", nil, "0.88 MinHash", 0.975, 1},
	{"reuters21578.templates", "reuters21578", "forms with other facts kept apart", nil, "", 1, 1},
	{"basil.stories", "basil", "stories, B-cubed F1", nil, "", 0.96, 1},
	{"allsides_dated.stories", "allsides_dated", "stories, B-cubed F1", nil, "", 0.92, 1},
	{"vimds.stories", "vimds", "stories, B-cubed F1", nil, "", 0.95, 1},
	{"ecbplus.stories", "ecbplus", "stories, B-cubed F1", nil, "", 0.87, 1},
}

// Keys of the figures that are scored here.
const (
	seedSet   = "seeds"
	seedWords = "seeds.words"
	seedKinds = "seeds.kinds"
	seedMeta  = "seeds.metadata"
)

// Figures are results by key; a measure that was not taken has none.
type Figures map[string]float64

// read picks the figures of the table from the answer of the scorer.
func (f Figures) read(scores map[string]any) {
	for _, m := range Measures {
		if len(m.Path) == 0 {
			continue
		}
		at, _ := scores[m.Set].(map[string]any)
		for _, step := range m.Path[:len(m.Path)-1] {
			at, _ = at[step].(map[string]any)
		}
		if v, ok := at[m.Path[len(m.Path)-1]].(float64); ok {
			f[m.Key] = v
		}
	}
}

// met reports whether a figure reaches the goal.
func (m *Measure) met(figure float64) bool { return figure >= m.Goal-1e-9 }

// Worse lists the measures whose figure fell by more than the tolerance below
// the committed one, and those that have none any more.
func Worse(now, committed Figures) []string {
	var out []string
	for _, m := range Measures {
		was, known := committed[m.Key]
		is, taken := now[m.Key]
		switch {
		case !known:
		case !taken:
			out = append(out, m.Set+" "+m.Name+": no figure any more")
		case is < was-Tolerance*m.Scale:
			out = append(out, m.Set+" "+m.Name+": "+m.format(is)+", was "+m.format(was))
		}
	}
	return out
}
