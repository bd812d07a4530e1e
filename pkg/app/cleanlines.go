package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// maxLine bounds a line of --jsonl: a page of the largest size in base64.
const maxLine = 16 << 20

// lineIn is a line that `clean --jsonl` reads. Bytes are base64 in JSON.
type lineIn struct {
	ID          string    `json:"id"`
	URL         string    `json:"url"`
	HTML        []byte    `json:"html_b64"`
	Text        string    `json:"text"`
	ContentType string    `json:"content_type"`
	FetchedAt   time.Time `json:"fetched_at"`
}

// decode reads a line. A page is most of its line and needs none of the care that
// JSON takes: it is cut out and decoded by itself, where that gives the same.
func (in *lineIn) decode(line []byte) error {
	rest, page := cutPage(line)
	if page != nil && json.Unmarshal(rest, in) == nil && string(in.HTML) == pageMark {
		html, err := base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(page))), page)
		if err == nil {
			in.HTML = html
			return nil
		}
	}
	*in = lineIn{}
	return json.Unmarshal(line, in)
}

// pageMark stands for a page that was cut out, and pageMarkB64 is how JSON has it.
const (
	pageMark    = "\x00cut\x00!"
	pageMarkB64 = "AGN1dAAh"
)

// cutPage returns a line with a mark in place of what may be its page, and that.
func cutPage(line []byte) (rest, page []byte) {
	const key = `"html_b64":`
	at := bytes.Index(line, []byte(key))
	if at < 0 {
		return nil, nil
	}
	value := bytes.TrimLeft(line[at+len(key):], " ")
	if len(value) == 0 || value[0] != '"' {
		return nil, nil
	}
	page = value[1:]
	end := bytes.IndexByte(page, '"')
	if end < 0 || bytes.IndexByte(page[:end], '\\') >= 0 {
		return nil, nil
	}
	start := len(line) - len(page)
	return slices.Concat(line[:start], []byte(pageMarkB64), page[end:]), page[:end]
}

// lineOut is a line that `clean --jsonl` writes: the article, with authors and
// date in the short form that scorers and spreadsheets take, and the text as it
// was printed, with its dateline. Bylines are the authors with all that is known
// of them.
type lineOut struct {
	article.Article
	ID        string               `json:"id"`
	Authors   []string             `json:"authors"`
	Bylines   []article.Author     `json:"bylines,omitempty"`
	Published string               `json:"published,omitempty"`
	Error     string               `json:"error,omitempty"`
	Trace     []extract.TraceBlock `json:"trace,omitempty"`
}

// lineCleaner cleans JSON lines on all cores and writes the results in order, a
// line as soon as it is done and in one piece, so that what an interrupted run
// has written is whole. A page that cannot be cleaned gives a line with its
// error; a line that is no JSON ends the run once the lines above are written.
type lineCleaner struct {
	skip    int  // pages still to be left out
	explain bool // write the trace, too
}

// lineJob is one line under way; done receives what becomes of it.
type lineJob struct {
	n    int
	line []byte
	done chan lineResult
}

type lineResult struct {
	data []byte
	err  error
}

func (c *lineCleaner) run(ctx context.Context, r io.Reader, out io.Writer, name string) error {
	procs := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	jobs := make(chan lineJob)
	// Results wait here while a slower page is ahead of them.
	order := make(chan chan lineResult, 16*procs)
	// The reader is not waited for: nothing ends a read from a terminal or pipe
	// but its other end. It stops at the next line.
	go c.read(ctx, r, name, jobs, order)
	for range procs {
		group.Go(func() error {
			for {
				select {
				case j, ok := <-jobs:
					if !ok {
						return nil
					}
					j.done <- c.clean(&j, name)
				case <-ctx.Done():
					return nil
				}
			}
		})
	}
	group.Go(func() error { return writeInOrder(ctx, order, out) })
	return group.Wait()
}

func writeInOrder(ctx context.Context, order <-chan chan lineResult, out io.Writer) error {
	for {
		var done chan lineResult
		select {
		case next, ok := <-order:
			if !ok {
				return nil
			}
			done = next
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case res := <-done:
			if res.err != nil {
				return res.err
			}
			if _, err := out.Write(res.data); err != nil {
				return fmt.Errorf("write results: %w", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read hands out the lines. What stops it takes its turn behind the lines above.
func (c *lineCleaner) read(ctx context.Context, r io.Reader, name string, jobs chan<- lineJob, order chan<- chan lineResult) {
	defer close(jobs)
	defer close(order)
	lines := lineReader{r: bufio.NewReaderSize(r, 1<<16)}
	for {
		line, err := lines.next(c.skip > 0)
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err == nil && c.skip > 0 {
			c.skip--
			continue
		}
		if errors.Is(err, io.EOF) {
			return
		}
		j := lineJob{lines.n, line, make(chan lineResult, 1)}
		if err != nil {
			j.done <- lineResult{err: fmt.Errorf("%s line %d: %w", name, lines.n, err)}
		} else {
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
		}
		select {
		case order <- j.done:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// lineReader reads lines of bounded length and counts them.
type lineReader struct {
	r *bufio.Reader
	n int // the line read last, from 1
}

var errLongLine = fmt.Errorf("longer than %d MiB", maxLine>>20)

// next returns a copy of the next line, or of its beginning where it is to be
// skipped. At the end it returns io.EOF.
func (l *lineReader) next(skip bool) ([]byte, error) {
	var line []byte
	l.n++
	for {
		part, err := l.r.ReadSlice('\n')
		if !skip || len(line) == 0 {
			line = append(line, part...)
		}
		switch {
		case len(line) > maxLine:
			return nil, errLongLine
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// clean turns a line into a line; it fails only where the line is no JSON.
func (c *lineCleaner) clean(j *lineJob, name string) lineResult {
	var in lineIn
	out := lineOut{Authors: []string{}}
	err := in.decode(j.line)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return lineResult{err: fmt.Errorf("%s line %d: no JSON; --jsonl takes one {\"id\", \"url\"?, \"html_b64\"|\"text\"} a line: %w", name, j.n, err)}
	}
	out.ID = in.ID
	if err == nil {
		err = cleanInto(&out, &in, extract.Options{Explain: c.explain, AsPrinted: true})
	}
	if err != nil {
		out.Error = fmt.Sprintf("line %d: %s", j.n, oneLine(err.Error()))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return lineResult{err: fmt.Errorf("%s line %d: write result: %w", name, j.n, err)}
	}
	return lineResult{data: b.Bytes()}
}

func cleanInto(out *lineOut, in *lineIn, opts extract.Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the cleaner panicked: %v", r)
		}
	}()
	res, err := cleanPage(in, opts)
	if err != nil {
		return err
	}
	out.Article, out.Bylines, out.Trace = res.Article, res.Article.Authors, res.Trace
	for _, a := range res.Article.Authors {
		out.Authors = append(out.Authors, a.Name)
	}
	if p := res.Article.Published; p != nil {
		layout := time.RFC3339
		if p.Precision == article.Day {
			layout = time.DateOnly
		}
		out.Published = p.Time.Format(layout)
	}
	return nil
}

func cleanPage(in *lineIn, opts extract.Options) (*extract.Result, error) {
	switch {
	case len(in.HTML) > maxPage:
		return nil, fmt.Errorf("page larger than %d MiB", maxPage>>20)
	case len(in.HTML) == 0 && in.Text != "":
		return extract.FromText(in.ID, in.Text, opts)
	case len(in.HTML) == 0:
		return nil, errors.New("neither html_b64 nor text")
	}
	page := &article.Page{URL: in.URL, Status: 200, ContentType: in.ContentType, FetchedAt: in.FetchedAt, Body: in.HTML}
	if page.FetchedAt.IsZero() {
		page.FetchedAt = time.Now().UTC()
	}
	if in.URL != "" {
		var err error
		if page.FinalURL, err = weburl.Canonical(in.URL); err != nil {
			return nil, err
		}
	}
	page.ID = article.ID(page.FinalURL)
	return extract.Extract(page, opts)
}
