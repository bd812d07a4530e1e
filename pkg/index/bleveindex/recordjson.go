package bleveindex

import (
	"bytes"
	"encoding/json"

	"github.com/copydesk/copydesk/pkg/article"
)

// Most of a stored article is its body, and most of the time that reading one
// takes went into finding the body's strings by a general JSON decoder. What is
// here knows how encoding/json writes them and leaves the rest to it. In JSON
// that encoding/json wrote a quote within a string is always escaped, so a key
// can be found by its bytes.

const (
	bodyKey    = `,"body":[`
	removedKey = `,"removed":[`
)

// takeBody cuts the body out of the JSON of a stored article. The texts of the
// blocks are parts of one string, the joined body. It changes record, unless ok is
// false: the body is not written as encoding/json writes it then, and rest is
// the record with it.
func takeBody(record []byte) (rest []byte, body []article.Block, joined string, ok bool) {
	at := bytes.Index(record, []byte(bodyKey))
	if at < 0 {
		return record, nil, "", false
	}
	s := jsonScanner{text: record, at: at + len(bodyKey)}
	text := make([]byte, 0, min(len(record)-s.at, maxIndexed))
	body = []article.Block{}
	var ends []int
	for s.more(len(body)) {
		if !s.skip(`{"kind":`) {
			return record, nil, "", false
		}
		kind, ok := s.word()
		if !ok || !s.skip(`,"text":`) {
			return record, nil, "", false
		}
		if len(body) > 0 {
			text = append(text, "\n\n"...)
		}
		if text, ok = s.appendString(text); !ok || !s.skip(`}`) {
			return record, nil, "", false
		}
		body, ends = append(body, article.Block{Kind: blockKind(kind)}), append(ends, len(text))
	}
	if !s.skip(`]`) {
		return record, nil, "", false
	}
	joined = string(text)
	start := 0
	for i, end := range ends {
		body[i].Text = joined[start:end]
		start = end + len("\n\n")
	}
	return append(record[:at], record[s.at:]...), body, joined, true
}

// dropRemoved cuts the removed blocks out of the JSON of a stored article; what
// it cannot read stays. It changes record.
func dropRemoved(record []byte) []byte {
	at := bytes.Index(record, []byte(removedKey))
	if at < 0 {
		return record
	}
	s := jsonScanner{text: record, at: at + len(removedKey)}
	for depth := 1; depth > 0; {
		if s.at >= len(record) {
			return record
		}
		switch record[s.at] {
		case '"':
			if _, ok := s.raw(); !ok {
				return record
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		s.at++
	}
	return append(record[:at], record[s.at:]...)
}

// blockKind returns a kind without allocating for the known ones.
func blockKind(kind []byte) article.BlockKind {
	switch string(kind) {
	case string(article.Paragraph):
		return article.Paragraph
	case string(article.Heading):
		return article.Heading
	case string(article.Quote):
		return article.Quote
	case string(article.ListItem):
		return article.ListItem
	}
	return article.BlockKind(kind)
}

// jsonScanner reads JSON without spaces.
type jsonScanner struct {
	text []byte
	at   int
}

// skip passes over what must come next.
func (s *jsonScanner) skip(next string) bool {
	if !bytes.HasPrefix(s.text[s.at:], []byte(next)) {
		return false
	}
	s.at += len(next)
	return true
}

// more reports whether an array of which n elements were read has another, and
// passes over the comma.
func (s *jsonScanner) more(n int) bool {
	if n > 0 {
		return s.skip(",")
	}
	return s.at < len(s.text) && s.text[s.at] != ']'
}

// raw returns a string with its quotes and escapes.
func (s *jsonScanner) raw() ([]byte, bool) {
	if s.at >= len(s.text) || s.text[s.at] != '"' {
		return nil, false
	}
	for i := s.at + 1; i < len(s.text); {
		q := bytes.IndexByte(s.text[i:], '"')
		if q < 0 {
			return nil, false
		}
		i += q + 1
		escapes := 0
		for s.text[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			raw := s.text[s.at:i]
			s.at = i
			return raw, true
		}
	}
	return nil, false
}

// word returns a string that has no escapes.
func (s *jsonScanner) word() ([]byte, bool) {
	raw, ok := s.raw()
	if !ok || bytes.IndexByte(raw, '\\') >= 0 {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}

// appendString appends the value of a string.
func (s *jsonScanner) appendString(to []byte) ([]byte, bool) {
	raw, ok := s.raw()
	if !ok {
		return to, false
	}
	start := len(to)
	for rest := raw[1 : len(raw)-1]; ; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			return append(to, rest...), true
		}
		to = append(to, rest[:i]...)
		switch c := rest[i+1]; c {
		case '"', '\\', '/':
			to = append(to, c)
		case 'n':
			to = append(to, '\n')
		case 't':
			to = append(to, '\t')
		default: // rare
			var value string
			if json.Unmarshal(raw, &value) != nil {
				return to, false
			}
			return append(to[:start], value...), true
		}
		rest = rest[i+2:]
	}
}
