package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// BackfillCommand groups the commands on backfills.
type BackfillCommand struct {
	Add    BackfillAddCommand    `cmd:"" help:"Fetch the pages of a site that its sitemaps date within a range. The ingest worker does it beside its other work: fresh pages come first, revisits second."`
	List   BackfillListCommand   `cmd:"" help:"List backfills: how far they are, at which rate, how long it will take. Those that ended stay for 30 days."`
	Cancel BackfillCancelCommand `cmd:"" help:"End backfills. What was handed over is still fetched, some hundred pages."`
}

// withBackfills connects and opens the bucket of backfills.
func withBackfills(ctx context.Context, f BrokerFlags, env Env, do func(backfillStore) error) error {
	return withBroker(ctx, f, env, func(b *bus.Bus) error {
		kv, err := openBucket(ctx, b, bus.BucketBackfill)
		if err != nil {
			return err
		}
		return do(backfillStore{kv})
	})
}

// BackfillAddCommand adds backfills.
type BackfillAddCommand struct {
	BrokerFlags
	From    string   `name:"from" required:"" placeholder:"DATE" help:"First day, as 2024-05-17, 2024-05 or 2024 (UTC)."`
	To      string   `name:"to" placeholder:"DATE" help:"Last day, written the same way; a month or year is meant to its end. Default: today."`
	Undated bool     `name:"undated" help:"Also fetch pages that bear no date: none in the sitemap and none in their address."`
	Sites   []string `arg:"" name:"site|sitemap" help:"Sites, such as example.org, which are read through the sitemaps that their robots.txt names, and sitemaps by their URL."`
}

// Run stores the backfills; the worker that owns their host takes them over.
func (c *BackfillAddCommand) Run(ctx context.Context, env Env) error {
	from, to, err := backfillRange(c.From, c.To, time.Now())
	if err != nil {
		return err
	}
	var jobs []*backfillJob
	for _, site := range c.Sites {
		url, err := backfillURL(site)
		if err != nil {
			return err
		}
		jobs = append(jobs, &backfillJob{URL: url, Site: weburl.Site(url), From: from, To: to, Undated: c.Undated})
	}
	return withBackfills(ctx, c.BrokerFlags, env, func(store backfillStore) error {
		for _, job := range jobs {
			added, err := store.add(ctx, job)
			switch {
			case err != nil:
				return err
			case added:
				fmt.Fprintf(env.Stdout, "%s: pages of %s will be fetched; copydesk backfill list tells how far it is\n", job.URL, job.span())
			default:
				fmt.Fprintf(env.Stdout, "%s: this backfill is under way already\n", job.URL)
			}
		}
		return nil
	})
}

// backfillURL returns the robots.txt of a site, or the address of a sitemap.
func backfillURL(arg string) (string, error) {
	address := arg
	if !strings.Contains(arg, "://") {
		address = "https://" + arg
	}
	url, err := weburl.Canonical(address)
	if err != nil {
		return "", usagef("%q is neither a site, such as example.org, nor the address of a sitemap: %w", clipText(arg, 100), err)
	}
	if isFrontPage(url) {
		return onSite(url, "/robots.txt"), nil
	}
	return url, nil
}

// backfillRange reads --from and --to into the first moment and the first after.
// Without --to that is the end of today, not now: the same backfill, added twice
// on one day, is one.
func backfillRange(from, to string, now time.Time) (first, after time.Time, err error) {
	first, _, err = readDay("--from", from)
	if err != nil {
		return first, after, err
	}
	after = now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	if to != "" {
		if _, after, err = readDay("--to", to); err != nil {
			return first, after, err
		}
	}
	switch {
	case !first.Before(now):
		return first, after, usagef("--from %s: lies in the future", from)
	case !first.Before(after):
		return first, after, usagef("--from %s comes after --to %s; swap them", from, to)
	}
	return first, after, nil
}

// readDay reads a day, month or year as its first moment and the first after it.
func readDay(flag, text string) (first, after time.Time, err error) {
	for _, form := range []struct {
		layout              string
		years, months, days int
	}{{time.DateOnly, 0, 0, 1}, {"2006-01", 0, 1, 0}, {"2006", 1, 0, 0}} {
		t, err := time.Parse(form.layout, text)
		if err != nil {
			continue
		}
		if t.Year() < 1990 || t.Year() > 2100 {
			return first, after, usagef("%s %s: give a year from 1990 to 2100", flag, text)
		}
		return t, t.AddDate(form.years, form.months, form.days), nil
	}
	return first, after, usagef("%s %q is no date; write it as 2024-05-17, 2024-05 or 2024", flag, clipText(text, 40))
}

// BackfillListCommand lists backfills.
type BackfillListCommand struct {
	BrokerFlags
}

// Run prints a table, what was added last in front.
func (c *BackfillListCommand) Run(ctx context.Context, env Env) error {
	return withBackfills(ctx, c.BrokerFlags, env, func(store backfillStore) error {
		all, err := store.all(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "STATE\tSITEMAPS\tIN RANGE\tQUEUED\tKNOWN\tRATE\tLEFT\tBACKFILL\tRANGE\tNOTE")
		for _, j := range wholeBackfills(all) {
			rate, left := j.pace()
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", j.State, j.Read, j.InRange, j.Queued, j.Known, rate, left,
				printable(j.URL), j.span(), printable(clipText(j.note(), 300)))
		}
		return w.Flush()
	})
}

// wholeBackfills returns the backfills that an operator added, each with the
// figures of its parts, what was added last in front.
func wholeBackfills(all map[string]*backfillJob) []*backfillJob {
	var whole []*backfillJob
	for key, j := range all {
		if j.Root != "" {
			continue
		}
		sum := *j
		weight := 1.0
		for _, part := range all {
			if part.Root == key && part.Run == j.Run {
				sum.add(part)
				weight++
			}
		}
		sum.Progress /= weight
		whole = append(whole, &sum)
	}
	slices.SortFunc(whole, func(a, b *backfillJob) int {
		return cmp.Or(b.Added.Compare(a.Added), strings.Compare(a.URL, b.URL))
	})
	return whole
}

// add counts a part in.
func (j *backfillJob) add(part *backfillJob) {
	j.Read += part.Read
	j.Skipped += part.Skipped
	j.Broken += part.Broken
	j.InRange += part.InRange
	j.Queued += part.Queued
	j.Known += part.Known
	j.Progress += part.Progress
	j.Active = max(j.Active, part.Active) // they are worked on at the same time
	j.Error = cmp.Or(j.Error, part.Error)
	states := backfillStates()
	if i := slices.Index(states, part.State); i >= 0 && i < slices.Index(states, j.State) {
		j.State = part.State
	}
}

// pace returns how many pages a minute are handed over, and how long the rest will
// take if it is like what was done.
func (j *backfillJob) pace() (rate, left string) {
	rate, left = "-", "-"
	if j.Active >= time.Second && j.Queued > 0 {
		rate = fmt.Sprintf("%.0f/min", float64(j.Queued)/j.Active.Minutes())
	}
	if j.State == backfillRunning && j.Progress > 0.001 {
		left = time.Duration(float64(j.Active) * (1 - j.Progress) / j.Progress).Round(time.Second).String()
	}
	return rate, left
}

// note is what is to be said of a backfill beside its figures.
func (j *backfillJob) note() string {
	var notes []string
	if j.Skipped > 0 {
		notes = append(notes, fmt.Sprintf("%d sitemaps of other times skipped", j.Skipped))
	}
	if j.Broken > 0 {
		notes = append(notes, fmt.Sprintf("%d sitemaps cannot be read", j.Broken))
	}
	if j.Error != "" {
		notes = append(notes, j.Error)
	}
	return strings.Join(notes, "; ")
}

// BackfillCancelCommand ends backfills.
type BackfillCancelCommand struct {
	BrokerFlags
	Sites []string `arg:"" name:"site|sitemap" help:"What the backfill was added by; all ranges of it are cancelled."`
}

// Run marks them; their workers stop at once.
func (c *BackfillCancelCommand) Run(ctx context.Context, env Env) error {
	var urls []string
	for _, site := range c.Sites {
		url, err := backfillURL(site)
		if err != nil {
			return err
		}
		urls = append(urls, url)
	}
	return withBackfills(ctx, c.BrokerFlags, env, func(store backfillStore) error {
		all, err := store.all(ctx)
		if err != nil {
			return err
		}
		cancelled := map[string]bool{}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			root := cmp.Or(all[key].Root, key)
			if all[root] == nil || !slices.Contains(urls, all[root].URL) {
				continue
			}
			ended, err := store.cancel(ctx, key)
			if err != nil {
				return err
			}
			if ended {
				cancelled[root] = true
			}
		}
		if len(cancelled) == 0 {
			return fmt.Errorf("no backfill of %s is under way; copydesk backfill list shows them", strings.Join(urls, ", "))
		}
		fmt.Fprintf(env.Stdout, "%d backfills cancelled\n", len(cancelled))
		return nil
	})
}
