package htmltree

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// visible writes the text of a tree in document order, with a line break where a
// block begins or ends.
func visible(n *html.Node, b *strings.Builder) {
	switch n.Type {
	case html.TextNode:
		b.WriteString(n.Data)
		return
	case html.CommentNode, html.DoctypeNode:
		return
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Svg, atom.Noscript, atom.Template, atom.Iframe, atom.Head, atom.Textarea, atom.Select, atom.Noframes, atom.Noembed, atom.Title:
		return
	}
	t := knownTags.get([]byte(n.Data))
	block := t != nil && t.flags&(isQuiet|isTabular) != 0
	if block {
		b.WriteByte('\n')
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		visible(c, b)
	}
	if block {
		b.WriteByte('\n')
	}
}

// lines is the text of a tree, a block a line, with one space between words.
func lines(root *html.Node) string {
	var b strings.Builder
	visible(root, &b)
	var out []string
	for l := range strings.SplitSeq(b.String(), "\n") {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// TestSameText compares with the parser of the standard on markup as it ought
// not to be.
func TestSameText(t *testing.T) {
	for _, src := range []string{
		"The bridge fell", "<p>a<p>b", "<p>a</p>b</p>c", "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e", "<dl><dt>a<dd>b<dt>c<dd>d</dl>e",
		"<p>a<div>b</div>c", "<p><b>a<p>b</b>c", "<b>a<p>b</b>c</p>d", "<a href=x>a<div>b<a href=y>c</a>d</div>e", "<i><b>a</i>b</b>c",
		"<table><tr><td>a<td>b<tr><th>c</table>d", "<table>a<tr>b<td>c</td>d</tr>e</table>f", "<table><tr><td><table><tr><td>a</table>b</table>c",
		"<table><div>a<tr><td>b</div>c</table>d", "<table><caption>a<tr><td>b</table>", "<table><form><tr><td>a</form></table>b", "<p>a<table><tr><td>b</table>c",
		"<!doctype html><p>a<table><tr><td>b</table>c", "<td>a</td>b<tr>c", "<table><td>a<table>b</table>c", "<h1>a<h2>b</h3>c", "<h1>a<p>b</h1>c",
		"<title>a</title>b", "<div>a<title>b</title>c</div>", "<head><p>a</head>b", "a<head>b</head><body class=x>c</body>d</html>e",
		"<form>a<div>b</form>c</div>d<form>e</form>", "<form><form>a</form>b</form>c", "<button>a<button>b</button>c", "<select><option>a<b>c<option>d</select>e",
		"<select><option>a<input>b", "a<br/>b</br>c", "a<hr>b", "<nobr>a<nobr>b</nobr>c", "<p><em>a<em>b<em>c<em>d<p>e", "<textarea>a<b></textarea>c",
		"<script>if (a<b) x='</p>'</script>a", "<script><!-- document.write('<script>x</script>') --></script>a", "<style>p>a{}</style>b", "<svg><text>a</text></svg>b", "<noscript><p>a</noscript>b",
		"<!-- a -- b -->c", "<!-->a", "<!--->a", "<!-- a --!b> --> c", "a<!b>c<?d>e</ f>g</>h", "a < b <3 c <", "a &lt; b &amp; c &nbsp;d&eacute;e &copy 2020 AT&T &#8217; &#x2019; &#150; &bogus; &",
		"<p title='a>b'>c", `<p title="a'b">c`, "<p title=a/b>c", "<p a=b/>c", "<P CLASS=X>a</P>b", "<p\nclass\n=\n'x'\n>a", "<x-y>a<x-y>b</x-y>c</x-y>d", "<div/>a</div>b",
		"<object>a<p>b</object>c", "<ruby>a<rt>b<rt>c</ruby>d", "<div>a<font>b</div>c</font>d", "<a>a<table><tr><td><a>b</table>c</a>d", "<b><table><tr><td>a</b>b</table>c",
		"<p>a<xmp><b>c</xmp>d", "<article>a<section>b</article>c", "<li>a<p>b<li>c", "<div><li>a<div>b<li>c</div>d", "<p>a</div>b", "<span>a<p>b</span>c</p>d", "<a><p>a</a>b</p>c", "a\x00b",
		"<dd>a<dl><dd>b</dl>c<dt>d", "<template><p>a</template>b", "<iframe>a</iframe>b", "<marquee><b>a</marquee>b", "<big>a<div>b<small>c</big>d</small>e</div>f",
	} {
		want, err := html.Parse(strings.NewReader(src))
		if err != nil {
			t.Fatal(err)
		}
		d := Parse([]byte(src))
		if got, want := lines(d.Root), lines(want); got != want {
			t.Errorf("%s\n got %q\nwant %q", src, got, want)
		}
		d.Release()
	}
}

// TestRecovers holds what this parser makes otherwise: the text survives.
func TestRecovers(t *testing.T) {
	for name, test := range map[string]struct{ src, want string }{
		"open quote":      {`<p>a<a href="x>b</a><p>c`, "a b\nc"},
		"open title":      {"<title>a<p>b", "b"},
		"open drawing":    {"<p>a<svg><p>b", "a\nb"},
		"shadow template": {"<div><template shadowrootmode=open><p>a</p></template>b</div>", "a\nb"},
	} {
		t.Run(name, func(t *testing.T) {
			d := Parse([]byte(test.src))
			defer d.Release()
			if got := lines(d.Root); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(test.want, " ", "") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAttributes(t *testing.T) {
	d := Parse([]byte(`<html lang=en><meta NAME="a" content='b &amp; c'><img src="data:image/png;base64,AAAA" alt="x&quot;y" onclick="z"><p class=one class=two hidden data-x=1 data-time=2>a`))
	defer d.Release()
	var got []string
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for _, a := range n.Attr {
			got = append(got, n.Data+" "+a.Key+"="+a.Val)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(d.Root)
	want := []string{"html lang=en", "meta name=a", "meta content=b & c", "img src=data:", `img alt=x"y`, "p class=one", "p class=two", "p hidden=", "p data-time=2"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
}

// TestRelease holds that strings outlive the tree that they came from.
func TestRelease(t *testing.T) {
	d := Parse([]byte("<title>The bridge fell</title><p class=lead>Nobody was hurt."))
	body := d.Root.FirstChild.LastChild
	class, text := body.FirstChild.Attr[0].Val, body.FirstChild.FirstChild.Data
	d.Release()
	for range 3 {
		d = Parse([]byte(strings.Repeat("<p class=other>Something else stands here.", 3000)))
		d.Release()
	}
	if class != "lead" || text != "Nobody was hurt." {
		t.Errorf("got %q, %q", class, text)
	}
}

// TestState tells scripts that carry the page as data from programs.
func TestState(t *testing.T) {
	text := strings.Repeat("The bridge at Northport fell on Monday. ", 40)
	for name, test := range map[string]struct {
		script string
		kept   bool
	}{
		"json":         {`<script id="__NEXT_DATA__" type="application/json">{"text":"` + text + `"}</script>`, true},
		"assignment":   {"<script>\n window.__STATE__ = {\"text\":\"" + text + `"};</script>`, true},
		"index":        {`<SCRIPT>window["page"]={"text":"` + text + `"}</SCRIPT>`, true},
		"push":         {`<script>self.__next_f.push([1,"` + text + `"])</script>`, true},
		"short":        {`<script type="application/json">{"text":"The bridge fell"}</script>`, false},
		"program":      {`<script>function bridge(){return "` + text + `"}</script>`, false},
		"linked data":  {`<script type="application/ld+json">{"articleBody":"` + text + `"}</script>`, false},
		"other's code": {`<script>!function(){window.x="` + text + `"}()</script>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := Parse([]byte("<p>a" + test.script + "<p>b"))
			defer d.Release()
			if got := len(d.State) == 1; got != test.kept {
				t.Errorf("kept is %v, want %v", got, test.kept)
			}
			if test.kept && (!strings.Contains(string(d.State[0]), text) || strings.Contains(strings.ToLower(string(d.State[0])), "script>")) {
				t.Errorf("state is %q", d.State[0])
			}
		})
	}
	one := `<script type="application/json">{"a":"` + strings.Repeat("x", 1<<16) + `"}</script>`
	total := 0
	d := Parse([]byte(strings.Repeat(one, 2*maxState)))
	for _, s := range d.State {
		total += len(s)
	}
	if len(d.State) == 0 || len(d.State) > maxState || total > maxStateBytes {
		t.Errorf("kept %d scripts of %d bytes", len(d.State), total)
	}
}

// shape counts the nodes of a tree and how deep it is, and fails the test where
// its links contradict each other.
func shape(t *testing.T, n *html.Node, level int) (nodes, depth int) {
	t.Helper()
	nodes, depth = 1, level
	var last *html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Parent != n || c.PrevSibling != last {
			t.Fatalf("broken links at %q", c.Data)
		}
		k, d := shape(t, c, level+1)
		nodes, depth, last = nodes+k, max(depth, d), c
	}
	if n.LastChild != last {
		t.Fatalf("broken link to the last child of %q", n.Data)
	}
	return nodes, depth
}

// TestHostile holds the bounds on pages that are made to hurt.
func TestHostile(t *testing.T) {
	mb := 10 << 20
	if testing.Short() {
		mb = 1 << 20
	}
	for name, src := range map[string]string{
		"paragraphs":      strings.Repeat("<p>a", mb/4),
		"deep":            strings.Repeat("<div>", 100_000) + "a" + strings.Repeat("</div>", 100_000) + "b",
		"deep formatting": strings.Repeat("<b class=x><i id=y>", 50_000) + strings.Repeat("<p>a", 50_000),
		"formatting":      strings.Repeat("<b><i><u><p>a", mb/13),
		"adoption":        strings.Repeat("<a><div>", mb/8),
		"crossed":         strings.Repeat("<b><p>a</b>b", mb/12),
		"tables":          strings.Repeat("<table>a", mb/8),
		"cells":           strings.Repeat("<table><tr><td>a", mb/16),
		"closing tags":    strings.Repeat("<div>", 499) + strings.Repeat("</article>", mb/10),
		"attributes":      "<p " + strings.Repeat("a=b class=c ", mb/12) + ">a",
		"open quotes":     strings.Repeat(`<a x='" y="`, mb/11),
		"open brackets":   strings.Repeat("<", mb),
		"open tags":       strings.Repeat("<a ", mb/3),
		"open scripts":    strings.Repeat("<script><!--<script>", mb/20),
		"crossed scripts": "<script><!--" + strings.Repeat("<script></script", mb/16),
		"open titles":     strings.Repeat("<title><textarea><xmp>", mb/22),
		"open drawings":   strings.Repeat("<svg><template>", mb/15),
		"references":      strings.Repeat("&amp&#x;&", mb/9),
		"selects":         strings.Repeat("<select><option>", mb/16),
		"forms":           strings.Repeat("<form><p></form>", mb/16),
		"items":           strings.Repeat("<div>", 490) + strings.Repeat("<li>a", mb/5),
	} {
		t.Run(name, func(t *testing.T) {
			d := Parse([]byte(src))
			defer d.Release()
			if nodes, depth := shape(t, d.Root, 0); nodes > MaxNodes+100 || depth > MaxDepth+2 {
				t.Errorf("%d nodes, %d deep", nodes, depth)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "<", "<!--", "<!-- x -->a", "<script>a</script>b", "<svg><svg></svg></svg>c", "<a href='<b>'>d</a>", "<title><!--</title>e", "<template shadowrootmode=open>f</template>",
		`<script type="application/ld+json">{}</script>`, "<b><p>a</b>b", "<table>a<tr><td>b", "<a><div><a>", "<select><option>a<table>", "a &amp; b&nbsp;&#x;", "<p class='a\" id=b>c", "<form><table><form>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		src = []byte(strings.ToValidUTF8(string(src), "?"))
		d := Parse(src)
		nodes, depth := shape(t, d.Root, 0)
		if nodes > MaxNodes+100 || depth > MaxDepth+2 {
			t.Errorf("%d nodes, %d deep", nodes, depth)
		}
		got := lines(d.Root)
		d.Release()
		again := Parse(src)
		defer again.Release()
		if l := lines(again.Root); l != got {
			t.Errorf("got %q and then %q", got, l)
		}
		if !strings.ContainsAny(string(src), "<&\x00\v\u0085\u00a0") && got != strings.Join(strings.Fields(string(src)), " ") {
			t.Errorf("text %q became %q", src, got)
		}
	})
}
