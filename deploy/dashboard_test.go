package deploy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestDashboardQueries(t *testing.T) {
	queries, err := DashboardQueries()
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) < 40 {
		t.Errorf("%d queries", len(queries))
	}
	for _, q := range queries {
		if q.Expr == "" || !strings.HasPrefix(q.Panel, "copydesk.json: ") {
			t.Errorf("incomplete query %+v", q)
		}
	}
	unknown := dashboard{Panels: []panel{{Title: "odd", Targets: []struct {
		Expr string `json:"expr"`
	}{{Expr: `up{x="$nobody"}`}}}}}
	if _, err := unknown.queries("x.json"); err == nil || !strings.Contains(err.Error(), "odd") {
		t.Errorf("unknown variable: %v", err)
	}
}

// A panel says what it shows, in which unit, and lies on no other.
func TestDashboardLayout(t *testing.T) {
	d, err := readDashboard("copydesk.json")
	if err != nil {
		t.Fatal(err)
	}
	taken := map[[2]int]string{}
	var titles []string
	for _, p := range d.Panels {
		if slices.Contains(titles, p.Title) {
			t.Errorf("two panels are named %q", p.Title)
		}
		titles = append(titles, p.Title)
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%s: off the grid: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("%s: no description or no query", p.Title)
		}
		if p.FieldConfig.Defaults.Unit == "" && p.Type != "table" && p.Type != "heatmap" {
			t.Errorf("%s: no unit", p.Title)
		}
	}
}

// One number stands for many series, so that a panel is empty only where
// nothing is measured.
func TestStatPanelsShowZero(t *testing.T) {
	d, err := readDashboard("copydesk.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range d.all() {
		if p.Type == "stat" && !strings.HasSuffix(p.Targets[0].Expr, "or vector(0)") {
			t.Errorf("%s: %s", p.Title, fmt.Sprint(p.Targets))
		}
	}
}
