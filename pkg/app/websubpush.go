package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/feed"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/websub"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// pusher takes in documents that hubs push: entries that are new go to the broker
// as those of a poll do.
type pusher struct {
	feeds   feedStore
	enqueue func(ctx context.Context, state *feedState, f *feed.Feed, entries []feed.Entry, old func(*feed.Entry) bool, note func(*feed.Entry, bool)) (int, error)
	poll    time.Duration // between two polls of a feed, at least
	log     *slog.Logger

	// turns keeps pushes of one feed from getting in front of each other.
	turns [16]sync.Mutex
}

// deliver takes in a push whose signature is good. Without an error the broker
// has every entry, or the feed is due for a poll.
func (p *pusher) deliver(ctx context.Context, sub *subscription, header http.Header, body []byte) (outcome string, err error) {
	parsed := p.parse(sub, header, body)
	turn := &p.turns[weburl.Partition(sub.key)%len(p.turns)]
	turn.Lock()
	defer turn.Unlock()
	for try := 0; ; try++ {
		state, err := p.feeds.load(ctx, sub.Feed)
		if err != nil {
			return "", err
		}
		if !state.wants(sub.key) {
			return pushGone, nil
		}
		outcome, changed := pushPing, false
		if parsed == nil {
			changed = state.hasten(time.Now(), p.poll)
		} else if outcome, changed, err = p.take(ctx, state, parsed); err != nil {
			return "", err
		}
		if !changed {
			return outcome, nil
		}
		err = p.feeds.save(ctx, state)
		if !errors.Is(err, errConflict) || try == swapTries {
			return outcome, err
		}
		// A poll was saved at the same time. What went to the broker is known to
		// it by its id.
	}
}

// parse returns the feed that a push holds, or nil if it holds none that can be
// believed: then it says no more than that there is something to read.
func (p *pusher) parse(sub *subscription, header http.Header, body []byte) *feed.Feed {
	if self := websub.HeaderLinks(header.Values("Link"), sub.Topic).Self; self != "" && self != sub.Topic {
		p.log.Info("push is of another topic; the feed is polled", "feed", sub.Feed, "topic", clipText(self, 300))
		return nil
	}
	if encoding := header.Values("Content-Encoding"); len(encoding) > 0 {
		var err error
		if body, err = fetch.Decode(body, encoding); err != nil {
			p.log.Info("push cannot be decoded; the feed is polled", "feed", sub.Feed, "err", err)
			return nil
		}
	}
	f, err := feed.Parse(body, sub.Topic, header.Get("Content-Type"))
	if err != nil || len(f.Entries) == 0 {
		p.log.Debug("push holds no entries; the feed is polled", "feed", sub.Feed, "err", err)
		return nil
	}
	return f
}

// take hands the entries that are new to the broker and notes them in the state.
func (p *pusher) take(ctx context.Context, state *feedState, f *feed.Feed) (outcome string, changed bool, err error) {
	now := time.Now()
	seen := state.Seen
	var hashes []string
	push := cadence.Poll{At: now, Pushed: true}
	fresh, err := p.enqueue(ctx, state, f, f.Entries, noneOld, func(e *feed.Entry, seen bool) {
		if !seen {
			hashes = append(hashes, e.Hash()[:entryHashLen])
			push.New = append(push.New, dateOf(e, now))
		}
	})
	if err != nil {
		return "", false, fmt.Errorf("push of %s: %w", state.URL, err)
	}
	if fresh == 0 {
		return pushKnown, false, nil
	}
	// A push may hold the newest entries only: what else the feed lists is kept.
	state.Seen = joinSeen(hashes, seen, state.Entries+maxSeenOlder)
	state.Cadence.Observe(push)
	state.LastNew, state.Push.Last = now, now
	state.Push.Brought = joinSeen(hashes, state.Push.Brought, maxBrought)
	p.log.Info("feed pushed", "feed", state.URL, "new", fresh)
	return pushNew, true, nil
}
