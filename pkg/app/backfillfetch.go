package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
)

const (
	// maxBackfillTries is how often a sitemap is tried that fails for a reason that
	// may pass.
	maxBackfillTries = 6
	maxBackfillRetry = time.Hour
	// brokenInARow is how many sitemaps must fail one after the other, each after all
	// its tries, for the site to be taken for away. The backfill then rests for
	// backfillRest, maxBackfillPauses times in a row at most: some days.
	brokenInARow      = 3
	backfillRest      = 30 * time.Minute
	maxBackfillPauses = 50
)

// remark notes what an operator should know.
func (w *backfillWalk) remark(url string, err error) {
	w.job.Error = backfillReason(url, err)
}

// fetch reads a sitemap, and tries again what may pass.
func (w *backfillWalk) fetch(ctx context.Context, url string) (parsed *feed.Feed, err error) {
	err = w.trying(ctx, func() error {
		resp, err := w.fetcher.Fetch(ctx, fetch.Request{URL: url, Kind: fetch.KindFeed, Priority: fetch.PriorityBackfill})
		if err != nil {
			return err
		}
		w.parsing.Lock()
		defer w.parsing.Unlock()
		parsed, err = feed.Parse(resp.Body, resp.FinalURL, resp.ContentType)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, warning := range parsed.Warnings {
		if strings.HasPrefix(warning, "only the") || strings.Contains(warning, "cut off") || strings.Contains(warning, "too many") {
			w.remark(url, errors.New(warning))
		}
	}
	return parsed, nil
}

// trying calls do until it succeeds or fails for good. To wait for the host's turn
// is no failure: backfills come last.
func (w *backfillWalk) trying(ctx context.Context, do func() error) error {
	wait := w.retry
	for tries := 1; ; {
		err := do()
		var ferr *fetch.Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &ferr) || !ferr.Temporary || ferr.Class == fetch.ClassCanceled || ferr.Class == fetch.ClassElsewhere {
			if ferr != nil && ferr.Class == fetch.ClassElsewhere && partitionOf(ferr.Elsewhere) == w.part {
				return fmt.Errorf("%w: %w", errNotOwned, err)
			}
			return err
		}
		pause, later := notItsTurn(err)
		if later {
			pause = min(pause, time.Minute)
		} else {
			if tries++; tries > maxBackfillTries {
				return fmt.Errorf("%d tries: %w", maxBackfillTries, err)
			}
			pause = min(max(ferr.RetryAfter, wait), maxBackfillRetry)
			wait *= 2
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// interrupted reports whether an error says nothing of what was asked for: the
// worker stops, or its partition goes to another.
func interrupted(ctx context.Context, err error) bool {
	var ferr *fetch.Error
	return ctx.Err() != nil || errors.Is(err, errNotOwned) || errors.As(err, &ferr) && ferr.Class == fetch.ClassCanceled
}

// backfillReason says in a line what is wrong with a sitemap and what to do.
func backfillReason(url string, err error) string {
	text := url + ": " + oneLine(err.Error())
	var ferr *fetch.Error
	switch {
	case errors.As(err, &ferr) && ferr.Class == fetch.ClassRobots:
		text = url + ": robots.txt forbids it; ask the publisher, or give a sitemap that is allowed"
	case errors.As(err, &ferr) && (ferr.Status == 404 || ferr.Status == 410):
		text = fmt.Sprintf("%s: not there (status %d); look into robots.txt for the addresses of the sitemaps", url, ferr.Status)
	case passes(err):
		text += "; add the backfill again when the site answers"
	case errors.Is(err, feed.ErrNotFeed) && !errors.Is(err, errNoSitemaps):
		text += "; give the address of a sitemap, or the site alone"
	}
	return clipText(text, 500)
}

// brokenRow is the sitemaps in a row that failed for a reason that may pass, and
// how far the backfill was before them.
type brokenRow struct {
	length   int
	cursor   []string
	progress float64
	broken   int
}

// errSiteAway says that a site, not a sitemap of it, is in trouble.
var errSiteAway = errors.New("the site does not answer")

// broke notes a sitemap that cannot be read, so that it holds up no other. When
// one after the other fails as if the site were down, or one of which a part is
// done already, it goes back to the first of them and rests, but not for ever.
func (w *backfillWalk) broke(ctx context.Context, l level, err error) error {
	switch {
	case !passes(err):
		w.row = brokenRow{}
	case len(l.resume) > 0:
		w.row = brokenRow{brokenInARow, w.job.Cursor, w.job.Progress, w.job.Broken}
	case w.row.length == 0:
		w.row = brokenRow{1, w.job.Cursor, w.job.Progress, w.job.Broken}
	default:
		w.row.length++
	}
	w.job.Broken++
	w.remark(l.address, err)
	if w.row.length < brokenInARow || w.job.Pauses >= maxBackfillPauses {
		return nil
	}
	w.job.Cursor, w.job.Progress, w.job.Broken = w.row.cursor, w.row.progress, w.row.broken
	return w.rest(ctx, err)
}

// rest ends the walk for some time, because of an error.
func (w *backfillWalk) rest(ctx context.Context, cause error) error {
	w.job.Pauses++
	if err := w.save(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", errSiteAway, cause)
}

// passes reports whether a failure may be over some time later.
func passes(err error) bool {
	var ferr *fetch.Error
	return errors.As(err, &ferr) && ferr.Temporary
}
