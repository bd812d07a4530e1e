package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/search"
)

// refusal says of a class of failure what a reader needs to know.
func refusal(class string, status int) string {
	switch class {
	case fetch.ClassRobots:
		return "robots.txt of the host forbids this page"
	case fetch.ClassRobotsUnreachable:
		return "robots.txt of the host cannot be read, so nothing of it is fetched"
	case fetch.ClassGone:
		return "the server says that the page is gone for good (410)"
	case fetch.ClassThrottled:
		return "the host asked to be left alone for a while"
	case classTrap:
		return "its address leads into a trap: many addresses, one page"
	case fetch.ClassAddress:
		return "the host has an address that is not public"
	}
	if status != 0 {
		return fmt.Sprintf("the server answered %d (%s)", status, class)
	}
	return "fetching failed: " + class
}

// judge decides which state the page is in and why. What is in the index counts
// most; of the rest, where the page is now counts more than what was.
func (t *tracing) judge() {
	t.State, t.Reason = t.verdict()
	if t.State != search.TraceIndexed {
		if s := t.Site; s != nil && (s.State == siteBlocked || s.State == siteFailing) {
			t.Reason += fmt.Sprintf("; its site %s is %s (%s)", s.Site, s.State, s.Why)
		}
		return
	}
	if n := len(t.Waiting); n > 0 {
		t.Reason += "; a later fetch waits in " + t.Waiting[n-1].Stream
	}
	if n := len(t.Dead); n > 0 {
		t.Reason += fmt.Sprintf("; dead letter %d has the reason %s", t.Dead[n-1].Number, t.Dead[n-1].Reason)
	}
}

func (t *tracing) verdict() (state, reason string) {
	for _, a := range t.Articles {
		if a.Withdrawn {
			return search.TraceWithdrawn, fmt.Sprintf("article %s was taken down by its publisher", a.ID)
		}
	}
	if len(t.Articles) > 0 {
		a := t.Articles[0]
		return search.TraceIndexed, fmt.Sprintf("article %s is in the index since %s", a.ID, stamp(a.IndexedAt))
	}
	waits := func(stream string) bool {
		return slices.ContainsFunc(t.Waiting, func(w search.TraceWaiting) bool { return w.Stream == stream })
	}
	last := func() search.TraceDead { return t.Dead[len(t.Dead)-1] }
	s := t.state
	switch {
	case waits(bus.StreamArticles):
		return search.TraceToIndex, "it is cleaned and waits to be indexed"
	case waits(bus.StreamPages):
		return search.TraceToClean, "it is fetched and waits to be cleaned"
	case len(t.Dead) > 0:
		return search.TraceDeadLetter, fmt.Sprintf("the %s stage could not process it (%s): %s", last().Stage, last().Reason, last().Error)
	case (waits(bus.StreamURLs) || waits(bus.StreamBackfill)) && s.Error != "":
		return search.TraceRetrying, fmt.Sprintf("%s; it is tried again (%d attempts so far)", refusal(s.Error, s.Status), s.Attempts)
	case waits(bus.StreamURLs):
		return search.TraceToFetch, "it waits to be fetched"
	case waits(bus.StreamBackfill):
		return search.TraceToFetch, "it waits to be fetched, behind everything newer of its host"
	case t.isFeed:
		return search.TraceFeed, "this is a feed, in the state " + t.Feed.State
	case t.Fetch == nil:
		return search.TraceUnknown, "no feed or list has named it in the last 7 days, or its host has not been reached yet"
	}
	return t.remembered()
}

// remembered judges by what is remembered of the page, when no message of it is
// on the way.
func (t *tracing) remembered() (state, reason string) {
	s := t.state
	switch {
	case !s.TakenDown.IsZero():
		return search.TraceWithdrawn, fmt.Sprintf("its publisher took it down; it was found gone since %s", stamp(s.GoneSince))
	case t.Fetch.Aside != "":
		return search.TraceAside, "the page holds no article: " + t.Fetch.Aside
	case s.Error != "" && s.Done:
		return search.TraceRefused, refusal(s.Error, s.Status)
	case s.Error != "":
		return search.TraceRetrying, fmt.Sprintf("%s; %d attempts so far", refusal(s.Error, s.Status), s.Attempts)
	case t.index == nil:
		return search.TraceFetched, "it is fetched and no stream holds it any more, so it is most likely in the index"
	case t.state.Done:
		return search.TraceFetched, "it is fetched and not in the index under this address: it may be cleaned and waiting as an article that names another address"
	}
	return search.TraceToFetch, "it was named and is not fetched yet"
}

// tell writes down what happened, in order.
func (t *tracing) tell() {
	t.tellFetches()
	for _, a := range t.Articles {
		t.tellArticle(&a)
	}
	for _, d := range t.Dead {
		t.step(d.At, "dead", "dead letter %d of the %s stage, %s: %s", d.Number, d.Stage, d.Reason, d.Error)
	}
	for _, w := range t.Waiting {
		t.step(w.Since, "waiting", "in stream %s as message %d", w.Stream, w.Sequence)
	}
	if s := t.state; !s.NextRevisit.IsZero() {
		t.step(s.NextRevisit, "planned", "the next look at the page")
	}
	// A step without a time happened right after the one before it.
	last := time.Time{}
	at := make(map[*search.TraceStep]time.Time, len(t.Steps))
	sorted := make([]*search.TraceStep, len(t.Steps))
	for i := range t.Steps {
		sorted[i] = &t.Steps[i]
		if t.Steps[i].At != nil {
			last = *t.Steps[i].At
		}
		at[sorted[i]] = last
	}
	slices.SortStableFunc(sorted, func(a, b *search.TraceStep) int { return at[a].Compare(at[b]) })
	steps := make([]search.TraceStep, len(sorted))
	for i, s := range sorted {
		steps[i] = *s
	}
	t.Steps = steps
}

// step adds a step; at may be zero.
func (t *tracing) step(at time.Time, what, format string, args ...any) {
	t.Steps = append(t.Steps, search.TraceStep{At: knownTime(at), What: what, Text: fmt.Sprintf(format, args...)})
}

func (t *tracing) tellFetches() {
	switch {
	case t.isFeed:
		t.step(time.Time{}, "feed", "polled as a feed: %s", t.Feed.State)
	case t.Feed != nil && t.Feed.State == "":
		t.step(time.Time{}, "found", "in %s, which is not polled any more", t.Feed.URL)
	case t.Feed != nil:
		t.step(time.Time{}, "found", "in %s (%s)", t.Feed.URL, t.Feed.State)
	case t.state.URL != "":
		t.step(time.Time{}, "found", "in a list of pages, or in a feed that is not remembered")
	}
	s := t.state
	to := ""
	if s.FinalURL != "" && s.FinalURL != t.URL {
		to = ", which leads to " + s.FinalURL
	}
	if !s.FirstFetch.IsZero() && !s.FirstFetch.Equal(s.FetchedAt) {
		t.step(s.FirstFetch, "fetched", "for the first time%s", to)
		to = ""
	}
	if !s.FetchedAt.IsZero() {
		t.step(s.FetchedAt, "fetched", "status %d%s%s", s.Status, validators(s), to)
	}
	if s.Error != "" {
		t.step(time.Time{}, "refused", "%s", refusal(s.Error, s.Status))
	}
	if t.Fetch != nil && t.Fetch.Aside != "" {
		t.step(time.Time{}, "aside", "no article in it: %s", t.Fetch.Aside)
	}
	if !s.GoneSince.IsZero() {
		t.step(s.GoneSince, "gone", "the page was not found")
	}
	if !s.TakenDown.IsZero() {
		t.step(s.TakenDown, "withdrawn", "the takedown was published")
	}
}

// validators says what a later fetch can ask with.
func validators(s *pageState) string {
	var have []string
	if s.ETag != "" {
		have = append(have, "ETag")
	}
	if s.LastModified != "" {
		have = append(have, "Last-Modified")
	}
	if len(have) == 0 {
		return ", no validators"
	}
	return ", with " + strings.Join(have, " and ")
}

func (t *tracing) tellArticle(a *search.TraceArticle) {
	if t.state.FetchedAt.IsZero() && !a.FirstSeen.Equal(a.FetchedAt) {
		t.step(a.FirstSeen, "fetched", "for the first time")
	}
	warnings := ""
	if len(a.Warnings) > 0 {
		warnings = ", warnings " + strings.Join(a.Warnings, " ")
	}
	t.step(a.FetchedAt, "cleaned", "into article %s: %s, %s, %d words%s (%s)", a.ID, a.Kind, a.Access, a.Words, warnings, a.Normalizer)
	if vs := t.versions[a.ID]; len(vs) > 1 {
		for _, v := range vs {
			t.step(v.FetchedAt, "version", "%d: %s", v.Version, v.Title)
		}
	}
	t.step(a.IndexedAt, "indexed", "as version %d", a.Version)
	switch {
	case a.Copies > 1 && a.Original != a.ID:
		t.step(time.Time{}, "copy", "of %s (%s); %d copies in cluster %s", a.Original, a.Why, a.Copies, a.Cluster)
	case a.Copies > 1:
		t.step(time.Time{}, "original", "of %d copies in cluster %s (%s)", a.Copies, a.Cluster, a.Why)
	}
	if a.Story != "" {
		t.step(time.Time{}, "story", "%s", a.Story)
	}
	if a.Withdrawn {
		t.step(time.Time{}, "withdrawn", "the publisher took it down")
	}
}

// stamp writes a time for people.
func stamp(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Local().Format("2006-01-02 15:04:05")
}
