package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/copydesk/copydesk/pkg/index"
)

// failure is why a request is not answered, in words for the one who asked.
type failure struct {
	status int
	title  string // "": the standard text of the status
	detail string

	// Of a bad parameter: its name, what it was, and what it may be.
	parameter, value, accepted string

	retryAfter time.Duration
}

// Error makes a failure an error that handlers return.
func (f *failure) Error() string { return fmt.Sprintf("%d %s: %s", f.status, f.heading(), f.detail) }

// heading is the title, or what HTTP calls the status.
func (f *failure) heading() string {
	if f.title != "" {
		return f.title
	}
	return http.StatusText(f.status)
}

// badParameter is the failure for a parameter with a value that it cannot have.
func badParameter(name, value, accepted string) *failure {
	if r := []rune(value); len(r) > 100 {
		value = string(r[:100]) + "…"
	}
	return &failure{
		status: http.StatusBadRequest, title: "Bad parameter",
		detail:    fmt.Sprintf("Parameter %s: %q is not accepted. Accepted: %s.", name, value, accepted),
		parameter: name, value: value, accepted: accepted,
	}
}

// notFound is the failure for an id that names nothing; what is "article" or
// the like.
func notFound(what, id string) *failure {
	if r := []rune(id); len(r) > 60 {
		id = string(r[:60]) + "…"
	}
	return &failure{
		status: http.StatusNotFound, title: "No such " + what,
		detail: fmt.Sprintf("The index has no %s with the id %q.", what, id),
	}
}

// notServed is the failure for what this process or this version cannot do.
func notServed(detail string) *failure {
	return &failure{status: http.StatusNotImplemented, title: "Not available", detail: detail}
}

// asFailure puts an error into words for the one who asked; what they need not
// know is left out and logged by fail.
func (s *server) asFailure(err error) *failure {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, index.ErrBadQuery):
		return &failure{status: http.StatusBadRequest, title: "Bad query", detail: err.Error()}
	case errors.Is(err, index.ErrNotFound):
		return &failure{status: http.StatusNotFound, title: "No such article", detail: "The index has no such article."}
	case errors.Is(err, index.ErrLocked):
		return &failure{
			status: http.StatusServiceUnavailable, title: "This worker stands by",
			detail: lockedDetail(err), retryAfter: standByWait,
		}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{
			status: http.StatusServiceUnavailable, title: "The search took too long",
			detail:     fmt.Sprintf("It was given up after %s. Fewer words or a shorter time span may help.", s.SearchTimeout),
			retryAfter: 5 * time.Second,
		}
	}
	return &failure{
		status: http.StatusInternalServerError, title: "Something went wrong",
		detail: "The request could not be answered. The log of this server says why.",
	}
}

// standByWait is how soon to ask a worker again that waits for the index: a
// takeover is a matter of seconds.
const standByWait = 5 * time.Second

// lockedDetail is what the index said, without what was said around it here.
func lockedDetail(err error) string {
	for next := errors.Unwrap(err); errors.Is(next, index.ErrLocked) && next != index.ErrLocked; next = errors.Unwrap(err) { //nolint:errorlint // the bare sentinel says less than what wraps it
		err = next
	}
	return err.Error()
}

// problem is the answer to a request that fails, by RFC 9457.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Value     string `json:"value,omitempty"`
	Accepted  string `json:"accepted,omitempty"`
}

// fail answers with an error: problem+json where programs ask, a page where
// people do. A client that has gone is not answered.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	f := s.asFailure(err)
	expected := errors.Is(err, index.ErrLocked)
	if known := (*failure)(nil); f.status >= http.StatusInternalServerError && !expected && !errors.As(err, &known) {
		s.log.Error("request failed", "path", r.URL.Path, "status", f.status, "err", err)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int(f.retryAfter.Seconds()))))
	}
	if isAPI(r.URL.Path) {
		writeProblem(w, f)
		return
	}
	s.errorPage(w, f)
}

// writeProblem answers a program.
func writeProblem(w http.ResponseWriter, f *failure) {
	body, err := json.MarshalIndent(problem{
		Type: "about:blank", Title: f.heading(), Status: f.status, Detail: f.detail,
		Parameter: f.parameter, Value: f.value, Accepted: f.accepted,
	}, "", "  ")
	if err != nil { // cannot be: strings and a number
		http.Error(w, f.Error(), f.status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.status)
	_, _ = w.Write(append(body, '\n'))
}
