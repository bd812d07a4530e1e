package search

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
)

// apply runs an edit script and returns what it makes of a, and whether it is a
// way from a to b at all.
func apply(steps []step, a, b string) (string, bool) {
	var out strings.Builder
	i, j := 0, 0
	for _, s := range steps {
		switch s.op {
		case opEqual:
			if s.a != i || s.b != j || a[i] != b[j] {
				return "", false
			}
			out.WriteByte(b[j])
			i, j = i+1, j+1
		case opDelete:
			if s.a != i {
				return "", false
			}
			i++
		case opInsert:
			if s.b != j {
				return "", false
			}
			out.WriteByte(b[j])
			j++
		}
	}
	return out.String(), i == len(a) && j == len(b)
}

func edits(steps []step) int {
	n := 0
	for _, s := range steps {
		if s.op != opEqual {
			n++
		}
	}
	return n
}

// distance is the length of the shortest script, by the book.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			here := row[j+1]
			if a[i] == b[j] {
				row[j+1] = last
			} else {
				row[j+1] = min(here, row[j]) + 1
			}
			last = here
		}
	}
	return row[len(b)]
}

func TestEditScriptIsShortest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n, letters int) string {
		b := make([]byte, rng.IntN(n))
		for i := range b {
			b[i] = byte('a' + rng.IntN(letters))
		}
		return string(b)
	}
	for range 3000 {
		a, b := random(24, 4), random(24, 4)
		steps := newEffort().editScript(len(a), len(b), func(i, j int) bool { return a[i] == b[j] })
		if got, ok := apply(steps, a, b); !ok || got != b {
			t.Fatalf("%q to %q: script gives %q: %v", a, b, got, steps)
		}
		if got, want := edits(steps), distance(a, b); got != want {
			t.Fatalf("%q to %q: %d steps, want %d", a, b, got, want)
		}
	}
}

func TestEditScriptIsBounded(t *testing.T) {
	a, b := strings.Repeat("ab", 5000), strings.Repeat("cd", 5000)
	compared := 0
	steps := newEffort().editScript(len(a), len(b), func(i, j int) bool { compared++; return a[i] == b[j] })
	if got, ok := apply(steps, a, b); !ok || got != b {
		t.Fatal("script does not lead from one to the other")
	}
	if compared > 4*maxEdits*maxEdits {
		t.Errorf("%d comparisons", compared)
	}
}

func TestDiffWords(t *testing.T) {
	show := func(ps []piece) string {
		var b strings.Builder
		for _, p := range ps {
			b.WriteString(map[op]string{opEqual: "", opInsert: "+", opDelete: "-"}[p.Op] + "[" + p.Text + "]")
		}
		return b.String()
	}
	for _, tt := range []struct{ old, now, want string }{
		{"", "", ""},
		{"the gate", "the gate", "[the gate]"},
		{"a loaded lorry, they said", "a loaded ferry, they said", "[a loaded ]-[lorry]+[ferry][, they said]"},
		{"the sea", "the sea rises", "[the sea ]+[rises]"},
		{"stays", "goes", "-[stays]+[goes]"},
		{"one two three", "one three", "[one ]-[two ][three]"},
		{"one man on the quay", "two women in the boat", "-[one man on the quay]+[two women in the boat]"},
		{"the crew left and the ship stayed", "the captain left and the boat stayed", "[the ]-[crew ]+[captain ][left and the ]-[ship ]+[boat ][stayed]"},
		{"it is open until eight", "it is now open only until eight", "[it is ]+[now ][open ]+[only ][until eight]"},
		{"old-new", "cold-anew", "-[old-new]+[cold-anew]"},
		{"大潮闸门", "大浪闸门", "[大]-[潮]+[浪][闸门]"},
	} {
		if got := show(newEffort().diffWords(tt.old, tt.now)); got != tt.want {
			t.Errorf("%q to %q: %s, want %s", tt.old, tt.now, got, tt.want)
		}
	}
}

// TestComparePieces makes sure that nothing of either text is lost.
func TestComparePieces(t *testing.T) {
	from, to := harbour(1), harbour(3)
	c := compare("x", article.Version{Title: from.Title, Body: from.Body}, article.Version{Title: to.Title, Body: to.Body})
	var old, now []string
	for _, b := range c.Blocks {
		switch b.Op {
		case opInsert:
			now = append(now, b.Text)
		case opDelete:
			old = append(old, b.Text)
		case opEqual:
			old, now = append(old, b.Text), append(now, b.Text)
		case opChange:
			a, z := "", ""
			for _, p := range b.Words {
				if p.Op != opInsert {
					a += p.Text
				}
				if p.Op != opDelete {
					z += p.Text
				}
			}
			old, now = append(old, strings.TrimSpace(a)), append(now, z)
		}
	}
	if want := texts(from.Body); !slices.Equal(squeeze(old), squeeze(want)) {
		t.Errorf("old text:\n%q\nwant\n%q", old, want)
	}
	if want := texts(to.Body); !slices.Equal(now, want) {
		t.Errorf("new text:\n%q\nwant\n%q", now, want)
	}
}

func texts(body []article.Block) []string {
	var out []string
	for _, b := range body {
		out = append(out, b.Text)
	}
	return out
}

// squeeze takes white space away: that after a word is not compared, so it is
// told as in the new text.
func squeeze(in []string) []string {
	var out []string
	for _, s := range in {
		out = append(out, strings.Join(strings.Fields(s), ""))
	}
	return out
}

func TestCompareFindsMoves(t *testing.T) {
	para := func(texts ...string) article.Version {
		return article.Version{Title: "Ferry", Body: paragraphs(texts...)}
	}
	c := compare("x",
		para("The ferry sails at nine.", "The crew is new.", "Tickets cost four crowns.", "Dogs stay on deck.", "Dogs stay on deck."),
		para("Tickets cost four crowns.", "The ferry sails at nine.", "The crew is new.", "Dogs stay on deck.", "The bar is shut."))
	var got []string
	for _, b := range c.Blocks {
		s := string(b.Op)
		if b.Moved {
			s += " moved"
		}
		got = append(got, s+": "+b.Text)
	}
	want := []string{
		"insert moved: Tickets cost four crowns.", "equal: The ferry sails at nine.", "equal: The crew is new.",
		"delete moved: Tickets cost four crowns.", "equal: Dogs stay on deck.", "delete: Dogs stay on deck.", "insert: The bar is shut.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if c.WordsAdded != 4 || c.WordsRemoved != 4 {
		t.Errorf("%d words added, %d removed: what moved is neither", c.WordsAdded, c.WordsRemoved)
	}
	if !c.changed() {
		t.Error("a move is no change")
	}
}

// TestCompareIsBounded compares texts that were rewritten everywhere: the effort
// of all paragraphs together is bounded, and nothing of either text is lost.
func TestCompareIsBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	long := func(seed int) []article.Block {
		var body []article.Block
		for i := range 400 {
			var b strings.Builder
			for range 400 {
				fmt.Fprintf(&b, "w%d ", rng.IntN(40)*10+seed*(i%2))
			}
			body = append(body, article.Block{Kind: article.Paragraph, Text: b.String()})
		}
		return body
	}
	from, to := article.Version{Body: long(0)}, article.Version{Body: long(1)}
	c := compare("x", from, to)
	old, now := 0, 0
	for _, b := range c.Blocks {
		switch b.Op {
		case opDelete:
			old += len(b.Text)
		case opInsert:
			now += len(b.Text)
		case opChange:
			for _, p := range b.Words {
				if p.Op != opInsert {
					old += len(p.Text)
				}
				if p.Op != opDelete {
					now += len(p.Text)
				}
			}
		}
	}
	size := func(v article.Version) (n int) {
		for _, b := range v.Body {
			n += len(b.Text)
		}
		return n
	}
	if old != size(from) || now != size(to) {
		t.Errorf("%d and %d bytes, want %d and %d", old, now, size(from), size(to))
	}
	e := newEffort()
	for range 40 {
		e.editScript(3000, 3000, func(_, _ int) bool { return false })
	}
	if e.left != 0 || e.limit() != 0 {
		t.Errorf("%d of the effort is left", e.left)
	}
	if steps := e.editScript(4, 4, func(i, j int) bool { return i == j && i != 1 }); len(steps) != 5 {
		t.Errorf("%v: without effort left the ends are still told", steps)
	}
}

func TestPairBlocksManyBlocks(t *testing.T) {
	var a, b []article.Block
	for range 800 {
		a = append(a, article.Block{Kind: article.Paragraph, Text: "one two three"})
		b = append(b, article.Block{Kind: article.Paragraph, Text: "one two four"})
	}
	if n := len(newEffort().pairBlocks(a, b)); n != 1600 {
		t.Errorf("%d blocks, want all of both: too many to be paired", n)
	}
	if n := len(newEffort().pairBlocks(a[:10], b[:10])); n != 10 {
		t.Errorf("%d blocks, want 10 pairs", n)
	}
}
