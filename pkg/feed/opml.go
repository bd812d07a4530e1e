package feed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// maxFolders bounds how deep the folders of an OPML list nest.
const maxFolders = 64

// outline is one <outline> of an OPML list.
type outline struct {
	title, url, category, interval string
}

// readOPML reads an OPML list. Folders become tags.
func (l *list) readOPML(text []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false
	dec.Entity = xml.HTMLEntity
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	var folders []string
	root := ""
	for {
		token, err := dec.Token()
		line, _ := dec.InputPos()
		if errors.Is(err, io.EOF) {
			if root == "" {
				return l.errAt(line, "no OPML element: expected <opml>")
			}
			return nil
		}
		if err != nil {
			return l.errAt(line, "malformed OPML (%s): export the list again, or mend this line", syntax(err))
		}
		switch t := token.(type) {
		case xml.StartElement:
			name := localName(t.Name.Local)
			if root == "" {
				if root = name; root != "opml" {
					return l.errAt(line, "%s", notOPML(root))
				}
			}
			if name != "outline" {
				continue
			}
			o := readOutline(t.Attr)
			if o.url != "" {
				if err := l.addOutline(line, o, folders); err != nil {
					return err
				}
				o.title = "" // a feed is no folder
			}
			if folders = append(folders, o.title); len(folders) > maxFolders {
				return l.errAt(line, "folders nest deeper than %d", maxFolders)
			}
		case xml.EndElement:
			if localName(t.Name.Local) == "outline" && len(folders) > 0 {
				folders = folders[:len(folders)-1]
			}
		}
	}
}

// notOPML says what to do about a list with another root element.
func notOPML(root string) string {
	if formatOf(root) != nil {
		return fmt.Sprintf("<%s> is a feed itself: list its URL instead", root)
	}
	return fmt.Sprintf("<%s> is no OPML: expected <opml>, or a text or YAML list", clip(root, 40))
}

// syntax returns the message of an XML error without its position.
func syntax(err error) string {
	var se *xml.SyntaxError
	switch {
	case errors.As(err, &se) && se.Msg == "unexpected EOF":
		return "it ends too early"
	case se != nil:
		return oneLine(se.Msg)
	}
	return oneLine(err.Error())
}

// readOutline reads the attributes of an outline, whatever their case.
func readOutline(attrs []xml.Attr) outline {
	var o outline
	text := ""
	for _, a := range attrs {
		switch strings.ToLower(a.Name.Local) {
		case "title":
			o.title = a.Value
		case "text":
			text = a.Value
		case "xmlurl":
			o.url = strings.TrimSpace(a.Value)
		case "category":
			o.category = a.Value
		case "interval":
			o.interval = strings.TrimSpace(a.Value)
		}
	}
	o.title = firstOf(o.title, text)
	return o
}

// addOutline adds the feed of an outline.
func (l *list) addOutline(line int, o outline, folders []string) error {
	if o.title == o.url { // stands in for a title that there is none of
		o.title = ""
	}
	s := Source{URL: o.url, Title: o.title, Tags: append([]string{o.category}, folders...)}
	if o.interval != "" {
		var err error
		if s.Interval, err = time.ParseDuration(o.interval); err != nil {
			return l.errAt(line, "interval %q: expected a duration such as 15m", clip(o.interval, 40))
		}
	}
	return l.add(line, s)
}

// WriteOPML writes sources as an OPML list that [ReadList] reads back as they
// are. Other programs read URL, title and tags of it.
func WriteOPML(w io.Writer, title string, sources []Source) error {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<opml version=\"2.0\">\n<head><title>")
	b.WriteString(escape(title))
	b.WriteString("</title></head>\n<body>\n")
	for _, s := range sources {
		b.WriteString("<outline type=\"rss\"")
		writeAttr(&b, "text", firstOf(s.Title, s.URL))
		if s.Title != "" {
			writeAttr(&b, "title", s.Title)
		}
		writeAttr(&b, "xmlUrl", s.URL)
		if len(s.Tags) > 0 {
			writeAttr(&b, "category", strings.Join(s.Tags, ","))
		}
		if s.Interval > 0 {
			writeAttr(&b, "interval", s.Interval.String())
		}
		b.WriteString("/>\n")
	}
	b.WriteString("</body>\n</opml>\n")
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write OPML list: %w", err)
	}
	return nil
}

func writeAttr(b *bytes.Buffer, name, value string) {
	b.WriteString(" " + name + "=\"" + escape(value) + "\"")
}

// escape returns s as it stands in an XML text or attribute.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // only a writer can fail, and this one does not
	return b.String()
}
