package dedup

import (
	"fmt"
	"testing"
	"time"
)

// ids returns the ids of candidates.
func ids(c []Candidate) string {
	s := ""
	for _, c := range c {
		s += c.ID + " "
	}
	return s
}

func at(hour int) time.Time { return time.Date(2025, 3, 1, hour, 0, 0, 0, time.UTC) }

func TestTable(t *testing.T) {
	w := newWriter(6)
	story := w.paragraphs(8)
	whole, start := Take(text(story)), Take(text(story[:4]))
	changed, other := Take(text(story[:6], w.paragraphs(2))), Take(text(w.paragraphs(8)))
	table := NewTable(TableOptions{})
	table.Add("b", at(1), start)
	table.Add("a", at(2), whole)
	table.Add("c", at(3), changed)
	table.Add("d", at(4), other)
	if got := ids(table.Candidates("a", at(5), whole)); got != "b c " {
		t.Errorf("candidates of a = %q, want b, then c", got)
	}
	if got := ids(table.Candidates("x", at(5), whole)); got != "a b c " {
		t.Errorf("candidates of a new copy = %q, want a b c", got)
	}
	if got := ids(table.Candidates("x", at(5).AddDate(0, 0, 8), whole)); got != "" {
		t.Errorf("candidates a week later = %q, want none", got)
	}
	table.Add("a", at(6), other)
	if got := ids(table.Candidates("x", at(7), whole)); got != "b c " {
		t.Errorf("candidates once a has another text = %q, want b c", got)
	}
	table.Remove("b")
	table.Remove("never added")
	if got := ids(table.Candidates("x", at(7), whole)); got != "c " {
		t.Errorf("candidates without b = %q, want c", got)
	}
	if got := table.Candidates("x", at(7), Fingerprint{}); got != nil {
		t.Errorf("candidates of nothing = %v", got)
	}
	if s := table.Stats(); s.Articles != 3 || s.Postings == 0 || s.Bytes == 0 {
		t.Errorf("Stats = %+v", s)
	}
}

func TestTableWindow(t *testing.T) {
	w := newWriter(7)
	table := NewTable(TableOptions{Window: 10 * time.Hour})
	f := Take(text(w.paragraphs(5)))
	table.Add("old", at(0), f)
	table.Add("new", at(9), f)
	if got := ids(table.Candidates("x", at(10), f)); got != "new old " {
		t.Errorf("candidates = %q, want both", got)
	}
	table.Add("late", at(11), Take("another bridge was opened"))
	if got := ids(table.Candidates("x", at(8), f)); got != "new " {
		t.Errorf("candidates = %q, want what is in the window", got)
	}
	if s := table.Stats(); s.Articles != 2 {
		t.Errorf("%d articles, want 2", s.Articles)
	}
	// What is older than the window on arrival is not kept.
	table.Add("very old", at(0), f)
	if got := ids(table.Candidates("x", at(0), f)); got != "new " {
		t.Errorf("candidates = %q, want none of before the window", got)
	}
}

// TestTableStaysSmall streams articles through a window: the memory is that of
// the window, not of the stream.
func TestTableStaysSmall(t *testing.T) {
	w := newWriter(8)
	stream := func(opts TableOptions) TableStats {
		table := NewTable(opts)
		for i := range 6000 {
			table.Add(fmt.Sprint("id", i), at(0).Add(time.Duration(i)*time.Minute), Take(w.sentence(200)))
		}
		return table.Stats()
	}
	small := stream(TableOptions{Window: 500 * time.Minute})
	if small.Articles != 532 { // of the window and a sixteenth
		t.Errorf("%d articles, want 532", small.Articles)
	}
	capped := stream(TableOptions{Window: 5000 * time.Minute, MaxArticles: 500})
	if capped.Articles != 500 {
		t.Errorf("%d articles, want 500", capped.Articles)
	}
	large := stream(TableOptions{})
	if 4*small.Bytes > large.Bytes {
		t.Errorf("%d bytes for 500 articles, %d for 6000", small.Bytes, large.Bytes)
	}
}

func TestTableBoundsPostings(t *testing.T) {
	w := newWriter(9)
	table := NewTable(TableOptions{MaxPostings: 5, MaxCandidates: 3})
	f := Take(text(w.paragraphs(5)))
	for i := range 50 {
		table.Add(fmt.Sprint("id", 10+i), at(0).Add(time.Duration(i)*time.Minute), f)
	}
	if s := table.Stats(); s.Postings != 5*len(f.Hashes) {
		t.Errorf("%d postings of %d shingles, want 5 each", s.Postings, len(f.Hashes))
	}
	if got := ids(table.Candidates("x", at(1), f)); got != "id55 id56 id57 " {
		t.Errorf("candidates = %q, want three of the latest five", got)
	}
}

// TestTableNumbersWrap goes over the end of the numbers of articles.
func TestTableNumbersWrap(t *testing.T) {
	w := newWriter(10)
	table := NewTable(TableOptions{Window: 5 * time.Hour})
	table.first = ^uint32(0) - 3
	for i := range 20 {
		f := Take(text(w.paragraphs(5)))
		id := fmt.Sprint("id", i)
		table.Add(id, at(i), f)
		if got := ids(table.Candidates("x", at(i), f)); got != id+" " {
			t.Fatalf("candidates of %s = %q", id, got)
		}
	}
}
