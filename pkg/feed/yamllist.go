package feed

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// yamlKey matches a line that a YAML list starts with and a text list cannot
// have: a key, a list item, a document mark.
var yamlKey = regexp.MustCompile(`^(---|%YAML|- |[A-Za-z_][A-Za-z0-9_-]*:(\s|$)|[{\[])`)

// looksYAML reports whether the first line that says something is one of YAML.
func looksYAML(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return yamlKey.Match(line)
		}
	}
	return false
}

// yamlList is a YAML list of feeds.
type yamlList struct {
	Feeds []yamlSource `yaml:"feeds"`
}

// yamlSource is a feed of it: its URL, or a mapping.
type yamlSource struct {
	line   int
	fields yamlFields
}

type yamlFields struct {
	URL      string   `yaml:"url"`
	Title    string   `yaml:"title"`
	Interval string   `yaml:"interval"`
	Tags     []string `yaml:"tags"`
}

// UnmarshalYAML reads a feed of a YAML list.
func (s *yamlSource) UnmarshalYAML(node *yaml.Node) error {
	s.line = node.Line
	if node.Kind == yaml.ScalarNode {
		return node.Load(&s.fields.URL)
	}
	return node.Load(&s.fields, yaml.WithKnownFields())
}

// readYAML reads a YAML list.
func (l *list) readYAML(text []byte) error {
	var doc yamlList
	if err := yaml.Load(text, &doc, yaml.WithKnownFields()); err != nil {
		return l.yamlError(err)
	}
	if doc.Feeds == nil {
		return l.errAt(1, "no feeds: expected a list under the key \"feeds\"")
	}
	for _, f := range doc.Feeds {
		s := Source{URL: f.fields.URL, Title: f.fields.Title, Tags: f.fields.Tags}
		if f.fields.URL == "" {
			return l.errAt(f.line, "a feed without url")
		}
		if f.fields.Interval != "" {
			var err error
			if s.Interval, err = time.ParseDuration(f.fields.Interval); err != nil {
				return l.errAt(f.line, "interval %q: expected a duration such as 15m", clip(f.fields.Interval, 40))
			}
		}
		if err := l.add(f.line, s); err != nil {
			return err
		}
	}
	return nil
}

// yamlError turns an error of the YAML library into one line with the place.
func (l *list) yamlError(err error) error {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		return fmt.Errorf("%s: malformed YAML: %s", l.name, oneLine(err.Error()))
	}
	line := le.Mark.Line
	if field, ok := strings.CutPrefix(le.Message, "field "); ok {
		if field, _, ok := strings.Cut(field, " not found in type"); ok {
			return l.errAt(line, "unknown key %q: expected feeds, and url, title, interval, tags in a feed", clip(field, 40))
		}
	}
	if strings.HasPrefix(le.Message, "cannot construct") {
		return l.errAt(line, "a value of the wrong kind: expected under feeds a list of addresses, or of url, title, interval, tags")
	}
	return l.errAt(line, "malformed YAML: %s", oneLine(le.Message))
}
