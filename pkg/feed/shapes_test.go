package feed

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// shape is a feed as it is found on the web, and what must come of it: for each
// entry "URL | title | date | authors", in order. What is lost or garbled is a
// failure.
type shape struct {
	name, in, contentType string
	want                  []string
}

func (e Entry) line() string {
	date := e.Published
	if date.IsZero() {
		date = e.Updated
	}
	parts := []string{e.URL, e.Title}
	if !date.IsZero() {
		parts = append(parts, date.UTC().Format(time.RFC3339))
	} else {
		parts = append(parts, "-")
	}
	if len(e.Authors) > 0 {
		parts = append(parts, strings.Join(e.Authors, ", "))
	}
	return strings.Join(parts, " | ")
}

func rssOf(items string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Ferry News</title><link>https://news.example/</link>` + items + `</channel></rss>`
}

func atomOf(entries string) string {
	return `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Ferry News</title><id>urn:x</id>` + entries + `</feed>`
}

func utf16Of(s string, order binary.AppendByteOrder, mark bool) string {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func gzipOf(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

const day1 = "2025-03-01T10:00:00Z"

// brokenXML: what no XML parser accepts.
func brokenXML() []shape {
	one := []string{"https://news.example/1 | Cod & chips < 5 > all | " + day1}
	return []shape{
		{"bare ampersand and angle brackets", rssOf(`<item><title>Cod & chips < 5 > all</title><link>https://news.example/1</link><pubDate>Sat, 01 Mar 2025 10:00:00 GMT</pubDate></item>`), "", one},
		{"bare ampersand in a link", rssOf(`<item><title>A</title><link>https://news.example/?a=1&b=2&copy=3</link></item>`), "", []string{"https://news.example/?a=1&b=2&copy=3 | A | -"}},
		{"escaped ampersand in a link", rssOf(`<item><title>A</title><link>https://news.example/?a=1&amp;b=2</link></item>`), "", []string{"https://news.example/?a=1&b=2 | A | -"}},
		{"twice escaped ampersand in a link", rssOf(`<item><title>A</title><link>https://news.example/?a=1&amp;amp;b=2</link></item>`), "", []string{"https://news.example/?a=1&b=2 | A | -"}},
		{"unknown entities", rssOf(`<item><title>Caf&eacute; &ndash; open&nbsp;now &bogus;</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | Café – open now &bogus; | -"}},
		{"unclosed item", rssOf(`<item><title>A</title><link>https://news.example/1</link><item><title>B</title><link>https://news.example/2</link></item>`), "", []string{"https://news.example/1 | A | -", "https://news.example/2 | B | -"}},
		{"unclosed title", rssOf(`<item><title>A<link>https://news.example/1</link></item><item><title>B</title><link>https://news.example/2</link></item>`), "", []string{"https://news.example/1 | A | -", "https://news.example/2 | B | -"}},
		{"wrong end tag", rssOf(`<item><title>A</titel><link>https://news.example/1</link></item><item><title>B</title><link>https://news.example/2</link></item>`), "", []string{"https://news.example/1 | A</titel> | -", "https://news.example/2 | B | -"}},
		{"two roots", rssOf(`<item><title>A</title><link>https://news.example/1</link></item>`) + "<div>advert</div>", "", []string{"https://news.example/1 | A | -"}},
		{"warning in front", "Warning: mysql_connect(): on line 4<br />\n" + rssOf(`<item><title>A</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"comment in front", "<!-- cached 1 --> \n" + rssOf(`<item><title>A</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"stylesheet and doctype in front", `<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?><!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>` + strings.TrimPrefix(rssOf(`<item><title>A&nbsp;b</title><link>https://news.example/1</link></item>`), `<?xml version="1.0" encoding="UTF-8"?>`), "", []string{"https://news.example/1 | A b | -"}},
		{"control characters", rssOf("<item><title>A\x0bB\x00C\x1f</title><link>https://news.example/1</link></item>"), "", []string{"https://news.example/1 | ABC | -"}},
		{"numeric references of control characters", rssOf(`<item><title>A&#x0b;B&#0;&#8217;s</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | AB's | -"}},
		{"Windows references", rssOf(`<item><title>It&#146;s &#147;on&#148;</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | It's \"on\" | -"}},
		{"attributes without quotes", rssOf(`<item><title>A</title><guid isPermaLink=true>https://news.example/1</guid></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"cut in the second item", `<rss version="2.0"><channel><title>T</title><item><title>A</title><link>https://news.example/1</link></item><item><title>B</ti`, "", []string{"https://news.example/1 | A | -"}},
		{"cut after the items", `<rss version="2.0"><channel><title>T</title><item><title>A</title><link>https://news.example/1</link></item>`, "", []string{"https://news.example/1 | A | -"}},
		{"upper case", `<RSS VERSION="2.0"><CHANNEL><TITLE>T</TITLE><ITEM><TITLE>A</TITLE><LINK>https://news.example/1</LINK><PUBDATE>Sat, 01 Mar 2025 10:00:00 GMT</PUBDATE></ITEM></CHANNEL></RSS>`, "", []string{"https://news.example/1 | A | " + day1}},
		{"items beside the channel", `<rss version="2.0"><channel><title>T</title></channel><item><title>A</title><link>https://news.example/1</link></item></rss>`, "", []string{"https://news.example/1 | A | -"}},
		{"two channels", `<rss version="2.0"><channel><item><title>A</title><link>https://news.example/1</link></item></channel><channel><item><title>B</title><link>https://news.example/2</link></item></channel></rss>`, "", []string{"https://news.example/1 | A | -", "https://news.example/2 | B | -"}},
		{"link in a CDATA section with blanks", rssOf("<item><title>A</title><link>\n  <![CDATA[ https://news.example/1 ]]>\n</link></item>"), "", []string{"https://news.example/1 | A | -"}},
		{"link as HTML writes it", rssOf(`<item><title>A</title><link/>https://news.example/1</item>`), "", []string{"https://news.example/1 | A | -"}},
	}
}

// encodings: what is said of the characters and what they are.
func encodings() []shape {
	enc := func(s string, m *charmap.Charmap) string {
		out, err := m.NewEncoder().String(s)
		if err != nil {
			panic(err)
		}
		return out
	}
	item := func(title string) string {
		return `<item><title>` + title + `</title><link>https://news.example/1</link></item>`
	}
	named := func(charset, items string) string {
		return strings.Replace(rssOf(items), "UTF-8", charset, 1)
	}
	sjis, err := japanese.ShiftJIS.NewEncoder().String(named("Shift_JIS", item("港の朝市が再開した")))
	if err != nil {
		panic(err)
	}
	latin := []string{"https://news.example/1 | Fähre für Übersee | -"}
	greek := []string{"https://news.example/1 | Το πλοίο έφτασε | -"}
	return []shape{
		{"declared Latin-1", enc(named("ISO-8859-1", item("Fähre für Übersee")), charmap.ISO8859_1), "", latin},
		{"declared UTF-8 and is Latin-1", enc(rssOf(item("Fähre für Übersee")), charmap.ISO8859_1), "", latin},
		{"header says Latin-1 and is UTF-8", rssOf(item("Fähre für Übersee")), "text/xml; charset=ISO-8859-1", latin},
		{"header of a charset that is none", rssOf(item("Fähre für Übersee")), "text/xml; charset=none", latin},
		{"Windows quotes called Latin-1", enc(named("ISO-8859-1", item("“on”")), charmap.Windows1252), "", []string{"https://news.example/1 | \"on\" | -"}},
		{"Greek", enc(named("windows-1253", item("Το πλοίο έφτασε")), charmap.Windows1253), "", greek},
		{"Cyrillic in the header only", enc(strings.Replace(rssOf(item("Паром пришёл")), ` encoding="UTF-8"`, "", 1), charmap.KOI8R), "application/rss+xml; charset=koi8-r", []string{"https://news.example/1 | Паром пришёл | -"}},
		{"Shift_JIS", sjis, "", []string{"https://news.example/1 | 港の朝市が再開した | -"}},
		{"UTF-16 with a mark, little end first", utf16Of(named("UTF-16", item("Fähre für Übersee")), binary.LittleEndian, true), "", latin},
		{"UTF-16 with a mark, big end first", utf16Of(named("UTF-16", item("Fähre für Übersee")), binary.BigEndian, true), "", latin},
		{"UTF-16 that is UTF-8", named("UTF-16", item("Fähre für Übersee")), "", latin},
		{"UTF-8 with two marks", "\ufeff\ufeff" + rssOf(item("Fähre für Übersee")), "", latin},
		{"gzip without a header", gzipOf(rssOf(item("Fähre für Übersee"))), "application/rss+xml", latin},
		{"one wrong byte", rssOf(item("Fähre für Übersee")) + "<!-- \xff -->", "", latin},
		{"emoji as surrogates", rssOf(item("Ferry &#55357;&#56960; &#x1F6A2;")), "", []string{"https://news.example/1 | Ferry 🚢 | -"}},
	}
}

// vocabularies: other words for the same things.
func vocabularies() []shape {
	return []shape{
		{"HTML in titles", rssOf(`<item><title>&lt;b&gt;Big&lt;/b&gt; news &amp;amp; more</title><link>https://news.example/1</link></item><item><title><b>Big</b> <i>news</i></title><link>https://news.example/2</link></item>`), "", []string{"https://news.example/1 | Big news & more | -", "https://news.example/2 | Big news | -"}},
		{"CDATA soup", rssOf(`<item><title><![CDATA[One ]]]]><![CDATA[> two]]> <![CDATA[<b>three</b>]]></title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | One two three | -"}},
		{"escaped CDATA", rssOf(`<item><title>&lt;![CDATA[Hello]]&gt;</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | Hello | -"}},
		{"content before the title", rssOf(`<item><content:encoded><![CDATA[<title>Wrong</title><link>https://wrong.example/</link>]]></content:encoded><title>A</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"media title and link", rssOf(`<item><media:content url="https://img.example/1.jpg"><media:title>Photo of a ferry</media:title><media:credit>Ann</media:credit></media:content><media:title>Photo</media:title><title>A</title><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"dc date and creators", rssOf(`<item><title>A</title><link>https://news.example/1</link><dc:date>2025-03-01T10:00:00Z</dc:date><dc:creator>Ann Berg</dc:creator><dc:creator>Bo Lund</dc:creator></item>`), "", []string{"https://news.example/1 | A | " + day1 + " | Ann Berg, Bo Lund"}},
		{"author with an address", rssOf(`<item><title>A</title><link>https://news.example/1</link><author>ann@news.example (Ann Berg)</author></item>`), "", []string{"https://news.example/1 | A | - | Ann Berg"}},
		{"podcast", rssOf(`<item><title>Episode 1</title><itunes:title>Ep</itunes:title><itunes:author>Ann Berg</itunes:author><link>https://news.example/ep1</link><enclosure url="https://cdn.example/1.mp3" type="audio/mpeg"/><guid isPermaLink="false">9</guid></item>`), "", []string{"https://news.example/ep1 | Episode 1 | - | Ann Berg"}},
		{"podcast without a page", rssOf(`<item><title>Episode 1</title><enclosure url="https://cdn.example/1.mp3" type="audio/mpeg"/><guid isPermaLink="false">https://news.example/ep1</guid></item>`), "", []string{"https://news.example/ep1 | Episode 1 | -"}},
		{"guid that is no link", rssOf(`<item><title>A</title><guid isPermaLink="false">tag:1</guid><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"guid as the only link", rssOf(`<item><title>A</title><guid>https://news.example/1</guid></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"relative guid as the only link", rssOf(`<item><title>A</title><guid isPermaLink="true">/news/1</guid></item>`), "", []string{"https://news.example/news/1 | A | -"}},
		{"one guid for all", rssOf(`<item><title>A</title><guid>x</guid><link>https://news.example/1</link></item><item><title>B</title><guid>x</guid><link>https://news.example/2</link></item>`), "", []string{"https://news.example/1 | A | -", "https://news.example/2 | B | -"}},
		{"one link, two guids", rssOf(`<item><title>A</title><guid>x</guid><link>https://news.example/1</link></item><item><title>A again</title><guid>y</guid><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"empty items", rssOf(`<item/><item></item><item> </item><item><title>A</title><link>https://news.example/1</link></item><item><link/></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"no title", rssOf(`<item><description>Short note.</description><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 |  | -"}},
		{"relative links", rssOf(`<item><title>A</title><link>/news/1</link></item><item><title>B</title><link>news/2</link></item><item><title>C</title><link>//news.example/3</link></item><item><title>D</title><link>?p=4</link></item>`), "", []string{"https://news.example/news/1 | A | -", "https://news.example/news/2 | B | -", "https://news.example/3 | C | -", "https://news.example/?p=4 | D | -"}},
		{"link without a scheme", rssOf(`<item><title>A</title><link>www.news.example/1</link></item>`), "", []string{"http://www.news.example/1 | A | -"}},
		{"channel link on another host", strings.Replace(rssOf(`<item><title>A</title><link>/1</link></item>`), "https://news.example/", "https://www.news.example/home", 1), "", []string{"https://www.news.example/1 | A | -"}},
		{"atom link in an item", rssOf(`<item><title>A</title><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="alternate" href="https://news.example/1"/></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"atom self link in front of the channel's", `<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><atom:link rel="self" href="https://feeds.example/all"/><link>https://news.example/</link><item><title>A</title><link>/1</link></item></channel></rss>`, "", []string{"https://news.example/1 | A | -"}},
		{"prefix of another name", `<rss version="2.0" xmlns:x="http://purl.org/dc/elements/1.1/"><channel><item><title>A</title><link>https://news.example/1</link><x:creator>Ann Berg</x:creator><x:date>2025-03-01T10:00:00Z</x:date></item></channel></rss>`, "", []string{"https://news.example/1 | A | " + day1 + " | Ann Berg"}},
		{"namespace redefined inside", `<rss version="2.0" xmlns:a="http://purl.org/dc/elements/1.1/"><channel><item><title>A</title><link>https://news.example/1</link><a:creator xmlns:a="http://purl.org/dc/elements/1.1/">Ann Berg</a:creator></item></channel></rss>`, "", []string{"https://news.example/1 | A | - | Ann Berg"}},
		{"everything prefixed", `<r:rss xmlns:r="urn:r"><r:channel><r:item><r:title>A</r:title><r:link>https://news.example/1</r:link></r:item></r:channel></r:rss>`, "", []string{"https://news.example/1 | A | -"}},
		{"namespace of RSS 2.0", `<rss version="2.0" xmlns="http://backend.userland.com/rss2"><channel><item><title>A</title><link>https://news.example/1</link></item></channel></rss>`, "", []string{"https://news.example/1 | A | -"}},
		{"RDF", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><link>https://news.example/</link></channel><item rdf:about="https://news.example/1"><title>A</title><link>https://news.example/1</link><dc:date>2025-03-01T11:00+01:00</dc:date></item></rdf:RDF>`, "", []string{"https://news.example/1 | A | " + day1}},
		{"RDF without links", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item rdf:about="https://news.example/1"><title>A</title></item></rdf:RDF>`, "", []string{"https://news.example/1 | A | -"}},
		{"origLink", rssOf(`<item><title>A</title><link>https://feeds.example/~r/x/~3/1</link><feedburner:origLink>https://news.example/1</feedburner:origLink></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"redirector that names its target", rssOf(`<item><title>A</title><link>https://aggregator.example/link?url=https%3A%2F%2Fnews.example%2F1</link></item>`), "", []string{"https://aggregator.example/link?url=https%3A%2F%2Fnews.example%2F1 | A | -"}},
		{"source element", rssOf(`<item><title>A</title><source url="https://other.example/feed">Other</source><link>https://news.example/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"comments link behind", rssOf(`<item><title>A</title><link>https://news.example/1</link><comments>https://news.example/1#comments</comments><wfw:commentRss>https://news.example/1/feed</wfw:commentRss></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"image and textInput of the channel", rssOf(`<image><title>Logo</title><url>https://news.example/logo.png</url><link>https://logo.example/</link></image><textInput><title>Search</title><link>https://search.example/</link></textInput><item><title>A</title><link>/1</link></item>`), "", []string{"https://news.example/1 | A | -"}},
		{"javascript and mail links", rssOf(`<item><title>A</title><link>javascript:void(0)</link><guid>https://news.example/1</guid></item><item><title>B</title><link>mailto:ann@news.example</link></item>`), "", []string{"https://news.example/1 | A | -"}},
	}
}

// atoms: Atom and JSON Feed.
func atoms() []shape {
	return []shape{
		{"several links", atomOf(`<entry><title>A</title><id>1</id><link rel="edit" href="https://news.example/edit/1"/><link rel="enclosure" href="https://cdn.example/1.mp3"/><link rel="alternate" type="application/json" href="https://news.example/1.json"/><link rel="alternate" type="text/html" href="https://news.example/1"/><updated>2025-03-01T10:00:00Z</updated></entry>`), "", []string{"https://news.example/1 | A | " + day1}},
		{"link without rel", atomOf(`<entry><title>A</title><id>1</id><link href="https://news.example/1"/></entry>`), "", []string{"https://news.example/1 | A | -"}},
		{"link as text", atomOf(`<entry><title>A</title><id>1</id><link>https://news.example/1</link></entry>`), "", []string{"https://news.example/1 | A | -"}},
		{"id as the only link", atomOf(`<entry><title>A</title><id>https://news.example/1</id></entry>`), "", []string{"https://news.example/1 | A | -"}},
		{"only a link of another kind", atomOf(`<entry><title>A</title><id>1</id><link rel="related" href="https://news.example/1"/></entry>`), "", []string{"https://news.example/1 | A | -"}},
		{"xml:base", `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example/a/"><entry xml:base="b/"><title>A</title><id>1</id><link href="1"/></entry><entry><title>B</title><id>2</id><link href="2"/></entry></feed>`, "", []string{"https://base.example/a/b/1 | A | -", "https://base.example/a/2 | B | -"}},
		{"titles of all types", atomOf(`<entry><title type="html">&lt;i>A&lt;/i> &amp;amp; b</title><id>1</id><link href="https://news.example/1"/></entry><entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>b</b></div></title><id>2</id><link href="https://news.example/2"/></entry><entry><title type="text">A &lt; b</title><id>3</id><link href="https://news.example/3"/></entry>`), "", []string{"https://news.example/1 | A & b | -", "https://news.example/2 | A b | -", "https://news.example/3 | A < b | -"}},
		{"authors of entry and feed", atomOf(`<author><name>Desk</name></author><entry><title>A</title><id>1</id><link href="https://news.example/1"/><author><name>Ann Berg</name><email>ann@news.example</email></author></entry><entry><title>B</title><id>2</id><link href="https://news.example/2"/></entry>`), "", []string{"https://news.example/1 | A | - | Ann Berg", "https://news.example/2 | B | - | Desk"}},
		{"no namespace", `<feed><title>T</title><entry><title>A</title><id>1</id><link href="https://news.example/1"/></entry></feed>`, "", []string{"https://news.example/1 | A | -"}},
		{"RSS words in Atom", atomOf(`<entry><title>A</title><guid>1</guid><link>https://news.example/1</link><pubDate>Sat, 01 Mar 2025 10:00:00 GMT</pubDate><description>x</description></entry>`), "", []string{"https://news.example/1 | A | " + day1}},
		{"published in the future is kept apart from updated", atomOf(`<entry><title>A</title><id>1</id><link href="https://news.example/1"/><published>2025-03-01T10:00:00Z</published><updated>2025-03-02T10:00:00Z</updated></entry>`), "", []string{"https://news.example/1 | A | " + day1}},
		{"JSON Feed 1.0", `{"version":"https://jsonfeed.org/version/1","title":"T","author":{"name":"Desk"},"items":[{"id":"1","url":"https://news.example/1","title":"A","date_published":"2025-03-01T10:00:00Z","author":{"name":"Ann Berg"}},{"id":2,"url":"/2","content_text":"x"}]}`, "application/json", []string{"https://news.example/1 | A | " + day1 + " | Ann Berg", "https://news.example/2 |  | - | Desk"}},
		{"JSON Feed 1.1", `{"version":"https://jsonfeed.org/version/1.1","title":"T","authors":[{"name":"Desk"}],"items":[{"id":"1","url":"https://news.example/1","title":"A &amp; b","date_modified":"2025-03-01T11:00:00+01:00","authors":[{"name":"Ann Berg"},{"name":"Bo Lund"}]},{"id":"https://news.example/2","title":"B"},{"id":"3","external_url":"https://other.example/3","title":"C"}]}`, "", []string{"https://news.example/1 | A & b | " + day1 + " | Ann Berg, Bo Lund", "https://news.example/2 | B | - | Desk", "https://other.example/3 | C | - | Desk"}},
		{"JSON with a mark and wrong types", "\ufeff" + `{"items":[{"id":1,"url":"https://news.example/1","title":["x"],"authors":"Ann"},null,{"id":"2","url":"https://news.example/2","title":"B","tags":"x"}]}`, "", []string{"https://news.example/1 |  | -", "https://news.example/2 | B | -"}},
		{"JSON with items in front", `{"items":[{"id":"1","url":"1","title":"A"}],"home_page_url":"https://news.example/x/","version":"https://jsonfeed.org/version/1.1"}`, "", []string{"https://news.example/feeds/1 | A | -"}},
	}
}

// dates: as they are written.
func dates() []shape {
	var shapes []shape
	for written, want := range map[string]string{
		"Sat, 01 Mar 2025 10:00:00 GMT": day1, "Sat, 1 Mar 2025 11:00:00 +0100": day1, "01 Mar 2025 10:00 UT": day1,
		"Saturday, March 1, 2025 10:00 AM GMT": day1, "2025-03-01T10:00:00Z": day1, "2025-03-01 10:00:00": day1, "2025-03-01T10:00:00.000+00:00": day1,
		"2025-03-01": "2025-03-01T00:00:00Z", "20250301": "2025-03-01T00:00:00Z", "1. März 2025 10:00 UTC": day1, "Sam, 01 mars 2025 10:00:00 +0000": day1, "sáb, 01 mar 2025 10:00:00 +0000": day1,
		"Сб, 01 мар 2025 13:00:00 +0300": day1, "2025年3月1日 10:00 UTC": day1, "Sat, 01 Mar 2025 05:00:00 EST": day1, "Sat, 01 Mar 25 10:00:00 Z": day1, "Sun, 01 Mar 2025 10:00:00 GMT": day1,
		"1740823200": day1, "Sat Mar  1 10:00:00 UTC 2025": day1, "01/03/2025": "-|2025-03-01T00:00:00Z|2025-01-03T00:00:00Z", "": "-", "yesterday": "-", "0000-00-00 00:00:00": "-",
		"  Sat,\n01 Mar 2025\t10:00:00 GMT ": day1, "2025-03-01T10:00:00 Z": day1, "2025-03-01T10:00Z": day1, "Sat, 01 Mar 2025 10:00:00 +00:00": day1, "Sat, 01 Mar 2025 10:00:00 GMT+0000": day1,
		"<![CDATA[Sat, 01 Mar 2025 10:00:00 GMT]]>": day1, "سبت 1 مارس 2025 10:00 UTC": day1, "01 Μαρ 2025 10:00:00 +0000": day1, "2025-03-01T24:00:00Z": "2025-03-02T00:00:00Z",
	} {
		var any []string
		for _, w := range strings.Split(want, "|") {
			any = append(any, "https://news.example/1 | A | "+w)
		}
		shapes = append(shapes, shape{"date " + written, rssOf(`<item><title>A</title><link>https://news.example/1</link><pubDate>` + written + `</pubDate></item>`), "", []string{strings.Join(any, "\n")}})
	}
	return shapes
}

// sitemaps: plain, news, text, index, gzip.
func sitemaps() []shape {
	urlset := func(urls string) string {
		return `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">` + urls + `</urlset>`
	}
	news := `<news:news><news:publication><news:name>Ferry News</news:name><news:language>en</news:language></news:publication><news:publication_date>2025-03-01T10:00:00Z</news:publication_date><news:title>A &amp; b</news:title></news:news>`
	return []shape{
		{"plain", urlset(`<url><loc>https://news.example/1</loc><lastmod>2025-03-01T10:00:00Z</lastmod></url><url><loc> https://news.example/2 </loc></url>`), "", []string{"https://news.example/1 |  | " + day1, "https://news.example/2 |  | -"}},
		{"news", urlset(`<url><loc>https://news.example/1</loc>` + news + `</url>`), "", []string{"https://news.example/1 | A & b | " + day1}},
		{"news in front of loc, other prefix", strings.ReplaceAll(urlset(`<url>`+news+`<loc>https://news.example/1</loc></url>`), "news:", "n:"), "", []string{"https://news.example/1 | A & b | " + day1}},
		{"news without a declaration", `<urlset><url><loc>https://news.example/1</loc>` + news + `</url></urlset>`, "", []string{"https://news.example/1 | A & b | " + day1}},
		{"images and other languages", urlset(`<url><loc>https://news.example/1</loc><image:image><image:loc>https://img.example/1.jpg</image:loc><image:title>Photo</image:title></image:image><xhtml:link rel="alternate" hreflang="de" href="https://news.example/de/1"/></url>`), "", []string{"https://news.example/1 |  | -"}},
		{"bare ampersands and CDATA", urlset(`<url><loc>https://news.example/?a=1&b=2</loc></url><url><loc><![CDATA[https://news.example/?a=1&b=3]]></loc></url>`), "", []string{"https://news.example/?a=1&b=2 |  | -", "https://news.example/?a=1&b=3 |  | -"}},
		{"wrong namespace and case", `<URLSET xmlns="http://www.google.com/schemas/sitemap/0.84"><URL><LOC>https://news.example/1</LOC></URL></URLSET>`, "", []string{"https://news.example/1 |  | -"}},
		{"gzip called text", gzipOf(urlset(`<url><loc>https://news.example/1</loc></url>`)), "text/plain", []string{"https://news.example/1 |  | -"}},
		{"text with a mark and Windows lines", "\ufeffhttps://news.example/1\r\n\r\nhttps://news.example/2\r\n", "text/plain", []string{"https://news.example/1 |  | -", "https://news.example/2 |  | -"}},
		{"cut", strings.TrimSuffix(urlset(`<url><loc>https://news.example/1</loc></url><url><loc>https://news.ex`), "</urlset>"), "", []string{"https://news.example/1 |  | -"}},
	}
}

func TestShapes(t *testing.T) {
	for group, shapes := range map[string][]shape{
		"broken": brokenXML(), "encodings": encodings(), "vocabularies": vocabularies(), "atom": atoms(), "dates": dates(), "sitemaps": sitemaps(),
	} {
		for _, s := range shapes {
			t.Run(group+"/"+s.name, func(t *testing.T) {
				f, err := Parse([]byte(s.in), testBase, s.contentType)
				if err != nil {
					t.Fatal(err)
				}
				for i, e := range f.Entries {
					if i >= len(s.want) {
						t.Errorf("too much: %s", e.line())
					} else if alternatives := strings.Split(s.want[i], "\n"); !contains(alternatives, e.line()) {
						t.Errorf("got  %s\nwant %s", e.line(), s.want[i])
					}
				}
				for _, w := range s.want[min(len(f.Entries), len(s.want)):] {
					t.Errorf("lost: %s", w)
				}
			})
		}
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// TestMillionEntries: a feed of a million entries gives as many as may be kept,
// the first of a feed and the newest of a sitemap, and says so.
func TestMillionEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("makes tens of megabytes")
	}
	var b strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&b, "<item><link>/%d</link></item>", i)
	}
	f, err := Parse([]byte(rssOf(b.String())), testBase, "")
	if err != nil || len(f.Entries) != maxEntries || len(f.Warnings) == 0 || f.Entries[0].URL != "https://news.example/0" {
		t.Fatalf("%v, %d entries, warnings %q", err, len(f.Entries), f.Warnings)
	}
}
