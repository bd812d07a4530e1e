package dedup

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
	"time"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
)

func TestWords(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"no word", " \n—…!\u200b", ""},
		{"case and punctuation", "“The Mayor,” she said.", "the mayor she said "},
		{"white space", "a\n\n\tb\u00a0c", "a b c "},
		{"apostrophe", "don't don’t", "don t don t "},
		{"invisible characters", "Donau\u00addampf\u200bschiff", "donaudampfschiff "},
		{"composed and not", "cafe\u0301", "café "},
		{"marks of a script", "हिन्दी समाचार", "हिन्दी समाचार "},
		{"no spaces", "市長は、水曜日。", "市長は 水曜日 "},
		{"final sigma", "ΟΔΟΣ οδος οδός", "οδοσ οδοσ οδόσ "},
		{"dotted capital", "İSTANBUL", "istanbul "},
		{"plain number", "115000", "115000 "},
		{"comma", "115,000", "115000 "},
		{"full stop", "115.000", "115000 "},
		{"no-break space", "115\u00a0000", "115000 "},
		{"thin spaces", "1\u2009115\u2009000 1\u202f115\u202f000", "1115000 1115000 "},
		{"several groups", "1,234,567 people", "1234567 people "},
		{"decimals stay apart", "3.14 and 115,000.50", "3 14 and 115000 50 "},
		{"decimal comma stays apart", "115.000,50", "115000 50 "},
		{"one separator for a number", "1,234.567", "1234 567 "},
		{"space groups nothing", "in 2015 300 people", "in 2015 300 people "},
		{"sentence ends between numbers", "It was 12. 300 came.", "it was 12 300 came "},
		{"four digits are no group", "12,3456", "12 3456 "},
		{"four digits start no group", "2015,300", "2015 300 "},
		{"two digits are no group", "12,34,567", "12 34567 "},
		{"unit behind", "1,000km", "1000km "},
		{"inside a word", "A1,000", "a1 000 "},
		{"other digits", "١١٥,٠٠٠", "١١٥٠٠٠ "},
		{"invalid bytes", "a\xffb", "a b "},
		{"number at the end", "x 1,", "x 1 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := normalise(tt.in); got != tt.want {
				t.Errorf("words of %q = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// normalise is what Exact hashes, as a string.
func normalise(text string) string {
	return string(wordsOf(text))
}

func TestExactForm(t *testing.T) {
	if got := Exact("...\n"); got != "" {
		t.Errorf("Exact of no words = %q, want none", got)
	}
	got := Exact("The mayor opened the bridge.")
	if !article.ValidID(got) {
		t.Errorf("Exact = %q, no valid id", got)
	}
	// The hash is stored; a change of it would part copies from each other.
	if want := "iomwtvqwqucgjsspdmom4tabzi"; got != want {
		t.Errorf("Exact = %q, want %q", got, want)
	}
}

// randomWords makes random words of several scripts, none of which changes under
// upper- and lower-casing back and forth.
func randomWords(r *rand.Rand) []string {
	const letters = "abcxyzéüñжщюαλω中文नम한ا"
	runes := []rune(letters)
	words := make([]string, 1+r.IntN(30))
	for i := range words {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		words[i] = b.String()
	}
	return words
}

// dress writes words with random punctuation, white space and case.
func dress(r *rand.Rand, words []string) string {
	gaps := []string{" ", ", ", "\n\n", " — ", "\u00a0", "... ", " “", "” ", "\t", "; ", " (", ") "}
	var b strings.Builder
	for _, w := range words {
		switch r.IntN(3) {
		case 0:
			w = strings.ToUpper(w)
		case 1:
			w = w[:1] + "\u00ad" + w[1:]
			if !strings.HasPrefix(w, "\u00ad") && w[0] >= 0x80 {
				w = strings.ReplaceAll(w, "\u00ad", "")
			}
		}
		b.WriteString(w)
		b.WriteString(gaps[r.IntN(len(gaps))])
	}
	return b.String()
}

func TestExactIgnoresDress(t *testing.T) {
	property := func(seed1, seed2 uint64) bool {
		r := rand.New(rand.NewPCG(seed1, seed2))
		words := randomWords(r)
		a, b := dress(r, words), dress(r, words)
		if Exact(a) != Exact(b) {
			t.Logf("%q and %q differ", a, b)
			return false
		}
		return true
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

func TestExactSeesWords(t *testing.T) {
	property := func(seed1, seed2 uint64) bool {
		r := rand.New(rand.NewPCG(seed1, seed2))
		words := randomWords(r)
		before := Exact(strings.Join(words, " "))
		changed := slices.Clone(words)
		changed[r.IntN(len(changed))] += "q"
		glued := before
		if len(words) > 1 {
			glued = Exact(words[0] + strings.Join(words[1:], " "))
		}
		return Exact(strings.Join(changed, " ")) != before && (len(words) == 1 || glued != before)
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

func TestGroupingIsInvisible(t *testing.T) {
	property := func(n uint64, which uint8) bool {
		plain := strconv.FormatUint(n, 10)
		separators := []string{",", ".", "\u00a0", "\u202f", "\u2009"}
		grouped := groupDigits(plain, separators[int(which)%len(separators)])
		return Exact("x "+plain+" y") == Exact("x "+grouped+" y")
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

// groupDigits writes digits in groups of three from the right.
func groupDigits(digits, separator string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(d)
	}
	return b.String()
}

func FuzzExact(f *testing.F) {
	f.Add("The 115,000 people.")
	f.Add("1.\u00a0000,\xff")
	f.Fuzz(func(t *testing.T, text string) {
		words := normalise(text)
		if again := normalise(words); again != words && !unstable(words) {
			t.Errorf("%q normalises to %q, then to %q", text, words, again)
		}
		if (Exact(text) == "") != (words == "") {
			t.Errorf("Exact(%q) = %q, words %q", text, Exact(text), words)
		}
	})
}

// unstable reports whether lower-casing broke the composition of words, which
// a second pass would mend.
func unstable(words string) bool {
	return strings.ContainsFunc(words, func(r rune) bool { return unicode.Is(unicode.M, r) })
}

func TestSketchRoundTrip(t *testing.T) {
	const text = "The mayor opened the bridge."
	if got, want := ExactOf(Sketch(text)), Exact(text); got != want {
		t.Errorf("ExactOf(Sketch) = %q, want %q", got, want)
	}
	if got := Sketch("—"); got != "" {
		t.Errorf("Sketch of no words = %q, want none", got)
	}
	exact := Exact(text)
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"later fields", "1:" + exact + ":abc:def", exact},
		{"version without a fingerprint", "2:" + exact, exact},
		{"unknown version", "3:" + exact, ""},
		{"no version", exact, ""},
		{"no hash", "1:", ""},
		{"cut hash", "1:" + exact[:20], ""},
		{"wrong alphabet", "1:" + strings.ToUpper(exact), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ExactOf(tt.in); got != tt.want {
				t.Errorf("ExactOf(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestLabel(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2025, 3, 1, hour, 0, 0, 0, time.UTC) }
	tests := []struct {
		name              string
		members           []Copy
		cluster, original string
	}{
		{"none", nil, "", ""},
		{"one", []Copy{{ID: "m"}}, "m", "m"},
		{"published first", []Copy{
			{ID: "a", Published: at(9), FetchedAt: at(10)},
			{ID: "b", Published: at(8), FetchedAt: at(11)},
		}, "a", "b"},
		{"attributed loses to a later one", []Copy{
			{ID: "a", Attributed: true, Published: at(7), FetchedAt: at(8)},
			{ID: "b", Published: at(9), FetchedAt: at(10)},
		}, "a", "b"},
		{"all attributed", []Copy{
			{ID: "a", Attributed: true, Published: at(9), FetchedAt: at(10)},
			{ID: "b", Attributed: true, Published: at(8), FetchedAt: at(10)},
		}, "a", "b"},
		{"a known date beats an unknown one", []Copy{
			{ID: "a", FetchedAt: at(1)},
			{ID: "b", Published: at(9), FetchedAt: at(10)},
		}, "a", "b"},
		{"fetched first", []Copy{
			{ID: "a", Published: at(8), FetchedAt: at(12)},
			{ID: "b", Published: at(8), FetchedAt: at(10)},
		}, "a", "b"},
		{"smallest id", []Copy{
			{ID: "b", Published: at(8), FetchedAt: at(10)},
			{ID: "a", Published: at(8), FetchedAt: at(10)},
		}, "a", "a"},
		{"a date of next month decides nothing", []Copy{
			{ID: "a", Published: at(8).AddDate(0, 1, 0), FetchedAt: at(9)},
			{ID: "b", Published: at(8).AddDate(0, 2, 0), FetchedAt: at(7)},
		}, "a", "b"},
		{"the same instant in two zones", []Copy{
			{ID: "b", Published: at(8).In(time.FixedZone("", 3600)), FetchedAt: at(10)},
			{ID: "a", Published: at(8), FetchedAt: at(10)},
		}, "a", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cluster, original := Label(tt.members)
			if cluster != tt.cluster || original != tt.original {
				t.Errorf("Label = %q, %q, want %q, %q", cluster, original, tt.cluster, tt.original)
			}
		})
	}
}

func TestOriginal(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2025, 3, 1, hour, 0, 0, 0, time.UTC) }
	const url, other = "https://herald.example/bridge", "https://post.example/bridge"
	tests := []struct {
		name     string
		members  []Copy
		original string
		why      Reason
	}{
		{"none", nil, "", NoCopies},
		{"one", []Copy{{ID: "m"}}, "m", NoCopies},
		{"named as canonical, though later and attributed", []Copy{
			{ID: "a", URL: other, Canonical: url, Published: at(7)},
			{ID: "b", URL: url, Attributed: true, Published: at(9)},
			{ID: "c", Published: at(8)},
		}, "b", ByCanonical},
		{"names another as canonical", []Copy{
			{ID: "a", URL: other, Canonical: "https://elsewhere.example/", Published: at(7)},
			{ID: "b", URL: url, Published: at(9)},
		}, "b", ByCanonical},
		{"names itself as canonical", []Copy{
			{ID: "a", URL: other, Canonical: other, Published: at(9)},
			{ID: "b", URL: url, Published: at(8)},
		}, "b", ByPublication},
		{"attributed", []Copy{{ID: "a", Attributed: true, FetchedAt: at(1)}, {ID: "b", FetchedAt: at(2)}}, "b", ByAttribution},
		{"fetched", []Copy{{ID: "b", FetchedAt: at(1)}, {ID: "a", FetchedAt: at(2)}}, "b", ByFetch},
		{"id", []Copy{{ID: "b"}, {ID: "a"}}, "a", ByID},
		{"the nearest rival counts", []Copy{
			{ID: "a", Attributed: true, Published: at(1)},
			{ID: "b", Published: at(3)},
			{ID: "c", Published: at(2)},
		}, "c", ByPublication},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			original, why := Original(tt.members)
			if original != tt.original || why != tt.why {
				t.Errorf("Original = %q, %q, want %q, %q", original, why, tt.original, tt.why)
			}
		})
	}
}

func TestLabelIgnoresOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		members := make([]Copy, 1+r.IntN(8))
		for i := range members {
			// Few values, so that ties are common.
			members[i] = Copy{
				ID:         string(rune('a' + r.IntN(20))),
				Attributed: r.IntN(2) == 0,
				Published:  randomHour(r),
				FetchedAt:  randomHour(r),
			}
		}
		cluster, original := Label(members)
		for range 5 {
			r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
			if c, o := Label(members); c != cluster || o != original {
				t.Fatalf("Label(%v) = %q, %q; in another order %q, %q", members, c, o, cluster, original)
			}
		}
	}
}

func randomHour(r *rand.Rand) time.Time {
	if r.IntN(3) == 0 {
		return time.Time{}
	}
	return time.Date(2025, 3, 1+3*r.IntN(2), r.IntN(3), 0, 0, 0, time.UTC)
}

func BenchmarkExact(b *testing.B) {
	text := strings.Repeat("The mayor of the town said on Monday that 115,000 people had crossed the new bridge. ", 60)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Exact(text)
	}
}
