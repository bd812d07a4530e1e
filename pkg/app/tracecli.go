package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/search"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// TraceCommand says where a page is.
type TraceCommand struct {
	BrokerFlags
	ServerFlags
	JSON bool   `name:"json" help:"Print the trace as JSON."`
	URL  string `arg:"" name:"url" help:"Address of the page, as a feed or a browser gives it."`
}

// traceTime bounds one trace.
const traceTime = 10 * time.Second

// Run prints the trace. Search is asked first, because it knows both the index
// and the broker; where it does not answer, the broker alone is asked.
func (c *TraceCommand) Run(ctx context.Context, env Env) error {
	if _, err := weburl.PageURL(c.URL); err != nil {
		return usagef("%w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, traceTime)
	defer cancel()
	t, err := c.fromServer(ctx)
	if err != nil {
		var brokerErr error
		if t, brokerErr = c.fromBroker(ctx, env); brokerErr != nil {
			return errors.Join(err, brokerErr)
		}
		t.Notes = append(t.Notes, err.Error())
	}
	if c.JSON {
		enc := json.NewEncoder(env.Stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(t)
	}
	return printTrace(env, t)
}

func (c *TraceCommand) fromServer(ctx context.Context) (*search.Trace, error) {
	resp, err := c.get(ctx, "/api/v1/trace", url.Values{"url": {c.URL}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	t := &search.Trace{}
	if err := json.NewDecoder(resp.Body).Decode(t); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", c.Server, err)
	}
	return t, nil
}

func (c *TraceCommand) fromBroker(ctx context.Context, env Env) (t *search.Trace, err error) {
	err = withBroker(ctx, c.BrokerFlags, env, func(b *bus.Bus) (err error) {
		t, err = tracer{bus: b}.TraceURL(ctx, c.URL)
		return err
	})
	return t, err
}

// printTrace writes a trace for people: the state and why, then the timeline.
func printTrace(env Env, t *search.Trace) error {
	fmt.Fprintf(env.Stdout, "%s\n%s: %s\n", printable(t.URL), t.State, printable(t.Reason))
	if len(t.Steps) > 0 {
		fmt.Fprintln(env.Stdout)
	}
	w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
	for _, s := range t.Steps {
		at := "-"
		if s.At != nil {
			at = stamp(*s.At)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", at, s.What, printable(s.Text))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, a := range t.Articles {
		fmt.Fprintf(env.Stdout, "\n%s\n  %s\n", printable(a.Title), printable(a.URL))
	}
	for _, note := range t.Notes {
		fmt.Fprintf(env.Stdout, "\nnote: %s\n", printable(note))
	}
	return nil
}
