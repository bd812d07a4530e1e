package app

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/stage"
	"github.com/copydesk/copydesk/pkg/weburl"
)

const (
	// maxHandovers bounds how often a URL goes from worker to worker, for
	// redirects that lead in a circle.
	maxHandovers = 5
	// handoverWait is when a URL comes back whose partition is just being handed
	// over: to its next owner, or to this worker when its lease is sure again.
	handoverWait = time.Second
)

// subjectPartition returns the partition whose URLs a message is of, -1 for none.
func subjectPartition(subject string) int {
	part, err := strconv.Atoi(subject[strings.LastIndexByte(subject, '.')+1:])
	if err != nil {
		return -1
	}
	return part
}

// interrupted settles a fetch that came to nothing because a host is not, or not
// any more, this worker's. It reports false for any other error.
//
// A redirect to a host of another partition is followed by the worker that owns
// it: the URL it leads to is queued there, and becomes the page. What asked for
// it is settled. A worker that owns both follows at once, and the page is the
// one that was asked for.
func (p *pageFetcher) interrupted(state *pageState, m urlMessage, part int, err error) (stage.Result, bool) {
	var ferr *fetch.Error
	switch {
	case !errors.As(err, &ferr):
		return stage.Result{}, false
	case ferr.Class == fetch.ClassCanceled:
		p.revisits.settled(pageKey(m.URL)) // the next owner has it in its queue
		return stage.Result{Err: stage.Later(handoverWait, err)}, true
	case ferr.Class != fetch.ClassElsewhere:
		return stage.Result{}, false
	}
	to, cerr := weburl.Canonical(ferr.Elsewhere)
	if cerr != nil {
		return stage.Result{Err: stage.Permanent("bad_url", fmt.Errorf("%s leads to %w", m.URL, cerr))}, true
	}
	if partitionOf(to) == part {
		p.revisits.settled(pageKey(m.URL))
		return stage.Result{Err: stage.Later(handoverWait, err)}, true
	}
	if m.Handovers >= maxHandovers {
		return stage.Result{Err: stage.Permanent("fetch_"+fetch.ClassRedirect, fmt.Errorf("%s: more than %d redirects from host to host", m.URL, maxHandovers))}, true
	}
	next := m
	next.URL, next.Handovers, next.Revisit = to, m.Handovers+1, time.Time{}
	data, partition, msgID, cerr := encodeURLMessage(next)
	if cerr != nil {
		return stage.Result{Err: stage.Permanent("bad_url", cerr)}, true
	}
	result := stage.Result{Out: []stage.Out{{Subject: bus.URLSubject(partition), MsgID: msgID, Data: data}}}
	if to != m.URL {
		before := state.NextRevisit
		state.Done, state.Entry, state.Error = true, m.EntryHash, ferr.Class
		state.NextRevisit = time.Time{}
		p.log.Info("page goes to the worker of the host that it leads to", "id", article.ID(to), "url", m.URL, "to", to, "feed", m.Feed)
		result.Then = p.saver(state, before, lookOf(m, lookMoved))
	}
	return result, true
}
