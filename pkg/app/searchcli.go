package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ServerFlags say where search is served.
type ServerFlags struct {
	Server string `name:"server" default:"http://localhost:8080" placeholder:"URL" help:"Where the index worker or copydesk run serves search. Default: ${default}."`
}

// get asks the search API; the caller closes the body.
func (f ServerFlags) get(ctx context.Context, path string, q url.Values) (*http.Response, error) {
	target := strings.TrimSuffix(f.Server, "/") + path + "?" + q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, usagef("--server %s: %w", f.Server, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("search server %s does not answer (is copydesk run or the index worker up? --server says where): %w", f.Server, errors.Unwrap(err))
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var problem struct{ Title, Detail string }
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if json.Unmarshal(data, &problem) != nil || problem.Title == "" {
		problem.Title = resp.Status
	}
	if problem.Detail == "" {
		return nil, fmt.Errorf("search server %s: %s", f.Server, problem.Title)
	}
	return nil, fmt.Errorf("search server %s: %s: %s", f.Server, problem.Title, problem.Detail)
}

// SearchCommand searches from the terminal.
type SearchCommand struct {
	ServerFlags
	Lang  []string `name:"lang" placeholder:"LANG" help:"Only articles in these languages."`
	Site  []string `name:"site" placeholder:"SITE" help:"Only articles of these sites."`
	From  string   `name:"from" placeholder:"DATE" help:"Only articles published at or after this date."`
	To    string   `name:"to" placeholder:"DATE" help:"Only articles published up to this date, that day included, or before this time."`
	Story string   `name:"story" placeholder:"ID" help:"Only articles of this story."`
	Since string   `name:"changed-since" placeholder:"TIME" help:"Only articles that are new, changed or withdrawn since this date or time; withdrawn ones are then listed too."`
	Sort  string   `name:"sort" enum:"relevance,date" default:"relevance" help:"Order: relevance or date. Default: ${default}."`
	Size  int      `name:"size" short:"n" default:"10" help:"How many hits, at most 100. Default: ${default}."`
	All   bool     `name:"all" help:"Show every copy of an article, not one for each text."`
	JSON  bool     `name:"json" help:"Print the answer of the API as it is."`
	Query []string `arg:"" optional:"" help:"Words that must all occur, \"phrases\" and -exclusions. Without a query: the newest articles."`
}

// Run prints the hits.
func (c *SearchCommand) Run(ctx context.Context, env Env) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	q := url.Values{"sort": {c.Sort}, "size": {fmt.Sprint(c.Size)}}
	if text := strings.Join(c.Query, " "); text != "" {
		q.Set("q", text)
	} else {
		q.Set("sort", "date")
	}
	for key, values := range map[string][]string{"lang": c.Lang, "site": c.Site} {
		for _, v := range values {
			q.Add(key, v)
		}
	}
	if c.Since != "" {
		q.Set("withdrawn", "true")
	}
	for key, v := range map[string]string{"from": c.From, "to": c.To, "story": c.Story, "changed_since": c.Since} {
		if v != "" {
			q.Set(key, v)
		}
	}
	if !c.All {
		q.Set("collapse", "cluster")
	}
	resp, err := c.get(ctx, "/api/v1/search", q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if c.JSON {
		_, err := io.Copy(env.Stdout, resp.Body)
		return err
	}
	var answer struct {
		Total  int `json:"total"`
		TookMS int `json:"took_ms"`
		Hits   []struct {
			ID, URL, Title, Site, Language, Snippet string
			Published                               *time.Time
			Copies                                  int
			Withdrawn                               bool
		} `json:"hits"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.Server, err)
	}
	bold := func(s string) string { return s }
	if isTerminal(env.Stdout) {
		bold = func(s string) string { return "\x1b[1m" + s + "\x1b[0m" }
	}
	for _, h := range answer.Hits {
		date := "no date"
		if h.Published != nil {
			date = h.Published.Format("2006-01-02 15:04")
		}
		copies := ""
		if h.Copies > 1 {
			copies = fmt.Sprintf(" - %d copies", h.Copies)
		}
		if h.Withdrawn {
			copies += " - withdrawn"
		}
		fmt.Fprintf(env.Stdout, "%s\n  %s - %s - %s%s\n", bold(printable(h.Title)), printable(h.Site), date, h.Language, copies)
		if h.Snippet != "" {
			fmt.Fprintf(env.Stdout, "  %s\n", printable(h.Snippet))
		}
		fmt.Fprintf(env.Stdout, "  %s\n\n", printable(h.URL))
	}
	fmt.Fprintf(env.Stdout, "%d of %d, %d ms\n", len(answer.Hits), answer.Total, answer.TookMS)
	return nil
}

// printable keeps what a web page says from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// TailCommand follows articles as they are indexed.
type TailCommand struct {
	ServerFlags
	Lang string `name:"lang" placeholder:"LANG" help:"Only articles in this language."`
	Site string `name:"site" placeholder:"SITE" help:"Only articles of this site."`
	JSON bool   `name:"json" help:"Print each article as a line of JSON."`
}

// Run prints articles until ctx ends. A server that goes away is waited for.
func (c *TailCommand) Run(ctx context.Context, env Env) error {
	if err := c.follow(ctx, env); err != nil {
		return err // the first connection must stand
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
			if err := c.follow(ctx, env); err != nil && ctx.Err() == nil {
				fmt.Fprintln(env.Stderr, "tail:", oneLine(err.Error()))
			}
		}
	}
	return nil
}

func (c *TailCommand) follow(ctx context.Context, env Env) error {
	q := url.Values{}
	for key, v := range map[string]string{"lang": c.Lang, "site": c.Site} {
		if v != "" {
			q.Set(key, v)
		}
	}
	resp, err := c.get(ctx, "/api/v1/live", q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 1<<16), maxLine)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		if c.JSON {
			fmt.Fprintln(env.Stdout, strings.TrimSpace(data))
			continue
		}
		var r struct {
			Title, Site, Language string
			IndexedAt             time.Time `json:"indexed_at"`
		}
		if err := json.Unmarshal([]byte(data), &r); err != nil {
			return fmt.Errorf("read the live tail of %s: %w", c.Server, err)
		}
		fmt.Fprintf(env.Stdout, "%s  %-3s %-24s %s\n", r.IndexedAt.Local().Format(time.TimeOnly), r.Language, printable(r.Site), printable(r.Title))
	}
	return nil // the server ended it; Run connects again
}
