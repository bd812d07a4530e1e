package feed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/textnorm"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// The limits of a list that the operator gives.
const (
	maxSources  = 1_000_000
	maxLine     = 8 << 10
	maxListSize = maxBytes
)

// Source is a feed of a list.
type Source struct {
	URL      string
	Title    string
	Interval time.Duration // between polls; 0 leaves it to the program
	Tags     []string      // for people; without commas
}

// ReadList reads a list of feeds: text with one URL a line and # comments, OPML,
// or YAML with a list under "feeds". Which one it is shows in the content. Of
// feeds listed twice the first stays. name is what errors call the list; they
// are one line that names the place and what is expected there.
func ReadList(name string, r io.Reader) ([]Source, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxListSize+1))
	if err != nil {
		return nil, fmt.Errorf("read list %s: %w", name, err)
	}
	if len(data) > maxListSize {
		return nil, fmt.Errorf("%s: larger than 10 MB: split it into several lists", name)
	}
	l := newList(name)
	text, _, _ := textnorm.Decode(data, "")
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")):
		err = l.readOPML(text)
	case looksYAML(text):
		err = l.readYAML(text)
	default:
		err = readLines(name, bytes.NewReader(text), l.addLine)
	}
	if err != nil {
		return nil, err
	}
	return l.sources, nil
}

// ReadURLs reads a list of pages: one URL a line, # comments. Of URLs listed
// twice the first stays. Errors are as those of [ReadList]; the list may be of
// any size up to a million URLs.
func ReadURLs(name string, r io.Reader) ([]string, error) {
	l := newList(name)
	if err := readLines(name, r, l.addLine); err != nil {
		return nil, err
	}
	urls := make([]string, len(l.sources))
	for i, s := range l.sources {
		urls[i] = s.URL
	}
	return urls, nil
}

// list collects the sources of one list.
type list struct {
	name    string
	limit   int // of sources
	sources []Source
	seen    map[string]struct{}
}

func newList(name string) *list {
	return &list{name: name, limit: maxSources, seen: map[string]struct{}{}}
}

// errAt is an error at a line of the list.
func (l *list) errAt(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", l.name, line, fmt.Sprintf(format, args...))
}

// addLine adds the URL of a line of text.
func (l *list) addLine(line int, url string) error { return l.add(line, Source{URL: url}) }

// add checks a source and keeps it, unless it is listed already.
func (l *list) add(line int, s Source) error {
	raw := strings.TrimSpace(s.URL)
	if rest, ok := strings.CutPrefix(raw, "feed:"); ok { // feed:https://... and feed://...
		raw = rest
		if strings.HasPrefix(rest, "//") {
			raw = "http:" + rest
		}
	}
	u, err := weburl.Parse(raw)
	switch {
	case strings.ContainsAny(raw, " \t"):
		return l.errAt(line, "%q: expected one URL a line and nothing else", clip(raw, 100))
	case err != nil:
		return l.errAt(line, "%q is no web address: expected http:// or https://", clip(raw, 100))
	case s.Interval < 0:
		return l.errAt(line, "interval %s is negative", s.Interval)
	case len(l.sources) >= l.limit:
		return l.errAt(line, "more than %d addresses: split the list", l.limit)
	}
	s.URL = u.String()
	if _, dup := l.seen[s.URL]; dup {
		return nil
	}
	l.seen[s.URL] = struct{}{}
	s.Title = clip(label(s.Title), maxText)
	s.Tags = tags(s.Tags...)
	l.sources = append(l.sources, s)
	return nil
}

// label returns a title or tag as one line that any list can hold.
func label(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !validXML(r) {
			return -1
		}
		return r
	}, textnorm.String(s)))
}

// tags splits tags at commas and drops blank and repeated ones.
func tags(values ...string) []string {
	var out []string
	for _, value := range values {
		for tag := range strings.SplitSeq(value, ",") {
			tag = strings.Trim(label(tag), "/ ")
			if tag != "" && !slices.Contains(out, tag) {
				out = append(out, tag)
			}
		}
	}
	return out
}

// readLines calls add for every line that is neither blank nor a comment.
func readLines(name string, r io.Reader, add func(line int, text string) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	line := 0
	for scanner.Scan() {
		line++
		text := strings.TrimSpace(strings.TrimPrefix(scanner.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if err := add(line, text); err != nil {
			return err
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: longer than 8 KB: expected one URL a line", name, line+1)
	case err != nil:
		return fmt.Errorf("read list %s: %w", name, err)
	}
	return nil
}
