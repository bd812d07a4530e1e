package clean

import "testing"

// TestRuleExamples runs the examples of every row: what goes must be recognised
// as of its kind, by that row or another, what stays by none.
func TestRuleExamples(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			for _, text := range r.Goes {
				l := exampleLine(text, r.Where)
				if v := Match(&l); !v.Dropped() {
					t.Errorf("%q stays, want it dropped as %s", text, r.Kind)
				} else if v.Kind != r.Kind {
					t.Errorf("%q is %s (%s), want %s", text, v.Kind, v.Rule, r.Kind)
				}
			}
			for _, text := range r.Stays {
				l := exampleLine(text, r.Where)
				if v := Match(&l); v.Dropped() {
					t.Errorf("%q is dropped by %s, want it to stay", text, v.Rule)
				}
			}
		})
	}
}

func exampleLine(text string, w Where) Line {
	l := NewLine(text)
	l.Head = w == AtHead
	l.Tail = w == AtTail || w == AtEnds
	l.Linked = w == InLink
	return l
}

func TestRuleNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if r.Name == "" || r.Kind == "" || len(r.Goes) == 0 {
			t.Errorf("rule %q (%s): needs a name, a kind and examples", r.Name, r.Kind)
		}
		if seen[r.Name] {
			t.Errorf("rule %q stands twice", r.Name)
		}
		seen[r.Name] = true
	}
	if len(seen) > 64 {
		t.Errorf("%d rules: the phrase index holds 64", len(seen))
	}
}
