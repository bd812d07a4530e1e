package newsroom

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed articles/*.txt
var articleFiles embed.FS

// story is an article as it was written, with the copies that other outlets
// print and the edits that its own outlet makes.
type story struct {
	key        string
	outlet     string
	offset     time.Duration // from the opening
	withdrawn  time.Duration // from the opening; 0 is never
	section    string
	title      string
	standfirst string
	authors    []string
	byline     string // as printed, where it is more than the names
	bio        string
	place      string
	tags       []string
	caption    string
	credit     string
	quote      string // pull quote
	comments   []string
	teaser     bool // only the first paragraphs are free
	private    bool
	agency     bool // a wire agency's report, which others print with a dateline
	blocks     []block
	copies     []*copySpec
	edits      []*edit
	lazy       func() []block // makes the blocks of a generated story
}

// copySpec is how another outlet prints a story. Empty fields are as in the
// original.
type copySpec struct {
	outlet     string
	delay      time.Duration // after the original
	section    string
	title      string
	standfirst string
	authors    []string
	bio        string
	cut        int  // blocks dropped at the end
	american   bool // spelling
	canonical  bool // rel=canonical names the original
	extra      []block
}

// edit is a change of a published story.
type edit struct {
	offset  time.Duration // from the opening
	title   string
	replace map[int]string // by number of the block, from 1
	extra   []block
}

// loadStories reads every article, in order of file name.
func loadStories() ([]*story, error) {
	names, err := fs.Glob(articleFiles, "articles/*.txt")
	if err != nil {
		return nil, err
	}
	var list []*story
	var errs []error
	for _, name := range names {
		data, err := articleFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := parseStory(strings.TrimSuffix(path.Base(name), ".txt"), string(data))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		list = append(list, s)
	}
	return list, errors.Join(errs...)
}

// parseStory reads an article. The format is headers ("name: value", one a
// line), an empty line, and the body in blocks separated by empty lines: a line
// that starts with "# " is a subheading, "> " a quotation, "- " a list item
// (each its own block), anything else a paragraph. A line "=== copy OUTLET" or
// "=== edit" begins the headers of a copy or an edit; their bodies are blocks
// added at the end. Times are durations from the opening ("-26h", "+9m");
// a copy's from its original. In texts, {day} is the weekday of the original's
// publication, {day-2} and {day+1} are days before and after.
func parseStory(key, text string) (*story, error) {
	s := &story{key: key}
	parts := strings.Split("\n"+strings.ReplaceAll(text, "\r", ""), "\n=== ")
	head, body := cutBody(strings.TrimSpace(parts[0]))
	if err := readHeaders(head, s.set); err != nil {
		return nil, err
	}
	s.blocks = parseBlocks(body)
	if s.outlet == "" || s.title == "" || s.section == "" || len(s.blocks) == 0 {
		return nil, errors.New("outlet, section, title or body is missing")
	}
	for _, part := range parts[1:] {
		what, rest, _ := strings.Cut(part, "\n")
		head, body := cutBody(rest)
		kind, name, _ := strings.Cut(strings.TrimSpace(what), " ")
		switch kind {
		case "copy":
			c := &copySpec{outlet: name, extra: parseBlocks(body)}
			if err := readHeaders(head, c.set); err != nil {
				return nil, fmt.Errorf("copy %s: %w", name, err)
			}
			s.copies = append(s.copies, c)
		case "edit":
			e := &edit{replace: map[int]string{}, extra: parseBlocks(body)}
			if err := readHeaders(head, e.set); err != nil {
				return nil, fmt.Errorf("edit: %w", err)
			}
			s.edits = append(s.edits, e)
		default:
			return nil, fmt.Errorf("unknown part %q", what)
		}
	}
	return s, nil
}

func cutBody(text string) (head, body string) {
	head, body, _ = strings.Cut(text, "\n\n")
	return head, body
}

func readHeaders(head string, set func(name, value string) error) error {
	sc := bufio.NewScanner(strings.NewReader(head))
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("header %q: no colon", line)
		}
		if err := set(name, strings.TrimSpace(value)); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	return sc.Err()
}

var errHeader = errors.New("unknown")

func (s *story) set(name, value string) (err error) {
	switch name {
	case "outlet":
		s.outlet = value
	case "time":
		s.offset, err = time.ParseDuration(value)
	case "withdrawn":
		s.withdrawn, err = time.ParseDuration(value)
	case "section":
		s.section = value
	case "title":
		s.title = value
	case "standfirst":
		s.standfirst = value
	case "authors":
		s.authors = splitList(value, ";")
	case "byline":
		s.byline = value
	case "bio":
		s.bio = value
	case "place":
		s.place = value
	case "tags":
		s.tags = splitList(value, ",")
	case "image":
		s.caption, s.credit, _ = strings.Cut(value, " | ")
	case "quote":
		s.quote = value
	case "comment":
		s.comments = append(s.comments, value)
	case "access":
		s.teaser = value == "teaser"
	case "private":
		s.private = value == "yes"
	case "agency":
		s.agency = value == "yes"
	default:
		return errHeader
	}
	return err
}

func (c *copySpec) set(name, value string) (err error) {
	switch name {
	case "time":
		c.delay, err = time.ParseDuration(value)
	case "section":
		c.section = value
	case "title":
		c.title = value
	case "standfirst":
		c.standfirst = value
	case "authors":
		c.authors = splitList(value, ";")
	case "bio":
		c.bio = value
	case "cut":
		c.cut, err = strconv.Atoi(value)
	case "spelling":
		c.american = value == "american"
	case "canonical":
		c.canonical = value == "original"
	default:
		return errHeader
	}
	return err
}

func (e *edit) set(name, value string) (err error) {
	number, isReplace := strings.CutPrefix(name, "replace ")
	switch {
	case name == "time":
		e.offset, err = time.ParseDuration(value)
	case name == "title":
		e.title = value
	case isReplace:
		var k int
		k, err = strconv.Atoi(number)
		e.replace[k] = value
	default:
		return errHeader
	}
	return err
}

func splitList(s, sep string) []string {
	var list []string
	for part := range strings.SplitSeq(s, sep) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// parseBlocks reads a body.
func parseBlocks(body string) []block {
	var list []block
	for part := range strings.SplitSeq(body, "\n\n") {
		var para []string
		for line := range strings.SplitSeq(part, "\n") {
			line = strings.TrimSpace(line)
			if text, ok := strings.CutPrefix(line, "- "); ok {
				list = append(list, block{Kind: listItem, Text: text})
				continue
			}
			if line != "" {
				para = append(para, line)
			}
		}
		if len(para) == 0 {
			continue
		}
		text := strings.Join(para, " ")
		b := block{Kind: paragraph, Text: text}
		if t, ok := strings.CutPrefix(text, "# "); ok {
			b = block{Kind: heading, Text: t}
		} else if t, ok := strings.CutPrefix(text, "> "); ok {
			b = block{Kind: quotation, Text: t}
		}
		list = append(list, b)
	}
	return list
}
