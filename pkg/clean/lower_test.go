package clean

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
)

// foldSlowly is Fold as it is defined.
func foldSlowly(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			gap = gap || r != '\''
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestFoldAndLower compares the short ways with the definitions.
func TestFoldAndLower(t *testing.T) {
	parts := []string{"a", "Z", "'", " ", ". ", "Ä", "ß", "é", "—", "’", "Σ", "日本", "İ", "\u0301", "9", "ÿ", "×", "Ж", "¡", "The bridge at Northport fell on Monday night. "}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b strings.Builder
		for range random.IntN(40) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		s := b.String()
		if got, want := Fold(s), foldSlowly(s); got != want {
			t.Fatalf("Fold(%q) is %q, want %q", s, got, want)
		}
		if got, want := lowerOf(s), strings.ToLower(s); got != want {
			t.Fatalf("lowerOf(%q) is %q, want %q", s, got, want)
		}
	}
}
