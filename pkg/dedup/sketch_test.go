package dedup

import (
	"slices"
	"strings"
	"testing"
)

func TestSketchForm(t *testing.T) {
	// Sketches are stored; a change of their hashes would part copies.
	const want = "2:iomwtvqwqucgjsspdmom4tabzi:AAAABY-eDCgSX9QFa-3UVQ"
	if got := Sketch("The mayor opened the bridge."); got != want {
		t.Errorf("Sketch = %q, want %q", got, want)
	}
}

func TestSketchSize(t *testing.T) {
	w := newWriter(4)
	article := text(w.paragraphs(12))
	if n := len(Sketch(article)); n > 1000 {
		t.Errorf("the sketch of %d words has %d characters", Take(article).Words, n)
	}
	huge := strings.Repeat(text(w.paragraphs(400))+"\n", 5)
	if n := len(Sketch(huge)); n > 2200 {
		t.Errorf("the sketch of a huge article has %d characters", n)
	}
	if f := Take("Bridge opened"); len(f.Hashes) != 1 || f.Words != 2 {
		t.Errorf("two words: %+v", f)
	}
}

func TestParse(t *testing.T) {
	w := newWriter(5)
	for n := range 12 {
		article := text(w.paragraphs(n)) + " Bridge"
		sketch := Sketch(article)
		got, ok := Parse(sketch)
		want := Take(article)
		if !ok || got.Exact != want.Exact || got.Words != want.Words || !slices.Equal(got.Hashes, want.Hashes) {
			t.Fatalf("Parse(%q) = %+v, want %+v", sketch, got, want)
		}
		if later, ok := Parse(sketch + ":later"); !ok || !slices.Equal(later.Hashes, want.Hashes) {
			t.Error("a field of a later version spoils the sketch")
		}
	}
	exact := Exact("bridge")
	for _, bad := range []string{
		"", "2:", "2:" + exact, "2:" + exact + ":", "1:" + exact, "3:" + exact + ":AAAAAQ", "2:" + exact + ":AAAAA",
		"2:" + exact + ":AAAAAR", "2:" + exact + ":AAAA\nAQ", "2:" + exact + ":AAAAAQA", "2:" + exact + ":AAAA+Q", "2:" + exact + ":_____w", "2:" + strings.ToUpper(exact) + ":AAAAAQ",
		"2:" + exact + ":AAAAAQAAAAAAAgAAAAAAAQ", // hashes out of order
	} {
		if f, ok := Parse(bad); ok {
			t.Errorf("Parse(%q) = %+v, want none", bad, f)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Sketch("The mayor opened the bridge."))
	f.Add("2:iomwtvqwqucgjsspdmom4tabzi:AAAAAQ")
	f.Add("1:iomwtvqwqucgjsspdmom4tabzi")
	f.Fuzz(func(t *testing.T, sketch string) {
		got, ok := Parse(sketch)
		if !ok {
			return
		}
		if got.Exact != ExactOf(sketch) {
			t.Errorf("Parse(%q) = %+v, exact %q", sketch, got, ExactOf(sketch))
		}
		if !slices.IsSorted(got.Hashes) {
			t.Errorf("Parse(%q): hashes are not sorted", sketch)
		}
		if !strings.HasPrefix(sketch, got.String()) {
			t.Errorf("Parse(%q) is written as %q", sketch, got.String())
		}
	})
}

// TestUnitsOf pins what is compared: words, and characters where no spaces are
// written.
func TestUnitsOf(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"words", "The mayor, 115,000 people", "the|mayor|115000|people"},
		{"Han and digits", "市長は2015年", "市|長|は|2015|年"},
		{"both", "NHKの記者", "nhk|の|記|者"},
		{"marks stay", "กิน", "กิ|น"},
		{"Hangul has spaces", "시장이 다리를", "시장이|다리를"},
		{"Arabic has spaces", "افتتح الجسر", "افتتح|الجسر"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			u := unitsOf(wordsOf(tt.in), func(unit []byte) { got = append(got, string(unit)) })
			if strings.Join(got, "|") != tt.want {
				t.Errorf("units = %q, want %q", got, tt.want)
			}
			if len(u.hash) != len(got) || len(u.weight) != len(got) {
				t.Errorf("%d hashes and %d weights of %d units", len(u.hash), len(u.weight), len(got))
			}
		})
	}
}
