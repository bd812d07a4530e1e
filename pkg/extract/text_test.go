package extract

import (
	"slices"
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/clean"
)

// copied is a text as a mirror prints it, with all that gathers around one.
const copied = `Old bridge falls at Northport - The Quay Bell

Home Shop Tuesday, May 12, 2026, 10:15 AM | Northport | 12.5°C | Shop Log in | Our site is under maintenance. |

World

Old bridge falls at Northport

The old bridge at Northport fell into the harbour on Monday night, an hour after the last tram.

Latest

• Tram had just gone
• Ferry runs from Thursday
• Mayor wants a new bridge

NORTHPORT, May 11 (NBN) - The old bridge at Northport fell into the harbour
on Monday night, an hour after the last tram had crossed it, and nobody was
hurt, reports NBN.

Engineers had asked for repairs in March. The council put them off twice, for want of money.

Harbour after the storm

2 years ago

Duration 1:12

Boats look for what is left of the bridge in the harbour of Northport

Ships wait off Northport on Tuesday. (Jane Roe/Reuters)

A ferry will carry passengers from Thursday. Lorries must go round by the old mill.

Photo: John Doe

The mayor said that a new bridge would take four years, and cost what the town has in ten.

Jane Roe is a reporter for The Quay Bell. She has written about ports for ten years.
`

func TestFromText(t *testing.T) {
	r, err := FromText("copied", copied, Options{Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	a := &r.Article
	want := []string{
		"The old bridge at Northport fell into the harbour on Monday night, an hour after the last tram had crossed it, and nobody was hurt.",
		"Engineers had asked for repairs in March. The council put them off twice, for want of money.",
		"A ferry will carry passengers from Thursday. Lorries must go round by the old mill.",
		"The mayor said that a new bridge would take four years, and cost what the town has in ten.",
	}
	if got := strings.Split(a.Text, "\n\n"); !slices.Equal(got, want) {
		t.Errorf("text:\n%s", strings.Join(got, "\n"))
	}
	if a.Title != "Old bridge falls at Northport" || a.Publisher != "The Quay Bell" || a.Section != "World" {
		t.Errorf("title %q, publisher %q, section %q", a.Title, a.Publisher, a.Section)
	}
	if d := a.Dateline; d == nil || d.Raw != "NORTHPORT, May 11 (NBN) -" || d.Place != "Northport" || d.Date != "May 11" || d.Agency != "NBN" {
		t.Errorf("dateline %+v", d)
	}
	if !slices.Equal(a.Attributions, []string{"NBN"}) || len(a.KeyPoints) != 3 {
		t.Errorf("attributions %q, key points %q", a.Attributions, a.KeyPoints)
	}
	if len(a.Images) != 2 || a.Images[0].Credit != "Jane Roe/Reuters" || a.Images[0].Caption != "Ships wait off Northport on Tuesday." || a.Images[1].Credit != "John Doe" {
		t.Errorf("images %+v", a.Images)
	}
	if len(a.Authors) != 1 || a.Authors[0].Name != "Jane Roe" || !strings.HasPrefix(a.Authors[0].Bio, "Jane Roe is") {
		t.Errorf("authors %+v", a.Authors)
	}
	kinds := map[string]string{
		"Home Shop": clean.Navigation, "Tuesday, May 12, 2026, 10:15 AM": clean.Clock, "Northport | 12.5°C": clean.Weather, "Our site is under maintenance.": clean.Banner,
		"World": clean.SectionLabel, "Latest": clean.KeyPoints, "Tram had just gone": clean.KeyPoints, "NORTHPORT, May 11 (NBN) -": clean.DateLine, ", reports NBN": clean.Attribution,
		"Harbour after the storm": clean.Video, "2 years ago": clean.Video, "Duration 1:12": clean.Video, "Boats look for what is left of the bridge in the harbour of Northport": clean.Video,
		"Ships wait off Northport on Tuesday.": clean.Caption, "(Jane Roe/Reuters)": clean.PhotoCredit, "Photo: John Doe": clean.PhotoCredit,
	}
	for _, b := range r.Trace {
		if want, ok := kinds[b.Text]; ok && (b.Kept || b.Kind != want) {
			t.Errorf("%q is %s (kept: %v), want %s", b.Text, b.Kind, b.Kept, want)
		}
		delete(kinds, b.Text)
	}
	for text := range kinds {
		t.Errorf("%q is no block", text)
	}
}

func TestBreadcrumbOfText(t *testing.T) {
	for first, want := range map[string][]string{
		"Home World Europe News Old bridge falls at Northport":     {"Home", "World", "Europe News"},
		"Home > World > Old bridge falls at Northport":             {"Home", "World"},
		"Startseite » Panorama » Old bridge falls at Northport":    {"Startseite", "Panorama"},
		"Old bridge falls at Northport":                            nil,
		"Home is where Old bridge falls at Northport was written.": nil,
	} {
		r, err := FromText("x", first+"\n\nOld bridge falls at Northport\n\n"+strings.ReplaceAll(strings.ReplaceAll(filler, "<p>", ""), "</p>", "\n"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Article.Breadcrumb, want) {
			t.Errorf("%q: breadcrumb %q, want %q", first, r.Article.Breadcrumb, want)
		}
	}
}
