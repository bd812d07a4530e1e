package search

import (
	"context"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// The articles of two stories, a copy that was withdrawn, and one that stands
// alone.
var (
	buoyID      = article.ID("https://north-light.example/buoy")
	agroundID   = article.ID("https://coast-wire.example/a/4690")
	agroundCopy = article.ID("https://valley-echo.example/news/aground")
	keelID      = article.ID("https://harbour-post.example/2026/keel")
	sharesID    = article.ID("https://ledger.example/line-shares")
	goneCopyID  = article.ID("https://old-pier.example/aground")
	pilotID     = article.ID("https://ledger.example/pilots")
	pilotTooID  = article.ID("https://north-light.example/pilots")
	choirID     = article.ID("https://valley-echo.example/news/choir")

	agroundStory = buoyID           // named after its first article
	pilotStory   = agroundID + "~"  // a name that was taken already
	goneStory    = "story-of-old"   // has no article any more
	mergedStory  = keelID           // the article is in agroundStory now
	mergedLater  = sharesID + "~~~" // so is this one
)

// at is an hour and a minute of the day that the tests look at, or of the one
// before where the hour is negative.
func at(hour, minute int) *article.Date {
	t := time.Date(2026, 3, 14, 0, minute, 0, 0, time.UTC).Add(time.Duration(hour) * time.Hour)
	return date(t, article.Minute, article.FromMeta)
}

// storyFixtures are the articles of the stories.
func storyFixtures() []article.Article {
	aground := paragraphs(
		"The night ferry to the islands ran onto a sandbank off Strandby shortly before two in the morning. All 212 people aboard were taken off by lifeboats before dawn, and nobody was hurt.",
		"The ship lies upright, a tug captain said, and will wait for the spring tide on Tuesday. Until then the line runs two small boats by day.")
	as := []article.Article{
		{
			URL: "https://north-light.example/buoy", Publisher: "North Light", Title: "Skippers report dark buoy west of the pier", Published: at(-3, 5),
			Body: paragraphs("Three skippers told the harbour office on Friday evening that the buoy west of the pier showed no light. The office said it would send a boat in the morning."),
		},
		{
			URL: "https://coast-wire.example/a/4690", Publisher: "Coast Wire", Title: "Night ferry runs aground off Strandby, all 212 aboard safe", Published: at(2, 40),
			Standfirst: "The ship lies upright on a sandbank and waits for the spring tide. Nobody was hurt.", Body: aground, Authors: []article.Author{{Name: "Coast Wire", Kind: article.Agency}},
		},
		{URL: "https://valley-echo.example/news/aground", Publisher: "Valley Echo", Title: "Ferry on the sand: everyone safe", Body: aground, Published: at(4, 15), Attributions: []string{"Coast Wire"}},
		{URL: "https://ledger.example/aground", Publisher: "The Ledger", Title: "Night ferry runs aground off Strandby", Body: aground, Published: at(5, 2), Attributions: []string{"Coast Wire"}},
		{URL: "https://east-quay.example/2026/03/14/aground", Publisher: "East Quay Times", Title: "212 taken off stranded ferry", Body: aground, Published: at(5, 30), Attributions: []string{"Coast Wire"}},
		{URL: "https://minutes.example/aground", Publisher: "Council Minutes", Title: "Night ferry runs aground", Body: aground, Published: at(7, 45), Attributions: []string{"Coast Wire"}},
		{URL: "https://old-pier.example/aground", Publisher: "Old Pier News", Title: "Ferry aground", Body: aground, Published: at(6, 0), Attributions: []string{"Coast Wire"}},
		{
			URL: "https://harbour-post.example/2026/keel", Publisher: "The Harbour Post", Title: "‘We heard the keel before we felt it’", Published: at(8, 40),
			Standfirst: "A cook, a violinist and a boy of nine tell of the night on the sandbank.",
			Body:       paragraphs(keelText...),
		},
		{
			URL: "https://ledger.example/line-shares", Publisher: "The Ledger", Title: "Ferry line counts the cost of four days without its ship", Published: at(9, 20), Access: article.Teaser,
			Body: paragraphs("Each day without the night ferry costs the line about forty thousand crowns, its treasurer said on Saturday. The insurer pays from the third day on."),
		},
		{
			URL: "https://ledger.example/pilots", Publisher: "The Ledger", Title: "Council asks whether ferries need a pilot", Published: at(6, 10),
			Body: paragraphs("Ships of the ferry line pass the pier without a pilot, as they have since 1987. The council wants to know whether that is wise."),
		},
		{
			URL: "https://north-light.example/pilots", Publisher: "North Light", Title: "Pilots say they warned of the narrow channel", Published: at(9, 55),
			Body: paragraphs("The pilots of Strandby warned of the narrow channel twice last year, their chair said. Both letters lie in the archive of the harbour office."),
		},
		{URL: "https://valley-echo.example/news/choir", Publisher: "Valley Echo", Title: "Choir of the lower valley needs two basses", Published: at(5, 0), Body: paragraphs("The choir of the lower valley sings on the green in May and lacks two basses.")},
	}
	for i := range as {
		as[i].Language = "en"
		as[i].FetchedAt = testNow.Add(-90 * time.Minute)
		as[i] = finish(as[i])
	}
	return as
}

var keelText = []string{
	"Edda Brook was cutting bread when the cups began to slide. The cook of the night ferry thought of a wave first, then she heard the keel.",
	"Two decks above her a violinist woke because it had become quiet. The engines had stopped.",
	"A boy of nine counted the lifeboats from the window of the lounge and came to seven.",
	"By half past five all of them sat in the sail loft at Strandby, with tea, blankets and a great deal to tell.",
}

// keelBefore is the first version of the article on the night: in another order,
// and with less in it.
func keelBefore() article.Article {
	for _, a := range storyFixtures() {
		if a.ID == keelID {
			a.Title = "The night on the sandbank"
			a.Body = paragraphs(keelText[3], keelText[0], "Two decks above her a violinist woke: the engines had stopped.")
			a.FetchedAt = a.FetchedAt.Add(-time.Hour)
			return finish(a)
		}
	}
	return article.Article{}
}

// addStories puts the articles of the stories into an index, where they belong.
func addStories(t *testing.T, ix index.Index) {
	t.Helper()
	ctx := context.Background()
	as := storyFixtures()
	if _, err := ix.Upsert(ctx, []article.Article{keelBefore()}, testNow.Add(-3*time.Hour), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ix.Upsert(ctx, as, testNow.Add(-80*time.Minute), nil); err != nil {
		t.Fatal(err)
	}
	cluster := ""
	for _, a := range as {
		if a.Text == as[1].Text && (cluster == "" || a.ID < cluster) {
			cluster = a.ID
		}
	}
	var places []index.Placement
	for _, a := range as {
		p := index.Placement{ID: a.ID, Cluster: a.ID, Original: a.ID, OriginalBy: "only", Story: agroundStory}
		switch a.ID {
		case pilotID, pilotTooID:
			p.Story, p.Related = pilotStory, []string{goneStory, agroundStory, testStory, choirID}
		case choirID:
			p.Story = choirID
		case keelID:
			p.Related = []string{pilotStory, goneStory, agroundStory}
			p.Links = []article.Link{{ID: agroundID, Share: 0.31}}
		}
		if a.Text == as[1].Text {
			p.Cluster, p.Original, p.OriginalBy = cluster, agroundID, "attribution"
		}
		places = append(places, p)
	}
	if err := ix.Place(ctx, places); err != nil {
		t.Fatal(err)
	}
	if err := ix.Withdraw(ctx, []string{goneCopyID}, testNow.Add(-time.Hour), testNow.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
}

// storyIndex is an index with the articles of the stories alone.
func storyIndex(t *testing.T) index.Index {
	t.Helper()
	ix := emptyIndex(t)
	addStories(t, ix)
	return ix
}
