package app

import (
	"context"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/story"
)

// readied is what can be made ready of an article without knowing the others.
type readied struct {
	print   dedup.Fingerprint
	copies  *dedup.Prepared // nil for one that is restored: its text is not compared
	stories *story.Prepared // nil for one that tells no news
}

// arrived is an article and when it came, by the clock of the worker: its window
// goes by that, for a page may be fetched, or its archive read, long before.
type arrived struct {
	*article.Record
	at      time.Time
	pending bool // another content is stored than was placed
}

// clamp bounds an arrival by now: one that a clock that was wrong has put into
// the future would make everything else old.
func (k *keeper) clamp(at time.Time) time.Time {
	if at.After(k.latest) {
		return k.latest
	}
	return at
}

// tellsNews reports whether an article may belong to a story. What stands where
// an article should (a challenge, a page that is not there) is the same on every
// site and no news.
func tellsNews(r *article.Record) bool {
	switch r.Access {
	case article.Challenge, article.Consent, article.Soft404:
		return false
	}
	return r.Kind != article.KindListing && r.Words > 0
}

func copyDoc(r *article.Record) dedup.Doc {
	d := dedup.Doc{ID: r.ID, Title: r.Title, Text: r.Text, Content: r.ContentHash}
	if r.Published != nil {
		d.Published = r.Published.Time
	}
	return d
}

func storyDoc(a arrived) story.Doc {
	r := a.Record
	d := story.Doc{
		ID: r.ID, Title: r.Title, Lead: r.Standfirst, Text: r.Text, Lang: r.Language, Source: r.Site,
		Arrived: a.at, Content: r.ContentHash,
	}
	if a.pending {
		d.Content = ""
	}
	if r.Published != nil {
		d.Published = r.Published.Time
	}
	return d
}

// fingerprint reads the sketch that the normalize worker made. Sketches of an
// older kind are made anew; texts too short to be compared have none.
func fingerprint(r *article.Record) dedup.Fingerprint {
	if r.Sketch == "" {
		return dedup.Fingerprint{}
	}
	if f, ok := dedup.Parse(r.Sketch); ok {
		return f
	}
	return dedup.Take(r.Text)
}

// decideOne takes one article in and notes what changes by it.
func (k *keeper) decideOne(ctx context.Context, ch *changes, a arrived, ready *readied) error {
	r := a.Record
	ch.stored[r.ID] = r
	p := ch.of(r.ID)
	p.ContentHash = r.ContentHash
	if r.OriginalBy == "" {
		p.OriginalBy = string(dedup.NoCopies)
	}
	d := k.engine.AddPrepared(ready.copies, ready.print, a.at)
	if d.Same {
		return nil // it is in the batch twice
	}
	if err := ch.setCluster(ctx, r.ID, d.Cluster); err != nil {
		return err
	}
	if err := ch.setLinks(ctx, r.ID, d.Links); err != nil {
		return err
	}
	// Copies that a new article gives its name keep their place: it joins them, not
	// they it. So they are found where they are by who reads them by their arrival.
	_, known := k.stories.Of(r.ID)
	if !known {
		if err := ch.setClusters(ctx, &d); err != nil {
			return err
		}
	}
	if ready.stories != nil {
		ready.stories.Doc.Cluster = d.Cluster
		s := k.stories.AddPrepared(ready.stories)
		ch.move(s.Moved)
		p.Story = s.Story
		if len(s.Related) > 0 || len(r.Related) > 0 {
			p.Related = append([]string{}, s.Related...)
		}
	} else {
		k.stories.Remove(r.ID)
	}
	if known {
		if err := ch.setClusters(ctx, &d); err != nil {
			return err
		}
	}
	if err := ch.rename(ctx, r.ID, &d); err != nil {
		return err
	}
	k.metrics.observe(r.ID, &d)
	return nil
}

// prepare makes articles that are to be placed ready on all cores.
func prepare(ctx context.Context, articles []arrived) ([]readied, error) {
	out := make([]readied, len(articles))
	err := inParallel(ctx, len(articles), func(i int) {
		r := articles[i].Record
		out[i] = readied{print: fingerprint(r), copies: dedup.Prepare(copyDoc(r))}
		if tellsNews(r) {
			out[i].stories = story.Prepare(storyDoc(articles[i]))
		}
	})
	return out, err
}
