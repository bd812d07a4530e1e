package feed

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/copydesk/copydesk/pkg/textnorm"
)

// maxDiscovered bounds what Discover returns.
const maxDiscovered = 20

// candidate is a link that may lead to a feed.
type candidate struct {
	url  string
	rank int // the lower the better
}

// The ranks of candidates.
const (
	declared = iota // <link rel=alternate> with a feed's type
	hinted          // <a> that looks like a feed's address
	comments        // feed of comments
)

// Discover returns the addresses of the feeds that an HTML page names, the best
// first, at most 20: declared ones, then links whose address looks like that of
// a feed, then feeds of comments. baseURL is where the page came from.
func Discover(page []byte, baseURL string) []string {
	text, _, _ := textnorm.Decode(page[:min(len(page), maxBytes)], "")
	p := &parser{base: baseURL, feed: &Feed{}}
	var found []candidate
	var count [comments + 1]int // by rank
	tokens := html.NewTokenizer(bytes.NewReader(text))
	tokens.SetMaxBuf(1 << 20)
	hasBase := false
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return rank(found)
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := tokens.TagName()
			switch tag := string(name); {
			case !more:
			case tag == "base" && !hasBase:
				if base := p.resolve(tagAttributes(tokens)["href"]); base != "" {
					p.base, hasBase = base, true
				}
			case tag == "link" || tag == "a":
				attrs := tagAttributes(tokens)
				// More than are returned, as some are the same.
				if r, ok := rankOf(tag, attrs); ok && count[r] < 5*maxDiscovered {
					if url := p.resolve(attrs["href"]); url != "" {
						found = append(found, candidate{url, r})
						count[r]++
					}
				}
			}
		}
	}
}

// tagAttributes returns the attributes of the current tag.
func tagAttributes(tokens *html.Tokenizer) map[string]string {
	attrs := map[string]string{}
	for more := true; more && len(attrs) < 64; {
		var key, value []byte
		key, value, more = tokens.TagAttr()
		if _, dup := attrs[string(key)]; !dup {
			attrs[string(key)] = string(value)
		}
	}
	return attrs
}

// rankOf reports whether a link may lead to a feed, and how good it is.
func rankOf(tag string, attrs map[string]string) (int, bool) {
	href := strings.ToLower(attrs["href"])
	rels := strings.Fields(strings.ToLower(attrs["rel"]))
	mediaType, _, _ := strings.Cut(strings.ToLower(attrs["type"]), ";")
	isComments := strings.Contains(href, "comment") || strings.Contains(strings.ToLower(attrs["title"]), "comment")
	isFeed := false
	switch strings.TrimSpace(mediaType) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml":
		isFeed = true
	case "application/json", "application/xml", "text/xml", "":
		isFeed = feedAddress(href) || slices.Contains(rels, "feed")
	}
	isAlternate := slices.Contains(rels, "alternate") || slices.Contains(rels, "feed")
	switch {
	case !isFeed, tag == "link" && !isAlternate:
		return 0, false
	case isComments:
		return comments, true
	case tag == "link":
		return declared, true
	}
	return hinted, true
}

// feedAddress reports whether a lower-case address looks like that of a feed.
func feedAddress(href string) bool {
	if i := strings.IndexAny(href, "#"); i >= 0 {
		href = href[:i]
	}
	path, query, _ := strings.Cut(href, "?")
	if strings.Contains(query, "format=rss") || strings.Contains(query, "feed=rss") || strings.Contains(query, "feed=atom") {
		return true
	}
	path = strings.TrimSuffix(path, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	switch name {
	case "feed", "feeds", "rss", "atom", "rdf", "rss2", "feed.xml", "rss.xml", "atom.xml", "index.xml", "index.rdf", "feed.json", "rss.php", "feed.php":
		return true
	}
	return strings.HasSuffix(name, ".rss") || strings.HasSuffix(name, ".atom") || strings.HasSuffix(name, ".rdf")
}

// rank returns the addresses in order of rank, those of one rank as on the
// page, each once.
func rank(found []candidate) []string {
	slices.SortStableFunc(found, func(a, b candidate) int { return a.rank - b.rank })
	var urls []string
	for _, c := range found {
		if len(urls) < maxDiscovered && !slices.Contains(urls, c.url) {
			urls = append(urls, c.url)
		}
	}
	return urls
}
