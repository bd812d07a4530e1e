package app

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/extract"
)

// The colours of --explain on a terminal.
const (
	colourRemoved = "\x1b[31m"
	colourNote    = "\x1b[2m"
	colourEnd     = "\x1b[0m"
)

// explainer prints why a page became its article.
type explainer struct {
	bytes.Buffer
	colour bool
}

func (e *explainer) paint(code, s string) string {
	if !e.colour || s == "" {
		return s
	}
	return code + s + colourEnd
}

// fact prints a line of metadata, if there is any.
func (e *explainer) fact(name, value string) {
	if value != "" {
		fmt.Fprintln(e, e.paint(colourNote, fmt.Sprintf("%-14s", name+":")), oneLine(value))
	}
}

// explain prints what was found, then every block of the page in order: what
// stayed as it is, with a mark for headings, quotations and list items; what
// went with a minus, its kind and the rule.
func explain(out io.Writer, res *extract.Result, colour bool) error {
	e := &explainer{colour: colour}
	e.facts(&res.Article)
	kept := 0
	for i := range res.Trace {
		if res.Trace[i].Kept {
			kept++
		}
	}
	fmt.Fprintf(e, "\n%s\n\n", e.paint(colourNote, fmt.Sprintf("%d words; %d blocks kept, %d removed (-)", res.Article.Words, kept, len(res.Trace)-kept)))
	for i := range res.Trace {
		e.block(&res.Trace[i])
	}
	_, err := e.WriteTo(out)
	return err
}

func (e *explainer) facts(a *article.Article) {
	names := make([]string, len(a.Authors))
	for i, author := range a.Authors {
		names[i] = author.Name
	}
	e.fact("title", a.Title)
	e.fact("authors", strings.Join(names, ", "))
	e.fact("published", explainDate(a.Published))
	e.fact("modified", explainDate(a.Modified))
	if a.Dateline != nil {
		e.fact("dateline", a.Dateline.Raw)
	}
	e.fact("attributions", strings.Join(a.Attributions, ", "))
	e.fact("standfirst", a.Standfirst)
	e.fact("key points", strings.Join(a.KeyPoints, " / "))
	e.fact("section", a.Section)
	e.fact("breadcrumb", strings.Join(a.Breadcrumb, " / "))
	for _, i := range a.Images {
		e.fact("photo credit", i.Credit)
	}
	e.fact("page", fmt.Sprintf("language %s, kind %s, access %s", a.Language, a.Kind, a.Access))
	for _, w := range a.Warnings {
		e.fact("warning", w)
	}
}

func explainDate(d *article.Date) string {
	if d == nil {
		return ""
	}
	layout := time.RFC3339
	if d.Precision == article.Day {
		layout = time.DateOnly
	}
	return d.Time.Format(layout) + " (from " + string(d.From) + ")"
}

func (e *explainer) block(t *extract.TraceBlock) {
	text := strings.Join(strings.Fields(t.Text), " ")
	if !t.Kept {
		fmt.Fprintf(e, "%s %s\n", e.paint(colourRemoved, "- "+text), e.paint(colourNote, "["+t.Kind+": "+t.Rule+"]"))
		return
	}
	mark := " "
	switch article.BlockKind(t.Kind) {
	case article.Heading:
		mark = "#"
	case article.Quote:
		mark = ">"
	case article.ListItem:
		mark = "*"
	}
	fmt.Fprintf(e, "%s %s\n", mark, text)
}
