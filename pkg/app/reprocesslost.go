package app

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/stage"
)

// lookups is how many articles are asked for at once of a search server.
const lookups = 8

// lost reports whether an article of the index is none any more for this version
// of the cleaner. Only the same fetch tells: a page that was an article once and
// an error at another look is one.
func (p cleanedPage) lost(indexed *article.Record) bool {
	if indexed == nil || indexed.Withdrawn || !indexed.FetchedAt.Equal(p.page.FetchedAt) {
		return false
	}
	return p.art == nil || p.art.Kind == article.KindListing && indexed.Kind != article.KindListing
}

// messages returns what a batch of pages puts on the way to the index: articles,
// and with --withdraw the takedowns of those that are lost.
func (r *reprocess) messages(ctx context.Context, cleaned []cleanedPage) ([]stage.Out, error) {
	var outs []stage.Out
	for _, p := range cleaned {
		if p.out != nil {
			outs = append(outs, *p.out)
		}
	}
	if !r.c.Withdraw {
		return outs, nil
	}
	down := make([][]stage.Out, len(cleaned))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, p := range cleaned {
		if p.art != nil && p.art.Kind != article.KindListing {
			continue
		}
		group.Go(func() error {
			indexed, err := r.c.indexed(ctx, p.id())
			if err != nil || !p.lost(indexed) {
				return err
			}
			r.log.Info("article withdrawn: its page holds none", "id", indexed.ID, "url", p.page.FinalURL)
			down[i], err = takedownOut(&article.Takedown{Page: p.page.ID, URL: p.page.FinalURL, Status: http.StatusGone, At: p.page.FetchedAt})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, out := range down {
		outs = append(outs, out...)
		r.report.withdrew(len(out))
	}
	return outs, nil
}

// id is that of the article, or of the page that holds none.
func (p cleanedPage) id() string {
	if p.art != nil {
		return p.art.ID
	}
	return p.page.ID
}
