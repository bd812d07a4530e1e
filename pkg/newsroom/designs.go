package newsroom

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"
	"time"
)

//go:embed designs
var designFiles embed.FS

// designSet holds the templates and style sheets, by design.
type designSet struct {
	pages  map[string]*template.Template
	styles map[string][]byte
}

func designNames() []string {
	return []string{"plain", "tables", "soup", "paywall", "mirror", "copier", "blog", "german", "arabic", "index"}
}

func loadDesigns() (*designSet, error) {
	d := &designSet{pages: map[string]*template.Template{}, styles: map[string][]byte{}}
	for _, name := range designNames() {
		text, err := designFiles.ReadFile("designs/" + name + ".html")
		if err != nil {
			return nil, err
		}
		t, err := template.New(name).Parse(string(text))
		if err != nil {
			return nil, err
		}
		d.pages[name] = t
		if css, err := designFiles.ReadFile("designs/" + name + ".css"); err == nil {
			d.styles[name] = css
		}
	}
	return d, nil
}

// view is what a template sees: an article (Page), a list (List) or, with
// neither, a notice.
type view struct {
	Out      *outlet
	Name     string // of the host: outlets lend their design to generated hosts
	Base     string
	Page     *page
	List     []listed
	Heading  string
	Message  string
	FeedPath string
	FeedType string
	Today    time.Time
	Outlets  []Outlet
}

// listed is an article on a front page.
type listed struct {
	Title, Standfirst, URL, Section, Image string
	Published                              time.Time
}

func (d *designSet) render(name string, v *view) ([]byte, error) {
	var b bytes.Buffer
	if err := d.pages[name].Execute(&b, v); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// T spells a text as the outlet prints it.
func (v *view) T(s string) string {
	if v.Out == nil || v.Out.curly == nil {
		return s
	}
	return v.Out.curly(s)
}

var nameInText = regexp.MustCompile(`\b(?:[A-Z][a-z]+ ){1,2}(?:Council|Harbour|Line|Board|Trust|University|Institute|Museum|Bridge)\b`)

// Rich is T with the first name of an institution linked, as outlets do.
func (v *view) Rich(s string) template.HTML {
	s = v.T(s)
	loc := nameInText.FindStringIndex(s)
	if loc == nil {
		return template.HTML(html.EscapeString(s)) //nolint:gosec // escaped here
	}
	name := s[loc[0]:loc[1]]
	return template.HTML(html.EscapeString(s[:loc[0]]) + //nolint:gosec // escaped here
		`<a href="/topic/` + slug(name) + `"><span>` + html.EscapeString(name) + `</span></a>` + html.EscapeString(s[loc[1]:]))
}

// Title is the title element: what the page is about and whose it is.
func (v *view) Title() string {
	switch {
	case v.Page != nil:
		return v.T(v.Page.Title) + " - " + v.Name
	case v.Heading != "":
		return v.Heading + " - " + v.Name
	}
	return v.Name + " - " + v.Out.Tagline
}

// ISO is a time as machines read it.
func (v *view) ISO(t time.Time) string { return t.Format(time.RFC3339) }

// Long is a time as English readers do.
func (v *view) Long(t time.Time) string { return t.Format("Monday, 2 January 2006, 15:04 MST") }

// Day is a date as English readers do.
func (v *view) Day(t time.Time) string { return t.Format("2 January 2006") }

// US is a time as American readers do.
func (v *view) US(t time.Time) string { return t.Format("Jan. 2, 2006, 3:04 p.m. MST") }

// German is a time as German readers do.
func (v *view) German(t time.Time) string { return t.Format("02.01.2006, 15:04 Uhr") }

// Arabic is a time as Arab readers do.
func (v *view) Arabic(t time.Time) string {
	months := strings.Fields("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر")
	return fmt.Sprintf("%d %s %d - %s", t.Day(), months[t.Month()-1], t.Year(), t.Format("15:04"))
}

// Clock is the time at which the page was made, as its header prints it.
func (v *view) Clock() string { return clock(v.Today) }

func clock(t time.Time) string { return t.Format("Monday 2 January 2006 15:04") + " local time" }

// Byline is the authors with the outlet's prefix.
func (v *view) Byline() string {
	if v.Page == nil || len(v.Page.Authors) == 0 {
		return ""
	}
	return v.Out.Prefix + strings.Join(v.Page.Authors, " and ")
}

// JSONLD is the page's description for search engines.
func (v *view) JSONLD() template.HTML {
	p := v.Page
	if p == nil {
		return ""
	}
	type thing map[string]any
	var authors []thing
	for _, a := range p.Authors {
		kind := "Person"
		if a == "Meridian Wire" {
			kind = "Organization" //nolint:misspell // schema.org spells it so
		}
		authors = append(authors, thing{"@type": kind, "name": a})
	}
	doc := thing{
		"@context": "https://schema.org", "@type": "NewsArticle", "headline": p.Title, "description": p.Standfirst,
		"datePublished": v.ISO(p.Published), "dateModified": v.ISO(p.Updated), "inLanguage": p.Language,
		"articleSection": p.Section, "author": authors, "mainEntityOfPage": p.Canonical, "url": p.Canonical,
		"publisher": thing{"@type": "NewsMediaOrganization", "name": v.Name}, "isAccessibleForFree": !p.Teaser,
	}
	if p.Image != "" {
		doc["image"] = []string{v.Base + p.Image}
	}
	if v.Out.design == "paywall" {
		doc["hasPart"] = thing{"@type": "WebPageElement", "isAccessibleForFree": !p.Teaser, "cssSelector": ".story-paid"}
	}
	return script(`type="application/ld+json"`, doc)
}

// State is what a script of the page keeps in memory: other articles' texts,
// which are no part of this one.
func (v *view) State() template.HTML {
	p := v.Page
	if p == nil {
		return ""
	}
	var next []map[string]string
	for _, l := range p.Related {
		next = append(next, map[string]string{"t": l.Title, "u": l.URL, "d": l.Standfirst, "body": "<p>" + l.Standfirst + "</p>"})
	}
	return script(`id="__LANTERN_STATE__" type="application/json"`, map[string]any{
		"route": p.URL, "build": "f3a91c7", "ab": []string{"nav-b", "inbox-a"}, "next": next,
	})
}

func script(attributes string, value any) template.HTML {
	data, err := json.Marshal(value) // escapes <, > and &
	if err != nil {
		return ""
	}
	return template.HTML("<script " + attributes + ">" + string(data) + "</script>") //nolint:gosec // JSON escapes what HTML would read
}

// paywallNotice is what a paid article shows in place of its text.
const paywallNotice = "Subscribe to read the rest of this article. Digital subscriptions start at 4 crowns a month."

// designNotes are the fixed texts of a design that read like sentences.
func designNotes(design string) []string {
	switch design {
	case "plain":
		return []string{"Meridian Wire reports may be reprinted by subscribers with the source named."}
	case "tables":
		return []string{
			"This site is best viewed at 800 x 600.", "You are visitor number 104,338.",
			"High water 06:12 and 18:41. Low water 00:02 and 12:25.",
		}
	case "soup":
		return []string{"Lantern is reader-owned. Members meet every spring and everyone gets one vote."}
	case "mirror":
		return []string{"Northgate Mirror collects reports from many sources and does not edit them."}
	case "copier":
		return []string{"Tidings Today is not responsible for the content of external sites."}
	case "german":
		return []string{"Alle Rechte vorbehalten. Nachdruck nur mit Genehmigung des Verlags."}
	case "arabic":
		return []string{"جميع الحقوق محفوظة لصحيفة الميناء"}
	}
	return nil
}
