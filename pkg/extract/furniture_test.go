package extract

import (
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// filler is prose enough for a page to have a body.
const filler = `<p>The bridge at Northport fell on Monday night, an hour after the last tram had crossed it, and nobody was hurt.</p>
<p>Engineers had asked for repairs in March. The council put them off twice, for want of money, and then for want of a contractor.</p>
<p>A ferry will carry passengers from Thursday. Lorries must go round by the old mill, which adds an hour to the way into town.</p>
<p>The mayor said that a new bridge would take four years. Until then the shops on the quay would pay no rent, she promised.</p>`

func extractHTML(t *testing.T, page string) *article.Article {
	t.Helper()
	p := pageOf(page)
	p.URL = "https://www.herald.example/news/bridge"
	p.FinalURL = p.URL
	r, err := Extract(p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &r.Article
}

func TestFurnitureWithoutNames(t *testing.T) {
	for name, test := range map[string]struct{ page, goes, stays string }{
		"caption in a cell": {
			`<table align=right><tr><td><img src="/b.jpg" width=200 height=125><br>The bridge before it fell.</td></tr></table>` + filler, "before it fell", "",
		},
		"caption in a div": {
			`<div class=q7><picture><img src="/b.jpg"></picture><div><span>The bridge on Sunday.</span> <span>Jane Roe / Herald</span></div></div>` + filler, "on Sunday", "",
		},
		"spacer in a cell": {
			`<div><img src="/s.gif" width=1 height=8><br>Nobody had seen it coming, the mayor said.</div>` + filler, "", "Nobody had seen",
		},
		"paragraph beside a picture": {
			`<div><img src="/b.jpg"><p>Nobody had seen it coming, the mayor said.</p></div>` + filler, "", "Nobody had seen",
		},
		"box that asks for an address": {
			filler + `<div class=k2><p>Fond of bridges? Ours go out on Sundays. Join 31 others.</p><form><input type=email><button>Join</button></form></div><p>The tram was empty, the driver said, and so was the street behind it.</p>`, "Fond of bridges", "The tram was empty",
		},
		"advertisement in words": {
			filler + `<p>ADVERTISEMENT: Roe and Sons, roofers on Bell Row since 1950</p><p>The tram was empty, the driver said, and so was the street behind it.</p>`, "roofers", "The tram was empty",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := extractHTML(t, `<html><head><title>Bridge falls</title></head><body><div id=a><h1>Bridge falls</h1><div>`+test.page+`</div></div></body></html>`)
			if test.goes != "" && strings.Contains(a.Text, test.goes) {
				t.Errorf("%q is in the text:\n%s", test.goes, a.Text)
			}
			if !strings.Contains(a.Text, test.stays) {
				t.Errorf("%q is not in the text:\n%s", test.stays, a.Text)
			}
		})
	}
}

// TestPageOfFonts reads a page whose markup says nothing but how it looks.
func TestPageOfFonts(t *testing.T) {
	body := strings.NewReplacer("<p>", "", "</p>", "<br><br>").Replace(filler)
	a := extractHTML(t, `<html><head><title>Old bridge at Northport falls into the harbour at night - The Quay Bell</title></head><body>
<table><tr><td><a href="/"><font size=6>The Quay Bell</font></a></td><td>15 June 2023</td></tr></table>
<table><tr><td>High water 06:12 and 18:41.</td><td>
<font size=5><b>Old bridge at Northport falls into the harbour at night</b></font><br>
<font size=2><i>The tram had just gone.</i></font><br>
<font size=1>Posted Friday, 12 May 2023, 10:15 UTC by Jane Roe</font><br><br>
<font size=3>`+body+`</font></td></tr></table></body></html>`)
	if want := "Old bridge at Northport falls into the harbour at night"; a.Title != want {
		t.Errorf("title %q, want %q", a.Title, want)
	}
	if a.Standfirst != "The tram had just gone." || a.Publisher != "The Quay Bell" {
		t.Errorf("standfirst %q, publisher %q", a.Standfirst, a.Publisher)
	}
	if want := time.Date(2023, 5, 12, 10, 15, 0, 0, time.UTC); a.Published == nil || !a.Published.Time.Equal(want) {
		t.Errorf("published %+v, want %s", a.Published, want)
	}
	if len(a.Authors) != 1 || a.Authors[0].Name != "Jane Roe" {
		t.Errorf("authors %+v", a.Authors)
	}
	if !strings.HasPrefix(a.Text, "The bridge at Northport fell") {
		t.Errorf("text begins %.80q", a.Text)
	}
}

func TestNamedTail(t *testing.T) {
	known := []string{"Quaylight"}
	for text, want := range map[string]string{
		"The bridge fell on Monday, reports Northern Wire.":              "The bridge fell on Monday.",
		"The bridge fell on Monday, Northern Wire reports.":              "The bridge fell on Monday.",
		"The bridge fell on Monday, Quaylight reported.":                 "The bridge fell on Monday.",
		"The bridge fell on Monday, reports Reuters.":                    "The bridge fell on Monday.",
		"Die Brücke ist gefallen, meldet Nordpresse Agentur.":            "Die Brücke ist gefallen.",
		"The bridge fell on Monday, Jane Roe reports.":                   "The bridge fell on Monday, Jane Roe reports.",
		"The bridge fell on Monday, said Northern Wire.":                 "The bridge fell on Monday, said Northern Wire.",
		"The bridge fell on Monday, the Northport Times reported.":       "The bridge fell on Monday, the Northport Times reported.",
		"The bridge fell on Monday, police reported.":                    "The bridge fell on Monday, police reported.",
		"Northern Wire reports that the bridge fell, after all.":         "Northern Wire reports that the bridge fell, after all.",
		"\"It fell on Monday, reports Northern Wire.":                    "\"It fell on Monday, reports Northern Wire.",
		"The bridge fell on Monday, reports Northern Wire and the mayor": "The bridge fell on Monday, reports Northern Wire and the mayor",
	} {
		if _, got := cutTail(text, known, 0); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNamesWithRoles(t *testing.T) {
	for in, want := range map[string]string{
		"Von unserer Redakteurin Jana Roh":        "Jana Roh",
		"Von unserem Mitarbeiter Jan Roh":         "Jan Roh",
		"Von unserem Sportredakteur Jan van Roh":  "Jan van Roh",
		"By our political correspondent Jane Roe": "Jane Roe",
		"By Jane Roe": "Jane Roe",
	} {
		if got := splitNames(in); len(got) != 1 || got[0] != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCreditedSource(t *testing.T) {
	for in, want := range map[string]string{
		"Source: Northern Wire Added: 12.05.2026 10:15 Views: 12": "Northern Wire",
		"Quelle: Jana Roh Datum: 12.05.2026":                      "Jana Roh",
		"Source: Northern Wire":                                   "",
		"Source: the mayor, who spoke on 12 May 2026 at 10:15":    "",
		"Sources: three people who were there on 12 May 2026":     "",
	} {
		if got := creditedSource(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestAside(t *testing.T) {
	a := extractHTML(t, `<html><head><title>Bridge falls</title><meta name=author content="Jane Roe"></head><body>
<ol class=breadcrumbs><li><a href="/">Home</a></li><li><a href="/n">News</a></li><li><a href="/n/b">Bridges</a></li></ol>
<article><h1>Bridge falls</h1><figure><img src="/b.jpg"><figcaption>The bridge on Sunday. Photo: John Doe/Reuters</figcaption></figure>`+filler+`</article>
<div class=author-bio><p>Jane Roe writes about ports, bridges and those who cross them.</p></div></body></html>`)
	if len(a.Breadcrumb) != 3 || a.Breadcrumb[0] != "Home" || a.Breadcrumb[2] != "Bridges" {
		t.Errorf("breadcrumb %q", a.Breadcrumb)
	}
	if len(a.Authors) != 1 || !strings.HasPrefix(a.Authors[0].Bio, "Jane Roe writes about ports") {
		t.Errorf("authors %+v", a.Authors)
	}
	if len(a.Images) != 1 || a.Images[0].Credit != "John Doe/Reuters" || a.Images[0].Caption != "The bridge on Sunday." {
		t.Errorf("images %+v", a.Images)
	}
}
