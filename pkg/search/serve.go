package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

const (
	// catchAll is the pattern for what no route answers.
	catchAll = "/"
	// maxQueryString bounds the query string of any request, in bytes.
	maxQueryString = 8 << 10
	// maxPath bounds the path, in bytes: ids are short.
	maxPath = 512
	// slotWait is how long a request waits for its turn at the index before it
	// is told to come back.
	slotWait = time.Second
	// writeWait is how long an answer may take to be read.
	writeWait = 30 * time.Second
)

// contentSecurityPolicy allows what the pages use: their own style sheet and
// the icon that is written into them. No script, whoever writes it.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard sets the headers that every answer carries, refuses requests that are
// too long, and turns a panic into an answer.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		// A writer that knows no deadlines, as in tests, is used without.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeWait))
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.log.Error("panic in handler", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			s.fail(w, r, &failure{status: http.StatusInternalServerError})
		}()
		if len(r.URL.RawQuery) > maxQueryString || len(r.URL.Path) > maxPath {
			s.fail(w, r, &failure{
				status: http.StatusRequestURITooLong, title: "Request too long",
				detail: fmt.Sprintf("The path may have %d bytes and the query string %d.", maxPath, maxQueryString),
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// handler answers a request or returns why not; it has written nothing when it
// returns an error.
type handler func(w http.ResponseWriter, r *http.Request) error

// bounded runs h with one of the slots for asking the index, and with the time
// that a request has for it. The slot is free again before the answer is sent,
// so clients that read slowly keep nobody from searching.
func (s *server) bounded(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held := &heldWriter{ResponseWriter: w, status: http.StatusOK}
		err := s.inSlot(r.Context(), func(ctx context.Context) error { return h(held, r.WithContext(ctx)) })
		if err != nil {
			s.fail(w, r, err)
			return
		}
		// A failed write means that the client has gone; nobody is left to tell.
		w.WriteHeader(held.status)
		_, _ = w.Write(held.body.Bytes())
	})
}

// inSlot runs f in its turn.
func (s *server) inSlot(ctx context.Context, f func(context.Context) error) error {
	release, err := s.slot(ctx)
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, s.SearchTimeout)
	defer cancel()
	return f(ctx)
}

// heldWriter keeps an answer until it is whole.
type heldWriter struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (h *heldWriter) WriteHeader(status int) { h.status = status }

// Write keeps p.
func (h *heldWriter) Write(p []byte) (int, error) { return h.body.Write(p) }

// slot waits briefly for a turn at the index.
func (s *server) slot(ctx context.Context) (release func(), err error) {
	release = func() { <-s.searching }
	select {
	case s.searching <- struct{}{}:
		return release, nil
	default:
	}
	t := time.NewTimer(slotWait)
	defer t.Stop()
	select {
	case s.searching <- struct{}{}:
		return release, nil
	case <-t.C:
		return nil, &failure{
			status: http.StatusServiceUnavailable, title: "Too many searches at once",
			detail: "Every search slot is taken. Please try again in a moment.", retryAfter: 2 * time.Second,
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// nothingHere answers what no route does: a method that is not served with 405,
// the rest with 404.
func (s *server) nothingHere(w http.ResponseWriter, r *http.Request) {
	get := r.Clone(r.Context())
	get.Method = http.MethodGet
	if _, pattern := s.mux.Handler(get); pattern != catchAll {
		w.Header().Set("Allow", "GET, HEAD")
		s.fail(w, r, &failure{
			status: http.StatusMethodNotAllowed,
			detail: fmt.Sprintf("%s is read-only: use GET or HEAD.", r.URL.Path),
		})
		return
	}
	s.fail(w, r, &failure{
		status: http.StatusNotFound, title: "Nothing here",
		detail: "There is no page at this address.",
	})
}

// isAPI tells the paths whose failures are machine-readable from the pages.
func isAPI(path string) bool {
	return strings.HasPrefix(path, "/api/") || path == "/api" || strings.HasPrefix(path, "/feed.") ||
		path == "/openapi.json"
}

// writeJSON answers with v, indented: people read these answers too.
func writeJSON(w http.ResponseWriter, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("search: encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, err := w.Write(b.Bytes())
	return err
}
