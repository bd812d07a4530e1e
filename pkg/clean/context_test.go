package clean

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// TestContext gives each rule for neighbours a few lines; those that begin with
// "x " (cut off before the rules see them) must go, the others must stay.
func TestContext(t *testing.T) {
	const lead = "The bridge at Northport fell into the harbour on Monday night in the worst storm for years, police said."
	const more = "Ferries will run every half hour until a new one stands, the mayor told the crowd at the harbour on Tuesday."
	for name, test := range map[string]struct {
		title string
		lines []string
	}{
		"repeated title": {"The bridge at Northport fell", []string{
			"x The bridge at Northport fell - The Herald", "x Home World The bridge at Northport fell", "x The bridge at Northport fell", lead,
		}},
		"video": {"", []string{
			lead, "x Seagull crosses the line", "x 9 years ago", "x Duration 2:02", "x The moment at which the race was decided", more,
		}},
		"standfirst and key points": {"", []string{
			"x The bridge at Northport fell into the harbour on Monday night in the worst storm for years, police say.", "x Mayor promises ferries", "x Latest", "x * No one hurt", lead,
		}},
		"pull quote": {"", []string{
			lead, "x We have lived without a bridge before and can do it again.-Mary Smith, mayor",
			"\"We have lived without a bridge before and can do it again,\" said the mayor, Mary Smith, on Tuesday.",
		}},
		"same words, not a pull quote": {"", []string{lead, "Nobody was hurt.", "He said so.", "Nobody was hurt."}},
		"headlines with blurbs": {"", []string{
			lead, "x Bridges of the north The towns that lost theirs tell how they manage without.", "x Who built it? Details of the firm and of its owners.",
			"x Storms on the coast How the worst of them came to be forgotten by all.", more,
		}},
		"run of headlines":          {"", []string{lead, "x Who built the bridge?", "x The ferryman's last day", "x The northern connection", more}},
		"a question and its answer": {"", []string{lead, "Who built the bridge?", more}},
		"list of facts":             {"", []string{lead, "Ida Berg, 26 - skipper", "Bo Chan, 31 - mate", "Jane Roe, 40 - owner", "A fourth sailor, unnamed", more}},
	} {
		t.Run(name, func(t *testing.T) {
			lines, goes, verdicts := make([]Line, len(test.lines)), make([]bool, len(test.lines)), make([]Verdict, len(test.lines))
			seen := false
			for i, text := range test.lines {
				text, goes[i] = strings.CutPrefix(text, "x ")
				item := strings.HasPrefix(text, "* ")
				lines[i] = NewLine(strings.TrimPrefix(text, "* "))
				lines[i].Item, lines[i].Head = item, !seen
				seen = seen || lines[i].Words > 15
			}
			Context(test.title, true, lines, verdicts)
			for i := range lines {
				if verdicts[i].Dropped() != goes[i] {
					t.Errorf("%q: dropped by %q, want dropped %v", lines[i].Text, verdicts[i].Rule, goes[i])
				}
			}
		})
	}
}

func TestMatchElement(t *testing.T) {
	for markup, want := range map[string]string{
		`<nav>`: Navigation, `<div role="navigation">`: Navigation, `<div class="article__share-bar">`: Share, `<div class="ShareBar">`: Share,
		`<div id="relatedPosts">`: Related, `<p class="wp-caption-text">`: Caption, `<div class="author-bio">`: AuthorBio, `<div hidden>`: Hidden,
		`<div style="color: red; display: none">`: Hidden, `<div aria-hidden="true">`: Hidden, `<div class="adsbygoogle">`: Advertisement, `<aside>`: Sidebar,
		`<div hidden id="S:1">`: "", `<div class="article-body">`: "", `<div class="shared-memory">`: "", `<div class="header">`: "", `<main class="menu">`: "", `<body class="single comments-open">`: "", `<div class="addition shadow">`: "",
		`<div class="` + strings.Repeat("padding ", 200) + `share">`: "",
	} {
		root, err := html.Parse(strings.NewReader(markup))
		if err != nil {
			t.Fatal(err)
		}
		n := deepest(root)
		got := ""
		if r := MatchElement(n); r != nil {
			got = r.Kind
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", markup[:min(len(markup), 60)], got, want)
		}
	}
}

// deepest returns the body, or the element in it.
func deepest(n *html.Node) *html.Node {
	for d := range n.Descendants() {
		if d.DataAtom == atom.Body {
			if d.FirstChild != nil {
				return d.FirstChild
			}
			return d
		}
	}
	return n
}
