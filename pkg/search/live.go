package search

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
)

// liveWrite is how long one write to a live client may take. Who does not read
// is let go, so that they hold nobody up.
const liveWrite = 10 * time.Second

// live answers /api/v1/live with server-sent events: one "article" for each
// article indexed, and comments as signs of life.
func (s *server) live(w http.ResponseWriter, r *http.Request) {
	lang, site, err := liveFilter(r)
	if err == nil && s.Live == nil {
		err = notServed("This process has no live tail.")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	select {
	case s.living <- struct{}{}:
		defer func() { <-s.living }()
	default:
		s.fail(w, r, &failure{
			status: http.StatusServiceUnavailable, title: "Too many live clients",
			detail:     fmt.Sprintf("All %d places are taken.", cap(s.living)),
			retryAfter: 30 * time.Second,
		})
		return
	}
	// The source is let go with the client, however the client goes.
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	records, err := s.Live.Live(ctx, lang, site)
	if err != nil {
		s.fail(w, r, fmt.Errorf("search: start live tail: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that collects would hold events back
	s.follow(w, r, records)
}

// liveFilter reads lang and site, one value each.
func liveFilter(r *http.Request) (lang, site string, err error) {
	vs, err := values(r, []string{"lang", "site"}, true)
	if err != nil {
		return "", "", err
	}
	q := &query{values: vs}
	for _, p := range searchParams {
		if p.name != "lang" && p.name != "site" {
			continue
		}
		if err := p.read(q); err != nil {
			return "", "", err
		}
	}
	if len(q.Lang) > 1 {
		return "", "", badParameter("lang", fmt.Sprint(q.Lang), "one language code")
	}
	if len(q.Site) > 1 {
		return "", "", badParameter("site", fmt.Sprint(q.Site), "one host name")
	}
	return first(q.Lang), first(q.Site), nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// follow writes events until the client goes, the source ends, or a write takes
// too long.
func (s *server) follow(w http.ResponseWriter, r *http.Request, records <-chan article.Record) {
	rc := http.NewResponseController(w)
	write := func(text string) bool {
		// A writer that knows no deadlines, as in tests, is used without.
		_ = rc.SetWriteDeadline(time.Now().Add(liveWrite))
		if _, err := w.Write([]byte(text)); err != nil {
			return false
		}
		return rc.Flush() == nil
	}
	if r.Method == http.MethodHead || !write("retry: 5000\n: connected\n\n") {
		return
	}
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	for {
		text := ": still here\n\n"
		select {
		case <-r.Context().Done():
			return
		case rec, open := <-records:
			if !open {
				return
			}
			text = s.event(&rec)
		case <-beat.C:
		}
		if !write(text) {
			return
		}
	}
}

// event is an article as a server-sent event. JSON has no line breaks of its
// own, so one data line holds it.
func (s *server) event(rec *article.Record) string {
	data, err := json.Marshal(liveAnswer{
		hitAnswer: hitOf(rec, lead(rec)), Words: rec.Words, FetchedAt: rec.FetchedAt,
	})
	if err != nil {
		s.log.Error("encode live event", "article", rec.ID, "err", err)
		return ": an article could not be shown\n\n"
	}
	return fmt.Sprintf("event: article\nid: %s:%d\ndata: %s\n\n", eventID(rec.ID), rec.Version, data)
}

// eventID keeps an id that is none out of the framing of events.
func eventID(id string) string {
	if article.ValidID(id) {
		return id
	}
	return "unknown"
}
