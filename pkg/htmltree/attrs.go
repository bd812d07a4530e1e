package htmltree

import (
	"bytes"

	"golang.org/x/net/html/atom"
)

// Keeps reports whether the attribute with that name is kept where it stands on
// an element that it means something for.
func Keeps(name string) bool { return keptKey([]byte(name)) != "" || isStamp([]byte(name)) }

// keyOf returns the name of an attribute of t, or "" for one that nobody reads.
func (p *parser) keyOf(name []byte, t *tag) string {
	key := keptKey(name)
	switch key {
	case "":
		if isStamp(name) {
			return p.slabs.shared(name)
		}
		return ""
	case "href":
		if t.atom != atom.A && t.atom != atom.Link && t.atom != atom.Area && t.atom != atom.Base {
			return ""
		}
	case "src", "srcset", "data-src", "data-srcset", "data-original", "data-lazy-src", "alt", "width", "height":
		switch t.atom {
		case atom.Img, atom.Source, atom.Video, atom.Picture, 0:
		default:
			return ""
		}
	case "name", "http-equiv":
		if t.atom != atom.Meta && t.atom != atom.Input && t.atom != atom.A {
			return ""
		}
	}
	return key
}

// isStamp recognises the attributes in which programs keep an instant, such as
// data-timestamp.
func isStamp(name []byte) bool {
	return len(name) <= maxName && bytes.HasPrefix(name, []byte("data-")) && (bytes.Contains(name, []byte("time")) || bytes.Contains(name, []byte("date")))
}

// keptKey returns the name in lower case if attributes of that name are kept.
func keptKey(name []byte) string {
	if len(name) > maxKey || len(name) < 2 {
		return ""
	}
	var buf [maxKey]byte
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	// The compiler makes one comparison by length and a few by value of this.
	switch string(buf[:len(name)]) {
	case "class":
		return "class"
	case "id":
		return "id"
	case "href":
		return "href"
	case "rel":
		return "rel"
	case "style":
		return "style"
	case "src":
		return "src"
	case "alt":
		return "alt"
	case "role":
		return "role"
	case "type":
		return "type"
	case "content":
		return "content"
	case "property":
		return "property"
	case "name":
		return "name"
	case "itemprop":
		return "itemprop"
	case "itemtype":
		return "itemtype"
	case "itemscope":
		return "itemscope"
	case "hidden":
		return "hidden"
	case "aria-hidden":
		return "aria-hidden"
	case "aria-label":
		return "aria-label"
	case "lang":
		return "lang"
	case "xml:lang":
		return "xml:lang"
	case "dir":
		return "dir"
	case "width":
		return "width"
	case "height":
		return "height"
	case "srcset":
		return "srcset"
	case "data-src":
		return "data-src"
	case "data-srcset":
		return "data-srcset"
	case "data-original":
		return "data-original"
	case "data-lazy-src":
		return "data-lazy-src"
	case "datetime":
		return "datetime"
	case "pubdate":
		return "pubdate"
	case "http-equiv":
		return "http-equiv"
	case "data-testid":
		return "data-testid"
	}
	return ""
}

// maxKey is the length of the longest name of an attribute that is kept.
const maxKey = len("data-original")
