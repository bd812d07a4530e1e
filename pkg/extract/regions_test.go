package extract

import (
	"fmt"
	"strings"
	"testing"
)

// story returns the first n of ten paragraphs of prose, marked up with tag.
func story(tag string, n int) string {
	paragraphs := []string{
		"The bridge over the sound will stay closed until the girders have been replaced, the council of Northport said in statement 1 on Friday.",
		"Engineer Jane Roe wrote in statement 2 that rust had eaten a third of the steel below the roadway, more than anyone had feared.",
		"A spokesman for the ferry line promised in statement 3 to send two boats more in the mornings, when most people travel.",
		"According to statement 4 the harbour master expects queues of an hour at the quay and asks drivers to leave their cars at home.",
		"Residents of the old town complain in statement 5 about lorries that look for a way round through streets laid for carts.",
		"The regional court is to decide in spring who pays, statement 6 explains, because builder and owner blame each other.",
		"Insurers put the loss at nine million, and statement 7 warns that this sum leaves out whatever shops along the ramp miss.",
		"Nobody was hurt when a slab fell in August, although statement 8 mentions a cyclist who braked just in time.",
		"Older inhabitants remember, as statement 9 has it, that a storm carried the wooden crossing away in one night.",
		"A vote on tolls will follow in June; statement 10 gives the dates and the halls where it is held.",
	}
	var b strings.Builder
	for _, p := range paragraphs[:n] {
		b.WriteString("<" + tag + ">" + p + "</" + tag + ">\n")
	}
	return b.String()
}

// repeated returns n copies of a pattern with the number of the copy.
func repeated(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern, i+1)
	}
	return b.String()
}

const liveEntries = `<div class="entry" data-entry-time="17094178%02[1]d"><h2>Crews reach pier %[1]d</h2><p>Divers went down at pier %[1]d this hour, and their report from below the water line is awaited by everyone here.</p></div>`

func TestRegions(t *testing.T) {
	const title = `<head><title>Bridge over the sound stays closed</title></head>`
	const h1 = `<h1>Bridge over the sound stays closed</h1>`
	for _, tc := range []struct {
		name, page    string
		stays, leaves []string
	}{
		{
			name:  "text in the data of a program",
			page:  title + `<body><div id="app"></div><script>self.__next_f.push([1,"7:{\"article\":{\"title\":\"Bridge\",\"content\":\"` + strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(story("p", 8), "<", `\\u003c`), ">", `\\u003e`), "\n", "") + `\"}}"])</script></body>`,
			stays: []string{"Engineer Jane Roe", "statement 8"},
		},
		{
			name:  "paragraphs under one name in the data of a program",
			page:  title + `<body><div id="app"></div><script>window.__STATE__ = {"teaser":"Here is what our readers talk about today on the quay and in the market hall.","note":"Prices of berths are those of last week, and change from day to day.","blocks":[` + strings.TrimSuffix(strings.NewReplacer("<p>", `{"kind":"text","text":"`, "</p>\n", `"},`).Replace(story("p", 9)), ",") + `]};</script></body>`,
			stays: []string{"statement 1 ", "statement 9 "}, leaves: []string{"berths"},
		},
		{
			name:  "text below noscript",
			page:  title + `<body>` + h1 + `<div class="text"></div><noscript>` + story("p", 8) + `</noscript></body>`,
			stays: []string{"statement 1 ", "statement 8 "},
		},
		{
			name:  "text in JSON-LD alone",
			page:  title + `<body>` + h1 + `<p>Loading the article, one moment please.</p><script type="application/ld+json">{"@type":"NewsArticle","headline":"Bridge over the sound stays closed","articleBody":"` + strings.ReplaceAll(strings.NewReplacer("<p>", "", "</p>", "").Replace(story("p", 8)), "\n", `\n`) + `"}</script></body>`,
			stays: []string{"statement 1 ", "statement 8 "}, leaves: []string{"Loading"},
		},
		{
			name:  "article in JSON-LD that must be paid for",
			page:  title + `<body>` + h1 + `<p>The bridge over the sound will stay closed, the council said on Monday.</p><script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false,"headline":"Bridge over the sound stays closed","articleBody":"` + strings.ReplaceAll(strings.NewReplacer("<p>", "", "</p>", "").Replace(story("p", 8)), "\n", `\n`) + `"}</script></body>`,
			stays: []string{"said on Monday"}, leaves: []string{"statement 1 "},
		},
		{
			name: "box that the article's data lacks",
			page: title + `<body><article>` + h1 + strings.Replace(story("p", 6), "<p>Residents", "<p>Here at the paper we answer to our readers alone, and what you read was paid for by them.</p><p>Residents", 1) + `</article><script type="application/ld+json">{"@type":"NewsArticle","headline":"Bridge over the sound stays closed","articleBody":"` +
				strings.ReplaceAll(strings.NewReplacer("<p>", "", "</p>", "").Replace(story("p", 6)), "\n", " ") + `"}</script></body>`,
			stays: []string{"statement 1 ", "statement 6 "}, leaves: []string{"answer to our readers"},
		},
		{
			name:  "article with a live blog below",
			page:  title + `<body><main>` + h1 + `<div>` + story("p", 3) + `</div><div>` + repeated(5, liveEntries) + `</div></main><script type="application/ld+json">[{"@type":"NewsArticle","headline":"Bridge over the sound stays closed"},{"@type":"LiveBlogPosting","headline":"Bridge over the sound stays closed"}]</script></body>`,
			stays: []string{"statement 3 "}, leaves: []string{"Divers went down"},
		},
		{
			name:  "live blog and nothing else",
			page:  title + `<body><main>` + h1 + `<div>` + story("p", 3) + `</div><div>` + repeated(5, liveEntries) + `</div></main><script type="application/ld+json">{"@type":"LiveBlogPosting","headline":"Bridge over the sound stays closed"}</script></body>`,
			stays: []string{"statement 3 ", "Divers went down at pier 5"},
		},
		{
			name:  "numbered list of linked sentences",
			page:  title + `<body><article>` + h1 + story("p", 2) + `<ol>` + repeated(6, `<li><b><a href="/%d">Pier %[1]d of the bridge has lost its bearings to rust</a>.</b> The crew will lift it next week and look at the stones below.</li>`) + `</ol></article></body>`,
			stays: []string{"Pier 1 of the bridge", "Pier 6 of the bridge"},
		},
		{
			name:  "series of pictures",
			page:  title + `<body><article>` + h1 + strings.NewReplacer("<p>", `<figure><img src="/a.jpg"><figcaption>`, "</p>", "</figcaption></figure>").Replace(story("p", 8)) + `</article></body>`,
			stays: []string{"statement 1 ", "statement 8 "},
		},
		{
			name:  "verses in a box that is called a widget",
			page:  title + `<body><div class="menu"><a href="/">Home</a></div><div class="widget">` + repeated(20, "<div>Row the boat past pier %d</div>") + `</div></body>`,
			stays: []string{"past pier 1", "past pier 20"},
		},
		{
			name:  "dates below the headline beside a piece of prose",
			page:  title + `<body><main><div class="a">` + h1 + repeated(12, "<p>Closure %d: from noon to midnight, both lanes</p>") + `</div><div class="b">` + story("p", 3) + `</div></main></body>`,
			stays: []string{"Closure 1:", "Closure 12:"},
		},
		{
			name:  "forum",
			page:  title + `<body>` + h1 + `<div class="sidebar">` + story("p", 1) + `</div><div class="comments">` + repeated(6, "<div class=\"post\"><p>My boat passed pier %d on Sunday, and I could put my hand into the crack that they talk about.</p></div>") + `</div></body>`,
			stays: []string{"passed pier 1 ", "passed pier 6 "},
		},
		{
			name:  "next article below the page's own",
			page:  title + `<body><main><article>` + h1 + story("p", 5) + `</article><article><h1>Herring comes back</h1>` + repeated(6, "<p>Boat %d landed more herring this week than in all of the last year, said its skipper on the quay, still in oilskins.</p>") + `</article></main></body>`,
			stays: []string{"statement 1 ", "statement 5 "}, leaves: []string{"herring"},
		},
		{
			name:  "list of facts beside the text",
			page:  title + `<body><article class="article-body">` + h1 + `<section class="facts"><ul>` + repeated(6, "<li>%d girders of steel</li>") + `</ul></section><section class="steps">` + story("p", 6) + `</section></article></body>`,
			stays: []string{"1 girders of steel", "6 girders of steel", "statement 6 "},
		},
		{
			name:  "greeting above the headline",
			page:  title + `<body><main><div class="hello"><p>We are the paper of the harbour, and we tell you every day what happens between the piers and the hills.</p></div><div class="text">` + h1 + story("p", 6) + `</div></main></body>`,
			stays: []string{"statement 1 ", "statement 6 "}, leaves: []string{"paper of the harbour"},
		},
		{
			name:  "long paragraph with a misleading class",
			page:  title + `<body><article>` + h1 + strings.Replace(story("p", 8), "<p>According", `<p class="block ads">According`, 1) + `</article></body>`,
			stays: []string{"statement 4 ", "statement 8 "},
		},
		{
			name:  "divider and a short last sentence",
			page:  title + `<body><article>` + h1 + strings.Replace(story("p", 6), "<p>According", `<p>___</p><p>According`, 1) + `<p>"Not yet," she said.</p></article></body>`,
			stays: []string{"\n___\n", "she said"},
		},
		{
			name:  "boxes of a column that is most of the page",
			page:  title + `<body><div class="wrap"><div class="main">` + h1 + repeated(30, "<p>Closure %d: from noon to midnight, both lanes</p>") + `</div><aside class="sidebar"><div class="modul-sidebar"><p>Our cameraman climbs the pylons every week and shows what he has seen, so look in every Sunday.</p></div><div class="modul-sidebar"><p>Here the readers of the paper vote for the finest bridge of the year, and the winner gets a cake.</p></div></aside></div></body>`,
			stays: []string{"Closure 1:", "Closure 30:"}, leaves: []string{"cameraman", "cake"},
		},
		{
			name:  "standfirst that nothing but its place names",
			page:  title + `<body><main><div class="top">` + h1 + `<div><p>Seventeen ferries carry commuters meanwhile, subsidised by the ministry of transport in the capital with two million crowns every single week until Christmas.</p></div></div><div class="text">` + story("p", 5) + `</div></main></body>`,
			stays: []string{"Seventeen ferries", "statement 5 "},
		},
		{
			name:  "standfirst with facts of its own",
			page:  title + `<body><article>` + h1 + `<p class="standfirst">Seventeen ferries carry commuters meanwhile, subsidised by the ministry of transport in the capital with two million crowns every single week until Christmas.</p>` + story("p", 5) + `</article></body>`,
			stays: []string{"Seventeen ferries", "statement 5 "},
		},
		{
			name:  "standfirst that the text says again",
			page:  title + `<body><article>` + h1 + `<p class="standfirst">The bridge over the sound will stay closed until the girders have been replaced, says the council, and the regional court is to decide who pays.</p>` + story("p", 6) + `</article></body>`,
			stays: []string{"statement 6 "}, leaves: []string{"says the council"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := Extract(pageOf("<!DOCTYPE html><html>"+tc.page+"</html>"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range tc.stays {
				if !strings.Contains(r.Article.Text, s) {
					t.Errorf("lacks %q:\n%s", s, r.Article.Text)
				}
			}
			for _, s := range tc.leaves {
				if strings.Contains(r.Article.Text, s) {
					t.Errorf("holds %q:\n%s", s, r.Article.Text)
				}
			}
		})
	}
}
