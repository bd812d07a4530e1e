package websub

import (
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	maxHubs   = 8        // hubs kept of a feed
	maxHeader = 32 << 10 // bytes read of Link headers
	maxParams = 32       // parameters read of one link
)

// Links are what a feed says of where it is pushed from.
type Links struct {
	Hubs []string // the publisher's first choice in front
	Self string   // the feed's own address, which hubs know it by: the topic
}

// Or returns the links with what they lack taken from another place: those of
// the HTTP header win over those of the document.
func (l Links) Or(document Links) Links {
	if len(l.Hubs) == 0 {
		l.Hubs = document.Hubs
	}
	if l.Self == "" {
		l.Self = document.Self
	}
	return l
}

// HeaderLinks reads hubs and topic from Link headers (RFC 8288) of an answer
// that came from the address base. What cannot be read is left out.
func HeaderLinks(values []string, base string) Links {
	var l Links
	for _, value := range values {
		s := scanner{value[:min(len(value), maxHeader)]}
		for s.next('<') {
			target, ok := s.until('>')
			if !ok {
				break
			}
			l.add(base, target, s.params())
		}
	}
	return l
}

// add keeps a link if it is a hub's or the feed's own.
func (l *Links) add(base, target string, params map[string]string) {
	if _, other := params["anchor"]; other {
		return // a link of another resource
	}
	for _, rel := range strings.Fields(strings.ToLower(params["rel"])) {
		if rel != "hub" && rel != "self" {
			continue
		}
		url, err := weburl.Resolve(base, target)
		switch {
		case err != nil:
		case rel == "self" && l.Self == "":
			l.Self = url
		case rel == "hub" && len(l.Hubs) < maxHubs && !slices.Contains(l.Hubs, url):
			l.Hubs = append(l.Hubs, url)
		}
	}
}

// scanner reads a Link header from front to back.
type scanner struct{ rest string }

// next skips spaces and commas and then the given byte; it reports false where
// something else stands, having skipped to the next comma, and there is no more.
func (s *scanner) next(want byte) bool {
	for s.rest != "" {
		s.rest = strings.TrimLeft(s.rest, " \t,")
		if s.rest != "" && s.rest[0] == want {
			s.rest = s.rest[1:]
			return true
		}
		_, s.rest, _ = strings.Cut(s.rest, ",")
	}
	return false
}

// until returns what stands before a byte, and skips both.
func (s *scanner) until(end byte) (string, bool) {
	before, after, ok := strings.Cut(s.rest, string(end))
	s.rest = after
	return before, ok
}

// params reads "; name=value" as often as it stands there. Of a name that comes
// twice the first counts.
func (s *scanner) params() map[string]string {
	params := map[string]string{}
	for range maxParams {
		s.rest = strings.TrimLeft(s.rest, " \t")
		if s.rest == "" || s.rest[0] != ';' {
			break
		}
		s.rest = strings.TrimLeft(s.rest[1:], " \t")
		end := strings.IndexAny(s.rest, "=;,")
		if end < 0 {
			end = len(s.rest)
		}
		name, value := strings.ToLower(strings.TrimSpace(s.rest[:end])), ""
		s.rest = s.rest[end:]
		if s.rest != "" && s.rest[0] == '=' {
			s.rest = strings.TrimLeft(s.rest[1:], " \t")
			value = s.value()
		}
		if _, twice := params[name]; !twice && name != "" {
			params[name] = value
		}
	}
	return params
}

// value reads a token or a quoted string.
func (s *scanner) value() string {
	if s.rest == "" || s.rest[0] != '"' {
		end := strings.IndexAny(s.rest, ";, \t")
		if end < 0 {
			end = len(s.rest)
		}
		v := s.rest[:end]
		s.rest = s.rest[end:]
		return v
	}
	var v strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; c {
		case '"':
			s.rest = s.rest[i+1:]
			return v.String()
		case '\\':
			if i++; i < len(s.rest) {
				v.WriteByte(s.rest[i])
			}
		default:
			v.WriteByte(c)
		}
	}
	s.rest = "" // not closed: no link can follow
	return v.String()
}
