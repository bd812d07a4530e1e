package app

import (
	"container/list"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/stage"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// A trap is a part of a site that has more addresses than pages: a calendar
// without an end, a search with every combination of its filters, links that
// carry a session or append themselves to the address. Feeds and sitemaps name
// such addresses, too.
const (
	// trapWindow is how many addresses of one shape are remembered, and trapSame
	// how many of them must have had the very same body to make it a trap.
	trapWindow = 32
	trapSame   = 24
	// trapProbe is how often an address of a trap is fetched all the same, to see
	// whether it is still one: a page for maintenance looks like a trap.
	trapProbe = 10 * time.Minute
	// trapLetters is how many addresses of a trap become dead letters, to be
	// replayed if it was none after all; the rest is only counted.
	trapLetters = 100
	// maxTrapShapes bounds what is remembered: about 700 bytes each.
	maxTrapShapes = 8192
	// maxTrapDepth and maxTrapParams are how many segments and parameters an
	// address has at most; more come from links that append themselves.
	maxTrapDepth  = 40
	maxTrapParams = 40
)

// classTrap is the class of failure of an address that is not fetched because
// it leads into a trap, in the state of its page.
const classTrap = "trap"

// The kinds of trap, for metrics.
const (
	trapSameBody = "same_body" // many addresses, one body
	trapRepeats  = "repeats"   // the path repeats itself
	trapGrows    = "grows"     // more segments or parameters than any page has
)

// trapGuard finds traps by what was fetched lately. It is safe for concurrent
// use; a nil guard finds none. Its memory is bounded: the shapes that were seen
// longest ago are forgotten.
type trapGuard struct {
	log     *slog.Logger
	stopped *prometheus.CounterVec
	traps   prometheus.Gauge

	mu     sync.Mutex
	shapes map[string]*list.Element // of *trapShape
	recent *list.List               // the shape that was seen last is in front
}

// trapShape is what is remembered of the addresses of one shape.
type trapShape struct {
	key     string
	urls    [trapWindow]uint64 // hashes of the addresses that were fetched, a ring
	bodies  [trapWindow]uint64 // hashes of what they brought
	seen    int
	trapped bool
	body    uint64    // that all of them brought
	probe   time.Time // when one is fetched to see whether it is still a trap
	stopped int
}

func newTrapGuard(reg prometheus.Registerer, log *slog.Logger) *trapGuard {
	g := &trapGuard{
		log: log, shapes: map[string]*list.Element{}, recent: list.New(),
		stopped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_trap_urls_total", Help: "Addresses that were not fetched because they lead into a trap, by kind.",
		}, []string{"kind"}),
		traps: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "copydesk_traps", Help: "Parts of sites that are known to be traps: many addresses, one body.",
		}),
	}
	for _, kind := range []string{trapSameBody, trapRepeats, trapGrows} {
		g.stopped.WithLabelValues(kind)
	}
	reg.MustRegister(g.stopped, g.traps)
	return g
}

// stops returns the kind of trap that a page is not to be fetched for, or "",
// and counts it. keep says that the address is worth a dead letter. A URL that
// is none is for the fetcher to refuse.
func (g *trapGuard) stops(url string, now time.Time) (kind string, keep bool) {
	if g == nil {
		return "", false
	}
	u, err := weburl.Parse(url)
	if err != nil {
		return "", false
	}
	if kind = endless(u); kind != "" {
		g.stopped.WithLabelValues(kind).Inc()
		g.log.Info("page not fetched: its address has no end", "url", url, "trap", kind)
		return kind, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	el := g.shapes[shapeOf(u)]
	if el == nil {
		return "", false
	}
	s := el.Value.(*trapShape)
	if !s.trapped || s.has(hash64(url)) {
		return "", false
	}
	if !now.Before(s.probe) {
		s.probe = now.Add(trapProbe)
		return "", false
	}
	s.stopped++
	g.stopped.WithLabelValues(trapSameBody).Inc()
	return trapSameBody, s.stopped <= trapLetters
}

// saw notes what an address brought.
func (g *trapGuard) saw(url, bodyHash string, now time.Time) {
	if g == nil {
		return
	}
	u, err := weburl.Parse(url)
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.shape(shapeOf(u))
	address, body := hash64(url), hash64(bodyHash)
	if s.trapped && body != s.body {
		g.log.Info("no trap any more: pages differ again", "example", url, "stopped", s.stopped)
		*s = trapShape{key: s.key}
		g.traps.Dec()
	}
	if s.has(address) {
		return
	}
	s.urls[s.seen%trapWindow], s.bodies[s.seen%trapWindow] = address, body
	s.seen++
	if s.trapped || s.seen < trapWindow || s.count(body) < trapSame {
		return
	}
	s.trapped, s.body, s.probe = true, body, now.Add(trapProbe)
	g.traps.Inc()
	g.log.Warn("trap: many addresses bring one body; others like them are not fetched", "example", url, "same", s.count(body), "of", trapWindow)
}

// shape returns what is remembered of a shape, and forgets the oldest if it is
// new and there are too many.
func (g *trapGuard) shape(key string) *trapShape {
	if el := g.shapes[key]; el != nil {
		g.recent.MoveToFront(el)
		return el.Value.(*trapShape)
	}
	if g.recent.Len() >= maxTrapShapes {
		oldest := g.recent.Remove(g.recent.Back()).(*trapShape)
		delete(g.shapes, oldest.key)
		if oldest.trapped {
			g.traps.Dec()
		}
	}
	s := &trapShape{key: key}
	g.shapes[key] = g.recent.PushFront(s)
	return s
}

// has reports whether an address is among those that are remembered.
func (s *trapShape) has(address uint64) bool {
	return slices.Contains(s.urls[:min(s.seen, trapWindow)], address)
}

func (s *trapShape) count(body uint64) int {
	n := 0
	for _, b := range s.bodies[:min(s.seen, trapWindow)] {
		if b == body {
			n++
		}
	}
	return n
}

// shapeOf returns what the addresses of one trap have in common: host, the path
// up to its last segment with its digits blotted out, the names of the
// parameters.
func shapeOf(u *weburl.URL) string {
	path, query, _ := strings.Cut(u.PathQuery(), "?")
	path = strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return '0'
		}
		return r
	}, path[:strings.LastIndexByte(path, '/')+1])
	var names []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	shape := u.HostPort() + path + "?" + strings.Join(slices.Compact(names), "&")
	return shape[:min(len(shape), 300)]
}

// endless returns the kind of trap that an address alone gives away, or "".
func endless(u *weburl.URL) string {
	path, query, _ := strings.Cut(u.PathQuery(), "?")
	segments := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(segments) > maxTrapDepth, strings.Count(query, "&") >= maxTrapParams:
		return trapGrows
	case repeats(segments):
		return trapRepeats
	}
	return ""
}

// repeats reports whether a path says the same three times over: /a/a/a, or
// /a/b/a/b/a/b. Numbers may repeat, as in dates.
func repeats(segments []string) bool {
	for size := 1; size <= 4; size++ {
		run := 0 // segments that are what stands size before them
		for i := size; i < len(segments); i++ {
			if s := segments[i]; s == segments[i-size] && strings.Trim(s, "0123456789") != "" {
				run++
			} else {
				run = 0
			}
			if run >= 2*size {
				return true
			}
		}
	}
	return false
}

func hash64(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// trapped settles a page that is not fetched because it leads into a trap.
func (p *pageFetcher) trapped(state *pageState, m urlMessage, kind string, keep bool) stage.Result {
	state.Error = classTrap
	if keep {
		return stage.Result{Err: stage.Permanent(classTrap, fmt.Errorf("page %s is not fetched: other addresses like it all brought the same page", m.URL))}
	}
	before := state.NextRevisit
	state.Done, state.Entry = true, m.EntryHash
	p.log.Debug("page not fetched", "url", m.URL, "trap", kind, "feed", m.Feed)
	return stage.Result{Then: p.saver(state, before, "")}
}
