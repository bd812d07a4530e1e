package extract

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf16"
)

// hostile is a kind of page that is made to hurt, of about n bytes.
type hostile struct {
	name string
	make func(n int) string
}

// fill repeats a piece of markup up to n bytes.
func fill(piece string) func(int) string {
	return func(n int) string { return strings.Repeat(piece, n/len(piece)+1) }
}

// numbered repeats markup with a number in it, so that no two pieces are equal.
func numbered(format string) func(int) string {
	return func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
}

// wrap sets what another kind makes between two pieces of markup.
func wrap(before string, inner func(int) string, after string) func(int) string {
	return func(n int) string { return before + inner(n) + after }
}

const (
	ldOpen   = `<script type="application/ld+json">`
	ldClose  = `</script><h1>The bridge fell</h1><p>The bridge at Northport fell in the storm of Monday night, police said.</p>`
	sentence = "The bridge at Northport fell in the storm of Monday night, police said. "
)

func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return string(b)
}

func highNoise(n int) string {
	b := []byte(noise(n))
	for i := range b {
		b[i] |= 0x80
	}
	return string(b)
}

func utf16Of(text string) string {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// nested opens an element over and over and closes as often.
func nested(tag string) func(int) string {
	return func(n int) string {
		k := n / (2*len(tag) + 5)
		return strings.Repeat("<"+tag+">", k) + sentence + strings.Repeat("</"+tag+">", k)
	}
}

// manyScripts are JSON-LD scripts of a megabyte each, and as many as there is room for.
func manyScripts(n int) string {
	one := ldOpen + `{"@type":"NewsArticle","headline":"The bridge fell","articleBody":"` + strings.Repeat(sentence, n/40/len(sentence)) + `"}</script>`
	return strings.Repeat(one, 40) + "<p>" + sentence
}

var hostilePages = []hostile{
	// Encodings.
	{"UTF-16 said to be UTF-8", func(n int) string { return utf16Of(fill("<p>" + sentence)(n / 2)) }},
	{"windows-1252 said to be UTF-8", fill("<p>D\xe9j\xe0 le pont de Northport s'est effondr\xe9.")},
	{"Shift JIS said to be UTF-8", fill("<p>\x8b\xb4\x82\xaa\x97\x8e\x82\xbf\x82\xbd\x81B")},
	{"high bytes", wrap("<html><p>", highNoise, "")},
	{"UTF-8 decoded twice", fill("<p>DÃ©jÃ  le pont de Northport sâ€™est effondrÃ©. ")},
	{"zero bytes", wrap("<html><p>a", fill("\x00"), "")},
	{"zero bytes between letters", wrap("<html><p>", fill("a\x00b\x00"), "")},
	{"broken UTF-8", fill("<p>\xff\xfe\x80 \xc3(\xe2\x82 \xf0\x9f a bridge")},
	{"binary", noise},
	{"binary behind a head", wrap("<html><head><title>x</title></head><body>", noise, "")},
	{"gzip", wrap("\x1f\x8b\x08\x00", noise, "")},
	// Characters.
	{"one line of text", fill(sentence)},
	{"one paragraph", wrap("<p>", fill("word, "), "")},
	{"one word", fill("a")},
	{"words of a megabyte", fill("<p>" + strings.Repeat("bridge", 1<<20/6) + " ")},
	{"combining marks", wrap("<p>a", fill("\u0301\u0327"), "")},
	{"zero-width characters", wrap("<p>a", fill("\u200b\u00ad\ufeff"), "")},
	{"spaces", wrap("<p>a", fill(" "), "b")},
	{"no-break spaces", wrap("<p>a", fill("&nbsp;"), "b")},
	{"line ends", wrap("<p>a", fill("\n"), "b")},
	{"preformatted line ends", wrap("<pre>a", fill("x\n"), "b")},
	{"full stops", wrap("<p>a", fill("."), "")},
	{"full stops apart", wrap("<p>a", fill(". "), "")},
	{"initials", wrap("<p>", fill("J. "), "")},
	{"open brackets", wrap("<p>", fill("("), "")},
	{"brackets", wrap("<p>NORTHPORT ", fill("(Reuters) "), "- The bridge fell.")},
	{"dashes", wrap("<p>NORTHPORT ", fill("- "), "The bridge fell.")},
	{"quotes", wrap("<p>", fill(`"a" `), "")},
	{"bars", wrap("<title>", fill("Herald | "), "</title>")},
	// Broken markup.
	{"left angles", fill("<")},
	{"left angles and spaces", fill("< ")},
	{"left angles and letters", fill("<a")},
	{"end tags", fill("</p>")},
	{"end tags of nothing", fill("</x>")},
	{"unclosed comments", fill("<!-- ")},
	{"unclosed comment", wrap("<!--", fill("- "), "")},
	{"comments", fill("<!-- x -->")},
	{"declarations", fill("<!x>")},
	{"instructions", fill("<?x ")},
	{"CDATA", fill("<![CDATA[ x ")},
	{"unclosed scripts", fill("<script>")},
	{"scripts in comments", fill("<script><!--<script>")},
	{"unclosed drawings", fill("<svg>")},
	{"unclosed titles", fill("<title>")},
	{"unclosed textareas", fill("<textarea>")},
	{"unclosed styles", fill("<style>")},
	{"unclosed templates", fill("<template>")},
	{"unclosed noscripts", fill("<noscript>")},
	{"unclosed iframes", fill("<iframe>")},
	{"open quotes", fill(`<a href="`)},
	{"open quotes and marks", fill(`<a x='<">`)},
	{"open quote", wrap("<p>"+sentence+`<a href="`, fill("<p>"+sentence), "")},
	{"plaintext", wrap("<plaintext>", fill("<p>"+sentence), "")},
	{"framesets", fill("<frameset>")},
	{"no body", wrap("<html><head>", numbered("<title>%d</title>"), "</head></html>")},
	// Attributes.
	{"equal attributes", wrap("<p ", fill("a=b "), ">"+sentence)},
	{"attributes", wrap("<p ", numbered("a%d=b "), ">"+sentence)},
	{"bodies with attributes", numbered("<body a%d=b>")},
	{"one class", wrap(`<p class="`, fill("a"), `">`+sentence)},
	{"classes", wrap(`<p class="`, fill("ad "), `">`+sentence)},
	{"numbered classes", wrap(`<p class="`, numbered("c%d-x "), `">`+sentence)},
	{"long classes", fill(`<p class="` + strings.Repeat("date author share-", 1000) + `">` + sentence)},
	{"classes named date", fill(`<span class="date">12 May</span>`)},
	{"paragraphs of class date", numbered(`<p class="date published">12 May 2024, %d</p>`)},
	{"classes named author", numbered(`<span class="author">By Jane Roe %d</span>`)},
	{"link in entities", wrap(`<a href="`, fill("&amp;"), `">x</a><p>`+sentence)},
	// Entities.
	{"entities", wrap("<p>", fill("&amp;"), "")},
	{"ampersands", wrap("<p>", fill("&"), "")},
	{"unknown entities", wrap("<p>", fill("&notanentity"), "")},
	{"numbers of characters", wrap("<p>", fill("&#x41"), "")},
	{"endless number", wrap("<p>&#", fill("9"), ";")},
	{"entity bomb", wrap(`<!DOCTYPE html [`, numbered(`<!ENTITY e%d "&e;&e;&e;&e;">`), "]><p>&e1;")},
	// Nesting.
	{"nested divs", nested("div")},
	{"nested bold", nested("b")},
	{"nested spans", nested("span")},
	{"nested quotations", nested("blockquote")},
	{"nested lists", nested("ul><li")},
	{"nested tables", nested("table><tr><td")},
	{"nested sections", nested("section")},
	{"nested buttons", nested("button")},
	{"nested drawings", nested("svg><foreignObject")},
	{"nested formulas", nested("math><mi")},
	{"nested fonts", nested(`font color="red"`)},
	{"unclosed divs", fill("<div>")},
	{"unclosed divs with text", fill("<div>a word ")},
	{"unclosed bold", fill("<b>a ")},
	{"unclosed links", fill("<a href=/x>a ")},
	{"unclosed bold paragraphs", fill("<p><b><i>a ")},
	{"misnested", fill("<b><p></b></p>")},
	{"misnested links", fill("<a><div></a><p>")},
	{"different bold", numbered("<b id=%d>a ")},
	{"unclosed items", fill("<li>a ")},
	{"unclosed items in lists", fill("<ul><li>a ")},
	{"unclosed terms", fill("<dd>a<dt>")},
	{"unclosed options", fill("<select><option>a")},
	{"text in tables", fill("<table>a")},
	{"bold in tables", fill("<table><b>a")},
	{"cells", wrap("<table><tr>", fill("<td>a word"), "</table>")},
	{"rows", wrap("<table>", numbered("<tr><td>Northport<td>%d"), "</table>")},
	// Many of one thing.
	{"breaks", wrap("<p>a", fill("<br>"), "b")},
	{"lines", wrap("<p>", fill("a word.<br>"), "")},
	{"lines of numbers", wrap("<p>", numbered("line %d<br>"), "")},
	{"links", numbered("<a href=/%d>A linked headline</a> ")},
	{"linked paragraphs", numbered("<p><a href=/%d>A linked headline of words</a></p>")},
	{"list items", wrap("<ul>", numbered("<li><a href=/%d>A linked headline of words</a> and a blurb"), "</ul>")},
	{"short paragraphs", fill("<p>a")},
	{"equal paragraphs", fill("<p>" + sentence)},
	{"paragraphs", numbered("<p>The bridge number %d at Northport fell in the storm of Monday night, police said.")},
	{"paragraphs in divs", numbered("<div><div><p>The bridge number %d at Northport fell in the storm of Monday night.</div></div>")},
	{"articles", numbered("<article><h2>Bridge %d fell</h2><p>The bridge at Northport fell in the storm of Monday night, police said.</p></article>")},
	{"one heading each", numbered("<h1>Bridge number %d fell at Northport</h1>")},
	{"equal headings", fill("<h1>The bridge at Northport fell</h1>")},
	{"headings of headings", numbered("<h2>Related</h2><p><b>Line number %d says that the bridge at Northport fell</b></p>")},
	{"bold lines", numbered("<p><b>Line number %d says that the bridge at Northport fell on Monday</b></p>")},
	{"credits", fill("<p>Photo Reuters</p>")},
	{"captions", numbered("<figure><img src=%d.jpg><figcaption>The bridge. (Jane Roe/Reuters)</figcaption></figure>")},
	{"times", fill("<time>12 May</time>")},
	{"exact times", numbered(`<time datetime="2024-05-01T10:00:00Z">1 May %d</time>`)},
	{"live entries", numbered(`<div class="entry"><time datetime="2024-05-01T10:00:00Z">10:00</time><h3>Entry %d</h3><p>The bridge fell on Monday.</p></div>`)},
	{"metas", numbered(`<meta property="article:tag" content="tag %d">`)},
	{"dated metas", numbered(`<meta name="date" content="2024-05-01T10:%d">`)},
	{"titles", numbered("<title>The bridge fell %d</title>")},
	{"long title", wrap("<title>", fill("The bridge fell - "), "</title><h1>The bridge fell</h1><p>"+sentence)},
	{"long heading", wrap("<title>The bridge fell</title><h1>", fill("The bridge fell "), "</h1><p>"+sentence)},
	{"long byline", wrap(`<h1>The bridge fell</h1><p class="byline">By `, fill("Jane Roe, "), "</p><p>"+sentence)},
	{"bylines", wrap("<h1>The bridge fell</h1>", numbered("<p>By Jane Roe%d and John Doe</p>"), "<p>"+sentence)},
	{"long date", wrap(`<h1>The bridge fell</h1><p class="date">`, fill("12 May "), "</p><p>"+sentence)},
	{"attributions", fill("<p>The bridge fell, reports the Herald.")},
	{"breadcrumbs", wrap("<nav>", numbered("<a href=/%d>News</a> &gt; "), "</nav><p>"+sentence)},
	{"key points", wrap("<ul>", fill("<li>The bridge at Northport fell"), "</ul>"+strings.Repeat("<p>"+sentence, 2000))},
	{"hidden blocks", fill("<div hidden>" + sentence + "</div>")},
	{"images", numbered("<img src=/%d.jpg alt=a>")},
	// JSON-LD.
	{"deep objects", wrap(ldOpen, fill(`{"@graph":[`), ldClose)},
	{"deep lists", wrap(ldOpen, fill("["), ldClose)},
	{"deep values", wrap(ldOpen, fill(`{"a":`), ldClose)},
	{"many scripts", manyScripts},
	{"small scripts", numbered(ldOpen + `{"@type":"NewsArticle","headline":"Bridge %d"}</script>`)},
	{"broken scripts", fill(ldOpen + `{"@type":"NewsArticle",,"headline":"Bridge"</script>`)},
	{"many articles", wrap(ldOpen+`{"@graph":[{}`, numbered(`,{"@type":"NewsArticle","headline":"Bridge %d"}`), "]}"+ldClose)},
	{"many authors", wrap(ldOpen+`{"@type":"NewsArticle","author":[{}`, numbered(`,{"@type":"Person","name":"Jane Roe %d"}`), "]}"+ldClose)},
	{"many keywords", wrap(ldOpen+`{"@type":"NewsArticle","keywords":"a`, numbered(`, tag %d`), `"}`+ldClose)},
	{"many keys", wrap(ldOpen+`{"@type":"NewsArticle"`, numbered(`,"k%d":1`), `}`+ldClose)},
	{"long body", wrap(ldOpen+`{"@type":"NewsArticle","articleBody":"`, fill(sentence), `"}`+ldClose)},
	{"long body, many blocks", func(n int) string {
		return ldOpen + `{"@type":"NewsArticle","articleBody":"` + numbered("The bridge number %d at Northport fell. ")(n/2) + `"}` + ldClose + numbered("<p>The bridge number %d at Northport fell. ")(n/2)
	}},
	{"long headline", wrap(ldOpen+`{"@type":"NewsArticle","headline":"`, fill("The bridge fell "), `"}`+ldClose)},
	{"long string", wrap(ldOpen+`{"@type":"`, fill(`\u0041`), `"}`+ldClose)},
	{"long number", wrap(ldOpen+`{"datePublished":`, fill(`9`), `}`+ldClose)},
	{"state", wrap(`<script>window.__STATE__={"body":"`, fill(`<p>`+sentence), `"}</script><p>`+sentence)},
	{"data", wrap(`<script id="__NEXT_DATA__" type="application/json">{"props":`, fill(`{"a":[`), `</script><p>`+sentence)},
}
