package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
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
	ID   string `json:"id"`
	URL  string `json:"url"`
	HTML []byte `json:"html_b64"`
	Text string `json:"text"`
}

// lineOut is a line that `clean --jsonl` writes: the article, with authors and
// date in the short form that scorers and spreadsheets take.
type lineOut struct {
	article.Article
	ID        string   `json:"id"`
	Authors   []string `json:"authors"`
	Published string   `json:"published,omitempty"`
	Error     string   `json:"error,omitempty"`
}

// cleanLines cleans JSON lines on all cores and writes the results in order. A
// page that cannot be cleaned gives a line with its error.
func cleanLines(ctx context.Context, r io.Reader, out io.Writer, name string) error {
	type job struct {
		line []byte
		done chan []byte
	}
	group, ctx := errgroup.WithContext(ctx)
	jobs := make(chan job)
	order := make(chan chan []byte, 2*runtime.GOMAXPROCS(0))
	group.Go(func() error {
		defer close(jobs)
		defer close(order)
		return eachLine(r, name, func(line []byte) error {
			j := job{bytes.Clone(line), make(chan []byte, 1)}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case order <- j.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			return nil
		})
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for j := range jobs {
				j.done <- cleanLine(j.line)
			}
			return nil
		})
	}
	group.Go(func() error {
		for done := range order {
			select {
			case data := <-done:
				if _, err := out.Write(data); err != nil {
					return fmt.Errorf("write results: %w", err)
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

func eachLine(r io.Reader, name string, do func([]byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<20), maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if !json.Valid(lines.Bytes()) {
			return fmt.Errorf("%s line %d: no JSON; --jsonl takes one {\"id\", \"url\"?, \"html_b64\"|\"text\"} a line", name, n)
		}
		if err := do(lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s line %d: %w (a line holds at most %d MiB)", name, n+1, err, maxLine>>20)
	}
	return nil
}

func cleanLine(line []byte) []byte {
	var in lineIn
	out := lineOut{Authors: []string{}}
	err := json.Unmarshal(line, &in)
	out.ID = in.ID
	if err == nil {
		err = cleanInto(&out, &in)
	}
	if err != nil {
		out.Error = oneLine(err.Error())
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return fmt.Appendf(nil, "{\"id\":%q,\"error\":%q}\n", in.ID, err.Error())
	}
	return b.Bytes()
}

func cleanInto(out *lineOut, in *lineIn) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the cleaner panicked: %v", r)
		}
	}()
	var res *extract.Result
	switch {
	case len(in.HTML) > 0:
		final := in.URL
		if final != "" {
			if final, err = weburl.Canonical(in.URL); err != nil {
				return err
			}
		}
		res, err = extract.Extract(&article.Page{
			ID: article.ID(final), URL: in.URL, FinalURL: final, Status: 200, FetchedAt: time.Now().UTC(), Body: in.HTML,
		}, extract.Options{})
	case in.Text != "":
		res, err = extract.FromText(in.ID, in.Text, extract.Options{})
	default:
		return errors.New("neither html_b64 nor text")
	}
	if err != nil {
		return err
	}
	out.Article = res.Article
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
