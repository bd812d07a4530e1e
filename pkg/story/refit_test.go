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
