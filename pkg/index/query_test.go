package index_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/index"
)

func TestParseText(t *testing.T) {
	word := func(s string) index.Term { return index.Term{Text: s} }
	phrase := func(s string) index.Term { return index.Term{Text: s, Phrase: true} }
	not := func(t index.Term) index.Term { t.Exclude = true; return t }
	for text, want := range map[string][]index.Term{
		"":                          nil,
		" \t\n ":                    nil,
		"bridge":                    {word("bridge")},
		"old  bridge":               {word("old"), word("bridge")},
		`"old bridge"`:              {phrase("old bridge")},
		`"old bridge`:               {phrase("old bridge")},
		`old"new bridge"now`:        {word("old"), phrase("new bridge"), word("now")},
		"“old bridge”":              {phrase("old bridge")},
		"„alte Brücke“":             {phrase("alte Brücke")},
		"«vieux pont»":              {phrase("vieux pont")},
		"-bridge":                   {not(word("bridge"))},
		`-"old bridge" ferry`:       {not(phrase("old bridge")), word("ferry")},
		"well-known":                {word("well-known")},
		"--bridge":                  {not(word("-bridge"))},
		"- bridge":                  {word("bridge")},
		"-":                         {},
		`""`:                        {},
		`"`:                         {},
		"... & !":                   {},
		"a+b title:x (y) z* w~2":    {word("a+b"), word("title:x"), word("(y)"), word("z*"), word("w~2")},
		"\u3000新桥\u3000通车":          {word("新桥"), word("通车")},
		"caf\xe9 bar":               {word("caf"), word("bar")},
		"O'Brien ‘single’":          {word("O'Brien"), word("‘single’")},
		"\u200ebridge":              {word("\u200ebridge")},
		`"one" "two"` + ` -"three"`: {phrase("one"), phrase("two"), not(phrase("three"))},
	} {
		got, err := index.ParseText(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%q gave %+v, want %+v", text, got, want)
		}
	}
}

func TestParseTextBounds(t *testing.T) {
	for text, fits := range map[string]bool{
		strings.Repeat("x ", index.MaxTerms):      true,
		strings.Repeat("x ", index.MaxTerms+1):    false,
		strings.Repeat("- ", index.MaxText/2):     true,
		strings.Repeat("桥", index.MaxText):        true,
		strings.Repeat("桥", index.MaxText+1):      false,
		strings.Repeat("\xff", index.MaxText+1):   false,
		strings.Repeat(`"x" `, index.MaxTerms+1):  false,
		strings.Repeat("-xy ", index.MaxTerms):    true,
		strings.Repeat(" ", index.MaxText) + "xy": false,
	} {
		if _, err := index.ParseText(text); (err == nil) != fits || err != nil && !errors.Is(err, index.ErrBadQuery) {
			t.Errorf("%.20q of %d bytes: %v", text, len(text), err)
		}
	}
}

func FuzzParseText(f *testing.F) {
	f.Add(`old "new bridge" -ferry -"a b" “x`)
	f.Add("\xff\"-\"")
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := index.ParseText(text)
		if err != nil {
			return
		}
		if len(terms) > index.MaxTerms {
			t.Fatalf("%d terms", len(terms))
		}
		for _, term := range terms {
			if term.Text == "" || !strings.Contains(strings.ToValidUTF8(text, " "), term.Text) {
				t.Fatalf("term %q of %q", term.Text, text)
			}
		}
	})
}

func TestChecked(t *testing.T) {
	for _, c := range []struct {
		text string
		sort index.Sort
		want index.Sort
	}{
		{"", "", index.SortDate},
		{"  ", "", index.SortDate},
		{"bridge", "", index.SortRelevance},
		{"bridge", index.SortDate, index.SortDate},
		{"", index.SortRelevance, index.SortRelevance},
	} {
		q, err := index.Query{Text: c.text, Sort: c.sort}.Checked()
		if err != nil || q.Sort != c.want || q.Size != index.DefaultSize {
			t.Errorf("%+v gave sort %s, size %d, %v", c, q.Sort, q.Size, err)
		}
	}
}

func TestCursor(t *testing.T) {
	type position struct {
		Score float64
		ID    string
	}
	q := index.Query{Text: "bridge", From: time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)}
	want := position{1.0 / 3, "a"}
	var err error
	if q.Cursor, err = index.EncodeCursor(q, want); err != nil {
		t.Fatal(err)
	}
	var got position
	if err := index.DecodeCursor(q, &got); err != nil || got != want {
		t.Errorf("DecodeCursor gave %+v, %v", got, err)
	}
	q.From = q.From.AddDate(0, 0, 1)
	if err := index.DecodeCursor(q, &got); !errors.Is(err, index.ErrBadQuery) {
		t.Errorf("the cursor of another query: %v", err)
	}
	q.From = time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC) // no JSON has that year
	if q.Cursor, err = index.EncodeCursor(q, want); err != nil {
		t.Fatal(err)
	}
	if err := index.DecodeCursor(q, &got); err != nil {
		t.Errorf("DecodeCursor in the year 99999: %v", err)
	}
}
