package app

import (
	"context"
	"fmt"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/stage"
)

// takedowns are the takedown messages of a batch by their place in it.
type takedowns map[int]*article.Takedown

func (t takedowns) add(i int, data []byte) error {
	gone, err := article.ReadTakedown(data)
	if err != nil {
		return stage.Permanent("bad_takedown", err)
	}
	t[i] = gone
	return nil
}

// withdraw marks the articles of pages that were taken down. A page that is in
// no article, or whose article was found again at another address, withdraws
// nothing.
func (x *indexer) withdraw(ctx context.Context, gone takedowns, results []stage.Result) {
	for i, t := range gone {
		ids, err := x.index.ByPage(ctx, t.Page)
		if err == nil && len(ids) > 0 {
			err = x.index.Withdraw(ctx, ids, t.At, time.Now())
		}
		if err != nil {
			results[i].Err = stage.Unavailable(fmt.Errorf("withdraw %s: %w", t.URL, err))
			continue
		}
		x.log.Info("page taken down", "id", t.Page, "url", t.URL, "status", t.Status, "articles", ids)
	}
}
