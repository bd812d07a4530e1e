package indextest

import (
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func textTests() []test {
	return []test{
		{"Words, phrases and exclusions", words},
		{"Inflected forms", inflected},
		{"Query syntax is text", noSyntax},
		{"Oversized queries are refused", oversized},
		{"Relevance", relevance},
		{"Snippets", snippets},
		{"Snippets are the best passage", bestSnippet},
		{"Hostile texts", hostile},
	}
}

func words(k *kit) {
	k.upsert(
		art("a", "Harbour bridge opens", "The old bridge over the harbour opens on Monday.", "Cars may pass on Tuesday."),
		art("b", "Ferry stops", "The ferry over the harbour stops when the bridge opens."),
		with(art("c", "Council votes", "The council voted."), func(a *article.Article) {
			a.Standfirst = "A ferry for the old town"
		}),
	)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"bridge", []string{"a", "b"}},
		{"BRIDGE Harbour", []string{"a", "b"}},
		{"bridge ferry", []string{"b"}}, // all must occur
		{"bridge council", nil},
		{"ferry", []string{"b", "c"}},           // in the standfirst
		{"ferry voted", []string{"c"}},          // one in the standfirst, one in the text
		{"votes monday", nil},                   //
		{"harbour monday opens", []string{"a"}}, // title and text
		{`"old bridge"`, []string{"a"}},
		{`"bridge old"`, nil},
		{`"old town"`, []string{"c"}},
		{`"harbour bridge"`, []string{"a"}},
		{`"the bridge opens"`, []string{"b"}},
		{`"monday cars"`, nil},   // not across paragraphs
		{`"opens the old"`, nil}, // nor from the title into the text
		{`"old bridge over the harbour opens on Monday"`, []string{"a"}},
		{`"Old, bridge!"`, []string{"a"}},
		{`“old bridge”`, []string{"a"}},
		{`"old bridge`, []string{"a"}}, // not closed
		{`"bridge open"`, nil},         // phrases are exact
		{"harbour -ferry", []string{"a"}},
		{`harbour -"old bridge"`, []string{"b"}},
		{`-"old bridge"`, []string{"b", "c"}},
		{"-harbour", []string{"c"}},
		{"-harbour -council", nil},
		{"- harbour", []string{"a", "b"}}, // a minus sign by itself is nothing
		{"harbour & ferry", []string{"b"}},
		{"!!! ???", nil},
		{`""`, nil},
		{"   ", []string{"a", "b", "c"}},
	} {
		k.finds(c.text, c.want...)
	}
	if r := k.search(index.Query{Text: "bridge", Size: 1}); r.Total != 2 || len(r.Hits) != 1 || r.Next == "" {
		k.Errorf("a page of one: total %d, %d hits, next %q", r.Total, len(r.Hits), r.Next)
	}
}

func inflected(k *kit) {
	k.upsert(
		art("en", "Elections", "The voters elected two mayors."),
		with(art("de", "Brücken", "Die Häuser wurden gesperrt."), func(a *article.Article) { a.Language = "de" }),
		with(art("fr", "Les ponts", "Les économies du pays."), func(a *article.Article) { a.Language = "fr-FR" }),
		with(art("es", "Los puentes", "Las ciudades cerradas."), func(a *article.Article) { a.Language = "es" }),
		with(art("xx", "Mayors", "No known language has mayors."), func(a *article.Article) { a.Language = "" }),
	)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"election", []string{"en"}},
		{"mayor", []string{"en"}},
		{"mayors", []string{"en", "xx"}},
		{`"mayor"`, nil}, // quoted: as it is
		{"voter mayor", []string{"en"}},
		{"haus", []string{"de"}},
		{"häuser", []string{"de"}},
		{"Brücke", []string{"de"}},
		{"économie", []string{"fr"}},
		{"pont", []string{"fr"}},
		{"cerrada", []string{"es"}},
		{"puente", []string{"es"}},
	} {
		k.finds(c.text, c.want...)
	}
	k.lists(index.Query{Text: "mayor", Lang: []string{"en"}}, "en")
	k.lists(index.Query{Text: "mayor", Lang: []string{"de"}})
}

func noSyntax(k *kit) {
	k.upsert(art("a", "Report", "Alpha beta gamma."), art("b", "Other", "Delta or epsilon and not zeta, title too."))
	for text, want := range map[string][]string{
		"alph*":              nil,
		"alpha~":             {"a"},
		"alpha^5 beta":       nil, // the 5 is a word
		"title:report":       nil,
		"title:too":          {"b"}, // two words side by side
		"alpha OR delta":     nil,
		"/alp.*/":            nil,
		"+alpha +beta":       {"a"},
		"(alpha) [beta]":     {"a"},
		"alpha && beta":      {"a"},
		"delta or epsilon":   {"b"},
		"*":                  nil,
		`alpha\`:             {"a"},
		"epsilon AND NOT ze": nil,
	} {
		k.finds(text, want...)
	}
}

func oversized(k *kit) {
	k.upsert(art("a", "Title", "word "+strings.Repeat("x ", 100)))
	fits := strings.TrimSpace(strings.Repeat("word ", index.MaxTerms))
	k.finds(fits, "a")
	k.refused(index.Query{Text: fits + " word"})
	k.refused(index.Query{Text: strings.Repeat("a", index.MaxText+1)})
	k.refused(index.Query{Text: strings.Repeat("桥", index.MaxText+1)})
	k.refused(index.Query{Text: strings.Repeat("* ", index.MaxText)})
	k.search(index.Query{Text: strings.Repeat("é", index.MaxText)})
	k.refused(index.Query{Size: -1})
	k.refused(index.Query{Size: index.MaxSize + 1})
	k.refused(index.Query{Sort: "size"})
	k.refused(index.Query{Collapse: "site"})
	k.refused(index.Query{Lang: make([]string, index.MaxValues+1)})
	k.refused(index.Query{Site: make([]string, index.MaxValues+1)})
	k.refused(index.Query{Cluster: strings.Repeat("x", 10_000)})
	k.refused(index.Query{Cursor: strings.Repeat("x", 1<<20)})
}

func relevance(k *kit) {
	filler := strings.Repeat("Nothing much happened in the town that day. ", 20)
	k.upsert(
		art("once", "Town notes", filler+"A bridge was painted."),
		art("often", "Town notes", "A bridge, the bridge, our bridge, every bridge and one more bridge."),
		art("title", "Bridge painted", "Some say it is about time. "+filler),
		published(art("old", "Bridge painted", "Some say it is about time. "+filler), noon().AddDate(-2, 0, 0)),
	)
	got := ids(k.search(index.Query{Text: "bridge"}))
	if slices.Index(got, "title") > slices.Index(got, "once") {
		k.Errorf("a word in the title counts for less than one in the text: %v", got)
	}
	if slices.Index(got, "often") > slices.Index(got, "once") {
		k.Errorf("what is about bridges comes after what mentions one: %v", got)
	}
	if slices.Index(got, "title") > slices.Index(got, "old") {
		k.Errorf("of two equals the older comes first: %v", got)
	}
	k.lists(index.Query{Text: "bridge", Sort: index.SortDate}, "often", "once", "title", "old")
}

func snippets(k *kit) {
	long := strings.Repeat("Nothing much happened in the town that day. ", 30)
	k.upsert(
		art("a", "The old bridge", long+"Then the old stone bridge fell.", long),
		with(art("b", "Standfirst only", long), func(a *article.Article) {
			a.Standfirst = "About a zeppelin."
		}),
		art("c", "Short", "Just a\nzebra."),
	)
	h := k.search(index.Query{Text: "bridges fall stone"}).Hits
	if len(h) != 0 {
		k.Errorf("fall found fell: %v", h[0].Snippet)
	}
	h = k.search(index.Query{Text: "bridges stone"}).Hits
	if len(h) != 1 {
		k.Fatalf("%d hits", len(h))
	}
	if n := utf8.RuneCountInString(h[0].Snippet); n > 260 || n < 150 {
		k.Errorf("snippet of %d characters: %q", n, h[0].Snippet)
	}
	if got := marked(h[0].Snippet, h[0].Marks); !reflect.DeepEqual(got, []string{"stone", "bridge"}) {
		k.Errorf("marked %q in %q", got, h[0].Snippet)
	}
	if got := marked(h[0].Record.Title, h[0].TitleMarks); !reflect.DeepEqual(got, []string{"bridge"}) {
		k.Errorf("marked %q in the title", got)
	}
	inner := strings.Trim(h[0].Snippet, "…")
	if text := strings.Join(strings.Fields(h[0].Record.Text), " "); !strings.Contains(text, inner) {
		k.Errorf("the snippet %q is not in the text", inner)
	} else if i := strings.Index(text, inner); i > 0 && text[i-1] != ' ' {
		k.Errorf("the snippet %q begins inside a word", inner)
	}
	h = k.search(index.Query{Text: "zeppelin"}).Hits
	if len(h) != 1 || h[0].Snippet != "About a zeppelin." {
		k.Errorf("a match in the standfirst: %+v", h)
	}
	h = k.search(index.Query{Text: "zebra"}).Hits
	if len(h) != 1 || h[0].Snippet != "Just a zebra." || !reflect.DeepEqual(marked(h[0].Snippet, h[0].Marks), []string{"zebra"}) {
		k.Errorf("a short text: %+v", h)
	}
	for _, h := range k.search(index.Query{}).Hits {
		if h.Snippet == "" || len(h.Marks) > 0 || len(h.TitleMarks) > 0 {
			k.Errorf("%s without a query: %q %v %v", h.Record.ID, h.Snippet, h.Marks, h.TitleMarks)
		}
	}
}

func bestSnippet(k *kit) {
	long := strings.Repeat("Nothing much happened in the town that day. ", 30)
	k.upsert(art("a", "Notes", "One bridge here.", long, "A ferry and a bridge, and the ferry's bridge.", long, "One ferry there."))
	h := k.search(index.Query{Text: "bridge ferry"}).Hits
	if len(h) != 1 || !strings.Contains(h[0].Snippet, "A ferry and a bridge, and the ferry's bridge.") {
		k.Fatalf("snippet %+v", h)
	}
	if got := marked(h[0].Snippet, h[0].Marks); !reflect.DeepEqual(got, []string{"ferry", "bridge", "ferry", "bridge"}) {
		k.Errorf("marked %q", got)
	}
	h = k.search(index.Query{Text: `"ferry and a bridge"`}).Hits
	if len(h) != 1 || !reflect.DeepEqual(marked(h[0].Snippet, h[0].Marks), []string{"ferry and a bridge"}) {
		k.Errorf("a phrase: %+v", h)
	}
}

// hostile are texts that the web may send: none may break the index, and what
// stands beside the mess is found.
func hostile(k *kit) {
	texts := []string{
		strings.Repeat("a", 1<<19) + " needle",
		strings.Repeat("\u0301", 10_000) + " needle",
		strings.Repeat("\u4e00", 20_000) + " needle",
		strings.Repeat("x'", 20_000) + " needle",
		strings.Repeat("1,000,", 5_000) + " needle",
		strings.Repeat("\n", 50_000) + " needle",
		"\x00\x01\x7f\u200b\u202e needle \ufeff",
		"\xff\xfe needle \xc3",
		"needle " + strings.Repeat("\U0001F468\u200D\U0001F469\u200D\U0001F467 ", 2_000),
		"<script>alert(1)</script> needle",
	}
	var all []string
	for i, text := range texts {
		id := number(i)
		all = append(all, id)
		k.upsert(with(art(id, text, text), func(a *article.Article) { a.Site, a.Language = text[:8], text[:6] }))
	}
	k.finds("needle", all...)
	k.finds(`"needle"`, all...)
	k.search(index.Query{Facets: true, Collapse: index.CollapseCluster})
	for _, h := range k.search(index.Query{Text: "needle", Size: 100}).Hits {
		if utf8.RuneCountInString(h.Snippet) > 1000 {
			k.Errorf("snippet of %d bytes", len(h.Snippet))
		}
	}
}
