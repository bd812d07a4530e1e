package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// FeedsCheckCommand tries every feed of a list once.
type FeedsCheckCommand struct {
	AllowPrivate bool     `name:"allow-private" help:"Also fetch from addresses that are not public."`
	Parallel     int      `name:"parallel" default:"32" placeholder:"N" help:"How many feeds are tried at once, 1 to 256; of one host always one at a time. Default: ${default}."`
	Failing      bool     `name:"failing" help:"Show only the feeds that cannot be read."`
	JSON         bool     `name:"json" help:"Print a line of JSON for each feed."`
	Feeds        []string `arg:"" name:"feed" help:"Feeds, by their URL, and lists of feeds: text, OPML or YAML; - is a list on standard input."`
}

// maxCheckParallel bounds --parallel.
const maxCheckParallel = 256

// The states of a feed that was tried.
const (
	checkOK     = "ok"
	checkPage   = "page"   // is a web page that names a feed; that one is polled
	checkFailed = "failed" // cannot be polled
)

// feedCheck is what a try of a feed found out.
type feedCheck struct {
	URL       string     `json:"url"`
	Title     string     `json:"title,omitempty"` // as the list has it, else as the feed says
	State     string     `json:"state"`           // one of the check constants
	Error     string     `json:"error,omitempty"`
	Class     string     `json:"class,omitempty"` // of the error, as in copydesk_fetch_responses_total
	Status    int        `json:"status,omitempty"`
	FinalURL  string     `json:"final_url,omitempty"` // where redirects led to
	MovedTo   string     `json:"moved_to,omitempty"`  // where it has moved for good
	Declared  string     `json:"declared_type,omitempty"`
	Format    string     `json:"format,omitempty"`
	TypeFits  bool       `json:"type_fits"` // the declared type is one of that format
	Entries   int        `json:"entries"`
	Sitemaps  int        `json:"sitemaps,omitempty"`
	Site      *siteCheck `json:"site,omitempty"` // of a site that is read through the sitemaps of its robots.txt
	Newest    *time.Time `json:"newest,omitempty"`
	Text      string     `json:"text,omitempty"`      // full, summary or mixed
	Robots    string     `json:"robots"`              // of the feed: allowed, forbidden, unreachable, unknown
	Pages     string     `json:"pages,omitempty"`     // robots.txt on its newest entry
	Names     string     `json:"names,omitempty"`     // the feed that a page names
	Hub       string     `json:"hub,omitempty"`       // WebSub; several are separated by spaces
	Warnings  []string   `json:"warnings,omitempty"`  // what was repaired
	TookMS    int64      `json:"took_ms"`             // waiting for the host included
	Duplicate int        `json:"duplicate,omitempty"` // how often the list names it besides
}

// Run tries the feeds, prints what was found, and fails if a feed does.
func (c *FeedsCheckCommand) Run(ctx context.Context, env Env) error {
	if c.Parallel < 1 || c.Parallel > maxCheckParallel {
		return usagef("--parallel %d: give 1 to %d", c.Parallel, maxCheckParallel)
	}
	sources, err := c.sources(env)
	if err != nil {
		return err
	}
	f, err := fetch.New(fetch.Options{UserAgent: userAgent(""), AllowPrivate: c.AllowPrivate})
	if err != nil {
		return err
	}
	defer f.Close()
	checks, err := c.try(ctx, env, f, sources)
	if err != nil {
		return err
	}
	if err := c.print(env.Stdout, checks); err != nil {
		return err
	}
	failed := 0
	for _, r := range checks {
		if r.State == checkFailed {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d feeds cannot be read", failed, len(checks))
	}
	return nil
}

// sources reads the arguments.
func (c *FeedsCheckCommand) sources(env Env) ([]feed.Source, error) {
	var files []string
	var sources []feed.Source
	for _, arg := range c.Feeds {
		if lower := strings.ToLower(arg); !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
			files = append(files, arg)
			continue
		}
		if _, err := weburl.Parse(arg); err != nil {
			return nil, usagef("%w", err)
		}
		sources = append(sources, feed.Source{URL: arg})
	}
	listed, err := readSources(env, files)
	return append(sources, listed...), err
}

// try checks every feed once, in the order of the list.
func (c *FeedsCheckCommand) try(ctx context.Context, env Env, f *fetch.Fetcher, sources []feed.Source) ([]*feedCheck, error) {
	checks := make([]*feedCheck, 0, len(sources))
	known := make(map[string]*feedCheck, len(sources))
	for _, s := range sources {
		key, err := weburl.Canonical(s.URL)
		if err != nil {
			return nil, err
		}
		if first := known[key]; first != nil {
			first.Duplicate++
			continue
		}
		r := &feedCheck{URL: s.URL, Title: s.Title, Robots: "unknown"}
		known[key], checks = r, append(checks, r)
	}
	progress := newCheckProgress(env.Stderr, len(checks))
	defer progress.end()
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(c.Parallel)
	for _, r := range checks {
		group.Go(func() error {
			start := time.Now()
			r.try(gctx, f)
			r.TookMS = time.Since(start).Milliseconds()
			progress.done(r.State == checkFailed)
			return gctx.Err()
		})
	}
	return checks, group.Wait()
}

// try fetches and parses a feed.
func (r *feedCheck) try(ctx context.Context, f *fetch.Fetcher) {
	if isRobotsFile(r.URL) {
		r.trySite(ctx, f, r.URL)
		return
	}
	resp, err := f.Fetch(ctx, fetch.Request{URL: r.URL, Kind: fetch.KindFeed})
	if err != nil {
		r.failed(err)
		return
	}
	r.Robots, r.Status, r.MovedTo = "allowed", resp.Status, resp.PermanentURL
	if resp.FinalURL != r.URL && len(resp.Redirects) > 0 {
		r.FinalURL = resp.FinalURL
	}
	r.Declared, _, _ = mime.ParseMediaType(resp.ContentType)
	parsed, err := feed.Parse(resp.Body, resp.FinalURL, resp.ContentType)
	if errors.Is(err, feed.ErrNotFeed) {
		if links := feed.Discover(resp.Body, resp.FinalURL); len(links) > 0 {
			r.State, r.Names = checkPage, links[0]
			return
		}
		if isFrontPage(resp.FinalURL) {
			r.trySite(ctx, f, resp.FinalURL)
			return
		}
	}
	if err != nil {
		r.failed(err)
		return
	}
	r.parsed(parsed)
	r.Hub = strings.Join(offered(resp, parsed).Hubs, " ")
	r.robotsOfPages(ctx, f, parsed)
}

func (r *feedCheck) failed(err error) {
	r.State, r.Error = checkFailed, oneLine(err.Error())
	var ferr *fetch.Error
	if !errors.As(err, &ferr) {
		r.Class = "not_feed"
		return
	}
	r.Class, r.Status = ferr.Class, ferr.Status
	switch ferr.Class {
	case fetch.ClassRobots:
		r.Robots = "forbidden"
	case fetch.ClassRobotsUnreachable:
		r.Robots = "unreachable"
	}
}

// parsed notes what stands in the feed.
func (r *feedCheck) parsed(f *feed.Feed) {
	r.State, r.Format, r.Entries, r.Sitemaps, r.Warnings = checkOK, f.Format, len(f.Entries), len(f.Sitemaps), f.Warnings
	r.TypeFits = typeFits(r.Declared, f.Format)
	r.Title = cmp.Or(r.Title, f.Title)
	if newest := newestOf(f); newest != nil {
		if at := latest(newest); !at.IsZero() {
			r.Newest = &at
		}
	}
	for _, s := range f.Sitemaps {
		if at := s.LastModified; !at.IsZero() && (r.Newest == nil || at.After(*r.Newest)) {
			r.Newest = &at
		}
	}
	switch {
	case f.Format == feed.FormatSitemap, f.Format == feed.FormatNewsSitemap, f.Format == feed.FormatSitemapIndex, r.Entries == 0:
	case f.FullText == 0:
		r.Text = "summary"
	case f.FullText*4 >= r.Entries*3: // some entries are short by nature
		r.Text = "full"
	default:
		r.Text = "mixed"
	}
}

func latest(e *feed.Entry) time.Time {
	if e.Updated.After(e.Published) {
		return e.Updated
	}
	return e.Published
}

// newestOf returns the entry with the latest date, the first one if none has
// any.
func newestOf(f *feed.Feed) *feed.Entry {
	var newest *feed.Entry
	for i := range f.Entries {
		if e := &f.Entries[i]; newest == nil || latest(e).After(latest(newest)) {
			newest = e
		}
	}
	return newest
}

// robotsOfPages asks whether the newest page may be fetched: a feed is of no
// use whose pages are forbidden.
func (r *feedCheck) robotsOfPages(ctx context.Context, f *fetch.Fetcher, parsed *feed.Feed) {
	newest := newestOf(parsed)
	if newest == nil {
		return
	}
	u, err := weburl.Parse(newest.URL)
	if err != nil {
		return
	}
	switch rules, err := f.Robots(ctx, newest.URL); {
	case err != nil:
		r.Pages = "unreachable"
	case rules.Allowed(u.PathQuery()):
		r.Pages = "allowed"
	default:
		r.Pages = "forbidden"
	}
}

// typeFits reports whether a media type may stand over a format.
func typeFits(declared, format string) bool {
	switch declared {
	case "application/xml", "text/xml":
		return format != feed.FormatJSON
	case "application/rss+xml":
		return format == feed.FormatRSS || format == feed.FormatRDF
	case "application/rdf+xml":
		return format == feed.FormatRDF
	case "application/atom+xml":
		return format == feed.FormatAtom
	case "application/feed+json", "application/json":
		return format == feed.FormatJSON
	case "text/plain":
		return format == feed.FormatSitemap
	}
	return false
}

// print writes the table or the lines of JSON.
func (c *FeedsCheckCommand) print(out io.Writer, checks []*feedCheck) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(w, "STATE\tFORMAT\tENTRIES\tNEWEST\tTEXT\tROBOTS\tFEED\tNOTE")
	}
	for _, r := range checks {
		if c.Failing && r.State != checkFailed {
			continue
		}
		if c.JSON {
			if err := enc.Encode(r); err != nil {
				return err
			}
			continue
		}
		newest := "-"
		if r.Newest != nil {
			newest = stamp(*r.Newest)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", r.State, cmp.Or(r.Format, "-"), r.Entries, newest, cmp.Or(r.Text, "-"),
			r.Robots, printable(r.URL), printable(clipText(strings.Join(r.notes(), "; "), 300)))
	}
	return w.Flush()
}

// notes are what a person should know of a feed beside the columns.
func (r *feedCheck) notes() []string {
	var notes []string
	add := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	add(r.Error != "", "%s", r.Error)
	add(r.Names != "", "names the feed %s", r.Names)
	add(r.Site != nil, "%s", r.Site)
	add(r.MovedTo != "", "moved for good to %s", r.MovedTo)
	add(r.MovedTo == "" && r.FinalURL != "", "leads to %s", r.FinalURL)
	add(r.Format != "" && r.Declared != "" && !r.TypeFits, "called %s", r.Declared)
	add(r.Format != "" && r.Declared == "", "called nothing")
	add(r.Pages == "forbidden" || r.Pages == "unreachable", "robots.txt: its pages are %s", r.Pages)
	add(r.Sitemaps > 0, "index of %d sitemaps", r.Sitemaps)
	add(r.State == checkOK && r.Entries == 0 && r.Sitemaps == 0, "no entries")
	add(r.Duplicate > 0, "listed %d times", r.Duplicate+1)
	for _, w := range r.Warnings[:min(len(r.Warnings), 2)] {
		add(true, "%s", w)
	}
	return notes
}

// checkProgress says on standard error how far a check is: on a terminal in
// one line that is written over, else a line now and then.
type checkProgress struct {
	out      io.Writer
	terminal bool
	total    int
	start    time.Time
	tried    atomic.Int64
	bad      atomic.Int64

	mu   sync.Mutex
	told time.Time
}

// progressEvery is how often progress is told where it is no terminal.
const progressEvery = 10 * time.Second

func newCheckProgress(out io.Writer, total int) *checkProgress {
	now := time.Now()
	return &checkProgress{out: out, terminal: isTerminal(out), total: total, start: now, told: now}
}

// done counts a feed.
func (p *checkProgress) done(failed bool) {
	if failed {
		p.bad.Add(1)
	}
	tried := int(p.tried.Add(1))
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.terminal && now.Sub(p.told) < progressEvery {
		return
	}
	p.told = now
	left := time.Duration(float64(now.Sub(p.start)) / float64(tried) * float64(p.total-tried)).Round(time.Second)
	line := fmt.Sprintf("%d of %d feeds tried, %d failed, about %s left", tried, p.total, p.bad.Load(), left)
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// end leaves a clean line.
func (p *checkProgress) end() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
