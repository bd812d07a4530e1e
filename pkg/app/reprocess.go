package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/stage"
	"github.com/copydesk/copydesk/pkg/warc"
)

// ReprocessCommand runs archived pages through this version of the cleaner.
type ReprocessCommand struct {
	BrokerFlags
	ServerFlags
	LogFlags
	Archive         string   `name:"archive" required:"" placeholder:"DIR|FILE|s3://BUCKET/PREFIX" help:"Archive to read: what --archive of ingest wrote, or any WARC file."`
	ArchiveEndpoint string   `name:"archive-endpoint" placeholder:"URL" help:"Object storage of an s3:// archive. Default: AWS_ENDPOINT_URL, or Amazon's."`
	Since           string   `name:"since" placeholder:"TIME" help:"Only pages that were fetched at or after this date or time."`
	Compare         bool     `name:"compare" help:"Change nothing: compare what this version makes of the pages with the articles of --server, and print what would change."`
	Withdraw        bool     `name:"withdraw" help:"Also withdraw the articles of --server whose page holds none for this version, of the same fetch. Without it they stay; --compare counts them as lost."`
	JSON            bool     `name:"json" help:"Print the result as JSON."`
	Honour          []string `name:"honour" default:"noindex,noarchive" placeholder:"WISHES" help:"Wishes of publishers to honour, as the normalize worker does. Default: ${default}."`
}

const (
	reprocessBatch = 256
	// maxRecordJSON bounds an answer of the search API, in bytes.
	maxRecordJSON = 64 << 20
)

// Run cleans the pages and publishes their articles, or compares them.
func (c *ReprocessCommand) Run(ctx context.Context, env Env) error {
	log, err := c.logger(env)
	if err != nil {
		return usageError{err}
	}
	wishes, err := newPolicy(c.Honour)
	if err != nil {
		return err
	}
	if c.Compare && c.Withdraw {
		return usagef("--compare changes nothing and --withdraw does: give one of them")
	}
	r := &reprocess{c: c, log: log, policy: wishes, report: newReprocessReport(c.Compare)}
	if c.Since != "" {
		if r.since, err = sinceTime(c.Since); err != nil {
			return err
		}
	}
	files, err := archiveFiles(ctx, c.Archive, c.ArchiveEndpoint)
	if err != nil {
		return err
	}
	settle := r.compare
	if !c.Compare {
		b, err := c.connect(ctx, workerName("reprocess"), log)
		if err != nil {
			return err
		}
		defer shutdown(log, "broker", b.Close)
		settle = func(ctx context.Context, cleaned []cleanedPage) error {
			outs, err := r.messages(ctx, cleaned)
			if err != nil {
				return err
			}
			return publishAll(ctx, b, outs, &r.full)
		}
	}
	if err := r.all(ctx, files, settle); err != nil {
		return err
	}
	return r.report.print(env.Stdout, c.JSON)
}

// sinceTime reads a date or a time.
func sinceTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--since %s: give a date, as in 2026-01-31, or a time, as in 2026-01-31T12:00:00Z", s)
}

// archiveFile is a WARC file on a disk or on object storage.
type archiveFile struct {
	name string
	open func() (io.ReadCloser, error)
}

// archiveFiles returns the files of an archive by name, which is by time. Those
// that are still being written are among them.
func archiveFiles(ctx context.Context, archive, endpoint string) ([]archiveFile, error) {
	var files []archiveFile
	if isObjectStore(archive) {
		store, err := newObjectStore(archive, endpoint)
		if err != nil {
			return nil, err
		}
		for object := range store.client.ListObjects(ctx, store.bucket, minio.ListObjectsOptions{Prefix: store.prefix, Recursive: true}) {
			if object.Err != nil {
				return nil, fmt.Errorf("--archive %s: %w", archive, object.Err)
			}
			if isWARC(object.Key) {
				files = append(files, archiveFile{object.Key, func() (io.ReadCloser, error) {
					return store.client.GetObject(ctx, store.bucket, object.Key, minio.GetObjectOptions{})
				}})
			}
		}
	} else {
		info, err := os.Stat(archive)
		if err != nil {
			return nil, fmt.Errorf("--archive: %w", err)
		}
		names := []string{archive}
		if info.IsDir() {
			entries, err := os.ReadDir(archive)
			if err != nil {
				return nil, fmt.Errorf("--archive: %w", err)
			}
			names = names[:0]
			for _, e := range entries {
				if isWARC(e.Name()) && !e.IsDir() {
					names = append(names, filepath.Join(archive, e.Name()))
				}
			}
		}
		for _, name := range names {
			files = append(files, archiveFile{name, func() (io.ReadCloser, error) { return os.Open(name) }})
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("--archive %s: no WARC files there (.warc, .warc.gz)", archive)
	}
	slices.SortFunc(files, func(a, b archiveFile) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

func isWARC(name string) bool {
	name = strings.TrimSuffix(name, warc.OpenSuffix)
	return strings.HasSuffix(name, ".warc") || strings.HasSuffix(name, warc.Suffix)
}

// cleanedPage is a page and what this version makes of it.
type cleanedPage struct {
	page *article.Page
	art  *article.Article // nil if there is none
	out  *stage.Out
}

// reprocess is one run of the command.
type reprocess struct {
	c      *ReprocessCommand
	log    *slog.Logger
	policy policy
	since  time.Time
	report *reprocessReport
	full   atomic.Bool
}

// all reads the files one after the other and cleans their pages on all cores.
// What waits between is bounded by the pages that are cleaned at once.
func (r *reprocess) all(ctx context.Context, files []archiveFile, settle func(context.Context, []cleanedPage) error) error {
	group, ctx := errgroup.WithContext(ctx)
	pages := make(chan *article.Page)
	cleaned := make(chan cleanedPage)
	group.Go(func() error {
		defer close(pages)
		for _, f := range files {
			if err := r.read(ctx, f, pages); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		return nil
	})
	workers := new(errgroup.Group)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() error {
			for page := range pages {
				select {
				case cleaned <- r.clean(page):
				case <-ctx.Done():
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		err := workers.Wait()
		close(cleaned)
		return err
	})
	group.Go(func() error {
		var batch []cleanedPage
		for p := range cleaned {
			p.page.Body = nil // only the article is needed from here on
			if batch = append(batch, p); len(batch) == reprocessBatch {
				if err := settle(ctx, batch); err != nil {
					return err
				}
				batch = batch[:0]
			}
		}
		return settle(ctx, batch)
	})
	return group.Wait()
}

// read hands the pages of a file on.
func (r *reprocess) read(ctx context.Context, f archiveFile, pages chan<- *article.Page) error {
	in, err := f.open()
	if err != nil {
		return err
	}
	defer in.Close()
	w, err := warc.NewReader(in, warc.ReaderOptions{Damage: func(at warc.Position, err error) {
		r.report.skipped(skipDamaged)
		r.log.Warn("WARC record skipped", "file", f.name, "at", at.String(), "err", err)
	}})
	if err != nil {
		return err
	}
	reader := &pageReader{r: w}
	for {
		page, _, skip, err := reader.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case skip != "":
			r.report.skipped(skip)
			continue
		case page.FetchedAt.Before(r.since):
			r.report.skipped("before_since")
			continue
		}
		select {
		case pages <- page:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// clean is what the normalize worker would do with the page.
func (r *reprocess) clean(page *article.Page) cleanedPage {
	done := cleanedPage{page: page}
	msgID := page.MsgID() + fmt.Sprintf(":%x", page.FetchedAt.UnixNano())
	art, err := normalizePage(page)
	if err == nil && r.policy.withholds(art.Rights) != "" {
		err = errors.New("withheld")
	}
	if err != nil {
		r.report.cleaned(false)
		r.log.Debug("no article", "url", page.FinalURL, "err", err)
		return done
	}
	r.report.cleaned(true)
	done.art = art
	if out, err := articleOut(msgID+":"+extract.Version, art); err == nil {
		done.out = &out
	}
	return done
}

// compare looks up what the index has of each page.
func (r *reprocess) compare(ctx context.Context, cleaned []cleanedPage) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for _, p := range cleaned {
		group.Go(func() error {
			indexed, err := r.c.indexed(ctx, p.id())
			if err != nil {
				return err
			}
			r.report.compare(p, indexed)
			return nil
		})
	}
	return group.Wait()
}

// indexed asks the search server for an article, nil if it has none.
func (c *ReprocessCommand) indexed(ctx context.Context, id string) (*article.Record, error) {
	target := strings.TrimSuffix(c.Server, "/") + "/api/v1/articles/" + id
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, usagef("--server %s: %w", c.Server, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("search server %s does not answer (is copydesk run or the index worker up? --server says where): %w", c.Server, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, nil
	default:
		return nil, fmt.Errorf("search server %s: %s for article %s", c.Server, resp.Status, id)
	}
	var rec article.Record
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxRecordJSON)).Decode(&rec); err != nil {
		return nil, fmt.Errorf("search server %s: article %s: %w", c.Server, id, err)
	}
	return &rec, nil
}
