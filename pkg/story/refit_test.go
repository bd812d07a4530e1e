package story

import (
	"strings"
	"testing"
	"time"
)

// A report that comes after a copy that was cut short brings the cluster to the
// story that only the report tells.
func TestFullerCopyStandsForItsCluster(t *testing.T) {
	const opening = "Aldermen in Northport argued for nine hours about the price of parking near the museum before anybody went home. "
	flood := strings.Repeat("The river Wend broke the dyke at Ebbing Sands, flooded the turbine hall and cut the power of forty villages along the estuary. Engineers brought pumps from Harbour Town. ", 4)
	tr := New(Options{})
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	add := func(id, cluster, title, text string) Assignment {
		at = at.Add(time.Hour)
		return tr.Add(Doc{ID: id, Cluster: cluster, Title: title, Text: text, Lang: "en", Published: at, Arrived: at})
	}
	other := add("other", "other", "Dyke breaks at Ebbing Sands, turbine hall flooded", flood)
	cut := add("cut", "cut", "", opening)
	if cut.Story == other.Story {
		t.Fatal("what was cut off before the flood is of its story")
	}
	full := add("full", "cut", "Dyke breaks at Ebbing Sands", opening+flood)
	if full.Story != other.Story || len(full.Moved) != 1 || full.Moved[0] != (Move{ID: "cut", From: cut.Story, To: other.Story}) {
		t.Errorf("the whole report is in story %s and moved %v; want %s, with its copy", full.Story, full.Moved, other.Story)
	}
	again := add("again", "cut", "", opening)
	if again.Story != other.Story || len(again.Moved) != 0 {
		t.Errorf("another short copy is in story %s and moved %v", again.Story, again.Moved)
	}
	if s := tr.Stats(); s.Articles != 4 || s.Units != 2 || s.Stories != 1 {
		t.Errorf("%+v, want four articles of two texts in a story", s)
	}
}

// A cluster that gets another name, copy by copy, is still found by what comes.
func TestRenamedClusterIsFound(t *testing.T) {
	text := strings.Repeat("The river Wend broke the dyke at Ebbing Sands and flooded the turbine hall of the estuary. ", 6)
	tr := New(Options{})
	tr.Add(Doc{ID: "b", Cluster: "b", Title: "Dyke breaks at Ebbing Sands", Text: text, Lang: "en"})
	tr.Add(Doc{ID: "c", Cluster: "b", Title: "Dyke breaks at Ebbing Sands", Text: text, Lang: "en"})
	tr.SetCluster("b", "a")
	tr.SetCluster("c", "a")
	if got := tr.Add(Doc{ID: "d", Cluster: "d", Title: "Turbine hall flooded at Ebbing Sands", Text: text, Lang: "en"}); got.Story != "b" {
		t.Errorf("a report on the same event is in story %s, want b", got.Story)
	}
}

func TestHeadlineOfTextWithoutTitle(t *testing.T) {
	long := strings.Repeat("word ", 60)
	for text, want := range map[string]string{
		"":                                   "",
		"\n Dyke breaks\n\nThe river broke.": "Dyke breaks",
		"The dyke " + long + "broke. More of it.": "The dyke " + long + "broke",
		"The dyke broke. More of it.":             "The dyke broke. More of it.",
	} {
		if got := headline(text); got != want {
			t.Errorf("headline of %.30q is %.60q, want %.60q", text, got, want)
		}
	}
}
