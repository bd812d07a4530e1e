package feed

import (
	"html"
	"strings"

	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	atomNamespace   = "http://www.w3.org/2005/Atom"
	atom03Namespace = "http://purl.org/atom/ns#"
)

// holdsEntries reports whether elements of that name hold entries.
func (r *repairer) holdsEntries(local string) bool {
	return local == "channel" || local == r.doc.root
}

// roleOf returns the role of an element inside of parent.
func (r *repairer) roleOf(f frame, parent *frame) role {
	switch {
	case parent.role == container && f.local == r.doc.format.entry:
		return entry
	case r.entryAt >= 0 && r.elements >= maxElements, r.entryAt < 0 && r.parts >= maxParts, strings.EqualFold(prefixOf(f.name), "media"):
		return dropped
	}
	switch parent.role {
	case container:
		if r.holdsEntries(f.local) {
			return container
		}
		return containerPart(f.local)
	case entry:
		return entryPart(f.local)
	case group:
		return groupPart(f.local)
	}
	return dropped
}

// containerPart returns the role of an element beside the entries.
func containerPart(local string) role {
	switch local {
	case "title", "link", "language", "ttl", "updateperiod", "updatefrequency", "publisher":
		return leaf
	case "author", "skiphours", "skipdays":
		return group
	}
	return dropped
}

// entryPart returns the role of an element of an entry. Content is dropped: the
// page itself is fetched.
func entryPart(local string) role {
	switch local {
	case "title", "link", "guid", "id", "origlink",
		"pubdate", "date", "published", "updated", "modified", "issued", "created",
		"creator", "publisher", "language", "description", "summary",
		"loc", "lastmod": // of sitemaps
		return leaf
	case "author", "source", "news":
		return group
	}
	return dropped
}

// groupPart returns the role of an element of an author, a source, a news
// extension or the times that a feed skips.
func groupPart(local string) role {
	switch local {
	case "name", "title", "language", "publication_date", "hour", "day":
		return leaf
	case "author", "publication":
		return group
	}
	return dropped
}

// keepAttribute returns the name and value that an attribute is written with,
// or "" if it is not read. Web addresses become absolute where xml:base says
// what they refer to.
func (r *repairer) keepAttribute(f *frame, a attribute) (name, value string) {
	name, value = strings.ToLower(a.name), a.value
	switch {
	case name == "xmlns", strings.HasPrefix(name, "xmlns:"):
		value = r.mendNamespace(f, a.name, value)
		if value == "" || r.spaces+f.spaces >= maxNamespaces {
			return "", ""
		}
		f.spaces++
		return a.name, value
	case name == "xml:base" && r.doc.root != "feed":
		// The text of links refers to it. The parser takes it for a directory.
		return "xml:base", html.EscapeString(directory(f.base))
	case name == "href" && f.base != r.stack[0].base:
		if abs, err := weburl.Resolve(f.base, html.UnescapeString(value)); err == nil {
			value = html.EscapeString(abs)
		}
		return name, value
	case name == "ispermalink":
		return "isPermaLink", value
	}
	switch name {
	case "href", "rel", "url", "version", "xml:lang", "lang":
		return name, value
	case "type":
		if f.local == "link" {
			return name, value
		}
	}
	return "", ""
}

// mendNamespace returns the namespace to declare by an attribute, or "" for
// none. The vocabulary of RSS has no namespace, whatever the document says; a
// root element that calls itself feed belongs to Atom. Of the others those are
// declared that are read under any prefix; without a declaration the usual
// prefix itself stands for the vocabulary.
func (r *repairer) mendNamespace(f *frame, attr, value string) string {
	_, prefix, _ := strings.Cut(attr, ":")
	value = strings.TrimSpace(value)
	if prefix == "" && r.doc.root == "rss" {
		return ""
	}
	if len(r.stack) == 1 && r.doc.root == "feed" && prefix == prefixOf(f.name) && value != atom03Namespace {
		return atomNamespace
	}
	switch value {
	case atomNamespace, atom03Namespace,
		"http://www.w3.org/1999/02/22-rdf-syntax-ns#",
		"http://purl.org/rss/1.0/",
		"http://my.netscape.com/rdf/simple/0.9/",
		"http://channel.netscape.com/rdf/simple/0.9/",
		"http://purl.org/dc/elements/1.1/",
		"http://purl.org/dc/terms/",
		"http://purl.org/rss/1.0/modules/syndication/",
		"http://rssnamespace.org/feedburner/ext/1.0":
		return value
	}
	return ""
}

// directory returns a URL up to its last slash.
func directory(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	return url[:strings.LastIndexByte(url, '/')+1]
}

// prefixOf returns what stands before the colon of a name.
func prefixOf(name string) string {
	if prefix, _, ok := strings.Cut(name, ":"); ok {
		return prefix
	}
	return ""
}

// localName returns a name without its prefix, lower-case.
func localName(name string) string {
	return strings.ToLower(name[strings.LastIndexByte(name, ':')+1:])
}
