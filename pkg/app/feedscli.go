package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// FeedsCommand groups the commands on feeds.
type FeedsCommand struct {
	List   FeedsListCommand   `cmd:"" help:"List feeds with their state."`
	Check  FeedsCheckCommand  `cmd:"" help:"Fetch every feed of a list once and say what is there."`
	Import FeedsImportCommand `cmd:"" help:"Add the feeds of a list to those that are polled."`
	Export FeedsExportCommand `cmd:"" help:"Write all feeds as OPML, with their titles, tags and intervals."`
}

// openFeeds connects to the broker and opens the bucket of feeds.
func openFeeds(ctx context.Context, f BrokerFlags, env Env) (feedStore, func(), error) {
	b, err := f.connectTool(ctx, env)
	if err != nil {
		return feedStore{}, nil, err
	}
	end := func() { shutdown(slog.New(slog.DiscardHandler), "broker", b.Close) }
	kv, err := openBucket(ctx, b, bus.BucketFeeds)
	if err != nil {
		end()
		return feedStore{}, nil, err
	}
	return feedStore{kv}, end, nil
}

// connectTool connects for one short command: it does not wait long.
func (f BrokerFlags) connectTool(ctx context.Context, env Env) (*bus.Bus, error) {
	log := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	f.NATSTimeout = min(f.NATSTimeout, 5*time.Second)
	return f.connect(ctx, workerName("tool"), log)
}

// sortedFeeds returns the feeds that the broker knows, those with trouble first.
func sortedFeeds(ctx context.Context, f BrokerFlags, env Env) ([]*feedState, error) {
	store, end, err := openFeeds(ctx, f, env)
	if err != nil {
		return nil, err
	}
	defer end()
	states, err := store.all(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(states, func(a, b *feedState) int {
		return cmp.Or(cmp.Compare(b.Failures, a.Failures), cmp.Compare(a.State, b.State), cmp.Compare(a.URL, b.URL))
	})
	return states, nil
}

// FeedsListCommand lists feeds.
type FeedsListCommand struct {
	BrokerFlags
}

// Run prints a table.
func (c *FeedsListCommand) Run(ctx context.Context, env Env) error {
	states, err := sortedFeeds(ctx, c.BrokerFlags, env)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tENTRIES\tLAST POLL\tNEXT POLL\tFAILURES\tFEED\tPUSH\tNOTE")
	for _, s := range states {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%s\t%s\t%s\n", s.State, s.Entries, clock(s.LastPoll), clock(s.NextPoll), s.Failures,
			printable(s.URL), cmp.Or(printable(clipText(s.Push.String(), 120)), "-"), printable(clipText(s.remark(), 200)))
	}
	return w.Flush()
}

// remark is why a feed cannot be read, or what is read for it.
func (s *feedState) remark() string { return cmp.Or(s.LastError, s.note()) }

// note says what is read in place of the feed's address, or was left for later.
func (s *feedState) note() string {
	if s.Note != "" || s.Resolved == "" {
		return s.Note
	}
	return "reads " + s.Resolved
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("01-02 15:04:05")
}

// FeedsImportCommand adds feeds at run time.
type FeedsImportCommand struct {
	BrokerFlags
	Files []string `arg:"" name:"file" help:"Lists: text, OPML or YAML; - is standard input."`
}

// Run stores the feeds; the ingest worker takes them over at once.
func (c *FeedsImportCommand) Run(ctx context.Context, env Env) error {
	sources, err := readSources(env, c.Files)
	if err != nil {
		return err
	}
	store, end, err := openFeeds(ctx, c.BrokerFlags, env)
	if err != nil {
		return err
	}
	defer end()
	added := 0
	for _, s := range sources {
		url, err := weburl.Canonical(s.URL)
		if err != nil {
			return err
		}
		state, err := store.load(ctx, url)
		if err != nil {
			return err
		}
		if state.revision != 0 && state.State != feedRetired && (state.Parent == "" || state.Managed) {
			continue // polled already
		}
		state.Managed, state.State, state.Title = true, feedNew, cmp.Or(s.Title, state.Title)
		state.Tags, state.Asked = s.Tags, s.Interval
		if err := store.save(ctx, state); err != nil && !errors.Is(err, errConflict) {
			return err
		}
		added++
	}
	fmt.Fprintf(env.Stdout, "%d feeds added, %d were there already\n", added, len(sources)-added)
	return nil
}

func readSources(env Env, files []string) ([]feed.Source, error) {
	l, err := newLists(files, nil, env.Stdin, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return l.allSources(), nil
}

// FeedsExportCommand writes OPML.
type FeedsExportCommand struct {
	BrokerFlags
	Output string `name:"output" short:"o" type:"path" placeholder:"FILE" help:"File to write. Default: standard output."`
}

// Run writes every feed that is polled.
func (c *FeedsExportCommand) Run(ctx context.Context, env Env) error {
	states, err := sortedFeeds(ctx, c.BrokerFlags, env)
	if err != nil {
		return err
	}
	var sources []feed.Source
	for _, s := range states {
		if s.State != feedRetired && (s.Parent == "" || s.Managed || len(s.Lists) > 0) {
			sources = append(sources, feed.Source{URL: s.URL, Title: s.Title, Tags: s.Tags, Interval: s.Asked})
		}
	}
	out := env.Stdout
	if c.Output != "" {
		f, err := os.Create(c.Output)
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		defer f.Close()
		out = f
	}
	return feed.WriteOPML(out, "copydesk", sources)
}
