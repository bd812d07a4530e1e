package quality

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// The invented seed: what a page of the Herald had, and what should become of it.
var bridgeSpans = []span{
	{Line: 1, Text: "Home News Region", Label: "breadcrumb"},
	{Line: 2, Text: "The bridge fell", Label: "headline"},
	{Line: 3, Text: "NORTHPORT (Reuters) -", Label: "dateline"},
	{Line: 3, Text: "The bridge at Northport fell on Monday", Label: "body", Keep: true},
	{Line: 3, Text: ", reports the Herald", Label: "attribution", Optional: true},
	{Line: 4, Text: "Photo Reuters", Label: "photo_credit"},
	{Line: 5, Text: "What we know", Label: "crosshead", Keep: true, Optional: true},
	{Line: 6, Text: "Nobody was hurt, police said.", Label: "body", Keep: true},
	{Line: 7, Text: "Photo Reuters", Label: "photo_credit"},
	{Line: 8, Text: "Jane Roe writes about bridges.", Label: "author_bio"},
}

const bridgeFacts = `{"dateline":{"raw":"NORTHPORT (Reuters) -","place":"Northport","agency":"Reuters"},"attribution":["the Herald"],
	"photo_credits":["Reuters"],"breadcrumb":["Home","News","Region"],"author_bio":{"name":"Jane"}}`

const bridgeCleaned = `{"title":"The bridge fell","dateline":{"raw":"NORTHPORT (Reuters) -","place":"NORTHPORT","agency":"Reuters"},"attributions":["the Herald"],
	"text":"The bridge at Northport fell on Monday\n\nNobody was hurt, police said.",
	"breadcrumb":["Home","News","Region"],"images":[{"url":"a.jpg","credit":"Reuters"}],"bylines":[{"name":"Jane Roe","bio":"Jane Roe writes about bridges."}],
	"trace":[{"text":"Home News Region","kind":"breadcrumb"},{"text":"The bridge fell","kind":"repeated_title"},
	{"text":"The bridge at Northport fell on Monday","kind":"paragraph","kept":true},{"text":"Photo Reuters","kind":"photo_credit"},
	{"text":"What we know","kind":"related"},{"text":"Nobody was hurt, police said.","kind":"paragraph","kept":true},
	{"text":"Photo Reuters","kind":"photo_credit"},{"text":"Jane Roe writes about bridges.","kind":"author_bio"}]}`

// scoreBridge scores the invented seed after edits to what the program said.
func scoreBridge(t *testing.T, edits ...string) seedScore {
	t.Helper()
	var facts seedFacts
	var got cleaned
	if err := json.Unmarshal([]byte(bridgeFacts), &facts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(strings.NewReplacer(edits...).Replace(bridgeCleaned)), &got); err != nil {
		t.Fatal(err)
	}
	var s seedScore
	s.add("bridge", bridgeSpans, &facts, &got)
	return s
}

func TestSeedScore(t *testing.T) {
	for name, test := range map[string]struct {
		edits        []string
		f1           float64
		lines, facts int
		misses       string // parts of them, in order
	}{
		"perfect":              {nil, 1, 6, 5, ""},
		"optional words kept":  {[]string{"Monday\\n", "Monday, reports the Herald\\n\\nWhat we know\\n"}, 1, 6, 5, ""},
		"a word lost":          {[]string{"Nobody was hurt, police said.\",\n", "Nobody was hurt, police.\",\n"}, 22.0 / 23, 6, 5, ""},
		"a word too many":      {[]string{"Nobody was hurt, police said.\",\n", "Nobody was hurt, police said so.\",\n"}, 24.0 / 25, 6, 5, ""},
		"wrong kind":           {[]string{`bridges.","kind":"author_bio"`, `bridges.","kind":"related"`}, 1, 5, 5, "line 8: author_bio"},
		"second credit stayed": {[]string{`said.","kind":"paragraph","kept":true},` + "\n\t" + `{"text":"Photo Reuters","kind":"photo_credit"`, `said.","kind":"paragraph","kept":true},{"text":"Photo Reuters","kind":"paragraph","kept":true`}, 1, 5, 5, "line 7: photo_credit"},
		"dateline lost":        {[]string{`"dateline":`, `"x":`}, 1, 5, 4, "line 3: dateline;dateline"},
		"dateline misread":     {[]string{`"place":"NORTHPORT"`, `"place":"BY NORTHPORT"`}, 1, 6, 4, "dateline"},
		"attribution invented": {[]string{`["the Herald"]`, `["the Herald","Monday"]`}, 1, 6, 5, "absence of attribution"},
		"credit nowhere":       {[]string{`,"credit":"Reuters"`, ""}, 1, 6, 4, "photo credit"},
		"only half the path":   {[]string{`["Home","News","Region"]`, `["Home","News"]`}, 1, 6, 4, "breadcrumb"},
		"author without bio":   {[]string{`,"bio":"Jane Roe writes about bridges."`, ""}, 1, 6, 4, "bio"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scoreBridge(t, test.edits...)
			if math.Abs(s.words-test.f1) > 1e-9 {
				t.Errorf("F1 %.4f, want %.4f", s.words, test.f1)
			}
			if s.lines.right != test.lines || s.lines.all != 6 {
				t.Errorf("%d of %d lines right, want %d of 6", s.lines.right, s.lines.all, test.lines)
			}
			if s.facts.right != test.facts {
				t.Errorf("%d facts captured, want %d", s.facts.right, test.facts)
			}
			var want []string
			if test.misses != "" {
				want = strings.Split(test.misses, ";")
			}
			if len(s.misses) != len(want) {
				t.Fatalf("misses %q, want %q", s.misses, want)
			}
			for i := range want {
				if !strings.Contains(s.misses[i], want[i]) {
					t.Errorf("misses %q, want %q", s.misses, want)
				}
			}
		})
	}
}
