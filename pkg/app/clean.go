package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// CleanCommand cleans pages without a broker.
type CleanCommand struct {
	Format       string   `name:"format" enum:"html,text" default:"html" help:"What the input is: html, or text that somebody else took from a page. Default: ${default}."`
	JSONL        bool     `name:"jsonl" help:"Read pages as JSON, one {\"id\", \"url\"?, \"content_type\"?, \"fetched_at\"?, \"html_b64\"|\"text\"} a line, and write one article a line, in order. Uses all cores."`
	Skip         int      `name:"skip" placeholder:"N" help:"With --jsonl: leave out the first N pages, those that an interrupted run has written (wc -l of its output)."`
	Explain      bool     `name:"explain" help:"Print the text with every block that was removed, its kind and the rule that removed it, instead of JSON. With --jsonl: add them as \"trace\"."`
	URL          string   `name:"url" placeholder:"URL" help:"Address of the page that a file or standard input holds: relative links, site and id depend on it."`
	AllowPrivate bool     `name:"allow-private" help:"Also fetch from addresses that are not public."`
	Inputs       []string `arg:"" optional:"" name:"input" help:"Files, http(s) URLs, or - for standard input (the default)."`
}

// Run cleans every input in turn.
func (c *CleanCommand) Run(ctx context.Context, env Env) error {
	inputs := c.Inputs
	if len(inputs) == 0 {
		inputs = []string{"-"}
	}
	if c.Skip < 0 || c.Skip > 0 && !c.JSONL {
		return usagef("--skip takes a number of pages and goes with --jsonl")
	}
	if c.URL != "" && (len(inputs) > 1 || isURL(inputs[0])) {
		return usagef("--url goes with one file or standard input")
	}
	if c.JSONL {
		return c.lines(ctx, env, inputs)
	}
	out := bufio.NewWriterSize(env.Stdout, 1<<16)
	for _, input := range inputs {
		if err := c.input(ctx, env, input, out); err != nil {
			return errors.Join(out.Flush(), err)
		}
	}
	return out.Flush()
}

// lines cleans JSON lines, one input after the other.
func (c *CleanCommand) lines(ctx context.Context, env Env, inputs []string) error {
	cleaner := lineCleaner{skip: c.Skip, explain: c.Explain}
	for _, input := range inputs {
		r, err := openInput(env, input)
		if err != nil {
			return err
		}
		err = cleaner.run(ctx, r, env.Stdout, inputName(input))
		_ = r.Close() // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

func isURL(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }

func (c *CleanCommand) input(ctx context.Context, env Env, input string, out io.Writer) error {
	page, err := c.page(ctx, env, input)
	if err != nil {
		return err
	}
	res, err := c.clean(page)
	if err != nil {
		return fmt.Errorf("clean %s: %w", inputName(input), err)
	}
	if c.Explain {
		return explain(out, res, isTerminal(env.Stdout) && os.Getenv("NO_COLOR") == "")
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(res.Article)
}

func (c *CleanCommand) clean(page *article.Page) (*extract.Result, error) {
	opts := extract.Options{Explain: c.Explain}
	var res *extract.Result
	var err error
	if c.Format == "text" {
		res, err = extract.FromText(page.ID, string(page.Body), opts)
	} else {
		res, err = extract.Extract(page, opts)
	}
	if err == nil && res.Article.Words >= minCopyWords {
		res.Article.Sketch = dedup.Sketch(res.Article.Text)
	}
	return res, err
}

// page reads a file or standard input, or fetches a URL.
func (c *CleanCommand) page(ctx context.Context, env Env, input string) (*article.Page, error) {
	if isURL(input) {
		return c.fetch(ctx, input)
	}
	r, err := openInput(env, input)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, maxPage+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", inputName(input), err)
	}
	if len(body) > maxPage {
		return nil, fmt.Errorf("read %s: larger than %d MiB", inputName(input), maxPage>>20)
	}
	page := &article.Page{URL: c.URL, FinalURL: c.URL, Status: 200, FetchedAt: time.Now().UTC(), Body: body}
	if c.URL != "" {
		if page.FinalURL, err = weburl.Canonical(c.URL); err != nil {
			return nil, usageError{fmt.Errorf("--url: %w", err)}
		}
	}
	page.ID = article.ID(page.FinalURL)
	return page, nil
}

func (c *CleanCommand) fetch(ctx context.Context, url string) (*article.Page, error) {
	f, err := fetch.New(fetch.Options{UserAgent: userAgent(""), AllowPrivate: c.AllowPrivate})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	resp, err := f.Fetch(ctx, fetch.Request{URL: url, Kind: fetch.KindPage})
	if err != nil {
		return nil, err
	}
	final, err := weburl.Canonical(resp.FinalURL)
	if err != nil {
		return nil, err
	}
	return &article.Page{
		ID: article.ID(final), URL: url, FinalURL: final, Status: resp.Status, ContentType: resp.ContentType,
		FetchedAt: resp.FetchedAt, Body: resp.Body,
	}, nil
}

func inputName(input string) string {
	if input == "-" {
		return "standard input"
	}
	return input
}

func openInput(env Env, input string) (io.ReadCloser, error) {
	if input == "-" {
		return io.NopCloser(env.Stdin), nil
	}
	f, err := os.Open(input)
	if err != nil {
		return nil, fmt.Errorf("%w (give a file, an http:// or https:// URL, or -)", err)
	}
	return f, nil
}
