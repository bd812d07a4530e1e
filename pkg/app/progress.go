package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/index"
)

// progress tells whoever started `copydesk run` what goes on: one line that is
// kept up to date on a terminal, a line at every change when piped.
type progress struct {
	out      io.Writer
	quiet    bool
	terminal bool
	bus      *bus.Bus
	feeds    *sourceCache
	index    index.Reader
	reading  func() string // which WARC file is read and how far

	mu   sync.Mutex
	last string
	live bool // the terminal's last line is ours
}

func newProgress(env Env, quiet bool, b *bus.Bus, feeds feedStore, ix index.Reader) *progress {
	return &progress{
		out: env.Stdout, quiet: quiet, terminal: isTerminal(env.Stdout), bus: b,
		feeds: &sourceCache{store: feeds}, index: ix,
	}
}

// isTerminal reports whether w is a terminal that can redraw a line.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// greet says where to look, before anything else happens.
func (p *progress) greet(a *allInOne, health string) {
	p.line("copydesk %s: search on %s - Ctrl-C ends it", Version(), browserURL(a.flags.Listen))
	if a.newsroom != nil {
		p.line("  reading  the newsroom, a demonstration site on http://%s (for your own feeds: --feeds FILE)", strings.Replace(a.newsroom.addr, "127.0.0.1", "localhost", 1))
	} else {
		p.line("  reading  %s", strings.Join(append(append([]string{}, a.flags.Feeds...), a.flags.URLs...), ", "))
	}
	p.line("  metrics  http://%s/metrics   health http://%s/readyz", health, health)
	p.line("  data     %s", a.flags.Data)
}

// browserURL turns a listening address into what a browser takes.
func browserURL(listen string) string {
	host, port, found := strings.Cut(listen, ":")
	if !found || strings.HasPrefix(listen, "[") {
		return "http://" + listen
	}
	if host == "" || host == "0.0.0.0" || host == "127.0.0.1" {
		host = "localhost"
	}
	return "http://" + host + ":" + port
}

// run prints the state every second, or at changes, until ctx ends.
func (p *progress) run(ctx context.Context) {
	if p.quiet {
		return
	}
	every := 5 * time.Second
	if p.terminal {
		every = time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if text, err := p.state(ctx); err == nil && ctx.Err() == nil {
				p.show(text)
			}
		}
	}
}

// state is one line on feeds, queues and index.
func (p *progress) state(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	feeds, err := p.feeds.feeds(ctx)
	if err != nil {
		return "", err
	}
	stats, err := p.index.Stats(ctx)
	if err != nil {
		return "", err
	}
	count := map[string]int{}
	for _, f := range feeds {
		count[f.State]++
	}
	text := fmt.Sprintf("%d articles | feeds: %d ok", stats.Documents, count[feedOK])
	for _, state := range []string{feedNew, feedFailing, feedBlocked, feedGone, feedDead} {
		if count[state] > 0 {
			text += fmt.Sprintf(", %d %s", count[state], state)
		}
	}
	for _, q := range []struct{ stream, label string }{
		{bus.StreamURLs, "to fetch"}, {bus.StreamBackfill, "old pages to fetch"}, {bus.StreamPages, "to clean"}, {bus.StreamArticles, "to index"}, {bus.StreamDead, "dead letters"},
	} {
		n, err := p.messages(ctx, q.stream)
		if err != nil {
			return "", err
		}
		if n > 0 {
			text += fmt.Sprintf(" | %d %s", n, q.label)
		}
	}
	if now := p.reading(); now != "" {
		text += " | " + now
	}
	return text, nil
}

func (p *progress) messages(ctx context.Context, stream string) (uint64, error) {
	s, err := p.bus.JetStream().Stream(ctx, stream)
	if err != nil {
		return 0, err
	}
	return s.CachedInfo().State.Msgs, nil
}

func (p *progress) show(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if text == p.last {
		return
	}
	p.last = text
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", text)
		p.live = true
		return
	}
	fmt.Fprintln(p.out, text)
}

func (p *progress) line(format string, args ...any) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.live = false
	}
	fmt.Fprintf(p.out, format+"\n", args...)
}

func (p *progress) stopping() {
	p.line("copydesk: finishing what is under way (Ctrl-C again ends at once)")
}

func (p *progress) done() { p.line("copydesk: stopped; the next run continues from here") }
