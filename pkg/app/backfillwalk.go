package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxBackfillSitemaps bounds the sitemaps that one backfill reads.
	maxBackfillSitemaps = 50_000
	// backfillTell is how often a backfill says in the log how far it is.
	backfillTell = time.Minute
)

// backfillWalk works on one backfill, from its cursor on.
type backfillWalk struct {
	*backfills
	job   *backfillJob
	part  int
	since time.Time // up to when the time worked is counted
	told  time.Time
	full  bool // no more sitemaps may be read
	row   brokenRow
	log   *slog.Logger
}

// level is a list of sitemaps that is worked off, and what it stands for of the
// whole: from low to high, of 0 to 1.
type level struct {
	address   string // what names them
	path      []string
	refs      []feed.SitemapRef
	resume    []string // rest of the cursor
	low, high float64
}

// run walks the tree of sitemaps. Its error is a passing one: what was not done
// is done when it is called again.
func (w *backfillWalk) run(ctx context.Context) error {
	if cancelled, err := w.rootCancelled(ctx); err != nil || cancelled {
		if cancelled {
			return w.end(ctx, backfillCancelled)
		}
		return err
	}
	if w.job.State == backfillWaiting {
		w.job.State = backfillRunning
		w.log.Info("backfill begins", "from", w.job.From, "to", w.job.To)
		if err := w.store.save(ctx, w.job); err != nil {
			return err
		}
	}
	refs, err := w.roots(ctx)
	if err != nil {
		if interrupted(ctx, err) {
			return err
		}
		w.remark(w.job.URL, err)
		if passes(err) && len(w.job.Cursor) > 0 && w.job.Pauses < maxBackfillPauses {
			return w.rest(ctx, err)
		}
		return w.end(ctx, backfillFailed)
	}
	if err := w.level(ctx, level{address: w.job.URL, refs: refs, resume: w.job.Cursor, high: 1}); err != nil {
		return err
	}
	if w.job.Read == 0 && w.job.Broken > 0 && w.job.Parts == 0 {
		return w.end(ctx, backfillFailed)
	}
	return w.end(ctx, backfillDone)
}

// rootCancelled reports whether the backfill that this is a part of was cancelled.
func (w *backfillWalk) rootCancelled(ctx context.Context) (bool, error) {
	if w.job.Root == "" {
		return false, nil
	}
	root, err := w.store.load(ctx, w.job.Root)
	return root != nil && root.State == backfillCancelled, err
}

// end settles the backfill.
func (w *backfillWalk) end(ctx context.Context, state string) error {
	w.job.State, w.job.Ended = state, time.Now().UTC()
	if state == backfillDone {
		w.job.Progress = 1
	}
	if err := w.save(ctx); err != nil {
		return err
	}
	w.log.Info("backfill ended", "state", state, "sitemaps", w.job.Read, "broken", w.job.Broken, "in_range", w.job.InRange, "queued", w.job.Queued, "known", w.job.Known, "error", w.job.Error)
	return nil
}

// save writes figures and cursor.
func (w *backfillWalk) save(ctx context.Context) error {
	now := time.Now()
	w.job.Active += now.Sub(w.since)
	w.since = now
	if err := w.store.save(ctx, w.job); err != nil {
		return err
	}
	if w.job.active() && now.Sub(w.told) >= backfillTell {
		w.told = now
		w.log.Info("backfill under way", "sitemaps", w.job.Read, "in_range", w.job.InRange, "queued", w.job.Queued, "known", w.job.Known, "done", fmt.Sprintf("%.1f%%", 100*w.job.Progress))
	}
	return nil
}

// roots returns the sitemaps to begin with.
func (w *backfillWalk) roots(ctx context.Context) ([]feed.SitemapRef, error) {
	switch {
	case len(w.job.Sitemaps) > 0:
		return w.job.Sitemaps, nil
	case !isRobotsFile(w.job.URL):
		return []feed.SitemapRef{{URL: w.job.URL}}, nil
	}
	var refs []feed.SitemapRef
	err := w.trying(ctx, func() error {
		var err error
		_, refs, err = sitemapsOfSite(ctx, w.fetcher, w.job.URL, fetch.PriorityBackfill)
		return err
	})
	return refs, err
}

// level works off a list of sitemaps, in falling order of their addresses.
func (w *backfillWalk) level(ctx context.Context, l level) error {
	refs := slices.Clone(l.refs)
	slices.SortFunc(refs, func(a, b feed.SitemapRef) int {
		return cmp.Or(strings.Compare(b.URL, a.URL), b.LastModified.Compare(a.LastModified))
	})
	refs = slices.CompactFunc(refs, func(a, b feed.SitemapRef) bool { return a.URL == b.URL })
	here, away := w.sort(l, refs)
	if err := w.handAway(ctx, l, away); err != nil {
		return err
	}
	for i, ref := range here {
		var inner []string
		if len(l.resume) > 0 {
			switch strings.Compare(ref.URL, l.resume[0]) {
			case 1:
				continue
			case 0:
				if len(l.resume) == 1 {
					continue
				}
				inner = l.resume[1:]
			}
		}
		if w.outOfRange(ref) {
			w.job.Skipped++
			continue
		}
		step := (l.high - l.low) / float64(len(here))
		inside := level{
			address: ref.URL, path: append(slices.Clone(l.path), ref.URL), resume: inner,
			low: l.low + float64(i)*step, high: l.low + float64(i+1)*step,
		}
		if err := w.document(ctx, ref, inside); err != nil {
			return err
		}
	}
	return nil
}

// sort leaves out what the backfill must not read, and sets apart what lies on
// hosts of other partitions.
func (w *backfillWalk) sort(l level, refs []feed.SitemapRef) (here, away []feed.SitemapRef) {
	named := len(l.path) == 0 && (isRobotsFile(w.job.URL) || len(w.job.Sitemaps) > 0)
	for _, ref := range refs {
		switch {
		case slices.Contains(l.path, ref.URL): // an index that names itself
		case !named && weburl.Site(ref.URL) != w.job.Site && !weburl.SameSite(ref.URL, l.address):
			w.remark(ref.URL, errors.New("left out: it lies on another site, and robots.txt does not name it"))
		case partitionOf(ref.URL) != w.part:
			if !w.outOfRange(ref) {
				away = append(away, ref)
			}
		default:
			here = append(here, ref)
		}
	}
	return here, away
}

// outOfRange reports whether nothing of the range can stand in a sitemap: it was
// last changed before, or its name says that it is of another time. A day on
// either side is left for the zones of the world.
func (w *backfillWalk) outOfRange(ref feed.SitemapRef) bool {
	if !ref.LastModified.IsZero() && ref.LastModified.Before(w.job.From) {
		return true
	}
	period, ok := weburl.SitemapDate(ref.URL)
	return ok && !period.Overlaps(w.job.From.AddDate(0, 0, -1), w.job.To.AddDate(0, 0, 1))
}

// document reads one sitemap, and what it names.
func (w *backfillWalk) document(ctx context.Context, ref feed.SitemapRef, l level) error {
	depth := w.job.Depth + len(l.path)
	switch {
	case w.full:
		return nil
	case depth > maxTreeDepth:
		w.remark(ref.URL, fmt.Errorf("left out: it lies more than %d indexes deep", maxTreeDepth))
		return nil
	case w.job.Read+w.job.Broken >= maxBackfillSitemaps:
		w.full = true
		w.remark(ref.URL, fmt.Errorf("left out with all after it: %d sitemaps are the most that one backfill reads; narrow --from and --to", maxBackfillSitemaps))
		return nil
	}
	parsed, err := w.fetch(ctx, ref.URL)
	var ferr *fetch.Error
	switch {
	case err != nil && interrupted(ctx, err):
		return err
	case errors.As(err, &ferr) && ferr.Class == fetch.ClassElsewhere:
		if err := w.handAway(ctx, l, []feed.SitemapRef{{URL: ferr.Elsewhere}}); err != nil {
			return err
		}
		return w.done(ctx, l)
	case err != nil:
		if err := w.broke(ctx, l, err); err != nil {
			return err
		}
		return w.done(ctx, l)
	}
	w.row = brokenRow{}
	if len(l.resume) == 0 {
		w.job.Read++
		w.job.Pauses = 0
	}
	if parsed.Format == feed.FormatSitemapIndex {
		l.refs = parsed.Sitemaps
		err = w.level(ctx, l)
	} else {
		err = w.list(ctx, l, parsed)
	}
	if err != nil {
		return err
	}
	return w.done(ctx, l)
}

// done puts the cursor behind a sitemap.
func (w *backfillWalk) done(ctx context.Context, l level) error {
	if w.full {
		return nil // what follows was not read
	}
	w.job.Cursor, w.job.Progress = l.path, l.high
	return w.save(ctx)
}
