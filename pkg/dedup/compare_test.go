package dedup

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCompare(t *testing.T) {
	w := newWriter(1)
	story := w.paragraphs(8)
	other, third := w.paragraphs(6), w.paragraphs(5)
	rng := func(p []string, from, to int) []string { return p[from:to] }
	short := w.sentence(45)
	menu := []string{"Home", "World news", "Sport", "Sign up for our letter", "Photo: Jane Roe"}
	day := func(n int) time.Time { return time.Date(2025, 3, n, 9, 0, 0, 0, time.UTC) }
	form := func(rate, low, high, volume int) string {
		return fmt.Sprintf("The bank of Northport lent %d mln to the market at %d.%d per cent today after %d mln the day before. "+
			"It said that the rate would hold until the close and that houses had asked for %d mln in all, while rates of a month were "+
			"quoted between %d and %d points in quiet trade as dealers waited for the figures of the town's savings banks.",
			volume, rate, low, volume+17, volume+29, volume+high, volume-rate)
	}
	tests := []struct {
		name string
		a, b Doc
		want Kind
	}{
		{"equal", Doc{Text: text(story)}, Doc{Text: text(story)}, KindCopy},
		{
			"other dateline and a cut ending",
			Doc{Text: "NORTHPORT (Herald) - " + text(story)},
			Doc{Text: "Northport, 3 March. " + text(rng(story, 0, 4))},
			KindCopy,
		},
		{
			"teaser of the first paragraph",
			Doc{Text: text(story)},
			Doc{Text: text(rng(story, 0, 1))},
			KindCopy,
		},
		{
			"later version: new top, a paragraph more",
			Doc{Text: text(story)},
			Doc{Text: text(rng(other, 0, 1), rng(story, 1, 4), rng(other, 1, 2), rng(story, 4, 8))},
			KindCopy,
		},
		{
			"one of three paragraphs is enough with the title",
			Doc{Title: "Mayor opens the new bridge of Northport", Text: text(rng(story, 2, 6))},
			Doc{Title: "Mayor of Northport opens new bridge", Text: text(other, rng(story, 2, 6), third)},
			KindCopy,
		},
		{
			"round-up with a lead of its own",
			Doc{Text: text(rng(story, 0, 4))},
			Doc{Text: text(rng(other, 0, 2), rng(story, 0, 4), rng(third, 0, 4))},
			KindLink,
		},
		{
			"some paragraphs reused",
			Doc{Text: text(story)},
			Doc{Text: text(other, rng(story, 2, 4))},
			KindLink,
		},
		{"nothing in common", Doc{Text: text(story)}, Doc{Text: text(other)}, KindNone},
		{
			"menus around both",
			Doc{Text: text(menu, rng(story, 0, 3), menu)},
			Doc{Text: text(story, menu, menu)},
			KindCopy,
		},
		{"only menus in common", Doc{Text: text(menu, story)}, Doc{Text: text(menu, other)}, KindNone},
		{
			"two days of one form",
			Doc{Title: "Money market of Northport", Text: form(4, 3, 2, 310), Published: day(3)},
			Doc{Title: "Money market of Northport", Text: form(5, 1, 3, 870), Published: day(4)},
			KindTemplate,
		},
		{
			"two fillings of one form on a day",
			Doc{Title: "Money market of Northport", Text: form(4, 3, 2, 310), Published: day(3)},
			Doc{Title: "Money market of Southport", Text: form(7, 1, 4, 870), Published: day(3)},
			KindTemplate,
		},
		{
			"one form, no dates",
			Doc{Text: form(4, 3, 2, 310)},
			Doc{Text: form(5, 1, 3, 870)},
			KindTemplate,
		},
		{
			"a number corrected",
			Doc{Text: form(4, 3, 2, 310), Published: day(3)},
			Doc{Text: strings.Replace(form(4, 3, 2, 310), "327", "337", 1), Published: day(3)},
			KindCopy,
		},
		{
			"the same weeks later",
			Doc{Text: text(story), Published: day(1)},
			Doc{Text: text(rng(story, 0, 5)), Published: day(8)},
			KindLink,
		},
		{"no words", Doc{Text: "—"}, Doc{Text: "—"}, KindNone},
		{
			"tiny and equal",
			Doc{Title: "Bridge open to all", Text: "The bridge is open."},
			Doc{Title: "Bridge open to all", Text: "The bridge is open."},
			KindCopy,
		},
		{
			"tiny and equal under another title",
			Doc{Title: "Bridge open to all", Text: "Watch the film."},
			Doc{Title: "Storm closes in on Southport", Text: "Watch the film."},
			KindNone,
		},
		{"short and equal", Doc{Text: short}, Doc{Title: "Bridge of Northport opens", Text: short}, KindCopy},
		{"short, half of it shared", Doc{Text: short + " " + w.sentence(45)}, Doc{Text: short + " " + w.sentence(45)}, KindLink},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, back := Compare(&tt.a, &tt.b), Compare(&tt.b, &tt.a)
			if got.Kind != tt.want {
				t.Errorf("Compare = %v, want %v", got, tt.want)
			}
			if back.Kind != got.Kind || back.Share != got.Back || back.Back != got.Share {
				t.Errorf("Compare = %v, the other way round %v", got, back)
			}
		})
	}
}

func TestCompareScripts(t *testing.T) {
	w := newWriter(2)
	tests := []struct {
		name  string
		first rune
		count int
		stop  string
	}{
		{"Japanese", 0x3042, 80, "。"},
		{"Chinese", 0x4e00, 3000, "。"},
		{"Thai", 0x0e01, 40, "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			story, other := w.glyphs(600, tt.first, tt.count, tt.stop), w.glyphs(600, tt.first, tt.count, tt.stop)
			runes := []rune(story)
			checkScript(t, story, "4 "+string(runes[:400]), other)
		})
	}
	t.Run("Arabic", func(t *testing.T) {
		words := func(n int) string {
			var b strings.Builder
			for i := range n {
				b.WriteString(strings.TrimSpace(w.glyphs(2+w.r.IntN(5), 0x0627, 36, "")))
				b.WriteString([]string{" ", " ", " ", "، "}[i%4])
				if i%20 == 19 {
					b.WriteString(".\n")
				}
			}
			return b.String()
		}
		story := words(200)
		checkScript(t, story, story[:strings.Index(story[len(story)/2:], ".")+len(story)/2], words(200))
	})
}

// checkScript checks that a cut text is told from another of its script, by its
// sketch and by its words.
func checkScript(t *testing.T, story, cut, other string) {
	t.Helper()
	if r := Compare(&Doc{Text: story}, &Doc{Text: cut}); r.Kind != KindCopy || r.Back < 0.95 {
		t.Errorf("with its cut copy: %v", r)
	}
	if r := Compare(&Doc{Text: story}, &Doc{Text: other}); r.Kind != KindNone {
		t.Errorf("with another text: %v", r)
	}
	table := NewTable(TableOptions{})
	table.Add("story", time.Unix(0, 0), Take(story))
	table.Add("other", time.Unix(0, 0), Take(other))
	got := table.Candidates("cut", time.Unix(0, 0), Take(cut))
	if len(got) != 1 || got[0].ID != "story" || got[0].Containment < 0.8 {
		t.Errorf("candidates of the cut copy: %v", got)
	}
}

func FuzzCompare(f *testing.F) {
	w := newWriter(3)
	story := text(w.paragraphs(4))
	f.Add("Mayor opens bridge", story, "Mayor opens bridge again", story[len(story)/3:], int64(3600))
	f.Add("", "市長は水曜日、橋を開いた。", "", "市長は水曜日、橋を開いた。1,000人", int64(-5))
	f.Add("a", "a a a a a a a a a a a a a a a a", "a", "\xff\n\n1 2 3", int64(0))
	f.Fuzz(func(t *testing.T, titleA, textA, titleB, textB string, apart int64) {
		at := time.Unix(1e9, 0)
		a := Doc{ID: "a", Title: titleA, Text: textA, Published: at}
		b := Doc{ID: "b", Title: titleB, Text: textB, Published: at.Add(time.Duration(apart))}
		got, back := Compare(&a, &b), Compare(&b, &a)
		if got.Kind != back.Kind || got.Share != back.Back || got.Back != back.Share {
			t.Errorf("Compare = %v, the other way round %v", got, back)
		}
		if got.Share < 0 || got.Share > 1 || got.Back < 0 || got.Back > 1 {
			t.Errorf("Compare = %v: no shares", got)
		}
		if r := Compare(&a, &a); Exact(textA) != "" && r.Kind != KindCopy {
			t.Errorf("a text compared with itself: %v", r)
		}
	})
}
