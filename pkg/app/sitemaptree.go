package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxSitemaps bounds the sitemaps of one index that are looked at, the latest
	// first, and those that one poll of a tree fetches.
	maxSitemaps = 100
	// maxTreeDepth is how deep indexes may name indexes.
	maxTreeDepth = 3
	// maxTreeNotes bounds what is remembered of the sitemaps of one tree.
	maxTreeNotes = 400
	// maxTreeEntries is after how many entries a poll leaves the rest of its
	// sitemaps to the next one.
	maxTreeEntries = 50_000
	// maxUndatedOften is how many sitemaps whose index does not say when they
	// changed are read at each poll. Where there are more, each waits undatedPause
	// for each of the rest, so that about ten of them are read in an hour.
	maxUndatedOften = 10
	undatedPause    = 6 * time.Minute
)

// sitemapNote is what is remembered of a sitemap in a tree.
type sitemapNote struct {
	Modified     time.Time `json:"modified,omitzero"` // as the index had it when it was last read
	Read         bool      `json:"read,omitempty"`    // it was read, with all that is in it
	Cold         bool      `json:"cold,omitempty"`    // it was there at the first poll, and has not been read yet
	Next         time.Time `json:"next,omitzero"`     // not read before, where the index names no date
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Format       string    `json:"format,omitempty"`
	Error        string    `json:"error,omitempty"`
	Failures     int       `json:"failures,omitempty"`
	Open         bool      `json:"open,omitempty"`   // an index that does not say when its sitemaps changed
	Missed       int       `json:"missed,omitempty"` // polls since it was last named
}

// sitemapWalk is one poll of a tree of sitemaps. It reads those that changed, the
// latest first. One that fails, or for which there is no time, stays as unread as
// it was, so that nothing of it is lost.
type sitemapWalk struct {
	p      *feedPoller
	state  *feedState
	got    found
	part   int  // partition of the host that is asked
	choose bool // news sitemaps are preferred, because nobody chose the others

	notes   map[string]*sitemapNote
	docs    int
	read    int // of them well, and those that did not change
	failed  int
	left    int   // for the next poll
	closed  int   // indexes that were not looked into
	foreign int   // on other sites
	beyond  int   // on other hosts, and more or deeper than is allowed
	undated int   // sitemaps whose index does not say when they changed
	busy    error // the host has no time for more
	first   error // the first failure
	example string
	chosen  []string // top level
	away    []string // of hosts of other partitions
}

// readIndex reads the sitemaps of an index.
func (p *feedPoller) readIndex(ctx context.Context, state *feedState, resp *fetch.Response, parsed *feed.Feed, got found) (found, error) {
	w := p.newWalk(state, got)
	if err := w.index(ctx, state.target(), parsed.Sitemaps, 1, w.cold()); err != nil {
		return found{}, err
	}
	if err := w.finish(ctx, feed.FormatSitemapIndex); err != nil {
		return found{}, err
	}
	state.ETag, state.LastModified = resp.ETag, resp.LastModified
	if !w.whole() {
		state.ETag, state.LastModified = "", "" // a 304 would hide what is still to be read
	}
	return w.got, nil
}

func (p *feedPoller) newWalk(state *feedState, got found) *sitemapWalk {
	if state.Children == nil {
		state.Children = map[string]sitemapNote{}
		for url, at := range state.Sitemaps {
			state.Children[url] = sitemapNote{Modified: at, Read: true}
		}
	}
	return &sitemapWalk{
		p: p, state: state, got: got, part: partitionOf(state.target()), choose: state.Resolved != "" || isRobotsFile(state.target()),
		notes: map[string]*sitemapNote{},
	}
}

// cold reports whether nothing of the tree was read before.
func (w *sitemapWalk) cold() bool { return w.state.Cadence.At.IsZero() }

// whole reports whether the next poll needs to look only at what the root says
// has changed.
func (w *sitemapWalk) whole() bool { return w.failed+w.left+w.undated == 0 }

// index reads the sitemaps that an index at address names.
func (w *sitemapWalk) index(ctx context.Context, address string, refs []feed.SitemapRef, depth int, cold bool) error {
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, func(a, b feed.SitemapRef) int { return b.LastModified.Compare(a.LastModified) })
	var rest []feed.SitemapRef
	if w.choose {
		if news, others := splitNews(refs, w.state.Children); len(news) > 0 {
			refs, rest = news, others
		}
	}
	err := w.children(ctx, address, refs, depth, cold)
	if err == nil && len(rest) > 0 && !w.areNews(refs) {
		return w.children(ctx, address, rest, depth, cold)
	}
	if err == nil {
		w.passOver(rest, cold)
	}
	return err
}

// passOver keeps what is known of sitemaps that are not read because there are
// news sitemaps. Should those fail one day, what was there from the start is
// no news.
func (w *sitemapWalk) passOver(refs []feed.SitemapRef, cold bool) {
	for _, ref := range refs[:min(len(refs), maxSitemaps)] {
		note, known := w.state.Children[ref.URL]
		if w.notes[ref.URL] != nil || !known && !cold || len(w.notes) >= maxTreeNotes {
			continue
		}
		if !known {
			note.Cold = true
		}
		note.Missed = 0
		w.notes[ref.URL] = &note
	}
}

// children reads sitemaps that an index at address names, in this order.
func (w *sitemapWalk) children(ctx context.Context, address string, refs []feed.SitemapRef, depth int, cold bool) error {
	refs = refs[:min(len(refs), maxSitemaps)]
	undated := 0
	for _, ref := range refs {
		if ref.LastModified.IsZero() {
			undated++
		}
	}
	w.undated += undated
	for _, ref := range refs {
		if depth == 1 {
			w.chosen = append(w.chosen, ref.URL)
		}
		if ref.URL == w.state.target() || w.notes[ref.URL] != nil {
			continue // names itself, or is named twice
		}
		if len(w.notes) >= maxTreeNotes {
			w.left++
			continue
		}
		if err := w.child(ctx, address, ref, depth, cold, time.Duration(max(0, undated-maxUndatedOften))*undatedPause); err != nil {
			return err
		}
	}
	return nil
}

// child reads one sitemap of the index at address, if it changed. Its error ends
// the poll: nothing was decided.
func (w *sitemapWalk) child(ctx context.Context, address string, ref feed.SitemapRef, depth int, cold bool, pause time.Duration) error {
	note, known := w.state.Children[ref.URL]
	if !known {
		note.Cold = cold
	}
	note.Missed = 0
	switch {
	case !w.allowed(address, ref.URL, depth):
		w.foreign++
		return nil
	case partitionOf(ref.URL) != w.part:
		w.elsewhere(ref.URL)
		return nil
	}
	w.notes[ref.URL] = &note
	dated := !ref.LastModified.IsZero()
	switch {
	case note.Read && (dated && !note.Open && !ref.LastModified.After(note.Modified) || !dated && time.Now().Before(note.Next)):
		w.read++
		if note.Format == feed.FormatSitemapIndex {
			w.closed++
		}
		return nil
	case w.enough():
		w.leave(&note)
		return nil
	}
	w.docs++
	req := fetch.Request{URL: ref.URL, Kind: fetch.KindFeed}
	if note.Read {
		req.ETag, req.LastModified = note.ETag, note.LastModified
	}
	resp, err := w.p.fetcher.Fetch(ctx, req)
	if err != nil {
		return w.missed(ctx, ref.URL, &note, err)
	}
	note.Next = time.Now().Add(jitter(pause))
	if note.Format == feed.FormatNewsSitemap {
		note.Next = time.Time{}
	}
	if resp.NotModified {
		w.read++
		note.Modified, note.Error, note.Failures = ref.LastModified, "", 0
		if note.Format == feed.FormatSitemapIndex {
			w.closed++
		}
		return nil
	}
	parsed, err := feed.Parse(resp.Body, resp.FinalURL, resp.ContentType)
	if err != nil {
		w.fail(ref.URL, &note, err)
		return nil //nolint:nilerr // noted, and no matter of the other sitemaps
	}
	return w.take(ctx, ref, depth, &note, resp, parsed)
}

// take hands over what a sitemap names, or goes into an index.
func (w *sitemapWalk) take(ctx context.Context, ref feed.SitemapRef, depth int, note *sitemapNote, resp *fetch.Response, parsed *feed.Feed) error {
	note.Format = parsed.Format
	unread, undated := w.failed+w.left, w.undated
	if parsed.Format == feed.FormatSitemapIndex {
		if depth >= maxTreeDepth {
			note.Read, note.Modified, note.Error = true, ref.LastModified, fmt.Sprintf("an index more than %d deep", maxTreeDepth)
			return nil
		}
		if err := w.index(ctx, resp.FinalURL, parsed.Sitemaps, depth+1, note.Cold); err != nil {
			return err
		}
	} else {
		whole, err := w.p.handOver(ctx, w.state, parsed, note.Cold, &w.got)
		if err != nil {
			return err
		}
		if !whole {
			w.leave(note)
		}
	}
	note.Error, note.Failures = "", 0
	w.read++
	if w.failed+w.left > unread {
		note.Read, note.Modified, note.ETag, note.LastModified = false, time.Time{}, "", ""
		return nil
	}
	note.Read, note.Cold, note.Modified = true, false, ref.LastModified
	note.ETag, note.LastModified, note.Open = resp.ETag, resp.LastModified, w.undated > undated
	if note.Open {
		note.ETag, note.LastModified = "", "" // the index may stay the same while what it names changes
	}
	return nil
}

// enough reports whether nothing more may be fetched in this poll.
func (w *sitemapWalk) enough() bool {
	return w.busy != nil || w.docs >= maxSitemaps || w.got.poll.Entries >= maxTreeEntries
}

// leave puts a sitemap off to the next poll.
func (w *sitemapWalk) leave(note *sitemapNote) {
	w.left++
	if note.Format == feed.FormatSitemapIndex {
		w.closed++
	}
}

// missed settles a sitemap that could not be fetched.
func (w *sitemapWalk) missed(ctx context.Context, url string, note *sitemapNote, err error) error {
	var ferr *fetch.Error
	if ctx.Err() != nil || !errors.As(err, &ferr) {
		return err
	}
	switch {
	case ferr.Class == fetch.ClassCanceled:
		return err
	case ferr.Class == fetch.ClassElsewhere && partitionOf(ferr.Elsewhere) == w.part:
		return err // handed over just now
	case ferr.Class == fetch.ClassElsewhere:
		delete(w.notes, url)
		w.elsewhere(url)
		return nil
	}
	if _, later := notItsTurn(err); later {
		w.busy = err
		w.leave(note)
		return nil
	}
	w.fail(url, note, err)
	return nil
}

// fail notes why a sitemap cannot be read. It is tried again at the next poll.
func (w *sitemapWalk) fail(url string, note *sitemapNote, err error) {
	w.failed++
	note.Error = clipText(oneLine(err.Error()), 200)
	note.Failures++
	if note.Format == feed.FormatSitemapIndex {
		w.closed++
	}
	if w.first == nil {
		w.first, w.example = err, url
	}
	w.p.log.Debug("sitemap not read; tried again at the next poll", "feed", w.state.URL, "sitemap", url, "err", err)
}

// finish writes the outcome into the state. It fails if nothing could be read.
func (w *sitemapWalk) finish(ctx context.Context, format string) error {
	w.got.soon = w.left > 0
	if w.read == 0 && len(w.away) == 0 {
		switch {
		case w.busy != nil:
			return w.busy
		case w.first != nil:
			w.keepNotes() // a news sitemap that fails again and again is given up
			return fmt.Errorf("sitemap %s: %w", w.example, w.first)
		}
	}
	if err := w.adopt(ctx); err != nil {
		return err
	}
	w.keepNotes()
	w.state.Format, w.state.Entries, w.state.Note = format, w.got.poll.Entries, clipText(w.note(), 500)
	w.state.Sitemaps = nil
	return nil
}

// maxMissed is how many polls a sitemap is remembered that none of them named.
const maxMissed = 100

// keepNotes keeps what this poll learned, and what is known of sitemaps below an
// index that it did not look into.
func (w *sitemapWalk) keepNotes() {
	notes := make(map[string]sitemapNote, len(w.notes))
	for url, note := range w.notes {
		notes[url] = *note
	}
	for url, note := range w.state.Children {
		if _, named := notes[url]; named || len(notes) >= maxTreeNotes {
			continue
		}
		if note.Missed++; w.closed > 0 || note.Missed < maxMissed {
			notes[url] = note
		}
	}
	w.state.Children = notes
}

// note says in a line what an operator should know.
func (w *sitemapWalk) note() string {
	text := ""
	add := func(format string, args ...any) {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf(format, args...)
	}
	if w.choose && len(w.chosen) > 0 {
		add("reads %s", w.chosen[0])
		if more := len(w.chosen) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	if w.failed > 0 {
		add("%d sitemaps cannot be read, such as %s: %s", w.failed, w.example, oneLine(w.first.Error()))
	}
	if w.left > 0 {
		add("%d sitemaps are left for the next poll", w.left)
	}
	if len(w.away) > 0 {
		add("%d sitemaps are sources of their own, on other hosts", len(w.away))
	}
	if w.foreign > 0 {
		add("%d sitemaps on other sites are left out", w.foreign)
	}
	if w.beyond > 0 {
		add("%d sitemaps on other hosts are left out: at most %d, %d indexes deep; make them sources yourself", w.beyond, maxHosted, maxHostedDepth)
	}
	return text
}

// allowed reports whether a sitemap may be read because the index at address
// names it: it lies on the same site, or robots.txt vouches for it.
func (w *sitemapWalk) allowed(address, url string, depth int) bool {
	return depth == 1 && isRobotsFile(w.state.target()) || weburl.SameSite(address, url) || weburl.SameSite(w.state.target(), url)
}
