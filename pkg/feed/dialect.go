package feed

import (
	"bytes"
	"strings"
)

// Some feeds say in the words of one format what another one means. The repair
// writes it in the words that the parser of the format knows.

// spelling returns the name that an element is written with: in sitemaps lower
// case, in Atom the words of Atom where they are those of RSS.
func (r *repairer) spelling(name string) string {
	root := r.doc.root
	if root == "" { // this is the root
		root = localName(name)
	}
	switch root {
	case "urlset", "sitemapindex":
		return strings.ToLower(name)
	case "feed":
		switch strings.ToLower(name) { // without a prefix only
		case "pubdate":
			return "published"
		case "guid":
			return "id"
		case "description":
			return "summary"
		}
	}
	return name
}

// linkText makes an attribute of the text of an Atom link that has none, just
// before its end tag is written.
func (r *repairer) linkText(f *frame) {
	if r.doc.root != "feed" || f.local != "link" || f.href || f.role != leaf {
		return
	}
	end := bytes.IndexByte(r.out[f.start:], '>')
	if end < 0 {
		return
	}
	end += f.start
	text := string(bytes.TrimSpace(r.out[end+1:]))
	if !isWebAddress(text) {
		return
	}
	// It was written as text: of what an attribute must not hold, quotes are left.
	r.out = append(r.out[:end], ` href="`...)
	r.out = append(r.out, strings.ReplaceAll(text, `"`, "&#34;")...)
	r.out = append(r.out, `">`...)
}

// linkFollows reports whether an empty link element is one as HTML writes it,
// with the address behind it.
func (r *repairer) linkFollows(f *frame) bool {
	if f.local != "link" || f.href || f.role != leaf {
		return false
	}
	rest := r.src[r.pos:]
	rest = bytes.TrimLeft(rest[:min(len(rest), 128)], " \t\r\n")
	return isWebAddress(string(rest))
}

// about writes the address that an item of RDF is about as its guid: some have
// no other.
func (r *repairer) about(attrs []attribute) {
	if r.doc.root != "rdf" {
		return
	}
	for _, a := range attrs {
		if strings.EqualFold(a.name, "rdf:about") && isWebAddress(a.value) && len(a.value) <= maxAttribute {
			r.count()
			r.out = append(r.out, "<guid>"...)
			r.out = appendText(r.out, []byte(a.value), false)
			r.out = append(r.out, "</guid>"...)
		}
	}
}
