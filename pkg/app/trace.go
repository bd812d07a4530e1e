package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/search"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxPeek and peekTime bound how far into a queue is looked for a message
	// that cannot be asked for by its subject.
	maxPeek  = 300
	peekTime = 300 * time.Millisecond
	// maxTraced bounds the articles of one page that a trace tells of.
	maxTraced = 10
)

// tracer implements search.Tracer. Whatever it asks of broker and index is by
// key or subject, so a trace takes as long however much they hold.
type tracer struct {
	bus   *bus.Bus
	index traceIndex // nil: what the index has is not known here
}

// traceIndex is what a trace asks of an index.
type traceIndex interface {
	Get(ctx context.Context, id string) (article.Record, error)
	Versions(ctx context.Context, id string) ([]article.Version, error)
	ByPage(ctx context.Context, page string) ([]string, error)
}

// ByPage returns the articles that were fetched last from a page.
func (s *sharedIndex) ByPage(ctx context.Context, page string) ([]string, error) {
	return through(s, func(ix index.Index) ([]string, error) { return ix.ByPage(ctx, page) })
}

// tracing is one trace while it is found out.
type tracing struct {
	tracer
	*search.Trace
	state    *pageState // what ingest remembers; its URL is empty if nothing
	feedURL  string     // that named the page, "" if not known
	asked    string     // the URL as given
	isFeed   bool       // the URL is itself a feed that is polled
	versions map[string][]article.Version
}

// TraceURL implements search.Tracer.
func (t tracer) TraceURL(ctx context.Context, url string) (*search.Trace, error) {
	start := time.Now()
	page, err := weburl.PageURL(url)
	if err != nil {
		return nil, err
	}
	tr := &tracing{tracer: t, asked: url, Trace: &search.Trace{URL: page, Page: article.ID(page)}, versions: map[string][]article.Version{}}
	for _, look := range []func(context.Context) error{tr.fetches, tr.indexed, tr.dead, tr.waiting, tr.feed, tr.site} {
		if err := look(ctx); err != nil {
			return nil, err
		}
	}
	tr.judge()
	tr.tell()
	tr.TookMS = time.Since(start).Milliseconds()
	return tr.Trace, nil
}

// note says what could not be found out.
func (t *tracing) note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
}

// pageIDs are the ids under which the page may travel: of the address that is
// asked for, and of the one that it leads to.
func (t *tracing) pageIDs() []string {
	ids := []string{t.Page}
	if id := t.state.PageID; id != "" && id != t.Page {
		ids = append(ids, id)
	}
	return ids
}

// fetches reads what ingest remembers of the page.
func (t *tracing) fetches(ctx context.Context) error { return t.fetchesOf(ctx, t.URL) }

func (t *tracing) fetchesOf(ctx context.Context, url string) error {
	b, err := openBucket(ctx, t.bus, bus.BucketPages)
	if err != nil {
		return err
	}
	store := pageStore{b}
	if t.state, err = store.loadKey(ctx, pageKey(url)); err != nil {
		return err
	}
	aside, _, err := store.get(ctx, asideKey(url))
	if err != nil || t.state.URL == "" && len(aside) == 0 {
		return err
	}
	s := t.state
	t.feedURL = s.Feed
	t.Fetch = &search.TraceFetch{
		FinalURL: s.FinalURL, Status: s.Status, Error: s.Error, Attempts: s.Attempts, First: knownTime(s.FirstFetch),
		Last: knownTime(s.FetchedAt), Next: knownTime(s.NextRevisit), ETag: s.ETag, LastModified: s.LastModified, Aside: string(aside),
	}
	return nil
}

func knownTime(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// indexed asks the index for the articles of the page.
func (t *tracing) indexed(ctx context.Context) error {
	if t.index == nil {
		t.note("no search server was asked: what the index has is not known")
		return nil
	}
	var ids []string
	for _, page := range t.pageIDs() {
		found, err := t.index.ByPage(ctx, page)
		if err != nil {
			return fmt.Errorf("articles of page %s: %w", t.URL, err)
		}
		ids = append(ids, found...)
	}
	// Who asks by the canonical address of an article asks by its id.
	ids = append(ids, t.Page)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		r, err := t.index.Get(ctx, id)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("article %s of page %s: %w", id, t.URL, err)
		}
		if len(t.Articles) == maxTraced {
			t.note("the index has more than %d articles of this page", maxTraced)
			break
		}
		if t.feedURL == "" {
			t.feedURL = r.Feed
		}
		if t.versions[id], err = t.index.Versions(ctx, id); err != nil {
			return fmt.Errorf("versions of article %s: %w", id, err)
		}
		t.Articles = append(t.Articles, search.TraceArticleOf(&r))
	}
	if t.state.URL == "" && len(t.Articles) > 0 && t.Articles[0].URL != t.URL {
		// Asked for by its canonical address; ingest knows the one it fetched.
		return t.fetchesOf(ctx, t.Articles[0].URL)
	}
	return nil
}

// dead finds the dead letters of the page.
func (t *tracing) dead(ctx context.Context) error {
	for _, id := range t.pageIDs() {
		letters, err := t.bus.DeadOf(ctx, id)
		if errors.Is(err, jetstream.ErrBucketNotFound) {
			t.note("the broker was set up by an earlier version: its dead letters are found by the command dead list only")
			return nil
		}
		if err != nil {
			return err
		}
		for _, l := range letters {
			if t.feedURL == "" {
				t.feedURL = l.Header.Get(article.HeaderFeed)
			}
			d := search.TraceDead{Number: l.Sequence, Stage: l.Stage, Reason: l.Reason, Error: l.Error, At: l.At}
			if !slices.Contains(t.Dead, d) {
				t.Dead = append(t.Dead, d)
			}
		}
	}
	slices.SortFunc(t.Dead, func(a, b search.TraceDead) int { return a.At.Compare(b.At) })
	return nil
}

// waiting finds the messages about the page that wait in a stream.
func (t *tracing) waiting(ctx context.Context) error {
	if err := t.queued(ctx); err != nil {
		return err
	}
	articles := t.pageIDs() // of takedowns, and of articles that name no other address
	for _, a := range t.Articles {
		articles = append(articles, a.ID)
	}
	for _, id := range t.pageIDs() {
		if err := t.waitsAs(ctx, bus.StreamPages, bus.PageSubject(id)); err != nil {
			return err
		}
	}
	slices.Sort(articles)
	for _, id := range slices.Compact(articles) {
		if err := t.waitsAs(ctx, bus.StreamArticles, bus.ArticleSubject(id)); err != nil {
			return err
		}
	}
	return nil
}

// waitsAs notes the message of a subject, if there is one.
func (t *tracing) waitsAs(ctx context.Context, stream, subject string) error {
	s, err := t.bus.JetStream().Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("trace in stream %s: %w", stream, err)
	}
	msg, err := s.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("trace in stream %s: %w", stream, err)
	}
	if t.feedURL == "" {
		t.feedURL = msg.Header.Get(article.HeaderFeed)
	}
	t.Waiting = append(t.Waiting, search.TraceWaiting{Stream: stream, Sequence: msg.Sequence, Since: msg.Time})
	return nil
}

// queued looks for the page among the URLs of its partition that wait.
func (t *tracing) queued(ctx context.Context) error {
	partition := weburl.Partition(weburl.HostPort(t.URL))
	return cmp.Or(
		t.queuedIn(ctx, bus.StreamURLs, bus.URLSubject(partition)),
		t.queuedIn(ctx, bus.StreamBackfill, bus.BackfillSubject(partition)),
	)
}

// queuedIn looks in one stream of URLs, which have no subject of their own: at
// the first of them only.
func (t *tracing) queuedIn(ctx context.Context, stream, subject string) error {
	s, err := t.bus.JetStream().Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("trace in stream %s: %w", stream, err)
	}
	deadline := time.Now().Add(peekTime)
	next := uint64(1)
	for n := 0; ; n++ {
		if n == maxPeek || time.Now().After(deadline) {
			t.note("more than %d URLs of this host's partition wait in stream %s; only those were looked through", n, stream)
			return nil
		}
		msg, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("trace in stream %s: %w", stream, err)
		}
		next = msg.Sequence + 1
		var m urlMessage
		if json.Unmarshal(msg.Data, &m) != nil || m.URL != t.URL {
			continue
		}
		if t.feedURL == "" {
			t.feedURL = m.Feed
		}
		t.Waiting = append(t.Waiting, search.TraceWaiting{Stream: stream, Sequence: msg.Sequence, Since: msg.Time})
	}
}

// feed reads the state of the feed that named the page, or of the URL if it is
// a feed itself.
func (t *tracing) feed(ctx context.Context) error {
	b, err := openBucket(ctx, t.bus, bus.BucketFeeds)
	if err != nil {
		return err
	}
	own, err := weburl.Canonical(t.asked)
	if err != nil {
		return err
	}
	self, err := feedStore{b}.load(ctx, own)
	if err != nil {
		return err
	}
	if t.isFeed = self.revision != 0; t.isFeed {
		t.Feed = traceSource(self)
		return nil
	}
	if t.feedURL == "" {
		return nil
	}
	state, err := feedStore{b}.load(ctx, t.feedURL)
	if err != nil {
		return err
	}
	if t.Feed = traceSource(state); state.revision == 0 {
		t.Feed.State = ""
	}
	return nil
}

func traceSource(s *feedState) *search.TraceSource {
	return &search.TraceSource{
		URL: s.URL, Title: s.Title, State: s.State, LastPoll: knownTime(s.LastPoll), NextPoll: knownTime(s.NextPoll), LastError: s.LastError,
	}
}

// site reads how the publisher of the page lets us in.
func (t *tracing) site(ctx context.Context) error {
	b, err := openBucket(ctx, t.bus, bus.BucketSites)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil // the broker was set up by an earlier version
	}
	if err != nil {
		return err
	}
	s := &siteState{}
	revision, err := b.getJSON(ctx, article.ID(weburl.Site(t.URL)), s)
	if err != nil || revision == 0 {
		return err
	}
	state, since, why := s.verdict()
	t.Site = &search.TraceSite{Site: s.Site, State: state, Since: knownTime(since), Why: why}
	return nil
}
