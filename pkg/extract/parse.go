package extract

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxElements is how many elements are parsed into a tree; a page with more
	// is flattened first.
	maxElements = 150_000
	// maxFlatText and maxFlatBlocks bound what is kept of a flattened page.
	maxFlatText   = 4 << 20
	maxFlatBlocks = 40_000
)

// parse returns the tree of a scanned page. Pages that html.Parse refuses (more
// than 512 open elements) or that are too large for a tree are flattened: their
// text survives, their layout does not; flat reports that.
func parse(s scanned) (root *html.Node, flat bool, err error) {
	if s.elements <= maxElements {
		if root, err = html.Parse(bytes.NewReader(s.html)); err == nil {
			return root, false, nil
		}
	}
	root, err = html.Parse(strings.NewReader(flatten(s.html)))
	if err != nil {
		return nil, true, fmt.Errorf("parse flattened page: %w", err)
	}
	return root, true, nil
}

// flatten rewrites a page as a head and a row of paragraphs, headings and list
// items, none inside another.
func flatten(src []byte) string {
	var head, body strings.Builder
	z := html.NewTokenizer(bytes.NewReader(src))
	z.SetMaxBuf(1 << 20)
	open, blocks, inTitle := false, 0, false
	breakTo := func(tag string) {
		if open {
			body.WriteString("\n</div>")
		}
		body.WriteString("<div><" + tag + ">")
		open = true
		blocks++
	}
	breakTo("p")
	for blocks < maxFlatBlocks && body.Len() < maxFlatText {
		switch z.Next() {
		case html.ErrorToken:
			return "<head>" + head.String() + "</head><body>" + body.String()
		case html.TextToken:
			text := html.EscapeString(string(z.Text()))
			if inTitle {
				head.WriteString("<title>" + text + "</title>")
			} else {
				body.WriteString(text)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			name, _ := z.TagName()
			switch a := atom.Lookup(name); a {
			case atom.Title:
				inTitle = true
			case atom.Meta, atom.Link:
				if head.Len() < maxFlatText {
					head.WriteString(raw)
				}
			case atom.Html:
				head.WriteString(raw)
			case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
				breakTo(string(name))
			case atom.Br:
				body.WriteString("<br>")
			default:
				if isBlock(a) {
					breakTo("p")
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			switch a := atom.Lookup(name); {
			case a == atom.Title:
				inTitle = false
			case isBlock(a):
				breakTo("p")
			}
		}
	}
	return "<head>" + head.String() + "</head><body>" + body.String()
}
