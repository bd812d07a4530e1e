package search

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
)

// testNow is the time at which the tests look at the index.
var testNow = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// Articles that the tests name.
var (
	harbourID   = article.ID("https://harbour-post.example/2026/tide-gate")
	copyID      = article.ID("https://coast-wire.example/a/4711")
	secondCopy  = article.ID("https://valley-echo.example/news/tide-gate")
	germanID    = article.ID("https://inselblatt.example/faehre")
	arabicID    = article.ID("https://sahil.example/libraries")
	hebrewID    = article.ID("https://namal.example/lighthouse")
	paywallID   = article.ID("https://ledger.example/bond")
	withdrawnID = article.ID("https://ledger.example/withdrawn")
	undatedID   = article.ID("https://harbour-post.example/undated")
	hostileID   = article.ID("https://hostile.example/x")
)

const (
	testStory = "tide-gate-2026"
	script    = `<script>alert(1)</script>`
	imgOnload = `"><img src=x onerror=alert(2)>`
)

func date(t time.Time, p article.Precision, from article.DateSource) *article.Date {
	return &article.Date{Time: t, Precision: p, From: from}
}

func paragraphs(texts ...string) []article.Block {
	var out []article.Block
	for _, t := range texts {
		out = append(out, article.Block{Kind: article.Paragraph, Text: t})
	}
	return out
}

// finish fills in what follows from the rest of an article.
func finish(a article.Article) article.Article {
	a.ID = article.ID(a.URL)
	a.Text = article.JoinText(a.Body)
	a.Words = len(strings.Fields(a.Text))
	a.ContentHash = article.ContentHash(a.Title, a.Text)
	a.Normalizer = "1"
	if a.Site == "" {
		a.Site = strings.SplitN(a.URL, "/", 4)[2]
	}
	if a.Access == "" {
		a.Access = article.Full
	}
	if a.Kind == "" {
		a.Kind = article.KindArticle
	}
	if a.FetchedAt.IsZero() {
		a.FetchedAt = testNow.Add(-3 * time.Hour)
	}
	return a
}

var harbourBody = []article.Block{
	{Kind: article.Paragraph, Text: "The tide gate at the mouth of the old harbour will close for the first time on Saturday night, eleven years after the town voted to build it and four after it was meant to be finished."},
	{Kind: article.Paragraph, Text: "Engineers said the two steel leaves, each as heavy as a loaded ferry, had passed every trial since January. The last one ended at dawn on Thursday, when the water inside the harbour stood a metre and a half below the sea."},
	{Kind: article.Heading, Text: "A winter of trials"},
	{Kind: article.Paragraph, Text: "It has not been a quiet winter. In December a hinge pin cracked in the cold, and divers spent nine days replacing it by the light of lamps lowered from the quay."},
	{Kind: article.Quote, Text: "We learned more from that one pin than from all the drawings. You can calculate a gate for years, and then the sea asks a question that nobody had thought of."},
	{Kind: article.Paragraph, Text: "Ilse Marrin, who has led the works since 2021, said that the harbour would stay open to small boats until eight in the evening. Fishing crews were asked to move to the outer basin by noon."},
	{Kind: article.Heading, Text: "What changes for boats"},
	{Kind: article.ListItem, Text: "The gate closes two hours before high water and opens one hour after it."},
	{Kind: article.ListItem, Text: "A red light on the north pier burns for ten minutes before the leaves begin to move."},
	{Kind: article.ListItem, Text: "Boats longer than twelve metres book a passage with the harbour office."},
	{Kind: article.Paragraph, Text: "The harbour office printed the first timetable on Friday:"},
	{Kind: article.Preformatted, Text: "Saturday   closes 21:40   opens 00:50\nSunday     closes 10:05   opens 13:15\nSunday     closes 22:25   opens 01:35"},
	{Kind: article.Paragraph, Text: "The council expects the gate to close about thirty times a year. By the middle of the century, its own forecast says, it will be closer to a hundred."},
}

// harbour is the article with something of everything, in one of its versions.
func harbour(version int) article.Article {
	a := article.Article{
		URL: "https://harbour-post.example/2026/tide-gate", CanonicalURL: "https://harbour-post.example/2026/tide-gate",
		Site: "harbour-post.example", Publisher: "The Harbour Post", Title: "Old harbour’s tide gate to close for the first time on Saturday",
		Standfirst: "After eleven years and one cracked pin, the town shuts out the sea. For boats, Sunday begins with a timetable.",
		Authors:    []article.Author{{Name: "Nora Kettleby", Kind: article.Person}, {Name: "Piet Aldous", Kind: article.Person}, {Name: "Coast Wire", Kind: article.Agency}},
		Dateline:   &article.Dateline{Raw: "STRANDBY, March 14", Place: "Strandby", Date: "March 14"},
		Published:  date(time.Date(2026, 3, 14, 6, 30, 0, 0, time.UTC), article.Minute, article.FromJSONLD),
		Modified:   date(time.Date(2026, 3, 14, 8, 5, 12, 0, time.UTC), article.Second, article.FromMeta),
		Language:   "en", Section: "Harbour", Tags: []string{"tide gate", "engineering", "harbour council"},
		Images: []article.Image{
			{URL: "https://img.harbour-post.example/gate.jpg", Caption: "The north leaf of the gate during the trial on Thursday.", Credit: "Photo: Jonas Fell"},
			{URL: "javascript:alert(3)", Caption: "A drawing of the hinge."},
		},
		Body: append([]article.Block(nil), harbourBody...),
		Removed: []article.Removed{
			{Kind: "breadcrumb", Text: "Home › Harbour › Works", Rule: "dom:breadcrumb"},
			{Kind: "caption", Text: "The north leaf of the gate during the trial on Thursday.", Rule: "dom:figcaption"},
			{Kind: "photo_credit", Text: "Photo: Jonas Fell", Rule: "line:photo-credit"},
			{Kind: "related", Text: "Read also: Who pays for the gate?", Rule: "line:read-also"},
			{Kind: "related", Text: "Five winters on the quay, in pictures", Rule: "dom:teaser-list"},
			{Kind: "newsletter", Text: "Get the tide tables by post every Friday. Sign up here.", Rule: "line:newsletter"},
			{Kind: "author_bio", Text: "Nora Kettleby has written about the coast since 2009 and owns a very small boat.", Rule: "dom:author-box"},
		},
		Feed: "https://harbour-post.example/feed.xml", FetchedAt: testNow.Add(-time.Duration(5-version) * time.Hour),
		Warnings: []string{"two_dates"}, Sketch: "1:harbour",
	}
	if version < 3 {
		a.Title = "Old harbour’s tide gate to close on Saturday"
		a.Body[1].Text = "Engineers said the two steel leaves, each as heavy as a loaded lorry, had passed every trial since January. The last one ended at dawn on Thursday, when the water inside stood a metre below the sea."
	}
	if version < 2 {
		a.Body = append(a.Body[:10:10], a.Body[12:]...)
		a.Body[5].Text = "Ilse Marrin, who has led the works since 2021, said that the harbour would stay open until eight."
		a.Body = append(a.Body, article.Block{Kind: article.Paragraph, Text: "This report will be updated."})
	}
	return finish(a)
}

// fixtures are the articles of the test index, without older versions.
func fixtures() []article.Article {
	as := []article.Article{
		{
			URL: "https://coast-wire.example/a/4711", Publisher: "Coast Wire", Title: "Strandby closes its tide gate for the first time",
			Body: harbourBody, Language: "en", Sketch: "1:harbour", Attributions: []string{"The Harbour Post"},
			Published: date(time.Date(2026, 3, 14, 7, 10, 0, 0, time.UTC), article.Minute, article.FromFeed),
		},
		{
			URL: "https://valley-echo.example/news/tide-gate", Publisher: "Valley Echo", Title: "Town shuts out the sea", Body: harbourBody,
			Language: "en", Sketch: "1:harbour", Attributions: []string{"The Harbour Post", "Coast Wire"},
			Published: date(time.Date(2026, 3, 14, 9, 45, 0, 0, time.UTC), article.Minute, article.FromMeta),
		},
		{
			URL: "https://inselblatt.example/faehre", Publisher: "Inselblatt", Language: "de", Section: "Inseln",
			Title:     "Die Nachtfähre fährt wieder, aber nur bis Ostern",
			Authors:   []article.Author{{Name: "Grete Ohlsen", Kind: article.Person}},
			Published: date(time.Date(2026, 3, 13, 0, 0, 0, 0, time.FixedZone("", 3600)), article.Day, article.FromURL),
			Body: paragraphs("Seit Mittwoch legt die Nachtfähre wieder um halb elf am Südkai ab. Die Reederei hat dafür ein Schiff aus dem Winterlager geholt, das eigentlich erst im Mai fahren sollte.",
				"Bis Ostern ist der Betrieb gesichert, danach fehlt eine Besatzung. „Wir suchen vier Leute, die gern wach sind, wenn andere schlafen“, sagt die Kapitänin."),
		},
		{
			URL: "https://sahil.example/libraries", Publisher: "صحيفة الساحل", Language: "ar", Section: "ثقافة",
			Title:      "مكتبات متنقلة تصل إلى قرى الصيادين للمرة الأولى",
			Standfirst: "ثلاث حافلات صغيرة تحمل الكتب إلى الشاطئ كل يوم خميس، والأطفال ينتظرونها قبل الفجر.",
			Authors:    []article.Author{{Name: "ليلى حداد", Kind: article.Person}},
			Published:  date(time.Date(2026, 3, 12, 16, 0, 0, 0, time.UTC), article.Minute, article.FromTime),
			Body: append(paragraphs("وصلت أول حافلة إلى الميناء الصغير صباح الخميس، محملة بأربعمئة كتاب وصندوق من الأقلام. وقف الأطفال في صف طويل بجانب القوارب، وقال أحدهم إنه لم يمسك كتابا ملونا من قبل.",
				"وتقول أمينة المكتبة إن المشروع بدأ بحافلة واحدة وبعض المتطوعين، ثم كبر حين أعارت المدينة سائقين وأصلح صياد عجوز المحرك مجانا."),
				article.Block{Kind: article.Quote, Text: "الكتاب الذي لا يسافر لا يعيش طويلا."},
				article.Block{Kind: article.Paragraph, Text: "وستزور الحافلات اثنتي عشرة قرية قبل نهاية الصيف."}),
			Removed: []article.Removed{{Kind: "share", Text: "شارك هذا المقال", Rule: "line:share"}},
		},
		{
			URL: "https://namal.example/lighthouse", Publisher: "הנמל", Language: "he", Title: "המגדלור הישן נדלק שוב אחרי ארבעים שנה",
			Body:      paragraphs("בלילה שבין שבת לראשון נדלק המגדלור הישן בקצה הרציף, והדייגים עמדו לידו בשקט."),
			Published: date(time.Date(2026, 3, 11, 20, 15, 0, 0, time.UTC), article.Minute, article.FromMeta),
		},
		{
			URL: "https://ledger.example/bond", Publisher: "The Ledger", Language: "en", Access: article.Paywall, Section: "Money",
			Title: "Harbour bond sells out in an afternoon", Body: paragraphs("The bond that pays for the tide gate found buyers for all of its forty million within four hours, most of them in the town itself."),
			Published: date(time.Date(2026, 3, 10, 17, 0, 0, 0, time.UTC), article.Minute, article.FromMeta),
		},
		{
			URL: "https://ledger.example/withdrawn", Publisher: "The Ledger", Language: "en", Title: "Council chair resigns over gate",
			Body:      paragraphs("A report that the chair of the council had resigned could not be confirmed."),
			Published: date(time.Date(2026, 3, 9, 17, 0, 0, 0, time.UTC), article.Minute, article.FromMeta),
		},
		{
			URL: "https://harbour-post.example/undated", Publisher: "The Harbour Post", Language: "en", Title: "",
			Body: paragraphs("Notices to mariners: the buoy west of the pier is off its station."),
		},
		{
			URL: "https://hostile.example/x", Publisher: imgOnload, Language: `en" onload="alert(4)`, Section: script,
			Title: "Breaking " + script, Standfirst: imgOnload, Authors: []article.Author{{Name: script, Kind: article.Person}},
			Dateline: &article.Dateline{Raw: script}, Tags: []string{script}, Feed: "javascript:alert(5)", CanonicalURL: "javascript:alert(6)",
			Images: []article.Image{{URL: "data:text/html," + script, Caption: script, Credit: imgOnload}}, Warnings: []string{script},
			Body: []article.Block{
				{Kind: article.Paragraph, Text: "zebra " + script + " zebra"},
				{Kind: article.Preformatted, Text: "</pre>" + script},
				{Kind: "odd" + imgOnload, Text: script},
			},
			Removed:   []article.Removed{{Kind: script, Text: script, Rule: imgOnload}},
			Published: date(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), article.Day, article.FromText),
		},
	}
	for i := range as {
		as[i] = finish(as[i])
	}
	for n := range 30 {
		as = append(as, finish(article.Article{
			URL: fmt.Sprintf("https://minutes.example/%02d", n), Publisher: "Council Minutes", Language: "en",
			Title:     fmt.Sprintf("Minutes of the harbour committee, sitting %d", n+1),
			Body:      paragraphs(fmt.Sprintf("The committee met for the %dth time, heard three reports on dredging and approved the accounts of the pier.", n+1)),
			Published: date(time.Date(2026, 2, 1+n%28, 9, 0, 0, 0, time.UTC), article.Day, article.FromFeed),
		}))
	}
	return as
}

// newIndex is an index with all fixtures.
func newIndex(t *testing.T) index.Index {
	t.Helper()
	ix := emptyIndex(t)
	ctx := context.Background()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for v := 1; v <= 3; v++ {
		_, err := ix.Upsert(ctx, []article.Article{harbour(v)}, testNow.Add(-time.Duration(5-v)*time.Hour), nil)
		check(err)
	}
	_, err := ix.Upsert(ctx, fixtures(), testNow.Add(-2*time.Hour), nil)
	check(err)
	cluster := min(harbourID, copyID, secondCopy)
	check(ix.Place(ctx, []index.Placement{
		{
			ID: harbourID, Cluster: cluster, Original: harbourID, OriginalBy: "attribution", Story: testStory,
			Links: []article.Link{{ID: paywallID, Share: 0.42}, {ID: article.ID("gone"), Share: 0.3}},
		},
		{ID: copyID, Cluster: cluster, Original: harbourID, OriginalBy: "attribution", Story: testStory},
		{ID: secondCopy, Cluster: cluster, Original: harbourID, OriginalBy: "attribution"},
		{ID: paywallID, Story: testStory},
	}))
	check(ix.Withdraw(ctx, []string{withdrawnID}, testNow.Add(-time.Hour), testNow.Add(-time.Hour)))
	return ix
}

func emptyIndex(t *testing.T) index.Index {
	t.Helper()
	ix, err := bleveindex.Open(t.TempDir(), bleveindex.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ix.Close(); err != nil {
			t.Error(err)
		}
	})
	return ix
}

// someSources is a list of feeds in every state.
type someSources []Source

func (s someSources) Sources(context.Context) ([]Source, error) { return s, nil }

// Publishers is how the sites of the feeds let us in; a list of nothing has none.
func (s someSources) Publishers(context.Context) ([]Publisher, error) {
	if len(s) == 0 {
		return nil, nil
	}
	return []Publisher{
		{Site: "harbour-post.example", State: "ok", LastOK: testNow.Add(-3 * time.Hour)},
		{Site: "ledger.example", State: "teasers", Since: testNow.Add(-72 * time.Hour), Why: "teaser", LastOK: testNow.Add(-time.Hour)},
		{Site: "valley-echo.example", State: "failing", Since: testNow.Add(-12 * time.Minute), Why: "status 503", LastOK: testNow.Add(-time.Hour)},
		{Site: "lost.example", State: "missing", Since: testNow.Add(-2 * time.Hour), Why: "404 or 410", LastOK: testNow.Add(-2 * time.Hour)},
		{Site: "coast-wire.example", State: "ok", LastOK: testNow.Add(-26 * time.Hour)},
		{Site: "namal.example", State: "blocked", Since: testNow.Add(-5 * time.Hour), Why: "robots.txt"},
	}, nil
}

func testSources() someSources {
	return someSources{
		{URL: "https://harbour-post.example/feed.xml", Title: "The Harbour Post", Site: "harbour-post.example", State: "ok", LastPoll: testNow.Add(-4 * time.Minute), NextPoll: testNow.Add(11 * time.Minute), LastNew: testNow.Add(-3 * time.Hour), Entries: 40, Note: "reads https://harbour-post.example/news-sitemap.xml and 2 more", Push: "push since 2026-02-01 09:30 UTC"},
		{URL: "https://coast-wire.example/rss", Title: "Coast Wire: everything", Site: "coast-wire.example", State: "ok", LastPoll: testNow.Add(-40 * time.Second), NextPoll: testNow.Add(5 * time.Minute), LastNew: testNow.Add(-26 * time.Hour), Entries: 1200, Push: "push denied: " + script},
		{URL: "https://valley-echo.example/atom.xml", Title: "Valley Echo", Site: "valley-echo.example", State: "failing", LastError: "HTTP 503: the server asks to come back in 30 minutes", LastPoll: testNow.Add(-12 * time.Minute), NextPoll: testNow.Add(48 * time.Minute), LastNew: testNow.Add(-49 * time.Hour), Failures: 3, Entries: 25},
		{URL: "https://ledger.example/feeds/money/all-the-news-that-has-ever-been-about-money-on-this-coast.rss?format=full", Site: "ledger.example", State: "failing", LastError: "not a feed: looks like an HTML page " + script, LastPoll: testNow.Add(-2 * time.Hour), NextPoll: testNow.Add(6 * time.Hour), Failures: 11},
		{URL: "https://namal.example/rss", Title: "הנמל", Site: "namal.example", State: "blocked", LastError: "robots.txt disallows this address", LastPoll: testNow.Add(-5 * time.Hour), NextPoll: testNow.Add(19 * time.Hour)},
		{URL: "https://sahil.example/rss", Title: "صحيفة الساحل", Site: "sahil.example", State: "new", NextPoll: testNow.Add(20 * time.Second)},
		{URL: "https://lighthouse.example/rss", Title: "The Lighthouse", Site: "lighthouse.example", State: "dead", LastError: "there is no such host", LastPoll: testNow.Add(-3 * 24 * time.Hour), NextPoll: testNow.Add(4 * 24 * time.Hour), Failures: 31},
		{URL: "https://old-pier.example/rss", Title: "Old Pier News", Site: "old-pier.example", State: "retired", LastError: "HTTP 410: gone", LastPoll: testNow.Add(-80 * 24 * time.Hour), Failures: 1},
	}
}

// newHandler serves the fixtures; edit changes the options before.
func newHandler(t *testing.T, edit func(*Options)) http.Handler {
	t.Helper()
	o := Options{Sources: testSources(), BaseURL: "https://desk.example", Now: func() time.Time { return testNow }}
	if edit != nil {
		edit(&o)
	}
	if o.Index == nil {
		o.Index = newIndex(t)
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get asks for a path.
func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	return do(h, http.MethodGet, target)
}

func do(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// page asks for a path and parses the page, which must have the given status.
func page(t *testing.T, h http.Handler, target string, status int) *goquery.Document {
	t.Helper()
	w := get(t, h, target)
	if w.Code != status {
		t.Fatalf("GET %s: status %d, want %d\n%s", target, w.Code, status, w.Body)
	}
	if ct := w.Header().Get("Content-Type"); ct != "text/html; charset=utf-8" {
		t.Fatalf("GET %s: content type %q", target, ct)
	}
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// text is the text of what a selector finds, with white space made single.
func text(doc *goquery.Document, selector string) string {
	return strings.Join(strings.Fields(doc.Find(selector).Text()), " ")
}
