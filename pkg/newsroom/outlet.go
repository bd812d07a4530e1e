package newsroom

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// outlet is a row of the table of outlets: who it is, how its pages look and
// what it does to the articles it prints.
type outlet struct {
	Key      string
	Name     string
	Tagline  string
	Language string
	Home     string // word for the front page in breadcrumbs
	Prefix   string // of an author's name, as in "By "
	Sections []string

	zone    *time.Location
	design  string // name of the files under designs/
	charset string // of the pages, "" for utf-8
	path    func(it *item) string
	feeds   []feedSpec
	robots  string
	house   house
	curly   func(string) string // typography
}

// feedSpec is a feed of an outlet.
type feedSpec struct {
	path   string
	format string // key of feedFormats
	listed bool   // told by Outlets; the others are found through it
}

// house is what an outlet adds to an article.
type house struct {
	dateline    func(place string, t time.Time, agency bool) string
	attribution []string // tails of the first paragraph of agency copy
	inserts     []insert // between the paragraphs, in this order
	bio         bool
	comments    bool
	breadcrumb  bool
	weather     string
	banner      string
	cookie      string
	share       string
	initials    bool // agency and author initials at the end
	track       string
	clock       bool // the page prints when it was made
}

// insert is furniture between paragraphs.
type insert struct {
	kind  blockKind
	texts []string // one of them; for teasers the label
}

// agencyKey is the outlet that the others copy.
const agencyKey = "meridian"

// generatedOutlets are the designs that generated hosts take turns in.
func generatedOutlets() []string {
	return []string{"meridian", "courier", "lantern", "mirror", "tidings", "pebble"}
}

// outletTable returns the outlets. Functions rather than variables, so that no
// state is shared between two sites of one process.
func outletTable() []*outlet {
	return []*outlet{
		meridian(), courier(), lantern(), ledger(), mirror(), tidings(), pebble(), tagblatt(), almina(),
	}
}

func meridian() *outlet {
	return &outlet{
		Key: agencyKey, Name: "Meridian Wire", Tagline: "Reports from the coast and the country behind it",
		Language: "en", Home: "Wire", Prefix: "By ", zone: time.UTC, design: "plain",
		Sections: []string{"Transport", "Business", "Science", "Environment", "Courts", "Sport"},
		path: func(it *item) string {
			return "/wire/" + it.published.UTC().Format("2006/01/02/") + it.slug
		},
		feeds: []feedSpec{{"/feed.xml", "rss2", true}, {"/all.atom", "atom", false}},
		house: house{
			dateline: func(place string, t time.Time, _ bool) string {
				return strings.ToUpper(place) + ", " + t.Format("2 January") + " (Meridian Wire) -"
			},
		},
	}
}

func courier() *outlet {
	return &outlet{
		Key: "courier", Name: "The Harbour Courier", Tagline: "Your town, every day, since 1887",
		Language: "en", Home: "Front page", Prefix: "by ", zone: time.UTC, design: "tables", charset: "windows-1252",
		Sections: []string{"Town", "Harbour", "Courts", "Schools", "Sport", "Letters"},
		path: func(it *item) string {
			if it.private {
				return fmt.Sprintf("/private/story.asp?id=%d", it.number)
			}
			return fmt.Sprintf("/story.asp?id=%d", it.number)
		},
		feeds:  []feedSpec{{"/rss/headlines.xml", "rss091", true}, {"/rss/town.xml", "rss092", true}},
		robots: "User-agent: *\nDisallow: /private/\n",
		house: house{
			inserts: []insert{
				{advert, []string{
					"ADVERTISEMENT: Bellamy Windows - double glazing at winter prices",
					"ADVERTISEMENT: Tidewater Carpets, Quay Street. Free fitting until Sunday!",
				}},
				{teaser, []string{"SEE ALSO:"}},
			},
			breadcrumb: true,
		},
		curly: curlyEnglish,
	}
}

func lantern() *outlet {
	return &outlet{
		Key: "lantern", Name: "Lantern", Tagline: "News that stays lit",
		Language: "en-US", Home: "Home", Prefix: "", zone: time.FixedZone("EST", -5*3600), design: "soup",
		Sections: []string{"Cities", "Money", "Planet", "Ideas", "Play"},
		path: func(it *item) string {
			return fmt.Sprintf("/a/%s-%x", it.slug, it.number)
		},
		feeds: []feedSpec{{"/feed.json", "json", true}, {"/sitemap-news.xml", "newssitemap", false}},
		house: house{
			inserts: []insert{
				{newsletter, []string{"Get Lantern in your inbox. Five stories, every weekday morning, and no shouting."}},
				{teaser, []string{"Read next:"}},
				{pullQuote, nil},
			},
			cookie: "We use cookies to keep the lights on. By continuing you accept our cookie policy.",
			share:  "Share this story on Flock Share this story by mail Copy the link",
			bio:    true,
		},
		curly: curlyEnglish,
	}
}

func ledger() *outlet {
	return &outlet{
		Key: "ledger", Name: "The Saltmarsh Ledger", Tagline: "Business, courts and public money",
		Language: "en-GB", Home: "Ledger", Prefix: "By ", zone: time.UTC, design: "paywall",
		Sections: []string{"Markets", "Companies", "Public money", "Opinion"},
		path: func(it *item) string {
			return "/" + slug(it.section) + "/" + it.slug
		},
		feeds: []feedSpec{{"/rss", "rss2", true}},
		house: house{
			inserts: []insert{
				{teaser, []string{"More on this:"}},
				{pullQuote, nil},
			},
			share: "Gift this article Save for later Print this page",
		},
		curly: curlyEnglish,
	}
}

func mirror() *outlet {
	return &outlet{
		Key: "mirror", Name: "Northgate Mirror", Tagline: "All the news, in one place",
		Language: "en", Home: "Home", Prefix: "Source: ", zone: time.FixedZone("EET", 2*3600), design: "mirror",
		Sections: []string{"News", "Transport", "Science", "Business", "Culture"},
		path: func(it *item) string {
			return fmt.Sprintf("/news/%d-%s.html", it.number, it.slug)
		},
		feeds:  []feedSpec{{"/sitemap.xml", "sitemapindex", true}, {"/sitemap-1.xml", "sitemap", false}, {"/sitemap-news.xml", "newssitemap", false}},
		robots: "User-agent: *\nCrawl-delay: 1\n",
		house: house{
			inserts: []insert{
				{video, []string{"Watch the video: the week in sixty seconds - 1:00"}},
				{teaser, []string{"Also on Northgate Mirror:"}},
			},
			breadcrumb: true,
			weather:    "Northgate: light rain, 7 °C, wind 5 m/s",
			banner:     "Maintenance tonight from 02:00 to 03:00. Some pages may load slowly. Thank you for your patience.",
			clock:      true,
		},
	}
}

func tidings() *outlet {
	return &outlet{
		Key: "tidings", Name: "Tidings Today", Tagline: "First with what others have written",
		Language: "en", Home: "Tidings", Prefix: "", zone: time.FixedZone("CET", 3600), design: "copier",
		Sections: []string{"World", "Economy", "Science", "Travel", "Sport"},
		path: func(it *item) string {
			return "/" + it.published.UTC().Format("2006/01/") + it.slug + "/"
		},
		feeds: []feedSpec{{"/index.rdf", "rdf", true}},
		house: house{
			dateline: func(place string, _ time.Time, agency bool) string {
				if !agency {
					return ""
				}
				return strings.ToUpper(place) + " (Meridian Wire) -"
			},
			attribution: []string{", reports Meridian Wire", ", Meridian Wire reports"},
			inserts: []insert{
				{credit, []string{"Photo Reuters", "Foto: dpa", "Photo: Corvid Images", "Photo Reuters", "(Photo by Oriel Pictures)"}},
				{teaser, []string{"READ ALSO:"}},
				{credit, []string{"Foto: dpa", "Photo: Saltmarsh Press Pool", "Photo Reuters"}},
			},
			track: "?utm_source=rss&utm_medium=feed",
		},
		curly: curlyEnglish,
	}
}

func pebble() *outlet {
	return &outlet{
		Key: "pebble", Name: "Pebble & Pine", Tagline: "Notes from a small coast",
		Language: "en", Home: "Journal", Prefix: "Written by ", zone: time.UTC, design: "blog",
		Sections: []string{"Walking", "Kitchen", "Making", "Places"},
		path:     func(it *item) string { return "/journal/" + it.slug + "/" },
		feeds:    []feedSpec{{"/journal/atom.xml", "atom", false}},
		house: house{
			inserts: []insert{{newsletter, []string{"Like this? A letter from the coast goes out on the first Sunday of the month. Join 412 other readers."}}},
			bio:     true, comments: true,
		},
		curly: curlyEnglish,
	}
}

func tagblatt() *outlet {
	return &outlet{
		Key: "tagblatt", Name: "Grauhafener Tagblatt", Tagline: "Unabhängige Zeitung für Stadt und Küste",
		Language: "de", Home: "Startseite", Prefix: "Von ", zone: time.FixedZone("MEZ", 3600), design: "german",
		Sections: []string{"Lokales", "Wirtschaft", "Wissen", "Kultur", "Sport"},
		path: func(it *item) string {
			return fmt.Sprintf("/%s/%s-%d.html", slug(it.section), it.slug, it.number)
		},
		feeds: []feedSpec{{"/feed/alles.atom", "atom", true}, {"/news-sitemap.xml", "newssitemap", true}},
		house: house{
			dateline: func(place string, _ time.Time, agency bool) string {
				if !agency {
					return ""
				}
				return place + " (nwd) -"
			},
			inserts: []insert{
				{teaser, []string{"Lesen Sie auch:"}},
				{credit, []string{"Foto: dpa", "Foto: Küstenbild/Wiebrecht", "Foto: nwd"}},
				{newsletter, []string{"Der Hafenbrief: jeden Morgen das Wichtigste aus Grauhafen in Ihrem Postfach. Jetzt kostenlos anmelden."}},
			},
			breadcrumb: true, initials: true,
			share: "Artikel teilen Artikel drucken Artikel merken",
		},
		curly: curlyGerman,
	}
}

func almina() *outlet {
	return &outlet{
		Key: "almina", Name: "صحيفة الميناء", Tagline: "أخبار الساحل والمدينة كل يوم",
		Language: "ar", Home: "الرئيسية", Prefix: "كتب: ", zone: time.FixedZone("AST", 3*3600), design: "arabic",
		Sections: []string{"محليات", "اقتصاد", "علوم", "ثقافة", "رياضة"},
		path: func(it *item) string {
			return "/" + url.PathEscape("أخبار") + fmt.Sprintf("/%d", it.number)
		},
		feeds: []feedSpec{{"/rss.xml", "rss2", true}},
		house: house{
			inserts: []insert{
				{teaser, []string{"اقرأ أيضا:"}},
				{newsletter, []string{"اشترك في النشرة البريدية لصحيفة الميناء لتصلك أهم الأخبار كل صباح"}},
			},
			breadcrumb: true,
			share:      "شارك المقال انسخ الرابط اطبع الصفحة",
		},
	}
}
