package article

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Agent is the product token that publishers address this program by: in
// robots.txt, in X-Robots-Tag headers and in meta elements.
const Agent = "copydesk"

// Rights is what a publisher reserves about a page. It is a record of what was
// said; what follows from it is decided by whoever reads it.
type Rights struct {
	NoArchive   bool `json:"noarchive,omitempty"`    // keep no copy of the page
	NoIndex     bool `json:"noindex,omitempty"`      // show it in no search, or no longer
	NoSnippet   bool `json:"nosnippet,omitempty"`    // show none of its text in a list of results
	NoAI        bool `json:"noai,omitempty"`         // train no model with it
	NoImageAI   bool `json:"noimageai,omitempty"`    // train no model with its pictures
	TDMReserved bool `json:"tdm_reserved,omitempty"` // text and data mining is reserved (TDMRep)
	// Sources are the places where it was said, as in "X-Robots-Tag: noarchive"
	// or "robots.txt: GPTBot", at most 16.
	Sources []string `json:"sources,omitempty"`
}

const (
	maxRightsSources = 16
	maxRightsSource  = 100       // bytes of one
	maxRightsTag     = 4 << 10   // bytes read of one header or attribute
	maxRightsHead    = 256 << 10 // bytes of a page that are searched for meta elements
)

// IsZero reports whether nothing is reserved.
func (r Rights) IsZero() bool { return len(r.Sources) == 0 && !r.any() }

func (r Rights) any() bool {
	return r.NoArchive || r.NoIndex || r.NoSnippet || r.NoAI || r.NoImageAI || r.TDMReserved
}

// Add joins what another place says to r.
func (r *Rights) Add(o Rights) {
	r.NoArchive = r.NoArchive || o.NoArchive
	r.NoIndex = r.NoIndex || o.NoIndex
	r.NoSnippet = r.NoSnippet || o.NoSnippet
	r.NoAI = r.NoAI || o.NoAI
	r.NoImageAI = r.NoImageAI || o.NoImageAI
	r.TDMReserved = r.TDMReserved || o.TDMReserved
	for _, s := range o.Sources {
		r.from(s)
	}
}

// from notes where something was said.
func (r *Rights) from(source string) {
	if len(source) > maxRightsSource {
		source = source[:maxRightsSource]
	}
	source = strings.ToValidUTF8(source, "")
	if len(r.Sources) < maxRightsSources && !slices.Contains(r.Sources, source) {
		r.Sources = append(r.Sources, source)
	}
}

// RightsOfHeader reads the X-Robots-Tag and tdm-reservation headers of an answer
// that came at now, for this program.
func RightsOfHeader(header map[string][]string, now time.Time) Rights {
	var r Rights
	for i, value := range header["X-Robots-Tag"] {
		if i == maxRightsSources {
			break
		}
		r.robotsTag(value, "X-Robots-Tag", now)
	}
	for _, value := range header["Tdm-Reservation"] {
		r.tdm(value, "tdm-reservation header")
	}
	return r
}

// RightsOfPage reads the meta elements of a page's head that speak to robots in
// general or to this program.
func RightsOfPage(page []byte, now time.Time) Rights {
	var r Rights
	headMeta(page, func(name, content string) {
		switch {
		case strings.EqualFold(name, "robots"), strings.EqualFold(name, Agent):
			r.robotsTag(content, "meta "+strings.ToLower(name), now)
		case strings.EqualFold(name, "tdm-reservation"):
			r.tdm(content, "meta tdm-reservation")
		}
	})
	return r
}

// tdm reads a reservation: 1 reserves, 0 does not.
func (r *Rights) tdm(value, source string) {
	if strings.TrimSpace(value) == "1" {
		r.TDMReserved = true
		r.from(source)
	}
}

// robotsTag reads a list of directives, in which "agent:" makes those after it
// speak to that agent alone.
func (r *Rights) robotsTag(value, source string, now time.Time) {
	if len(value) > maxRightsTag {
		value = value[:maxRightsTag]
	}
	forUs := true
	parts := strings.Split(value, ",")
	for i := 0; i < len(parts); i++ {
		part := strings.TrimSpace(parts[i])
		name, rest, valued := strings.Cut(part, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if valued && !takesValue(name) {
			forUs = strings.EqualFold(name, Agent) || name == "*"
			part = strings.TrimSpace(rest)
			name, rest, _ = strings.Cut(part, ":")
			name = strings.ToLower(strings.TrimSpace(name))
		}
		if name == "unavailable_after" && i+1 < len(parts) && len(strings.TrimSpace(rest)) <= len("Wednesday") {
			i++ // the comma was that of "Sun, 25 Jun 2017"
			rest += "," + parts[i]
		}
		if forUs && r.directive(name, strings.TrimSpace(rest), now) {
			r.from(source + ": " + name)
		}
	}
}

// takesValue reports whether a directive is followed by a colon and a value.
func takesValue(name string) bool {
	switch name {
	case "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview":
		return true
	}
	return false
}

// directive applies one directive and reports whether it reserves anything.
func (r *Rights) directive(name, value string, now time.Time) bool {
	switch name {
	case "noindex", "none":
		r.NoIndex = true
	case "noarchive", "nocache":
		r.NoArchive = true
	case "nosnippet":
		r.NoSnippet = true
	case "max-snippet":
		if value != "0" {
			return false
		}
		r.NoSnippet = true
	case "noai":
		r.NoAI = true
	case "noimageai":
		r.NoImageAI = true
	case "unavailable_after":
		if at := untilDate(value); at.IsZero() || now.Before(at) {
			return false
		}
		r.NoIndex = true
	default:
		return false
	}
	return true
}

// untilDate reads the date of unavailable_after: RFC 822, RFC 850 or ISO 8601.
// A date that cannot be read is the zero time.
func untilDate(s string) time.Time {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", time.RFC1123, time.RFC1123Z, time.RFC850, time.RFC822, time.RFC822Z,
		"02 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 MST", "02-Jan-2006 15:04:05 MST", "2-Jan-06 15:04:05 MST",
	} {
		if at, err := time.Parse(layout, s); err == nil {
			return at
		}
	}
	return time.Time{}
}

// headMeta calls found with name and content of every meta element of a head.
// It reads bytes instead of a tree, because the fetcher asks before anything is
// parsed; comments, scripts, styles and the title are passed over.
func headMeta(page []byte, found func(name, content string)) {
	page = page[:min(len(page), maxRightsHead)]
	for {
		i := bytes.IndexByte(page, '<')
		if i < 0 {
			return
		}
		page = page[i:]
		switch {
		case bytes.HasPrefix(page, []byte("<!--")):
			page = after(page[4:], "-->")
		case isTag(page, "<script"):
			page = after(page, "</script")
		case isTag(page, "<style"):
			page = after(page, "</style")
		case isTag(page, "<title"):
			page = after(page, "</title")
		case isTag(page, "<body"), isTag(page, "</head"):
			return
		case isTag(page, "<meta"):
			page = metaElement(page[len("<meta"):], found)
		default:
			page = page[1:]
		}
	}
}

// isTag reports whether page begins with a tag, in any case.
func isTag(page []byte, tag string) bool {
	if len(page) < len(tag) || !bytes.EqualFold(page[:len(tag)], []byte(tag)) {
		return false
	}
	return len(page) == len(tag) || strings.IndexByte(" \t\r\n\f/>", page[len(tag)]) >= 0
}

// after returns what follows the next mark, written in lower case there.
func after(page []byte, mark string) []byte {
	for {
		i := bytes.IndexByte(page, mark[0])
		if i < 0 || len(page)-i < len(mark) {
			return nil
		}
		page = page[i:]
		if bytes.EqualFold(page[:len(mark)], []byte(mark)) {
			return page[len(mark):]
		}
		page = page[1:]
	}
}

// metaElement reads the attributes of a meta element and returns what follows.
func metaElement(page []byte, found func(name, content string)) []byte {
	var name, content string
	for {
		page = bytes.TrimLeft(page, " \t\r\n\f/")
		if len(page) == 0 || page[0] == '>' {
			break
		}
		var key, value []byte
		if key, value, page = attribute(page); len(value) > maxRightsTag {
			value = value[:maxRightsTag]
		}
		switch {
		case bytes.EqualFold(key, []byte("name")) && name == "":
			name = strings.TrimSpace(string(value))
		case bytes.EqualFold(key, []byte("content")) && content == "":
			content = string(value)
		}
	}
	if name != "" && content != "" {
		found(name, content)
	}
	return page
}

// attribute reads one attribute; page is not empty and begins with its name.
func attribute(page []byte) (key, value, rest []byte) {
	end := bytes.IndexAny(page[1:], " \t\r\n\f=>/") + 1
	if end == 0 {
		return page, nil, nil
	}
	key, rest = page[:end], bytes.TrimLeft(page[end:], " \t\r\n\f")
	if len(rest) == 0 || rest[0] != '=' {
		return key, nil, rest
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n\f")
	if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
		value, rest, _ = bytes.Cut(rest[1:], rest[:1])
		return key, value, rest
	}
	end = bytes.IndexAny(rest, " \t\r\n\f>")
	if end < 0 {
		return key, rest, nil
	}
	return key, rest[:end], rest[end:]
}
