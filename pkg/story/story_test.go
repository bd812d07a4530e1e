package story

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// hour is the n-th hour of a week of invented news.
func hour(n int) time.Time {
	return time.Date(2031, time.May, 5, n, 0, 0, 0, time.UTC)
}

// note is a short way to write an article.
func note(id string, at int, title, text string) Doc {
	return Doc{ID: id, Title: title, Text: text, Lang: "en", Published: hour(at), Arrived: hour(at)}
}

func quakeNorth() []Doc {
	return []Doc{
		note("n1", 0, "Strong earthquake hits Northport, at least nine dead",
			"NORTHPORT - A magnitude 6.1 earthquake struck the harbour town of Northport early on Monday, killing at least nine people and trapping dozens under a collapsed market hall, Mayor Jane Roe said.\n\nThe quake was felt as far as Southmere. Rescuers dug through the ruins of the market hall with their hands. Hospitals in Northport took in 140 injured."),
		note("n2", 2, "Nine killed as quake brings down market hall in Northport",
			"Rescuers in Northport searched the rubble of the market hall on Monday after an earthquake of magnitude 6.1 killed nine people. Jane Roe, the mayor, called on residents to stay out of damaged houses.\n\nThe harbour of Northport was closed and trains from Southmere were stopped. Doctors treated 140 people."),
		note("n3", 5, "Northport quake: rescuers reach trapped traders in market hall",
			"Fire crews pulled three traders alive from the collapsed market hall of Northport on Monday, hours after an earthquake shook the harbour town.\n\nMayor Jane Roe said nine people had died and 140 were hurt. Seismologists put the magnitude at 6.1 and warned of aftershocks."),
	}
}

func quakeEast() []Doc {
	return []Doc{
		note("e1", 1, "Earthquake damages villages in Ostwick valley",
			"A magnitude 5.2 earthquake damaged hundreds of houses in the Ostwick valley on Monday, officials said. Nobody was killed.\n\nGovernor Ravi Anders said schools in Kelder and Brum would stay shut. Landslides blocked the mountain road to Kelder, and shepherds were cut off."),
		note("e2", 4, "Landslides cut off Kelder after quake in Ostwick valley",
			"Landslides that followed an earthquake in the Ostwick valley cut off the village of Kelder on Monday. Governor Ravi Anders sent engineers to clear the mountain road.\n\nThe 5.2 quake cracked walls in Kelder and Brum but caused no deaths. Schools are closed."),
	}
}

func arrests() []Doc {
	return []Doc{
		note("a1", 3, "Police arrest banker Tom Hale in Southmere over missing pension money",
			"Police in Southmere arrested Tom Hale, the former head of Meridian Bank, on Monday over the disappearance of 40 million from a pension fund.\n\nProsecutor Ines Falk said Hale had moved the savings of teachers to accounts abroad. His lawyer said he was innocent."),
		note("a2", 6, "Former Meridian Bank chief Hale held over pension fund",
			"Tom Hale, who led Meridian Bank until last year, was in custody on Monday. Prosecutor Ines Falk accuses him of taking 40 million from the pension fund of teachers.\n\nOfficers searched his house in Southmere and carried away boxes of papers."),
		note("b1", 4, "Police arrest two men after theft of painting in Lorn",
			"Police arrested two men in Lorn on Monday after a painting by Ada Quill was stolen from the city museum.\n\nThe thieves cut the canvas from its frame during a concert. A guard noticed the empty frame. The painting was found in a van near the ferry."),
		note("b2", 7, "Stolen Ada Quill painting found in van, two held",
			"A painting by Ada Quill that was taken from the museum of Lorn has been found in a van near the ferry, and two men were arrested, police said on Monday.\n\nThe museum said the canvas had been cut from its frame while a concert was playing in the hall."),
	}
}

// stories adds docs and returns the articles of each story, stories sorted.
func stories(tr *Tracker, docs []Doc) []string {
	for _, d := range docs {
		tr.Add(d)
	}
	return partition(tr)
}

func partition(tr *Tracker) []string {
	var out []string
	for id := range tr.stories {
		members := tr.Members(id)
		slices.Sort(members)
		out = append(out, strings.Join(members, " "))
	}
	slices.Sort(out)
	return out
}

func byTime(docs ...[]Doc) []Doc {
	all := slices.Concat(docs...)
	slices.SortStableFunc(all, func(a, b Doc) int { return a.Arrived.Compare(b.Arrived) })
	return all
}

func TestSimilarEventsStayApart(t *testing.T) {
	want := []string{"a1 a2", "b1 b2", "e1 e2", "n1 n2 n3"}
	docs := byTime(quakeNorth(), quakeEast(), arrests())
	if got := stories(New(Options{}), docs); !slices.Equal(got, want) {
		t.Errorf("in order: %q, want %q", got, want)
	}
	undated := slices.Clone(docs)
	slices.Reverse(undated)
	for i := range undated {
		undated[i].Published, undated[i].Arrived = time.Time{}, time.Time{}
	}
	if got := stories(New(Options{}), undated); !slices.Equal(got, want) {
		t.Errorf("without dates, in reverse: %q, want %q", got, want)
	}
}

func TestOneEventOverThreeDays(t *testing.T) {
	docs := append(quakeNorth(),
		note("n4", 26, "Northport mourns as death toll of earthquake rises to 14",
			"The number of dead in the Northport earthquake rose to 14 on Tuesday when rescuers reached the cellar of the market hall.\n\nMayor Jane Roe ordered three days of mourning. Aftershocks kept families in tents on the football ground; the harbour stays closed."),
		note("n5", 50, "Inquiry into collapse of Northport market hall after earthquake",
			"Prosecutors opened an inquiry on Wednesday into why the market hall of Northport collapsed in the earthquake that killed 14 people.\n\nMayor Jane Roe said the roof had been repaired two years ago. Families in tents asked for answers as aftershocks went on."),
		note("n6", 60, "Builders of Northport market hall questioned over collapse",
			"Two builders who repaired the roof of the Northport market hall were questioned on Wednesday, prosecutors said. The hall came down in Monday's earthquake, and 14 people died.\n\nMayor Jane Roe promised the families in tents that the inquiry would be quick."),
	)
	want := []string{"e1 e2", "n1 n2 n3 n4 n5 n6"}
	if got := stories(New(Options{}), byTime(docs, quakeEast())); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLanguagesStayApart(t *testing.T) {
	var docs []Doc
	for _, d := range quakeNorth() {
		docs = append(docs, d)
		d.ID, d.Lang = "x"+d.ID, "fr-CA"
		docs = append(docs, d)
	}
	want := []string{"n1 n2 n3", "xn1 xn2 xn3"}
	if got := stories(New(Options{}), docs); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCopiesJoinTheStoryOfTheirCluster(t *testing.T) {
	tr := New(Options{})
	stories(tr, quakeNorth())
	a := tr.Add(Doc{ID: "copy", Cluster: "n2", Title: "Nothing alike", Text: "Cut.", Lang: "en", Arrived: hour(8)})
	if a.Story != "n1" {
		t.Errorf("a copy of n2 is in %q, want n1", a.Story)
	}
	tr.Add(note("late", 9, "Choir wins prize", "The choir of Brum won a prize for its songs of the sea."))
	if got := tr.SetCluster("late", "n2"); !slices.Equal(got, []Move{{"late", "late", "n1"}}) {
		t.Errorf("an article that turns out to be a copy moves: %v", got)
	}
	if got, want := partition(tr), []string{"copy late n1 n2 n3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	tr.SetCluster("late", "late")
	tr.Remove("n2")
	tr.Remove("copy")
	if got, want := partition(tr), []string{"late n1 n3"}; !slices.Equal(got, want) {
		t.Errorf("after removal: %q, want %q", got, want)
	}
}

func TestRelatedIsNotJoined(t *testing.T) {
	tr := New(Options{})
	stories(tr, quakeNorth())
	a := tr.Add(note("r", 9, "Why the coast of Northport shakes: a short history of quakes",
		"Northport lies on a fault that has moved four times in a century. Seismologists say that an earthquake like that of 1932 emptied the harbour before the wave came. Maps in the town archive show how streets shifted."))
	if a.Story != "r" || !slices.Equal(a.Related, []string{"n1"}) {
		t.Errorf("story %q, related %q; want r and [n1]", a.Story, a.Related)
	}
}

// TestMovesTellWhatChanged replays the moves that were reported.
func TestMovesTellWhatChanged(t *testing.T) {
	docs := synthetic(400, 60, 3)
	tr := New(Options{})
	known := map[string]string{}
	moves := 0
	for _, d := range docs {
		a := tr.Add(d)
		known[d.ID] = a.Story
		for _, m := range a.Moved {
			if known[m.ID] != m.From {
				t.Fatalf("%s moved from %s, but was in %s", m.ID, m.From, known[m.ID])
			}
			known[m.ID] = m.To
			moves++
		}
	}
	if moves == 0 {
		t.Error("nothing moved; the test tests nothing")
	}
	for id, story := range known {
		if got, _ := tr.Of(id); got != story {
			t.Errorf("%s is in %s, by the moves in %s", id, got, story)
		}
	}
}

func TestRebuild(t *testing.T) {
	docs := synthetic(300, 40, 3)
	tr, again := New(Options{}), New(Options{})
	want := stories(tr, docs)
	for _, d := range docs {
		d.Story, _ = tr.Of(d.ID)
		if a := again.Add(d); a.Story != d.Story || len(a.Moved) > 0 {
			t.Fatalf("%s was in %s, is in %s, moved %v", d.ID, d.Story, a.Story, a.Moved)
		}
	}
	if got := partition(again); !slices.Equal(got, want) {
		t.Errorf("after a restart the stories are not the same")
	}
	if got := stories(New(Options{}), docs); !slices.Equal(got, want) {
		t.Errorf("the same articles in the same order gave other stories")
	}
}

func TestReplacedArticleKeepsItsStory(t *testing.T) {
	tr := New(Options{})
	stories(tr, quakeNorth())
	if a := tr.Add(quakeNorth()[0]); a.Story != "n1" || len(a.Moved) > 0 {
		t.Errorf("a new version of the founder: %+v", a)
	}
	if a := tr.Add(note("n1", 9, "Choir wins prize", "The choir of Brum won a prize for its songs of the sea.")); a.Story == "n1" {
		t.Error("another text under the id of the founder stays in the story")
	}
	if got, want := partition(tr), []string{"n1", "n2 n3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if s := tr.Stats(); s.Articles != 3 || s.Units != 3 || s.Stories != 2 {
		t.Errorf("stats %+v", s)
	}
}

func TestWindow(t *testing.T) {
	tr := New(Options{Window: 24 * time.Hour})
	stories(tr, quakeNorth())
	tr.Add(note("later", 30, "Choir wins prize", "The choir of Brum won a prize for its songs of the sea."))
	if got, want := partition(tr), []string{"later"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	tr.Expire(hour(60))
	s := tr.Stats()
	if s.Articles != 0 || s.Units != 0 || s.Stories != 0 || len(tr.clusters) != 0 || posted(tr) != 0 {
		t.Errorf("something outlived the window: %+v, %d clusters, %d terms", s, len(tr.clusters), posted(tr))
	}
}

// posted counts the terms that find an article.
func posted(tr *Tracker) int {
	n := 0
	for _, e := range tr.vectors.terms.entries {
		if e.head != 0 {
			n++
		}
	}
	return n
}

func TestMaxArticles(t *testing.T) {
	tr := New(Options{MaxArticles: 50})
	for _, d := range synthetic(200, 20, 2) {
		d.Arrived = time.Time{}
		tr.Add(d)
	}
	if s := tr.Stats(); s.Articles > 50 || s.Articles < 40 {
		t.Errorf("%d articles, want at most 50", s.Articles)
	}
}

func TestDescribe(t *testing.T) {
	items := []Item{
		{ID: "3", Title: "Bread and other news from Northport", Source: "The Herald", Published: hour(3)},
		{ID: "1", Title: "Quake brings down Northport market hall", Source: "Northport Gazette", Published: hour(1)},
		{ID: "2", Title: "Northport quake: market hall down, nine dead", Source: "The Herald", Published: hour(2)},
		{ID: "4", Title: "Nine dead in Northport quake", Source: "Evening Post"},
		{ID: "5", Cluster: "4", Title: "Nine dead in Northport quake", Source: "Evening Post"},
	}
	got := Describe(items)
	if got.Central != "2" || got.Articles != 5 || got.Clusters != 4 || got.First != hour(1) || got.Last != hour(3) {
		t.Errorf("got %+v", got)
	}
	if want := []string{"Evening Post", "The Herald", "Northport Gazette"}; !slices.Equal(got.Sources, want) {
		t.Errorf("sources %q, want %q", got.Sources, want)
	}
	if got := Describe(nil); got.Title != "" || got.Articles != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestWords(t *testing.T) {
	terms := func(text string) []uint32 {
		keys := map[uint32]bool{}
		for _, x := range Prepare(Doc{Text: text, Lang: "en"}).terms {
			keys[x.key] = true
		}
		return slices.Sorted(maps.Keys(keys))
	}
	for _, pair := range [][2]string{
		{"115,000 people", "115000 people"},
		{"the U.S. army", "the US army"},
		{"Roe's harbour", "Roe harbour"},
		{"negotiations", "negotiators"},
		{"ÖL", "öl"},
	} {
		if !slices.Equal(terms(pair[0]), terms(pair[1])) {
			t.Errorf("%q and %q have different terms", pair[0], pair[1])
		}
	}
	if got := len(terms("地震発生")); got != 3 {
		t.Errorf("four characters without spaces make %d terms, want 3 pairs", got)
	}
	if got := len(terms(strings.Repeat("a1 b2 ", 3000))); got != 2 {
		t.Errorf("%d terms, want 2", got)
	}
	var long strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&long, "w%d ", i)
	}
	if got := len(terms(long.String())); got != maxBodyWords {
		t.Errorf("%d terms of a long text, want %d", got, maxBodyWords)
	}
}

// TestLargeStory: a story that is too large to be settled anew still grows, and
// still takes in a smaller one.
func TestLargeStory(t *testing.T) {
	tr := New(Options{})
	titles := []string{"Strong earthquake hits Northport", "Northport quake: market hall down", "Rescuers search Northport market hall"}
	texts := []string{
		"Mayor Jane Roe said nine people had died in the market hall of Northport after the earthquake.",
		"The earthquake of magnitude 6.1 closed the harbour of Northport, and aftershocks were felt in Southmere.",
		"Rescuers in Northport dug through the market hall; doctors treated 140 people after the earthquake.",
		"Families in Northport slept in tents, Mayor Jane Roe said, as aftershocks of the earthquake went on.",
	}
	g := newGenerator(2)
	for i := range 3 * maxRegrouped {
		id := fmt.Sprintf("q%03d", i)
		d := note(id, 0, titles[i%3], texts[i%4]+" "+texts[(i+1+i/4%3)%4]+" "+g.next(10, 1, 1, 0).Text)
		d.Published = hour(0).Add(time.Duration(i) * 20 * time.Minute)
		d.Arrived = d.Published
		if i == 3*maxRegrouped-20 { // as if two had been found apart
			d.Story = "other"
		}
		tr.Add(d)
	}
	if len(tr.stories) != 1 || len(tr.Members("q000")) != 3*maxRegrouped {
		t.Errorf("%d stories, %d articles in the first", len(tr.stories), len(tr.Members("q000")))
	}
	check(t, tr)
}
